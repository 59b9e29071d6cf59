"""WebSocket frames (RFC 6455, section 5.2): those of messages that are encoded once and sent to many, and the short
ones of which most of what clients send consists."""

from __future__ import annotations

SHORT_HEAD_BYTES = 6
"""How much a client's short frame has before its text: two bytes, and the mask."""

_SHORT_HEADS = tuple(bytes((0x81, length)) for length in range(126))


def text_frame(payload: bytes) -> bytes:
    """A complete, unmasked text frame, as a server sends it.

    Args:
        payload: UTF-8 text.
    """
    length = len(payload)
    if length < 126:
        return _SHORT_HEADS[length] + payload
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload


def short_text(data: bytes, at: int = 0) -> bytes | None:
    """What a client's frame says, where it is one of the usual kind: complete, the whole message, masked, text of 1 to
    125 bytes.

    Args:
        data: what was received.
        at: where the frame begins.

    Returns:
        The text, which is known to be UTF-8; None for every other frame, right or wrong.
    """
    if len(data) <= at + SHORT_HEAD_BYTES or data[at] != 0x81:
        return None
    length = data[at + 1] - 0x80
    start = at + SHORT_HEAD_BYTES
    end = start + length
    if not 0 < length < 126 or end > len(data):
        return None
    # All of it at once, as one number: the 4 bytes of the mask over and over, as many as there are.
    mask = data[at + 2 : start] * 32
    masked = int.from_bytes(data[start:end], "little") ^ int.from_bytes(mask[:length], "little")
    text = masked.to_bytes(length, "little")
    if not text.isascii():
        try:
            text.decode()
        except UnicodeDecodeError:
            return None
    return text

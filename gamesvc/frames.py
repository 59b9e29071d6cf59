"""WebSocket frames (RFC 6455, section 5.2): those of messages that are encoded once and sent to many, as they are or
deflated, and the short ones of which most of what clients send consists."""

from __future__ import annotations

import zlib

SHORT_HEAD_BYTES = 6
"""How much a client's short frame has before its text: two bytes, and the mask."""

SMALLEST = 128
"""Texts of fewer bytes are not deflated: it would save a dozen bytes of a packet that has some sixty beside them."""

# The knee: 60 entities, 1.5 KB of JSON, take 11 us and leave 40 %. Level 1 takes 9 us and leaves a quarter more of what
# repeats itself, such as a board; level 6 takes up to twice as long for a hundredth.
_LEVEL = 4
# With zlib's usual 8, its tables are so large that they are fetched from the kernel anew each time: 50 us.
_MEMORY = 5
_WINDOW = 15

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


def deflated_frame(payload: bytes) -> bytes:
    """The same, deflated (RFC 7692, section 7.2.1), for those who have agreed to that. It stands for itself, without
    what was sent before, so the same bytes are for all of them. Where that would not be shorter, it is `text_frame`'s.

    Args:
        payload: UTF-8 text.
    """
    if len(payload) < SMALLEST:
        return text_frame(payload)
    deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW, _MEMORY)
    # What a flush ends with is left out, and put back by who inflates it.
    deflated = deflate.compress(payload) + deflate.flush(zlib.Z_SYNC_FLUSH)[:-4]
    if len(deflated) >= len(payload):
        return text_frame(payload)
    return b"\xc1" + text_frame(deflated)[1:]


def short_text(data: bytes, at: int = 0, *, deflated: bool = False) -> bytes | None:
    """What a client's frame says, where it is one of the usual kind: complete, the whole message, masked, text of 1 to
    125 bytes.

    Args:
        data: what was received.
        at: where the frame begins.
        deflated: take one that is deflated, and only such a one.

    Returns:
        The text, which is known to be UTF-8, or what has to be inflated; None for every other frame, right or wrong.
    """
    if len(data) <= at + SHORT_HEAD_BYTES or data[at] != (0xC1 if deflated else 0x81):
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
    if not text.isascii() and not deflated:
        try:
            text.decode()
        except UnicodeDecodeError:
            return None
    return text

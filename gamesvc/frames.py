"""WebSocket frames of messages that are encoded once and sent to many (RFC 6455, section 5.2)."""

from __future__ import annotations


def text_frame(payload: bytes) -> bytes:
    """A complete, unmasked text frame, as a server sends it.

    Args:
        payload: UTF-8 text.
    """
    length = len(payload)
    if length < 126:
        return bytes((0x81, length)) + payload
    if length < 65536:
        return b"\x81\x7e" + length.to_bytes(2, "big") + payload
    return b"\x81\x7f" + length.to_bytes(8, "big") + payload

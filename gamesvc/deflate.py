"""Compression of messages, ``permessage-deflate`` (RFC 7692): what is agreed to, and how messages come out of it.

Each message stands for itself, in both directions ("no context takeover"): so what is sent to many is deflated once,
and no connection keeps the 40 KB and more that it takes to remember what came before.
"""

from __future__ import annotations

import re
import zlib

from gamesvc.errors import CloseCode

_CHARACTER = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# Possessive, as in `handshake`: what follows a part could never belong to it.
_PARAMETER = rb"[ \t]*+;[ \t]*+(%b++)(?:[ \t]*+=[ \t]*+(?:(%b++)|\"((?:\\?%b)++)\"))?+" % ((_CHARACTER,) * 3)
_PARAMETERS = re.compile(_PARAMETER)
_UNNAMED = re.sub(rb"\((?!\?)", b"(?:", _PARAMETER)
_OFFER = re.compile(rb"[ \t,]*+(%b++)((?:%b)*+)[ \t]*+(?:,[ \t,]*+|\Z)" % (_CHARACTER, _UNNAMED))

_AGREED = b"permessage-deflate; server_no_context_takeover; client_no_context_takeover"
_FULL_WINDOW = b"15"
_WINDOWS = frozenset((None, b"8", b"9", b"10", b"11", b"12", b"13", b"14", _FULL_WINDOW))
_ACCEPTABLE: dict[bytes, frozenset[bytes | None]] = {
    b"server_no_context_takeover": frozenset((None,)),
    b"client_no_context_takeover": frozenset((None,)),
    # What is sent is the same for all, so nobody can have a smaller window.
    b"server_max_window_bits": frozenset((_FULL_WINDOW,)),
    # What a client can do, if it is asked to, which it isn't.
    b"client_max_window_bits": _WINDOWS,
}
"""The parameters of an offer, and their values; None stands for none."""

# What every flush ends with, and senders leave out; and a last block, empty, which is reached if nothing is missing.
_TAIL = b"\x00\x00\xff\xff\x03\x00"
_MAX_STREAMS = 16
"""How many parts of a message may say that they are its last: each costs a new start, and nobody needs two."""


class NotInflated(Exception):
    """A message can't be inflated, or what comes out is no text.

    Args:
        code: what the connection is closed with.
    """

    def __init__(self, code: CloseCode) -> None:
        super().__init__(code.reason)
        self.code = code


class AsItCame:
    """Stands for Autobahn's own compression, so that it takes compressed messages, and leaves them as they are: its own
    keeps an unfinished message's state for as long as a client likes. The same one serves all connections.
    """

    __slots__ = ()

    EXTENSION_NAME = "permessage-deflate"

    def start_decompress_message(self) -> None:
        """A message begins."""

    def decompress_message_data(self, data: bytes, max_output_len: int | None = None) -> bytes:
        """A part of it has come, which is returned."""
        return data

    def end_decompress_message(self) -> None:
        """It is complete."""


def agreed(offered: bytes) -> bytes:
    """What is answered to a ``Sec-WebSocket-Extensions`` header.

    Args:
        offered: its value, that of all of its lines.

    Returns:
        The value of the same header in the response: the first offer of a compression that can be accepted. Empty where
        there is none, or where the header is malformed: then nothing is agreed to, and nobody is refused for it.
    """
    answer = b""
    at, end = 0, len(offered)
    while at < end:
        offer = _OFFER.match(offered, at)
        if offer is None:
            return b"" if offered[at:].strip(b" \t,") else answer
        at = offer.end()
        if offer[1] == b"permessage-deflate" and not answer:
            answer = _answer(offer[2])
    return answer


def _answer(given: bytes) -> bytes:
    """The answer to one offer; empty where it is declined.

    Args:
        given: the offer's parameters, well-formed.
    """
    parameters: dict[bytes, bytes | None] = {}
    for name, plain, quoted in _PARAMETERS.findall(given):
        value = plain or quoted.replace(b"\\", b"") or None
        if name in parameters or value not in _ACCEPTABLE.get(name, ()):
            return b""
        parameters[name] = value
    if b"server_max_window_bits" in parameters:
        return _AGREED + b"; server_max_window_bits=" + _FULL_WINDOW
    return _AGREED


def inflated(payload: bytes, longest: int) -> bytes:
    """What a compressed text message says (RFC 7692, section 7.2.2).

    Args:
        payload: of all of its frames.
        longest: how many bytes it may have; 0 means any number. No more than one beyond are inflated.

    Returns:
        The text, which is known to be UTF-8.

    Raises:
        NotInflated: it has more, or is not deflated well, or not all there, or is no UTF-8.
    """
    text, rest = b"", payload + _TAIL
    try:
        for _ in range(_MAX_STREAMS):
            stream = zlib.decompressobj(-zlib.MAX_WBITS)
            text += stream.decompress(rest, longest + 1 - len(text) if longest else 0)
            if 0 < longest < len(text):
                raise NotInflated(CloseCode.MESSAGE_TOO_BIG)
            rest = stream.unused_data
            if not rest:
                break
        # Where no stream has ended with the last byte, something is missing, or too much.
        if rest or not stream.eof:
            raise NotInflated(CloseCode.INVALID_PAYLOAD)
        if not text.isascii():
            text.decode()
    except (zlib.error, UnicodeDecodeError):
        raise NotInflated(CloseCode.INVALID_PAYLOAD) from None
    return text

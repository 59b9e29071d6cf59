"""The opening request of a connection, read strictly (RFC 9112 and RFC 6455, section 4.2.1).

One that asks for no WebSocket is read by the same rules, for those who serve it.

Autobahn's own reading splits lines at bytes such as 0x85, so that a value can smuggle a header in, has no bound, and
logs what it does not like. So the head is read here, and answered; or Autobahn gets a plain one made from it, where it
has to open connections (see `opening`).
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from hashlib import sha1
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import unquote_plus

from gamesvc.deflate import agreed
from gamesvc.errors import (
    BAD_QUERY,
    BAD_REQUEST,
    BAD_UPGRADE,
    DUPLICATE_HEADER,
    HEADERS_TOO_LARGE,
    METHOD_NOT_ALLOWED,
    UPGRADE_REQUIRED,
    HttpRefusal,
    RequestRefused,
)
from gamesvc.messages import encode_refusal

# Possessive: no character of what follows a name or a value could be a part of it, so there is nothing to try again.
_NAME = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
_VALUE = rb"[\t\x20-\x7e\x80-\xff]*+"
_REQUEST_LINE = re.compile(rb"(%b) (/[\x21-\x7e]*) HTTP/1\.([01])\r\n" % _NAME)
# A well-formed line, after the end of another: so none is found in the middle of one that is not well-formed.
_HEADER = re.compile(rb"(?<=\r\n)(%b):(%b)\r\n" % (_NAME, _VALUE))
_HEADERS = re.compile(rb"(?:%b:%b\r\n)*" % (_NAME, _VALUE))
_KEY = re.compile(rb"[A-Za-z0-9+/]{22}==")  # 16 bytes in base64
_ONCE = frozenset(
    (b"host", b"authorization", b"origin", b"sec-websocket-key", b"sec-websocket-version", b"content-length")
)
_BLANK = b" \t"
_MAX_QUERY_FIELDS = 32
_MAX_HEADERS = 128

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_SWITCHING = (
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n"
    b"%bSec-WebSocket-Accept: %b\r\n\r\n"
)


def take_head(data: bytes, limit: int) -> tuple[bytes, bytes] | None:
    """Cut a request's head off the bytes that came so far.

    Args:
        data: what was received.
        limit: bytes that a head may have; 0 means any number.

    Returns:
        The head, with its empty line, and the bytes after it; None while the head is not complete.

    Raises:
        RequestRefused: the head is too large, or this can't become an HTTP request.
    """
    # Something else than HTTP, say a TLS hello on a plain port, need not wait for an empty line.
    if data and not 0x41 <= data[0] <= 0x5A:
        raise RequestRefused(BAD_REQUEST)
    found = data.find(b"\r\n\r\n")
    end = len(data) if found < 0 else found + 4
    if 0 < limit < end:
        raise RequestRefused(HEADERS_TOO_LARGE)
    return (data[:end], data[end:]) if found >= 0 else None


class PlainRequest(NamedTuple):
    """A well-formed request that asks for no WebSocket.

    Attributes:
        method: such as ``GET``.
        target: path and query, percent-encoded as they came.
        minor: the version of HTTP/1 that it speaks, 0 or 1.
        headers: by their names in lower case; values without the blanks around them.
    """

    method: bytes
    target: bytes
    minor: int
    headers: dict[bytes, bytes]

    def lists(self, name: bytes, wanted: bytes) -> bool:
        """Whether a header's list has an item, in whatever case."""
        return _lists(self.headers, name, wanted)


class NoUpgrade(RequestRefused):
    """A request asks for no WebSocket. It is refused, unless somebody serves it.

    Args:
        refusal: the answer.
        request: what is asked for.
    """

    def __init__(self, refusal: HttpRefusal, request: PlainRequest) -> None:
        super().__init__(refusal)
        self.request = request


# Not frozen: that would take four times as long to make, and this is made at every connect.
@dataclass(slots=True)
class OpeningRequest:
    """A request to become a WebSocket, well-formed, not yet judged.

    Attributes:
        path: of the request target, percent-encoded as it came.
        query: the query's parameters, decoded; each with all its values.
        host: the ``Host`` header, lower case.
        origin: the ``Origin`` header; None where there is none (only browsers send it).
        authorization: the ``Authorization`` header; None where there is none.
        subprotocols: what the client offers, in its order.
        key: the ``Sec-WebSocket-Key``.
        extensions: those agreed to of what the client offers, as the response says it; empty where there are none.
    """

    path: str
    query: dict[str, list[str]]
    host: str
    origin: str | None
    authorization: str | None
    subprotocols: tuple[str, ...]
    key: str
    extensions: bytes = b""

    @property
    def deflates(self) -> bool:
        """Whether messages may be compressed: no other extension is known here."""
        return bool(self.extensions)

    @classmethod
    def parse(cls, head: bytes) -> OpeningRequest:
        """Read a head.

        Args:
            head: from `take_head`.

        Raises:
            NoUpgrade: it is no opening handshake.
            RequestRefused: it is malformed.
        """
        first = _REQUEST_LINE.match(head)
        if first is None:
            raise RequestRefused(BAD_REQUEST)
        method, target, minor = first.groups()
        headers = _headers(head, first.end())
        if minor == b"1" and b"host" not in headers:
            raise RequestRefused(BAD_REQUEST)
        if not _lists(headers, b"upgrade", b"websocket"):
            values = {name: value.strip(_BLANK) for name, value in headers.items()}
            plain = PlainRequest(method, target, int(minor), values)
            raise NoUpgrade(UPGRADE_REQUIRED if method == b"GET" else METHOD_NOT_ALLOWED, plain)
        if method != b"GET":
            raise RequestRefused(METHOD_NOT_ALLOWED)
        # A body would be read as WebSocket frames.
        if b"transfer-encoding" in headers or headers.get(b"content-length", b"0").strip(_BLANK) != b"0":
            raise RequestRefused(BAD_REQUEST)
        if minor != b"1" or not _lists(headers, b"connection", b"upgrade"):
            raise RequestRefused(BAD_UPGRADE)
        if headers.get(b"sec-websocket-version", b"").strip(_BLANK) != b"13":
            raise RequestRefused(BAD_UPGRADE)
        key = headers.get(b"sec-websocket-key", b"").strip(_BLANK)
        if _KEY.fullmatch(key) is None:
            raise RequestRefused(BAD_UPGRADE)
        if b"#" in target:
            raise RequestRefused(BAD_REQUEST)
        path, _, query = target.decode("ascii").partition("?")
        offered = headers.get(b"sec-websocket-protocol")
        extensions = headers.get(b"sec-websocket-extensions")
        return cls(
            path,
            _parse_query(query) if query else {},
            headers[b"host"].decode("latin-1").strip(" \t").lower(),
            _text(headers, b"origin"),
            _text(headers, b"authorization"),
            () if offered is None else _names(offered),
            key.decode("ascii"),
            b"" if extensions is None else agreed(extensions),
        )

    def accept(self, subprotocol: str | None) -> bytes:
        """The response that opens the connection.

        Args:
            subprotocol: the one that was chosen of those offered.
        """
        digest = sha1(self.key.encode("ascii") + _MAGIC, usedforsecurity=False).digest()
        chosen = b"Sec-WebSocket-Protocol: %b\r\n" % subprotocol.encode("ascii") if subprotocol else b""
        if self.extensions:
            chosen = b"Sec-WebSocket-Extensions: %b\r\n%b" % (self.extensions, chosen)
        return _SWITCHING % (chosen, binascii.b2a_base64(digest, newline=False))

    def plain(self, subprotocol: str | None) -> bytes:
        """The head that Autobahn gets: no token, no origin, nothing that it does not need. Nor the extensions, which it
        would judge by rules of its own.

        Args:
            subprotocol: the one that was chosen of those offered.
        """
        offer = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        return (
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {self.key}\r\n{offer}\r\n"
        ).encode("ascii")


def refusal_response(refusal: HttpRefusal) -> bytes:
    """The whole HTTP response of a refused request. It repeats nothing of the request, and no page may make use of it
    but by reading it."""
    body = encode_refusal(refusal.code, refusal.message, refusal.retryable)
    lines = [
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: no-referrer",
        "Connection: close",
        *(f"{name}: {value}" for name, value in refusal.headers),
    ]
    return "\r\n".join((*lines, "", "")).encode("ascii") + body


def _headers(head: bytes, start: int) -> dict[bytes, bytes]:
    """The headers, by their names in lower case; values as they came. What is given in several pieces is joined with
    commas: where it is a list, that means the same (RFC 9110, section 5.3), and where it is none, it is no value.

    Args:
        head: the whole.
        start: where the header lines begin.

    Raises:
        RequestRefused: a line is malformed, there are too many, or one that decides something is given twice.
    """
    lines = head.count(b"\r\n", start) - 1
    if lines > _MAX_HEADERS:
        raise RequestRefused(HEADERS_TOO_LARGE)
    found = _HEADER.findall(head, start)
    if len(found) != lines:
        # Of what is wrong the first is told: something may be given twice before the malformed line.
        well_formed = _HEADERS.match(head, start)
        _joined(_HEADER.findall(head, start, well_formed.end() if well_formed else start))
        raise RequestRefused(BAD_REQUEST)
    headers = {name.lower(): value for name, value in found}
    return headers if len(headers) == lines else _joined(found)


def _joined(found: list[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for given, value in found:
        name = given.lower()
        if name not in headers:
            headers[name] = value
        elif name in _ONCE:
            raise RequestRefused(DUPLICATE_HEADER)
        else:
            headers[name] += b"," + value
    return headers


def _lists(headers: dict[bytes, bytes], name: bytes, wanted: bytes) -> bool:
    """Whether a header's list has an item, in whatever case."""
    value = headers.get(name, b"").lower()
    return value.strip(_BLANK) == wanted or any(item.strip(_BLANK) == wanted for item in value.split(b","))


def _text(headers: dict[bytes, bytes], name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.strip(_BLANK).decode("latin-1")


def _names(offered: bytes) -> tuple[str, ...]:
    names = [each.strip(_BLANK) for each in offered.split(b",")]
    return tuple([each.decode("latin-1") for each in names if each])


def _parse_query(query: str) -> dict[str, list[str]]:
    if query.count("&") >= _MAX_QUERY_FIELDS:
        raise RequestRefused(BAD_QUERY.saying(f"the query may have {_MAX_QUERY_FIELDS} parameters"))
    is_coded = "%" in query or "+" in query
    parameters: dict[str, list[str]] = {}
    for pair in query.split("&"):
        if not pair:
            continue
        name, _, value = pair.partition("=")
        if is_coded:
            try:
                name, value = unquote_plus(name, errors="strict"), unquote_plus(value, errors="strict")
            except UnicodeDecodeError:
                raise RequestRefused(BAD_QUERY.saying("the query is not UTF-8 where it is decoded")) from None
        if name in parameters:
            parameters[name].append(value)
        else:
            parameters[name] = [value]
    return parameters

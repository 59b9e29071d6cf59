"""The opening request of a connection, read strictly (RFC 9112 and RFC 6455, section 4.2.1).

Autobahn's own reading splits lines at bytes such as 0x85, so that a value can smuggle a header in, has no bound, and
logs what it does not like. So the head is read here, and Autobahn gets a plain one made from it.
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qsl

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

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_REQUEST_LINE = re.compile(rb"(%b) (/[\x21-\x7e]*) HTTP/1\.([01])" % _TOKEN)
_HEADER = re.compile(rb"(%b):([\t\x20-\x7e\x80-\xff]*)" % _TOKEN)
_SINGLE = frozenset(("host", "authorization", "origin", "sec-websocket-key", "sec-websocket-version", "content-length"))
_BLANK = " \t"
_MAX_QUERY_FIELDS = 32
_MAX_HEADERS = 128


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
    end = data.find(b"\r\n\r\n")
    if 0 < limit < (len(data) if end < 0 else end + 4):
        raise RequestRefused(HEADERS_TOO_LARGE)
    return None if end < 0 else (data[: end + 4], data[end + 4 :])


@dataclass(frozen=True)
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
    """

    path: str
    query: dict[str, list[str]]
    host: str
    origin: str | None
    authorization: str | None
    subprotocols: tuple[str, ...]
    key: str

    @classmethod
    def parse(cls, head: bytes) -> OpeningRequest:
        """Read a head.

        Args:
            head: from `take_head`.

        Raises:
            RequestRefused: it is malformed, or no opening handshake.
        """
        request_line, *lines = head[:-4].split(b"\r\n")
        first = _REQUEST_LINE.fullmatch(request_line)
        if first is None:
            raise RequestRefused(BAD_REQUEST)
        method, target, minor = first.groups()
        headers = _parse_headers(lines)
        if "host" not in headers and minor == b"1":
            raise RequestRefused(BAD_REQUEST)
        if "websocket" not in _listed(headers, "upgrade"):
            raise RequestRefused(UPGRADE_REQUIRED if method == b"GET" else METHOD_NOT_ALLOWED)
        if method != b"GET":
            raise RequestRefused(METHOD_NOT_ALLOWED)
        # A body would be read as WebSocket frames.
        if "transfer-encoding" in headers or headers.get("content-length", ["0"]) != ["0"]:
            raise RequestRefused(BAD_REQUEST)
        if minor != b"1" or "upgrade" not in _listed(headers, "connection"):
            raise RequestRefused(BAD_UPGRADE)
        if headers.get("sec-websocket-version") != ["13"]:
            raise RequestRefused(BAD_UPGRADE)
        key = headers.get("sec-websocket-key", [""])[0]
        if not _is_key(key):
            raise RequestRefused(BAD_UPGRADE)
        subprotocols = tuple(",".join(headers.get("sec-websocket-protocol", [])).split(","))
        path, _, query = target.decode("ascii").partition("?")
        if "#" in path or "#" in query:
            raise RequestRefused(BAD_REQUEST)
        return cls(
            path=path,
            query=_parse_query(query),
            host=headers["host"][0].lower(),
            origin=headers["origin"][0] if "origin" in headers else None,
            authorization=headers["authorization"][0] if "authorization" in headers else None,
            subprotocols=tuple(name for each in subprotocols if (name := each.strip(_BLANK))),
            key=key,
        )

    def plain(self, subprotocol: str | None) -> bytes:
        """The head that Autobahn gets: no token, no origin, nothing that it does not need.

        Args:
            subprotocol: the one that was chosen of those offered.
        """
        offer = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        return (
            "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {self.key}\r\n{offer}\r\n"
        ).encode("ascii")


def refusal_response(refusal: HttpRefusal) -> bytes:
    """The whole HTTP response of a refused request. It repeats nothing of the request."""
    body = encode_refusal(refusal.code, refusal.message, refusal.retryable)
    lines = [
        f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "Connection: close",
        *(f"{name}: {value}" for name, value in refusal.headers),
    ]
    return "\r\n".join((*lines, "", "")).encode("ascii") + body


def _parse_headers(lines: list[bytes]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    if len(lines) > _MAX_HEADERS:
        raise RequestRefused(HEADERS_TOO_LARGE)
    for line in lines:
        match = _HEADER.fullmatch(line)
        if match is None:
            raise RequestRefused(BAD_REQUEST)
        name = match[1].decode("ascii").lower()
        headers.setdefault(name, []).append(match[2].decode("latin-1").strip(_BLANK))
        if name in _SINGLE and len(headers[name]) > 1:
            raise RequestRefused(DUPLICATE_HEADER)
    return headers


def _listed(headers: dict[str, list[str]], name: str) -> set[str]:
    return {item.strip(_BLANK).lower() for value in headers.get(name, []) for item in value.split(",")}


def _is_key(key: str) -> bool:
    try:
        return len(key) == 24 and len(binascii.a2b_base64(key.encode("ascii"), strict_mode=True)) == 16
    except (binascii.Error, UnicodeEncodeError):
        return False


def _parse_query(query: str) -> dict[str, list[str]]:
    parameters: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=_MAX_QUERY_FIELDS)
    except ValueError:  # too many fields, or not UTF-8
        raise RequestRefused(BAD_QUERY) from None
    for name, value in pairs:
        parameters.setdefault(name, []).append(value)
    return parameters

"""The body of a request, taken in piece by piece: of a length that was told, or in chunks (RFC 9112, sections 6 and 7).

Where a body ends decides where the next request begins, so nothing is read here that two readers could read in two
ways. Bodies are small, and are kept in memory.
"""

from __future__ import annotations

import re

from gamesvc.errors import BAD_REQUEST, BODY_TOO_LARGE, RequestRefused
from gamesvc.handshake import PlainRequest

MAX_BODY_BYTES = 65536
"""Bytes of a body. More is refused."""

_MAX_LINE_BYTES = 256
_MAX_TRAILER_BYTES = 4096
_MAX_CHUNKS = 1024
_LENGTH = re.compile(rb"[0-9]{1,18}")
# A size, and extensions, of which none is known here.
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[\t ]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_TRAILER = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*")


class LongBody:
    """A body of which the length was told.

    Args:
        length: bytes.

    Attributes:
        content: what came so far.
    """

    def __init__(self, length: int) -> None:
        if length > MAX_BODY_BYTES:
            raise RequestRefused(BODY_TOO_LARGE)
        self.content = bytearray()
        self._length = length

    def take(self, data: bytes) -> bytes | None:
        """Take in what came.

        Returns:
            What comes after the body; None while it has not ended.
        """
        wanted = self._length - len(self.content)
        self.content += data[:wanted]
        return data[wanted:] if len(data) >= wanted else None


class ChunkedBody:
    """A body in chunks.

    Attributes:
        content: what came so far, without what is around it.
    """

    def __init__(self) -> None:
        self.content = bytearray()
        self._data = bytearray()
        self._left: int | None = None  # of the chunk, with the end of its line; None: its line is awaited
        self._chunks = 0
        self._trailer: int | None = None  # bytes of it so far; None: it has not begun

    def take(self, data: bytes) -> bytes | None:
        """Take in what came.

        Returns:
            What comes after the body; None while it has not ended.

        Raises:
            RequestRefused: it is malformed, or too large.
        """
        self._data += data
        while True:
            if self._left is not None:
                if not self._take_chunk(self._left):
                    return None
                continue
            line = self._line()
            if line is None:
                return None
            if self._trailer is None:
                self._begin_chunk(line)
            elif not line:
                return bytes(self._data)
            else:
                self._trailer += len(line)
                if self._trailer > _MAX_TRAILER_BYTES or not _TRAILER.fullmatch(line):
                    raise RequestRefused(BAD_REQUEST)

    def _line(self) -> bytes | None:
        end = self._data.find(b"\r\n", 0, _MAX_LINE_BYTES + 2)
        if end < 0:
            if len(self._data) > _MAX_LINE_BYTES + 1:
                raise RequestRefused(BAD_REQUEST)
            return None
        line = bytes(self._data[:end])
        del self._data[: end + 2]
        return line

    def _begin_chunk(self, line: bytes) -> None:
        match = _CHUNK.fullmatch(line)
        if match is None:
            raise RequestRefused(BAD_REQUEST)
        size = int(match[1], 16)
        self._chunks += 1
        if len(self.content) + size > MAX_BODY_BYTES or self._chunks > _MAX_CHUNKS:
            raise RequestRefused(BODY_TOO_LARGE)
        if size:
            self._left = size + 2
        else:
            self._trailer = 0

    def _take_chunk(self, left: int) -> bool:
        """Take in what there is of a chunk, and say whether that is all of it."""
        content = self._data[: max(0, left - 2)]
        self.content += content
        del self._data[: len(content)]
        self._left = left - len(content)
        if self._left > 2 or len(self._data) < 2:
            return False
        if self._data[:2] != b"\r\n":
            raise RequestRefused(BAD_REQUEST)
        del self._data[:2]
        self._left = None
        return True


Body = LongBody | ChunkedBody


def body_of(request: PlainRequest) -> Body | None:
    """What takes in the body of a request; None where it has none.

    Args:
        request: its head.

    Raises:
        RequestRefused: where the body ends can't be told for certain, or it is too large.
    """
    length = request.headers.get(b"content-length")
    coding = request.headers.get(b"transfer-encoding")
    if coding is not None:
        if length is not None or not request.minor or coding.lower() != b"chunked":
            raise RequestRefused(BAD_REQUEST)
        return ChunkedBody()
    if length is None:
        return None
    if not _LENGTH.fullmatch(length):
        raise RequestRefused(BAD_REQUEST)
    return LongBody(int(length)) if int(length) else None

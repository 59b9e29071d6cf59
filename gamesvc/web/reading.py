"""What the bytes of a connection ask for: one request after another, each when all of it is there.

Nothing is read beyond the request that is next: who asks for the next one decides when.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from gamesvc.errors import BAD_REQUEST, RequestRefused
from gamesvc.handshake import NoUpgrade, OpeningRequest, PlainRequest, take_head
from gamesvc.web.bodies import Body, body_of


class Whole(NamedTuple):
    """A request, all of it.

    Attributes:
        head: of it.
        content: its body.
    """

    head: PlainRequest
    content: bytes


class Upgrade(NamedTuple):
    """A request to become a WebSocket.

    Attributes:
        data: its bytes, and those behind it.
    """

    data: bytes


Part = Literal["request", "head", "body"]
"""What is awaited: that a request begins, the rest of its head, or of its body."""


class RequestReader:
    """Makes requests of bytes.

    Args:
        max_head_bytes: of a request's head. More is refused.
    """

    def __init__(self, max_head_bytes: int) -> None:
        self._max_head_bytes = max_head_bytes
        self._data = b""
        self._head: PlainRequest | None = None
        self._body: Body | None = None
        self._wants_word = False

    @property
    def ahead(self) -> int:
        """Bytes that came and are not read yet."""
        return len(self._data)

    @property
    def awaits(self) -> Part:
        """What is awaited, where `next` has just said that there is not enough."""
        if self._head is not None:
            return "body"
        return "head" if self._data else "request"

    def begin(self, head: PlainRequest, data: bytes) -> None:
        """Take in the first request, of which the head was read already.

        Args:
            head: it.
            data: the bytes behind it.
        """
        self._head, self._data = head, data

    def take(self, data: bytes) -> None:
        """Take in what came."""
        self._data += data

    def take_word(self) -> bool:
        """Whether the peer sends no body before it is told to go on. It needs telling once, and so says this."""
        wants, self._wants_word = self._wants_word, False
        return wants

    def next(self) -> Whole | Upgrade | None:
        """The next request; None while not all of it is there.

        Raises:
            RequestRefused: it is none that could be served. What comes after it can't be told from it.
        """
        if self._head is None and self._data:
            taken = take_head(self._data, self._max_head_bytes)
            if taken is None:
                return None
            lines, rest = taken
            try:
                OpeningRequest.parse(lines)
            except NoUpgrade as plain:
                self._head, self._data = plain.request, rest
            else:
                return Upgrade(self._data)
        head = self._head
        if head is None:
            return None
        if self._body is None:
            self._body = self._begin_body(head)
        if self._body is None:
            content = b""
        else:
            data, self._data = self._data, b""
            rest_after = self._body.take(data)
            if rest_after is None:
                return None
            content, self._data = bytes(self._body.content), rest_after
        self._head = self._body = None
        return Whole(head, content)

    def _begin_body(self, head: PlainRequest) -> Body | None:
        if b"#" in head.target:
            raise RequestRefused(BAD_REQUEST)
        body = body_of(head)
        self._wants_word = (
            body is not None
            and bool(head.minor)
            and not self._data
            and head.headers.get(b"expect", b"").lower() == b"100-continue"
        )
        return body

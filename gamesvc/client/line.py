"""A connection of a client's, whatever it goes over: what is asked of it, and what it tells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from gamesvc.messages import V1

MAX_MESSAGE_BYTES = 1 << 24
"""How large a message of the server's may be."""

NOT_GAMESVC = f"whoever answers there does not speak {V1}: is it a server of gamesvc?"


class Line(Protocol):
    """A connection, from the first attempt to its end. What becomes of it, it tells its owner."""

    def open(self, url: str, *, renew: bool) -> None:
        """Begin to connect.

        Args:
            url: where to.
            renew: whether to ask for a token.
        """

    def transmit(self, text: str) -> None:
        """Send a text message."""

    def close(self, code: int) -> None:
        """End it politely, and tell its owner no more."""

    def drop(self) -> None:
        """End it at once, and tell its owner no more."""


class LineOwner(Protocol):
    """Whose line it is. Of one that is not the newest any more they hear nothing."""

    async def current_token(self, renew: bool) -> str | None:
        """The token; None where there is none.

        Args:
            renew: whether to ask for another one.
        """

    def line_received(self, line: Line, text: str | bytes, *, is_binary: bool = False) -> None:
        """A message came.

        Args:
            line: which.
            text: what it says.
            is_binary: whether it is no text.
        """

    def line_heard(self, line: Line) -> None:
        """A sign of life came."""

    def line_failed(self, line: Line, why: str) -> None:
        """There is no connection, and none came to be."""

    def line_lost(self, line: Line, code: int | None, reason: str) -> None:
        """It has ended, or came to nothing."""

    def line_refused(self, line: Line, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """The handshake was refused.

        Args:
            line: which.
            status: of the HTTP response.
            headers: its header fields.
            body: its body, or its beginning.
        """

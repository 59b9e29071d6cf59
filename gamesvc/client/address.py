"""Where a game is, and how one comes in: its address and a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

_PORTS = {"ws": 80, "wss": 443}

Token = str | Callable[[], Any] | None
"""A token; or a function that returns one or something to await for one, and is asked again when a token is refused or
has expired; None where none is asked for."""


class Address:
    """Where a game is.

    Args:
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``.
        player: the player's name, where the server asks for no tokens; None for the one in the URL, or that of a guest.
        spectate: whether to watch only.

    Attributes:
        host: its name or number.
        port: its TCP port.
        is_secure: whether it is spoken to by TLS.
        is_named: whether a name, or a token, is in the address.

    Raises:
        ValueError: it is no such URL.
    """

    def __init__(self, url: str, player: str | None = None, *, spectate: bool = False) -> None:
        self._parts = urlsplit(url)
        if self._parts.scheme not in _PORTS or not self._parts.hostname or not self._parts.path.strip("/"):
            # Without its query, in which a token may be.
            shown = self._parts._replace(query="", fragment="", netloc=self._parts.netloc.rpartition("@")[2]).geturl()
            raise ValueError(f"{shown!r} is no game's address: write ws://HOST:PORT/GAME, or wss://")
        self.host = self._parts.hostname
        self.port = self._parts.port or _PORTS[self._parts.scheme]
        self.is_secure = self._parts.scheme == "wss"
        self._query = dict(parse_qsl(self._parts.query, keep_blank_values=True))
        if player is not None:
            self._query["player"] = player
        if spectate:
            self._query["spectate"] = "1"
        self.is_named = not self._query.keys().isdisjoint(("player", "token"))

    def url(self, query: Mapping[str, str]) -> str:
        """The URL with more parameters, each in place of one of the same name."""
        return self._parts._replace(query=urlencode({**self._query, **query}), fragment="").geturl()

    def take(self, name: str) -> str | None:
        """Remove a parameter, and return it; None where it is not there."""
        return self._query.pop(name, None)

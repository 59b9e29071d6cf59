"""Where a game is, and how one comes in: its address and a token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypedDict
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

_PORTS = {"ws": 80, "wss": 443}
_PAGES = {"http": "ws", "https": "wss"}
_ADDRESS = "write ws://HOST:PORT/GAME, or wss://"
_MAX_DIGITS = 18
_PAGE_OF_A_GAME = "/g/"
_PATH_CHARACTERS = "/%!$&'()*+,;=:@~"

Token = str | Callable[[], Any] | None
"""A token; or a function that returns one or something to await for one, and is asked again when a token is refused or
has expired; None where none is asked for."""


class Entrance(TypedDict, total=False):
    """How one comes into a game: what all clients may be told, by name.

    Attributes:
        player: your name, where the server asks for no tokens; None for the one in the URL, or that of a guest.
        token: a token; or a function that returns one, or something to await for one. It is asked again when a token
            has expired.
        spectate: whether to watch only.
        state: whether to mirror the game's state; so it is, unless it is said otherwise.
        tries: how many attempts to connect may fail before there was ever a welcome: 5. Later ones go on for ever.
    """

    player: str | None
    token: Token
    spectate: bool
    state: bool
    tries: int


class Place(NamedTuple):
    """A place in a game's history.

    Attributes:
        epoch: which history it is; None for the one that there is.
        since: number of the last event that was seen; None for one that only wants what happens from now on.
    """

    epoch: str | None
    since: int | None


class Address:
    """Where a game is.

    Args:
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``. ``epoch`` and ``since`` in its query are a place in
            the history to go on from.
        player: the player's name, where the server asks for no tokens; None for the one in the URL, or that of a guest.
        spectate: whether to watch only.

    Attributes:
        host: its name or number.
        port: its TCP port.
        is_secure: whether it is spoken to by TLS.
        is_named: whether a name, or a token, is in the address.
        place: where in the history to begin.

    Raises:
        TypeError: the URL or the name is no text.
        ValueError: it is no such URL, or it has another player's name in it.
    """

    def __init__(self, url: str, player: str | None = None, *, spectate: bool = False) -> None:
        if not isinstance(url, str):
            raise TypeError(f"a game's address is a text, and not of type {type(url).__name__}: {_ADDRESS}")
        if not isinstance(player, str | None):
            raise TypeError(f"a player's name is a text, and not of type {type(player).__name__}: write 'alice', say")
        self._parts = urlsplit(url)
        # Without its query, in which a token may be.
        bare = self._parts._replace(query="", netloc=self._parts.netloc.rpartition("@")[2])
        if wrong := self._what_is_wrong():
            if self._parts.scheme in _PAGES:
                bare_socket = bare._replace(scheme=_PAGES[self._parts.scheme])
                if bare.fragment.startswith(_PAGE_OF_A_GAME):
                    bare_socket = bare_socket._replace(path=bare.fragment.removeprefix("/g"))
                bare_socket = bare_socket._replace(fragment="")
                wrong = f"{wrong}, so try {bare_socket.geturl()}"
            raise ValueError(f"{bare.geturl()!r} is no game's address: {_ADDRESS} ({wrong})")
        assert self._parts.hostname is not None
        self.host = self._parts.hostname
        self.port = self._parts.port or _PORTS[self._parts.scheme]
        self.is_secure = self._parts.scheme == "wss"
        self._query: dict[str, str] = {}
        for name, value in parse_qsl(self._parts.query, keep_blank_values=True):
            if name in self._query:
                raise ValueError(f"the address {bare.geturl()!r} gives {name!r} twice: give it once")
            self._query[name] = value
        if player is not None and self._query.setdefault("player", player) != player:
            raise ValueError(f"the address {bare.geturl()!r} gives another 'player' than you do: give one of them")
        if spectate:
            self._query["spectate"] = "1"
        self.is_named = not self._query.keys().isdisjoint(("player", "token"))
        self.place = Place(self._query.pop("epoch", None), self._since())
        # Whether there is a state to be kept, the client knows.
        self._query.pop("state", None)

    def url(self, query: Mapping[str, str]) -> str:
        """The URL with more parameters, each in place of one of the same name."""
        path = quote(self._parts.path, safe=_PATH_CHARACTERS)
        return self._parts._replace(path=path, query=urlencode({**self._query, **query}), fragment="").geturl()

    def _what_is_wrong(self) -> str:
        if self._parts.scheme in _PAGES:
            return f"{self._parts.scheme}:// is for pages"
        if self._parts.scheme not in _PORTS:
            return "it does not begin with ws://"
        if not self._parts.hostname:
            return "there is no host in it"
        try:
            port = self._parts.port
        except ValueError:
            port = 0
        if port == 0:
            return "its port is no number from 1 to 65535"
        return "" if self._parts.path.strip("/") else "it names no game"

    def _since(self) -> int | None:
        since = self._query.pop("since", None)
        if since is None:
            return None
        if not (since.isascii() and since.isdigit() and len(since) <= _MAX_DIGITS):
            raise ValueError(
                f"'since' in the address is {since[:_MAX_DIGITS]!r}, and no event's number: write since=0 for the whole"
                " history, or the number of the last event that you have seen"
            )
        return int(since)

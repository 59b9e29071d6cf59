"""Who enters: judges an opening request, before anything about the game is told."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import NamedTuple

from gamesvc.auth import TokenValidator, is_game_id, is_player_name
from gamesvc.errors import (
    BAD_GAME_ID,
    BAD_PLAYER,
    BAD_QUERY,
    ORIGIN_NOT_ALLOWED,
    PLAYER_NOT_IN_GAME,
    TOKEN_MISSING,
    TOKEN_TWICE,
    UNKNOWN_SUBPROTOCOL,
    ConfigError,
    RequestRefused,
)
from gamesvc.handshake import OpeningRequest
from gamesvc.messages import SUBPROTOCOLS

_ORIGIN = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_NUMBER = re.compile(r"[0-9]{1,18}")
_SWITCH = {"1": True, "true": True, "0": False, "false": False}
_MAX_DETAIL = 100
_BEARER_SUBPROTOCOL = "bearer."
_ORIGINS_KNOWN = 64
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Origin(NamedTuple):
    """Where a page comes from (RFC 6454)."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Origin:
        """Read ``https://game.example`` or ``http://localhost:3000``.

        Raises:
            ValueError: it is no origin.
        """
        match = _ORIGIN.fullmatch(text)
        if match is None or int(match[3] or 0) > 65535:
            raise ValueError("write scheme://host or scheme://host:port")
        scheme = match[1].lower()
        return cls(scheme, match[2].lower(), int(match[3]) if match[3] else _DEFAULT_PORTS.get(scheme))


class Admission(NamedTuple):
    """Somebody may ask to enter a game.

    Attributes:
        game: the game's id.
        player: their name.
        players: who plays this game, by their token; None where it doesn't say.
        spectate: whether they came to watch.
        subprotocol: the one to answer with, of those that they offered; None where they offered none.
        expires: when their token does, in seconds since the epoch; None without a token.
        epoch: the history that they knew, if they come back.
        since: the number of the last event that they have had, if they come back.
        state: whether they ask for the game's state.
        operates: whether they may have bots play. Where no token is asked for, all may.
    """

    game: str
    player: str
    players: tuple[str, ...] | None
    spectate: bool
    subprotocol: str | None
    expires: float | None
    epoch: str | None = None
    since: int | None = None
    state: bool = False
    operates: bool = False


class FrontDoor:
    """Judges who may ask to enter.

    Args:
        validator: of tokens; None where no token is asked for.
        origins: pages that may connect, as ``https://game.example``; ``*`` stands for all, ``null`` for pages without
            an origin, such as local files. Pages that came from this server's own address always may.
        guest_name: makes a name for who gives none.

    Raises:
        ConfigError: an origin is none.
    """

    def __init__(
        self, validator: TokenValidator | None, origins: Collection[str], guest_name: Callable[[], str]
    ) -> None:
        self._validator = validator
        self._any_origin = "*" in origins
        self._null_origin = "null" in origins
        self._origins = frozenset(_parse_allowed(origin) for origin in origins if origin not in ("*", "null"))
        self._guest_name = guest_name
        # It depends on nothing else, and most who come say the same. As large as heads may be, so large may these be.
        self._may_connect = lru_cache(_ORIGINS_KNOWN)(self._is_allowed)

    def judge(self, request: OpeningRequest) -> Admission:
        """Judge a request.

        Raises:
            RequestRefused: it is not let in; says why.
        """
        origin, query = request.origin, request.query
        if origin is not None and not self._may_connect(origin, request.host):
            # Browsers don't show this to anybody, so the log has to say what --allow-origin would take.
            raise RequestRefused(ORIGIN_NOT_ALLOWED, ascii(origin[:_MAX_DETAIL]))
        subprotocol = _choose_subprotocol(request.subprotocols)
        game = request.path.rpartition("/")[2]
        if not is_game_id(game):
            raise RequestRefused(BAD_GAME_ID)
        token = _token(request)
        watch = _switch(query, "spectate")
        epoch, since, state = _single(query, "epoch"), _since(query), _switch(query, "state")
        if self._validator is None:
            player = _single(query, "player")
            if player is None:
                player = self._guest_name()
            elif not is_player_name(player):
                raise RequestRefused(BAD_PLAYER)
            return Admission(game, player, None, watch, subprotocol, None, epoch, since, state, operates=True)
        if token is None:
            raise RequestRefused(TOKEN_MISSING)
        claims = self._validator.validate(game, token)
        if claims.players is None:
            watch = watch or claims.spectate
        elif claims.player not in claims.players:
            if not claims.spectate:
                raise RequestRefused(PLAYER_NOT_IN_GAME)
            watch = True
        return Admission(
            game,
            claims.player,
            claims.players,
            watch,
            subprotocol,
            claims.expires,
            epoch,
            since,
            state,
            claims.operates,
        )

    def allows(self, origin: str, host: str) -> bool:
        """Whether a page may connect, or ask for something over HTTP.

        Args:
            origin: where it comes from.
            host: the header ``Host`` of its request.
        """
        return self._may_connect(origin, host)

    def may_ask(self, host: str) -> bool:
        """Whether something may be asked for over HTTP by a ``Host``. Without tokens it is as with pages: only by an
        address, as localhost, or by the name of an origin that is allowed.

        Args:
            host: the header.
        """
        if self._any_origin or self._validator is not None:
            return True
        try:
            name = Origin.parse(f"http://{host}").host
        except ValueError:
            return False
        return _is_own_name(name) or any(name == origin.host for origin in self._origins)

    def _is_allowed(self, text: str, host: str) -> bool:
        """Whether a page may. A page that came from here may, but without tokens only by an address or as localhost:
        another name could be one that its owner points at this machine (DNS rebinding)."""
        if self._any_origin or (self._null_origin and text == "null"):
            return True
        try:
            origin = Origin.parse(text)
            same = Origin.parse(f"{origin.scheme}://{host}") == origin
        except ValueError:
            return False
        return origin in self._origins or (same and (self._validator is not None or _is_own_name(origin.host)))


def _parse_allowed(text: str) -> Origin:
    try:
        return Origin.parse(text)
    except ValueError as error:
        raise ConfigError(f"allow-origin {text!r} is no origin: {error}, or * for all") from None


def _is_own_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return True


def _choose_subprotocol(offered: tuple[str, ...]) -> str | None:
    if not offered:
        return None
    for name in offered:
        if name in SUBPROTOCOLS:
            return name
    raise RequestRefused(UNKNOWN_SUBPROTOCOL)


def _single(query: dict[str, list[str]], parameter: str) -> str | None:
    values = query.get(parameter)
    if values is None:
        return None
    if len(values) > 1:
        raise RequestRefused(BAD_QUERY.saying(f"the query gives {parameter} more than once"))
    return values[0] if values else None


def _switch(query: dict[str, list[str]], parameter: str) -> bool:
    if parameter not in query:
        return False
    switch = _SWITCH.get(_single(query, parameter) or "0")
    if switch is None:
        raise RequestRefused(BAD_QUERY.saying(f"{parameter} in the query is 1, true, 0 or false"))
    return switch


def _since(query: dict[str, list[str]]) -> int | None:
    text = _single(query, "since")
    if text is None:
        return None
    if not _NUMBER.fullmatch(text):
        raise RequestRefused(BAD_QUERY.saying("since in the query is an event's number: 1 to 18 digits"))
    return int(text)


def _token(request: OpeningRequest) -> str | None:
    found = [
        name.removeprefix(_BEARER_SUBPROTOCOL) for name in request.subprotocols if name.startswith(_BEARER_SUBPROTOCOL)
    ]
    if request.authorization is not None:
        scheme, _, credentials = request.authorization.partition(" ")
        if scheme.lower() == "bearer":
            found.append(credentials.strip(" \t"))
    found += request.query.get("token", ())
    if len(found) > 1:
        raise RequestRefused(TOKEN_TWICE)
    return found[0] if found and found[0] else None

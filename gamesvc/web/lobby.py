"""Lobby: where those who want to play find each other, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from twisted.web.resource import IResource

from gamesvc import __version__
from gamesvc.catalog import Catalog
from gamesvc.errors import RequestRefused
from gamesvc.lifecycle import Lifecycle
from gamesvc.limits import Limits
from gamesvc.offered_bots import OfferedBots
from gamesvc.server import GameServer
from gamesvc.surroundings import Call
from gamesvc.web.identity import Identities
from gamesvc.web.kinds import described
from gamesvc.web.lobby_api import LobbyApi
from gamesvc.web.lobby_bodies import About
from gamesvc.web.lobby_games import LobbyGames
from gamesvc.web.lobby_guests import Guests
from gamesvc.web.lobby_listing import Listing
from gamesvc.web.lobby_matches import Matches
from gamesvc.web.lobby_records import Records
from gamesvc.web.lobby_routes import Routes
from gamesvc.web.openapi import document

PATH = "/api"
"""Where it is."""

TIDY_SECONDS = 60.0
"""How often it forgets what is over."""


class Lobby:
    """One server's.

    Args:
        catalog: what is played here.
        records: what it knows.
        identities: say who asks, and issue tokens.
        bots: those that are offered.
        limits: how much clients may ask for.
        games: those that are awake, by id.
        allows: whether a page of an origin, which asks by a ``Host``, may ask.
        later: calls a function after some seconds.
        monotonic: seconds of a clock that nobody sets.
        playground: whether there is a page to play on.
    """

    def __init__(
        self,
        catalog: Catalog,
        records: Records,
        identities: Identities,
        bots: OfferedBots,
        limits: Limits,
        *,
        games: Mapping[str, GameServer],
        allows: Callable[[str, str], bool],
        later: Callable[[float, Callable[[], None]], Call],
        monotonic: Callable[[], float],
        playground: bool,
    ) -> None:
        self._records = records
        self._later = later
        self._call: Call | None = None
        listing = Listing(catalog, records, games)
        self._games = LobbyGames(listing, records, identities, limits, bots)
        self._matches = Matches(listing, records, later, monotonic)
        about = About(__version__, identities.mode, playground, identities.guests, identities.issuer)
        kinds = described(catalog, bots, bots.names)
        routes = Routes(about, kinds, listing, self._games, self._matches, Guests(records, identities)).all
        described_routes = msgspec.json.encode(document(routes, PATH, __version__))
        self._api = LobbyApi(routes, described_routes, records, identities, allows, limits, monotonic)

    def resource(self) -> IResource:
        """What is served below `PATH`."""
        api: Any = self._api
        resource: IResource = api
        return resource

    def start(self, lifecycle: Lifecycle) -> None:
        """Games can be made, and found, from now on. The journal is open.

        Args:
            lifecycle: of all games.
        """
        self._records.start(lifecycle)
        self._games.start(lifecycle)
        self._matches.start()
        self._call = self._later(TIDY_SECONDS, self._tidy)

    def stop(self) -> None:
        """Answer those who wait for an answer."""
        call, self._call = self._call, None
        if call is not None:
            call.cancel()
        self._matches.stop()
        self._records.stop()

    def _tidy(self) -> None:
        self._call = self._later(TIDY_SECONDS, self._tidy)
        if self._records.known.has_old:
            # Where it can't be done now, it is tried again.
            self._records.run("tidy").addErrback(lambda failure: failure.trap(RequestRefused) and None)

"""Listing: the games that were made through the lobby, as they stand now."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Raw

from gamesvc.catalog import Catalog, Kind
from gamesvc.errors import KIND_NOT_SERVED, NO_SUCH_GAME, RequestRefused
from gamesvc.server import GameServer
from gamesvc.web.lobby_bodies import Game
from gamesvc.web.lobby_entries import Listed
from gamesvc.web.lobby_records import Records

_MAX_NAMED = 20
"""How many kinds are named to who asks for one that there is not."""


class Listing:
    """The games that there are.

    Args:
        catalog: what is played here.
        records: the lobby's.
        games: those that are awake, by id.
    """

    def __init__(self, catalog: Catalog, records: Records, games: Mapping[str, GameServer]) -> None:
        self._catalog = catalog
        self._records = records
        self._games = games

    def find(self, game: str) -> Listed:
        """A game that was made through the lobby.

        Raises:
            RequestRefused: there is none of this id, or not any more.
        """
        listed = self._records.known.game(game)
        if listed is None or self._catalog.find(listed.kind) is None:
            raise RequestRefused(NO_SUCH_GAME)
        return listed

    def kind(self, name: str) -> Kind:
        """What can be played.

        Raises:
            RequestRefused: it is not served here.
        """
        kind = self._catalog.find(name)
        if kind is None:
            served = [each.name for each in self._catalog]
            named = ", ".join(served if len(served) <= _MAX_NAMED else [*served[:_MAX_NAMED], "..."])
            raise RequestRefused(KIND_NOT_SERVED.saying(f"{KIND_NOT_SERVED.message}; there are: {named}"))
        return kind

    def show(self, listed: Listed) -> Game:
        """A game as it is shown now."""
        listed = self.as_it_stands(listed)
        seats = listed.seats
        players = listed.players
        if seats is not None and not players:
            # It was made, and has not been opened yet.
            players = (*listed.named, *[None] * (seats - len(listed.named)))
        return Game(
            listed.game,
            listed.kind,
            Raw(listed.options.encode()),
            listed.public,
            listed.state,
            list(players),
            None if seats is None else free(listed, seats),
            listed.started,
            listed.finished,
            listed.created,
            listed.by or None,
        )

    def newest(
        self, kind: str | None, state: str | None, limit: int, after: tuple[float, str] | None
    ) -> tuple[list[Game], tuple[float, str] | None]:
        """Public games, the newest first.

        Args:
            kind: only of this one; None: of any.
            state: only those that are ``open``, ``playing`` or ``finished``; None: all.
            limit: at most so many.
            after: only those after the game that was made then and has this id.

        Returns:
            The games, and where to go on; None: there are no more.
        """
        found: list[Game] = []
        last = None
        for listed in self._records.known.newest:
            place = listed.created, listed.game
            if (
                not listed.public
                or (after is not None and place >= after)
                or (kind is not None and listed.kind != kind)
            ):
                continue
            if self._catalog.find(listed.kind) is None or (state is not None and self._state(listed) != state):
                continue
            if len(found) == limit:
                return found, last
            found.append(self.show(listed))
            last = place
        return found, None

    def _state(self, listed: Listed) -> str:
        # Of thousands, so nothing is made for it.
        awake = self._games.get(listed.game)
        if awake is None:
            return listed.state
        now = awake.standing
        return "finished" if now.finished else "playing" if now.started else "open"

    def as_it_stands(self, listed: Listed) -> Listed:
        """With what is durable of a game that is awake; the lobby is told of that a little later."""
        awake = self._games.get(listed.game)
        if awake is None:
            return listed
        now = awake.standing
        return msgspec.structs.replace(listed, players=now.seats, started=now.started, finished=now.finished)


def free(listed: Listed, seats: int) -> int:
    """How many may still come."""
    taken = sum(each is not None for each in listed.players) if listed.players else len(listed.named)
    return 0 if listed.finished else max(0, seats - taken)

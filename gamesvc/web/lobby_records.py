"""Records: the lobby's own game, as the rest of the lobby reads and writes it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gamesvc.catalog import Catalog, Kind
from gamesvc.context import Player
from gamesvc.errors import (
    JOURNAL_DOWN,
    LOBBY_FULL,
    NAME_TAKEN,
    NO_SUCH_GAME,
    SERVER_ERROR,
    RequestRefused,
)
from gamesvc.image import Image
from gamesvc.lifecycle import Lifecycle, Plan
from gamesvc.logs import logger
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.server import GameServer
from gamesvc.standing import Standing
from gamesvc.surroundings import Call
from gamesvc.web.asking import opened, replied
from gamesvc.web.lobby_model import LOBBY, SHELVES, Invite, Listed, LobbyModel, Ticket, shelf_of

log = logger(__name__)

RETRY_SECONDS = 5.0
"""How long it waits when the journal can't say what the lobby knows."""

LOOK_SECONDS = 0.05
"""How long it waits between two games that are woken to see how they stand."""

_SERVER = Role(Player("server"), playing=True)
_REFUSALS = {
    "lobby_full": LOBBY_FULL,
    "name_taken": NAME_TAKEN,
    "no_such_game": NO_SUCH_GAME,
    "unavailable": JOURNAL_DOWN,
    "outcome_unknown": JOURNAL_DOWN,
}


class Records:
    """What the lobby knows: read as far as it is durable.

    Args:
        catalog: what is played here.
        now: the journal's clock, in seconds since the epoch.
        later: calls a function after some seconds.

    Attributes:
        now: as above.
    """

    def __init__(
        self, catalog: Catalog, now: Callable[[], float], later: Callable[[float, Callable[[], None]], Call]
    ) -> None:
        self.now = now
        self._catalog = catalog
        self._later = later
        self._lifecycle: Lifecycle | None = None
        self._server: GameServer | None = None
        self._image: Image = ()
        self._parts: dict[str, Any] = {field.name: {} for field in LobbyModel.FIELDS}
        self._newest: list[Listed] | None = []
        self._call: Call | None = None
        self._stale: list[str] = []
        self._kind = Kind(LOBBY, LobbyModel)
        self._is_loaded = False

    def start(self, lifecycle: Lifecycle) -> None:
        """Find out what was known when the server was stopped, and how those games stand now.

        Args:
            lifecycle: of all games.
        """
        self._lifecycle = lifecycle
        self._load()

    def stop(self) -> None:
        """Find out nothing more."""
        self._lifecycle = None
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    # What others are told, and tell.

    def plan(self, game: str) -> Plan | None:
        """What a game is to be; None where it was not made through the lobby."""
        if game == LOBBY:
            return Plan(self._kind)
        listed = self.game(game)
        kind = None if listed is None else self._catalog.find(listed.kind)
        if listed is None or kind is None:
            return None
        return Plan(kind._replace(options=listed.options.encode()), listed.named or None)

    def stood(self, game: str, standing: Standing) -> None:
        """A game stands otherwise than before."""
        listed = None if game == LOBBY else self.game(game)
        if listed is None or self._lifecycle is None:
            return
        now = standing.seats, standing.started, standing.finished
        if now != (listed.players, listed.started, listed.finished):
            # Should that fail, it is found out when the game wakes the next time.
            self.run(
                "stand", game=game, players=standing.seats, started=standing.started, finished=standing.finished
            ).addErrback(lambda failure: failure.trap(RequestRefused) and None)

    # What is known.

    def game(self, game: str) -> Listed | None:
        """A game that was made through the lobby; None where there is none of this id, or not any more."""
        listed: Listed | None = self._part(f"games_{shelf_of(game)}").get(game)
        return listed

    @property
    def newest(self) -> list[Listed]:
        """All games, the newest first."""
        self._read()
        if self._newest is None:
            all_games = [each for number in range(SHELVES) for each in self._parts[f"games_{number}"].values()]
            self._newest = sorted(all_games, key=lambda each: (each.created, each.game), reverse=True)
        return self._newest

    @property
    def invites(self) -> dict[str, Invite]:
        """Invitations, by their codes."""
        invites: dict[str, Invite] = self._part("invites")
        return invites

    @property
    def guests(self) -> dict[str, float]:
        """Until when each guest's name is theirs, in seconds since the epoch."""
        guests: dict[str, float] = self._part("guests")
        return guests

    @property
    def tickets(self) -> dict[str, Ticket]:
        """Who waits for a game, or has waited, in the order in which they came."""
        tickets: dict[str, Ticket] = self._part("tickets")
        return tickets

    @property
    def has_old(self) -> bool:
        """Whether there is something that is over."""
        now = self.now()
        return (
            any(each.expires <= now for each in self.newest)
            or any(each.expires <= now for each in self.invites.values())
            or any(until <= now for until in self.guests.values())
            or any(0.0 < each.expires <= now for each in self.tickets.values())
        )

    def _part(self, name: str) -> Any:
        self._read()
        return self._parts[name]

    def _read(self) -> None:
        if self._server is None or self._server.standing.image is self._image:
            return
        before, self._image = self._image, self._server.standing.image
        for position, field in enumerate(LobbyModel.FIELDS):
            if not before or before[position] != self._image[position]:
                self._parts[field.name] = field.decode(self._image[position])
                if field.name.startswith("games_"):
                    self._newest = None

    # What is done.

    async def loaded(self) -> None:
        """Wait until it is known what was known before the server was stopped.

        Raises:
            RequestRefused: it can't be found out now.
        """
        if not self._is_loaded:
            await self._open(creates=False)

    def run(self, command: str, **arguments: Any) -> Deferred[Any]:
        """Have something take effect, durably.

        Args:
            command: of the model.
            arguments: its.

        Returns:
            Fires with what the command returns; or fails with RequestRefused.
        """
        return Deferred.fromCoroutine(self._run(command, arguments))

    async def _run(self, command: str, arguments: dict[str, Any]) -> Any:
        server = self._server
        if server is None or server.closed:
            server = await self._open(creates=True)
            if server is None:
                raise RequestRefused(JOURNAL_DOWN)
        # Under an id: while it is not known what became of it, it is not taken for another.
        request = Request(command, secrets.token_hex(8), msgspec.to_builtins(arguments))
        reply = await replied(server, _SERVER, request)
        if reply.error is not None:
            raise RequestRefused(_REFUSALS.get(reply.error.code, SERVER_ERROR))
        return reply.result

    async def _open(self, *, creates: bool) -> GameServer | None:
        """The lobby's game; None where it is not there yet, and is not to be created."""
        if self._lifecycle is None:
            raise RequestRefused(JOURNAL_DOWN)
        try:
            server = await opened(self._lifecycle, LOBBY, None, creates=creates)
        except RequestRefused as refused:
            if refused.refusal is not NO_SUCH_GAME:
                raise
            if creates:
                # It was asked for a moment ago, only to look.
                return await self._open(creates=True)
            self._is_loaded = True
            return None
        # It does not go to sleep: with all places taken it could not be woken.
        self._lifecycle.keep(LOBBY)
        self._server = server
        self._is_loaded = True
        return server

    def _load(self) -> None:
        self._call = None
        loaded = Deferred.fromCoroutine(self.loaded())
        loaded.addCallbacks(lambda _: self._look_at_all(), self._not_loaded)

    def _not_loaded(self, failure: Failure) -> None:
        if self._lifecycle is not None:
            log.error("the lobby can't be opened: {error}", error=failure.value)
            self._call = self._later(RETRY_SECONDS, self._load)

    def _look_at_all(self) -> None:
        """See how games stand that were not over: what came last may not have been told to the lobby."""
        self._stale = [each.game for each in self.newest if not each.finished]
        self._look()

    def _look(self) -> None:
        self._call = None
        if self._lifecycle is None:
            return
        while self._stale:
            game = self._stale.pop()
            awake = self._lifecycle.games.get(game)
            if awake is None:
                self._lifecycle.open(game, None, None, lambda outcome: None)
                self._call = self._later(LOOK_SECONDS, self._look)
                return
            self.stood(game, awake.standing)

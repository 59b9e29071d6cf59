"""Records: the lobby's own game, found again after a restart, and written."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import msgspec
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from gamesvc.beginnings import Plan
from gamesvc.catalog import Catalog, Kind
from gamesvc.context import Player
from gamesvc.errors import (
    JOURNAL_DOWN,
    LOBBY_DOWN,
    LOBBY_FULL,
    NAME_TAKEN,
    NO_SUCH_GAME,
    SERVER_ERROR,
    SERVER_FULL,
    RequestRefused,
)
from gamesvc.lifecycle import Lifecycle
from gamesvc.logs import logger
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.server import GameServer
from gamesvc.standing import Standing
from gamesvc.surroundings import Call
from gamesvc.web.asking import opened, replied
from gamesvc.web.lobby_known import Known, order_of
from gamesvc.web.lobby_model import LOBBY, LobbyModel

log = logger(__name__)

RETRY_SECONDS = 5.0
"""How long it waits when the journal can't say what the lobby knows,"""
REPAIR_SECONDS = 30.0
"""and how long when what it says is of no use."""

LOOK_SECONDS = 0.05
"""How long it waits between two games that are woken to see how they stand."""

TELL_SECONDS = 60.0
"""How often the same is told to who runs the server."""

_SERVER = Role(Player("server"), playing=True)
_REFUSALS = {
    "lobby_full": LOBBY_FULL,
    "name_taken": NAME_TAKEN,
    "no_such_game": NO_SUCH_GAME,
    "unavailable": JOURNAL_DOWN,
    "outcome_unknown": JOURNAL_DOWN,
}


class Records:
    """What the lobby knows, and what is done with it.

    Args:
        catalog: what is played here.
        now: the journal's clock, in seconds since the epoch.
        later: calls a function after some seconds.

    Attributes:
        known: what it knows now.
    """

    def __init__(
        self, catalog: Catalog, now: Callable[[], float], later: Callable[[float, Callable[[], None]], Call]
    ) -> None:
        self.known = Known(now, lambda: () if self._server is None else self._server.standing.image)
        self._now = now
        self._catalog = catalog
        self._later = later
        self._lifecycle: Lifecycle | None = None
        self._server: GameServer | None = None
        self._call: Call | None = None
        self._stale: list[str] = []
        self._kind = Kind(LOBBY, LobbyModel)
        self._is_loaded = False
        self._failed_until = 0.0
        # Until when what is not told again.
        self._silent: dict[str, float] = {}

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
        listed = self.known.game(game)
        kind = None if listed is None else self._catalog.find(listed.kind)
        if listed is None or kind is None:
            return None
        return Plan(kind._replace(options=listed.options.encode()), listed.named or None, listed.seats)

    def stood(self, game: str, standing: Standing) -> None:
        """A game stands otherwise than before."""
        listed = None if game == LOBBY else self.known.game(game)
        if listed is None or self._lifecycle is None:
            return
        now = standing.seats, standing.started, standing.finished
        if now != (listed.players, listed.started, listed.finished):
            # Should that fail, it is found out when the game wakes the next time.
            self.run(
                "stand", game=game, players=standing.seats, started=standing.started, finished=standing.finished
            ).addErrback(lambda failure: failure.trap(RequestRefused) and None)

    # What is done.

    async def loaded(self) -> None:
        """Wait until it is known what was known before the server was stopped.

        Raises:
            RequestRefused: it can't be found out now.
        """
        if not self._is_loaded or (self._server is not None and self._server.closed):
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
        if reply.error is not None and reply.error.code == "unavailable" and server.closed:
            # It is not this one's any more, so nothing has changed. Once more, on what has been made of it.
            before = order_of(server.standing.image)
            server = await self._open(creates=True)
            if server is not None:
                self._tell_why_lost(is_new=bool(before) and order_of(server.standing.image) != before)
                reply = await replied(server, _SERVER, request)
        if reply.error is not None:
            raise RequestRefused(_REFUSALS.get(reply.error.code, SERVER_ERROR))
        return reply.result

    def _tell_why_lost(self, *, is_new: bool) -> None:
        self._tell(
            "the lobby was deleted while it was served, and begins anew: games stay, and are listed no more"
            if is_new
            else "another server uses the lobby of this journal, too: each sees what the other has done only when it "
            "takes the lobby back. Give each server a journal of its own, or have one alone asked below /api"
        )

    def _tell(self, what: str, **more: object) -> None:
        if self._now() >= self._silent.get(what, 0.0):
            self._silent[what] = self._now() + TELL_SECONDS
            log.error(what, **more)

    async def _open(self, *, creates: bool) -> GameServer | None:
        """The lobby's game; None where it is not there yet, and is not to be created."""
        if self._lifecycle is None:
            raise RequestRefused(JOURNAL_DOWN)
        if self._now() < self._failed_until:
            raise RequestRefused(LOBBY_DOWN)
        try:
            server = await opened(self._lifecycle, LOBBY, None, creates=creates)
        except RequestRefused as refused:
            if refused.refusal is not NO_SUCH_GAME:
                raise self._not_opened(refused) from None
            if creates:
                # It was asked for a moment ago, only to look.
                return await self._open(creates=True)
            self._server = None
            self._is_loaded = True
            return None
        # It does not go to sleep: with all places taken it could not be woken.
        self._lifecycle.keep(LOBBY)
        self._server = server
        self._is_loaded = True
        return server

    def _not_opened(self, refused: RequestRefused) -> RequestRefused:
        if self._lifecycle is None:
            # The server stops.
            return refused
        if refused.refusal is SERVER_FULL:
            self._tell("the lobby can't be opened, and answers with 503: there are as many games as --max-games allows")
            return refused
        self._tell(
            "the lobby can't be opened, and answers with 503; all else is served. Is the journal itself well, then "
            f"`gamesvc journal verify {LOBBY}` says what is wrong with the lobby, and `gamesvc journal delete --force "
            f"{LOBBY}` has it begin anew: games stay, and are listed no more. Why it can't: {{error}}",
            error=refused,
        )
        if refused.refusal.retryable:
            return refused
        # Each time is told at length, so not whenever somebody asks.
        self._failed_until = self._now() + REPAIR_SECONDS
        return RequestRefused(LOBBY_DOWN)

    def _load(self) -> None:
        self._call = None
        self._failed_until = 0.0
        loaded = Deferred.fromCoroutine(self.loaded())
        loaded.addCallbacks(lambda _: self._look_at_all(), self._not_loaded)

    def _not_loaded(self, failure: Failure) -> None:
        failure.trap(RequestRefused)
        if self._lifecycle is not None:
            wait = REPAIR_SECONDS if self._now() < self._failed_until else RETRY_SECONDS
            self._call = self._later(wait, self._load)

    def _look_at_all(self) -> None:
        """See how games stand that were not over: what came last may not have been told to the lobby."""
        self._stale = [each.game for each in self.known.newest if not each.finished]
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

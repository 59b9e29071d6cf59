"""Records: the lobby's own game, as the rest of the lobby reads and writes it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar

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
from gamesvc.web.lobby_entries import Invite, Listed, Ticket
from gamesvc.web.lobby_model import GAMES, GUESTS, INVITES, LOBBY, TICKETS, LobbyModel, id_of
from gamesvc.web.lobby_shelves import Shelves

log = logger(__name__)

T = TypeVar("T")

RETRY_SECONDS = 5.0
"""How long it waits when the journal can't say what the lobby knows."""

LOOK_SECONDS = 0.05
"""How long it waits between two games that are woken to see how they stand."""

TELL_SECONDS = 60.0
"""How often it is told that there is another server."""

_SERVER = Role(Player("server"), playing=True)
_PLACES = {field.name: place for place, field in enumerate(LobbyModel.FIELDS)}
_WHOLES: tuple[tuple[Shelves[Any], tuple[str, ...]], ...] = (
    (GAMES, ("newest", "names")),
    (GUESTS, ()),
    (INVITES, ()),
    (TICKETS, ("in order",)),
)
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
        # What lies on each shelf, and all of one sort together, as far as somebody has asked for it since it changed.
        self._shelves: dict[str, dict[str, Any]] = {}
        self._whole: dict[str, Any] = {}
        self._secret = b""
        self._call: Call | None = None
        self._stale: list[str] = []
        self._kind = Kind(LOBBY, LobbyModel)
        self._is_loaded = False
        self._silent_until = 0.0

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
        return self._shelf(GAMES, GAMES.field_of(game)).get(game)

    def once(self, what: str, by: str, once: str, *, is_short: bool = False) -> str:
        """The id of what somebody asks for, as `id_of` has it; empty where nobody has asked for anything yet."""
        self._read()
        return id_of(self._secret, what, by, once, is_short=is_short) if self._secret else ""

    @property
    def newest(self) -> list[Listed]:
        """All games, the newest first."""
        self._read()
        if "newest" not in self._whole:
            found = self._all(GAMES).values()
            self._whole["newest"] = sorted(found, key=lambda each: (each.created, each.game), reverse=True)
        newest: list[Listed] = self._whole["newest"]
        return newest

    @property
    def names(self) -> frozenset[str]:
        """Who made one of the games, or plays in one, or is to."""
        self._read()
        if "names" not in self._whole:
            games = self._all(GAMES).values()
            self._whole["names"] = frozenset(
                name for each in games for name in (each.by, *each.named, *each.players) if name
            )
        names: frozenset[str] = self._whole["names"]
        return names

    @property
    def invites(self) -> dict[str, Invite]:
        """Invitations, by their codes."""
        return self._all(INVITES)

    @property
    def tickets(self) -> dict[str, Ticket]:
        """Who waits for a game, or has waited, in the order in which they came."""
        self._read()
        if "in order" not in self._whole:
            found = self._all(TICKETS).values()
            self._whole["in order"] = {each.ticket: each for each in sorted(found, key=lambda each: each.place)}
        tickets: dict[str, Ticket] = self._whole["in order"]
        return tickets

    @property
    def has_old(self) -> bool:
        """Whether there is something that is over."""
        now = self.now()
        return (
            any(each.expires <= now for each in self.newest)
            or any(each.expires <= now for each in self.invites.values())
            or any(until <= now for until in self._all(GUESTS).values())
            or any(0.0 < each.expires <= now for each in self.tickets.values())
        )

    def _shelf(self, shelves: Shelves[T], field: str) -> dict[str, T]:
        self._read()
        if field not in self._shelves:
            packed: bytes = (
                LobbyModel.FIELDS[_PLACES[field]].decode(self._image[_PLACES[field]]) if self._image else b""
            )
            self._shelves[field] = shelves.unpacked(packed)
        return self._shelves[field]

    def _all(self, shelves: Shelves[T]) -> dict[str, T]:
        """Everything of a sort."""
        self._read()
        name = shelves.fields[0]
        if name not in self._whole:
            self._whole[name] = {
                id: each for field in shelves.fields for id, each in self._shelf(shelves, field).items()
            }
        whole: dict[str, T] = self._whole[name]
        return whole

    def _read(self) -> None:
        """Forget what was taken apart of what has changed."""
        if self._server is None or self._server.standing.image is self._image:
            return
        before, self._image = self._image, self._server.standing.image
        changed = {
            field.name
            for position, field in enumerate(LobbyModel.FIELDS)
            if not before or before[position] != self._image[position]
        }
        for field in changed:
            self._shelves.pop(field, None)
        for shelves, wholes in _WHOLES:
            if not changed.isdisjoint(shelves.fields):
                for name in (shelves.fields[0], *wholes):
                    self._whole.pop(name, None)
        if "secret" in changed:
            self._secret = LobbyModel.FIELDS[_PLACES["secret"]].decode(self._image[_PLACES["secret"]])

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
            # Another server has taken it over, so nothing has changed. Once more, on what that one has made of it.
            self._tell_of_others()
            server = await self._open(creates=True)
            if server is not None:
                reply = await replied(server, _SERVER, request)
        if reply.error is not None:
            raise RequestRefused(_REFUSALS.get(reply.error.code, SERVER_ERROR))
        return reply.result

    def _tell_of_others(self) -> None:
        if self.now() >= self._silent_until:
            self._silent_until = self.now() + TELL_SECONDS
            log.error(
                "another server uses the lobby of this journal, too: each sees what the other has done only when it "
                "takes the lobby back. Give each server a journal of its own, or have one alone asked below /api"
            )

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

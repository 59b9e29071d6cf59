"""How a game begins to be awake here: it is created, or made of what the journal has of it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import NamedTuple

import msgspec

from gamesvc.catalog import Catalog, Kind
from gamesvc.errors import JOURNAL_DOWN, KIND_NOT_SERVED, SERVER_ERROR, JournalError, RequestRefused
from gamesvc.eventlog import EventLog
from gamesvc.instance import Instance
from gamesvc.journal import Stored
from gamesvc.journal.records import Opening
from gamesvc.limits import MAX_LAG_BYTES, MAX_LAG_EVENTS
from gamesvc.logs import logger
from gamesvc.options import given
from gamesvc.publisher import GamePublisher
from gamesvc.receipts import Receipts
from gamesvc.recovery import Recovered, RecoveryError, recover
from gamesvc.server import Beginning, GameServer
from gamesvc.standing import Effect
from gamesvc.surroundings import Surroundings, at_once

log = logger(__name__)

Begun = Callable[[GameServer | RequestRefused], None]
"""Gets the game, when the journal has what it begins with; or why it can't be had."""


class Plan(NamedTuple):
    """What a game is to be, should it not be there yet.

    Attributes:
        kind: what is played, and with which options.
        players: who has the first seats; None where nobody says.
        seats: how many may have one, where these are fewer than there are; None: all may be taken.
    """

    kind: Kind
    players: tuple[str, ...] | None = None
    seats: int | None = None


class Beginnings:
    """Creates games, and makes them of what the journal has.

    Args:
        catalog: what is played here.
        around: what games are lent.
        random_bytes: as many unpredictable bytes as asked for.
        plan: says what a game is to be, by its id; None where nobody has planned anything: then it is of the kind that
            the catalog names first.
        moved: is told when somebody else has taken a game over.
    """

    def __init__(
        self,
        catalog: Catalog,
        around: Surroundings,
        random_bytes: Callable[[int], bytes],
        plan: Callable[[str], Plan | None],
        moved: Callable[[GameServer], None],
    ) -> None:
        self._catalog = catalog
        self._around = around
        self._random_bytes = random_bytes
        self._plan = plan
        self._moved = moved

    def create(self, game: str, players: tuple[str, ...], term: int, begun: Begun) -> None:
        """Create a game: as it was planned, or else of the first kind that is served.

        Args:
            game: its id, claimed.
            players: who has the first seats, where nobody has planned that.
            term: under which it was claimed.
            begun: is told.
        """
        plan = self._plan(game) or Plan(self._catalog.default)
        kind = plan.kind
        if plan.players is not None:
            players = plan.players
        opening = Opening(kind.name, kind.model.VERSION, kind.options, self._epoch(), self._random_bytes(32))
        instance = Instance(kind.model, opening.seed)
        instance.wanted = plan.seats
        # Who is told when players take seats is told of these, too: when the first of them comes.
        seated = players if kind.model.HOOKS.isdisjoint(("on_join", "on_start")) else ()
        outcome: list[Effect | BaseException] = []

        def set_up() -> None:
            try:
                outcome.append(instance.open(self._around.wall(), seated, given(kind.model, kind.options)))
            # SystemExit, too: a model must not take the other games with it.
            except (Exception, SystemExit) as fault:
                outcome.append(fault)

        def done() -> None:
            effect = outcome[0]
            if isinstance(effect, BaseException):
                self._around.journal.discard(game, term, lambda error: None)
                begun(self._failed(game, kind.name, "setup", effect))
            else:
                self._keep_new(game, term, opening, instance, effect, begun)

        if kind.model.BLOCKING:
            self._around.aside(set_up, done)
        else:
            at_once(set_up, done)

    def _keep_new(
        self, game: str, term: int, opening: Opening, instance: Instance, effect: Effect, begun: Begun
    ) -> None:
        begin = Beginning(
            term,
            opening,
            instance,
            Receipts(),
            EventLog(),
            is_new=True,
            is_plain=not effect.events and not instance.took_chance and self._plan(game) is None,
        )
        server = self._server(game, begin)

        def created(error: JournalError | None) -> None:
            if error is not None:
                log.warn("game {game} can't be created: {error}", game=game, error=error)
            _tell(server, error, begun)

        server.open(effect, created)

    def wake(self, game: str, stored: Stored, begun: Begun) -> None:
        """Make a game of what the journal has.

        Args:
            game: its id.
            stored: what that is.
            begun: is told.
        """
        snapshot = stored.snapshot
        first = stored.entries[0].opening if stored.entries else None
        named = snapshot.opening if snapshot is not None else first
        if named is None:
            fault = RecoveryError("neither its beginning nor a snapshot is in the journal")
            begun(self._failed(game, "unknown", "loading", fault))
            return
        kind = self._catalog.find(named.game_kind)
        plan = self._plan(game)
        if plan is not None and plan.kind.name == named.game_kind:
            kind = plan.kind
        if kind is None:
            log.warn("game {game} is of the kind {kind}, which is not served here", game=game, kind=named.game_kind)
            begun(RequestRefused(KIND_NOT_SERVED))
            return
        journals = kind.model.DURABILITY == "every"
        try:
            recovered = recover(kind.model, snapshot, stored.entries)
            lost = not recovered.clean or (not journals and snapshot is None)
            begin = self._beginning(kind, stored.term, recovered, lost)
            begin.instance.wanted = None if plan is None else plan.seats
            server = self._server(game, begin)
        # migrate is the author's, and what is stored may be damaged.
        except (Exception, SystemExit) as fault:
            begun(self._failed(game, kind.name, "loading", fault))
            return
        # What is journaled from here on builds on the state of today; and from here on, until it is left in order, a
        # game that is not journaled may lose what it does.
        if not journals:
            server.save(clean=False, saved=lambda error: _tell(server, error, begun))
        elif recovered.migrated or lost:
            server.renew(changed=recovered.migrated, renewed=lambda error: _tell(server, error, begun))
        else:
            begun(server)

    def _beginning(self, kind: Kind, term: int, recovered: Recovered, lost: bool) -> Beginning:
        opening = recovered.opening
        if lost:
            log.info("a game of {kind} has lost what came after its last snapshot", kind=kind.name)
            # Another seed, too: else who saw the dice that were lost would know the next ones.
            opening = msgspec.structs.replace(opening, epoch=self._epoch(), seed=self._random_bytes(32))
        instance = Instance(kind.model, opening.seed, recovered.standing)
        events = EventLog(recovered.counts)
        for event, entry in recovered.recent:
            to = None if event.to is None else frozenset(event.to)
            events.append(event.body, to, entry).keep_no_frames()
        return Beginning(term, opening, instance, recovered.receipts, events, recovered.since_snapshot)

    def _server(self, game: str, begin: Beginning) -> GameServer:
        publisher = GamePublisher(
            self._around.soon, begin.log, max_lag_events=MAX_LAG_EVENTS, max_lag_bytes=MAX_LAG_BYTES
        )
        return GameServer(game, begin, publisher, self._around, self._moved)

    def _epoch(self) -> str:
        return urlsafe_b64encode(self._random_bytes(9)).decode("ascii")

    def _failed(self, game: str, kind: str, what: str, fault: BaseException) -> RequestRefused:
        incident = self._around.report(f"game {game} ({kind}), {what}", fault)
        return RequestRefused(SERVER_ERROR.for_incident(incident))


def _tell(server: GameServer, error: JournalError | None, begun: Begun) -> None:
    """Tell whether the journal has what a game begins with."""
    if error is None:
        begun(server)
    else:
        server.drain()
        begun(RequestRefused(JOURNAL_DOWN))

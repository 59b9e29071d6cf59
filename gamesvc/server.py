"""GameServer: one game, the only place where a command takes effect.

Commands come one after the other and each takes effect wholly or not at all. The model runs ahead of the journal:

    submit -> judged on the model as it stands -> waits -> handed to the journal -> durable -> events, then the reply

One append is on its way at a time; what is judged meanwhile gathers, and goes together in the next. What was judged on
a state leaves when that state is durable, refusals and admissions too. Where the journal refuses an append, the game
goes back to what is durable: what was in the append is answered ``unavailable``, and what was judged after it is judged
again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Protocol

import msgspec

from gamesvc.clock import GameClock
from gamesvc.errors import (
    GAME_OVER,
    ID_REUSED,
    JOURNAL_DOWN,
    NOT_A_PLAYER,
    NOT_STARTED,
    UNAVAILABLE,
    CloseCode,
    ErrorCode,
    Fenced,
    JournalError,
    RequestRefused,
)
from gamesvc.eventlog import EventLog, Place, Viewer
from gamesvc.history import Found, History
from gamesvc.instance import Effect, Instance, opening_entry
from gamesvc.journal import Journal
from gamesvc.journal.records import Entry, Opening, Snapshot
from gamesvc.journal.records import Timer as TimerRecord
from gamesvc.messages import Request, Welcome, encode_error, encode_ok, encode_welcome
from gamesvc.model import Player
from gamesvc.pending import Answer, Pending, PendingAlarm, PendingCommand, PendingSeat, Role
from gamesvc.publisher import GamePublisher
from gamesvc.receipts import Receipts
from gamesvc.views import public_state

MAX_PRESENT = 256
"""How many names a welcome tells of those who are there."""

OVERDUE_SECONDS = 5.0
"""How long the outcome of an append may be unknown before those who wait are told so."""

SNAPSHOT_SECONDS = 5.0
"""How often a game of the durability ``snapshot`` is saved, where something has changed."""

SNAPSHOT_ENTRIES = 1000
"""After how many entries a game is saved, so that it is loaded quickly."""

SNAPSHOT_BYTES = 1 << 18
"""After how many bytes of entries a game is saved. Both count only where as much was written as the last snapshot had,
so that large states are not written over and over."""

_RETRY_SECONDS = 1.0

Report = Callable[[str, BaseException], str]
"""Tells the operator of a fault: what failed, and the exception. Returns the incident's id, which the player gets."""


class Participant(Protocol):
    """What a game knows of a connection: its controller."""

    def close(self, code: CloseCode) -> None:
        """Send what is due, as long as the connection takes it, then close it."""


class Call(Protocol):
    """Something that was put off."""

    def cancel(self) -> None:
        """Don't do it."""


@dataclass(frozen=True)
class Surroundings:
    """What a game server is lent.

    Attributes:
        journal: keeps the game.
        wall: seconds since the epoch.
        monotonic: seconds of a clock that nobody sets.
        later: calls a function after some seconds.
        report: tells the operator of a fault in the model.
        complain: tells the operator, in a line, of trouble with the journal.
        max_connections_per_player: the oldest beyond goes; 0 means any number.
    """

    journal: Journal
    wall: Callable[[], float]
    monotonic: Callable[[], float]
    later: Callable[[float, Callable[[], None]], Call]
    report: Report
    complain: Callable[[str], None]
    max_connections_per_player: int


@dataclass(frozen=True)
class Beginning:
    """Where a game server takes its game up.

    Attributes:
        term: of the claim under which it writes.
        opening: what the game began with.
        instance: the model, as it stands.
        receipts: of its commands.
        log: of its events.
        since_snapshot: how many entries the journal has after the last snapshot.
    """

    term: int
    opening: Opening
    instance: Instance
    receipts: Receipts
    log: EventLog
    since_snapshot: int = 0


class GameServer:
    """One game: its model, its publisher, and the controllers of those who are connected.

    Args:
        game: the game's id.
        begin: where it is taken up.
        publisher: sends the events; the game's own.
        around: what it is lent.
        gone: is called when somebody else has taken the game over.
    """

    def __init__(
        self,
        game: str,
        begin: Beginning,
        publisher: GamePublisher,
        around: Surroundings,
        gone: Callable[[GameServer], None],
    ) -> None:
        self.game = game
        self.kind = begin.opening.game_kind
        self.publisher = publisher
        self.instance = begin.instance
        self.receipts = begin.receipts
        self.model = begin.instance.kind
        self.commands = self.model.COMMANDS
        self.closed = False
        self._fewest = (self.model.SEATS or (0, 0))[0]
        self._opening = begin.opening
        self._term = begin.term
        self._around = around
        self._gone = gone
        self._journals = self.model.DURABILITY == "every"
        # How the game stands as far as it is durable; everything that leaves is of this.
        self._standing = self.instance.standing
        self._clock = GameClock(around.wall, around.monotonic, self._standing.now)
        self.now = self._clock.now
        self._controllers: dict[Participant, Role] = {}
        self._connections_of: dict[Player, dict[Participant, Role]] = {}
        self._in_flight: list[Pending] = []
        self._since = 0.0
        self._stalled = False
        self._gathered: list[Pending] = []
        self._by_id: dict[tuple[str, str], PendingCommand] = {}
        self._ring: Call | None = None
        self._ring_due: float | None = None
        self._saving = False
        self._saved_at = around.monotonic()
        self._saved_size = 0
        self._entries_since = begin.since_snapshot
        self._bytes_since = 0
        read = partial(around.journal.history, game) if self._journals else None
        self.history = History(publisher.log, read, lambda: self._standing.entry, around.later)
        self._arm()

    # What others may know.

    @property
    def controllers(self) -> tuple[Participant, ...]:
        """Those who are connected, in the order in which they came."""
        return tuple(self._controllers)

    @property
    def players(self) -> list[Player | None]:
        """The names in the order of the seats, None where one is free."""
        return list(self._standing.seats)

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self._standing.finished

    @property
    def untouched(self) -> bool:
        """Whether nothing has happened in it yet: no command took effect, no seat is taken, and nothing is to come."""
        standing = self.instance.standing
        return standing.entry <= 1 and not any(standing.seats) and not standing.alarms and self.quiet

    @property
    def quiet(self) -> bool:
        """Whether nothing waits for the journal."""
        return not (self._in_flight or self._gathered or self.history.busy)

    @property
    def wake_at(self) -> float | None:
        """When it wants to be woken, should it sleep."""
        return self._standing.wake_at

    # Who takes part.

    def open(self, effect: Effect, opened: Callable[[JournalError | None], None]) -> None:
        """Have the journal keep a game that was just set up.

        Args:
            effect: of setting it up.
            opened: is told when that is durable, or why it can't be.
        """

        def done(error: JournalError | None) -> None:
            if error is None:
                for body, to in effect.events:
                    self.publisher.publish(body, to, effect.after.entry)
                self._count(entry)
            opened(error)

        entry = opening_entry(effect, self.model, self._opening)
        wake_at = effect.after.wake_at
        self._around.journal.append(self.game, self._term, 0, [entry], wake_at, done)

    def admit(
        self,
        name: str,
        players: tuple[str, ...] | None,
        spectate: bool,
        answer: Callable[[Role | RequestRefused], None],
    ) -> None:
        """Say as whom somebody takes part, and give them their seat.

        Args:
            name: theirs.
            players: who plays this game, by their token; the first such list seats them in its order.
                None: whoever comes takes the next free seat.
            spectate: whether they came to watch.
            answer: gets their role, or why they are not let in; when that is durable.
        """
        if self.closed or self._stalled:
            answer(RequestRefused(JOURNAL_DOWN))
        else:
            self._take(PendingSeat(name, players, spectate, answer))

    def find_place(self, role: Role, epoch: str | None, since: int | None, found: Found) -> None:
        """Find where somebody stands who comes back.

        Args:
            role: theirs.
            epoch: the one that they knew; None where they want all the history.
            since: the number of the last event that they have had; None where they don't come back.
            found: gets their place; None where what they missed can't be told.
        """
        wants_all = epoch is None and since == 0
        if since is None or not (wants_all or epoch == self._epoch(role)):
            found(None)
        else:
            self.history.find(Viewer(role.sees, framework=True), since, found)

    def join(self, controller: Participant, role: Role) -> None:
        """Take a connection in. A player's oldest one goes where they have too many."""
        self._controllers[controller] = role
        theirs = self._connections_of.setdefault(role.player, {})
        theirs[controller] = role
        if self._around.max_connections_per_player:
            for oldest in tuple(theirs)[: -self._around.max_connections_per_player]:
                oldest.close(CloseCode.REPLACED)

    def leave(self, controller: Participant) -> None:
        """Take a connection out; once more is harmless."""
        role = self._controllers.pop(controller, None)
        if role is not None:
            theirs = self._connections_of[role.player]
            del theirs[controller]
            if not theirs:
                del self._connections_of[role.player]

    def stop(self, code: CloseCode) -> None:
        """Send what is due, as long as connections take it, and close them all. Nothing takes effect any more."""
        self.closed = True
        self._silence()
        self.publisher.flush()
        for controller in self.controllers:
            controller.close(code)

    def welcome(self, role: Role, place: Place | None, *, show_state: bool) -> bytes:
        """The first frame of a ``gamesvc.v1`` connection: where the game stands for this viewer.

        Args:
            role: theirs.
            place: from which on they get the events; None: from now on.
            show_state: whether they are to see the state.
        """
        connected = {
            player for player, theirs in self._connections_of.items() if any(r.playing for r in theirs.values())
        }
        if role.playing:
            connected.add(role.player)
        present = [player for player in self._connections_of if player in connected]
        if role.playing and role.player not in self._connections_of:
            present.append(role.player)
        state = public_state(self.model, self._standing.image) if show_state else None
        return encode_welcome(
            Welcome(
                game=self.game,
                kind=self.kind,
                epoch=self._epoch(role),
                seq=self.publisher.log.head(Viewer(role.sees, framework=True)),
                resumed=place is not None,
                player=role.player,
                playing=role.playing,
                players=list(self._standing.seats),
                present=list(islice(present, MAX_PRESENT)),
                state=msgspec.UNSET if state is None else msgspec.Raw(state),
            )
        )

    def _epoch(self, role: Role) -> str:
        # A player and a spectator of the same name count different events.
        return self._opening.epoch if role.playing else f"{self._opening.epoch}.public"

    # What takes effect.

    def submit(self, role: Role, request: Request, answer: Answer) -> None:
        """Let a command take effect, or refuse it; nothing has changed where it is refused.

        Args:
            role: who sent it.
            request: the command.
            answer: gets the reply's payload, after the events that the command caused are in the log.
        """
        id = request.id
        if id is None:
            command = PendingCommand(role, request, answer)
        else:
            key = role.player, id
            command = PendingCommand(role, request, answer)
            earlier = self._by_id.get(key) or self.receipts.find(*key)
            if earlier is not None:
                if earlier.digest != command.digest:
                    answer(encode_error(ID_REUSED, id=id))
                elif isinstance(earlier, PendingCommand):
                    earlier.join(answer)
                else:
                    answer(encode_ok(id, earlier.result, duplicate=True))
                return
        if self.closed or self._stalled:
            answer(encode_error(UNAVAILABLE, id=id))
            return
        if id is not None:
            self._by_id[role.player, id] = command
        self._take(command)

    def refuses(self, role: Role) -> ErrorCode | None:
        """Why somebody can't do anything in the game, as it stands; None where they can."""
        if not role.playing:
            return NOT_A_PLAYER
        if self.instance.standing.finished:
            return GAME_OVER
        if len(self.instance.players) < self._fewest:
            return NOT_STARTED
        return None

    def failed(self, what: str, fault: BaseException) -> str:
        """Tell the operator of a fault in the model. Returns the incident's id."""
        return self._around.report(f"game {self.game} ({self.kind}), {what}", fault)

    def tick(self) -> None:
        """Look after what takes long, a few times a second."""
        now = self._around.monotonic()
        if self._in_flight and now - self._since >= OVERDUE_SECONDS:
            self._stall()
        dirty = self._entries_since or self._bytes_since
        if self.model.DURABILITY == "snapshot" and dirty and now - self._saved_at >= SNAPSHOT_SECONDS:
            self.save(clean=False)

    def _take(self, pending: Pending) -> None:
        pending.judge(self)
        if pending.entry is None and not self._in_flight and not self._gathered:
            self._settle(pending)
            return
        self._gathered.append(pending)
        self._push()

    def _push(self) -> None:
        """Hand what has gathered to the journal, unless something is on its way."""
        while self._gathered and not self._in_flight:
            batch, self._gathered = self._gathered, []
            entries = [pending.entry for pending in batch if pending.entry is not None]
            if not entries or not self._journals:
                self._commit(batch)
                continue
            self._in_flight = batch
            self._since = self._around.monotonic()
            expected = self._standing.entry
            wake_at = self.instance.standing.wake_at
            self._around.journal.append(self.game, self._term, expected, entries, wake_at, self._appended)

    def _appended(self, error: JournalError | None) -> None:
        batch, self._in_flight = self._in_flight, []
        self._stalled = False
        if error is None:
            self._commit(batch)
        elif isinstance(error, Fenced):
            self._lose(batch, error)
        else:
            self._go_back(batch, error)
        self._push()

    def _commit(self, batch: list[Pending]) -> None:
        for pending in batch:
            self._settle(pending)
        self._arm()
        if self._journals and self._worth_saving():
            self.save(clean=True)

    def _settle(self, pending: Pending) -> None:
        effect, entry = pending.effect, pending.entry
        if effect is not None and entry is not None:
            self._standing = effect.after
            for body, to in effect.events:
                self.publisher.publish(body, to, effect.after.entry)
            self._count(entry)
        self._forget_id(pending)
        pending.settle(self)

    def _count(self, entry: Entry) -> None:
        self._entries_since += 1
        size = len(entry.arguments) + len(entry.result or b"")
        size += sum(len(event.body) for event in entry.events)
        self._bytes_since += size + sum(memoryview(raw).nbytes for raw in entry.changed.values())

    def _go_back(self, batch: list[Pending], error: JournalError) -> None:
        self._around.complain(f"game {self.game}: {error}")
        again, self._gathered = self._gathered, []
        self.instance.go_back(self._standing)
        refusals = [pending for pending in batch if pending.entry is None]
        for pending in batch:
            if pending.entry is not None:
                self._forget_id(pending)
                pending.fail()
        for pending in (*refusals, *again):
            self._take(pending)
        # Timers are to come as before; not at once, because the journal has just failed.
        self._arm(_RETRY_SECONDS)

    def _lose(self, batch: list[Pending], error: JournalError) -> None:
        self._around.complain(f"game {self.game}: {error}")
        self.closed = True
        self._silence()
        again, self._gathered = self._gathered, []
        for pending in (*batch, *again):
            self._forget_id(pending)
            pending.fail()
        self.history.expire()
        for controller in self.controllers:
            controller.close(CloseCode.GAME_MOVED)
        self._gone(self)

    def _stall(self) -> None:
        """The journal does not say what became of an append: nothing more is judged until it does."""
        if not self._stalled:
            self._stalled = True
            self._around.complain(f"game {self.game}: the journal has not answered for {OVERDUE_SECONDS:.0f} s")
        gathered, self._gathered = self._gathered, []
        effects = [pending.effect for pending in self._in_flight if pending.effect is not None]
        self.instance.go_back(effects[-1].after)
        for pending in gathered:
            # It was never handed over, so this is known: it has had no effect.
            self._forget_id(pending)
            pending.fail()
        for pending in self._in_flight:
            pending.overdue()
        self.history.expire()

    def _forget_id(self, pending: Pending) -> None:
        if isinstance(pending, PendingCommand) and pending.key is not None and self._by_id.get(pending.key) is pending:
            del self._by_id[pending.key]

    # Timers.

    def _arm(self, at_least: float = 0.0) -> None:
        """See to it that the next timer is heard."""
        due = self.instance.standing.wake_at
        if due == self._ring_due and self._ring is not None and not at_least:
            return
        self._silence()
        if due is not None and not self.closed:
            self._ring_due = due
            self._ring = self._around.later(max(at_least, due - self.now()), self._heard)

    def _silence(self) -> None:
        ring, self._ring, self._ring_due = self._ring, None, None
        if ring is not None:
            ring.cancel()

    def _heard(self) -> None:
        self._ring = self._ring_due = None
        now = self.now()
        due = [alarm for alarm in self.instance.standing.alarms if alarm.due <= now]
        if self._stalled:
            self._arm(_RETRY_SECONDS)
            return
        for alarm in sorted(due, key=lambda alarm: (alarm.due, alarm.id)):
            self._take(PendingAlarm(alarm))
        self._arm()

    # Snapshots.

    def save(self, *, clean: bool, saved: Callable[[JournalError | None], None] | None = None) -> None:
        """Have the journal keep how the game stands.

        Args:
            clean: whether nothing will happen to it that is not journaled.
            saved: is told when that is durable, or why it can't be.
        """
        standing = self._standing
        snapshot = Snapshot(
            number=standing.entry,
            time=standing.now,
            opening=self._opening,
            state={
                field.name: msgspec.Raw(value) for field, value in zip(self.model.FIELDS, standing.image, strict=True)
            },
            seats=standing.seats,
            timers=tuple(TimerRecord(*alarm) for alarm in standing.alarms),
            last_timer=standing.last_alarm,
            finished=standing.finished,
            counts=self.publisher.log.counts,
            receipts=self.receipts.dump(),
            clean=clean,
        )
        entries, size = self._entries_since, self._bytes_since
        self._entries_since = self._bytes_since = 0
        self._saved_at = self._around.monotonic()

        def done(error: JournalError | None) -> None:
            self._saving = False
            if error is not None:
                self._entries_since += entries
                self._bytes_since += size
                self._around.complain(f"game {self.game}: no snapshot was made: {error}")
            if isinstance(error, Fenced) and not self.closed:
                self._lose([], error)
            if saved is not None:
                saved(error)

        self._saving = True
        self._saved_size = sum(map(len, standing.image)) + 64 * sum(map(len, snapshot.receipts.values()))
        self._around.journal.save(self.game, self._term, snapshot, standing.wake_at, done)

    def _worth_saving(self) -> bool:
        if self._saving:
            return False
        if self._bytes_since >= max(SNAPSHOT_BYTES, self._saved_size):
            return True
        return self._entries_since >= SNAPSHOT_ENTRIES and self._bytes_since >= self._saved_size // 4

    @property
    def changed(self) -> bool:
        """Whether something has happened since the last snapshot."""
        return bool(self._entries_since)

    def discard(self) -> None:
        """Have the journal forget a game in which nothing has happened."""
        self.closed = True
        self._silence()
        self._around.journal.discard(self.game, self._term, lambda error: None)

    def retire(self) -> None:
        """Nothing takes effect here any more: the game goes to sleep."""
        self.closed = True
        self._silence()

"""From what the journal has of a game to how it stands: a snapshot, and the changed fields of the entries after it.

The author's code does not run here, but for `migrate` where the fields of its class have changed since.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from gamesvc.context import Alarm, Player
from gamesvc.journal.records import BotSeat, Counts, Entry, Opening, Published, Receipt, Snapshot
from gamesvc.journal.records import Timer as TimerRecord
from gamesvc.messages import is_framework
from gamesvc.migration import MigrationError, migrated
from gamesvc.model import GameModel
from gamesvc.receipts import Receipts, digest
from gamesvc.standing import Standing


class RecoveryError(Exception):
    """A game can't be loaded. The message says why, for the operator."""


class Recovered(NamedTuple):
    """A game, loaded.

    Attributes:
        opening: what it began with; the version is that of the model of today.
        standing: how it stands.
        counts: of its events up to the snapshot.
        receipts: of its commands.
        recent: the events after the snapshot, each with the number of its entry.
        since_snapshot: how many entries there are after the snapshot.
        migrated: whether the state was of an older version.
        clean: whether the snapshot is how the game was left in order, or the game was renewed since.
    """

    opening: Opening
    standing: Standing
    counts: Counts
    receipts: Receipts
    recent: list[tuple[Published, int]]
    since_snapshot: int
    migrated: bool
    clean: bool


def count(counts: Counts, events: Iterable[Published]) -> Counts:
    """The counts after some more events."""
    every, public, framework, private = counts.all, counts.public, counts.framework, dict(counts.private)
    for event in events:
        every += 1
        if event.to is not None:
            for player in event.to:
                private[player] = private.get(player, 0) + 1
        elif is_framework(event.body):
            framework += 1
        else:
            public += 1
    return Counts(every, public, framework, private)


class Replayed:
    """A game's history, taken in entry by entry.

    Args:
        snapshot: where it begins; None for the beginning.

    Attributes:
        opening: what the game began with; None before the first entry.
        number: of the last entry.
        time: of the last entry.
        state: the value of each field, as MessagePack, by name.
        seats: who has each.
        timers: what is to come.
        last_timer: the highest id that one has had.
        finished: whether the game is over.
        outcome: the event with which it ended; empty where there is none.
        started: whether all seats that are needed have been taken at some time.
        here: the players who are connected, as far as the model was told.
        bots: those that play for somebody.
        receipts: of its commands.
        clean: whether nothing was lost between the snapshot and what follows.
    """

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.opening: Opening | None = None
        self.number = 0
        self.time = 0.0
        self.state: dict[str, msgspec.Raw] = {}
        self.seats: tuple[str | None, ...] = ()
        self.timers: tuple[TimerRecord, ...] = ()
        self.last_timer = 0
        self.finished = False
        self.outcome = b""
        self.started = False
        self.here: frozenset[str] = frozenset()
        self.bots: tuple[BotSeat, ...] = ()
        self._counts = Counts()
        self._uncounted: list[Published] = []
        self.receipts = Receipts()
        self.clean = snapshot is None or snapshot.clean
        if snapshot is not None:
            self.opening = snapshot.opening
            self.number = snapshot.number
            self.time = snapshot.time
            self.state = dict(snapshot.state)
            self.seats = snapshot.seats
            self.timers = snapshot.timers
            self.last_timer = snapshot.last_timer
            self.finished = snapshot.finished
            self.outcome = snapshot.outcome
            self.started = snapshot.started
            self.here = frozenset(snapshot.here)
            self.bots = snapshot.bots
            self._counts = snapshot.counts
            self.receipts = Receipts(snapshot.receipts)

    @property
    def counts(self) -> Counts:
        """How many events there were."""
        self._counts, self._uncounted = count(self._counts, self._uncounted), []
        return self._counts

    def take(self, entry: Entry) -> None:
        """Take the next entry in.

        Raises:
            RecoveryError: it is not the next.
        """
        if entry.number != self.number + 1:
            raise RecoveryError(f"entry {entry.number} follows entry {self.number}: some are missing")
        if entry.opening is not None:
            migrated = self.opening is not None and entry.opening.version != self.opening.version
            # A state of another version takes the place of the old one, also where it has no fields.
            if migrated or (entry.kind == "renewed" and entry.changed):
                self.state.clear()
            self.opening = entry.opening
            self.clean = True
        self.number = entry.number
        self.time = entry.time
        self.state.update(entry.changed)
        if entry.seats is not None:
            self.seats = entry.seats
        if entry.timers is not None:
            self.timers = entry.timers
        self.last_timer = entry.last_timer
        self.finished = entry.finished
        self.outcome = entry.outcome
        self.started = self.started or entry.started
        if entry.bots is not None:
            self.bots = entry.bots
        if entry.player is not None:
            if entry.kind in ("away", "left"):
                self.here -= {entry.player}
            elif entry.kind == "back" or (entry.kind == "seated" and entry.player in (entry.seats or ())):
                self.here |= {entry.player}
        self._uncounted.extend(entry.events)
        if entry.id is not None and entry.player is not None:
            try:
                arguments = msgspec.json.decode(entry.arguments)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise RecoveryError(f"entry {entry.number}: its arguments are no JSON: {error}") from error
            receipt = Receipt(entry.id, digest(entry.name, arguments), entry.result)
            self.receipts.add(entry.player, receipt)

    def standing(self, model: type[GameModel]) -> Standing:
        """How the game stands, for the model of today.

        Raises:
            RecoveryError: the state does not fit the model.
        """
        version = self.opening.version if self.opening is not None else model.VERSION
        try:
            image = migrated(model, self.state, version)
        except MigrationError as error:
            raise RecoveryError(str(error)) from error
        seats = tuple(None if name is None else Player(name) for name in self.seats)
        most = (model.SEATS or (0, 0))[1]
        if len(seats) > most and any(seats[most:]):
            raise RecoveryError(f"{len(seats)} seats were taken, and {model.__name__} has {most}")
        seats = seats[:most] + (None,) * (most - len(seats))
        for timer in self.timers:
            if not callable(getattr(model, timer.method, None)):
                raise RecoveryError(
                    f"a timer is to call {timer.method}, which {model.__name__} does not have: "
                    "keep a method of this name for the games in which it is set"
                )
        alarms = tuple(Alarm(timer.id, timer.due, timer.method, timer.arguments) for timer in self.timers)
        # Journals of before this was kept tell it by the seats.
        started = self.started or (model.SEATS is not None and most - seats.count(None) >= model.SEATS[0])
        return Standing(
            self.number,
            self.time,
            image,
            seats,
            alarms,
            self.last_timer,
            self.finished,
            self.outcome,
            started,
            self.here,
            self.bots,
        )


def recover(model: type[GameModel], snapshot: Snapshot | None, entries: Iterable[Entry]) -> Recovered:
    """Load a game.

    Args:
        model: its class.
        snapshot: the last one, if any.
        entries: those after it.

    Raises:
        RecoveryError: what is stored does not fit together, or not the model.
    """
    replayed = Replayed(snapshot)
    recent: list[tuple[Published, int]] = []
    for entry in entries:
        replayed.take(entry)
        recent.extend((event, entry.number) for event in entry.events)
    opening = replayed.opening
    if opening is None:
        raise RecoveryError("the first entry is missing")
    return Recovered(
        msgspec.structs.replace(opening, version=model.VERSION),
        replayed.standing(model),
        snapshot.counts if snapshot is not None else Counts(),
        replayed.receipts,
        recent,
        replayed.number - (snapshot.number if snapshot is not None else 0),
        opening.version != model.VERSION,
        replayed.clean,
    )

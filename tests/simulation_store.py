"""The simulated journal: what is durable, shared by all processes, and each process's way to it, which has its faults.

What is asked of a process's journal gathers, and is written in batches, each wholly or not at all. A batch is written,
or it is not (which is told at once), or nobody knows for a while. A process that dies loses what it did not hand over
yet: of what it had handed over, some first part is written, perhaps a little later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from gamesvc.errors import Fenced, JournalError, Unavailable
from gamesvc.journal import Done, Stored
from gamesvc.journal.records import Entry, Snapshot, decode_entry, decode_snapshot, encode
from tests.simulation_clock import Reactor, Time


class Witness(Protocol):
    """Who is told what becomes durable, when it does."""

    def appended(self, game: str, entry: Entry) -> None: ...

    def saved(self, game: str, snapshot: Snapshot) -> None: ...

    def discarded(self, game: str) -> None: ...


class Row:
    """A game in the store."""

    __slots__ = ("entries", "last", "snapshot", "term", "wake_at")

    def __init__(self) -> None:
        self.term = 0
        self.last = 0
        self.snapshot: bytes | None = None
        self.entries: list[tuple[int, bytes]] = []
        self.wake_at: float | None = None


class Store:
    """What is durable.

    Args:
        witness: is told of it.
    """

    def __init__(self, witness: Witness) -> None:
        self.rows: dict[str, Row] = {}
        self._witness = witness
        self._terms = 0

    def is_held(self, game: str, term: int) -> bool:
        """Whether a game is claimed under a term."""
        row = self.rows.get(game)
        return row is not None and row.term == term

    def claim(self, game: str) -> int:
        self._terms += 1
        self.rows.setdefault(game, Row()).term = self._terms
        return self._terms

    def append(
        self, game: str, term: int, expected: int, entries: Sequence[bytes], wake_at: float | None
    ) -> Fenced | None:
        row = self.rows.get(game)
        if row is None or row.term != term or row.last != expected:
            return Fenced(f"{game} is at {(row.term, row.last) if row else None}, not at {(term, expected)}")
        for body in entries:
            entry = decode_entry(body)
            row.entries.append((entry.number, body))
            row.last = entry.number
            self._witness.appended(game, entry)
        row.wake_at = wake_at
        return None

    def save(self, game: str, term: int, body: bytes, wake_at: float | None) -> Fenced | None:
        row = self.rows.get(game)
        if row is None or row.term != term:
            return Fenced(f"{game} is under {row.term if row else None}, not under {term}")
        snapshot = decode_snapshot(body)
        row.snapshot = body
        row.last = max(row.last, snapshot.number)
        row.wake_at = wake_at
        self._witness.saved(game, snapshot)
        return None

    def discard(self, game: str, term: int) -> Fenced | None:
        row = self.rows.get(game)
        if row is None or row.term != term:
            return Fenced(f"{game} is under {row.term if row else None}, not under {term}")
        del self.rows[game]
        self._witness.discarded(game)
        return None

    def load(self, game: str, term: int) -> Stored:
        row = self.rows.get(game) or Row()
        snapshot = None if row.snapshot is None else decode_snapshot(row.snapshot)
        after = 0 if snapshot is None else snapshot.number
        return Stored(term, row.last, snapshot, [decode_entry(body) for number, body in row.entries if number > after])

    def history(self, game: str, before: int, events: int, size: int) -> list[Entry]:
        read: deque[Entry] = deque()
        row = self.rows.get(game)
        for number, body in reversed(row.entries if row is not None else []):
            if number >= before:
                continue
            if number != before - 1 or events <= 0 or size <= 0:
                break
            entry = decode_entry(body)
            read.appendleft(entry)
            before -= 1
            events -= len(entry.events)
            size -= sum(len(event.body) for event in entry.events)
        return list(read)

    def due(self, now: float, limit: int) -> list[str]:
        due = sorted((row.wake_at, game) for game, row in self.rows.items() if row.wake_at is not None)
        return [game for at, game in due if at <= now][:limit]


@dataclass
class Faults:
    """How likely what is.

    Attributes:
        slowest: seconds that a write or a read may take.
        fails: a batch is not written.
        unknown: nobody knows for a while what became of a batch.
        read_fails: something can't be read.
        read_stalls: a read takes seconds.
    """

    slowest: float = 0.0
    fails: float = 0.0
    unknown: float = 0.0
    read_fails: float = 0.0
    read_stalls: float = 0.0


Operation = tuple[Callable[[], Any], Callable[[Any], None]]
"""What is to be done, and who wants to know."""


class SimulatedJournal:
    """A process's journal.

    Args:
        store: what is durable.
        time: the simulation's.
        reactor: the process's.
        wall: seconds since the epoch.
        chance: decides.
        faults: how likely; may change.
    """

    def __init__(
        self, store: Store, time: Time, reactor: Reactor, wall: Callable[[], float], chance: Random, faults: Faults
    ) -> None:
        self._store = store
        self._time = time
        self._reactor = reactor
        self._wall = wall
        self._chance = chance
        self._faults = faults
        self._waiting: list[Operation] = []
        self._batch: list[Operation] = []
        self._is_writing = False
        self._is_open = True
        self._when_closed: list[Callable[[], None]] = []
        self.trouble: Callable[[str], None] = lambda text: None

    def now(self) -> float:
        return self._wall()

    def claim(self, game: str, done: Done[Stored]) -> None:
        def claimed(term: int | JournalError) -> None:
            if isinstance(term, JournalError):
                done(term)
            else:
                self._read(lambda: self._store.load(game, term), done)

        self._write(lambda: self._store.claim(game), claimed)

    def append(
        self,
        game: str,
        term: int,
        expected: int,
        entries: Sequence[Entry],
        wake_at: float | None,
        done: Done[None],
    ) -> None:
        assert entries, "an empty append"
        bodies = [encode(entry) for entry in entries]
        self._write(lambda: self._store.append(game, term, expected, bodies, wake_at), done)

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None, done: Done[None]) -> None:
        body = encode(snapshot)
        self._write(lambda: self._store.save(game, term, body, wake_at), done)

    def discard(self, game: str, term: int, done: Done[None]) -> None:
        self._write(lambda: self._store.discard(game, term), done)

    def history(self, game: str, before: int, events: int, size: int, done: Done[list[Entry]]) -> None:
        self._read(lambda: self._store.history(game, before, events, size), done)

    def due(self, limit: int, done: Done[list[str]]) -> None:
        self._read(lambda: self._store.due(self._wall(), limit), done)

    def close(self, done: Callable[[], None]) -> None:
        self._is_open = False
        self._when_closed.append(done)
        self._close()

    def die(self) -> None:
        """The process is no more: some first part of what it had handed over is written, now or soon."""
        handed, self._waiting, self._batch = [*self._batch, *self._waiting], [], []
        written = self._chance.randint(0, len(handed))
        delay = self._chance.choice((0.0, 0.0, 0.3, 2.0))
        for work, _ in handed[:written]:
            self._time.later(delay, work)

    # What is written.

    def _write(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        if self._reactor.is_dead:
            return
        if not self._is_open:
            self._reactor.callLater(0, done, Unavailable("the journal is closed"))
            return
        self._waiting.append((work, done))
        self._begin()

    def _begin(self) -> None:
        if self._waiting and not self._is_writing:
            self._is_writing = True
            self._reactor.callLater(self._short(), self._commit)

    def _commit(self) -> None:
        self._batch, self._waiting = self._waiting, []
        outcome = self._chance.random()
        if outcome < self._faults.fails:
            self.trouble(f"{len(self._batch)} not written")
            self._reactor.callLater(self._short(), self._tell, Unavailable("no space"))
        elif outcome < self._faults.fails + self._faults.unknown:
            delay = self._chance.uniform(1.0, 20.0)
            end = self._chance.choice(("was written", "will be written", "is not written"))
            self.trouble(f"of {len(self._batch)} it is not known for {delay:.1f} s: it {end}")
            if end == "was written":
                self._apply(delay)
            elif end == "will be written":
                self._reactor.callLater(delay, self._apply, 0.0)
            else:
                self._reactor.callLater(delay, self._tell, Unavailable("the line was lost"))
        else:
            self._apply(self._short())

    def _apply(self, delay: float) -> None:
        batch, self._batch = self._batch, []
        results = [work() for work, _ in batch]
        self._reactor.callLater(delay, self._told, batch, results)

    def _tell(self, error: JournalError) -> None:
        batch, self._batch = self._batch, []
        self._told(batch, [error] * len(batch))

    def _told(self, batch: list[Operation], results: list[Any]) -> None:
        self._is_writing = False
        self._begin()
        for (_, done), result in zip(batch, results, strict=True):
            done(result)
        self._close()

    def _close(self) -> None:
        if not self._is_open and not self._is_writing:
            for done in self._when_closed:
                self._reactor.callLater(0, done)
            self._when_closed.clear()

    # What is read.

    def _read(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        stalls = self._chance.random() < self._faults.read_stalls
        delay = self._chance.uniform(1.0, 8.0) if stalls else self._short()
        self._reactor.callLater(delay, self._look, work, done)

    def _look(self, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        if self._chance.random() < self._faults.read_fails:
            self.trouble("something could not be read")
            done(Unavailable("can't read"))
            return
        found = work()
        if self._faults.slowest and self._chance.random() < 0.5:
            # What was read is a little old when it arrives.
            self._reactor.callLater(self._short(), done, found)
        else:
            done(found)

    def _short(self) -> float:
        slowest = self._faults.slowest
        return self._chance.choice((0.0, 0.01, 0.02, slowest)) if slowest else 0.0

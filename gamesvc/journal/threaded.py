"""A journal over a `Store`: the blocking calls of a database, kept away from the reactor's thread.

One thread writes, and another reads: each has a store of its own. The writer takes everything that waits in one go,
commits it in one transaction, and calls back for all of it at once, while the next batch gathers: so a batch is as
large as the disk is slow, and nothing waits for a time to pass.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from queue import Empty, PriorityQueue, SimpleQueue
from typing import Any, NamedTuple

from gamesvc.errors import JournalError, Unavailable
from gamesvc.journal import Done, Stored
from gamesvc.journal.batch import Addition, Claim, Discard, Operation, Result, Save
from gamesvc.journal.clock import StoreClock
from gamesvc.journal.records import Entry, Snapshot
from gamesvc.journal.store import Append, OutcomeUnknown, Store, SyncFailed
from gamesvc.journal.writer import Writer

_SHORT, _LONG, _LAST = 0, 1, 2
"""How soon something is read, compared with what waits."""


class _Reading(NamedTuple):
    """Something to read, and who wants it."""

    work: Callable[[Store], Any]
    done: Callable[[Any], None]


class ThreadedJournal:
    """See `Journal`. Where this goes beyond it, or falls short of it:

    - Where an append fails as `Unavailable`, so does what was built on it and was asked for before that was known.
    - Where the disk fails to sync, or the outcome of a commit is not known yet some seconds after `close`, who asked is
      never called back: whatever could be said might not be true.

    Args:
        open_store: opens a store to write; is called on the writer's thread, and again after a failure.
        in_reactor: calls something on the reactor's thread, soon; may be called on any thread.
        fatal: is told on the writer's thread why the process has to end, at once.
        report: gets lines for the operator's log, on the reactor's thread.
        open_reader: opens a store to read, on the reader's thread; None where that is done in the same way.
        monotonic: a clock that does not jump, in seconds.
    """

    def __init__(
        self,
        open_store: Callable[[], Store],
        in_reactor: Callable[[Callable[[], None]], object],
        fatal: Callable[[JournalError], None],
        report: Callable[[str], None],
        *,
        open_reader: Callable[[], Store] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_reader = open_reader or open_store
        self._in_reactor = in_reactor
        self._fatal = fatal
        self._report = report
        self._clock = StoreClock(monotonic)
        self._to_write: SimpleQueue[Operation | None] = SimpleQueue()
        # What is short and keeps a game from opening goes before histories, which are long.
        self._to_read: PriorityQueue[tuple[int, int, _Reading | None]] = PriorityQueue()
        self._readings = itertools.count()
        self._closing = threading.Event()
        self._writer = Writer(open_store, self._say, self._closing)
        self._is_started = False
        self._is_open = True
        # None when all is closed.
        self._when_closed: list[Callable[[], None]] | None = []

    def start(self) -> None:
        """Open the database, and wait for that. What is asked for before is done then.

        Raises:
            JournalError: it can't be opened.
            ConfigError: nor could it ever be.
        """
        try:
            self._start(self._write_all, "journal writer")
            self._start(self._read_all, "journal reader")
        except BaseException:
            self._is_open = False
            self._to_write.put(None)
            raise
        self._is_started = True

    def now(self) -> float:
        return self._clock.now()

    def claim(self, game: str, done: Done[Stored]) -> None:
        self._write(Claim(game, done))

    def append(
        self,
        game: str,
        term: int,
        expected: int,
        entries: Sequence[Entry],
        wake_at: float | None,
        done: Done[None],
    ) -> None:
        self._write(Addition(Append(game, term, expected, entries, wake_at), done))

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None, done: Done[None]) -> None:
        self._write(Save(game, term, snapshot, wake_at, done))

    def discard(self, game: str, term: int, done: Done[None]) -> None:
        self._write(Discard(game, term, done))

    def history(self, game: str, before: int, events: int, size: int, done: Done[list[Entry]]) -> None:
        self._read(lambda store: store.history(game, before, events, size), done, _LONG)

    def due(self, limit: int, done: Done[list[str]]) -> None:
        def read(store: Store) -> list[str]:
            self._clock.look(store)
            return store.due(self.now(), limit)

        self._read(read, done)

    def close(self, done: Callable[[], None]) -> None:
        if not self._is_started or self._when_closed is None:
            self._in_reactor(done)
        else:
            self._when_closed.append(done)
        if self._is_open:
            self._is_open = False
            self._closing.set()
            self._to_write.put(None)

    # On the reactor's thread.

    def _write(self, operation: Operation) -> None:
        if self._is_open:
            self._to_write.put(operation)
        else:
            self._answer([(operation.done, Unavailable("the journal is closed"))])

    def _read(self, work: Callable[[Store], Any], done: Callable[[Any], None], urgency: int = _SHORT) -> None:
        if self._is_open:
            self._put(_Reading(work, done), urgency)
        else:
            self._answer([(done, Unavailable("the journal is closed"))])

    def _start(self, run: Callable[[Callable[[BaseException | None], None]], None], name: str) -> None:
        opened: SimpleQueue[BaseException | None] = SimpleQueue()
        # Daemons: a process that has to end waits for no disk.
        threading.Thread(target=run, args=(opened.put,), name=name, daemon=True).start()
        error = opened.get()
        if error is not None:
            raise error

    def _all_closed(self) -> None:
        dones, self._when_closed = self._when_closed, None
        for done in dones or ():
            done()

    # On any thread.

    def _say(self, line: str) -> None:
        self._in_reactor(lambda: self._report(line))

    def _put(self, reading: _Reading | None, urgency: int) -> None:
        self._to_read.put((urgency, next(self._readings), reading))

    def _answer(self, answers: Sequence[tuple[Callable[[Any], None], Any]]) -> None:
        def call_back() -> None:
            for done, answer in answers:
                try:
                    done(answer)
                except Exception:
                    # It is for those who wait after this one to hear what they wait for.
                    self._report(f"a game failed at the journal's answer\n{traceback.format_exc()}")

        self._in_reactor(call_back)

    # On the writer's thread.

    def _write_all(self, opened: Callable[[BaseException | None], None]) -> None:
        try:
            self._clock.look(self._writer.open())
        except BaseException as error:
            self._writer.close()
            opened(error)
            return
        opened(None)
        is_open = True
        try:
            while is_open:
                batch, is_open = self._wait_for_batch()
                if batch:
                    self._tell(batch, self._writer.write(batch))
                    self._writer.look_at(self._clock)
        except Exception as error:
            # A sync failed, or we did. In either case, what was said may not be what is written.
            bug = f"the journal failed\n{traceback.format_exc()}"
            self._fatal(error if isinstance(error, SyncFailed) else JournalError(bug))
            while is_open:
                _, is_open = self._wait_for_batch()
        self._writer.close()
        # After what there is to read for the last claims.
        self._put(None, _LAST)

    def _wait_for_batch(self) -> tuple[list[Operation], bool]:
        """All that waits, and whether more may come."""
        batch = []
        operation = self._to_write.get()
        with contextlib.suppress(Empty):
            while operation is not None:
                batch.append(operation)
                operation = self._to_write.get_nowait()
            return batch, False
        return batch, True

    def _tell(self, batch: Sequence[Operation], results: Sequence[Result]) -> None:
        answers: list[tuple[Callable[[Any], None], Any]] = []
        for operation, result in zip(batch, results, strict=True):
            if isinstance(result, int):
                self._put(_Reading(_load(operation.game, result), operation.done), _SHORT)
            elif not isinstance(result, OutcomeUnknown):
                answers.append((operation.done, result))
        if answers:
            self._answer(answers)

    # On the reader's thread.

    def _read_all(self, opened: Callable[[BaseException | None], None]) -> None:
        store: Store | None = None
        try:
            store = self._open_reader()
        except BaseException as error:
            opened(error)
            return
        opened(None)
        is_down = False
        while (reading := self._to_read.get()[2]) is not None:
            answer: Any
            try:
                store = store or self._open_reader()
                answer = reading.work(store)
            except Exception as error:
                if store is not None:
                    store.close()
                    store = None
                # Once: it is asked twice a second which games are due.
                if not is_down:
                    is_down = True
                    self._say(f"the journal can't be read: {error}")
                answer = Unavailable(str(error))
            else:
                if is_down:
                    is_down = False
                    self._say("the journal can be read again")
            self._answer([(reading.done, answer)])
        if store is not None:
            store.close()
        self._in_reactor(self._all_closed)


def _load(game: str, term: int) -> Callable[[Store], Stored]:
    # Another may have claimed it already. We still go by our own term, and will be fenced.
    return lambda store: store.load(game)._replace(term=term)

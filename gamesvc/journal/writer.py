"""Writes batches to a store, and finds out what became of them: all in blocking calls, on one thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from gamesvc.errors import Unavailable
from gamesvc.journal.batch import Addition, Claim, Doubtful, Operation, Result, apply
from gamesvc.journal.clock import StoreClock
from gamesvc.journal.store import OutcomeUnknown, Store, SyncFailed

RETRY_SECONDS = 0.05
MAX_RETRY_SECONDS = 1.0
"""How long to wait before the database is asked again what became of a commit: at first, and at most."""

GIVE_UP_SECONDS = 5.0
"""How long to go on asking that, when the journal is to be closed."""


class _Down(Exception):
    """The storage as a whole fails, and nothing of the batch was written."""


class Writer:
    """See the module.

    Args:
        open_store: opens a store to write; is called again after a failure.
        report: gets lines for the operator's log.
        closing: is set when the journal is to be closed.
    """

    def __init__(
        self, open_store: Callable[[], Store], report: Callable[[str], None], closing: threading.Event
    ) -> None:
        self._open_store = open_store
        self._report = report
        self._closing = closing
        self._store: Store | None = None
        self._is_down = False
        # Of games of which an addition could not be written: its term, and what it was built on. What was built on
        # the addition itself is without ground until somebody starts from there again.
        self._gaps: dict[str, tuple[int | None, int]] = {}

    def open(self) -> Store:
        """The store, which is opened where it is not open.

        Raises:
            Exception: it can't be.
        """
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def close(self) -> None:
        """Close the store. It may be opened again."""
        if self._store is not None:
            self._store.close()
            self._store = None

    def look_at(self, clock: StoreClock) -> None:
        """Let a clock look at the store's, where that is open."""
        if self._store is not None:
            try:
                clock.look(self._store)
            except Exception:
                self.close()

    def write(self, batch: Sequence[Operation]) -> list[Result]:
        """Write what can be written of a batch.

        Returns:
            Of each operation, what became of it; `OutcomeUnknown` where that could not be found out before the end.

        Raises:
            SyncFailed: the process has to end.
        """
        is_grounded = [self._is_grounded(operation) for operation in batch]
        results = iter(self._write_grounded([op for op, is_so in zip(batch, is_grounded, strict=True) if is_so]))
        return [next(results) if is_so else _groundless(op) for op, is_so in zip(batch, is_grounded, strict=True)]

    def _write_grounded(self, batch: Sequence[Operation]) -> list[Result]:
        if not batch:
            return []
        try:
            return self._write_together(batch)
        except _Down as error:
            return [self._unavailable(operation, error) for operation in batch]

    def _write_together(self, batch: Sequence[Operation]) -> list[Result]:
        try:
            store = self.open()
            store.begin()
        except SyncFailed:
            raise
        except Exception as error:
            raise self._down(error) from error
        try:
            results = apply(store, batch)
        except SyncFailed:
            raise
        except Exception as error:
            store.rollback()
            if isinstance(error, Unavailable):
                self.close()
            if len(batch) > 1:
                return self._write_one_by_one(batch)
            self._report(f"game {batch[0].game} could not be written: {error}")
            return [self._unavailable(batch[0], error)]
        try:
            store.commit()
        except SyncFailed:
            raise
        except Unavailable as error:
            raise self._down(error) from error
        except Exception as error:
            return self._settle(Doubtful(batch, results), error)
        self._up()
        return results

    def _write_one_by_one(self, batch: Sequence[Operation]) -> list[Result]:
        # One of them fails, perhaps by itself: a record that the database does not take. It takes nobody with it.
        results: list[Result] = []
        for place, operation in enumerate(batch):
            if not self._is_grounded(operation):
                results.append(_groundless(operation))
                continue
            try:
                results += self._write_together([operation])
            except _Down as error:
                results += [self._unavailable(other, error) for other in batch[place:]]
                break
        return results

    def _settle(self, doubtful: Doubtful, error: Exception) -> list[Result]:
        self._report(f"the journal does not know what became of a commit, and finds out: {error}")
        delay = RETRY_SECONDS
        give_up_at: float | None = None
        while True:
            self.close()
            if self._closing.is_set():
                give_up_at = give_up_at or time.monotonic() + GIVE_UP_SECONDS
                if time.monotonic() >= give_up_at:
                    self._report("the journal is closed, and what became of its last commit is not known")
                    return [OutcomeUnknown("the journal was closed") for _ in doubtful.results]
                time.sleep(delay)
            else:
                self._closing.wait(delay)
            delay = min(2 * delay, MAX_RETRY_SECONDS)
            try:
                store = self.open()
                store.begin()
                results = doubtful.apply_again(store)
                if results is None:
                    store.commit()
                    results = doubtful.results
            except SyncFailed:
                raise
            except Exception:
                continue
            self._report("the journal knows now what became of the commit")
            self._up()
            return results

    def _is_grounded(self, operation: Operation) -> bool:
        gap = self._gaps.get(operation.game)
        if isinstance(operation, Claim):
            self._gaps.pop(operation.game, None)
        if gap is None or operation.builds_on is None or operation.term != gap[0]:
            return True
        if operation.builds_on > gap[1]:
            return False
        if isinstance(operation, Addition):
            del self._gaps[operation.game]
        return True

    def _unavailable(self, operation: Operation, error: Exception) -> Unavailable:
        if isinstance(operation, Addition) and operation.builds_on is not None:
            gap = self._gaps.get(operation.game)
            if gap is None or gap[0] != operation.term or gap[1] > operation.builds_on:
                self._gaps[operation.game] = operation.term, operation.builds_on
        return Unavailable(str(error))

    def _down(self, error: Exception) -> _Down:
        self.close()
        if not self._is_down:
            self._is_down = True
            self._report(f"the journal can't be written: {error}")
        return _Down(str(error))

    def _up(self) -> None:
        if self._is_down:
            self._is_down = False
            self._report("the journal can be written again")


def _groundless(operation: Operation) -> Unavailable:
    return Unavailable(f"game {operation.game}: an entry before this could not be written")

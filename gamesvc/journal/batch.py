"""What is written in one transaction: operations on games, in the order in which they were asked for.

A commit whose outcome is not known leaves the question whether the batch is there. It is there wholly or not at all, so
it is applied again: whatever succeeded before and is fenced now, and is what the database has, tells that all of it is
there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gamesvc.errors import Fenced, Unavailable
from gamesvc.journal.records import Snapshot
from gamesvc.journal.store import Append, OutcomeUnknown, Store

Result = int | Fenced | Unavailable | OutcomeUnknown | None
"""What became of an operation: the term of a claim, why it was not done, or None where it was."""


class Operation:
    """What is asked of one game.

    Attributes:
        game: its id.
        term: under which it is asked; None where that does not matter.
        builds_on: number of the entry that has to be there for it, like all before it; None where that does not matter.
        done: who wants to know.
    """

    __slots__ = ("builds_on", "done", "game", "term")

    def __init__(self, game: str, term: int | None, builds_on: int | None, done: Callable[[Any], None]) -> None:
        self.game = game
        self.term = term
        self.builds_on = builds_on
        self.done = done

    def apply(self, store: Store) -> Result:
        """Do it, in a transaction."""
        raise NotImplementedError

    def is_there(self, store: Store) -> bool:
        """Whether the database is as it is after it. Asked where it succeeded once, and is fenced now."""
        raise NotImplementedError


class Addition(Operation):
    """Entries are added."""

    __slots__ = ("append",)

    def __init__(self, append: Append, done: Callable[[Any], None]) -> None:
        # Without a call of the base's: one is made for every command, on the reactor's thread.
        self.game = append.game
        self.term = append.term
        self.builds_on = append.expected
        self.append = append
        self.done = done

    def apply(self, store: Store) -> Result:
        return None if store.append([self.append])[0] else _fenced(self)

    def is_there(self, store: Store) -> bool:
        entries = self.append.entries
        if not entries:
            return store.position(self.game)[0] == self.term
        # By what it says, not by the term: another may have claimed the game since.
        last = entries[-1]
        return store.history(self.game, last.number + 1, 1, 1)[-1:] == [last]


class Claim(Operation):
    """A game is taken over."""

    __slots__ = ()

    def __init__(self, game: str, done: Callable[[Any], None]) -> None:
        super().__init__(game, None, None, done)

    def apply(self, store: Store) -> Result:
        return store.claim(self.game)

    def is_there(self, store: Store) -> bool:
        return False  # a claim is never fenced


class Save(Operation):
    """A snapshot is put in the place of the last one."""

    __slots__ = ("_snapshot", "_wake_at")

    def __init__(
        self, game: str, term: int, snapshot: Snapshot, wake_at: float | None, done: Callable[[Any], None]
    ) -> None:
        super().__init__(game, term, snapshot.number, done)
        self._snapshot = snapshot
        self._wake_at = wake_at

    def apply(self, store: Store) -> Result:
        assert self.term is not None
        return None if store.save(self.game, self.term, self._snapshot, self._wake_at) else _fenced(self)

    def is_there(self, store: Store) -> bool:
        return store.load(self.game).snapshot == self._snapshot


class Discard(Operation):
    """A game is forgotten."""

    __slots__ = ()

    def __init__(self, game: str, term: int, done: Callable[[Any], None]) -> None:
        super().__init__(game, term, None, done)

    def apply(self, store: Store) -> Result:
        assert self.term is not None
        return None if store.discard(self.game, self.term) else _fenced(self)

    def is_there(self, store: Store) -> bool:
        return store.position(self.game) == (0, 0)


def apply(store: Store, batch: Sequence[Operation]) -> list[Result]:
    """Do all of it, in a transaction. Additions that follow each other, each to another game, are done in one go.

    Args:
        store: in a transaction.
        batch: the operations.

    Returns:
        Of each, what became of it.

    Raises:
        Exception: an operation failed, whichever, and the transaction is to be rolled back.
    """
    results: list[Result] = []
    together: dict[str, Addition] = {}

    def add() -> None:
        if together:
            added = store.append([addition.append for addition in together.values()])
            results.extend(
                None if there else _fenced(addition) for addition, there in zip(together.values(), added, strict=True)
            )
            together.clear()

    for operation in batch:
        if isinstance(operation, Addition):
            if operation.game in together:
                add()
            together[operation.game] = operation
        else:
            add()
            results.append(operation.apply(store))
    add()
    return results


class Doubtful:
    """A batch that may be there or not, because the outcome of a commit is not known.

    Args:
        batch: the operations.
        results: what became of each, should it be there.
    """

    def __init__(self, batch: Sequence[Operation], results: list[Result]) -> None:
        self._batch = batch
        self._attempts = [results]

    def apply_again(self, store: Store) -> list[Result] | None:
        """Do all of it again, in a transaction.

        Args:
            store: in a transaction.

        Returns:
            What became of each, where it was there already: then the transaction was rolled back. None where it was
            not: then it is to be committed, and `results` say what became of each, should the commit succeed.
        """
        results = apply(store, self._batch)
        for place, (operation, result) in enumerate(zip(self._batch, results, strict=True)):
            if not isinstance(result, Fenced):
                continue
            for attempt in reversed(self._attempts):
                if not isinstance(attempt[place], Fenced) and operation.is_there(store):
                    # The claims that were made again just now are to be undone before the terms are read.
                    store.rollback()
                    return self._as_it_is(store, attempt)
        self._attempts.append(results)
        return None

    @property
    def results(self) -> list[Result]:
        """Of the last attempt."""
        return self._attempts[-1]

    def _as_it_is(self, store: Store, attempt: list[Result]) -> list[Result]:
        # The attempts differ in the terms of their claims. Where none of them is the game's, another has claimed it
        # since, and any of ours will be fenced.
        found = list(attempt)
        for place, operation in enumerate(self._batch):
            if isinstance(operation, Claim):
                term = store.position(operation.game)[0]
                if any(results[place] == term for results in self._attempts):
                    found[place] = term
        return found


def _fenced(operation: Operation) -> Fenced:
    return Fenced(f"game {operation.game}: another has claimed it, or its last entry is not the one that was expected")

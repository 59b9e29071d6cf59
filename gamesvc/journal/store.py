"""What a database does for a journal: the part that differs between databases, in blocking calls.

`threaded` makes a journal of it. Whoever has no reactor, such as a command line, uses a store as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from gamesvc.errors import JournalError
from gamesvc.journal import Stored
from gamesvc.journal.records import Entry, Snapshot

DROPPED_AT_ONCE = 10_000
"""How many entries a snapshot that is to be alone takes the place of, at most: others wait for the transaction. More
than come between two snapshots."""


class OutcomeUnknown(JournalError):
    """A commit was on its way, and what became of it is not known. The connection is of no more use."""


class SyncFailed(JournalError):
    """The system could not make data durable. What is in memory and what is on disk may differ from now on, so the
    process has to end: what a new one reads is what there is."""


class Append(NamedTuple):
    """Entries that are to be added to one game: see `Journal.append`."""

    game: str
    term: int
    expected: int
    entries: Sequence[Entry]
    wake_at: float | None


class GameRow(NamedTuple):
    """What a journal knows of a game without reading it.

    Attributes:
        game: its id.
        kind: its kind's name in the catalog.
        last: number of the last entry.
        created: when it was opened, in seconds since the epoch.
        changed: when its last entry was made, in seconds since the epoch.
        finished: whether it is over.
        wake_at: when it wants to be woken, in seconds since the epoch; None for never.
        size: bytes of its entries and its snapshot.
        deleted: whether only its id is left, so that nobody opens it again.
    """

    game: str
    kind: str
    last: int
    created: float
    changed: float
    finished: bool
    wake_at: float | None
    size: int
    deleted: bool


class Store(Protocol):
    """A connection to a database that holds games. For one thread.

    Every method may raise `Unavailable`: then nothing has changed and nothing will, and a transaction that was begun
    has come to its end. What is written is written in a transaction.
    """

    def now(self) -> float:
        """The database's clock, in seconds since the epoch."""

    def begin(self) -> None:
        """Start a transaction that writes."""

    def commit(self) -> None:
        """Make durable what was written since `begin`.

        Raises:
            OutcomeUnknown: who knows.
            SyncFailed: the process has to end.
        """

    def rollback(self) -> None:
        """Undo what was written since `begin`. Never raises; harmless where nothing was begun."""

    def claim(self, game: str) -> int:
        """Take a game over, in a transaction. Returns the term."""

    def append(self, appends: Sequence[Append]) -> list[bool]:
        """Add entries to games, each of them another one, in a transaction.

        Returns:
            For each, whether they were added. Those that were not are fenced: the term or the last number differs.
        """

    def position(self, game: str) -> tuple[int, int]:
        """The term and the last number of a game; (0, 0) where it is not there."""

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None) -> bool:
        """Put a snapshot in the place of the last one, and drop what it stands for where it is to be alone, in a
        transaction: see `Journal.save`. False where that is fenced."""

    def discard(self, game: str, term: int) -> bool:
        """Forget a game without a trace, in a transaction. False where that is fenced."""

    def delete(self, game: str) -> None:
        """Forget a game but for its id, in a transaction. Whoever has it claimed is fenced."""

    def load(self, game: str) -> Stored:
        """Read a game."""

    def history(self, game: str, before: int, events: int, size: int) -> list[Entry]:
        """Read back from an entry on: see `Journal.history`."""

    def due(self, now: float, limit: int) -> list[str]:
        """Which games want to be woken by a time, the longest due first."""

    def games(self) -> Iterator[GameRow]:
        """All games, by id. Those that were claimed and never opened are none."""

    def entries(self, game: str, after: int = 0) -> Iterator[Entry]:
        """A game's entries in order, those after a number."""

    def restore(self, game: str, snapshot: Snapshot | None, entries: Iterator[Entry], wake_at: float | None) -> None:
        """Write a whole game that is not there, in a transaction. A game of this id that was deleted makes room.

        Raises:
            JournalError: there is a game of this id.
        """

    def check(self) -> Iterator[str]:
        """Look for damage in the database itself. Yields what is wrong, for people."""

    def back_up(self, path: str) -> None:
        """Copy everything to a file that is not there yet, while others write.

        Raises:
            JournalError: the file is there or can't be written, or this kind of database has tools of its own for it.
        """

    def close(self) -> None:
        """Close the connection. Never raises."""

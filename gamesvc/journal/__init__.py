"""The journal, where games are kept: the port that a game server sees, and its adapters beside it.

Everything takes effect in the order in which it was asked for, each thing wholly or not at all, and durably before
`done` is called. `done` is always called once, on the thread of the reactor, never from within the call that asked,
and not before the outcome is known: where a connection to the storage is lost in the middle of a commit, the adapter
reads back what became of it, however long that takes.

Who writes a game has claimed it, and writes under the term of that claim: a later claim, whoever's, fences all earlier
ones. The whole order of a game's entries is held by their numbers: an append says which it expects to be the last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol, TypeVar

from gamesvc.errors import JournalError
from gamesvc.journal.records import Entry, Snapshot

T = TypeVar("T")

Done = Callable[[T | JournalError], None]
"""Gets what was asked for, or why it can't be had."""


class Stored(NamedTuple):
    """A game as the journal has it.

    Attributes:
        term: of the claim, under which the game may be written now.
        last: number of the last entry; 0 where the game was never opened.
        snapshot: the last one; None where there is none yet.
        entries: those after the snapshot, in order.
        deleted: whether the game was deleted, and its id is not to be used again.
    """

    term: int
    last: int
    snapshot: Snapshot | None
    entries: list[Entry]
    deleted: bool = False


class Journal(Protocol):
    """Where games are kept."""

    def now(self) -> float:
        """The journal's clock, in seconds since the epoch: the same for all who write to it."""

    def claim(self, game: str, done: Done[Stored]) -> None:
        """Take a game over, and read it.

        Args:
            game: its id; of a game that is not there yet, too.
            done: gets what is stored; or `Unavailable`.
        """

    def append(
        self,
        game: str,
        term: int,
        expected: int,
        entries: Sequence[Entry],
        wake_at: float | None,
        done: Done[None],
    ) -> None:
        """Add entries to a game.

        Args:
            game: its id.
            term: of the claim.
            expected: number of the last entry so far.
            entries: numbered from there on.
            wake_at: when the game wants to be woken, should it sleep; in seconds since the epoch, None for never.
            done: gets None when they are durable; `Fenced` where the game was claimed by another or `expected` is not
                the last; or `Unavailable`. In both of these cases nothing has changed, and nothing will.
        """

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None, done: Done[None]) -> None:
        """Put a snapshot in the place of the last one; and where it is to be alone, of the entries before its own, too.
        Where these are very many, they go over several snapshots, the first ones first.

        Args:
            game: its id.
            term: of the claim.
            snapshot: its number may be beyond the last entry's, which is then skipped: entries go on after it.
            wake_at: as in `append`.
            done: as in `append`.
        """

    def discard(self, game: str, term: int, done: Done[None]) -> None:
        """Forget a game as if it had never been there.

        Args:
            game: its id.
            term: of the claim.
            done: as in `append`.
        """

    def history(self, game: str, before: int, events: int, size: int, done: Done[list[Entry]]) -> None:
        """Read back from an entry on.

        Args:
            game: its id.
            before: number of the entry after the last that is wanted.
            events: stop where at least so many events were read,
            size: or so many bytes.
            done: gets entries in order, the last of them numbered ``before - 1``; none where there are no earlier
                ones; or `Unavailable`.
        """

    def due(self, limit: int, done: Done[list[str]]) -> None:
        """Which games want to be woken by now, the longest due first.

        Args:
            limit: at most so many.
            done: gets their ids; or `Unavailable`.
        """

    def close(self, done: Callable[[], None]) -> None:
        """Take nothing more, finish what was asked for, and close everything that was opened.

        Args:
            done: is called when that is so.
        """

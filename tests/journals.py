"""A journal that answers when a test says so, and what the test says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gamesvc.errors import Fenced, Unavailable
from gamesvc.journal import Done, Stored
from gamesvc.journal.memory import MemoryJournal
from gamesvc.journal.records import Entry, Snapshot


class Asked:
    """Something that the journal was asked for.

    Attributes:
        what: the name of the journal's method.
        game: which game's; empty where it is of no game.
        arguments: what follows the game, without `done`.
    """

    def __init__(self, journal: HeldJournal, what: str, game: str, arguments: tuple[Any, ...], done: Any) -> None:
        self.what = what
        self.game = game
        self.arguments = arguments
        self._journal = journal
        self._done = done
        self._outcome: list[Any] = []

    def __repr__(self) -> str:
        return f"{self.what} {self.game}"

    @property
    def entries(self) -> Sequence[Entry]:
        """Those of an append."""
        assert self.what == "append", self
        entries: Sequence[Entry] = self.arguments[2]
        return entries

    @property
    def numbers(self) -> list[int]:
        """The numbers of an append's entries."""
        return [entry.number for entry in self.entries]

    @property
    def snapshot(self) -> Snapshot:
        """That of a save."""
        assert self.what == "save", self
        snapshot: Snapshot = self.arguments[1]
        return snapshot

    @property
    def wake_at(self) -> float | None:
        """When the game wants to be woken: of an append, or a save."""
        wake_at: float | None = self.arguments[-1]
        return wake_at

    @property
    def has_happened(self) -> bool:
        """Whether it has taken effect, or turned out not to be possible."""
        return bool(self._outcome)

    def happen(self) -> None:
        """It takes effect, or turns out not to be possible; nobody is told yet."""
        if not self._outcome:
            self._outcome.append(self._journal.perform(self))

    def ok(self) -> Any:
        """Have it take effect, if it is possible, and tell whoever asked. Returns what they were told."""
        self.happen()
        return self.answer(self._outcome[0])

    def unavailable(self) -> None:
        """Refuse it: nothing has changed."""
        assert not self._outcome, "it has taken effect"
        self.answer(Unavailable("the disk is full"))

    def fenced(self) -> None:
        """Refuse it because somebody else has the game."""
        assert not self._outcome, "it has taken effect"
        self.answer(Fenced("claimed by another"))

    def answer(self, outcome: Any) -> Any:
        """Tell whoever asked."""
        self._journal.asked.remove(self)
        self._done(outcome)
        return outcome


class HeldJournal:
    """Keeps games in memory. What it is asked for waits until the test has it happen, or fail.

    Args:
        now: the time, in seconds since the epoch.

    Attributes:
        asked: what waits, in order.
        seen: all that was asked for, in order.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._calls: list[Callable[[], None]] = []
        self._kept = MemoryJournal(self._calls.append, now)
        self.asked: list[Asked] = []
        self.seen: list[Asked] = []

    # The port.

    def now(self) -> float:
        return self._now()

    def claim(self, game: str, done: Done[Stored]) -> None:
        self._ask("claim", game, (), done)

    def append(
        self,
        game: str,
        term: int,
        expected: int,
        entries: Sequence[Entry],
        wake_at: float | None,
        done: Done[None],
    ) -> None:
        self._ask("append", game, (term, expected, tuple(entries), wake_at), done)

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None, done: Done[None]) -> None:
        self._ask("save", game, (term, snapshot, wake_at), done)

    def discard(self, game: str, term: int, done: Done[None]) -> None:
        self._ask("discard", game, (term,), done)

    def history(self, game: str, before: int, events: int, size: int, done: Done[list[Entry]]) -> None:
        self._ask("history", game, (before, events, size), done)

    def due(self, limit: int, done: Done[list[str]]) -> None:
        self._ask("due", "", (limit,), done)

    def close(self, done: Callable[[], None]) -> None:
        self._ask("close", "", (), lambda _: done())

    # The test.

    def next(self, what: str) -> Asked:
        """The first that waits, which is to be of a kind."""
        assert self.asked and self.asked[0].what == what, f"{what} is not what waits, but {self.asked}"
        return self.asked[0]

    def answer_all(self) -> None:
        """Have everything happen that waits, in order, and what is asked for meanwhile."""
        while self.asked:
            self.asked[0].ok()

    def of(self, what: str) -> list[Asked]:
        """All that was ever asked for of a kind."""
        return [each for each in self.seen if each.what == what]

    def stored(self, game: str) -> Stored:
        """Take a game over, as another server would."""
        stored: Stored = self._now_do("claim", game)
        return stored

    def entries(self, game: str) -> list[Entry]:
        """All of a game's entries that were kept."""
        entries: list[Entry] = self._now_do("history", game, self._last(game) + 1, 10**9, 10**9)
        return entries

    def perform(self, asked: Asked) -> Any:
        """What it comes to."""
        named = (asked.game,) if asked.game else ()
        return self._now_do(asked.what, *named, *asked.arguments)

    def _last(self, game: str) -> int:
        seen = [entry.number for each in self.of("append") if each.game == game for entry in each.entries]
        numbers = [number for number in seen if self._now_do("history", game, number + 1, 1, 1)]
        return max(numbers, default=0)

    def _ask(self, what: str, game: str, arguments: tuple[Any, ...], done: Any) -> None:
        asked = Asked(self, what, game, arguments, done)
        self.asked.append(asked)
        self.seen.append(asked)

    def _now_do(self, what: str, *arguments: Any) -> Any:
        answers: list[Any] = []
        if what == "close":
            self._kept.close(lambda: answers.append(None))
        else:
            getattr(self._kept, what)(*arguments, answers.append)
        while self._calls:
            self._calls.pop(0)()
        (answer,) = answers
        return answer

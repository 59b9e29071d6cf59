"""A journal that keeps games while the process lives, for those who need no more: development, and tests."""

from __future__ import annotations

import heapq
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

from gamesvc.errors import Fenced, Unavailable
from gamesvc.journal import Done, Stored
from gamesvc.journal.records import Entry, Snapshot

KEEP_EVENTS = 10_000
"""So many of a game's last events are kept, for those who come back, and no more entries than that."""


class _Game:
    """What there is of one game."""

    __slots__ = ("entries", "events", "finished", "last", "snapshot", "term")

    def __init__(self) -> None:
        self.term = 0
        self.last = 0
        self.snapshot: Snapshot | None = None
        self.entries: deque[Entry] = deque()
        self.events = 0
        self.finished = False

    def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        self.events += len(entry.events)
        self.last = entry.number
        self.finished = self.finished or entry.finished

    def forget(self) -> None:
        """Drop what neither a recovery nor a viewer who comes back asks for."""
        known = kept_after = 0
        if self.snapshot is not None:
            known, kept_after = self.snapshot.number, self.snapshot.kept_after
        while self.entries and self.entries[0].number <= known:
            left = self.events - len(self.entries[0].events)
            is_wanted = self.entries[0].number > kept_after
            if is_wanted and left < KEEP_EVENTS and len(self.entries) <= KEEP_EVENTS:
                break
            self.entries.popleft()
            self.events = left


class MemoryJournal:
    """See `Journal`.

    Args:
        soon: calls something later, if only at the end of the reactor's turn.
        now: the time, in seconds since the epoch.
        max_games: how many games are kept, 0 for all. Beyond that the one goes that was not touched for longest, and
            finished ones go first.
        is_awake: whether somebody plays a game just now: then it stays, also where there are too many.
    """

    def __init__(
        self,
        soon: Callable[[Callable[[], None]], object],
        now: Callable[[], float],
        max_games: int = 0,
        is_awake: Callable[[str], bool] = lambda game: False,
    ) -> None:
        self._soon = soon
        self._now = now
        self._max_games = max_games
        self._is_awake = is_awake
        self._term = 0
        # The one that was touched last is at the end. A game is in one of the two.
        self._running: OrderedDict[str, _Game] = OrderedDict()
        self._finished: OrderedDict[str, _Game] = OrderedDict()
        self._wake_at: dict[str, float] = {}
        self._is_open = True
        self._answers: deque[tuple[Callable[[Any], None], Any]] = deque()

    def now(self) -> float:
        return self._now()

    def claim(self, game: str, done: Done[Stored]) -> None:
        if not self._is_open:
            self._refuse(done)
            return
        found = self._find(game)
        if found is None:
            found = _Game()
            if self._max_games and len(self._running) + len(self._finished) >= self._max_games:
                asleep = (each for each in (*self._finished, *self._running) if not self._is_awake(each))
                oldest = next(asleep, None)
                if oldest is not None:
                    self._remove(oldest)
        self._term += 1
        found.term = self._term
        self._touch(game, found)
        after = 0 if found.snapshot is None else found.snapshot.number
        entries = [entry for entry in found.entries if entry.number > after]
        self._answer(done, Stored(found.term, found.last, found.snapshot, entries))

    def append(
        self,
        game: str,
        term: int,
        expected: int,
        entries: Sequence[Entry],
        wake_at: float | None,
        done: Done[None],
    ) -> None:
        found = self._held(game, term, done)
        if found is None:
            return
        if found.last != expected:
            self._answer(done, Fenced(f"game {game}: its last entry is {found.last}, not {expected}"))
            return
        for entry in entries:
            found.add(entry)
        self._keep(game, found, wake_at)
        self._answer(done, None)

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None, done: Done[None]) -> None:
        found = self._held(game, term, done)
        if found is None:
            return
        found.snapshot = snapshot
        found.last = max(found.last, snapshot.number)
        found.finished = found.finished or snapshot.finished
        self._keep(game, found, wake_at)
        self._answer(done, None)

    def discard(self, game: str, term: int, done: Done[None]) -> None:
        if self._held(game, term, done) is not None:
            self._remove(game)
            self._answer(done, None)

    def history(self, game: str, before: int, events: int, size: int, done: Done[list[Entry]]) -> None:
        if not self._is_open:
            self._refuse(done)
            return
        read: deque[Entry] = deque()
        found = self._find(game)
        for entry in reversed(found.entries if found is not None else ()):
            if entry.number >= before:
                continue
            if entry.number != before - 1 or events <= 0 or size <= 0:
                break
            read.appendleft(entry)
            before -= 1
            events -= len(entry.events)
            size -= sum(len(event.body) for event in entry.events)
        self._answer(done, list(read))

    def due(self, limit: int, done: Done[list[str]]) -> None:
        if not self._is_open:
            self._refuse(done)
            return
        now = self._now()
        due = heapq.nsmallest(limit, ((at, game) for game, at in self._wake_at.items() if at <= now))
        self._answer(done, [game for _, game in due])

    def close(self, done: Callable[[], None]) -> None:
        self._is_open = False
        self._answer(lambda _: done(), None)

    def _find(self, game: str) -> _Game | None:
        return self._running.get(game) or self._finished.get(game)

    def _held(self, game: str, term: int, done: Done[None]) -> _Game | None:
        """The game, where it may be written under a term; else None, and whoever asked is told."""
        if not self._is_open:
            self._refuse(done)
            return None
        found = self._find(game)
        if found is None or found.term != term:
            self._answer(done, Fenced(f"game {game}: another has claimed it"))
            return None
        return found

    def _keep(self, game: str, found: _Game, wake_at: float | None) -> None:
        found.forget()
        self._touch(game, found)
        if wake_at is None:
            if self._wake_at:
                self._wake_at.pop(game, None)
        else:
            self._wake_at[game] = wake_at

    def _touch(self, game: str, found: _Game) -> None:
        if not found.finished and game in self._running:
            self._running.move_to_end(game)
            return
        self._running.pop(game, None)
        self._finished.pop(game, None)
        (self._finished if found.finished else self._running)[game] = found

    def _remove(self, game: str) -> None:
        self._running.pop(game, None)
        self._finished.pop(game, None)
        self._wake_at.pop(game, None)

    def _refuse(self, done: Callable[[Any], None]) -> None:
        self._answer(done, Unavailable("the journal is closed"))

    def _answer(self, done: Callable[[Any], None], answer: Any) -> None:
        self._answers.append((done, answer))
        if len(self._answers) == 1:
            self._soon(self._call_back)

    def _call_back(self) -> None:
        answers, self._answers = self._answers, deque()
        try:
            while answers:
                done, answer = answers.popleft()
                done(answer)
        finally:
            # One has failed, which is no fault of those who wait after it.
            if answers:
                if not self._answers:
                    self._soon(self._call_back)
                self._answers.extendleft(reversed(answers))

"""Ticker: calls at a fixed rate, free of drift: each tick is due at its own multiple of the period from the first."""

from __future__ import annotations

from collections.abc import Callable

from gamesvc.surroundings import Call

MAX_BEHIND_SECONDS = 0.25
"""What is made up for, after a delay: ticks that would have been due even earlier are left out."""

_REST_SECONDS = 1.0


class Ticker:
    """Ticks for one game.

    Args:
        rate: how often in a second.
        later: calls a function after some seconds.
        monotonic: seconds of a clock that nobody sets.
        wall: the game's time, in seconds since the epoch.
        tick: is called at each, with its time in seconds since the epoch: a period after the one before.
    """

    def __init__(
        self,
        rate: float,
        later: Callable[[float, Callable[[], None]], Call],
        monotonic: Callable[[], float],
        wall: Callable[[], float],
        tick: Callable[[float], None],
    ) -> None:
        self._rate = rate
        self._later = later
        self._monotonic = monotonic
        self._wall = wall
        self._tick = tick
        self._call: Call | None = None
        self._runs = False
        self._begun = 0.0
        self._begun_wall = 0.0
        self._count = 0
        self._not_before = 0.0

    @property
    def runs(self) -> bool:
        """Whether it ticks."""
        return self._runs

    @property
    def next(self) -> float:
        """The time of the next tick, or of the one that is just running, in seconds since the epoch."""
        return self._begun_wall + (self._count + 1) / self._rate

    def start(self) -> None:
        """Tick from now on; once more is harmless."""
        if not self._runs:
            self._anchor(self._monotonic())
            self._runs = True
            self._schedule()

    def stop(self) -> None:
        """Tick no more; once more is harmless."""
        self._runs = False
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def rest(self) -> None:
        """Wait a while with the next tick: the last one failed, and so might the next."""
        self._not_before = self._monotonic() + _REST_SECONDS

    def _anchor(self, now: float) -> None:
        self._begun, self._begun_wall, self._count = now, self._wall(), 0

    def _schedule(self) -> None:
        due = max(self._begun + (self._count + 1) / self._rate, self._not_before)
        self._call = self._later(max(0.0, due - self._monotonic()), self._fire)

    def _fire(self) -> None:
        self._call = None
        now = self._monotonic()
        due = int((now - self._begun) * self._rate + 1e-6) - self._count
        most = max(1, int(MAX_BEHIND_SECONDS * self._rate))
        self._count += max(0, due - most)
        left = max(1, min(due, most))
        # Where it has to rest, it may have been told so after this was set.
        while left and self._not_before <= now:
            left -= 1
            self._tick(self.next)
            # It may have been the last one, or one that led to a new start.
            if not self._runs or self._call is not None:
                return
            self._count += 1
            if self._monotonic() - now > 1 / self._rate:
                # A tick takes longer than there is between two: what was not made up for is left out, and others are to
                # have their turn.
                self._anchor(self._monotonic())
                break
        if self._not_before > now:
            self._anchor(self._not_before - 1 / self._rate)
            self._begun_wall += self._not_before - 1 / self._rate - now
        self._schedule()

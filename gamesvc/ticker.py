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
        self._begun = 0.0
        self._begun_wall = 0.0
        self._count = 0
        self._not_before = 0.0

    @property
    def runs(self) -> bool:
        """Whether it ticks."""
        return self._call is not None

    def start(self) -> None:
        """Tick from now on; once more is harmless."""
        if self._call is None:
            self._anchor(self._monotonic())
            self._schedule()

    def stop(self) -> None:
        """Tick no more; once more is harmless."""
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
        now = self._monotonic()
        late = int((now - self._begun) * self._rate + 1e-6) - self._count
        most = max(1, int(MAX_BEHIND_SECONDS * self._rate))
        if late > most:
            self._anchor(now - 1 / self._rate)
            self._begun_wall -= 1 / self._rate
            late = 1
        for _ in range(max(1, late)):
            self._count += 1
            self._tick(self._begun_wall + self._count / self._rate)
            # It may have been the last one, or have failed.
            if self._call is None or self._not_before > now:
                break
        if self._call is not None:
            if self._not_before > now:
                self._anchor(self._not_before - 1 / self._rate)
                self._begun_wall += self._not_before - 1 / self._rate - now
            self._schedule()

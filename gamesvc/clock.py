"""A game's time: seconds since the epoch, which never run backwards and never stand still."""

from __future__ import annotations

from collections.abc import Callable


class GameClock:
    """A clock that follows the wall's where that is ahead, and goes on at its own where that was set back.

    Args:
        wall: seconds since the epoch; may be set back or forth while the game runs.
        monotonic: seconds of a clock that nobody sets.
        floor: the game's time so far, in seconds since the epoch.
    """

    def __init__(self, wall: Callable[[], float], monotonic: Callable[[], float], floor: float = 0.0) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._last = floor
        self._read_at = monotonic()

    def now(self) -> float:
        """The time of the game."""
        monotonic = self._monotonic()
        # In this order, so that no rounding makes it less.
        own = self._last + (monotonic - self._read_at)
        wall = self._wall()
        self._last = wall if wall > own else own
        self._read_at = monotonic
        return self._last

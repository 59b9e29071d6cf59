"""Time that is counted: for `gamesvc check`, which goes on for so many seconds. What it tries in them, and by that what
it finds, is then the same on every machine, however slow."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.testing import bounds, runs, search, shrinking

READINGS_A_SECOND = 8192
"""How often the time is read in what passes for a second. It is read at each call of a model, so that a second is about
as much work as a machine of today does in one. A power of two: without rounding, it does not matter when a search
begins."""

NEVER_TOO_LONG = 1e9
"""Seconds that a call may take: when it began is counted, and whether it takes too long is not."""


class CountedTime:
    """Stands in for the module ``time``: it is a little later each time that it is read."""

    def __init__(self) -> None:
        self._readings = 0

    def monotonic(self) -> float:
        self._readings += 1
        return self._readings / READINGS_A_SECOND


def count_time(case: SynchronousTestCase) -> None:
    """Have the searches of a test go by counted time."""
    time = CountedTime()
    case.patch(search, "time", time)
    case.patch(shrinking, "time", time)
    case.patch(runs, "time", time)
    case.patch(bounds, "MOST_SECONDS", NEVER_TOO_LONG)

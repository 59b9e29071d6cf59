"""Time that is counted: for `gamesvc check`, which goes on for so many seconds. What it tries in them, and by that what
it finds, is then the same on every machine, however slow."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.testing import bounds, search, shrinking

READINGS_A_SECOND = 1024
"""How often the time is read in what passes for a second: while it searches a few times a game, so that there are about
as many games as in a second of a machine of today. A power of two: without rounding, it does not matter when a search
begins."""

STEP_SECONDS = 300.0
"""How long a step may take, of real seconds. No machine stands still for as long."""


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
    case.patch(bounds, "MOST_SECONDS", STEP_SECONDS)

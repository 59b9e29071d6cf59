"""The end of a turn of the reactor: what is put off until everything that came in this turn was taken in.

What commands of a turn lead to gathers, and goes to the journal, and to each subscriber, in one piece. All of it needs
one timer of the reactor's, however many games and steps there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

SLICE_SECONDS = 0.02
"""After how long the rest is left to the next turn, so that others' bytes are read meanwhile."""

Call = Callable[[], object]


class Turn:
    """Calls functions at the end of a turn, in the order in which they were put off: those, too, that are put off while
    this goes on.

    Args:
        later: calls a function after some seconds, in another turn.
        monotonic: seconds of a clock that nobody sets.
    """

    def __init__(self, later: Callable[[float, Call], object], monotonic: Callable[[], float]) -> None:
        self._later = later
        self._monotonic = monotonic
        self._calls: deque[Call] = deque()
        self._is_ending = False

    def soon(self, call: Call) -> None:
        """Call a function at the end of this turn."""
        self._calls.append(call)
        if not self._is_ending:
            self._is_ending = True
            self._later(0, self._end)

    def _end(self) -> None:
        calls = self._calls
        over = self._monotonic() + SLICE_SECONDS
        try:
            while calls:
                calls.popleft()()
                if calls and self._monotonic() >= over:
                    break
        finally:
            # One may have failed, which the reactor tells of; that is no fault of those who come after it.
            self._is_ending = bool(calls)
            if calls:
                self._later(0, self._end)

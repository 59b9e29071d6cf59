"""The simulation's time: it passes only from one thing that was put off to the next."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from typing import Any


class Later:
    """Something that was put off: what Twisted calls a delayed call."""

    __slots__ = ("_arguments", "_function", "is_over")

    def __init__(self, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        self._function = function
        self._arguments = arguments
        self.is_over = False

    def active(self) -> bool:
        return not self.is_over

    def cancel(self) -> None:
        self.is_over = True

    def run(self) -> None:
        self.is_over = True
        self._function(*self._arguments)


class Time:
    """A clock that nobody sets, and what is to happen. What is put off to the same time happens in the order in which
    it was put off, each in a turn of its own.

    Attributes:
        now: seconds.
        turns: how many things have happened.
    """

    def __init__(self) -> None:
        self.now = 1000.0
        self.turns = 0
        self._calls: list[tuple[float, int, Later]] = []
        self._next = count().__next__

    def later(self, seconds: float, function: Callable[..., object], *arguments: Any) -> Later:
        """Have something happen."""
        call = Later(function, arguments)
        heappush(self._calls, (self.now + seconds, self._next(), call))
        return call

    def pass_until(self, end: float) -> None:
        """Have everything happen that comes before, or at, a time."""
        calls = self._calls
        while calls and calls[0][0] <= end:
            at, _, call = heappop(calls)
            if not call.is_over:
                self.now = max(self.now, at)
                self.turns += 1
                call.run()
        self.now = max(self.now, end)


class Reactor:
    """What a process takes for the reactor: its clock began when it pleased, and with the process everything ends that
    it has put off.

    Args:
        time: the simulation's.
        began: what the process's clock is ahead.
    """

    def __init__(self, time: Time, began: float) -> None:
        self._time = time
        self._began = began
        self.is_dead = False

    def seconds(self) -> float:
        return self._time.now + self._began

    def callLater(self, delay: float, function: Callable[..., object], *arguments: Any) -> Later:
        assert delay >= 0, f"put off by {delay} s"
        return self._time.later(delay, self._call, function, arguments)

    def _call(self, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        if not self.is_dead:
            function(*arguments)

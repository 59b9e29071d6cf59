"""Countdowns: calls that are put off by the same few times for thousands of connections.

Those that are put off by the same time are due in the order in which they were put off, so a queue for each such time
and one timer of the reactor's do, where a timer for each would take several times the room, and a search at each step.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.interfaces import IDelayedCall, IReactorTime

Call = Callable[[], object]


class Countdown:
    """A call that was put off."""

    __slots__ = ("_queue", "at", "call")

    def __init__(self, queue: _Queue, at: float, call: Call) -> None:
        self._queue = queue
        self.at = at
        self.call = call

    def cancel(self) -> None:
        """Don't call it."""
        self._queue.remove(self)


class _Queue:
    """Calls that are put off by the same time."""

    def __init__(self, reactor: IReactorTime, seconds: float) -> None:
        self._reactor = reactor
        self._seconds = seconds
        self._waiting: dict[Countdown, None] = {}
        self._timer: IDelayedCall | None = None

    def add(self, call: Call) -> Countdown:
        countdown = Countdown(self, self._reactor.seconds() + self._seconds, call)
        self._waiting[countdown] = None
        # Where others wait, and there is no timer, `_fire` is at it, and will set the one that they need.
        if self._timer is None and len(self._waiting) == 1:
            self._timer = self._reactor.callLater(self._seconds, self._fire)
        return countdown

    def remove(self, countdown: Countdown) -> None:
        self._waiting.pop(countdown, None)
        if not self._waiting and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _fire(self) -> None:
        self._timer = None
        now = self._reactor.seconds()
        try:
            while self._waiting and (first := next(iter(self._waiting))).at <= now:
                del self._waiting[first]
                first.call()
        finally:
            # One may have failed, which the reactor tells of; that is no fault of those who come after it.
            if self._waiting and self._timer is None:
                first = next(iter(self._waiting))
                self._timer = self._reactor.callLater(max(0.0, first.at - now), self._fire)


class Countdowns:
    """Puts calls off. Made for a few different times, such as settings are.

    Args:
        reactor: its clock does not jump.
    """

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor
        self._queues: dict[float, _Queue] = {}

    def call_later(self, seconds: float, call: Call) -> Countdown:
        """Call a function after a time. The name is the one that Autobahn knows."""
        queue = self._queues.get(seconds)
        if queue is None:
            queue = self._queues[seconds] = _Queue(self._reactor, seconds)
        return queue.add(call)

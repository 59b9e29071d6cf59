"""What goes out on a connection: given to its transport in pieces, as fast as the peer reads.

A transport of Twisted's keeps whatever is written until the peer has read it. So it is given little at a time, and a
peer that reads nothing for a while is told of.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from gamesvc.countdown import Countdown, Countdowns
from gamesvc.limits import SLOW_CONSUMER_SECONDS

_PIECE_BYTES = 32768

Call = Callable[[], object]


def _nothing() -> None:
    pass


@implementer(IPushProducer)
class Outgoing:
    """Writes to a transport.

    Args:
        transport: the connection's.
        timers: for those that many connections have.
        resumed: is called when the peer has read what held up the rest.
        stalled: is called when it has read nothing for `SLOW_CONSUMER_SECONDS`.
    """

    def __init__(self, transport: Any, timers: Countdowns, resumed: Call, stalled: Call) -> None:
        self._transport = transport
        self._timers = timers
        self._resumed = resumed
        self._stalled = stalled
        self._waiting: deque[memoryview] = deque()
        self._is_full = False
        self._stall: Countdown | None = None
        transport.registerProducer(self, True)

    @property
    def is_clear(self) -> bool:
        """Whether nothing waits for the peer to read."""
        return not (self._waiting or self._is_full)

    def write(self, data: bytes) -> None:
        """Send something, as soon as the peer takes it."""
        if data:
            self._waiting.append(memoryview(data))
            self._flush()

    def stop(self) -> None:
        """Send nothing more of what waits, and tell of nothing more; once more is harmless."""
        self._waiting.clear()
        self._stop_stall()
        self._resumed = self._stalled = _nothing

    # From the transport, which is a consumer.

    def pauseProducing(self) -> None:
        self._is_full = True
        # A transport says so again with every write.
        if self._stall is None:
            self._stall = self._timers.call_later(SLOW_CONSUMER_SECONDS, self._has_stalled)

    def resumeProducing(self) -> None:
        self._is_full = False
        self._stop_stall()
        self._flush()
        self._resumed()

    def stopProducing(self) -> None:
        """The transport is gone; its protocol is told."""

    def _flush(self) -> None:
        while self._waiting and not self._is_full:
            data = self._waiting.popleft()
            if len(data) > _PIECE_BYTES:
                self._waiting.appendleft(data[_PIECE_BYTES:])
            self._transport.write(bytes(data[:_PIECE_BYTES]))

    def _stop_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def _has_stalled(self) -> None:
        self._stall = None
        self._stalled()

"""Events that came, and that nobody has read: up to a bound, for it may be that nobody ever does."""

from __future__ import annotations

import threading
from collections import deque
from typing import Any

from gamesvc.client.failure import MISSED_EVENTS, GameError

MAX_EVENTS = 10_000
MAX_BYTES = 1 << 26
"""How much they may have been on the wire; one is kept, however large."""


class Unread:
    """None at first. One thread may add while another one takes."""

    def __init__(self) -> None:
        self._events: deque[tuple[dict[str, Any], int]] = deque()
        self._bytes = 0
        self._has_missed = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._events)

    def add(self, event: dict[str, Any], size: int) -> None:
        """Keep one, in place of the oldest where there are too many.

        Args:
            event: is not changed any more.
            size: how many bytes, or characters, it came in.
        """
        with self._lock:
            self._events.append((event, size))
            self._bytes += size
            while len(self._events) > MAX_EVENTS or (self._bytes > MAX_BYTES and len(self._events) > 1):
                self._bytes -= self._events.popleft()[1]
                self._has_missed = True

    def take(self, most: int | None = None) -> list[dict[str, Any]]:
        """Take the oldest.

        Args:
            most: how many; None for all.

        Raises:
            GameError: older ones are gone, for there were too many. It is told once; those that are left come next.
        """
        with self._lock:
            if self._has_missed:
                self._has_missed = False
                what = f"more than {MAX_EVENTS} events came before they were read, or more than {MAX_BYTES} bytes"
                raise GameError(MISSED_EVENTS, what)
            many = len(self._events) if most is None else min(most, len(self._events))
            taken = [self._events.popleft() for _ in range(many)]
            self._bytes -= sum(size for _, size in taken)
        return [event for event, _ in taken]

"""A database's clock, without asking the database each time."""

from __future__ import annotations

import time
from collections.abc import Callable

from gamesvc.journal.store import Store

LOOK_SECONDS = 10.0
"""How old a look at the database's clock may become."""


class StoreClock:
    """Goes on from the last look at a store's clock, by one that does not jump. Any thread may read it.

    Args:
        monotonic: a clock that does not jump, in seconds.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._offset = time.time() - monotonic()
        self._look_at = monotonic()

    def now(self) -> float:
        """The time, in seconds since the epoch."""
        return self._monotonic() + self._offset

    def look(self, store: Store) -> None:
        """Ask the store, if that is due. Only on the thread of the store.

        Raises:
            Unavailable: the store is not to be reached.
        """
        before = self._monotonic()
        if before >= self._look_at:
            now = store.now()
            after = self._monotonic()
            self._offset = now - (before + after) / 2
            self._look_at = after + LOOK_SECONDS

"""Bell: rings when a game's next timer is due."""

from __future__ import annotations

from collections.abc import Callable

from gamesvc.surroundings import Call


class Bell:
    """Rings once at a time.

    Args:
        later: calls a function after some seconds.
        now: the game's time, in seconds since the epoch.
        ring: is called when it is due.
    """

    def __init__(
        self,
        later: Callable[[float, Callable[[], None]], Call],
        now: Callable[[], float],
        ring: Callable[[], None],
    ) -> None:
        self._later = later
        self._now = now
        self._ring = ring
        self._call: Call | None = None
        self._due: float | None = None

    def set(self, due: float | None, at_least: float = 0.0) -> None:
        """Ring at a time, and not at the one that was set before.

        Args:
            due: seconds since the epoch; None for never.
            at_least: seconds from now before which it is not to ring.
        """
        if due == self._due and not at_least:
            return
        self.silence()
        if due is not None:
            self._due = due
            self._call = self._later(max(at_least, due - self._now()), self._fire)

    def silence(self) -> None:
        """Don't ring."""
        call, self._call, self._due = self._call, None, None
        if call is not None:
            call.cancel()

    def _fire(self) -> None:
        self._call = self._due = None
        self._ring()

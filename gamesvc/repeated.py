"""Repeated: what would be said again and again is said once in a while, with how often it was."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

AGAIN_SECONDS = 60.0
"""How long what was said is not said again."""

MAX_SORTS = 256
"""How many different things are remembered; of more, those that were said longest ago are forgotten."""


class Repeated:
    """Says what is new, and counts the rest.

    Args:
        monotonic: seconds of a clock that nobody sets.
        say: gets what is said.
    """

    def __init__(self, monotonic: Callable[[], float], say: Callable[[str], None]) -> None:
        self._monotonic = monotonic
        self._say = say
        # When each was said last, and how often it was left out since.
        self._said: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def say(self, sort: str, text: str) -> None:
        """Say something, or count it.

        Args:
            sort: what is the same each time.
            text: what is said.
        """
        now = self._monotonic()
        at, more = self._said.get(sort, (now - AGAIN_SECONDS, 0))
        if now - at < AGAIN_SECONDS:
            self._said[sort] = at, more + 1
            return
        self._said[sort] = now, 0
        self._said.move_to_end(sort)
        if len(self._said) > MAX_SORTS:
            self._said.popitem(last=False)
        self._say(f"{text} (and {more} more like this one)" if more else text)

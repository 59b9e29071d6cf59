"""Chance: the same as a game's, but for one draw; so what depends on that draw can be told from what does not."""

from __future__ import annotations

import random

from gamesvc.context import Context


class OneDraw:
    """Says which draw is another one, and notes what is drawn.

    Args:
        index: which, from 0; None for none.
        seed: of the other one.

    Attributes:
        asked: what each draw was to be one of: so many whole numbers, or 0 for a fraction.
    """

    def __init__(self, index: int | None, seed: bytes = b"") -> None:
        self.asked: list[int] = []
        self._index = index
        self._other = random.Random(seed)

    def is_other(self, asked: int) -> bool:
        """Note a draw. Returns whether it is the other one."""
        self.asked.append(asked)
        return len(self.asked) - 1 == self._index

    def below(self, count: int) -> int:
        """The other one, a whole number."""
        return self._other.randrange(count)

    def fraction(self) -> float:
        """The other one, from 0 to 1."""
        return self._other.random()


class _Altered(random.Random):
    """Draws from another source of chance, but for one draw."""

    def __init__(self, base: random.Random, one: OneDraw) -> None:
        super().__init__(0)
        self.base = base
        self._one = one

    def random(self) -> float:
        drawn = self.base.random()
        return self._one.fraction() if self._one.is_other(0) else drawn

    def getrandbits(self, count: int, /) -> int:
        drawn = self.base.getrandbits(count)
        return self._one.below(1 << count) if self._one.is_other(1 << count) else drawn

    # All that draws whole numbers calls this. By `getrandbits` one draw would be several at times, and shift the rest.
    def _randbelow(self, count: int) -> int:
        drawn = self.base.randrange(count)
        return self._one.below(count) if self._one.is_other(count) else drawn


class AlteredContext(Context):
    """Lends a model other chance in one draw."""

    __slots__ = ("_altered", "_one")

    def __init__(self, seed: bytes, one: OneDraw) -> None:
        super().__init__(seed)
        self._one = one
        self._altered: _Altered | None = None

    @property
    def random(self) -> random.Random:
        base = super().random
        # Each entry has a source of its own.
        if self._altered is None or self._altered.base is not base:
            self._altered = _Altered(base, self._one)
        return self._altered

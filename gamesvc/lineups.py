"""Lineups: who sits where, game by game, so that each has each seat equally often and meets the others as often."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from itertools import permutations

_FEW = 5040
"""Orders that are gone through one by one; where there are more, each is drawn by chance."""


def lineups(count: int, seats: int, seed: int) -> Iterator[tuple[int, ...]]:
    """Who sits where, game by game, without an end. In each `count` games everybody has each seat once.

    Args:
        count: how many there are. Where they are fewer than the seats, each has several.
        seats: how many a game has.
        seed: who meets whom next depends on it.

    Yields:
        For each seat who has it, by their place.
    """
    for order in _orders(count, seats, random.Random(f"lineups {seed}")):
        for first in range(count):
            yield tuple((first + offset) % count for offset in order)


def _orders(count: int, seats: int, chance: random.Random) -> Iterator[tuple[int, ...]]:
    """By how many places who has a seat stands behind who has the first one."""
    others = [seat % count for seat in range(1, seats)]
    if count >= seats:
        few = math.perm(count - 1, seats - 1) <= _FEW
        known = [*permutations(range(1, count), seats - 1)] if few else []
    else:
        few = math.factorial(seats - 1) <= _FEW
        known = sorted(set(permutations(others))) if few else []
    while True:
        if few:
            chance.shuffle(known)
            yield from ((0, *order) for order in known)
        else:
            drawn = chance.sample(range(1, count), seats - 1) if count >= seats else chance.sample(others, seats - 1)
            yield (0, *drawn)

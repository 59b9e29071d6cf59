from __future__ import annotations

import random
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.context import Context
from gamesvc.testing.chance import AlteredContext, OneDraw

SEED = b"seed"


def taken(context: Context) -> list[object]:
    """Some chance, of two entries."""
    drawn: list[object] = []
    for entry in (1, 2):
        context.begin(entry, 0.0)
        cards = list(range(10))
        context.random.shuffle(cards)
        drawn += [*cards, context.random.random(), context.random.randrange(6), context.random.getrandbits(20)]
        drawn += [context.random.choice("abc"), context.random.gauss(0, 1), context.random.randint(1, 1000)]
    return drawn


def altered(index: int | None) -> tuple[OneDraw, list[object]]:
    one = OneDraw(index, b"other")
    return one, taken(AlteredContext(SEED, one))


class Chance(SynchronousTestCase):
    def test_it_is_the_game_s(self) -> None:
        one, drawn = altered(None)
        self.assertEqual(drawn, taken(Context(SEED)))
        self.assertEqual(len(one.asked), 2 * (9 + 1 + 1 + 1 + 1 + 2 + 1))

    def test_but_for_one_draw(self) -> None:
        plain = taken(Context(SEED))
        for index, places in ((9, {10}), (11, {12}), (15, {15}), (16 + 9, {16 + 10})):
            one, drawn = altered(index)
            self.assertEqual({place for place, each in enumerate(drawn) if each != plain[place]}, places)
            self.assertEqual(one.asked, altered(None)[0].asked)

    def test_what_it_is_one_of(self) -> None:
        draws: list[tuple[Callable[[random.Random], object], list[int]]] = [
            (lambda chance: chance.randrange(6), [6]),
            (lambda chance: chance.random(), [0]),
            (lambda chance: chance.getrandbits(3), [8]),
            (lambda chance: chance.shuffle([1, 2, 3]), [3, 2]),
        ]
        for draw, asked in draws:
            one = OneDraw(0, b"other")
            draw(AlteredContext(SEED, one).random)
            self.assertEqual(one.asked, asked)

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.testing.likeness import attributes, difference, shared, shortly


class Point(Struct):
    x: float
    y: list[int]


class Fixed(Struct, frozen=True):
    x: int


@dataclass
class Data:
    x: int


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x: int) -> None:
        self.x = x


class Unshowable:
    def __repr__(self) -> str:
        raise LookupError("no")


class Differences(SynchronousTestCase):
    def same(self, one: Any, other: Any, **keywords: Any) -> None:
        self.assertEqual(difference(one, other, "it", **keywords), "")

    def test_what_is_the_same(self) -> None:
        for one, other in (
            (1, 1.0),
            ([1, {"a": (2, None)}], [1, {"a": (2, None)}]),
            (Point(1.0, [2]), Point(1.0, [2])),
            (Data(1), Data(1)),
            (Slotted(1), Slotted(1)),
            (math.nan, math.nan),
        ):
            self.same(one, other)

    def test_what_is_not(self) -> None:
        for one, other, expected in (
            (1, 2, "it is 1, and then 2"),
            ([1, 2], [1], "it is [1, 2], and then [1]"),
            ([1, [2]], [1, [3]], "it[1][0] is 2, and then 3"),
            ({"a": 1}, {"a": 2}, "it['a'] is 1, and then 2"),
            ({"a": 1, "b": 2}, {"b": 2, "a": 1}, "it has the keys ['a', 'b'], and then ['b', 'a']"),
            ((1,), [1], "it is (1,) (tuple), and then [1] (list)"),
            (Point(1.0, [2]), Point(1.0, [3]), "it.y[0] is 2, and then 3"),
            (Slotted(1), Slotted(2), "it.x is 1, and then 2"),
            (True, 1, "it is True (bool), and then 1 (int)"),
        ):
            self.assertEqual(difference(one, other, "it"), expected)

    def test_strictly(self) -> None:
        self.assertEqual(difference(1, 1.0, "it", strict=True), "it is 1 (int), and then 1.0 (float)")
        self.assertEqual(
            difference(Point(1, []), Point(1.0, []), "it", strict=True), "it.x is 1 (int), and then 1.0 (float)"
        )
        self.assertIn("it is nan", difference(math.nan, math.nan, "it", strict=True))
        self.same([1.0, "a", Fixed(1)], [1.0, "a", Fixed(1)], strict=True)

    def test_values_without_end(self) -> None:
        one: list[Any] = []
        one.append(one)
        other: list[Any] = []
        other.append(other)
        self.same(one, other)


class Sharing(SynchronousTestCase):
    def test_one_object_in_two_places(self) -> None:
        cells = [1]
        self.assertEqual(shared({"a": cells, "b": cells}), "a and b are one and the same list, and will be two")
        self.assertEqual(
            shared({"a": {"x": Point(1, cells)}, "b": cells}),
            "a['x'].y and b are one and the same list, and will be two",
        )
        self.assertIn("a[0] and a[1]", shared({"a": [cells, cells]}))

    def test_what_can_not_be_changed_may_be_shared(self) -> None:
        text, fixed, pair = "text" * 100, Fixed(1), (1, 2)
        self.assertEqual(shared({"a": [text, fixed, pair], "b": [text, fixed, pair]}), "")


class Shown(SynchronousTestCase):
    def test_it_is_short(self) -> None:
        self.assertEqual((shortly("x"), len(shortly("x" * 1000))), ("'x'", 200))
        self.assertIn("Unshowable", shortly(Unshowable()))

    def test_attributes(self) -> None:
        for value in (Data(1), Slotted(1), Fixed(1)):
            self.assertEqual(attributes(value), {"x": 1})

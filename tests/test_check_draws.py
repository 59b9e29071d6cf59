from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import msgspec
from msgspec import Meta, Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.model import Player
from gamesvc.testing.draws import Seen, arguments, patterns_in, texts_in
from gamesvc.testing.plays import Dice


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Tree(Struct):
    value: int
    left: Tree | None = None


class Pair(NamedTuple):
    x: int
    y: str


class Place(TypedDict):
    row: int


class Tagged(Struct, tag=True):
    x: int


class Nothing:
    def index(self, count: int) -> int:
        return 0


def drawn(kind: Any, times: int = 200, seen: Seen | None = None, texts: list[str] | None = None) -> list[Any]:
    """Values of a type, those that don't fit among them."""
    struct = msgspec.defstruct("Arguments", [("it", kind)])
    dice = Dice("seed")
    seen = seen or Seen(["alice", "bob"])
    return [arguments(dice, "do", struct, seen, lambda: texts or [])["it"] for _ in range(times)]


def fits(kind: Any, value: Any) -> bool:
    try:
        msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError:
        return False
    return True


class Draws(SynchronousTestCase):
    def test_most_values_fit_their_type(self) -> None:
        for kind in (
            bool,
            int,
            float,
            str,
            Player,
            bytes,
            Colour,
            Tree,
            Pair,
            Place,
            Tagged,
            Literal["a", 3],
            int | None,
            list[int],
            dict[str, int],
            dict[int, str],
            tuple[int, str],
            tuple[int, ...],
            set[int],
            Annotated[int, Meta(ge=3, le=8)],
            Annotated[int, Meta(gt=-5, multiple_of=5)],
            Annotated[int, Meta(lt=0)],
            Annotated[float, Meta(gt=0, lt=1)],
            Annotated[str, Meta(min_length=3, max_length=4)],
            Annotated[list[int], Meta(min_length=2, max_length=3)],
        ):
            values = drawn(kind, 100)
            self.assertGreater(sum(fits(kind, value) for value in values), 75, kind)

    def test_the_simplest_decisions_are_simple_values(self) -> None:
        struct = msgspec.defstruct("Arguments", [("number", int), ("text", str), ("many", list[int])])
        given = arguments(Nothing(), "do", struct, Seen(["alice"]), list)
        self.assertEqual(given, {"number": 0, "text": "alice", "many": []})

    def test_all_of_a_small_range_and_both_ends_of_a_large_one(self) -> None:
        self.assertEqual(set(drawn(Annotated[int, Meta(ge=3, le=8)])), {3, 4, 5, 6, 7, 8})
        self.assertLessEqual({0, 10**6}, set(drawn(Annotated[int, Meta(ge=0, le=10**6)], 500)))
        self.assertLessEqual({0, 1, 2, 3, 2**63 - 1}, set(drawn(int, 1000)))

    def test_texts_are_names_and_what_the_state_holds(self) -> None:
        self.assertLessEqual({"alice", "bob", "e2e4"}, set(drawn(str, texts=["e2e4"])))

    def test_what_was_of_use_is_used_again(self) -> None:
        seen = Seen(["alice"])
        seen.accept("do.it", 123456)
        self.assertIn(123456, drawn(int, seen=seen))
        seen.accept("do", {"it": 654321})
        self.assertIn(654321, drawn(int, seen=seen))

    def test_texts_that_fit_a_pattern(self) -> None:
        kind = Annotated[str, Meta(pattern="^x+$")]
        seen = Seen(["alice"])
        seen.patterns["^x+$"] = ["x", "xx"]
        self.assertGreater(sum(fits(kind, value) for value in drawn(kind, seen=seen)), 100)
        struct = msgspec.defstruct("Arguments", [("it", dict[str, list[kind | None]])])
        self.assertEqual(patterns_in(msgspec.inspect.type_info(struct)), {"^x+$"})

    def test_texts_in_a_value(self) -> None:
        found: dict[str, None] = {}
        texts_in({"a": ["b", 1, {"c": "d"}], "e": "x" * 100}, found)
        self.assertEqual(list(found), ["a", "b", "c", "d", "e"])

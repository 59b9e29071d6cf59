"""Which types values may have, and what is written instead of those that they may not.

All annotations of this module are texts, as far as classes have them: that is how it is hardest.
"""

from __future__ import annotations

import enum
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, NamedTuple, TypedDict

import msgspec
from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, GameModel, Player
from gamesvc.values import Use, as_code, checked_type, classes_in, shared_default, written


class Suit(enum.Enum):
    SPADES = "S"


class Card(Struct, frozen=True):
    suit: Suit
    rank: int


class Hand(Struct, frozen=True):
    cards: list[int]


class Circle(Struct):
    radius: int = 0


class Square(Struct):
    side: int = 0


class Loose(Struct):
    parts: tuple[frozenset[int], ...] = ()


class Tree(Struct):
    card: Card
    parts: list[Tree] = []


class Spot(NamedTuple):
    x: int


class Score(TypedDict):
    points: int


@dataclass
class Pile:
    cards: list[Card]


@dataclass(frozen=True)
class Point:
    x: int = 0


class Game(GameModel):
    pass


def check(kind: Any, use: Use = Use.STORED) -> msgspec.inspect.Type:
    return checked_type("Game.it", kind, use, msgspec.json.Decoder)


class Types(SynchronousTestCase):
    """Each is refused with what to write instead, or may be used."""

    def refused(self, kind: Any, use: Use, *words: str) -> None:
        message = str(self.assertRaises(DefinitionError, check, kind, use))
        for word in ("Game.it: ", *words):
            self.assertIn(word, message, (kind, use))

    def test_what_has_no_order_is_neither_stored_nor_given_nor_sent(self) -> None:
        for use in Use:
            for kind in (set[int], list[set[int]], dict[str, set[int]], tuple[str, set[int]], int | set[int]):
                self.refused(kind, use, "write `list[int]`")
            for frozen in (frozenset[int], Loose, dict[int, list[Loose]], list[Loose | None]):
                self.refused(frozen, use, "write `tuple[int, ...]`")

    def test_what_is_of_a_class_of_somebodys_own_is_not_either(self) -> None:
        for use in Use:
            for kind in (complex, list[Counter[str]], dict[str, deque[int]], defaultdict[str, int]):
                self.refused(kind, use, "a value of type ", use.value, "write `")
            self.refused(object, use, "what may be anything can't be", use.value)
            self.refused(msgspec.msgpack.Ext, use, "can't be", use.value)
            self.refused(Game, use, "Game is a game")
            self.refused(list[Game | None], use, "Game is a game")

    def test_what_may_be_anything_may_be_sent_only(self) -> None:
        for kind in (Any, list, dict, tuple, list[Any], dict[str, Any], dict[Any, int], msgspec.Raw):
            for use in (Use.STORED, Use.GIVEN):
                self.refused(kind, use, "say ")
            check(kind, Use.SENT)

    def test_the_keys_of_a_dict_are_text_numbers_or_enums(self) -> None:
        for use in Use:
            for key in (tuple[int, int], float, bytes, Card, int | str, Literal["a"], bool, Player | None):
                kind: Any = dict[key, str]  # type: ignore[valid-type]  # it is one here
                self.refused(kind, use, "the keys of a dict are str, int or an Enum, and not ", "`dict[str, str]`")
            for kind in (dict[str, int], dict[Player, int], dict[int, int], dict[Suit, int]):
                check(kind, use)

    def test_what_is_none_in_a_dict_could_not_be_shown(self) -> None:
        for kind in (dict[str, int | None], list[dict[int, int | None]], dict[str, Literal[1, None]], dict[str, None]):
            self.refused(kind, Use.STORED, "a value in a dict can't be None", "leave the key out")
            check(kind, Use.GIVEN)
            check(kind, Use.SENT)
        # None elsewhere can be: what is left out there has a place.
        check(dict[str, list[int | None]])

    def test_types_of_which_it_could_not_be_told_which_is_meant(self) -> None:
        for use in Use:
            self.refused(Circle | Square, use, "which of Circle | Square a value is", "`tag=True` in the class line")
            self.refused(list[Suit | str], use, "which of Suit | str a value is")

    def test_others_may_be_used(self) -> None:
        for use in Use:
            for kind in (
                *(bool, int, float, str, bytes, None, Player, Suit, Literal["a", 1], int | None, date, datetime | None),
                *(list[int], tuple[int, str], tuple[int, ...], dict[str, Circle], Tree, Spot, Score, Pile, Point),
            ):
                check(kind, use)


class Descriptions(SynchronousTestCase):
    """Types and values as they are written."""

    def test_the_classes_that_a_type_is_made_of_are_found_once_each(self) -> None:
        self.assertEqual(set(classes_in(check(dict[str, list[Tree | None]]))), {Tree, Card, Suit})
        self.assertEqual(len(list(classes_in(check(tuple[Tree, Tree])))), 3)
        self.assertEqual(list(classes_in(check(int))), [])

    def test_types_are_written_as_annotations(self) -> None:
        for kind, text in (
            (dict[str, list[int | None]], "dict[str, list[int | None]]"),
            (tuple[Card, ...], "tuple[Card, ...]"),
            (tuple[int, float], "tuple[int, float]"),
            (Literal["a", "b"], "Literal['a', 'b']"),
            (Suit, "Suit"),
            (datetime, "datetime"),
        ):
            self.assertEqual(written(check(kind)), text)

    def test_values_are_written_as_code_and_shortened(self) -> None:
        for value, text in (
            ([0] * 9, "[0] * 9"),
            ([[None] * 4] * 5, "[[None] * 4 for _ in range(5)]"),
            ([1, 2], "[1, 2]"),
            (list(range(99)), "[...]"),
            ({str(number): number for number in range(99)}, "{...}"),
            ("x" * 99, "..."),
            (5, "5"),
        ):
            self.assertEqual(as_code(value), text)

    def test_a_default_is_shared_where_it_can_be_changed_in_place(self) -> None:
        shared: list[object] = [[1], {"a": 1}, {1}, bytearray(), Circle(), Pile([]), ([1],), Hand([1])]
        own: list[object] = [1, "a", None, (1, (2, 3)), Card(Suit.SPADES, 1), Point(), frozenset([1]), Suit.SPADES]
        self.assertEqual([each for each in shared if not shared_default(each)], [])
        self.assertEqual([each for each in own if shared_default(each)], [])

"""What the fields of a model may be, what is kept of each, and which are secret.

All annotations of this module are texts, as far as classes have them: that is how it is hardest.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple, NewType, TypedDict

import msgspec
from msgspec import Meta, Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, Own, Player, Secret
from gamesvc.fields import FieldSpec, shown_value


class Suit(enum.Enum):
    SPADES = "S"
    HEARTS = "H"


class Level(enum.IntEnum):
    EASY = 1


class Card(Struct, frozen=True):
    suit: Suit
    rank: int


@dataclass
class Pile:
    cards: list[Card]


class Spot(NamedTuple):
    x: int
    y: int


class Score(TypedDict):
    points: int


class Node(Struct):
    """Holds others of its kind, as trees do."""

    nodes: list[Node] = []


class Circle(Struct):
    radius: int = 0


class Square(Struct):
    side: int = 0


class Closed(Struct):
    """Has a part that its author takes for secret."""

    cards: Secret[list[int]] = []


class ClosedHeir(Closed):
    points: int = 0


@dataclass
class ClosedPile:
    cards: Secret[list[int]]


class ClosedSpot(NamedTuple):
    x: Secret[int]


class ClosedScore(TypedDict):
    points: Secret[int]


class Deep(Struct):
    inner: dict[str, list[Closed]] = {}


Cell = NewType("Cell", int)
MaybeSecret: Any = Secret[str | None]  # type: ignore[misc]  # where it is no annotation, mypy wants a class in it
MaybeOwn: Any = Own[dict[Player, int] | None]  # type: ignore[misc]  # as above


def described(kind: Any) -> FieldSpec:
    return FieldSpec.of("Game.it", "it", kind)


class Stored(SynchronousTestCase):
    """How a value becomes bytes and comes back."""

    def test_values_of_every_type_that_can_be_stored_come_back_as_they_were(self) -> None:
        card = Card(Suit.SPADES, 1)
        cases: list[tuple[Any, list[object]]] = [
            (str, ["", "é\0"]),
            (float, [0.5, -0.0, 5e-324]),
            (int, [0, -(2**63), 2**64 - 1]),
            (bool, [True]),
            (bytes, [b"\xff\x00"]),
            (Player | None, [Player("alice"), None]),
            (dict[Player, list[Card]], [{Player("bob"): [card], Player("alice"): []}]),
            (dict[Suit, int], [{Suit.SPADES: 2}]),
            (dict[int, bytes], [{-1: b"\xff"}]),
            (Suit, [Suit.SPADES]),
            (Level, [Level.EASY]),
            (Literal["easy", "hard"], ["hard"]),
            (tuple[int, Card | None], [(1, card), (0, None)]),
            (tuple[int, ...], [(), (1, 2, 3)]),
            (int | str | None, [1, "x", None]),
            (Pile, [Pile([card])]),
            (Spot, [Spot(1, 2)]),
            (Score, [Score(points=3)]),
            (Circle, [Circle(4)]),
            (Node, [Node([Node(), Node([Node()])])]),
            (Cell, [Cell(7)]),
            (Annotated[int, Meta(ge=0, le=100)], [0, 100]),
            (Secret[list[Card]], [[card]]),
        ]
        for kind, values in cases:
            field = described(kind)
            for value in values:
                again = field.decode(msgspec.msgpack.encode(value))
                self.assertEqual((again, type(again)), (value, type(value)), kind)
                # An order that is kept, and a zero that has a sign.
                self.assertEqual(repr(again), repr(value), kind)

    def test_what_comes_back_is_new_each_time(self) -> None:
        field = described(list[int])
        self.assertIsNot(field.decode(b"\x91\x01"), field.decode(b"\x91\x01"))

    def test_a_value_of_another_type_does_not_come_back(self) -> None:
        cases: list[tuple[Any, object]] = [
            (int, "1"),
            (int, True),
            (int, 1.5),
            (str, b"x"),
            (float, None),
            (Suit, "X"),
            (Literal["easy", "hard"], "odd"),
            (list[int], ["x"]),
            (dict[str, int], {1: 1}),
            (tuple[int, int], [1]),
            (Circle, [1]),
            (Annotated[int, Meta(ge=0)], -1),
            (Secret[int], "1"),
            (Secret[Annotated[int, Meta(ge=0)]], -1),
        ]
        for kind, value in cases:
            field, encoded = described(kind), msgspec.msgpack.encode(value)
            self.assertRaises(msgspec.ValidationError, field.decode, encoded)

    def test_a_field_keeps_its_name(self) -> None:
        self.assertEqual(FieldSpec.of("Game.board", "board", list[int]).name, "board")


class Plain(SynchronousTestCase):
    """What can't be changed in place can't be shared by two fields, and need not be loaded again."""

    def test_numbers_text_and_their_like_are_plain(self) -> None:
        for kind in (
            *(bool, bytes, float, int, str, Suit, Level, Literal["a", 1], type(None), Player, Cell),
            *(int | None, int | str | None, Annotated[int, Meta(ge=0)], Secret[int], MaybeSecret),
        ):
            self.assertIs(described(kind).plain, True, kind)

    def test_what_can_be_changed_in_place_or_holds_such_is_not(self) -> None:
        for kind in (
            *(list[int], dict[str, int], Circle, Pile, Score, Node, list[int] | None, int | list[int]),
            *(tuple[list[int], int], tuple[Circle, ...], Secret[list[int]]),
        ):
            self.assertIs(described(kind).plain, False, kind)


class Secrets(SynchronousTestCase):
    """What is the server's alone."""

    def test_a_field_is_secret_where_its_type_says_so_and_no_other_is(self) -> None:
        for kind in (
            *(Secret[int], Secret[list[Card]], Secret[Secret[int]], MaybeSecret),
            *(Annotated[Secret[int], Meta(ge=0)], Secret[Annotated[int, Meta(ge=0)]], Secret[dict[Player, Circle]]),
        ):
            self.assertIs(described(kind).secret, True, kind)
        for kind in (int, list[Card], Annotated[int, Meta(ge=0)], Annotated[int, "Secret"], int | None):
            self.assertIs(described(kind).secret, False, kind)

    def test_a_field_of_which_only_a_part_would_be_secret_is_refused(self) -> None:
        for kind in (
            *(list[Secret[int]], dict[Player, Secret[list[int]]], dict[Secret[str], int], Secret[int] | None),
            *(list[Own[dict[Player, int]]], Own[dict[Player, int]] | None, Secret[list[Own[dict[Player, int]]]]),
            *(int | Secret[str], tuple[int, Secret[int]], Secret[list[Secret[int]]], Secret[int] | Secret[str]),
        ):
            message = str(self.assertRaises(DefinitionError, described, kind))
            self.assertIn("Game.it: a field is Secret or Own as a whole; write `Secret[...]`", message)

    def test_a_part_that_is_secret_within_a_type_of_the_authors_own_is_refused_too(self) -> None:
        # It would be shown to everybody, although its author wrote that it is secret.
        for kind in (
            *(Closed, list[Closed | None], dict[Player, Closed], tuple[int, Closed], ClosedHeir, Deep),
            *(ClosedPile, ClosedSpot, ClosedScore, list[ClosedScore] | None),
        ):
            message = str(self.assertRaises(DefinitionError, described, kind))
            self.assertIn("Game.it: Closed", message)
            self.assertIn("make it a field of the model, or all of this one secret", message)

    def test_a_mark_without_a_type_is_refused(self) -> None:
        for kind, mark in ((Secret, "Secret"), (Own, "Own")):
            message = str(self.assertRaises(DefinitionError, described, kind))
            self.assertIn(f"Game.it: {mark} of what? Write `{mark}[", message)

    def test_types_that_cannot_be_stored_are_refused_within_a_secret_too(self) -> None:
        # Which these are is the matter of `values`.
        for kind in (set[int], Secret[set[int]], Own[dict[Player, set[int]]]):
            self.assertIn("Game.it: a set", str(self.assertRaises(DefinitionError, described, kind)))


class Owned(SynchronousTestCase):
    """Of what each player is shown their own entry."""

    def test_a_field_is_own_where_its_type_says_so(self) -> None:
        for kind in (Own[dict[Player, int]], Own[dict[str, list[Card]]], Annotated[Own[dict[Player, int]], Meta()]):
            field = described(kind)
            self.assertEqual((field.own, field.secret, field.plain), (True, False, False))
        self.assertFalse(described(dict[Player, int]).own)

    def test_only_a_dict_with_names_has_an_entry_for_each_player(self) -> None:
        for kind in (Own[list[int]], Own[int], Own[dict[int, str]], Own[dict[Suit, int]], MaybeOwn):
            message = str(self.assertRaises(DefinitionError, described, kind))
            self.assertIn("Game.it: write `Own[dict[Player, ...]]`", message)

    def test_what_is_own_is_not_secret_too(self) -> None:
        for kind in (Secret[Own[dict[Player, int]]], Own[Secret[dict[Player, int]]]):
            message = str(self.assertRaises(DefinitionError, described, kind))
            self.assertIn("not both", message)

    def test_a_viewer_is_shown_their_entry_and_what_is_no_field_of_that_kind_as_it_is(self) -> None:
        own, public = described(Own[dict[Player, list[int]]]), described(dict[Player, int])
        hands = {"alice": [1], "bob": [2]}
        shown = [shown_value(own, hands, viewer) for viewer in ("alice", "bob", "carol", None)]
        self.assertEqual(shown, [{"alice": [1]}, {"bob": [2]}, {}, {}])
        self.assertEqual(shown_value(public, {"alice": 1}, None), {"alice": 1})

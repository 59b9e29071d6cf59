"""Features: what values of each type look like as numbers."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta, Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Player
from gamesvc.bots.features import MAX_SIZE, NoFeature, Rules, feature_of

PROPERTY = settings(deadline=None, database=None, max_examples=100)

Suit = Literal["C", "D", "H"]
Small = Annotated[int, Meta(ge=1, le=5)]
SEATS = {"bob": 0, "carol": 1, "alice": 2}
"""As bob sees those who sit around him."""


class Pile(Struct):
    """Cards on the table."""

    name: str
    top: Suit
    height: int = 0
    note: Small | None = None


class Tree(Struct):
    branches: list[Tree]


class Row(Struct, array_like=True):
    number: int


class Named(NamedTuple):
    number: int


def rules(pad: int = 2, **lengths: int) -> Rules:
    return Rules(3, lengths, pad, set())


def numbers(kind: Any, value: Any, sample: Any = None, by: Rules | None = None) -> list[float]:
    """What a value looks like."""
    feature = feature_of(kind, "it", sample, by or rules())
    out = np.zeros(feature.size, np.float32)
    if value is not None:
        feature.fill(out, value, SEATS)
    low = -1 if feature.low else 0
    assert all(low <= each <= 1 for each in out), out
    return [round(float(each), 4) for each in out]


class Plain(SynchronousTestCase):
    def test_a_flag(self) -> None:
        self.assertEqual(numbers(bool, True), [1])
        self.assertEqual(numbers(bool, False), [0])

    def test_a_number_with_bounds_lies_between_them(self) -> None:
        self.assertEqual([numbers(Small, value) for value in (1, 2, 5)], [[0], [0.25], [1]])
        self.assertEqual(numbers(Annotated[float, Meta(ge=-2, le=2)], 1.0), [0.75])

    def test_a_number_beyond_its_bounds_stays_within_them(self) -> None:
        self.assertEqual([numbers(Small, value) for value in (-10, 10)], [[0], [1]])
        self.assertEqual(numbers(Annotated[int, Meta(ge=3, le=3)], 3), [0])

    def test_a_number_without_bounds_is_squashed(self) -> None:
        for kind in (int, float, int | float, Annotated[int, Meta(ge=0)]):
            self.assertEqual([numbers(kind, value) for value in (0, 1, 3, -3)], [[0], [0.5], [0.75], [-0.75]])
        self.assertEqual(numbers(int, 10**400), [1])

    def test_one_of_a_few_values_has_an_entry_for_each(self) -> None:
        self.assertEqual(numbers(Suit, "D"), [0, 1, 0])
        self.assertEqual(numbers(Suit, "?"), [0, 0, 0])

    def test_a_player_is_counted_from_oneself_around_the_table(self) -> None:
        self.assertEqual([numbers(Player, name) for name in SEATS], [[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        self.assertEqual(numbers(Player, "somebody else"), [0, 0, 0])

    def test_none_is_nothing_but_zeros(self) -> None:
        self.assertEqual(numbers(Player | None, None), [0, 0, 0])
        self.assertEqual(numbers(Suit | None, "C"), [1, 0, 0])

    def test_zero_is_told_from_none(self) -> None:
        self.assertEqual([numbers(int | None, value) for value in (None, 0, 1)], [[0, 0], [1, 0], [1, 0.5]])
        self.assertEqual([numbers(bool | None, value) for value in (None, False)], [[0, 0], [1, 0]])


class Compound(SynchronousTestCase):
    def test_a_list_has_room_for_what_its_type_says(self) -> None:
        kind = Annotated[list[Suit], Meta(max_length=3)]
        self.assertEqual(numbers(kind, ["C", "H"]), [1, 0, 0, 0, 0, 1, 0, 0, 0])

    def test_a_list_is_as_long_as_it_is_at_the_beginning(self) -> None:
        self.assertEqual(numbers(list[Player | None], [None, "bob", None, "alice"], sample=[None] * 4)[3:6], [1, 0, 0])
        self.assertEqual(len(numbers(list[Player | None], [], sample=[None] * 4)), 12)

    def test_other_lists_have_room_for_as_many_as_is_said(self) -> None:
        self.assertEqual(len(numbers(list[Suit], [], by=rules(pad=5))), 15)
        self.assertEqual(len(numbers(list[Suit], [], sample=["C"], by=rules(it=4))), 12)
        nested = Rules(3, {"it": 2, "it[]": 3}, 9, set())
        self.assertEqual(len(numbers(list[list[Suit]], [], by=nested)), 2 * (1 + 3 * 3))
        self.assertEqual(nested.lists, {"it", "it[]"})

    def test_what_there_is_no_room_for_is_not_seen(self) -> None:
        self.assertEqual(numbers(list[Suit], ["C", "D", "H", "H"]), [1, 0, 0, 0, 1, 0])

    def test_in_a_list_a_zero_is_told_from_nothing(self) -> None:
        self.assertEqual(numbers(list[int], [0]), [1, 0, 0, 0])
        self.assertEqual(numbers(list[list[Suit]], [[]], by=rules(pad=1)), [1, 0, 0, 0])

    def test_a_tuple_has_the_entries_of_its_parts(self) -> None:
        self.assertEqual(numbers(tuple[Small, list[bool]], [5, [True]]), [1, 1, 1, 0, 0])
        self.assertEqual(numbers(tuple[Small, ...], [5, 1]), [1, 1, 1, 0])

    def test_a_dict_has_entries_for_each_key(self) -> None:
        self.assertEqual(numbers(dict[Suit, int], {"H": 1, "C": 0}), [1, 0, 0, 0, 1, 0.5])
        self.assertEqual(numbers(dict[Annotated[int, Meta(ge=7, le=8)], Suit], {"8": "C"}), [0, 0, 0, 1, 0, 0])

    def test_a_dict_of_players_begins_with_oneself(self) -> None:
        self.assertEqual(numbers(dict[Player, int], {"alice": 1, "bob": 3, "eve": 1}), [1, 0.75, 0, 0, 1, 0.5])

    def test_a_struct_has_the_entries_of_its_fields_but_for_text(self) -> None:
        shown = {"name": "left", "top": "D", "height": 1}
        self.assertEqual(numbers(Pile, shown), [0, 1, 0, 0.5, 0, 0])
        self.assertEqual(numbers(Pile | None, shown | {"note": 5}), [1, 0, 1, 0, 0.5, 1, 1])

    def test_what_has_no_numbers_says_why(self) -> None:
        for kind, why in (
            (str, "str has no few values"),
            (dict[str, int], "too many keys"),
            (list[str], "str has no few values"),
            (Tree, "no field"),
            (Row, "array_like"),
            (Named, "Named"),
            (bytes, "bytes"),
            (int | str, "int"),
            (Annotated[list[int], Meta(max_length=MAX_SIZE)], f"{MAX_SIZE} times"),
            (Annotated[list[int], Meta(max_length=0)], "would take 0 entries"),
            (Annotated[int, Meta(ge=0, le=10**9)] | str, ""),
        ):
            with self.assertRaises(NoFeature, msg=str(kind)) as raised:
                feature_of(kind, "it", None, rules())
            self.assertIn(why, str(raised.exception))

    @given(st.data())
    @PROPERTY
    def test_different_values_look_different(self, data: st.DataObject) -> None:
        kind = dict[Player, Annotated[list[tuple[Suit | None, Small | None, bool]], Meta(max_length=2)]]
        item = st.tuples(st.sampled_from(["C", "D", "H", None]), st.sampled_from([1, 2, 5, None]), st.booleans())
        values = st.dictionaries(st.sampled_from([*SEATS]), st.lists(item, max_size=2))
        one, other = data.draw(values), data.draw(values)
        looks = [numbers(kind, msgspec.json.decode(msgspec.json.encode(each))) for each in (one, other)]
        self.assertEqual(looks[0] == looks[1], one == other)

"""Which values a type has, held against what msgspec takes for one."""

from __future__ import annotations

import enum
import re
from typing import Annotated, Any, Literal, NewType

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Player
from gamesvc.bots.finite import MOST, is_player, values_of, without_none
from gamesvc.games.battleship import CELLS, Cell
from gamesvc.games.crazy_eights import Card

PROPERTY = settings(deadline=None, database=None, max_examples=100)

Suit = Literal["C", "D"]
PIECES = ("a", "b", "-", "(a|b2)", "[ab]", "[1-2-]", "(?:a|)", "?", "{2}", "{0,2}", "\\.", "*", ".", "|", "(b", "a)")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


def text(pattern: str) -> Any:
    return Annotated[str, Meta(pattern=pattern)]


class Values(SynchronousTestCase):
    def test_of_types_that_name_their_values(self) -> None:
        self.assertEqual(values_of(bool), [False, True])
        self.assertEqual(values_of(Suit), ["C", "D"])
        self.assertEqual(values_of(Suit | None), ["C", "D", None])
        self.assertEqual(values_of(Colour), ["red", "blue"])
        self.assertEqual(values_of(NewType("Named", Colour)), ["red", "blue"])
        self.assertEqual(values_of(tuple[bool, Suit]), [[False, "C"], [False, "D"], [True, "C"], [True, "D"]])

    def test_of_numbers_within_bounds(self) -> None:
        self.assertEqual(values_of(Annotated[int, Meta(ge=-1, lt=2)]), [-1, 0, 1])
        self.assertEqual(values_of(Annotated[int, Meta(gt=0, le=9, multiple_of=3)]), [3, 6, 9])
        self.assertEqual(values_of(Annotated[Annotated[int, Meta(ge=0)], Meta(le=1)]), [0, 1])

    def test_there_are_none_where_they_are_many_or_unknown(self) -> None:
        without_end = (int, float, str, Player, list[bool], dict[str, bool], Annotated[int, Meta(ge=0)], Suit | str)
        for kind in (*without_end, Annotated[int, Meta(ge=1, le=MOST + 1)], tuple[Card, Card, Card]):
            self.assertIsNone(values_of(kind), kind)
        self.assertEqual(len(values_of(Annotated[int, Meta(ge=1, le=MOST)]) or ()), MOST)

    def test_a_value_is_there_once(self) -> None:
        self.assertEqual(values_of(Literal["C", "E"] | Suit), ["C", "E", "D"])

    def test_players_are_told_from_other_text(self) -> None:
        self.assertTrue(is_player(Player))
        self.assertFalse(is_player(str))
        self.assertEqual(without_none(Player | None), (Player, True))
        self.assertEqual(without_none(int | str), (int | str, False))


class Patterns(SynchronousTestCase):
    def test_the_cards_and_the_cells_of_the_games(self) -> None:
        self.assertEqual(sorted(values_of(Cell) or ()), sorted(CELLS))
        self.assertEqual(len(values_of(Card) or ()), 52)

    def test_what_a_pattern_is_made_of(self) -> None:
        for pattern, expected in (
            ("^a|b$", None),
            ("^(a|b)$", ["a", "b"]),
            ("^(?:x|y{2})\\.$", ["x.", "yy."]),
            ("^[a\\-c-]$", ["a", "-", "c"]),
            ("^a{2,3}b?$", ["aa", "aab", "aaa", "aaab"]),
            ("^(a|)$", ["a", ""]),
            ("^$", [""]),
        ):
            self.assertEqual(values_of(text(pattern)), expected, pattern)

    def test_what_has_no_end_or_is_not_understood(self) -> None:
        for pattern in (
            *("a", "^a", "a$", "^a*$", "^a+$", "^.$", "^[^a]$", "^\\d$", "^\\w$", "^a{2,}$", "^(?=a)a$", "^(?P<n>a)$"),
            *("^a$b$", "^a??$", "^a\\$", "^[a-z]{4}$", "^a{65}$", "^(a|b){15}$"),
        ):
            self.assertIsNone(values_of(text(pattern)), pattern)

    def test_the_length_counts_too(self) -> None:
        self.assertEqual(values_of(Annotated[str, Meta(pattern="^(a|bb|ccc)$", min_length=2, max_length=2)]), ["bb"])

    @given(st.lists(st.sampled_from(PIECES), max_size=6), st.text("ab12.-", max_size=4))
    @PROPERTY
    def test_what_is_found_is_all_that_matches(self, pieces: list[str], word: str) -> None:
        pattern = f"^{''.join(pieces)}$"
        try:
            found = values_of(text(pattern))
        # Nothing to repeat, say: msgspec does not take it either.
        except re.error:
            return
        if found is not None:
            self.assertEqual(word in found, re.search(pattern, word) is not None)
            self.assertTrue(all(re.search(pattern, each) for each in found))

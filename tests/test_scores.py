"""How a game came out."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.scores import scores

TWO, THREE = ("a", "b"), ("a", "b", "c")


class Scores(SynchronousTestCase):
    """They are read from the event with which a game ended."""

    def test_numbers_are_taken_as_they_are(self) -> None:
        self.assertEqual(scores({"returns": {"a": 2, "b": -0.5}}, TWO), {"a": 2.0, "b": -0.5})
        self.assertEqual(scores({"scores": {"c": 3}}, THREE), {"a": 0.0, "b": 0.0, "c": 3.0})
        self.assertEqual(scores({"scores": {"a": 1}, "returns": {"a": 2}}, ("a",)), {"a": 2.0})
        # They say more than who won.
        self.assertEqual(scores({"winner": "a", "scores": {"b": 5}}, TWO), {"a": 0.0, "b": 5.0})

    def test_who_won_has_1_and_the_others_have_minus_1(self) -> None:
        self.assertEqual(scores({"winner": "b"}, THREE), {"a": -1.0, "b": 1.0, "c": -1.0})
        self.assertEqual(scores({"winners": ["a", "c"]}, THREE), {"a": 1.0, "b": -1.0, "c": 1.0})

    def test_where_nobody_won_or_all_did_all_have_0(self) -> None:
        outcomes: tuple[dict[str, Any], ...] = ({"winner": None}, {"winners": []}, {"winners": ["b", "a"]})
        for outcome in outcomes:
            self.assertEqual(scores(outcome, TWO), {"a": 0.0, "b": 0.0})

    def test_what_says_nothing_of_it_gives_none(self) -> None:
        outcomes: tuple[Any, ...] = (
            None,
            {},
            {"reason": "rain"},
            {"winner": "z"},
            {"winners": None},
            {"winners": "ab"},
            {"scores": {"a": "many", "b": 1}},
            {"returns": {"a": True}},
            {"scores": [1, 2]},
        )
        for outcome in outcomes:
            self.assertIsNone(scores(outcome, TWO), outcome)

"""What a model's class line may say."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, GameModel
from gamesvc.keywords import EXAMPLES, KEYWORDS, checked_keywords


class Keywords(SynchronousTestCase):
    """Which there are, and what they may be."""

    def refused(self, keyword: str, values: list[Any], words: str) -> None:
        for value in values:
            message = str(self.assertRaises(DefinitionError, checked_keywords, "Game", {keyword: value}))
            self.assertIn("Game: ", message)
            self.assertIn(words, message, value)

    def test_without_a_word_a_model_is_the_first_version_and_every_command_is_durable(self) -> None:
        class Game(GameModel):
            pass

        self.assertEqual((Game.VERSION, Game.DURABILITY, Game.SEATS), (1, "every", None))

    def test_a_model_says_which_version_it_is_and_how_durable_and_may_inherit_both(self) -> None:
        class Base(GameModel, seats=2, version=3, durability="snapshot"):
            pass

        class Same(Base):
            pass

        class Other(Base, version=4, durability="none"):
            pass

        said = [(each.VERSION, each.DURABILITY, each.SEATS) for each in (Base, Same, Other)]
        self.assertEqual(said, [(3, "snapshot", (2, 2)), (3, "snapshot", (2, 2)), (4, "none", (2, 2))])
        self.assertEqual((GameModel.VERSION, GameModel.DURABILITY), (1, "every"))

    def test_what_they_mean(self) -> None:
        cases: list[tuple[str, object, object]] = [
            ("seats", 2, (2, 2)),
            ("seats", (2, 4), (2, 4)),
            ("seats", (1, 256), (1, 256)),
            ("seats", None, None),
            ("version", 3, 3),
            ("durability", "snapshot", "snapshot"),
            ("tick", 20, 20.0),
            ("tick", 0.5, 0.5),
            ("tick", 120, 120.0),
            ("tick", None, None),
            ("endless", True, True),
            ("blocking", False, False),
        ]
        for keyword, value, meant in cases:
            self.assertEqual(checked_keywords("Game", {keyword: value}), {keyword: meant})

    def test_there_is_an_example_of_each(self) -> None:
        self.assertEqual(tuple(EXAMPLES), KEYWORDS)
        for keyword, example in EXAMPLES.items():
            checked_keywords("Game", eval(f"dict({example})"))
            self.assertTrue(example.startswith(f"{keyword}="))

    def test_one_that_there_is_not_is_told_with_the_nearest(self) -> None:
        message = str(self.assertRaises(DefinitionError, checked_keywords, "Game", {"version": 2, "seat": 2}))
        self.assertEqual(
            message,
            "Game: a model takes the keywords seats, version, durability, tick, endless, blocking, and not seat; "
            "did you mean seats?",
        )

    def test_seats_that_are_no_number_or_range_of_players(self) -> None:
        wrong = [0, -1, True, 2.0, "2", (2,), (4, 2), (0, 2), (2, 3, 4), [2, 4], 257, (2, 257), range(2, 4)]
        self.refused("seats", wrong, "write seats=2, or seats=(2, 4) for two to four")

    def test_versions_that_are_no_whole_number_from_1_on(self) -> None:
        self.refused("version", [0, -1, True, 2.0, "2", (1, 2), None], "the first version is 1")

    def test_durabilities_that_there_are_not(self) -> None:
        wrong = ["Every", "", "always", True, 1, ["every"], None]
        self.refused("durability", wrong, "write durability='every', 'snapshot' or 'none'")

    def test_ticks_that_are_none_or_too_many(self) -> None:
        self.refused("tick", [0, -1, 120.5, True, "20", float("nan"), float("inf")], "write tick=20 for twenty times")

    def test_switches_that_are_neither_on_nor_off(self) -> None:
        self.refused("endless", [1, 0, "yes", None], "write endless=True or leave it out")
        self.refused("blocking", [1, 0, "yes", None], "write blocking=True or leave it out")

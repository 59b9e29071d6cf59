"""The models that are made of OpenSpiel's games. Needs gamesvc[openspiel]."""

from __future__ import annotations

from importlib import import_module

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots.search import SearchBot
from gamesvc.errors import ConfigError
from gamesvc.openspiel import kinds
from gamesvc.openspiel.game import PrivateGame, PublicGame
from gamesvc.openspiel.kinds import class_name_of, kind_of
from gamesvc.openspiel.loading import NotServed


class Kinds(SynchronousTestCase):
    def test_a_kind_has_one_name_and_one_model_however_it_is_written(self) -> None:
        for text in ("backgammon", "backgammon()"):
            self.assertEqual(kind_of(text)[0], "openspiel:backgammon")
        self.patch(kinds, "try_out", lambda text: None)
        one, other = kind_of("go(board_size=7,komi=5.5)"), kind_of("go(komi=5.5,board_size=7)")
        self.assertEqual(one[0], "openspiel:go(board_size=7,komi=5.5)")
        self.assertEqual(one, other)
        self.assertNotEqual(one[1], kind_of("go(board_size=5)")[1])

    def test_what_kind_it_is(self) -> None:
        for text, base, seats in (("tic_tac_toe", PublicGame, 2), ("hearts", PrivateGame, 4), ("2048", PublicGame, 1)):
            model = kind_of(text)[1]
            self.assertTrue(issubclass(model, base))
            self.assertEqual(model.SEATS, (seats, seats))

    def test_what_can_not_be_played_on_in_thought_does_not_say_that_it_can(self) -> None:
        for text, can in (("tic_tac_toe", True), ("backgammon", True), ("stones_and_gems", False), ("hearts", False)):
            model = kind_of(text)[1]
            self.assertEqual("determinize" in model.HOOKS, can, text)
            if can:
                SearchBot().check(model)
            else:
                error = self.assertRaises(ConfigError, SearchBot().check, model)
                self.assertIn("what that might be, the game can't say", str(error))

    def test_only_what_has_parameters_is_tried_out(self) -> None:
        tried: list[str] = []
        self.patch(kinds, "try_out", tried.append)
        kind_of("kuhn_poker")
        kind_of("kuhn_poker(players=4)")
        self.assertEqual(tried, ["kuhn_poker(players=4)"])

    def test_what_was_tried_out_is_not_tried_out_again(self) -> None:
        tried: list[str] = []
        self.patch(kinds, "try_out", tried.append)
        model = kind_of("kuhn_poker(players=6)", tried=True)[1]
        self.assertEqual(tried, [])
        # Who does not know of that has it tried out, once.
        for _ in range(2):
            self.assertIs(kind_of("kuhn_poker(players=6)")[1], model)
        self.assertEqual(tried, ["kuhn_poker(players=6)"])

    def test_what_is_refused_when_it_is_tried_out_is_refused(self) -> None:
        def refuse(text: str) -> None:
            raise NotServed("it can't be played")

        self.patch(kinds, "try_out", refuse)
        self.assertRaises(NotServed, kind_of, "kuhn_poker(players=5)")


class Names(SynchronousTestCase):
    def test_a_class_is_called_like_its_game(self) -> None:
        self.assertEqual(class_name_of("tic_tac_toe()"), "TicTacToe")
        self.assertEqual(class_name_of("2048()"), "Game2048")
        self.assertEqual(class_name_of("go(board_size=9)"), "Go_board_5f_size_3d_9")

    def test_a_model_can_be_imported_by_its_name(self) -> None:
        self.patch(kinds, "try_out", lambda text: None)
        for text in ("tic_tac_toe", "2048", "go(board_size=6)", "misere(game=tic_tac_toe())"):
            model = kind_of(text)[1]
            self.assertIs(getattr(import_module(model.__module__), model.__name__), model)

    def test_other_names_are_not_there(self) -> None:
        for name in ("Ludo", "TicTacToe_ffffffffffff_", "Crossword", "_Go"):
            self.assertFalse(hasattr(kinds, name), name)

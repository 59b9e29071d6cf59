"""What an operator writes for a game of OpenSpiel's, and what they are told. Needs gamesvc[openspiel]."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.openspiel.loading import NotServed, canonical, name_in, rules_of


class Written(SynchronousTestCase):
    def refused(self, text: str) -> str:
        return str(self.assertRaises(NotServed, canonical, text))

    def test_a_game_is_called_the_same_however_it_is_written(self) -> None:
        for text in ("go(komi=7.5,board_size=9)", "go(board_size=9,komi=7.5)"):
            self.assertEqual(canonical(text), "go(board_size=9,komi=7.5)")
        for text in ("backgammon", "backgammon()"):
            self.assertEqual(canonical(text), "backgammon()")
        self.assertEqual(canonical("goofspiel(imp_info=true)"), "goofspiel(imp_info=True)")
        nested = "repeated_game(num_repetitions=10,stage_game=matrix_pd())"
        self.assertEqual(canonical("repeated_game(stage_game=matrix_pd(),num_repetitions=10)"), nested)
        self.assertEqual(name_in(nested), "repeated_game")

    def test_names_that_come_close_are_told(self) -> None:
        for text, meant in (("backgamon", "backgammon"), ("tic-tac-toe", "tic_tac_toe"), ("Chess", "chess")):
            self.assertIn(f"did you mean 'openspiel:{meant}'?", self.refused(text))
        self.assertIn("there are 2048, ", self.refused("xyzzy"))

    def test_what_openspiel_would_pass_over_is_not_passed_over(self) -> None:
        self.assertIn("OpenSpiel reads this as euchre()", self.refused("euchre(x)"))
        self.assertIn("OpenSpiel reads this as go(board_size=7)", self.refused("go(board_size=9,board_size=7)"))
        for text in ("", "go(board_size=9)xyz", "go(", "go (board_size=9)", "go)", "a b"):
            self.assertIn("write the name of a game", self.refused(text), text)

    def test_what_is_not_served_is_refused_with_the_reason(self) -> None:
        self.assertIn("structures", self.refused("crossword"))
        self.assertIn("mean field", self.refused("mfg_garnet(seed=3)"))


class Loaded(SynchronousTestCase):
    def refused(self, text: str) -> str:
        return str(self.assertRaises(NotServed, rules_of, text))

    def test_what_is_wrong_with_parameters_is_said_in_plain_words(self) -> None:
        for text, words in (
            ("go(foo=1)", "there is no parameter 'foo'. There are: board_size, handicap, komi, max_game_length"),
            ("go(board_size=abc)", "board_size has to be a whole number, and not 'abc'"),
            ("go(komi=7)", "komi has to be a number with a point, as in 1.0, and not '7'"),
            ("misere()", "misere needs game; write 'openspiel:misere(game=tic_tac_toe())', say"),
            ("misere(game=chess)", "game has to be a game, as in kuhn_poker(), and not 'chess'"),
            ("efg_game(filename=/no/such.efg)", "efg_game needs a file that can be read"),
            ("kuhn_poker(players=11)", "num_players_ = 11, kGameType.max_num_players = 10"),
        ):
            said = self.refused(text)
            self.assertIn(words, said)
            self.assertNotIn(".cc:", said)

    def test_what_can_not_be_served_is_refused(self) -> None:
        for text, words in (
            ("start_at(game=mfg_garnet(),history=0;1)", "mean field"),
            ("yacht(players=0)", "for 0 players"),
            ("misere(game=tarok())", "from a seed that can't be kept"),
        ):
            self.assertIn(words, self.refused(text), text)
        self.assertEqual(rules_of("tarok()").players, 3)

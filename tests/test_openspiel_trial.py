"""Games are tried out in another process before they are served. Needs gamesvc[openspiel]."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.openspiel import trial
from gamesvc.openspiel.loading import NotServed
from gamesvc.openspiel.rules import Rules
from gamesvc.openspiel.trial import play, try_out


class Steps:
    """A clock that goes on by so many seconds whenever it is asked.

    Args:
        seconds: how many.
    """

    def __init__(self, seconds: float) -> None:
        self._now, self._seconds = 0.0, seconds

    def __call__(self) -> float:
        self._now += self._seconds
        return self._now


class Apart(SynchronousTestCase):
    def refused(self, text: str) -> str:
        return str(self.assertRaises(NotServed, try_out, text))

    def test_one_that_can_be_played_is_not_refused(self) -> None:
        try_out("kuhn_poker(players=3)")

    def test_one_that_ends_its_process_is_refused_and_says_so(self) -> None:
        said = self.refused("hanabi(players=1)")
        self.assertIn("OpenSpiel ends the process that plays this (status -6: ", said)

    def test_one_that_never_comes_back_is_given_up(self) -> None:
        self.patch(trial, "TIMEOUT", 1.0)
        self.assertIn("does not come back within 1 s", self.refused("blotto(coins=100,fields=10)"))

    def test_what_the_other_process_finds_is_told_as_it_stands(self) -> None:
        self.assertIn("board_size has to be a whole number", self.refused("go(board_size=x)"))


class Found(SynchronousTestCase):
    def refused(self, text: str) -> str:
        return str(self.assertRaises(NotServed, play, Rules(text), 0.0, 100.0, Steps(0)))

    def test_a_game_is_played_at_least_once_and_until_the_time_is_up(self) -> None:
        self.assertEqual(play(Rules("kuhn_poker"), 0.0, 100.0, Steps(0.01)), 1)
        self.assertGreater(play(Rules("kuhn_poker"), 1.0, 100.0, Steps(0.01)), 5)

    def test_one_that_is_too_long_is_broken_off(self) -> None:
        self.assertEqual(play(Rules("go"), 0.0, 0.05, Steps(0.01)), 1)

    def test_faults_of_a_game(self) -> None:
        for text, words in (
            ("mnk(m=0,n=0,k=0)", "over before anybody has moved"),
            ("hex(board_size=-3)", "nobody has anything to do"),
            ("negotiation(num_symbols=30)", "moves to choose from"),
        ):
            self.assertIn(words, self.refused(text), text)

    def test_one_that_computes_for_too_long_is_refused(self) -> None:
        error = self.assertRaises(NotServed, play, Rules("tic_tac_toe"), 0.0, 100.0, Steps(3.0))
        self.assertIn("3.0 s for a single move", str(error))

    def test_one_that_is_another_each_time_is_refused(self) -> None:
        class Forgetful(Rules):
            def replayed(self, history: bytes, seed: int) -> object:
                return super().replayed(history[:-4], seed)

        error = self.assertRaises(NotServed, play, Forgetful("tic_tac_toe"), 0.0, 100.0, Steps(0))
        self.assertIn("does not come out the same", str(error))

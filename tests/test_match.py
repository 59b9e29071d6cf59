from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel
from gamesvc.bots import Bot, load
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.match import Match, Played
from tests import arena_bots
from tests.arena_bots import First, Last


def play(model: type[GameModel], *bots: Bot, **named: Any) -> Played:
    return Match(model, bots, **named).play()


def random() -> Bot:
    return load("random").make()


class ToTheEnd(SynchronousTestCase):
    def test_how_it_came_out(self) -> None:
        played = play(TicTacToe, First(), Last())
        self.assertEqual((played.scores, played.moves), ([1.0, -1.0], 5))
        self.assertEqual((played.failed, played.reason), (None, ""))
        self.assertEqual([len(each) for each in played.seconds], [3, 2])
        self.assertTrue(all(0 < each < 1 for seconds in played.seconds for each in seconds))

    def test_the_same_seed_is_the_same_game(self) -> None:
        one, same, other = (play(TicTacToe, random(), random(), seed=seed) for seed in (1, 1, 2))
        self.assertEqual(one.digest, same.digest)
        self.assertNotEqual(one.digest, other.digest)

    def test_the_games_own_chance_is_of_the_seed_too(self) -> None:
        scores = [play(arena_bots.Throws, First(), First(), First(), seed=seed).scores for seed in (1, 1, 2, 3, 4)]
        self.assertEqual(scores[0], scores[1])
        self.assertGreater(len({tuple(each or ()) for each in scores}), 2)

    def test_who_thinks_is_told(self) -> None:
        told: list[int | None] = []
        play(TicTacToe, First(), Last(), asks=told.append)
        self.assertEqual(told, [0, None, 1, None] * 2 + [0, None])

    def test_all_may_do_something_at_once(self) -> None:
        played = play(arena_bots.Throws, *[random()] * 4)
        self.assertEqual(([len(each) for each in played.seconds], played.moves), ([1] * 4, 4))

    def test_a_model_that_does_not_say_what_is_legal(self) -> None:
        played = play(arena_bots.Silent, arena_bots.Takes(), arena_bots.Takes())
        self.assertEqual((played.scores, played.moves), ([-1.0, 1.0], 6))

    def test_where_nobody_can_do_anything_time_goes_by(self) -> None:
        self.assertEqual(play(arena_bots.Waits, First(), First()).scores, [1.0, -1.0])

    def test_ticks_go_by_although_there_is_always_something_to_do(self) -> None:
        played = play(arena_bots.Race, First(), Last())
        self.assertEqual((played.scores, played.moves), ([0.0, 10.0], 20))

    def test_options(self) -> None:
        reason = play(arena_bots.Waits, First(), First(), options={"bells": 0}).reason
        self.assertEqual(reason, "not finished: nobody did anything any more, and no timer was to come")


class NotToTheEnd(SynchronousTestCase):
    def failed(self, bot: Bot) -> str:
        """How a bot failed that has the second seat."""
        played = play(TicTacToe, First(), bot)
        self.assertEqual((played.scores, played.failed, played.moves), (None, 1, 1))
        return played.reason

    def test_a_bot_that_raises(self) -> None:
        reason = self.failed(arena_bots.Raises())
        self.assertRegex(reason, r"^raised LookupError: I am lost \(arena_bots\.py, line \d+\)$")
        self.assertRegex(self.failed(arena_bots.Leaves()), r"^raised SystemExit: 3 \(arena_bots\.py, line \d+\)$")

    def test_a_bot_whose_move_is_refused(self) -> None:
        reason = self.failed(arena_bots.Cheats())
        self.assertIn("{'command': 'mark', 'cell': 9} was refused: refused: choose an empty cell", reason)

    def test_what_legal_names_and_the_game_refuses_is_no_bots_fault(self) -> None:
        reason = self.unfinished(arena_bots.Lies, First(), First())
        self.assertEqual(reason, "legal named {'command': 'take'}, which was refused: refused: not now")

    def test_a_bot_that_returns_no_command(self) -> None:
        self.assertIn("Babbles.choose returned list", self.failed(arena_bots.Babbles()))

    def unfinished(self, model: type[GameModel], *bots: Bot, **named: Any) -> str:
        """Why a game was not finished."""
        played = play(model, *bots, **named)
        self.assertEqual((played.scores, played.failed), (None, None))
        return played.reason

    def test_nobody_does_anything(self) -> None:
        reason = self.unfinished(TicTacToe, First(), arena_bots.Lazy())
        self.assertEqual(reason, "not finished: nobody did anything any more, and no timer was to come")

    def test_it_does_not_come_to_an_end(self) -> None:
        played = play(arena_bots.Endless, First(), First(), max_moves=50)
        self.assertEqual((played.scores, played.moves, played.reason), (None, 50, "not finished after 50 moves"))
        self.assertEqual(play(TicTacToe, First(), Last(), max_moves=5).scores, [1.0, -1.0])

    def test_it_goes_on_without_moves(self) -> None:
        reason = self.unfinished(arena_bots.Race, *[arena_bots.Lazy()] * 2, max_moves=5)
        self.assertEqual(reason, "not finished after 5 moves")

    def test_the_model_fails(self) -> None:
        reason = self.unfinished(arena_bots.Breaks, First(), First())
        self.assertRegex(reason, r"^the game failed: LookupError: no road \(arena_bots\.py, line \d+\)$")

    def test_it_does_not_say_who_won(self) -> None:
        reason = self.unfinished(arena_bots.Mute, First(), First())
        self.assertIn("does not say who won", reason)

    def test_a_long_reason_is_cut(self) -> None:
        class Long(Bot):
            def choose(self, turn: Any) -> Any:
                raise ValueError("x" * 10_000)

        self.assertLess(len(self.failed(Long())), 400)

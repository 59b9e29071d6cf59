"""OpenSpiel's own bots at OpenSpiel's games. Needs gamesvc[openspiel]."""

from __future__ import annotations

import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots import Bot, BotError, load
from gamesvc.catalog import Catalog
from gamesvc.errors import ConfigError
from gamesvc.offline import OfflineGame
from gamesvc.openspiel import bots
from gamesvc.openspiel.bots import OpenSpielMcts, OpenSpielRandom


def model_of(game: str) -> Any:
    return Catalog([game]).default.model


def scores(game: str, *bots: Bot, seed: int = 0) -> dict[str, float]:
    """How a game ends between bots."""
    table = OfflineGame(model_of(game), [f"player {seat}" for seat in range(len(bots))], seed=seed)
    chance, of = random.Random(seed), dict(zip(table.players, bots, strict=True))
    while not table.finished:
        player = table.to_move[0]
        choice = of[player].choose(table.turn(player, chance))
        assert choice is not None
        table.act(player, choice)
    ended = table.scores
    assert ended is not None
    return ended


class Mcts(SynchronousTestCase):
    def test_it_wins_against_chance(self) -> None:
        both = OpenSpielMcts(simulations=100, seconds=0), OpenSpielRandom()
        for seed in range(3):
            self.assertEqual(scores("openspiel:connect_four", *both, seed=seed)["player 0"], 1.0)

    def test_it_never_loses_a_game_that_it_can_think_through(self) -> None:
        both = OpenSpielRandom(), OpenSpielMcts(simulations=600, seconds=0)
        for seed in range(3):
            ended = scores("openspiel:tic_tac_toe", *both, seed=seed)
            self.assertGreaterEqual(ended["player 1"], 0.0)

    def test_asked_the_same_it_answers_the_same(self) -> None:
        game = OfflineGame(model_of("openspiel:connect_four"), ["a", "b"])
        choices = [OpenSpielMcts(simulations=20, seconds=0).choose(game.turn("a", random.Random(4))) for _ in range(3)]
        self.assertEqual(choices, choices[:1] * 3)

    def made(self, seconds: float, each: float) -> list[int]:
        """How many simulations are made, each so long, in so much time."""
        now, made = [0.0], []

        class Counted:
            def __init__(self, game: Any, exploration: float, simulations: int, *others: Any) -> None:
                self.simulations = simulations

            def step(self, state: Any) -> int:
                made.append(self.simulations)
                now[0] += self.simulations * each
                return 0

        self.patch(bots, "MCTSBot", Counted)
        self.patch(bots, "clock", lambda: now[0])
        game = OfflineGame(model_of("openspiel:connect_four"), ["a", "b"])
        OpenSpielMcts(simulations=1000, seconds=seconds).choose(game.turn("a", random.Random(4)))
        return made

    def test_it_makes_as_many_simulations_as_there_is_time_for(self) -> None:
        self.assertEqual(self.made(2.0, 0.0001), [20, 1000])
        self.assertEqual(self.made(2.0, 0.01), [20, 180])
        self.assertEqual(self.made(2.0, 0.09), [20])
        self.assertEqual(self.made(2.0, 9.0), [20])
        self.assertEqual(self.made(0, 9.0), [1000])

    def test_chance_is_no_hindrance(self) -> None:
        game = OfflineGame(model_of("openspiel:backgammon"), ["a", "b"])
        (player,) = game.to_move
        choice = OpenSpielMcts(simulations=3).choose(game.turn(player, random.Random(4)))
        assert choice is not None
        game.act(player, choice)

    def test_who_is_not_to_move_does_nothing(self) -> None:
        game = OfflineGame(model_of("openspiel:tic_tac_toe"), ["a", "b"])
        for bot in (OpenSpielMcts(), OpenSpielRandom()):
            self.assertIsNone(bot.choose(game.turn("b", random.Random(4))))

    def test_games_that_it_can_not_play_are_refused(self) -> None:
        bot = OpenSpielMcts()
        for game, words in (
            ("openspiel:kuhn_poker", "not all is seen by all"),
            ("openspiel:matrix_pd", "at the same time"),
            ("openspiel:2048", "before its end"),
            ("openspiel:morpion_solitaire", "before its end"),
            ("tic-tac-toe", "OpenSpiel's games only"),
        ):
            self.assertIn(words, str(self.assertRaises(ConfigError, bot.check, model_of(game))), game)
        bot.check(model_of("openspiel:backgammon"))
        hidden = OfflineGame(model_of("openspiel:kuhn_poker"), ["a", "b"])
        self.assertRaises(BotError, bot.choose, hidden.turn("a", random.Random(4)))

    def test_its_options_have_bounds(self) -> None:
        name = "gamesvc.openspiel.bots:OpenSpielMcts"
        self.assertIsInstance(load(f"{name}(simulations=10,rollouts=2,exploration=1.4,solve=false)").make(), Bot)
        for option in ("simulations=0", "simulations=1e9", "rollouts=0", "exploration=-1"):
            self.assertRaises(ConfigError, load, f"{name}({option})")


class Uniform(SynchronousTestCase):
    def test_it_plays_games_of_all_sorts(self) -> None:
        for game, count in (("kuhn_poker", 2), ("matrix_pd", 2), ("2048", 1), ("hearts", 4)):
            ended = scores(f"openspiel:{game}", *[OpenSpielRandom()] * count)
            self.assertEqual(len(ended), count)

    def test_it_chooses_each_action_as_often(self) -> None:
        game, chance = OfflineGame(model_of("openspiel:matrix_rps"), ["a", "b"]), random.Random(1)
        turn = game.turn("a", chance)
        chosen = [choice["action"] for _ in range(300) if (choice := OpenSpielRandom().choose(turn))]
        self.assertEqual([each for each in range(3) if not 70 <= chosen.count(each) <= 130], [])

    def test_it_is_quick_and_plays_openspiels_games_only(self) -> None:
        self.assertTrue(OpenSpielRandom.quick)
        self.assertRaises(ConfigError, OpenSpielRandom().check, model_of("tic-tac-toe"))

"""Policies as bots; among them the one that docs/training.md trains."""

from __future__ import annotations

import json
import random
import tempfile
import types
from pathlib import Path
from typing import Any

import numpy as np
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel
from gamesvc.bots import Bot, BotError, Turn, load
from gamesvc.bots.encoding import Array, Encoding, Mask
from gamesvc.bots.policy import PolicyBot
from gamesvc.errors import ConfigError
from gamesvc.games.connect_four import ConnectFour
from gamesvc.games.greetings import Greetings
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.offline import OfflineGame
from tests.pages import Files, blocks

TRAINING = (Path(__file__).parent.parent / "docs" / "training.md").read_text()
CELLS = [{"command": "mark", "cell": cell} for cell in range(9)]


class Fixed(PolicyBot):
    """Does the same, whatever it sees."""

    encoding = Encoding(TicTacToe, actions=CELLS)

    def __init__(self, action: int = 4) -> None:
        self.action = action
        self.asked: list[tuple[Array, Mask]] = []

    def act(self, observation: Array, mask: Mask) -> Any:
        self.asked.append((observation, mask))
        return np.int64(self.action)


class Whatever(PolicyBot):
    """Plays whatever game it is put to."""

    def act(self, observation: Array, mask: Mask) -> int:
        return int(np.flatnonzero(mask)[0])


class Misere(TicTacToe, seats=2):
    """Another game of the same commands."""


class Gobang(TicTacToe, seats=2):
    """And another, of the same module."""


class Loser(Fixed):
    encoding = Encoding(Misere, actions=CELLS)


class Lazy(PolicyBot):
    """Has no policy."""


def turn(game: OfflineGame, player: str) -> Turn:
    return game.turn(player, random.Random(0))


class Choosing(SynchronousTestCase):
    def setUp(self) -> None:
        self.game = OfflineGame(TicTacToe, ["alice", "bob"])

    def test_the_policy_s_action_is_a_command(self) -> None:
        self.assertEqual(Fixed(7).choose(turn(self.game, "alice")), CELLS[7])

    def test_the_policy_sees_what_it_saw_when_it_was_trained(self) -> None:
        self.game.act("alice", CELLS[0])
        bot = Fixed()
        bot.choose(turn(self.game, "bob"))
        ((observation, mask),) = bot.asked
        where = self.game.view("bob"), "bob", self.game.players
        np.testing.assert_array_equal(observation, bot.encoding.encode(*where))
        np.testing.assert_array_equal(mask, bot.encoding.mask(*where))

    def test_where_nothing_is_legal_it_does_nothing(self) -> None:
        bot = Fixed()
        self.assertIsNone(bot.choose(turn(self.game, "bob")))
        self.assertEqual(bot.asked, [])

    def test_what_is_not_legal_is_told(self) -> None:
        self.game.act("alice", CELLS[4])
        with self.assertRaisesRegex(BotError, "Fixed: the action 4 is not legal for 'bob'"):
            Fixed().choose(turn(self.game, "bob"))

    def test_without_an_encoding_it_sees_whatever_game_it_is(self) -> None:
        for model in (TicTacToe, ConnectFour):
            game = OfflineGame(model, ["alice", "bob"])
            bot = Whatever()
            while not game.finished:
                (player,) = game.to_move
                choice = bot.choose(turn(game, player))
                self.assertEqual(choice, game.legal(player)[0])
                assert choice is not None
                game.act(player, choice)

    def test_a_game_that_it_can_t_play_is_refused_beforehand(self) -> None:
        mistakes: tuple[tuple[Bot, type[GameModel], str], ...] = (
            (Fixed(), ConnectFour, "Fixed can't play ConnectFour: its encoding is one of TicTacToe"),
            (Loser(), Gobang, "Loser can't play Gobang: its encoding is one of Misere"),
            (Whatever(), Greetings, "Whatever can't play Greetings: Greetings has no seats"),
            (Lazy(), TicTacToe, "Lazy has no act; write `def act"),
        )
        for bot, model, why in mistakes:
            with self.assertRaisesRegex(ConfigError, why):
                bot.check(model)
        Fixed().check(TicTacToe)
        Whatever().check(ConnectFour)

    def test_a_game_of_another_kind_is_told_of(self) -> None:
        with self.assertRaisesRegex(BotError, "Fixed: its encoding is one of TicTacToe"):
            Fixed().choose(turn(OfflineGame(ConnectFour, ["alice", "bob"]), "alice"))


class Training(SynchronousTestCase):
    """What docs/training.md says."""

    def setUp(self) -> None:
        self.modules = Files(self).write_all(blocks(TRAINING))
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = str(Path(directory.name) / "policy.json")

    def module(self, name: str) -> types.ModuleType:
        return self.modules[name]

    def won(self, bot: Bot, games: int) -> int:
        """How many of some games a bot wins against chance, every other one from the first seat."""
        nim: type[GameModel] = self.module("nim.py").Nim
        other = load("random").make()
        wins = 0
        for number in range(games):
            game = OfflineGame(nim, ["alice", "bob"], seed=number)
            chance = random.Random(number)
            name = game.players[number % 2]
            while not game.finished:
                (player,) = game.to_move
                choice = (bot if player == name else other).choose(game.turn(player, chance))
                assert choice is not None
                game.act(player, choice)
            wins += (game.scores or {})[name] == 1
        return wins

    def test_what_was_trained_and_stored_is_loaded_and_beats_chance(self) -> None:
        self.module("train.py").train(self.path)
        bot = load(f"nim_bot:Trained(path={json.dumps(self.path)})").make()
        self.assertGreaterEqual(self.won(bot, 100), 95)

    def test_before_the_training_it_does_not(self) -> None:
        Path(self.path).write_text("{}")
        self.assertLess(self.won(self.module("nim_bot.py").Trained(self.path), 100), 75)

    def test_the_same_seed_trains_the_same(self) -> None:
        tables = []
        for seed in (3, 3, 4):
            self.module("train.py").train(self.path, games=20, seed=seed)
            tables.append(Path(self.path).read_text())
        self.assertEqual(tables[0], tables[1])
        self.assertNotEqual(tables[0], tables[2])

    def test_the_page_says_how_the_game_looks(self) -> None:
        self.assertEqual(self.module("nim_bot.py").ENCODING.actions, 3)
        self.assertIn("sticks: number from 0 to 21", str(self.module("nim_bot.py").ENCODING))

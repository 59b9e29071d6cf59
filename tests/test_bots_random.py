"""RandomBot: plays whatever is legal."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots import Turn
from gamesvc.bots.random import RandomBot
from gamesvc.errors import ConfigError
from gamesvc.games.tic_tac_toe import TicTacToe
from tests.thought_games import Silent


class RandomBotTest(SynchronousTestCase):
    def turn(self, legal: list[dict[str, Any]], random: Random) -> Turn:
        return Turn(TicTacToe, "alice", ("alice", "bob"), {"legal": legal}, random)

    def test_each_move_is_as_likely_as_any_other(self) -> None:
        legal = [{"command": "mark", "cell": cell} for cell in range(3)]
        random = Random(1)
        counts = Counter((RandomBot().choose(self.turn(legal, random)) or {})["cell"] for _ in range(3000))
        self.assertEqual(sorted(counts), [0, 1, 2])
        self.assertTrue(all(900 < count < 1100 for count in counts.values()), counts)

    def test_where_nothing_is_legal_it_does_nothing(self) -> None:
        self.assertIsNone(RandomBot().choose(self.turn([], Random(1))))

    def test_it_is_quick(self) -> None:
        self.assertTrue(RandomBot.quick)

    def test_a_game_that_does_not_say_what_is_legal_is_refused_with_what_to_write(self) -> None:
        RandomBot().check(TicTacToe)
        error = self.assertRaises(ConfigError, RandomBot().check, Silent)
        self.assertIn("random can't play Silent", str(error))
        self.assertIn("def legal(self, player: Player) -> Iterable[Move]", str(error))

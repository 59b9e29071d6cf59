"""Bot and Turn: what a bot is asked with, and what it may answer."""

from __future__ import annotations

from random import Random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots import Bot, BotError, Turn, ask
from gamesvc.games.greetings import Greetings
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.offline import OfflineGame


class Returning(Bot):
    def __init__(self, value: Any = None) -> None:
        self.value = value

    def choose(self, turn: Turn) -> Any:
        return self.value


def turn_of(view: dict[str, Any]) -> Turn:
    return Turn(TicTacToe, "alice", ("alice", "bob"), view, Random(1))


class TurnTest(SynchronousTestCase):
    def test_what_is_legal_stands_in_the_view(self) -> None:
        turn = OfflineGame(TicTacToe, ["alice", "bob"]).turn("alice", Random(1))
        self.assertEqual(turn.legal, [{"command": "mark", "cell": cell} for cell in range(9)])
        self.assertEqual(turn_of({}).legal, [])

    def test_it_can_not_be_changed(self) -> None:
        with self.assertRaises(AttributeError):
            turn_of({}).player = "bob"  # type: ignore[misc]  # it is frozen


class Asked(SynchronousTestCase):
    def test_a_command_or_nothing_is_what_a_bot_may_choose(self) -> None:
        for choice in (None, {"command": "mark", "cell": 4}, {"command": "resign"}):
            self.assertEqual(ask(Returning(choice), turn_of({})), choice)

    def test_anything_else_is_refused_in_words(self) -> None:
        for choice, what in (([4], "list"), ("mark", "str"), ({"cell": 4}, "dict without"), ({"command": 4}, "dict")):
            error = self.assertRaises(BotError, ask, Returning(choice), turn_of({}))
            self.assertIn("Returning.choose returned", str(error))
            self.assertIn(what, str(error))
            self.assertIn('{"command": "mark", "cell": 4}', str(error))

    def test_without_being_told_otherwise_a_bot_is_not_quick_and_plays_all(self) -> None:
        self.assertFalse(Bot.quick)
        Returning().check(Greetings)
        self.assertRaises(NotImplementedError, Bot().choose, turn_of({}))

"""Why there is nothing that somebody may do just now."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.play_turn import whose_turn, why_nothing
from gamesvc.games.chess import Chess
from gamesvc.games.connect_four import ConnectFour
from gamesvc.testing import Table

NOTHING = "There is nothing that you can do just now"
EVIL = "\x1b[2Jbob\x07"


def told(state: dict[str, Any], *players: str | None, playing: bool = True, finished: bool = False) -> str:
    return why_nothing({"legal": [], **state}, "alice", players, playing=playing, finished=finished)


class Turns(SynchronousTestCase):
    def test_whose_turn_it_is_is_found_where_games_say_it(self) -> None:
        for state, movers in (
            ({"turns": {"current": "bob", "order": ["alice", "bob"]}}, ["bob"]),
            ({"clock": {"running": "alice"}}, ["alice"]),
            ({"to_move": ["alice", "bob"]}, ["alice", "bob"]),
        ):
            self.assertEqual(whose_turn(state), movers)

    def test_where_they_say_nothing_or_something_else_it_is_nobodys(self) -> None:
        states: list[dict[str, Any]] = [
            {},
            {"turns": {"order": []}},
            {"turns": {"current": 3}, "clock": {"running": ""}, "to_move": "alice"},
            {"turns": 7, "clock": None, "to_move": [1, "", None]},
        ]
        for state in states:
            self.assertEqual(whose_turn(state), [])

    def test_the_games_that_come_along_do_say_it(self) -> None:
        for model, command, arguments in (
            (ConnectFour, "drop", {"column": 3}),
            (Chess, "move", {"uci": "e2e4"}),
        ):
            table = Table(model, "alice", "bob")
            (first,) = whose_turn(table.state_of("bob"))
            table.send(first, command, **arguments)
            (second,) = whose_turn(table.state_of("bob"))
            self.assertEqual({first, second}, {"alice", "bob"}, command)


class Reasons(SynchronousTestCase):
    def test_it_is_somebody_elses_turn(self) -> None:
        self.assertEqual(told({"turns": {"current": "bob"}}, "alice", "bob"), "It is bob's turn.")
        self.assertEqual(told({"to_move": ["bob", "eve"]}, "alice", "bob", "eve"), "It is bob's and eve's turn.")
        three = told({"to_move": ["bob", "eve", "zoe"]}, "alice", "bob", "eve", "zoe")
        self.assertEqual(three, "It is bob's, eve's and zoe's turn.")

    def test_it_is_ones_own_and_there_is_nothing_all_the_same(self) -> None:
        self.assertEqual(told({"turns": {"current": "alice"}}, "alice", "bob", "eve"), f"{NOTHING}.")

    def test_seats_are_free(self) -> None:
        self.assertEqual(told({}, "alice", None), f"{NOTHING}; 1 of 2 seats is free.")
        self.assertEqual(told({}, "alice", None, None), f"{NOTHING}; 2 of 3 seats are free.")

    def test_the_game_does_not_say_whose_turn_it_is(self) -> None:
        self.assertEqual(told({}, "alice", "bob"), f"{NOTHING}: you wait for bob.")
        for players in ((), ("alice",), ("alice", "bob", "eve")):
            self.assertEqual(told({}, *players), f"{NOTHING}.")

    def test_nothing_will_come(self) -> None:
        turn = {"turns": {"current": "bob"}}
        self.assertEqual(told(turn, "alice", "bob", finished=True), "The game is over.")
        self.assertEqual(told(turn, "bob", "eve", playing=False), "You watch, and only players can do something.")

    def test_the_game_does_not_say_what_is_legal(self) -> None:
        message = why_nothing({"moves": 1}, "alice", ["alice", "bob"], playing=True, finished=False)
        self.assertEqual(message, "This game does not say what you may do just now; /help shows its commands.")

    def test_what_others_are_called_does_nothing_to_a_terminal(self) -> None:
        for message in (told({"turns": {"current": EVIL}}, "alice", EVIL), told({}, "alice", EVIL)):
            self.assertTrue(message.isprintable(), message)
            self.assertIn("bob", message)
        self.assertLess(len(told({"turns": {"current": "x" * 10_000}}, "alice", "bob")), 200)

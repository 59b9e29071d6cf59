"""Connect four: rows in each direction, full columns and boards, boards of other sizes."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.games.connect_four import ConnectFour
from gamesvc.testing import Refused, Table


class OfFour(SynchronousTestCase):
    def play(self, *columns: int, **options: int) -> Table:
        """Alice and Bob drop discs in turn, Alice the first."""
        table = Table(ConnectFour, "alice", "bob", options=options)
        for number, column in enumerate(columns):
            table.send(("alice", "bob")[number % 2], "drop", column=column)
        return table

    def refused(self, table: Table, player: str, column: Any) -> str:
        before = table.state
        refusal = self.assertRaises(Refused, table.send, player, "drop", column=column)
        self.assertEqual(table.state, before)
        return f"{refusal.code}: {refusal.message}"


class Rows(OfFour):
    """Four in a row win."""

    def won(self, table: Table) -> list[list[int]]:
        last = table.last("alice")
        assert last is not None
        self.assertEqual((last["event"], table.finished), ("Finished", True))
        row: list[list[int]] = last["row"]
        return row

    def test_across_whichever_disc_was_the_last(self) -> None:
        for columns in ((0, 1, 2, 3), (3, 2, 1, 0), (0, 1, 3, 2), (3, 5, 6, 4)):
            first, second, third, last = columns
            table = self.play(first, first, second, second, third, third, last)
            self.assertEqual(self.won(table), [[column, 0] for column in sorted(columns)])
            self.assertEqual(table.events("bob")[-1]["winner"], "alice")

    def test_up(self) -> None:
        self.assertEqual(self.won(self.play(6, 0, 6, 0, 6, 0, 6)), [[6, 0], [6, 1], [6, 2], [6, 3]])

    def test_aslant_both_ways(self) -> None:
        rising = (0, 1, 1, 2, 2, 3, 2, 3, 3, 5, 3)
        self.assertEqual(self.won(self.play(*rising)), [[0, 0], [1, 1], [2, 2], [3, 3]])
        falling = [6 - column for column in rising]
        self.assertEqual(sorted(self.won(self.play(*falling))), [[3, 3], [4, 2], [5, 1], [6, 0]])

    def test_five_in_a_row_win_too(self) -> None:
        table = self.play(0, 0, 1, 1, 3, 3, 4, 4, 2)
        self.assertEqual(self.won(table), [[column, 0] for column in range(5)])

    def test_of_the_second_player_too(self) -> None:
        table = self.play(0, 1, 0, 2, 0, 3, 5, 4)
        self.assertEqual(table.events("alice")[-1]["winner"], "bob")

    def test_discs_of_both_are_no_row_and_the_edge_is_no_way_round(self) -> None:
        self.assertFalse(self.play(0, 1, 2, 3).finished)
        self.assertFalse(self.play(5, 5, 6, 6, 0, 0, 1).finished)


class Refusals(OfFour):
    def test_out_of_turn(self) -> None:
        table = self.play()
        self.assertEqual(self.refused(table, "bob", 0), "not_your_turn: it is alice's turn")
        table.send("alice", "drop", column=0)
        self.assertIn("bob's turn", self.refused(table, "alice", 0))

    def test_into_no_column(self) -> None:
        table = self.play()
        for column in (-1, 7):
            self.assertEqual(
                self.refused(table, "alice", column), "no_column: there is no such column: choose one of 0 to 6"
            )

    def test_into_a_full_column(self) -> None:
        table = self.play(0, 0, 0, 0, 0, 0)
        self.assertEqual(self.refused(table, "alice", 0), "column_full: this column is full: choose another")

    def test_after_the_end(self) -> None:
        self.assertIn("game_over", self.refused(self.play(6, 0, 6, 0, 6, 0, 6), "bob", 1))


class Boards(OfFour):
    def test_the_state_is_what_clients_draw(self) -> None:
        table = self.play(3, 3, 0)
        self.assertEqual(table.state["columns"], [["alice"], [], [], ["alice", "bob"], [], [], []])
        self.assertEqual((table.state["height"], table.state["turns"]["current"]), (6, "bob"))
        self.assertEqual(table.last("bob"), {"event": "Dropped", "player": "alice", "column": 0, "row": 0})

    def test_a_full_board_is_nobodys(self) -> None:
        # In each pair of columns, the discs stand two by two.
        table = self.play(*[0, 1, 0, 1, 1, 0, 1, 0, 2, 3, 2, 3, 3, 2, 3, 2], width=4, height=4)
        self.assertEqual(table.last("bob"), {"event": "Finished", "winner": None, "row": []})
        self.assertTrue(table.finished)

    def test_the_options_say_how_large_it_is_within_bounds(self) -> None:
        table = self.play(8, width=9, height=4)
        self.assertEqual((len(table.state["columns"]), table.state["height"]), (9, 4))
        for size in (3, 17):
            for option in ("width", "height"):
                self.assertRaises(msgspec.ValidationError, msgspec.convert, {option: size}, ConnectFour.OPTIONS)

    def test_games_end(self) -> None:
        chance = random.Random(1)
        for _ in range(10):
            table = self.play()
            for _ in range(42):
                player = table.state["turns"]["current"]
                free = [column for column in range(7) if len(table.state["columns"][column]) < 6]
                table.send(player, "drop", column=chance.choice(free))
                if table.finished:
                    break
            self.assertTrue(table.finished)


class Leaving(OfFour):
    def test_who_leaves_loses(self) -> None:
        table = self.play(0, 1)
        table.leave("alice")
        self.assertEqual(table.last("bob"), {"event": "Finished", "winner": "bob", "row": []})

    def test_a_crash_changes_nothing(self) -> None:
        table = self.play(0, 1)
        before = table.state
        table.restart()
        self.assertEqual(table.state, before)
        table.send("alice", "drop", column=0)

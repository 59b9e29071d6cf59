"""Tic-tac-toe: as it stands in the design, played."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.games import tic_tac_toe
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.testing import Refused, Table
from tests import tictactoe


class TheGame(SynchronousTestCase):
    def play(self, *cells: int) -> Table:
        """Alice and Bob mark cells in turn, Alice the first."""
        table = Table(TicTacToe, "alice", "bob")
        for number, cell in enumerate(cells):
            table.send(("alice", "bob")[number % 2], "mark", cell=cell)
        return table

    def test_it_is_the_one_that_the_design_has(self) -> None:
        self.assertEqual(Path(tic_tac_toe.__file__).read_text(), Path(tictactoe.__file__).read_text())

    def test_three_in_a_row_win_in_each_line(self) -> None:
        for line in tic_tac_toe.LINES:
            first, second, *_ = (cell for cell in range(9) if cell not in line)
            table = self.play(line[0], first, line[1], second, line[2])
            self.assertEqual(table.last("bob"), {"event": "Finished", "winner": "alice"})
            self.assertTrue(table.finished)

    def test_a_full_board_without_three_in_a_row_is_nobodys(self) -> None:
        table = self.play(0, 1, 2, 4, 3, 5, 7, 6, 8)
        self.assertEqual(table.last("alice"), {"event": "Finished", "winner": None})

    def test_a_mark_out_of_turn_or_on_no_empty_cell_is_refused(self) -> None:
        table = self.play(4)
        for player, cell in (("alice", 0), ("bob", 4), ("bob", 9), ("bob", -1)):
            self.assertRaises(Refused, table.send, player, "mark", cell=cell)
        self.assertEqual(table.state["moves"], 1)

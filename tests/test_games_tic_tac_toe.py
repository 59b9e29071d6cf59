"""Tic-tac-toe: as it stands in the design, played; and what is legal."""

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

    def test_it_is_the_one_that_the_design_has_and_what_is_legal(self) -> None:
        shipped, designed = (Path(module.__file__ or "").read_text() for module in (tic_tac_toe, tictactoe))
        for more, instead in (
            ("from collections.abc import Iterable\n\n", ""),
            ("GameModel, Move, Player", "GameModel, Player"),
            (shipped[shipped.index("\n    def legal(self") :], ""),
        ):
            self.assertEqual(shipped.count(more), 1)
            shipped = shipped.replace(more, instead)
        self.assertEqual(shipped, designed)

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

"""How games of OpenSpiel's stand. Needs gamesvc[openspiel]."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.openspiel import position as module
from gamesvc.openspiel.position import MAX_NAME, Position, packed, unpacked
from gamesvc.openspiel.rules import Rules


class Histories(SynchronousTestCase):
    def test_actions_are_stored_in_four_bytes_each(self) -> None:
        self.assertEqual(len(packed([0, 7, 2**31 - 1])), 12)
        self.assertEqual(unpacked(packed([0, 7, 2**31 - 1])), [0, 7, 2**31 - 1])
        self.assertEqual(unpacked(b""), [])

    def test_the_actions_are_numbered_from_one(self) -> None:
        self.assertEqual(Rules("tic_tac_toe").position(packed([4, 0]), 0).numbered, {"1": 4, "2": 0})


class Positions(SynchronousTestCase):
    def test_positions_are_equal_where_the_game_stands_alike(self) -> None:
        one, other = Rules("tic_tac_toe"), Rules("tic_tac_toe")
        self.assertEqual(one.position(packed([4]), 0), other.position(packed([4]), 0))
        self.assertNotEqual(one.position(packed([4]), 0), one.position(packed([5]), 0))
        self.assertNotEqual(one.position(b"", 0), b"")

    def test_who_is_not_to_move_has_nothing_to_choose(self) -> None:
        position = Rules("tic_tac_toe").position(b"", 0)
        self.assertEqual((position.legal(1), position.named(1), len(position.named(0))), ([], [], 9))

    def test_long_names_are_cut(self) -> None:
        class State:
            def action_to_string(self, seat: int, action: int) -> str:
                return "x" * action

        position = Position(State(), b"")
        self.assertEqual(position.name(0, MAX_NAME), "x" * MAX_NAME)
        self.assertEqual(position.name(0, MAX_NAME + 1), "x" * (MAX_NAME - 1) + "…")

    def test_of_very_many_actions_some_are_named_and_all_are_legal(self) -> None:
        self.patch(module, "MAX_NAMED", 3)
        position = Rules("tic_tac_toe").position(b"", 0)
        self.assertEqual(
            (position.named(0), len(position.legal(0))), ([(0, "x(0,0)"), (1, "x(0,1)"), (2, "x(0,2)")], 9)
        )

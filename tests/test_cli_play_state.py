"""A game's state as people read it."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Any

from rich.console import Console, RenderableType
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.play_state import MAX_CHOICES, Shown, as_board, choices

EVIL = "\x1b[2J\x07"


def drawn(things: Iterable[RenderableType]) -> list[str]:
    """The lines that appear."""
    screen = io.StringIO()
    console = Console(file=screen, width=100, color_system=None, markup=False, emoji=False, highlight=False)
    for thing in things:
        console.print(thing)
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def whole(**state: Any) -> list[str]:
    return drawn(Shown("alice").whole(state))


class Boards(SynchronousTestCase):
    def test_a_plain_list_that_is_called_so_is_a_square_whose_empty_cells_are_numbered(self) -> None:
        board = ["bob", None, None, None, "alice", None, None, None, None]
        self.assertEqual(whole(board=board), [
            "board:",
            "┌───────┬───────┬───────┐",
            "│  bob  │   1   │   2   │",
            "├───────┼───────┼───────┤",
            "│   3   │ alice │   5   │",
            "├───────┼───────┼───────┤",
            "│   6   │   7   │   8   │",
            "└───────┴───────┴───────┘",
        ])  # fmt: skip
        self.assertEqual(whole(hand=list("abcdefghi")), ["hand: a b c d e f g h i"])

    def test_a_list_of_rows_has_its_rows_and_columns_numbered(self) -> None:
        self.assertEqual(whole(map=[[1, None, 3], [None, "x"]]), [
            "map:",
            "┌───┬───┬───┬───┐",
            "│   │ 0 │ 1 │ 2 │",
            "├───┼───┼───┼───┤",
            "│ 0 │ 1 │ . │ 3 │",
            "├───┼───┼───┼───┤",
            "│ 1 │ . │ x │   │",
            "└───┴───┴───┴───┘",
        ])  # fmt: skip

    def test_a_large_one_has_no_lines(self) -> None:
        rows = [list(range(10)) for _ in range(10)]
        shown = whole(map=rows)
        self.assertEqual((len(shown), shown[1].split(), shown[2].split()), (12, [*"0123456789"], [*"00123456789"]))

    def test_columns_stand_upright(self) -> None:
        board = as_board("columns", [["a"], [], ["b", "c"]])
        assert board is not None
        self.assertEqual((board.rows, board.across), ([[None, None, "c"], ["a", None, "b"]], ["0", "1", "2"]))

    def test_a_position_of_chess_is_one(self) -> None:
        board = as_board("fen", "rnbqkbnr/pp1ppppp/8/2p5/4P3/8/PPPP1PPP/RNBQKBNR w KQkq c6 0 2")
        assert board is not None
        self.assertEqual("".join(cell or "." for cell in board.rows[3]), "..p.....")
        self.assertEqual((board.across[0], board.down[0]), ("a", "8"))

    def test_what_is_none_is_none(self) -> None:
        for key, thing in (
            ("board", [1, 2, 3]),
            ("board", [[1], {}]),
            ("board", [[[1]], [[2]]]),
            ("board", [[], []]),
            ("board", []),
            ("board", "abc"),
            ("board", [{}] * 9),
            ("map", [[0] * 1000]),
            ("fen", "none"),
            ("fen", 4),
            ("fen", "9/8/8/8/8/8/8/8 w"),
        ):
            self.assertIsNone(as_board(key, thing), (key, thing))


class Things(SynchronousTestCase):
    def test_each_has_a_line_and_what_is_legal_has_none(self) -> None:
        self.assertEqual(
            whole(moves=3, top="QH", hand=["8C", "QS"], counts={"alice": 7}, winner=None, legal=[{"command": "draw"}]),
            ["moves: 3", "top: QH", "hand: 8C QS", "counts: alice 7", "winner: null"],
        )

    def test_a_text_of_several_lines_stands_as_it_is(self) -> None:
        self.assertEqual(whole(observation="5 O++\n\t X"), ["observation:", "  5 O++", "           X"])

    def test_what_is_long_is_cut(self) -> None:
        for thing in ("x" * 10_000, ["x"] * 10_000, {"x": "x" * 10_000}, [{"x": ["x"] * 10_000}]):
            self.assertLess(len("".join(whole(thing=thing))), 1000)
        self.assertLess(len(whole(thing="\n" * 10_000)), 100)

    def test_nothing_in_it_does_anything_to_a_terminal(self) -> None:
        for thing in (EVIL, [EVIL], [[EVIL]], {EVIL: EVIL}, [{EVIL: EVIL}], f"{EVIL}\n{EVIL}", [EVIL] * 9):
            for line in whole(**{"board": thing, EVIL: thing}):
                self.assertTrue(line.isprintable(), line)


class Changes(SynchronousTestCase):
    def test_only_what_is_new_is_shown(self) -> None:
        shown = Shown()
        self.assertEqual(drawn(shown.changes({"a": 1, "b": [1]})), ["a: 1", "b: 1"])
        self.assertEqual(drawn(shown.changes({"a": 1, "b": [2]})), ["b: 2"])
        self.assertEqual(drawn(shown.changes({"a": 1, "b": [2]})), [])
        self.assertEqual(drawn(shown.changes({"a": 1, "c": None})), ["b: -", "c: null"])

    def test_all_of_it_when_it_is_another_game(self) -> None:
        shown = Shown()
        list(shown.changes({"a": 1}))
        shown.forget()
        self.assertEqual(drawn(shown.changes({"a": 1})), ["a: 1"])


class Choices(SynchronousTestCase):
    def test_they_stand_with_their_numbers_as_they_are_typed(self) -> None:
        legal = [{"command": "play", "card": "8C"}, {"command": "draw"}]
        self.assertEqual(drawn(choices(legal)), ["1 play card=8C   2 draw"])

    def test_a_word_finds_some_which_keep_their_numbers(self) -> None:
        legal = [{"command": "act", "name": name} for name in ("Bet", "Pass", "bet all")]
        self.assertEqual(drawn(choices(legal, "bet")), ['1 act name=Bet   3 act name="bet all"'])
        self.assertEqual(drawn(choices(legal, "x")), [])

    def test_of_many_some_are_shown(self) -> None:
        shown = drawn(choices([{"command": "act", "action": number} for number in range(1000)]))
        self.assertIn(f"{MAX_CHOICES} act", shown[-2])
        self.assertEqual(shown[-1], f"... and {1000 - MAX_CHOICES} more: /legal")

    def test_nothing_in_them_does_anything_to_a_terminal(self) -> None:
        for line in drawn(choices([{"command": EVIL, EVIL: EVIL}])):
            self.assertTrue(line.isprintable(), line)

"""What a model builds from its fields, and keeps beside them."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, GameModel, Player, command, derived, field
from gamesvc.image import restore, settle
from gamesvc.model import Context, start

BUILT: list[int] = []
"""How many moves there were when a board was built."""


class Chess(GameModel):
    moves: list[str] = field(default_factory=list)

    @derived
    def board(self) -> list[str]:
        """The board."""
        BUILT.append(len(self.moves))
        return [*self.moves]

    @command
    def move(self, player: Player, uci: str) -> None:
        board = self.board
        self.moves.append(uci)
        board.append(uci)


class Derived(SynchronousTestCase):
    """When it is built, and how long it is kept."""

    def setUp(self) -> None:
        BUILT.clear()
        self.game = start(Chess, Context())
        self.image = settle(self.game)

    def test_it_is_built_when_it_is_asked_for_and_then_kept(self) -> None:
        self.assertEqual(BUILT, [])
        board = self.game.board
        self.assertIs(self.game.board, board)
        self.assertEqual(BUILT, [0])

    def test_it_is_kept_over_commands(self) -> None:
        for move in ("e2e4", "e7e5"):
            self.game.move(Player("alice"), move)
            self.image = settle(self.game, self.image)
        self.assertEqual((self.game.board, self.game.moves), (["e2e4", "e7e5"], ["e2e4", "e7e5"]))
        self.assertEqual(BUILT, [0])

    def test_it_is_built_again_where_the_fields_are_put_back(self) -> None:
        self.game.move(Player("alice"), "e2e4")
        restore(self.game, self.image)
        self.assertEqual(self.game.board, [])
        self.assertEqual(BUILT, [0, 0])

    def test_it_may_be_thrown_away_and_put_in_place(self) -> None:
        self.game.board.append("x")
        del self.game.board
        self.assertEqual(self.game.board, [])
        self.game.board = ["y"]
        self.assertEqual(self.game.board, ["y"])
        del self.game.board
        # There is nothing to be thrown away.
        del self.game.board

    def test_each_game_has_its_own(self) -> None:
        other = start(Chess, Context())
        self.game.board.append("x")
        self.assertEqual(other.board, [])

    def test_it_is_no_state(self) -> None:
        self.assertEqual([spec.name for spec in Chess.FIELDS], ["moves"])
        self.assertEqual(self.game.view(None), {"moves": []})

    def test_the_class_says_what_it_is(self) -> None:
        described: Any = Chess.board
        self.assertIsInstance(described, derived)
        self.assertEqual((described.__doc__, described.name), ("The board.", "board"))

    def test_a_subclass_may_build_it_otherwise(self) -> None:
        class Empty(Chess):
            @derived
            def board(self) -> list[str]:
                return ["empty"]

        self.assertEqual(start(Empty, Context()).board, ["empty"])

    def test_what_could_not_be_built_without_more_is_refused(self) -> None:
        def two(self: object, size: int) -> None: ...

        def move(self: object) -> None: ...

        for wrong in (None, two, 5, property(move), command(move)):
            error = self.assertRaises(DefinitionError, derived, wrong)
            self.assertIn("write @derived", str(error))

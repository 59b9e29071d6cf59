"""Move: what a model names as legal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Move, Player, command
from gamesvc.moves import MAX_MOVES, legal_choices

ALICE = Player("alice")


class Shop(GameModel):
    """Its command takes arguments of every kind."""

    @command
    def buy(self, player: Player, what: str, count: int = 1, gift: bool | None = None) -> None: ...

    @command
    def Leave(self, player: Player) -> None: ...

    def price(self, player: Player) -> int:
        return 1

    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.buy, "apple")
        yield Move(self.Leave)


class Moves(SynchronousTestCase):
    """A command with its arguments."""

    def setUp(self) -> None:
        self.shop = Shop()

    def test_it_is_a_command_as_a_client_sends_it(self) -> None:
        move = Move(self.shop.buy, "apple", count=2)
        self.assertEqual((move.command, move.arguments), ("buy", {"what": "apple", "count": 2}))
        self.assertEqual(move.choice, {"command": "buy", "what": "apple", "count": 2})
        self.assertEqual(Move(self.shop.Leave).choice, {"command": "Leave"})
        self.assertEqual(repr(move), "Move(buy, what='apple', count=2)")

    def test_two_that_say_the_same_are_equal(self) -> None:
        self.assertEqual(Move(self.shop.buy, "apple"), Move(self.shop.buy, what="apple"))
        self.assertNotEqual(Move(self.shop.buy, "apple"), Move(self.shop.buy, "pear"))
        self.assertNotEqual(Move(self.shop.Leave), "Leave")

    def test_what_does_not_fit_is_said(self) -> None:
        buy: Any = self.shop.buy
        leave: Any = self.shop.Leave
        for make, why in (
            (lambda: Move(buy), "Move(buy, ...): what is missing"),
            (lambda: Move(buy, "a", 1, None, 4), "Move(buy, ...): 4 arguments, and it takes 3"),
            (lambda: Move(buy, "a", what="b"), "Move(buy, ...): 'what' is given twice"),
            (
                lambda: Move(buy, "a", size=3),
                "Move(buy, ...): there is no argument 'size'; it takes what, count, gift",
            ),
            (
                lambda: Move(leave, now=True),
                "Move(Leave, ...): there is no argument 'now'; it takes none",
            ),
        ):
            self.assertEqual(str(self.assertRaises(TypeError, make)), why)

    def test_what_is_no_command_is_said(self) -> None:
        said = "Move takes a command of the model first, and then its arguments: Move(self.{}, ...)"
        mistakes: dict[str, Any] = {"buy": Shop.buy, "price": self.shop.price, "mark": "buy", "len": len}
        for name, mistake in mistakes.items():
            self.assertEqual(str(self.assertRaises(TypeError, Move, mistake, "apple")), said.format(name))


class Legal(SynchronousTestCase):
    """What a model names."""

    def named(self, moves: Iterable[Any]) -> list[dict[str, Any]]:
        class Game(Shop):
            def legal(self, player: Player) -> Iterable[Move]:
                return moves

        return legal_choices(Game(), ALICE)

    def test_they_are_choices_in_order(self) -> None:
        self.assertEqual(legal_choices(Shop(), ALICE), [{"command": "buy", "what": "apple"}, {"command": "Leave"}])
        self.assertEqual(self.named(()), [])

    def test_something_else_is_refused(self) -> None:
        error = self.assertRaises(TypeError, self.named, [{"command": "buy"}])
        self.assertEqual(str(error), "legal named {'command': 'buy'}; write Move(self.Leave, ...)")

    def test_there_is_a_bound_also_where_they_never_end(self) -> None:
        leave = Move(Shop().Leave)
        self.assertEqual(len(self.named([leave] * MAX_MOVES)), MAX_MOVES)

        def forever() -> Iterable[Move]:
            while True:
                yield leave

        error = self.assertRaises(ValueError, self.named, forever())
        self.assertEqual(str(error), f"legal names more than {MAX_MOVES} moves")

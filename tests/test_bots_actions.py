"""Actions: which number is which command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Move, Player, command
from gamesvc.bots.actions import SPARE_ACTIONS, Actions, EncodingError, Seat

Suit = Literal["C", "D"]
SEATS = {"bob": 0, "carol": 1, "alice": 2}


class Cards(GameModel, seats=3):
    """A game all of whose commands have few arguments."""

    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.play, suit="C")]

    @command
    def ask(self, player: Player, other: Player, loudly: bool = False) -> None:
        """Ask another player."""

    @command
    def play(self, player: Player, suit: Suit, note: str = "") -> None:
        """Play a card, and say something."""

    @command
    def pass_on(self, player: Player) -> None:
        """Do nothing."""


class Board(GameModel, seats=2):
    """A game with a command whose arguments have no end."""

    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.put, cell=1)]

    @command
    def put(self, player: Player, cell: int) -> None:
        """Put something somewhere."""

    @command
    def pass_on(self, player: Player, times: Annotated[int, Meta(ge=1, le=2)] = 1) -> None:
        """Do nothing."""


def put(cell: int) -> dict[str, Any]:
    return {"command": "put", "cell": cell}


class Known(SynchronousTestCase):
    """Actions that are the same move each time."""

    def setUp(self) -> None:
        self.actions = Actions(Cards, 3)

    def number(self, seats: dict[str, int] = SEATS, **choice: object) -> int:
        (found,) = self.actions.legal([choice], seats)
        return found

    def test_there_is_one_for_each_combination_of_arguments(self) -> None:
        asked = [
            {"command": "ask", "other": Seat(seat), "loudly": loudly} for seat in range(3) for loudly in (False, True)
        ]
        played = [{"command": "play", "suit": suit} for suit in ("C", "D")]
        self.assertEqual(self.actions.known, [*asked, {"command": "pass_on"}, *played])
        self.assertEqual(self.actions.size, 9)

    def test_a_legal_move_has_the_number_of_its_action(self) -> None:
        moves = [{"command": "play", "suit": "D"}, {"command": "pass_on"}]
        self.assertEqual(self.actions.legal(moves, SEATS), {8: moves[0], 6: moves[1]})
        self.assertEqual(self.actions.legal([], SEATS), {})

    def test_an_argument_that_is_not_given_is_its_default(self) -> None:
        asked = self.number(command="ask", other="carol")
        self.assertEqual(asked, self.number(command="ask", other="carol", loudly=False))
        self.assertNotEqual(asked, self.number(command="ask", other="carol", loudly=True))

    def test_the_names_of_commands_are_not_case_sensitive(self) -> None:
        self.assertEqual(self.number(command="PLAY", suit="D"), 8)

    def test_what_need_not_be_given_and_has_no_end_does_not_matter(self) -> None:
        self.assertEqual(self.number(command="play", suit="D", note="so there"), 8)

    def test_two_moves_that_differ_in_that_alone_are_refused(self) -> None:
        moves = [{"command": "play", "suit": "D", "note": note} for note in ("a", "b")]
        with self.assertRaisesRegex(EncodingError, "are the same action"):
            self.actions.legal(moves, SEATS)

    def test_a_player_is_counted_by_seats(self) -> None:
        known = self.actions.known
        self.assertEqual(known[self.number(command="ask", other="alice")]["other"], Seat(2))
        self.assertEqual(known[self.number({"alice": 0, "bob": 1}, command="ask", other="alice")]["other"], Seat(0))


class Others(SynchronousTestCase):
    """Moves that can't be told beforehand."""

    def test_they_come_after_those_that_are_known(self) -> None:
        actions = Actions(Board, 2)
        self.assertEqual(actions.size, 2 + SPARE_ACTIONS)
        moves = [put(5), {"command": "pass_on", "times": 2}, put(7)]
        self.assertEqual(actions.legal(moves, {}), {1: moves[1], 2: moves[0], 3: moves[2]})

    def test_it_is_said_how_many_there_may_be(self) -> None:
        actions = Actions(Board, 2, spare=2)
        self.assertEqual(actions.size, 4)
        self.assertEqual([*actions.legal([put(1), put(2)], {})], [2, 3])
        with self.assertRaisesRegex(EncodingError, "max_actions=3 or more"):
            actions.legal([put(1), put(2), put(3)], {})

    def test_without_room_they_are_not_made(self) -> None:
        actions = Actions(Board, 2, spare=0)
        self.assertEqual([*actions.legal([put(1), {"command": "pass_on"}], {})], [0])
        with self.assertRaisesRegex(EncodingError, "nothing is among the actions.*'cell': 1"):
            actions.legal([put(1)], {})


class Listed(SynchronousTestCase):
    """Actions that the author lists."""

    def test_they_have_their_numbers_in_order(self) -> None:
        actions = Actions(Board, 2, [put(cell) for cell in range(9)])
        self.assertEqual(actions.size, 9)
        self.assertEqual(actions.legal([put(4), put(2), {"command": "pass_on"}], {}), {4: put(4), 2: put(2)})

    def test_others_have_room_if_that_is_said(self) -> None:
        actions = Actions(Board, 2, [put(1)], 3)
        self.assertEqual([*actions.legal([put(4), put(1)], {})], [0, 1])

    def test_moves_and_players_can_be_listed(self) -> None:
        model = Cards()
        asking = {"command": "ask", "other": Seat(1)}
        actions = Actions(Cards, 3, [Move(model.pass_on), asking, {"command": "Play", "suit": "C"}, asking])
        self.assertEqual(actions.known, [{"command": "pass_on"}, asking, {"command": "play", "suit": "C"}])
        self.assertEqual([*actions.legal([{"command": "ask", "other": "carol", "loudly": True}], SEATS)], [1])

    def test_what_is_no_command_of_the_game_is_refused(self) -> None:
        for wrong, why in (
            ({"command": "jump"}, "the commands are pass_on, put"),
            ({"cell": 1}, "the commands are"),
            ("put", "the commands are"),
            (put(1) | {"cel": 1}, "cel"),
            ({"command": "put"}, "cell"),
            ({"command": "put", "cell": "a1"}, "Expected `int`"),
        ):
            with self.assertRaises(EncodingError) as raised:
                Actions(Board, 2, [put(0), wrong])
            self.assertIn(f"{wrong!r} is no action of Board", str(raised.exception))
            self.assertIn(why, str(raised.exception))

    def test_there_has_to_be_an_action(self) -> None:
        with self.assertRaisesRegex(EncodingError, "Board: there is no action"):
            Actions(Board, 2, [])

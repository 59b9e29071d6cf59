"""Encoding: a game in numbers, as players see it who learn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Move, Own, Player, Secret, command, field
from gamesvc.bots.encoding import Encoding, EncodingError
from gamesvc.games.connect_four import ConnectFour
from gamesvc.games.crazy_eights import CrazyEights
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.offline import OfflineGame

CELLS = [{"command": "mark", "cell": cell} for cell in range(9)]
Small = Annotated[int, Meta(ge=0, le=4)]


class Guess(GameModel, seats=(2, 3)):
    """A game with secrets."""

    answer: Secret[Small] = 3
    hands: Own[dict[Player, list[Small]]] = field(default_factory=dict)
    said: str = ""
    rounds: list[bool] = field(default_factory=list)
    first: Player | None = None

    def setup(self, rounds: Small = 2) -> None:
        self.rounds = [False] * rounds

    def on_start(self) -> None:
        self.first = self.players[0]
        self.hands = {player: [number, 4] for number, player in enumerate(self.players)}

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.first:
            yield Move(self.guess, number=1)

    @command
    def guess(self, player: Player, number: Small) -> None:
        """Guess it."""
        self.answer = number


class Odd(Guess):
    """What is shown under the name of a field is something else."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return super().view(viewer) | {"rounds": len(self.rounds)}


class Silent(GameModel, seats=2):
    """Does not say what is legal."""


class Crowd(GameModel):
    """Has no seats."""

    def legal(self, player: Player) -> Iterable[Move]:
        return ()


def seen(encoding: Encoding, game: OfflineGame, player: str) -> list[float]:
    """What a player sees."""
    return [round(float(each), 4) for each in encoding.encode(game.view(player), player, game.players)]


class Seeing(SynchronousTestCase):
    def test_the_array_is_made_of_what_the_player_is_shown(self) -> None:
        game = OfflineGame(TicTacToe, ["alice", "bob"])
        encoding = Encoding(TicTacToe, actions=CELLS)
        game.act("alice", CELLS[1])
        nothing = [0.0, 0.0]
        board = [1.0, 0.0], [0.0, 1.0]
        self.assertEqual(seen(encoding, game, "alice"), [1, 0, 0, *nothing, *board[0], *nothing * 7, 0.5])
        self.assertEqual(seen(encoding, game, "bob"), [0, 1, 1, *nothing, *board[1], *nothing * 7, 0.5])

    def test_each_seat_sees_itself_in_the_same_place(self) -> None:
        encoding = Encoding(TicTacToe, actions=CELLS)
        one, other = (OfflineGame(TicTacToe, ["alice", "bob"]) for _ in range(2))
        one.act("alice", CELLS[0])
        one.act("bob", CELLS[1])
        other.act("alice", CELLS[1])
        other.act("bob", CELLS[0])
        self.assertEqual(seen(encoding, one, "alice")[3:], seen(encoding, other, "bob")[3:])

    def test_secrets_are_not_seen_and_of_hands_one_s_own(self) -> None:
        game = OfflineGame(Guess, ["alice", "bob"])
        encoding = Encoding(Guess, pad=2)
        hands = [[1, number / 4, 1, 1] for number in (0, 1)]
        rounds = [1.0, 0.0, 1.0, 0.0]
        self.assertEqual(seen(encoding, game, "alice"), [1, 0, 0, 1, *hands[0], *rounds, 1, 0, 0])
        self.assertEqual(seen(encoding, game, "bob"), [0, 1, 0, 0, *hands[1], *rounds, 0, 1, 0])

    def test_it_says_what_is_where(self) -> None:
        self.assertEqual(
            str(Encoding(Guess, pad=2)).splitlines(),
            [
                "Guess, seen by one of 3 players",
                "  0 to 3: own seat, may move",
                "  4 to 7: hands: 2 times optional number from 0 to 4",
                "  8 to 11: rounds: 2 times optional flag",
                "  12 to 14: first: one of 3 players",
                "  left out: said: str has no few values; write an Enum, a Literal, or bounds",
                "5 actions, 5 of them known beforehand",
            ],
        )

    def test_all_that_is_seen_is_within_the_bounds(self) -> None:
        encoding = Encoding(TicTacToe)
        self.assertEqual(encoding.low.tolist(), [0] * 21 + [-1])
        self.assertEqual(encoding.size, 22)

    def test_lists_are_as_long_as_setup_makes_them(self) -> None:
        self.assertEqual(Encoding(Guess, options={"rounds": 4}).size, Encoding(Guess).size + 4)
        with self.assertRaisesRegex(EncodingError, "options: .*there is no option `?lines"):
            Encoding(Guess, options={"lines": 4})

    def test_the_lengths_of_lists_can_be_said(self) -> None:
        sizes = [Encoding(ConnectFour, lengths={"columns[]": height}).size for height in (5, 6)]
        self.assertEqual(sizes[1] - sizes[0], 7 * 2)
        with self.assertRaisesRegex(EncodingError, "no list 'column'; the lists are columns, columns.., turns.order"):
            Encoding(ConnectFour, lengths={"column": 6})

    def test_an_author_may_see_otherwise(self) -> None:
        def observe(view: dict[str, Any], player: str) -> Any:
            return np.array([each == player for each in view["board"]])

        game = OfflineGame(TicTacToe, ["alice", "bob"])
        game.act("alice", CELLS[2])
        encoding = Encoding(TicTacToe, observe=observe)
        self.assertEqual(seen(encoding, game, "alice"), [0, 0, 1, 0, 0, 0, 0, 0, 0])
        self.assertEqual(encoding.size, 0)
        self.assertNotIn("board", str(encoding))

    def test_a_view_that_shows_something_else_is_told_of(self) -> None:
        game = OfflineGame(Odd, ["alice", "bob"])
        with self.assertRaisesRegex(EncodingError, "Odd.view shows something else than the field 'rounds'"):
            seen(Encoding(Odd), game, "alice")

    def test_fewer_may_play_than_there_are_seats_and_not_more(self) -> None:
        encoding = Encoding(CrazyEights, players=3)
        views = [
            (OfflineGame(CrazyEights, names).view("carol"), "carol", names)
            for names in (["alice", "carol"], ["alice", "bob", "carol"], ["alice", "bob", "carol", "dave"])
        ]
        self.assertEqual([encoding.encode(*view).size for view in views[:2]], [encoding.size] * 2)
        with self.assertRaisesRegex(EncodingError, "4 play, and this encoding is for 3"):
            encoding.encode(*views[2])


class Acting(SynchronousTestCase):
    def setUp(self) -> None:
        self.game = OfflineGame(TicTacToe, ["alice", "bob"])
        self.encoding = Encoding(TicTacToe, actions=CELLS)
        self.game.act("alice", CELLS[4])

    def test_the_mask_says_what_is_legal(self) -> None:
        mask = self.encoding.mask(self.game.view("bob"), "bob", self.game.players)
        self.assertEqual(mask.tolist(), [1, 1, 1, 1, 0, 1, 1, 1, 1])
        self.assertEqual(mask.dtype, np.int8)
        self.assertFalse(self.encoding.mask(self.game.view("alice"), "alice", self.game.players).any())

    def test_an_action_is_a_command(self) -> None:
        self.assertEqual(self.encoding.choice(3, self.game.view("bob"), "bob", self.game.players), CELLS[3])
        self.assertEqual(self.encoding.known, CELLS)

    def test_an_action_that_is_not_legal_is_refused(self) -> None:
        for action in (4, 9, -1):
            with self.assertRaisesRegex(EncodingError, f"action {action} is not legal for 'bob'; of 9, 0, 1, 2, 3, 5"):
                self.encoding.choice(action, self.game.view("bob"), "bob", self.game.players)

    def test_a_game_has_to_say_what_is_legal_and_to_have_seats(self) -> None:
        with self.assertRaisesRegex(EncodingError, "write `def legal"):
            Encoding(Silent)
        with self.assertRaisesRegex(EncodingError, "Crowd has no seats"):
            Encoding(Crowd)

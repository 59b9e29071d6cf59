"""Chess: moves, the ends of games, draws, clocks. Needs the extra gamesvc[chess]."""

from __future__ import annotations

import random
import sys
from typing import Any

import chess
import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.catalog import Catalog
from gamesvc.context import Context
from gamesvc.errors import ConfigError
from gamesvc.games.chess import Chess
from gamesvc.model import GameError, Player, start
from gamesvc.testing import Refused, Table

TO_AND_FRO = ("g1f3", "g8f6", "f3g1", "f6g8")
"""After which all stands as it stood before."""


def quiet_moves(count: int) -> list[str]:
    """Moves without a capture and without a pawn's move, after which no position comes a second time."""
    for seed in range(1000):
        board, chance, seen = chess.Board(), random.Random(seed), {chess.Board().board_fen()}
        while len(board.move_stack) < count:
            for move in chance.sample(list(board.legal_moves), board.legal_moves.count()):
                board.push(move)
                if board.halfmove_clock and board.legal_moves and board.board_fen() not in seen:
                    break
                board.pop()
            else:
                break  # there is no such move here
            seen.add(board.board_fen())
        else:
            return [move.uci() for move in board.move_stack]
    raise AssertionError("no such game was found")


def moves_until_white_is_bare() -> list[str]:
    """Moves after which White has the king alone, and it is Black's turn, who has more than that."""
    for seed in range(1000):
        board, chance = chess.Board(), random.Random(seed)
        while not board.is_game_over() and len(board.move_stack) < 300:
            moves = list(board.legal_moves)
            takes = [move for move in moves if board.is_capture(move)]
            board.push(chance.choice(takes if takes and board.turn == chess.BLACK else moves))
            if board.turn == chess.BLACK and not board.is_game_over() and len(board.pieces(chess.PAWN, chess.BLACK)):
                white = board.occupied_co[chess.WHITE]
                if white == board.kings & white:
                    return [move.uci() for move in board.move_stack]
    raise AssertionError("no such game was found")


class OfChess(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = self.begin()

    def begin(self, **options: float) -> Table:
        """White is Alice, Black is Bob."""
        return Table(Chess, "alice", "bob", options=options)

    def play(self, *moves: str) -> None:
        for uci in moves:
            self.table.send(self.to_move, "move", uci=uci)

    @property
    def to_move(self) -> str:
        player: str = self.table.state["clock"]["running"]
        return player

    @property
    def last(self) -> dict[str, Any]:
        """The last event, which both have got."""
        last = self.table.last("alice")
        assert last is not None
        self.assertEqual(self.table.last("bob"), last)
        return last

    def refused(self, player: str, command: str, **arguments: str) -> str:
        """The code with which a command is refused, which changes nothing."""
        before = self.table.state, self.table.events("alice")
        refusal = self.assertRaises(Refused, self.table.send, player, command, **arguments)
        self.assertEqual((self.table.state, self.table.events("alice")), before)
        return str(refusal.code)

    def assert_end(self, score: str, winner: str | None, reason: str) -> None:
        self.assertEqual(self.last, {"event": "Finished", "score": score, "winner": winner, "reason": reason})
        self.assertTrue(self.table.finished)
        state = self.table.state
        self.assertEqual((state["choices"], "offer" in state, "flag" in state), ([], False, False))
        self.assertNotIn("running", state["clock"])


class Moves(OfChess):
    def test_white_has_the_first_seat_and_begins(self) -> None:
        state = self.table.state
        self.assertEqual((state["white"], state["black"], self.to_move), ("alice", "bob", "alice"))
        self.assertEqual((state["fen"], len(state["choices"])), (chess.STARTING_FEN, 20))

    def test_a_move_is_told_as_it_is_sent_and_as_books_write_it(self) -> None:
        self.play("e2e4")
        self.assertEqual(self.last, {"event": "Moved", "player": "alice", "uci": "e2e4", "san": "e4", "left": 605.0})
        state = self.table.state
        self.assertEqual(state["moves"], {"1": "e2e4"})
        self.assertEqual(state["fen"], "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1")
        self.assertIn("e7e5", state["choices"])
        self.assertNotIn("d2d4", state["choices"])

    def test_clients_are_told_of_the_new_move_only(self) -> None:
        self.play("e2e4", "e7e5")
        patch = [frame["patch"] for frame in self.table.frames("alice") if "patch" in frame][-1]
        self.assertEqual(patch["moves"], {"2": "e7e5"})

    def test_castling_promotion_and_taking_in_passing(self) -> None:
        self.play("e2e4", "a7a6", "g1f3", "a6a5", "f1c4", "a5a4", "e1g1", "a4a3")
        self.assertIn("RNBQ1RK1", self.table.state["fen"])
        self.play("b2b4", "a3b2" if "a3b2" in self.table.state["choices"] else "h7h5")
        self.play("b4b5", "c7c5", "b5c6")
        self.assertEqual(self.last["san"], "bxc6")
        self.play("h5h4", "c6b7", "h4h3", "b7a8n")
        self.assertEqual(self.last["san"], "bxa8=N")

    def test_a_move_that_is_none_or_not_legal_is_refused(self) -> None:
        for uci in ("e2e5", "e7e5", "e2e4q", "0000", "e2 e4", "a9a1"):
            self.assertEqual(self.refused("alice", "move", uci=uci), "illegal_move")
        self.assertEqual(self.refused("alice", "move", uci="e2e4e5"), "bad_arguments")
        self.assertEqual(self.refused("bob", "move", uci="e7e5"), "not_your_turn")
        self.play("e2e4")

    def test_a_crash_changes_nothing(self) -> None:
        self.play("e2e4", "e7e5")
        before = self.table.state
        self.table.restart()
        self.assertEqual(self.table.state, before)
        self.play("g1f3")
        self.assertEqual(self.last["san"], "Nf3")


class ByRule(OfChess):
    """Games that end by themselves."""

    def test_checkmate(self) -> None:
        self.play("f2f3", "e7e5", "g2g4", "d8h4")
        self.assert_end("0-1", "bob", "checkmate")
        self.assertEqual(self.refused("alice", "resign"), "game_over")

    def test_checkmate_by_white(self) -> None:
        self.play("e2e4", "e7e5", "d1h5", "b8c6", "f1c4", "g8f6", "h5f7")
        self.assert_end("1-0", "alice", "checkmate")

    def test_stalemate(self) -> None:
        self.play("e2e3", "a7a5", "d1h5", "a8a6", "h5a5", "h7h5", "h2h4", "a6h6", "a5c7", "f7f6")
        self.play("c7d7", "e8f7", "d7b7", "d8d3", "b7b8", "d3h7", "b8c8", "f7g6", "c8e6")
        self.assert_end("1/2-1/2", None, "stalemate")

    def test_the_fifth_time_that_a_position_comes(self) -> None:
        self.play(*TO_AND_FRO * 3)
        self.assertFalse(self.table.finished)
        self.play(*TO_AND_FRO)
        self.assert_end("1/2-1/2", None, "fivefold_repetition")

    def test_seventyfive_moves_without_progress(self) -> None:
        *moves, last = quiet_moves(150)
        self.play(*moves)
        self.assertFalse(self.table.finished)
        self.play(last)
        self.assert_end("1/2-1/2", None, "seventyfive_moves")

    def test_whatever_is_played_games_end_and_each_move_stops_the_timer_of_the_last(self) -> None:
        chance = random.Random(2)
        self.table = self.begin(minutes=60.0)
        while not self.table.finished:
            self.play(chance.choice(self.table.state["choices"]))
        self.assertIn(self.last["reason"], ("checkmate", "stalemate", "insufficient_material", "seventyfive_moves"))
        # More timers than that a game can't have.
        self.assertGreater(len(self.table.state["moves"]), 256)


class Draws(OfChess):
    """Draws that players agree upon, or claim."""

    def test_an_offer_that_is_accepted(self) -> None:
        self.table.send("bob", "offer_draw")
        self.assertEqual((self.last, self.table.state["offer"]), ({"event": "DrawOffered", "player": "bob"}, "bob"))
        self.table.send("alice", "accept_draw")
        self.assert_end("1/2-1/2", None, "agreement")

    def test_an_offer_that_is_declined(self) -> None:
        self.table.send("alice", "offer_draw")
        self.table.send("bob", "decline_draw")
        self.assertEqual(self.last, {"event": "DrawDeclined", "player": "bob"})
        self.assertEqual(self.refused("bob", "accept_draw"), "no_offer")

    def test_who_moves_on_has_declined_and_who_has_offered_may_move(self) -> None:
        self.table.send("alice", "offer_draw")
        self.play("e2e4")
        self.assertEqual(self.table.state["offer"], "alice")
        self.play("e7e5")
        self.assertNotIn("offer", self.table.state)

    def test_nobody_answers_their_own_offer_or_one_that_is_not_there(self) -> None:
        self.table.send("alice", "offer_draw")
        for command in ("accept_draw", "decline_draw"):
            self.assertEqual(self.refused("alice", command), "no_offer")
        for player in ("alice", "bob"):
            self.assertEqual(self.refused(player, "offer_draw"), "offered_already")
        self.table.send("bob", "decline_draw")
        for command in ("accept_draw", "decline_draw"):
            self.assertEqual(self.refused("bob", command), "no_offer")

    def test_the_third_time_that_a_position_comes_may_be_claimed(self) -> None:
        self.play(*TO_AND_FRO)
        self.assertEqual(self.refused("alice", "claim_draw"), "no_draw")
        self.play(*TO_AND_FRO)
        self.assertEqual(self.refused("bob", "claim_draw"), "not_your_turn")
        self.table.send("alice", "claim_draw")
        self.assert_end("1/2-1/2", None, "threefold_repetition")

    def test_fifty_moves_without_progress_may_be_claimed(self) -> None:
        *moves, last = quiet_moves(99)
        self.play(*moves)
        self.assertEqual(self.refused(self.to_move, "claim_draw"), "no_draw")
        # From now on a quiet move more would be the hundredth.
        self.play(last)
        self.table.send(self.to_move, "claim_draw")
        self.assert_end("1/2-1/2", None, "fifty_moves")


class GivenUp(OfChess):
    def test_who_resigns_loses_at_whosever_turn(self) -> None:
        self.table.send("bob", "resign")
        self.assert_end("1-0", "alice", "resignation")
        self.table = self.begin()
        self.table.send("alice", "resign")
        self.assert_end("0-1", "bob", "resignation")

    def test_who_leaves_loses(self) -> None:
        for leaver, score, winner in (("alice", "0-1", "bob"), ("bob", "1-0", "alice")):
            self.table = self.begin()
            self.table.leave(leaver)
            self.assertEqual(
                self.table.last(winner), {"event": "Finished", "score": score, "winner": winner, "reason": "left"}
            )


class Clocks(OfChess):
    """Time is up, and who has won then."""

    def test_the_options_say_how_much_time_there_is_within_bounds(self) -> None:
        self.table = self.begin(minutes=1.0, increment=2.0)
        self.assertEqual(self.table.state["clock"]["seconds"], {"alice": 60.0, "bob": 60.0})
        self.table.advance(10)
        self.play("e2e4")
        self.assertEqual((self.last["left"], self.table.state["clock"]["seconds"]["alice"]), (52.0, 52.0))
        for option in ({"minutes": 0}, {"minutes": 1e9}, {"increment": -1}, {"increment": 1e9}):
            self.assertRaises(msgspec.ValidationError, msgspec.convert, option, Chess.OPTIONS)

    def test_whose_time_is_up_has_lost(self) -> None:
        self.table.advance(599)
        self.assertFalse(self.table.finished)
        self.table.advance(1)
        self.assert_end("0-1", "bob", "time")

    def test_only_the_clock_runs_of_who_is_to_move(self) -> None:
        self.play("e2e4")
        self.table.advance(599)
        self.play("e7e5")
        self.table.advance(604)
        self.assertFalse(self.table.finished)
        self.table.advance(1)
        self.assert_end("0-1", "bob", "time")

    def test_the_time_of_white_and_of_black(self) -> None:
        self.play("e2e4")
        self.table.advance(600)
        self.assert_end("1-0", "alice", "time")

    def test_a_crash_stops_no_clock(self) -> None:
        self.table.restart()
        self.table.advance(600)
        self.assert_end("0-1", "bob", "time")

    def test_what_comes_after_the_time_is_up_and_before_the_flag_falls_comes_too_late(self) -> None:
        context = Context(b"seed", 1000.0)
        context.players = (Player("alice"), Player("bob"))
        game = start(Chess, context)
        game.on_start()
        game.offer_draw(Player("bob"))
        context.begin(2, 1600.0)
        for call in (lambda: game.move(Player("alice"), "e2e4"), lambda: game.accept_draw(Player("alice"))):
            self.assertEqual(self.assertRaises(GameError, call).code, "time_up")

    def test_who_could_not_win_any_more_wins_by_no_flag_either(self) -> None:
        self.table = self.begin(minutes=60.0)
        self.play(*moves_until_white_is_bare())
        self.assertEqual(self.to_move, "bob")
        self.table.advance(3 * 3600)
        self.assert_end("1/2-1/2", None, "time_vs_insufficient_material")


class WithoutPythonChess(SynchronousTestCase):
    def test_who_wants_to_serve_it_is_told_what_to_install(self) -> None:
        module = sys.modules.pop("gamesvc.games.chess")
        self.addCleanup(sys.modules.__setitem__, "gamesvc.games.chess", module)
        # None is how the import system is told that there is no such module.
        self.addCleanup(sys.modules.__setitem__, "chess", chess)
        sys.modules["chess"] = None  # type: ignore[assignment]  # that is how Python notes a module that is not there
        for game in ("chess", "gamesvc.games.chess:Chess"):
            message = str(self.assertRaises(ConfigError, Catalog, [game]))
            self.assertEqual(message, f"game {game!r}: needs the package 'chess'; pip install 'gamesvc[chess]'")

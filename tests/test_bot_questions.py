"""Questions to bots, and their answers: also of bots that fail."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import bot_questions
from gamesvc.bot_offer import BotFailed
from gamesvc.bot_questions import (
    MAX_DETAILS,
    MAX_KEPT,
    MAX_REASON,
    Answer,
    Bots,
    Question,
    decode_answer,
    decode_question,
    frame,
)
from gamesvc.bots import load
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.offline import OfflineGame
from gamesvc.openspiel import kinds
from gamesvc.openspiel.loading import NotServed
from tests import thinkers

PLAYERS = "alice", "bob"


def question(bot: str, seed: int = 1, game: str = "g1") -> Question:
    """What a bot is asked at the beginning of a game of tic-tac-toe."""
    view = json.dumps(OfflineGame(TicTacToe, PLAYERS).view("alice")).encode()
    return Question(
        f"tests.thinkers:{bot}" if bot[0].isupper() else bot, "tic-tac-toe", "alice", PLAYERS, view, seed, 7.5, game
    )


class Answered(SynchronousTestCase):
    def test_a_bot_is_asked_with_what_its_player_sees(self) -> None:
        told = Bots().answer(question("Telling")).read()
        assert told is not None
        view = OfflineGame(TicTacToe, PLAYERS).view("alice")
        self.assertEqual((told["view"], told["now"]), (view, 7.5))

    def test_it_says_when_the_bot_begins_to_think(self) -> None:
        steps: list[str] = []
        self.patch(thinkers.Stepwise, "steps", steps)
        bots = Bots()
        for _ in range(2):
            bots.answer(question("Stepwise"), lambda: steps.append("begins"))
        self.assertEqual(steps, ["made", "begins", "thinks", "begins", "thinks"])
        # Who can't begin says so.
        self.assertIn("no bot", bots.answer(question("poker"), lambda: steps.append("begins")).failure)
        self.assertEqual(len(steps), 5)

    def test_a_game_that_the_server_has_tried_out_is_not_tried_out_again(self) -> None:
        def refuse(text: str) -> None:
            raise NotServed("it is played again")

        self.patch(kinds, "try_out", refuse)
        asked = Question("random", "openspiel:kuhn_poker(players=7)", "alice", PLAYERS, b"{}", 1)
        self.assertEqual(Bots().answer(asked), Answer())

    def test_its_chance_is_the_questions(self) -> None:
        one, same, other = (Bots().answer(question("Telling", seed)).read() or {} for seed in (1, 1, 2))
        self.assertEqual(one["chance"], same["chance"])
        self.assertNotEqual(one["chance"], other["chance"])

    def test_what_a_bot_chooses_is_its_answer_and_nothing_too(self) -> None:
        self.assertEqual(Bots().answer(question("First")).read(), {"command": "mark", "cell": 0})
        empty = Question("tests.thinkers:First", "tic-tac-toe", "alice", PLAYERS, b"{}", 1)
        self.assertIsNone(Bots().answer(empty).read())

    def test_a_bot_that_fails_is_told_in_a_line_and_its_place_is_for_the_log(self) -> None:
        for bot, reason in (
            ("Failing", "LookupError: no idea at all"),
            ("Leaving", "SystemExit: 3"),
            ("Nonsense", "Nonsense.choose returned list"),
            ("Verbose", "what it chose has 10"),
            ("Nowhere", "has no 'Nowhere'"),
            ("poker", "no bot of this name"),
        ):
            answer = Bots().answer(question(bot))
            self.assertIn(reason, str(self.assertRaises(BotFailed, answer.read)))
            self.assertNotIn("\n", answer.failure)
            self.assertLessEqual(len(answer.failure), MAX_REASON)
        self.assertIn('raise LookupError("no idea', Bots().answer(question("Failing")).details)

    def test_what_is_told_of_a_failure_is_bounded(self) -> None:
        answer = Bots().answer(question(f"x{'y' * 10_000}"))
        self.assertEqual(len(answer.failure), MAX_REASON)
        self.assertLessEqual(len(answer.details), MAX_DETAILS)

    def test_a_kind_of_bot_is_made_once_and_not_too_many_are_kept(self) -> None:
        bots = Bots()
        made: list[str] = []

        def counting(text: str) -> object:
            made.append(text)
            return load("random")

        self.patch(bot_questions, "find", counting)
        for name in ("one", "one", "two"):
            bots.answer(question(name))
        self.assertEqual(made, ["one", "two"])
        for number in range(MAX_KEPT - 1):
            bots.answer(question(f"x{number}"))
        bots.answer(question("two"))
        bots.answer(question("one"))
        self.assertEqual((made.count("one"), made.count("two")), (2, 1))


class Sent(SynchronousTestCase):
    def test_both_come_through_a_pipe_as_they_were(self) -> None:
        for seed in (0, 2**63):
            asked = question("First", seed)
            self.assertEqual(decode_question(frame(asked)[4:]), asked)
        for answer in (Answer(), Answer(b'{"command":"go"}'), Answer(failure="no", details="why")):
            self.assertEqual(decode_answer(frame(answer)[4:]), answer)

    def test_garbage_is_no_answer(self) -> None:
        for garbage in (b"", b"garbage", b"\x93\x01\x02\x03", b"\x91" * 100_000):
            self.assertRaises(BotFailed, decode_answer, garbage)
        for choice in (b"", b"[1]", b"[" * 100_000, b"\xff"):
            self.assertRaises(BotFailed, Answer(choice).read)

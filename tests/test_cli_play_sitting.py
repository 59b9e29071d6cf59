"""Somebody sits at a game, of which the server is the test."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Coroutine
from typing import Any

from rich.console import Console
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli import play_sitting
from gamesvc.cli.play_line import PlayedGame
from gamesvc.cli.play_sitting import Left, Sitting
from gamesvc.cli.play_vocabulary import Vocabulary
from tests.test_cli_play_vocabulary import vocabulary_of

WELCOME: dict[str, Any] = {
    "event": "gamesvc.welcome",
    "game": "g1",
    "kind": "tic-tac-toe",
    "epoch": "e",
    "seq": 2,
    "resumed": False,
    "player": "alice",
    "playing": True,
    "players": ["alice", "bob"],
    "present": ["alice", "bob"],
    "state": {"moves": 0, "legal": [{"command": "mark", "cell": 3}, {"command": "mark", "cell": 5}]},
}
NOT_NOW = {"event": "gamesvc.patch", "seq": 3, "patch": {"moves": 1, "legal": []}}
NOW = {"event": "gamesvc.patch", "seq": 4, "patch": {"moves": 2, "legal": [{"command": "mark", "cell": 5}]}}


class FakeLine:
    """Takes what is sent."""

    def __init__(self, sent: list[dict[str, Any]]) -> None:
        self._sent = sent

    def open(self, url: str, *, renew: bool) -> None: ...

    def transmit(self, text: str) -> None:
        self._sent.append(json.loads(text))

    def close(self, code: int) -> None: ...

    def drop(self) -> None: ...


class FakeGame(PlayedGame):
    """A game whose lines lead to the test.

    Attributes:
        sent: what was sent to the server.
    """

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        super().__init__("ws://h/g1", player="alice")

    def _new_line(self) -> Any:
        return FakeLine(self.sent)

    def start(self) -> None:
        self._start()

    def hear(self, *messages: dict[str, Any]) -> None:
        """Have messages come, all in one go."""
        assert self._line is not None
        for message in messages:
            self.line_received(self._line, json.dumps(message))

    def reply(self, number: int = -1, **more: Any) -> dict[str, Any]:
        """The reply to a command that was sent."""
        return {"status": "ok", "id": self.sent[number]["id"], **more}


class Screen(io.StringIO):
    """What is shown.

    Attributes:
        has_changed: is set when something is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.has_changed = asyncio.Event()

    def write(self, text: str) -> int:
        self.has_changed.set()
        return super().write(text)


class Seat:
    """Alice sits at a game. What she is shown is `shown`, until it is asked for."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._screen = Screen()
        console = Console(file=self._screen, width=100, color_system=None, markup=False, emoji=False, highlight=False)
        self.sitting = Sitting(console, vocabulary)
        self.game = FakeGame()
        self.sitting.sit(self.game)
        self.game.start()
        self.game.hear(WELCOME)
        self.sitting.settle()

    async def appears(self) -> list[str]:
        """Wait until something is shown."""
        self._screen.has_changed.clear()
        await self._screen.has_changed.wait()
        return self.shown()

    def shown(self) -> list[str]:
        """What was shown since this was last asked."""
        lines = [line.rstrip() for line in self._screen.getvalue().splitlines()]
        self._screen.seek(0)
        self._screen.truncate()
        return lines


class Sittings(SynchronousTestCase):
    def sit(self, test: Callable[[Seat], Coroutine[Any, Any, None]], vocabulary: Vocabulary | None = None) -> None:
        async def run() -> None:
            seat = Seat(vocabulary or vocabulary_of("tic-tac-toe"))
            try:
                await test(seat)
            finally:
                await seat.game.close()

        asyncio.run(run())

    def test_one_is_told_where_one_is_and_what_one_may_do(self) -> None:
        async def test(seat: Seat) -> None:
            self.assertEqual(
                seat.shown(),
                [
                    "g1: tic-tac-toe. You are alice, and play.",
                    "1 alice, 2 bob",
                    "moves: 0",
                    "Your move:",
                    "1 mark cell=3   2 mark cell=5",
                ],
            )
            self.assertEqual(seat.sitting.prompt, "alice> ")
            self.assertEqual(seat.sitting.below, "g1 | tic-tac-toe | open | event 2 | your move")

        self.sit(test)

    def test_things_are_shown_in_the_order_in_which_they_come_even_all_at_once(self) -> None:
        async def test(seat: Seat) -> None:
            seat.shown()
            done = seat.sitting.obey("2")
            assert done is not None
            self.assertEqual(seat.game.sent[-1]["cell"], 5)
            mine = {"event": "Marked", "player": "alice", "cell": 5, "seq": 3}
            his = {"event": "Marked", "player": "bob", "cell": 3, "seq": 4}
            seat.game.hear(mine, NOT_NOW, seat.game.reply(), his, NOW)
            self.assertEqual(
                seat.shown(),
                [
                    "#3 Marked player=alice cell=5",
                    "moves: 1",
                    "ok mark cell=5",
                    "#4 Marked player=bob cell=3",
                ],
            )
            await done
            # What came after the reply is news to who waits for it now.
            self.assertIsNone(seat.sitting.obey("/wait Marked"))
            self.assertIsNotNone(seat.sitting.obey("/wait Marked"))
            self.assertIsNone(seat.sitting.obey("/wait"))
            seat.sitting.settle()
            self.assertEqual(seat.shown(), ["moves: 2", "Your move:", "1 mark cell=5"])

        self.sit(test)

    def test_to_wait_is_to_wait(self) -> None:
        async def test(seat: Seat) -> None:
            # What one has done oneself is no news.
            seat.sitting.obey("mark 5")
            seat.game.hear({"event": "Said", "seq": 3}, seat.game.reply())
            seat.game.hear({"event": "Marked", "seq": 4}, NOT_NOW)
            for line, comes in (("/wait", NOW), ("/wait Said", {"event": "Said", "seq": 5})):
                done = seat.sitting.obey(line)
                assert done is not None
                await asyncio.sleep(0)
                self.assertFalse(done.done())
                seat.game.hear(comes)
                await done

        self.sit(test)

    def test_a_state_is_shown_by_itself_and_not_all_the_time(self) -> None:
        async def test(seat: Seat) -> None:
            seat.shown()
            before = asyncio.get_running_loop().time()
            for number in range(3):
                moves = [2 * number + 1, 2 * number + 2]
                seat.game.hear(*({"event": "gamesvc.patch", "seq": 2, "patch": {"moves": each}} for each in moves))
                self.assertEqual(await seat.appears(), [f"moves: {moves[-1]}"])
            self.assertGreaterEqual(asyncio.get_running_loop().time() - before, 0.04)

        self.patch(play_sitting, "SETTLE_SECONDS", 0.0)
        self.patch(play_sitting, "EVERY_SECONDS", 0.02)
        self.sit(test)

    def test_a_line_that_is_lost_is_told_and_each_reason_once(self) -> None:
        async def test(seat: Seat) -> None:
            seat.shown()
            done = seat.sitting.obey("/cut")
            assert done is not None
            self.assertEqual(seat.shown(), ["The line is lost: you have cut it", "Coming back ..."])
            self.assertIsNone(seat.sitting.obey("/cut"))
            self.assertEqual(seat.shown(), ["there is no line to be cut just now"])
            for reason in ("nobody\x07 there", "nobody\x07 there", "still nobody"):
                seat.sitting.lost(reason)
            self.assertEqual(seat.shown(), [r"No line yet: nobody\x07 there", "No line yet: still nobody"])

        self.sit(test)

    def test_of_a_game_that_is_not_known_what_was_legal_is(self) -> None:
        async def test(seat: Seat) -> None:
            seat.game.hear(NOT_NOW)
            seat.sitting.obey("mark 4")
            self.assertEqual({**seat.game.sent[-1], "id": ""}, {"command": "mark", "id": "", "cell": 4})
            self.assertEqual([each.text for each in seat.sitting.completions("m")], ["mark "])

        self.sit(test, Vocabulary())

    def test_what_is_said_to_the_program(self) -> None:
        async def test(seat: Seat) -> None:
            seat.game.hear({"event": "Marked", "seq": 3}, {"event": "Said", "seq": 4})
            seat.shown()
            for line, expected in (
                ("/state", ["moves: 0"]),
                ("/state moves", ["moves: 0"]),
                ("/state \x07", [r"there is no '\x07' in the state; there are moves, legal"]),
                ("/legal", ["1 mark cell=3   2 mark cell=5"]),
                ("/legal =5", ["2 mark cell=5"]),
                ("/legal x", ["There is nothing of that kind."]),
                ("/players", ["1 alice, 2 bob"]),
                ("/history", ["#3 Marked", "#4 Said"]),
                ("/history 1", ["#4 Said"]),
                ("3", ["write a number from 1 to 2: /legal shows what they are"]),
                ("", []),
            ):
                self.assertIsNone(seat.sitting.obey(line))
                self.assertEqual(seat.shown(), expected, line)
            with self.assertRaises(Left):
                seat.sitting.obey("/quit")

        self.sit(test)

    def test_where_one_may_do_nothing_one_is_told_why(self) -> None:
        async def test(seat: Seat) -> None:
            seat.game.hear(NOT_NOW, {"event": "gamesvc.patch", "seq": 3, "patch": {"turns": {"current": "bob"}}})
            seat.sitting.settle()
            seat.shown()
            for line in ("/legal", "/legal a4"):
                self.assertIsNone(seat.sitting.obey(line))
                self.assertEqual(seat.shown(), ["It is bob's turn."])
            self.assertFalse(seat.sitting.has_failed)
            # Events alone do not tell the state.
            welcome = {name: each for name, each in WELCOME.items() if name != "state"}
            seat.game.hear({**welcome, "epoch": "f"})
            seat.shown()
            seat.sitting.obey("/legal")
            self.assertEqual(seat.shown(), ["the state is not known yet"])

        self.sit(test)

    def test_whether_anything_has_failed_is_known(self) -> None:
        async def test(seat: Seat) -> None:
            seat.sitting.obey("mark 4")
            seat.game.hear(seat.game.reply())
            self.assertFalse(seat.sitting.has_failed)
            seat.sitting.obey("mark 4")
            error = {"code": "refused", "message": "no", "retryable": False}
            seat.game.hear({**seat.game.reply(), "status": "error", "error": error})
            self.assertTrue(seat.sitting.has_failed)
            self.assertEqual(seat.shown()[-2:], ["ok mark cell=4", "no mark cell=4: no (refused)"])

        self.sit(test)

    def test_where_nothing_can_be_shown_any_more_it_is_over(self) -> None:
        async def test(seat: Seat) -> None:
            def fail(*things: object, **options: object) -> None:
                raise BrokenPipeError

            self.patch(Console, "print", fail)
            seat.game.hear({"event": "Marked", "seq": 3})
            self.assertIsInstance(seat.game.over.exception(), BrokenPipeError)

        self.sit(test)

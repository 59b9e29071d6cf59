"""The client on asyncio, against servers that answer whatever they like; how it plays is in tests/e2e."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Awaitable
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client import GameError, SessionClosed, aio, backoff, connect, watch
from gamesvc.client.aio import Game
from tests.strange_servers import (
    PATIENCE_SECONDS,
    WELCOME,
    Conduct,
    StrangeServer,
    answer,
    answers,
    closed,
    frame,
    hangs_up,
    no_http,
    not_ours,
    refusal,
    said,
    silent,
    silent_when_open,
    welcomes,
)

T = TypeVar("T")


def run(work: Awaitable[T]) -> T:
    """Do something in a loop of its own, of which nobody complains."""
    complaints: list[Any] = []

    async def main() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await work

    outcome = asyncio.run(main())
    assert not complaints, complaints
    return outcome


class Impatient(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(aio, "_CLOSE_SECONDS", 0.05)
        self.patch(backoff, "FIRST_SECONDS", 0.001)
        self.patch(backoff, "MAX_SECONDS", 0.01)


class Entering(Impatient):
    def refused(self, conduct: Conduct, **options: Any) -> SessionClosed:
        """Why one is not let in."""

        async def enter(url: str) -> SessionClosed:
            try:
                await connect(url, **{"tries": 1, **options})
            except SessionClosed as error:
                return error
            raise AssertionError("it is let in")

        with StrangeServer(conduct) as server:
            error = run(enter(server.url))
            self.assertEqual(server.connections, options.get("tries", 1))
            for _ in range(server.connections):
                self.assertTrue(server.ended.acquire(timeout=PATIENCE_SECONDS), "the connection is left open")
        return error

    def test_each_refusal_is_told_in_the_servers_words_at_once_or_after_as_many_tries_as_may_be(self) -> None:
        for status in (301, 400, 401, 403, 404, 410, 426):
            error = self.refused(answers(answer(status, refusal("wrong_game"), "Location: http://127.0.0.1:1/")))
            self.assertEqual((error.code, error.message), ("wrong_game", "it is wrong_game"))
        for status in (429, 500, 503):
            self.assertEqual(self.refused(answers(answer(status, refusal("later"))), tries=3).code, "later")

    def test_a_body_that_comes_later_is_waited_for(self) -> None:
        whole = answer(403, refusal("wrong_game"))
        self.assertEqual(self.refused(answers(whole[:-20], whole[-20:])).code, "wrong_game")

    def test_what_is_no_server_of_gamesvc_is_told(self) -> None:
        self.assertEqual(self.refused(answers(answer(200, b"hello"))).code, "http_200")
        for conduct, why in (
            (not_ours, "does not speak gamesvc.v1"),
            (no_http, "can't connect to 127.0.0.1:"),
            (hangs_up, "can't connect to 127.0.0.1:"),
            (answers(b"HTTP/1.1 401 No\r\n" + b"X: y\r\n" * 100_000), ""),
        ):
            error = self.refused(conduct, tries=2)
            self.assertEqual(error.code, "unreachable")
            self.assertIn(why, error.message)

    def test_one_that_says_nothing_is_not_waited_for(self) -> None:
        self.patch(watch, "WELCOME_SECONDS", 0.05)
        for conduct in (silent, silent_when_open):
            self.assertIn("no welcome came", self.refused(conduct, tries=2).message)

    def test_who_is_sent_away_for_good_before_the_welcome_does_not_come_back(self) -> None:
        def conduct(connection: Any) -> None:
            connection.open()
            connection.say(closed(4401, "it has expired"))

        error = self.refused(conduct)
        self.assertEqual((error.code, error.message), ("token_expired", "it has expired"))

    def test_tls_that_is_asked_for_is_not_left_out(self) -> None:
        async def enter() -> None:
            with self.assertRaisesRegex(ValueError, "write wss://"):
                Game("ws://h/g", ssl=ssl.create_default_context())

        run(enter())

    def test_what_is_not_known_is_told(self) -> None:
        async def enter() -> None:
            with self.assertRaisesRegex(TypeError, "plyer"):
                Game("ws://h/g", plyer="ann")  # type: ignore[call-arg]  # that is what is tested

        run(enter())

    def test_who_stops_to_enter_leaves_no_connection(self) -> None:
        async def enter(url: str) -> None:
            entering = asyncio.ensure_future(connect(url).__aenter__())
            await asyncio.sleep(0)
            entering.cancel()
            await asyncio.gather(entering, return_exceptions=True)

        with StrangeServer(silent) as server:
            run(enter(server.url))


class Playing(Impatient):
    def test_what_can_not_be_followed_ends_the_line_and_it_comes_back(self) -> None:
        async def play(url: str) -> tuple[Any, ...]:
            statuses: list[str] = []
            reasons: list[str] = []
            back = asyncio.Event()
            game = Game(url, player="ann")
            game.on("status", statuses.append)
            game.on("lost", lambda error: reasons.append(error.code))
            game.on("welcome", lambda welcome: back.set() if statuses.count("open") == 2 else None)
            await game.enter()
            await back.wait()
            await game.close()
            return statuses, reasons

        event = b'{"event": "Marked", "seq": 1}'
        for strange in (
            frame(0x81, b"{"),
            frame(0x81, b'"event"'),
            frame(0x81, b'{"event": "Marked", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
            frame(0x82, event),
            frame(0x81, b"\xff"),
            frame(0xF1, event),
            b"\x81\x7f" + b"\x3f" + b"\xff" * 7,
            said({"event": "Marked", "seq": 5}),
            said({**WELCOME, "seq": "0"}),
            closed(1012),
            closed(4399),
        ):
            with StrangeServer(welcomes(strange, ends=True)) as server:
                statuses, reasons = run(play(server.url))
            self.assertEqual(statuses, ["open", "reconnecting", "open", "closed"])
            self.assertEqual(reasons, ["unreachable"])

    def test_one_that_says_goodbye_and_does_not_hang_up_is_left(self) -> None:
        async def play(url: str) -> None:
            with self.assertRaises(SessionClosed) as caught:
                async with connect(url) as game:
                    await anext(game)
            self.assertEqual(caught.exception.code, "replaced")

        with StrangeServer(welcomes(closed(4409))) as server:
            run(play(server.url))

    def test_who_leaves_learns_that_what_waits_is_not_answered(self) -> None:
        async def play(url: str) -> list[Any]:
            async with connect(url) as game:
                sent = [game.send("go") for _ in range(100)]
            game.send("nobody asks for this one")
            outcomes = await asyncio.gather(*sent, return_exceptions=True)
            # What nobody asks for is complained of when it goes.
            gc.collect()
            return outcomes

        with StrangeServer(welcomes()) as server:
            self.assertEqual({getattr(outcome, "code", outcome) for outcome in run(play(server.url))}, {"closed"})

    def test_who_stops_to_wait_for_a_reply_disturbs_nobody(self) -> None:
        def conduct(connection: Any) -> None:
            connection.open()
            connection.say(said(WELCOME))
            connection.say(said({"status": "ok"}, {"status": "ok", "id": "nobody's"}, {"event": "Marked", "seq": 1}))
            connection.listen()

        async def play(url: str) -> Any:
            async with connect(url) as game:
                sent = game.send("go")
                sent.cancel()
                return await anext(game)

        with StrangeServer(conduct) as server:
            self.assertEqual(run(play(server.url))["seq"], 1)

    def test_no_more_wait_than_may(self) -> None:
        async def play(url: str) -> list[Any]:
            async with connect(url) as game:
                sent = [game.send("go") for _ in range(1025)]
                with self.assertRaises(GameError) as caught:
                    await sent[-1]
                return [caught.exception.code, sum(each.done() for each in sent)]

        with StrangeServer(welcomes()) as server:
            self.assertEqual(run(play(server.url)), ["too_many_waiting", 1])

    def test_a_loop_that_ends_before_the_session_is_no_reason_to_complain(self) -> None:
        async def play(url: str) -> None:
            game = await connect(url)
            game.send("go")

        with StrangeServer(welcomes()) as server:
            run(play(server.url))

"""The client on the reactor, against servers that answer whatever they like; how it plays is in tests/e2e."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from gamesvc.client import GameError, SessionClosed, backoff, reactor_line, watch
from gamesvc.client.twisted import Game, connect
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


class Impatient(TestCase):
    timeout = PATIENCE_SECONDS

    def setUp(self) -> None:
        self.patch(reactor_line, "_CLOSE_SECONDS", 0.05)
        self.patch(backoff, "FIRST_SECONDS", 0.001)
        self.patch(backoff, "MAX_SECONDS", 0.01)

    def server(self, conduct: Conduct) -> StrangeServer:
        """One that is there until the test is over."""
        server = StrangeServer(conduct)
        server.__enter__()
        self.addCleanup(deferToThread, server.__exit__, None, None, None)
        return server


class Entering(Impatient):
    async def refused(self, conduct: Conduct, tries: int = 1) -> SessionClosed:
        """Why one is not let in."""
        server = self.server(conduct)
        try:
            await connect(reactor, server.url, tries=tries)
        except SessionClosed as error:
            self.assertEqual(server.connections, tries)
            for _ in range(tries):
                is_ended = await deferToThread(server.ended.acquire, timeout=PATIENCE_SECONDS)
                self.assertTrue(is_ended, "the connection is left open")
            return error
        raise AssertionError("it is let in")

    async def test_each_refusal_is_told_in_the_servers_words_at_once_or_after_as_many_tries_as_may_be(self) -> None:
        for status in (301, 400, 401, 403, 404, 410, 426):
            error = await self.refused(answers(answer(status, refusal("wrong_game"), "Location: http://127.0.0.1:1/")))
            self.assertEqual((error.code, error.message), ("wrong_game", "it is wrong_game"))
        for status in (429, 500, 503):
            self.assertEqual((await self.refused(answers(answer(status, refusal("later"))), tries=3)).code, "later")

    async def test_a_body_that_comes_later_is_waited_for_and_no_longer_than_it_is_or_may_be(self) -> None:
        whole = answer(403, refusal("wrong_game"))
        self.assertEqual((await self.refused(answers(whole[:-20], whole[-20:]))).code, "wrong_game")

        def cut_off(connection: Any) -> None:
            connection.request()
            connection.say(whole[:-20])

        self.assertEqual((await self.refused(cut_off)).code, "http_403")
        endless = b"HTTP/1.1 403 No\r\nContent-Length: 99999999999999\r\n\r\n" + b"x" * 70_000
        self.assertEqual((await self.refused(answers(endless))).code, "http_403")

    async def test_what_is_no_server_of_gamesvc_is_told(self) -> None:
        self.assertEqual((await self.refused(answers(answer(200, b"hello")))).code, "http_200")
        for conduct, why in (
            (not_ours, "does not speak gamesvc.v1"),
            (no_http, "no answer to a WebSocket's opening handshake"),
            (hangs_up, "the connection was closed"),
            (answers(b"HTTP/1.1 401 No\r\n" + b"X: y\r\n" * 20_000), "no answer to a WebSocket's"),
        ):
            error = await self.refused(conduct, tries=2)
            self.assertEqual(error.code, "unreachable")
            self.assertIn(why, error.message)

    async def test_one_that_says_nothing_is_not_waited_for(self) -> None:
        self.patch(watch, "WELCOME_SECONDS", 0.05)
        for conduct in (silent, silent_when_open):
            self.assertIn("no welcome came", (await self.refused(conduct, tries=2)).message)

    async def test_nobody_there(self) -> None:
        server = self.server(silent)
        await deferToThread(server.__exit__, None, None, None)
        with self.assertRaises(SessionClosed) as caught:
            await connect(reactor, server.url, tries=2)
        self.assertEqual(caught.exception.code, "unreachable")
        self.assertIn(f"can't connect to 127.0.0.1:{server.port}: ", caught.exception.message)

    def test_tls_that_is_asked_for_is_not_left_out(self) -> None:
        self.assertRaisesRegex(ValueError, "write wss://", Game, reactor, "ws://h/g", trust=object())

    async def test_who_stops_to_enter_leaves_no_connection(self) -> None:
        for conduct in (silent, silent_when_open):
            server = self.server(conduct)
            game = Game(reactor, server.url)
            entering = game.enter()
            await deferToThread(self._await_connection, server)
            entering.cancel()
            with self.assertRaises(CancelledError):
                await entering
            await game.close()
            self.assertTrue(await deferToThread(server.ended.acquire, timeout=PATIENCE_SECONDS))

    def _await_connection(self, server: StrangeServer) -> None:
        server.began.acquire(timeout=PATIENCE_SECONDS)

    async def test_who_cancels_what_connect_gave_has_closed_it(self) -> None:
        server = self.server(silent)
        connecting = connect(reactor, server.url)
        await deferToThread(self._await_connection, server)
        connecting.cancel()
        with self.assertRaises(SessionClosed) as caught:
            await connecting
        self.assertEqual(caught.exception.code, "closed")
        self.assertTrue(await deferToThread(server.ended.acquire, timeout=PATIENCE_SECONDS))


class Playing(Impatient):
    async def test_what_can_not_be_followed_ends_the_line_and_it_comes_back(self) -> None:
        event = b'{"event": "Marked", "seq": 1}'
        for strange in (
            frame(0x81, b"{"),
            frame(0x82, event),
            frame(0x81, b"\xff"),
            frame(0xF1, event),
            b"\x81\x7f" + b"\x3f" + b"\xff" * 7,
            said({"event": "Marked", "seq": 5}),
            said({**WELCOME, "seq": "0"}),
            closed(1012),
            closed(4399),
        ):
            statuses: list[str] = []
            reasons: list[str] = []
            back: Deferred[None] = Deferred()

            def hear(status: str, statuses: list[str] = statuses, back: Deferred[None] = back) -> None:
                statuses.append(status)
                if statuses.count("open") == 2 and not back.called:
                    back.callback(None)

            def lose(error: GameError, reasons: list[str] = reasons) -> None:
                reasons.append(error.code)

            game = Game(reactor, self.server(welcomes(strange, ends=True)).url)
            game.on("status", hear)
            game.on("lost", lose)
            await game.enter()
            await back
            await game.close()
            self.assertEqual(statuses, ["open", "reconnecting", "open", "closed"])
            self.assertEqual(reasons, ["unreachable"])

    async def test_who_leaves_learns_that_what_waits_is_not_answered(self) -> None:
        async with connect(reactor, self.server(welcomes()).url) as game:
            sent = [game.send("go") for _ in range(100)]
        for each in sent:
            with self.assertRaises(SessionClosed) as caught:
                await each
            self.assertEqual(caught.exception.code, "closed")

    async def test_who_stops_to_wait_for_a_reply_disturbs_nobody(self) -> None:
        def conduct(connection: Any) -> None:
            connection.open()
            connection.say(said(WELCOME))
            connection.say(said({"status": "ok"}, {"status": "ok", "id": "nobody's"}, {"event": "Marked", "seq": 1}))
            connection.listen()

        async with connect(reactor, self.server(conduct).url) as game:
            sent = game.send("go")
            sent.cancel()
            with self.assertRaises(CancelledError):
                await sent
            self.assertEqual((await game.__anext__())["seq"], 1)

    async def test_no_more_wait_than_may(self) -> None:
        async with connect(reactor, self.server(welcomes()).url) as game:
            sent = [game.send("go") for _ in range(1025)]
            with self.assertRaises(GameError) as caught:
                await sent[-1]
            self.assertEqual(caught.exception.code, "too_many_waiting")
            for each in sent:
                each.addErrback(lambda failure: None)
            self.assertEqual(sum(each.called for each in sent), 1)

"""The client on the reactor, held against the contract of the faces, and what is its own; how it plays: tests/e2e."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from gamesvc.client import SessionClosed, reactor_line
from gamesvc.client.twisted import Connecting, Game, connect
from tests.contracts import client
from tests.strange_servers import (
    PATIENCE_SECONDS,
    StrangeServer,
    answer,
    answers,
    refusal,
    silent,
    silent_when_open,
)


class OnReactor(TestCase, client.ClientContract):
    """The suite of the faces, and what only this one has."""

    timeout = PATIENCE_SECONDS

    cancelled = CancelledError
    endless = b"HTTP/1.1 401 No\r\n" + b"X: y\r\n" * 20_000
    not_http = "no answer to a WebSocket's opening handshake"
    hung_up = "the connection was closed"
    no_end = "no answer to a WebSocket's"

    def setUp(self) -> None:
        super().setUp()
        self.patch(reactor_line, "_CLOSE_SECONDS", 0.05)

    def connect(self, url: str, **options: Any) -> Connecting:
        return connect(reactor, url, **options)

    def game(self, url: str) -> Game:
        return Game(reactor, url)

    def run_there(self, work: Coroutine[Any, Any, None]) -> Deferred[None]:
        return Deferred.fromCoroutine(work)

    def start(self, server: StrangeServer) -> None:
        server.__enter__()
        self.addCleanup(deferToThread, server.__exit__, None, None, None)

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        return await deferToThread(work)

    async def test_a_body_is_waited_for_no_longer_than_it_is_or_may_be(self) -> None:
        whole = answer(403, refusal("wrong_game"))

        def cut_off(connection: Any) -> None:
            connection.request()
            connection.say(whole[:-20])

        self.assertEqual((await self.refused(cut_off)).code, "http_403")
        endless = b"HTTP/1.1 403 No\r\nContent-Length: 99999999999999\r\n\r\n" + b"x" * 70_000
        self.assertEqual((await self.refused(answers(endless))).code, "http_403")

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

    async def test_who_cancels_what_connect_gave_has_closed_it(self) -> None:
        server = self.server(silent)
        connecting = connect(reactor, server.url)
        await deferToThread(self._await_connection, server)
        connecting.cancel()
        with self.assertRaises(SessionClosed) as caught:
            await connecting
        self.assertEqual(caught.exception.code, "closed")
        self.assertTrue(await deferToThread(server.ended.acquire, timeout=PATIENCE_SECONDS))

    def _await_connection(self, server: StrangeServer) -> None:
        server.began.acquire(timeout=PATIENCE_SECONDS)

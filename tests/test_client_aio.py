"""The client on asyncio, held against the contract of the faces, and what is its own; how it plays is in tests/e2e."""

from __future__ import annotations

import asyncio
import gc
import ssl
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client import aio, connect
from gamesvc.client.aio import Game
from tests.contracts import client
from tests.strange_servers import PATIENCE_SECONDS, StrangeServer, silent, welcomes

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


class OnAsyncio(client.ClientContract):
    """The suite of the faces."""

    cancelled = asyncio.CancelledError
    endless = b"HTTP/1.1 401 No\r\n" + b"X: y\r\n" * 100_000
    not_http = hung_up = "can't connect to 127.0.0.1:"
    no_end = ""

    def setUp(self) -> None:
        super().setUp()
        self.patch(aio, "_CLOSE_SECONDS", 0.05)
        self.patch(aio, "WELCOME_SECONDS", 10 * PATIENCE_SECONDS)

    def connect(self, url: str, **options: Any) -> aio.Connecting:
        return connect(url, **options)

    def game(self, url: str) -> Game:
        return Game(url)

    def run_there(self, work: Coroutine[Any, Any, None]) -> None:
        run(work)

    def start(self, server: StrangeServer) -> None:
        server.__enter__()
        self.addCleanup(server.__exit__, None, None, None)

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        return await asyncio.to_thread(work)


class Alone(SynchronousTestCase):
    """What only this one has."""

    def setUp(self) -> None:
        self.patch(aio, "_CLOSE_SECONDS", 0.05)

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

    def test_what_nobody_asks_for_when_the_session_ends_is_no_reason_to_complain(self) -> None:
        async def play(url: str) -> None:
            async with connect(url) as game:
                game.send("go")
            game.send("go")
            # It would be complained of when it goes.
            gc.collect()

        with StrangeServer(welcomes()) as server:
            run(play(server.url))

    def test_a_loop_that_ends_before_the_session_is_no_reason_to_complain(self) -> None:
        async def play(url: str) -> None:
            game = await connect(url)
            game.send("go")

        with StrangeServer(welcomes()) as server:
            run(play(server.url))

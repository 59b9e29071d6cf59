"""The client for programs with a loop of their own: its thread, and who ends it when."""

from __future__ import annotations

import subprocess
import sys
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client import GameError, SessionClosed, aio, backoff, sync, unread
from gamesvc.client.sync import Game, GameClient
from tests.strange_servers import PATIENCE_SECONDS, StrangeServer, closed, said, silent, welcomes

ROOT = Path(__file__).parent.parent

LEFT_ALONE = """
import logging
import sys
from gamesvc.client import sync
from gamesvc.client.sync import GameClient, connect

# In this mode asyncio tells of all that took long, which is the machine's affair.
logging.getLogger("asyncio").addFilter(lambda record: not record.getMessage().startswith("Executing "))

game = connect(sys.argv[1])
game.send("go")
client = GameClient(sys.argv[1])
client.start()
print("done")
"""
"""A program that ends, and leaves no game before that."""


class Threads(SynchronousTestCase):
    def setUp(self) -> None:
        self.patch(aio, "_CLOSE_SECONDS", 0.05)
        self.patch(backoff, "FIRST_SECONDS", 0.001)
        self.patch(backoff, "MAX_SECONDS", 0.01)
        # What is left open is not closed in the end because nothing came.
        self.patch(aio, "WELCOME_SECONDS", 10 * PATIENCE_SECONDS)

    def test_it_ends_when_the_server_ends_it_and_who_polls_later_gets_what_had_come(self) -> None:
        more = said({"event": "Marked", "seq": 1}) + closed(4409)
        with StrangeServer(welcomes(more)) as server:
            game = sync.connect(server.url)
            game._thread.join(PATIENCE_SECONDS)
            self.assertEqual([event["seq"] for event in game.poll()], [1])
            assert game.error is not None
            self.assertEqual(game.error.code, "replaced")
            with self.assertRaises(SessionClosed) as caught:
                game.send("go").result(PATIENCE_SECONDS)
            self.assertEqual(caught.exception.code, "replaced")
            game.close()

    def test_events_that_nobody_polls_are_kept_up_to_a_bound(self) -> None:
        self.patch(unread, "MAX_EVENTS", 3)
        came = threading.Event()
        more = said(*({"event": "Marked", "seq": seq} for seq in range(1, 8)), {"event": "gamesvc.finished", "seq": 8})
        with (
            StrangeServer(welcomes(more)) as server,
            Game(server.url, callbacks={"gamesvc.finished": lambda event: came.set()}) as game,
        ):
            self.assertTrue(came.wait(PATIENCE_SECONDS))
            self.assertEqual(self.assertRaises(GameError, game.poll).code, "missed_events")
            self.assertEqual([event["seq"] for event in game.poll()], [6, 7, 8])
            self.assertEqual((game.finished, game.outcome), (True, None))

    def test_it_can_be_closed_by_its_own_callback_and_by_several_threads_at_once(self) -> None:
        clients: list[GameClient] = []
        stopped = threading.Event()

        def stop(event: dict[str, Any]) -> None:
            clients[0].stop()
            stopped.set()

        with StrangeServer(welcomes(said({"event": "Marked", "seq": 1}))) as server:
            clients.append(GameClient(server.url, None, stop))
            clients[0].start()
            self.assertTrue(stopped.wait(PATIENCE_SECONDS))
            clients[0].stop()
            game = sync.connect(server.url)
            closing = [threading.Thread(target=game.close) for _ in range(4)]
            for thread in closing:
                thread.start()
            for thread in closing:
                thread.join(PATIENCE_SECONDS)
                self.assertFalse(thread.is_alive())
            self.assertEqual(game.status, "closed")

    def test_what_is_sent_while_it_is_closed_comes_to_an_end(self) -> None:
        outcomes: list[Future[Any]] = []
        with StrangeServer(welcomes()) as server:
            game = sync.connect(server.url)
            sending = threading.Thread(target=lambda: outcomes.extend(game.send("go") for _ in range(300)))
            sending.start()
            game.close()
            sending.join(PATIENCE_SECONDS)
            outcomes.append(game.send("go"))
            for outcome in outcomes:
                error = outcome.exception(PATIENCE_SECONDS)
                assert isinstance(error, SessionClosed)
                self.assertEqual(error.code, "closed")

    def test_who_waits_too_long_to_enter_has_left(self) -> None:
        wait_open = Game.wait_open
        with StrangeServer(silent) as server:

            def wait(game: Game, seconds: float) -> None:
                # Who has no connection yet has nothing to leave.
                self.assertTrue(server.began.acquire(timeout=PATIENCE_SECONDS))
                wait_open(game, seconds)

            self.patch(Game, "wait_open", wait)
            self.assertRaises(TimeoutError, sync.connect, server.url, seconds=0.01)
            self.assertTrue(server.ended.acquire(timeout=PATIENCE_SECONDS))

    def test_a_mistake_is_told_where_it_is_made(self) -> None:
        self.assertRaisesRegex(ValueError, "write ws://HOST:PORT/GAME", Game, "http://localhost/g")
        self.assertRaisesRegex(ValueError, "that is no token", Game, "ws://localhost/g", token="")
        client = GameClient("ws://localhost/g?since=x")
        self.assertRaisesRegex(ValueError, "write since=0", client.start)
        self.assertRaisesRegex(RuntimeError, "start the client first", client.send, {"command": "go"})

    def test_a_callback_that_nobody_would_await_is_refused_and_no_thread_is_left(self) -> None:
        async def later(event: Any) -> None:
            raise AssertionError("nobody runs it")

        before = threading.enumerate()
        client = GameClient("ws://localhost/g", None, later)
        for _ in range(2):
            self.assertRaisesRegex(TypeError, "async def", client.start)
        for thread in threading.enumerate():
            if thread not in before:
                thread.join(PATIENCE_SECONDS)
                self.assertFalse(thread.is_alive())

    def test_a_program_that_ends_without_leaving_ends(self) -> None:
        with StrangeServer(welcomes()) as server:
            done = subprocess.run(
                [sys.executable, "-X", "dev", "-W", "error", "-c", LEFT_ALONE, server.url],
                cwd=ROOT,
                capture_output=True,
                text=True,
                timeout=3 * PATIENCE_SECONDS,
            )
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "done\n", ""))

"""What every kind of client does, whatever runs it, against servers that answer whatever they like."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client import GameError, SessionClosed, backoff, watch
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

T = TypeVar("T", bound="ClientContract")

EVENT = b'{"event": "Marked", "seq": 1}'


def played(test: Callable[[T], Coroutine[Any, Any, None]]) -> Callable[[T], Any]:
    """Mark a test as one that the client's loop runs."""

    @functools.wraps(test)
    def run(case: T) -> Any:
        return case.run_there(test(case))

    return run


class ClientContract(SynchronousTestCase):
    """The suite of the faces. Whoever mixes it in is a test case, and connects. What is waited for, is awaited."""

    cancelled: type[BaseException]
    """What somebody gets who waits for what was cancelled."""
    endless: bytes
    """Headers that have no end."""
    not_http: str
    """What is told of one that does not speak HTTP,"""
    hung_up: str
    """of one that hangs up,"""
    no_end: str
    """and of one whose headers have no end."""

    def connect(self, url: str, **options: Any) -> Any:
        """A game that is being entered."""
        raise NotImplementedError

    def game(self, url: str) -> Any:
        """One that is not entered yet."""
        raise NotImplementedError

    def run_there(self, work: Coroutine[Any, Any, None]) -> Any:
        """Have the client's loop run it; what a test returns."""
        raise NotImplementedError

    def start(self, server: StrangeServer) -> None:
        """Have a server until the test is over."""
        raise NotImplementedError

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """Do what blocks, where the loop does not mind."""
        raise NotImplementedError

    def setUp(self) -> None:
        self.patch(backoff, "FIRST_SECONDS", 0.001)
        self.patch(backoff, "MAX_SECONDS", 0.01)
        # What is left open is not closed in the end because nothing came.
        self.patch(watch, "WELCOME_SECONDS", 10 * PATIENCE_SECONDS)

    def server(self, conduct: Conduct) -> StrangeServer:
        """One that is there until the test is over."""
        server = StrangeServer(conduct)
        self.start(server)
        return server

    async def ended(self, server: StrangeServer) -> None:
        """Wait until the client has left a connection."""
        is_ended = await self.in_thread(lambda: server.ended.acquire(timeout=PATIENCE_SECONDS))
        self.assertTrue(is_ended, "the connection is left open")

    async def refused(self, conduct: Conduct, tries: int = 1) -> SessionClosed:
        """Why one is not let in."""
        server = self.server(conduct)
        try:
            await self.connect(server.url, tries=tries)
        except SessionClosed as error:
            # The server may hear of a connection after the client has given it up.
            for _ in range(tries):
                await self.ended(server)
            self.assertEqual(server.connections, tries)
            return error
        raise AssertionError("it is let in")

    async def outcome(self, promise: Any) -> Any:
        """What a command returned, or the error's code."""
        try:
            return await promise
        except GameError as error:
            return error.code

    # Entering.

    @played
    async def test_each_refusal_is_told_in_the_servers_words_at_once_or_after_as_many_tries_as_may_be(self) -> None:
        for status in (301, 400, 401, 403, 404, 410, 426):
            error = await self.refused(answers(answer(status, refusal("wrong_game"), "Location: http://127.0.0.1:1/")))
            self.assertEqual((error.code, error.message), ("wrong_game", "it is wrong_game"))
        for status in (429, 500, 503):
            self.assertEqual((await self.refused(answers(answer(status, refusal("later"))), tries=3)).code, "later")

    @played
    async def test_a_body_that_comes_later_is_waited_for(self) -> None:
        whole = answer(403, refusal("wrong_game"))
        self.assertEqual((await self.refused(answers(whole[:-20], whole[-20:]))).code, "wrong_game")

    @played
    async def test_what_is_no_server_of_gamesvc_is_told(self) -> None:
        self.assertEqual((await self.refused(answers(answer(200, b"hello")))).code, "http_200")
        for conduct, why in (
            (not_ours, "does not speak gamesvc.v1"),
            (no_http, self.not_http),
            (hangs_up, self.hung_up),
            (answers(self.endless), self.no_end),
        ):
            error = await self.refused(conduct, tries=2)
            self.assertEqual(error.code, "unreachable")
            self.assertIn(why, error.message)

    @played
    async def test_one_that_says_nothing_is_not_waited_for(self) -> None:
        self.patch(watch, "WELCOME_SECONDS", 0.1)
        for conduct in (silent, silent_when_open):
            server = self.server(conduct)
            with self.assertRaises(SessionClosed) as caught:
                await self.connect(server.url, tries=2)
            self.assertEqual(caught.exception.code, "unreachable")
            self.assertIn("no welcome came", caught.exception.message)
            # On a machine that is busy the time may be over before there is a connection.
            for _ in range(server.connections):
                await self.ended(server)

    @played
    async def test_nobody_there(self) -> None:
        with StrangeServer(silent) as server:
            pass
        with self.assertRaises(SessionClosed) as caught:
            await self.connect(server.url, tries=2)
        self.assertEqual(caught.exception.code, "unreachable")
        self.assertIn(f"can't connect to 127.0.0.1:{server.port}: ", caught.exception.message)

    @played
    async def test_who_is_sent_away_for_good_before_the_welcome_does_not_come_back(self) -> None:
        def conduct(connection: Any) -> None:
            connection.open()
            connection.say(closed(4401, "it has expired"))

        error = await self.refused(conduct)
        self.assertEqual((error.code, error.message), ("token_expired", "it has expired"))

    # Playing.

    @played
    async def test_what_can_not_be_followed_ends_the_line_and_it_comes_back(self) -> None:
        for strange in (
            frame(0x81, b"{"),
            frame(0x81, b'"event"'),
            frame(0x81, b'{"event": "Marked", "x": ' + b"[" * 5000 + b"]" * 5000 + b"}"),
            frame(0x82, EVENT),
            frame(0x81, b"\xff"),
            frame(0xF1, EVENT),
            b"\x81\x7f" + b"\x3f" + b"\xff" * 7,
            said({"event": "Marked", "seq": 5}),
            said({**WELCOME, "seq": "0"}),
            closed(1012),
            closed(4399),
        ):
            statuses: list[str] = []
            reasons: list[GameError] = []
            game = self.game(self.server(welcomes(strange, ends=True)).url)
            game.on("status", statuses.append)
            game.on("lost", reasons.append)
            await game.enter()
            # The second one is news, as its numbers begin anew.
            self.assertEqual((await game.__anext__())["event"], "gamesvc.welcome")
            await game.close()
            self.assertEqual(statuses, ["open", "reconnecting", "open", "closed"])
            self.assertEqual([reason.code for reason in reasons], ["unreachable"])

    @played
    async def test_one_that_says_goodbye_and_does_not_hang_up_is_left(self) -> None:
        server = self.server(welcomes(closed(4409)))
        with self.assertRaises(SessionClosed) as caught:
            async with self.connect(server.url) as game:
                await game.__anext__()
        self.assertEqual(caught.exception.code, "replaced")
        await self.ended(server)

    @played
    async def test_who_sends_while_the_server_says_goodbye_is_not_disturbed(self) -> None:
        sent: list[Any] = []
        lost: list[GameError] = []
        game = self.game(self.server(welcomes(closed(1012))).url)
        # It may be that nothing goes any more when one is in it.
        game.on("welcome", lambda _: sent.append(game.send("go")))
        game.on("lost", lost.append)
        await game.enter()
        while not lost:
            # No more than may wait.
            if len(sent) < 1000:
                sent.append(game.send("go"))
            await self.in_thread(lambda: None)
        await game.close()
        self.assertEqual({await self.outcome(each) for each in sent}, {"closed"})

    @played
    async def test_who_leaves_learns_that_what_waits_is_not_answered(self) -> None:
        async with self.connect(self.server(welcomes()).url) as game:
            sent = [game.send("go") for _ in range(100)]
        self.assertEqual([await self.outcome(each) for each in sent], ["closed"] * 100)

    @played
    async def test_who_stops_to_wait_for_a_reply_disturbs_nobody(self) -> None:
        def conduct(connection: Any) -> None:
            connection.open()
            connection.say(said(WELCOME))
            connection.say(said({"status": "ok"}, {"status": "ok", "id": "nobody's"}, {"event": "Marked", "seq": 1}))
            connection.listen()

        async with self.connect(self.server(conduct).url) as game:
            sent = game.send("go")
            sent.cancel()
            with self.assertRaises(self.cancelled):
                await sent
            self.assertEqual((await game.__anext__())["seq"], 1)

    @played
    async def test_no_more_wait_than_may(self) -> None:
        async with self.connect(self.server(welcomes()).url) as game:
            sent = [game.send("go") for _ in range(1025)]
            self.assertEqual(await self.outcome(sent[-1]), "too_many_waiting")
        # All others waited until the end.
        self.assertEqual({await self.outcome(each) for each in sent[:-1]}, {"closed"})

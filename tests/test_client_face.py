"""What the clients have in common, without a network: a face whose lines and timers are the test's."""

from __future__ import annotations

import json
from collections.abc import Coroutine
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client import unread
from gamesvc.client.face import Face
from gamesvc.client.failure import GameError, SessionClosed

WELCOME: dict[str, Any] = {"event": "gamesvc.welcome", "epoch": "e", "seq": 0, "resumed": False, "player": "alice"}
WELCOME |= {"playing": True, "players": ["alice"], "present": ["alice"], "state": {"n": 0}}


class FakeLine:
    def __init__(self) -> None:
        self.url = ""
        self.sent: list[Any] = []
        self.ids: list[str] = []
        self.ended: list[object] = []

    def open(self, url: str, *, renew: bool) -> None:
        self.url = url

    def transmit(self, text: str) -> None:
        message = json.loads(text)
        self.sent.append(message["command"])
        self.ids.append(message["id"])

    def close(self, code: int) -> None:
        self.ended.append(code)

    def drop(self) -> None:
        self.ended.append("dropped")


class FakeFace(Face[Deferred[Any]]):
    def __init__(self, url: str = "ws://h/g", token: Any = None, tries: Any = 5) -> None:
        self.now = 0.0
        self.rings_at: float | None = None
        self.lines: list[FakeLine] = []
        self.failures: list[Exception] = []
        super().__init__(url, token=token, tries=tries)

    @property
    def line(self) -> FakeLine:
        return self.lines[-1]

    def receive(self, **message: Any) -> None:
        self.line_received(self.line, json.dumps(message))

    def ring(self) -> None:
        assert self.rings_at is not None
        self.now = self.rings_at
        self._ring()

    def _now(self) -> float:
        return self.now

    def _set_timer(self, at: float) -> None:
        self.rings_at = at

    def _stop_timer(self) -> None:
        self.rings_at = None

    def _new_line(self) -> FakeLine:
        self.lines.append(FakeLine())
        return self.line

    def _promise(self) -> Deferred[Any]:
        return Deferred()

    async def _awaited(self, promise: Deferred[Any]) -> Any:
        return await promise

    def _resolve(self, promise: Deferred[Any], value: Any) -> None:
        if not promise.called:
            promise.callback(value)

    def _reject(self, promise: Deferred[Any], error: GameError) -> None:
        if not promise.called:
            promise.errback(error)

    def _callback_failed(self, error: Exception) -> None:
        self.failures.append(error)


class Faces(SynchronousTestCase):
    def setUp(self) -> None:
        self.face = FakeFace()
        self.face._start()

    def enter(self) -> None:
        self.face.receive(**WELCOME)

    def next(self) -> Deferred[Any]:
        step: Coroutine[Any, Any, dict[str, Any]] = self.face.__anext__()
        return Deferred.fromCoroutine(step)

    def test_what_a_callback_sends_goes_after_what_was_to_be_sent_before(self) -> None:
        for command in ("first", "second"):
            self.face._send(command, {})
        self.face.on("welcome", lambda _: self.face._send("third", {}))
        self.enter()
        self.assertEqual(self.face.line.sent, ["first", "second", "third"])

    def test_a_callback_that_fails_is_told_of_and_harms_nobody(self) -> None:
        heard: list[Any] = []
        self.face.on("Marked", lambda event: 1 / 0)
        self.face.on("Marked", heard.append)
        self.enter()
        self.face.receive(event="Marked", seq=1)
        self.assertEqual([event["seq"] for event in heard], [1])
        self.assertEqual([type(error) for error in self.face.failures], [ZeroDivisionError])

    def test_a_callback_that_nobody_would_await_is_refused_at_once(self) -> None:
        async def later(event: Any) -> None:
            raise AssertionError("nobody runs it")

        self.assertRaisesRegex(TypeError, "async def", self.face.on, "Marked", later)

    def test_tries_that_are_no_number_are_refused_at_once(self) -> None:
        self.assertRaisesRegex(TypeError, "tries is of type str: write a number, such as 5", FakeFace, tries="3")

    def test_callbacks_are_called_for_what_they_are_for(self) -> None:
        heard: list[tuple[str, Any]] = []

        def hear(kind: str) -> None:
            self.face.on(kind, lambda value: heard.append((kind, value)))

        for kind in ("event", "Marked", "Other", "state", "status"):
            hear(kind)
        self.enter()
        self.face.receive(event="Marked", seq=1)
        self.face.receive(event="gamesvc.patch", seq=1, patch={"n": 1})
        marked = {"event": "Marked", "seq": 1}
        expected = [("status", "open"), ("state", {"n": 0}), ("event", marked), ("Marked", marked), ("state", {"n": 1})]
        self.assertEqual(heard, expected)

    def test_a_callback_that_fails_is_told_to_who_wants_to_know(self) -> None:
        heard: list[Any] = []
        self.face.on("Marked", lambda event: 1 / 0)
        self.face.on("failure", heard.append)
        self.enter()
        self.face.receive(event="Marked", seq=1)
        self.assertEqual([type(error) for error in heard], [ZeroDivisionError])
        self.assertEqual(self.face.failures, [])
        self.face.on("failure", lambda error: [].pop())
        self.face.receive(event="Marked", seq=2)
        self.assertEqual([type(error) for error in heard], [ZeroDivisionError] * 2)
        self.assertEqual([type(error) for error in self.face.failures], [IndexError])

    def test_a_reply_is_told_in_its_place_with_what_send_returned(self) -> None:
        heard: list[Any] = []
        self.face.on("reply", heard.append)
        self.face.on("event", heard.append)
        self.enter()
        replies = [self.face._send("mark", {}) for _ in range(2)]
        self.face.receive(status="ok", id=self.face.line.ids[0], result=7)
        self.face.receive(event="Marked", seq=1)
        error = {"code": "refused", "message": "no", "retryable": False}
        self.face.receive(status="error", id=self.face.line.ids[1], error=error)
        self.assertEqual(heard, [replies[0], {"event": "Marked", "seq": 1}, replies[1]])
        self.assertEqual(self.successResultOf(replies[0]), 7)
        self.failureResultOf(replies[1], GameError)

    def test_why_there_is_no_line_is_told_each_time(self) -> None:
        heard: list[str] = []
        self.face.on("lost", lambda error: heard.append(str(error)))
        self.face.on("status", heard.append)
        self.enter()
        self.face.line_lost(self.face.line, 1012, "restarting")
        self.face.ring()
        self.face.line_failed(self.face.line, "connection refused")
        self.face.ring()
        self.face.line_refused(self.face.line, 503, {}, b"")
        self.face.ring()
        self.face.line_lost(self.face.line, 4409, "")
        expected = ["open", "unreachable: the server closed with 1012: restarting", "reconnecting"]
        expected.append("unreachable: can't connect to h:80: connection refused")
        expected.append("http_503: the server answered with HTTP status 503, and not as one of gamesvc does")
        self.assertEqual(heard, [*expected, "closed"])

    def test_the_line_can_be_cut_on_purpose(self) -> None:
        self.enter()
        old = self.face.line
        self.assertTrue(self.face.cut())
        self.assertEqual((old.ended, self.face.status), (["dropped"], "reconnecting"))
        self.assertFalse(self.face.cut())
        self.face.ring()
        self.enter()
        self.assertEqual(self.face.status, "open")
        self.assertIsNot(self.face.line, old)

    def test_the_end_of_the_game_is_known(self) -> None:
        self.enter()
        self.assertEqual((self.face.finished, self.face.outcome), (False, None))
        self.face.receive(event="gamesvc.finished", outcome={"event": "Finished", "winner": "alice"}, seq=1)
        self.assertEqual((self.face.finished, self.face.outcome), (True, {"event": "Finished", "winner": "alice"}))

    def test_who_stops_to_wait_for_an_event_leaves_nothing_behind(self) -> None:
        self.enter()
        for _ in range(3):
            waiting = self.next()
            waiting.cancel()
            self.failureResultOf(waiting, CancelledError)
        self.assertEqual(self.face._readers, [])
        self.face.receive(event="Marked", seq=1)
        self.assertEqual(self.successResultOf(self.next())["seq"], 1)

    def test_a_token_that_can_be_none_is_told_at_once(self) -> None:
        self.assertRaisesRegex(ValueError, "that is no token", FakeFace, token="s3cret x")

    def test_a_line_gets_the_token_and_another_one_where_that_can_be(self) -> None:
        tokens = iter(("t1", "t2"))
        given = FakeFace(token=lambda: next(tokens))
        for renew, token in ((False, "t1"), (False, "t1"), (True, "t2")):
            self.assertEqual(self.successResultOf(Deferred.fromCoroutine(given.current_token(renew))), token)

    def test_what_an_earlier_line_says_counts_no_more(self) -> None:
        self.enter()
        old = self.face.line
        self.face.line_lost(old, None, "")
        self.face.ring()
        self.enter()
        self.face.line_received(old, json.dumps({"event": "Marked", "seq": 1}))
        self.face.line_lost(old, 4409, "")
        self.face.line_refused(old, 404, {}, b"")
        self.assertEqual((self.face.seq, self.face.status), (0, "open"))

    def test_all_hear_of_one_thing_before_anybody_hears_of_the_next(self) -> None:
        heard: list[Any] = []
        self.face.on("status", lambda _: self.face._send("first", {}))
        self.face.on("status", heard.append)
        self.face.on("state", heard.append)
        self.enter()
        self.assertEqual(heard, ["open", {"n": 0}])

    def test_what_ended_it_stays_so_when_it_is_closed_after_that(self) -> None:
        self.enter()
        self.face.line_lost(self.face.line, 4409, "")
        self.face._close()
        assert self.face.error is not None
        self.assertEqual(self.face.error.code, "replaced")
        self.failureResultOf(self.next(), SessionClosed)

    def test_events_are_read_one_after_the_other_also_by_who_waits(self) -> None:
        self.enter()
        waiting = self.next()
        self.assertNoResult(waiting)
        self.face.receive(event="Marked", seq=1)
        self.face.receive(event="Marked", seq=2)
        self.assertEqual(self.successResultOf(waiting)["seq"], 1)
        self.assertEqual(self.successResultOf(self.next())["seq"], 2)

    def test_a_welcome_with_other_numbers_is_among_the_events_and_the_first_is_not(self) -> None:
        self.enter()
        self.face.receive(event="Marked", seq=1)
        self.face.receive(**{**WELCOME, "epoch": "f", "seq": 7})
        self.face.receive(event="Marked", seq=8)
        read = [self.successResultOf(self.next()) for _ in range(3)]
        self.assertEqual([(event["event"], event["seq"]) for event in read][1], ("gamesvc.welcome", 7))
        self.assertEqual([event["seq"] for event in read], [1, 7, 8])

    def test_who_reads_too_late_is_told_so_once_and_gets_the_newest(self) -> None:
        self.patch(unread, "MAX_EVENTS", 2)
        self.enter()
        for seq in (1, 2, 3):
            self.face.receive(event="Marked", seq=seq)
        self.assertEqual(self.failureResultOf(self.next(), GameError).value.code, "missed_events")
        self.assertEqual([self.successResultOf(self.next())["seq"] for _ in range(2)], [2, 3])

    def test_reading_ends_with_the_session_after_what_had_come(self) -> None:
        self.enter()
        self.face.receive(event="Marked", seq=1)
        self.face._close()
        self.assertEqual(self.face.line.ended, [1000])
        self.assertEqual(self.successResultOf(self.next())["seq"], 1)
        self.failureResultOf(self.next(), StopAsyncIteration)

    def test_who_waits_is_told_why_the_server_ended_it(self) -> None:
        self.enter()
        waiting, reply = self.next(), self.face._send("mark", {})
        self.face.line_lost(self.face.line, 4409, "replaced by a newer connection")
        self.assertEqual(self.failureResultOf(waiting, SessionClosed).value.code, "replaced")
        self.assertEqual(self.failureResultOf(reply, SessionClosed).value.message, "replaced by a newer connection")
        self.assertIsNone(self.face.rings_at)

    def test_a_refusal_is_told_in_the_servers_words(self) -> None:
        body = b'{"error": {"code": "wrong_game", "message": "the token is for another game", "retryable": false}}'
        self.face.line_refused(self.face.line, 403, {}, body)
        error = self.failureResultOf(self.face._ready, SessionClosed).value
        self.assertEqual(str(error), "wrong_game: the token is for another game")

    def test_what_is_no_server_of_ours_may_answer_whatever_it_likes(self) -> None:
        for body in (b"", b"<html>", b"[]", b'{"error": 1}', b"\xff"):
            found = FakeFace()
            found._start()
            found.line_refused(found.line, 404, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, body)
            self.assertEqual(self.failureResultOf(found._ready, SessionClosed).value.code, "http_404")

    def test_retry_after_is_kept_to(self) -> None:
        self.face.line_refused(self.face.line, 503, {"retry-after": "5"}, b"")
        assert self.face.rings_at is not None
        self.assertGreaterEqual(self.face.rings_at, 5.0)

    def test_a_place_in_the_address_is_where_it_goes_on_from_at_first_only(self) -> None:
        found = FakeFace("ws://h/g?player=a&epoch=e&since=4")
        found._start()
        self.assertEqual(found.line.url, "ws://h/g?player=a&state=1&epoch=e&since=4")
        found.receive(**{**WELCOME, "seq": 5, "resumed": True})
        found.receive(event="Marked", seq=5)
        found.line_lost(found.line, None, "")
        found.ring()
        self.assertEqual(found.line.url, "ws://h/g?player=a&state=1&epoch=e&since=5")

    def test_a_guest_stays_the_same_one(self) -> None:
        self.enter()
        self.face.line_lost(self.face.line, None, "")
        self.face.ring()
        self.assertIn("player=alice", self.face.line.url)
        bearer = FakeFace(token="t")
        bearer._start()
        bearer.receive(**WELCOME)
        bearer.line_lost(bearer.line, None, "")
        bearer.ring()
        self.assertNotIn("player", bearer.line.url)

    def test_a_timer_is_not_set_anew_for_each_message(self) -> None:
        self.enter()
        at = self.face.rings_at
        self.face.now = 1.0
        self.face.receive(event="Marked", seq=1)
        self.assertEqual(self.face.rings_at, at)
        self.face.ring()
        self.assertEqual(self.face.rings_at, 26.0)

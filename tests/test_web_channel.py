"""One connection's requests over HTTP, and everything that a hostile peer may make of them."""

from __future__ import annotations

import gc
import weakref
from typing import Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import HTTP_REFUSALS
from gamesvc.limits import SLOW_CONSUMER_SECONDS
from gamesvc.web.channel import BODY_SECONDS, IDLE_SECONDS, MAX_AHEAD_BYTES, MAX_AT_ONCE, MAX_REQUESTS
from tests.web import Asker, WebWorld, request
from tests.wire import Logged, World, frame, opening

FAST = settings(deadline=None, database=None, max_examples=150)

ENDED = b"0\r\n\r\n"


def statuses(asker: Asker) -> list[int]:
    """The statuses of what came since the last call."""
    return [each.status for each in asker.responses()]


def code(data: bytes, **limits: Any) -> str:
    """The code with which bytes are refused on a connection of their own; else what was answered."""
    asker = WebWorld(**limits).asker()
    asker.send(data)
    (response, *more) = asker.responses()
    assert not more, more
    if response.status < 400:
        return response.body.decode()
    assert asker.is_ended
    return response.code


class Answers(SynchronousTestCase):
    def test_what_asks_for_no_websocket_is_served(self) -> None:
        (response,) = WebWorld().asker().ask_for("/echo?a=b%20c")
        self.assertEqual((response.status, response.body), (200, b"GET /echo?a=b%20c"))

    def test_what_does_is_a_game_whatever_its_path(self) -> None:
        world = WebWorld()
        line = world.line()
        line.ask("/echo")
        self.assertEqual(line.response().status, 101)
        line.say(command="hello")
        self.assertEqual(line.heard()[-1], {"status": "ok"})
        self.assertEqual(list(world.listener.games), ["echo"])

    def test_requests_come_in_whatever_pieces(self) -> None:
        data = request("/echo") + request("/echo", method="POST", body=b"first") + request("/echo?2")
        data += (
            request("/echo", "Transfer-Encoding: chunked", method="POST")
            + b"5\r\nthird\r\n0\r\n\r\n"
            + request("/echo")
        )
        for size in (1, 2, 3, 7, 50, len(data)):
            asker = WebWorld().asker()
            for start in range(0, len(data), size):
                asker.send(data[start : start + size])
            bodies = [each.body for each in asker.responses()]
            self.assertEqual(bodies, [b"GET /echo", b"first", b"GET /echo?2", b"third", b"GET /echo"])
            self.assertFalse(asker.is_ended)

    def test_head_says_what_get_would_and_sends_nothing_of_it(self) -> None:
        (response,) = WebWorld().asker().ask_for("/echo", method="HEAD")
        self.assertEqual((response.status, response.headers["Content-Length"]), (200, "10"))

    def test_what_has_no_length_comes_in_chunks_or_to_the_end_of_the_line(self) -> None:
        asker = WebWorld().asker()
        (response,) = asker.ask_for("/streaming")
        self.assertEqual((response.body, asker.is_ended), (b"one two", False))
        asker.send(request("/streaming", version="1.0"))
        (response,) = asker.responses()
        self.assertEqual((response.body, asker.is_ended), (b"one two", True))

    def test_who_waits_for_a_word_before_the_body_gets_it_once(self) -> None:
        asker = WebWorld().asker()
        head = request("/echo", "Expect: 100-Continue", "Content-Length: 4", method="POST")
        asker.send(head)
        self.assertEqual(statuses(asker), [100])
        asker.send(b"bo")
        asker.send(b"dy")
        self.assertEqual(asker.responses()[0].body, b"body")
        # Not who did not wait, or can't.
        asker.send(head + b"body")
        self.assertEqual(statuses(asker), [200])
        asker.send(head.replace(b"HTTP/1.1", b"HTTP/1.0"))
        self.assertEqual(statuses(asker), [])

    def test_a_body_that_is_not_wanted_is_refused_before_it_comes(self) -> None:
        asker = WebWorld().asker()
        asker.send(request("/echo", "Expect: 100-continue", "Content-Length: 65537", method="POST"))
        self.assertEqual(statuses(asker), [413])
        self.assertTrue(asker.is_ended)


class Hostile(SynchronousTestCase):
    """What is not to be understood for certain is refused, and nothing behind it is read."""

    def test_request_lines(self) -> None:
        for line in (
            "GET  /echo HTTP/1.1",
            "GET /echo HTTP/1.1 ",
            "GET /echo HTTP/2.0",
            "GET /echo HTTP/0.9",
            "GET /echo",
            "GET http://localhost:8080/echo HTTP/1.1",
            "GET //localhost:8080@evil.example HTTP/9",
            "CONNECT localhost:8080 HTTP/1.1",
            "OPTIONS * HTTP/1.1",
            "GET echo HTTP/1.1",
            "GET /echo#top HTTP/1.1",
            "GET /ec\x85ho HTTP/1.1",
            "GET /ec\xa0ho HTTP/1.1",
            "GET /ec\x00ho HTTP/1.1",
            "GET /echo\tHTTP/1.1",
            "G\x85T /echo HTTP/1.1",
        ):
            self.assertEqual(code(f"{line}\r\nHost: a\r\n\r\n".encode("latin-1")), "bad_request", line)
        self.assertEqual(code(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), "bad_request")

    def test_methods_that_nobody_serves(self) -> None:
        for method in ("TRACE", "CONNECT", "PUT", "DELETE", "OPTIONS", "PATCH", "Get", "GET_", "PROPFIND"):
            asker = WebWorld().asker()
            (response,) = asker.ask_for("/echo", method=method)
            self.assertEqual((response.status, response.code), (405, "method_not_allowed"), method)
            self.assertEqual(response.headers["Allow"], "GET, HEAD, POST")
            self.assertFalse(asker.is_ended, "well-formed it is")

    def test_headers(self) -> None:
        for header in (
            "X : a",
            " X: a",
            "No colon",
            "X: a\nY: b",
            "X: a\rY: b",
            "X: a\x00",
            "X: a\r\n folded",
            "\x85X: a",
            "Content-Length: 1\r\n\tX: y",
        ):
            self.assertEqual(code(request("/echo", header)), "bad_request", header)
        self.assertEqual(code(b"GET /echo HTTP/1.1\r\n\r\n"), "bad_request", "who is meant?")
        self.assertEqual(code(request("/echo", "Host: other")), "duplicate_header")
        self.assertEqual(code(request("/echo", *["A: b"] * 127)), "GET /echo")
        self.assertEqual(code(request("/echo", *["A: b"] * 128)), "headers_too_large")
        self.assertEqual(code(request("/echo", "A: " + "b" * 1000), max_header_bytes=1000), "headers_too_large")
        self.assertEqual(code(b"GET /" + b"e" * 1000, max_header_bytes=1000), "headers_too_large")

    def test_a_later_request_is_read_as_strictly_as_the_first(self) -> None:
        for data, wanted in (
            (b"\x16\x03\x01\x02\x00", "bad_request"),
            (b"GET /echo HTTP/1.1\r\nHost : a\r\n\r\n", "bad_request"),
            (request("/echo#top"), "bad_request"),
            (b"\r\n" + request("/echo"), "bad_request"),
            (request("/echo", "Content-Length: 1", "Content-Length: 1"), "duplicate_header"),
            (b"GET /" + b"e" * 20_000, "headers_too_large"),
        ):
            asker = WebWorld().asker()
            asker.send(request("/echo") + data + request("/echo"))
            first, second = asker.responses()
            self.assertEqual((first.status, second.code, asker.is_ended), (200, wanted, True))
            self.assertEqual(second.headers["Connection"], "close")

    def test_no_request_hides_in_the_body_of_another(self) -> None:
        hidden = request("/echo?hidden")
        for header in (
            "Transfer-Encoding: chunked\r\nContent-Length: 4",
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: identity",
            "Transfer-Encoding:\x0bchunked",
            "Transfer-Encoding: \x85chunked",
            "Transfer-Encoding: chunked, identity",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "Transfer-Encoding : chunked",
            "Content-Length: 0, 0",
            "Content-Length: +0",
            "Content-Length: 0x0",
        ):
            asker = WebWorld().asker()
            asker.send(request("/echo", header, method="POST") + ENDED + hidden)
            (response,) = asker.responses()
            self.assertEqual((response.status, asker.is_ended), (400, True), header)
        # It is a body, whatever it looks like, and whatever the method.
        for method in ("POST", "GET"):
            asker = WebWorld().asker()
            asker.send(request("/echo", method=method, body=hidden) + request("/echo?next"))
            self.assertEqual([each.body for each in asker.responses()][1:], [b"GET /echo?next"])

    def test_chunks_that_are_not_to_be_understood_end_the_connection(self) -> None:
        asker = WebWorld().asker()
        asker.send(
            request("/echo", "Transfer-Encoding: chunked", method="POST") + b"1\r\nxx\r\n" + ENDED + request("/echo")
        )
        (response,) = asker.responses()
        self.assertEqual((response.code, asker.is_ended), ("bad_request", True))

    def test_too_much_of_a_body_is_refused_and_what_still_comes_is_read_by_nobody(self) -> None:
        asker = WebWorld().asker()
        asker.send(request("/echo", "Transfer-Encoding: chunked", method="POST"))
        for _ in range(20):
            asker.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
        self.assertEqual(statuses(asker), [413])
        self.assertTrue(asker.transport.half_closed)
        self.assertFalse(asker.transport.lost, "it may read why")
        asker.world.pass_time(SLOW_CONSUMER_SECONDS)
        self.assertTrue(asker.transport.lost)

    def test_an_upgrade_to_something_else_is_none(self) -> None:
        h2c = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA")
        self.assertEqual(code(request("/echo", *h2c)), "GET /echo")
        # One to a WebSocket that is not well-formed is no request for anything else.
        self.assertEqual(code(request("/echo", "Upgrade: websocket")), "bad_upgrade")
        self.assertEqual(code(request("/echo", "Upgrade: websocket", method="POST")), "method_not_allowed")
        self.assertEqual(code(request("/echo", "Upgrade: h2c, WebSocket", "Connection: Upgrade")), "bad_upgrade")

    @FAST
    @given(st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4))
    def test_no_bytes_bring_about_anything_but_answers(self, more: bytes, damages: list[tuple[int, int]]) -> None:
        world = WebWorld()
        data = bytearray(request("/echo") + request("/echo", method="POST", body=b"12345"))
        data += request("/echo", "Transfer-Encoding: chunked", method="POST") + b"5\r\n12345\r\n" + ENDED
        for position, byte in damages:
            data[position % len(data)] = byte
        asker = world.asker()
        asker.send(bytes(data) + more)
        asker.send(b"\r\n\r\n")
        for response in asker.responses():
            if response.status >= 400:
                self.assertIn(response.code, HTTP_REFUSALS)
                self.assertLess(response.status, 500)
        world.pass_time(60, 1)
        self.assertTrue(asker.transport.lost)
        self.assertEqual((world.listener.connections, world.reported), ((), []))


class Order(SynchronousTestCase):
    def test_answers_come_in_the_order_of_the_requests_and_one_at_a_time(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow") + request("/echo?1") + request("/slow") + request("/echo?2"))
        self.assertEqual((asker.responses(), len(world.slow.asked)), ([], 1))
        world.slow.asked.pop().answer(b"first")
        self.assertEqual([each.body for each in asker.responses()], [b"first", b"GET /echo?1"])
        world.slow.asked.pop().answer(b"third")
        self.assertEqual([each.body for each in asker.responses()], [b"third", b"GET /echo?2"])

    def test_many_requests_at_once_are_no_deep_recursion(self) -> None:
        asker = WebWorld(frames_per_second=0).asker()
        asker.send(request("/echo") * 900)
        self.assertEqual(statuses(asker), [200] * 900)

    def test_others_have_their_turn_between_many_requests_that_come_at_once(self) -> None:
        world = WebWorld(frames_per_second=0)
        asker = world.asker()
        asker.protocol.dataReceived(request("/echo") * 20)
        self.assertEqual(asker.transport.value().count(b"HTTP/1.1 200"), MAX_AT_ONCE)
        # Who goes meanwhile leaves nothing behind.
        asker.cut()
        self.assertEqual([each for each in world.reactor.getDelayedCalls() if each.getTime() < 1], [])
        asker = world.asker()
        asker.send(request("/echo") * 20)
        world.turn()
        self.assertEqual(statuses(asker), [200] * 20)

    def test_little_is_read_ahead(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow"))
        asker.send(b"x" * MAX_AHEAD_BYTES)
        self.assertEqual(asker.transport.producerState, "producing")
        asker.send(b"x")
        self.assertEqual(asker.transport.producerState, "paused")
        world.slow.asked.pop().answer(b"")
        self.assertEqual(asker.transport.producerState, "producing")

    def test_what_waits_is_told_when_its_connection_is_lost(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow") + request("/slow"))
        asker.cut()
        self.assertEqual((world.slow.lost, len(world.slow.asked)), (world.slow.asked, 1))

    def test_requests_that_come_too_fast_wait(self) -> None:
        world = WebWorld(frames_per_second=10)
        asker = world.asker()
        asker.send(request("/echo") * 12)
        self.assertEqual(len(statuses(asker)), 10)
        world.pass_time(0.125, 0.125)
        self.assertEqual(len(statuses(asker)), 1)
        asker.cut()
        self.assertEqual([each for each in world.reactor.getDelayedCalls() if each.getTime() < 1], [])


class Bounds(SynchronousTestCase):
    def test_a_connection_is_kept_for_a_while_after_each_request(self) -> None:
        world = WebWorld()
        asker = world.asker()
        for _ in range(3):
            asker.send(request("/echo"))
            world.pass_time(IDLE_SECONDS - 0.5)
            self.assertFalse(asker.is_ended)
        world.pass_time(0.5)
        self.assertEqual((statuses(asker), asker.transport.half_closed), ([200] * 3, True))
        asker.cut()
        self.assertEqual(world.listener.connections, ())

    def test_a_request_that_takes_long_to_answer_is_not_idle(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow"))
        world.pass_time(3 * IDLE_SECONDS)
        self.assertFalse(asker.is_ended)

    def test_a_connection_has_so_many_requests(self) -> None:
        asker = WebWorld(frames_per_second=0).asker()
        for number in range(1, MAX_REQUESTS + 1):
            (response,) = asker.ask_for("/echo")
            self.assertEqual(response.headers.get("Connection"), "close" if number == MAX_REQUESTS else None)
        self.assertTrue(asker.is_ended)

    def test_who_wants_no_more_gets_no_more(self) -> None:
        for data in (
            request("/echo", "Connection: close"),
            request("/echo", "Connection: Keep-Alive, Close"),
            request("/echo", "Connection: close", method="POST", body=b"x"),
            request("/echo", version="1.0"),
            request("/echo", "Connection: keep-alive", version="1.0"),
        ):
            asker = WebWorld().asker()
            asker.send(data + request("/echo"))
            (response,) = asker.responses()
            self.assertEqual((response.headers["Connection"], asker.is_ended), ("close", True))

    def test_a_head_that_is_slow_to_come_is_told_so(self) -> None:
        world = WebWorld(handshake_timeout=2)
        asker = world.asker()
        asker.send(request("/echo"))
        statuses(asker)
        for byte in b"GET /e":
            asker.send(bytes((byte,)))
            world.pass_time(0.25)
        self.assertEqual(asker.responses(), [])
        world.pass_time(0.5)
        (response,) = asker.responses()
        self.assertEqual((response.status, response.code, asker.is_ended), (408, "request_timeout", True))

    def test_without_that_bound_it_may_take_all_the_time(self) -> None:
        world = WebWorld(handshake_timeout=0)
        asker = world.asker()
        asker.send(request("/echo") + b"GET /e")
        world.pass_time(100, 1)
        asker.send(b"cho HTTP/1.1\r\nHost: a\r\n\r\n")
        self.assertEqual(statuses(asker), [200, 200])

    def test_so_is_a_body(self) -> None:
        for header in ("Content-Length: 50", "Transfer-Encoding: chunked"):
            world = WebWorld()
            asker = world.asker()
            asker.send(request("/echo", header, method="POST"))
            for byte in b"5\r\n12345\r\n"[: int(BODY_SECONDS) - 1]:
                asker.send(bytes((byte,)))
                world.pass_time(1)
            self.assertEqual(asker.responses(), [])
            world.pass_time(1)
            self.assertEqual((statuses(asker), asker.is_ended), ([408], True))

    def test_who_does_not_read_is_held_back_and_then_cut_off(self) -> None:
        logged = Logged(self)
        world = WebWorld(frames_per_second=0)
        asker = world.asker()
        asker.transport.room = 65536
        asker.send(request("/big/1000000") + request("/big/1000000") * 100)
        self.assertLess(len(asker.transport.value()), 2 * 65536)
        world.pass_time(SLOW_CONSUMER_SECONDS - 0.5)
        self.assertFalse(asker.transport.lost)
        world.pass_time(0.5)
        self.assertTrue(asker.transport.lost)
        self.assertIn("cut off 192.0.2.1:40000: it did not read", logged.texts())

    def test_who_goes_before_that_is_not_cut_off(self) -> None:
        logged = Logged(self)
        world = WebWorld()
        asker = world.asker()
        asker.transport.room = 65536
        asker.send(request("/big/1000000"))
        asker.cut()
        world.pass_time(SLOW_CONSUMER_SECONDS + 1)
        self.assertFalse([text for text in logged.texts() if "cut off" in text])
        self.assertEqual(world.reactor.getDelayedCalls(), [])

    def test_who_reads_slowly_gets_everything(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.transport.room = 65536
        asker.send(request("/big/500000") + request("/echo", "Connection: close"))
        data = b""
        for _ in range(20):
            world.pass_time(SLOW_CONSUMER_SECONDS - 1, 1)
            data += asker.received()
        self.assertEqual(len(data.split(b"\r\n\r\n", 1)[1].split(b"HTTP/1.1")[0]), 500_000)
        self.assertTrue(data.endswith(b"GET /echo"))
        self.assertTrue(asker.is_ended)


class Games(SynchronousTestCase):
    """A connection that was asked something else may become a game's."""

    def test_an_opening_request_after_others_opens_it(self) -> None:
        world = WebWorld(ping_interval=20)
        asker = world.asker()
        asker.send(request("/echo") + opening("/lobby?player=alice") + frame(b'{"command":"hello"}'))
        first, rest = asker.received().split(b"HTTP/1.1 101", 1)
        self.assertTrue(first.endswith(b"GET /echo"))
        self.assertIn(b'"HelloEvent"', rest)
        asker.say(command="hello")
        self.assertEqual(asker.heard()[-1], {"status": "ok"})
        world.pass_time(IDLE_SECONDS + 1)
        self.assertFalse(asker.is_ended)
        self.assertEqual(asker.transport.producer, asker.protocol)
        asker.cut()
        self.assertEqual((world.listener.connections, world.listener.games["lobby"].controllers), ((), ()))

    def test_one_that_is_refused_is_told_why(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/echo"))
        asker.send(opening("/no.dots"))
        _, second = asker.responses()
        self.assertEqual((second.code, asker.is_ended), ("bad_game_id", True))

    def test_it_waits_for_its_turn(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow") + opening("/lobby"))
        self.assertEqual(world.listener.games, {})
        world.slow.asked.pop().answer(b"")
        world.turn()
        self.assertEqual(list(world.listener.games), ["lobby"])


class Costs(SynchronousTestCase):
    """A connection that plays costs no more than where there is no HTTP."""

    def kept(self, world: World) -> tuple[set[str], int]:
        """What connections that play have of their own, and how many timers run for them."""
        before = len(world.reactor.getDelayedCalls())
        own: set[str] = set()
        for number in range(3):
            line = world.opened(f"/g1?player=p{number}")
            line.say(command="hello")
            self.assertEqual(line.heard()[-1], {"status": "ok"})
            own |= vars(line.protocol).keys()
        world.turn()
        return own, len(world.reactor.getDelayedCalls()) - before

    def test_a_connection_that_plays_has_nothing_of_what_serves_http(self) -> None:
        world = WebWorld()
        with mock.patch.object(world.site, "channel") as channel:
            kept = self.kept(world)
        self.assertEqual(kept, self.kept(World()))
        self.assertTrue({"_web", "dataReceived"}.isdisjoint(kept[0]))
        channel.assert_not_called()


class Ends(SynchronousTestCase):
    def test_a_connection_that_is_lost_is_gone_without_a_search_for_circles(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/echo"))
        gone = weakref.ref(asker.protocol)
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        asker.cut()
        world.turn()
        asker.transport.producer = asker.transport.protocol = None
        del asker.protocol
        self.assertIsNone(gone())

    def test_a_fault_of_ours_ends_the_connection_and_stands_in_the_log_without_what_was_sent(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow"))
        channel: Any = asker.protocol._web
        channel._bucket = None
        world.slow.asked.pop().answer(b"")
        statuses(asker)
        asker.send(request("/echo?secret"))
        self.assertTrue(asker.transport.lost)
        self.assertEqual(len(world.reported), 1)

"""Connections that open themselves are held against those that Autobahn opens."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple
from unittest import mock

from autobahn.twisted.websocket import WebSocketServerProtocol
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.connection import GameConnection
from gamesvc.limits import CLOSE_HANDSHAKE_SECONDS
from gamesvc.opening import opened_attributes
from tests.test_deflate import deflated
from tests.wire import Line, World, close_frame, frame, opening

PROPERTY = settings(deadline=None, database=None, max_examples=100)

V1 = "Sec-WebSocket-Protocol: gamesvc.v1"
DEFLATE = "Sec-WebSocket-Extensions: permessage-deflate"
HELLO = b'{"command":"hello"}'

IMMUTABLE = (type(None), bool, int, float, str, bytes)
NOBODY_READS = frozenset(
    (
        "_results",
        "_transport_details",
        "_valid_events",
        "_wskey",
        "http_headers",
        "http_request_data",
        "http_request_params",
        "http_response_data",
        "http_status_line",
        "is_closed",
        "is_open",
        "peer",
        "trafficStats",
        "websocket_protocol_in_use",
        "websocket_protocols",
    )
)
"""What Autobahn keeps of the request, and for others than us."""


def deflated_frame(text: bytes, *, fin: bool = True) -> bytes:
    """A client's frame, compressed."""
    data = frame(deflated(text), fin=fin)
    return bytes((data[0] | 0x40,)) + data[1:]


def opens_itself() -> World:
    """Where connections open themselves."""
    return World(ping_interval=20, ping_timeout=10)


def opened_by_autobahn() -> World:
    """Where Autobahn does something that is not known, and so it opens all connections."""
    with mock.patch("gamesvc.listener.opened_attributes", return_value={}):
        return opens_itself()


def options() -> dict[str, object]:
    """What the listener says how connections are to be."""
    listener = World().listener
    return {name: getattr(listener, name) for name in WebSocketServerProtocol.CONFIG_ATTRS}


def state(protocol: GameConnection, names: Iterable[str]) -> dict[str, object]:
    """What Autobahn knows of a connection: of objects, what they are."""
    found: dict[str, object] = {}
    for name in names:
        value = getattr(protocol, name)
        if name == "current_frame" and value is not None:
            value = vars(value)
        elif isinstance(value, (list, tuple, deque)):
            value = list(value)
        elif not isinstance(value, (*IMMUTABLE, bytearray)):
            value = type(value)
        found[name] = value
    return found


def kept_by_autobahn(protocol: GameConnection) -> list[str]:
    """The attributes of a connection that Autobahn has opened, as far as they are Autobahn's."""
    ours = [each for each in GameConnection.__mro__ if each.__module__.startswith("gamesvc.")]
    own = {name for each in ours for name in (*vars(each), *each.__annotations__)}
    own -= {"utf8validator", "_isMessageCompressed"}
    return sorted(set(vars(protocol)) - own - NOBODY_READS)


class Attributes(SynchronousTestCase):
    """What is found out, and kept."""

    def test_with_todays_autobahn_connections_open_themselves(self) -> None:
        self.assertIs(opened_attributes(options())["opens_itself"], True)
        protocol = World().opened().protocol
        self.assertIs(protocol.opens_itself, True)
        self.assertIs(opened_by_autobahn().opened().protocol.opens_itself, False)

    def test_what_is_kept_can_not_be_changed_by_any_connection(self) -> None:
        for name, value in opened_attributes(options()).items():
            if name in ("is_open", "is_closed"):
                self.assertEqual(getattr(value, "__dict__", {}), {}, name)
            # Nobody reads it: of all connections together it counts what nobody asked for.
            elif name != "trafficStats":
                self.assertTrue(type(value) in IMMUTABLE or value == (), name)

    def test_nothing_of_the_request_that_was_tried_is_kept(self) -> None:
        told = [str(value) for value in opened_attributes(options()).values()]
        self.assertFalse([each for each in told if "Sec-WebSocket" in each or "dGhlIHNhbXBsZSBub25jZQ" in each])

    def test_a_connection_lacks_nothing_that_autobahn_would_give_it(self) -> None:
        names = kept_by_autobahn(opened_by_autobahn().opened().protocol)
        self.assertGreater(len(names), 30)
        protocol = World().line().protocol
        self.assertEqual([name for name in names if not hasattr(protocol, name)], [])

    def test_hardly_anything_is_a_connections_own(self) -> None:
        ours, theirs = (vars(world().opened().protocol) for world in (opens_itself, opened_by_autobahn))
        self.assertLess(len(ours), len(theirs) - 40)
        self.assertNotIn("utf8validator", ours)
        self.assertNotIn("trafficStats", ours)

    def test_it_is_tried_without_a_trace_in_the_factory_or_the_reactor(self) -> None:
        world = World()
        with mock.patch.object(world.reactor, "callLater", side_effect=AssertionError("a timer")):
            before = vars(world.listener).copy()
            given = {name: getattr(world.listener, name) for name in WebSocketServerProtocol.CONFIG_ATTRS}
            self.assertTrue(opened_attributes(given))
        self.assertEqual(vars(world.listener), before)


class WithAList(WebSocketServerProtocol):
    def connectionMade(self) -> None:
        super().connectionMade()
        self.extra: list[int] = []


class WithAText(WebSocketServerProtocol):
    """Of a kind of its own, which may be anything."""

    class Text(str):
        __slots__ = ()

    def _connectionMade(self) -> None:
        super()._connectionMade()
        self.extra = self.Text("x")


class AnotherAnswer(WebSocketServerProtocol):
    def sendData(self, data: bytes, *arguments: Any, **keywords: Any) -> None:
        super().sendData(data.replace(b"\r\n\r\n", b"\r\nServer: another\r\n\r\n"), *arguments, **keywords)


class MoreThanAnAnswer(WebSocketServerProtocol):
    def _onOpen(self) -> None:
        super()._onOpen()
        self.sendPing(b"")


class NoAnswer(WebSocketServerProtocol):
    def sendData(self, data: bytes, *arguments: Any, **keywords: Any) -> None: ...


class FailsFirst(WebSocketServerProtocol):
    def _connectionMade(self) -> None:
        raise RuntimeError("not as it was")


class FailsLater(WebSocketServerProtocol):
    def processHandshake(self) -> None:
        super().processHandshake()
        raise RuntimeError("not as it was")


class OpenTooEarly(WebSocketServerProtocol):
    def _onOpen(self) -> None:
        self.state, kept = self.STATE_CONNECTING, self.state
        super()._onOpen()
        self.state = kept


class NeverOpen(WebSocketServerProtocol):
    def _onOpen(self) -> None: ...


class OpenTwice(WebSocketServerProtocol):
    def _onOpen(self) -> None:
        super()._onOpen()
        super()._onOpen()


class WithoutAnAttribute(WebSocketServerProtocol):
    def _onOpen(self) -> None:
        super()._onOpen()
        del self.trafficStats


class Unknown(SynchronousTestCase):
    """Where Autobahn does something that is not known here, it opens each connection itself."""

    def test_nothing_is_kept(self) -> None:
        given = options()
        self.assertTrue(opened_attributes(given, type("Same", (WebSocketServerProtocol,), {})))
        for protocol in (
            WithAList,
            WithAText,
            AnotherAnswer,
            MoreThanAnAnswer,
            NoAnswer,
            FailsFirst,
            FailsLater,
            OpenTooEarly,
            NeverOpen,
            OpenTwice,
            WithoutAnAttribute,
        ):
            self.assertEqual(opened_attributes(given, protocol), {}, protocol.__name__)

    def test_nor_where_it_asks_for_an_option_that_there_is_not(self) -> None:
        given = options()
        del given["trackTimings"]
        self.assertEqual(opened_attributes(given), {})

    def test_nor_where_it_would_not_accept_what_we_accept(self) -> None:
        self.assertEqual(opened_attributes(options() | {"versions": [8]}), {})

    def test_connections_are_opened_all_the_same(self) -> None:
        world = opened_by_autobahn()
        alice, bob = world.opened(), world.opened("/lobby", V1)
        alice.say(command="hello")
        self.assertEqual(len(alice.heard()), 2)
        self.assertEqual([each["event"] for each in bob.heard()], ["gamesvc.welcome", "HelloEvent"])


class Pair:
    """The same connection twice: one that opens itself, and one that Autobahn opens."""

    def __init__(self) -> None:
        self.worlds = (opens_itself(), opened_by_autobahn())
        self.lines = tuple(world.line() for world in self.worlds)

    def send(self, data: bytes) -> None:
        for line in self.lines:
            line.send(data)

    def pass_time(self, seconds: float) -> None:
        for world in self.worlds:
            world.pass_time(seconds, step=1)

    def ends(self) -> list[tuple[bool, bool]]:
        return [(line.transport.half_closed, line.transport.lost) for line in self.lines]

    def timers(self) -> list[list[float]]:
        return [sorted(call.getTime() for call in world.reactor.getDelayedCalls()) for world in self.worlds]


class Same(SynchronousTestCase):
    """Whoever opens a connection, it is the same one."""

    def setUp(self) -> None:
        # Of these a ping of Autobahn's consists.
        self.patch(os, "urandom", lambda count: b"r" * count)
        self.patch(time, "time_ns", lambda: 0)

    def assertSame(self, pair: Pair) -> list[bytes]:
        heard = [line.received() for line in pair.lines]
        self.assertEqual(heard[0], heard[1])
        names = kept_by_autobahn(pair.lines[1].protocol)
        states = [state(line.protocol, names) for line in pair.lines]
        self.assertEqual(states[0], states[1])
        (ours, theirs), (our_end, their_end) = pair.timers(), pair.ends()
        self.assertEqual((ours, our_end), (theirs, their_end))
        return heard

    def test_the_same_request_has_the_same_answer(self) -> None:
        offers = "Sec-WebSocket-Protocol: chat, gamesvc.v1", "Sec-WebSocket-Extensions: permessage-deflate"
        for status, request in (
            (101, opening()),
            (101, opening("/lobby", V1)),
            (101, opening("/lobby?player=alice&since=0", V1)),
            (101, opening("/lobby", *offers)),
            (101, opening("/lobby", f"{DEFLATE}; server_max_window_bits=15")),
            (101, opening("/lobby", f"{DEFLATE}; server_max_window_bits=9, x-other", V1)),
            (101, opening("/lobby", f"{DEFLATE}; client_max_window_bits") + deflated_frame(HELLO) + frame(HELLO)),
            (101, opening("/lobby", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "X-Forwarded-For: 203.0.113.7")),
            (101, opening() + frame(HELLO) + frame(b"7", 9)),
            (101, opening("/lobby", V1) + frame(HELLO, fin=False)),
            (400, opening("/lobby", "Sec-WebSocket-Key: short")),
            (400, opening("/no.dots")),
            (426, b"GET / HTTP/1.1\r\nHost: game.example\r\n\r\n"),
        ):
            for size in (len(request), 7):
                pair = Pair()
                for start in range(0, len(request), size):
                    pair.send(request[start : start + size])
                (answer, _) = self.assertSame(pair)
                self.assertEqual(answer[:13], b"HTTP/1.1 %d " % status)

    def test_a_line_on_which_nobody_asks_ends_at_the_same_time(self) -> None:
        pair = Pair()
        self.assertSame(pair)
        for _ in range(15):
            pair.pass_time(1)
            self.assertSame(pair)
        self.assertEqual(pair.ends(), [(False, True)] * 2)
        self.assertEqual([world.listener.connections for world in pair.worlds], [(), ()])

    def test_so_it_does_without_any_timer(self) -> None:
        for data in (opening() + frame(HELLO) + close_frame(), opening("/no.dots"), b"GET /"):
            world = World(handshake_timeout=0, ping_interval=0, idle_game_seconds=0)
            line = world.line()
            self.assertEqual(world.reactor.getDelayedCalls(), [])
            line.send(data)
            line.cut()
            self.assertEqual((world.listener.connections, self.flushLoggedErrors()), ((), []))
            world.pass_time(CLOSE_HANDSHAKE_SECONDS)
            self.assertEqual(world.reactor.getDelayedCalls(), [])

    def test_nagles_algorithm_is_off(self) -> None:
        self.assertEqual([line.transport.no_delay for line in Pair().lines], [True, True])

    def test_a_transport_for_which_there_is_no_such_thing_does_as_well(self) -> None:
        with mock.patch("tests.wire.Transport.setTcpNoDelay", side_effect=AttributeError("no TCP")):
            pair = Pair()
            pair.send(opening() + frame(HELLO))
        (answer, _) = self.assertSame(pair)
        self.assertIn(b"HelloEvent", answer)

    @PROPERTY
    @given(
        st.booleans(),
        st.booleans(),
        st.lists(
            st.one_of(
                st.sampled_from(
                    (
                        frame(HELLO),
                        deflated_frame(HELLO),
                        deflated_frame(HELLO * 100),
                        deflated_frame(HELLO)[:9],
                        deflated_frame(HELLO, fin=False),
                        frame(HELLO[:7], fin=False),
                        frame(HELLO[7:], 0),
                        frame(b"", 0, fin=False),
                        frame(HELLO)[:9],
                        frame(HELLO)[9:],
                        frame(b"", 9),
                        frame(b"are you there", 9),
                        frame(b"", 10),
                        frame(b"\x00" * 8 + b"\x00\x00\x00\x01", 10),
                        frame(b'{"command":"' + "é".encode() * 80 + b'"}'),
                        frame(b"\xff" * 200),
                        frame(b"", 2),
                        close_frame(),
                        close_frame(999),
                        b"\xf1\x80",
                    )
                ),
                st.sampled_from((1.0, 9.0, 11.0, 21.0)),
            ),
            max_size=10,
        ),
    )
    def test_whatever_follows_they_do_and_remember_the_same(
        self, v1: bool, deflates: bool, steps: list[bytes | float]
    ) -> None:
        pair = Pair()
        pair.send(opening("/lobby", *([V1] if v1 else []), *([DEFLATE] if deflates else [])))
        self.assertSame(pair)
        for step in steps:
            if isinstance(step, bytes):
                pair.send(step)
            else:
                pair.pass_time(step)
            self.assertSame(pair)
        for line in pair.lines:
            line.cut()
        self.assertSame(pair)
        self.assertEqual([world.listener.connections for world in pair.worlds], [(), ()])


class Unlike(NamedTuple):
    """A name, and what it stands for now and before."""

    name: str
    before: object
    now: object


class Apart(SynchronousTestCase):
    """What happens to one connection leaves the others as they are, although they share what they begin with."""

    def setUp(self) -> None:
        self.world = World(ping_interval=20, ping_timeout=10)
        self.busy, self.other = self.world.opened(), self.world.opened("/elsewhere")
        names = {*kept_by_autobahn(opened_by_autobahn().opened().protocol), *opened_attributes(options())}
        # To look at the one would make it; and what the other counts is counted of all together.
        self.names = sorted(names - {"utf8validator", "trafficStats"})
        self.shared = self.look(type(self.other.protocol))
        self.before = self.look(self.other.protocol)

    def look(self, owner: object) -> dict[str, object]:
        return {name: getattr(owner, name) for name in self.names if hasattr(owner, name)}

    def assertUntouched(self) -> None:
        for owner, before in ((type(self.other.protocol), self.shared), (self.other.protocol, self.before)):
            now = self.look(owner)
            self.assertEqual(
                [Unlike(name, before[name], now[name]) for name in now if now[name] is not before[name]], []
            )
        self.assertEqual(self.other.received(), b"")

    def assertAnswers(self, line: Line) -> None:
        line.say(command="hello")
        self.assertEqual([each.get("event", "reply") for each in line.heard()], ["HelloEvent", "reply"])

    def test_one_that_is_in_the_middle_of_a_message_and_of_a_frame(self) -> None:
        self.busy.send(frame(HELLO[:7], fin=False))
        self.assertTrue(self.busy.protocol.inside_message)
        self.assertUntouched()
        self.assertAnswers(self.other)
        self.before = self.look(self.other.protocol)
        self.busy.send(frame(HELLO[7:], 0)[:8])
        self.assertIsNotNone(self.busy.protocol.current_frame)
        self.assertUntouched()
        self.other.send(frame(HELLO[:9], fin=False))
        self.busy.send(frame(HELLO[7:], 0)[8:])
        self.assertEqual(len(self.busy.heard()), 2)
        self.other.send(frame(HELLO[9:], 0))
        self.assertEqual(len(self.other.heard()), 2)

    def test_one_that_is_in_the_middle_of_a_character(self) -> None:
        text = '{"command":"é"}'.encode()
        cut = text.index(b"\xa9")
        self.busy.send(frame(text[:cut], fin=False))
        self.other.send(frame(HELLO[:7], fin=False) + frame(HELLO[7:], 0))
        self.assertEqual(len(self.other.heard()), 2)
        self.assertIsNot(self.busy.protocol.utf8validator, self.other.protocol.utf8validator)
        self.busy.send(frame(text[cut:], 0))
        self.assertEqual(self.busy.heard()[0]["error"]["code"], "unknown_command")

    def test_one_that_says_what_is_no_text(self) -> None:
        self.busy.send(frame(b"\xff" * 200))
        self.assertEqual(self.busy.heard(), [1007])
        self.assertUntouched()
        self.other.send(frame(b'{"command":"' + "é".encode() * 80 + b'"}'))
        self.assertEqual(self.other.heard()[0]["error"]["code"], "unknown_command")

    def test_one_that_closes_or_is_closed_or_cut_off(self) -> None:
        for end in (close_frame(1001), close_frame(999), frame(b"", 2), frame(b"", mask=None), b"\xf1\x80", None):
            busy = self.world.opened()
            if end is None:
                busy.cut()
            else:
                busy.send(end)
            self.assertUntouched()
        self.assertAnswers(self.other)
        self.assertAnswers(self.world.opened("/new"))

    def test_one_that_is_refused(self) -> None:
        for request in (opening("/no.dots"), b"\r\n\r\n"):
            self.world.line().send(request)
        self.assertUntouched()

    def test_each_is_pinged_and_who_does_not_answer_is_cut_off_alone(self) -> None:
        self.world.pass_time(20.25)
        (ping,), (other_ping,) = self.busy.frames(), self.other.frames()
        self.assertNotEqual(ping.payload, other_ping.payload)
        self.other.send(frame(other_ping.payload, 10))
        self.assertIsNotNone(self.busy.protocol.autoPingTimeoutCall)
        self.assertIsNone(self.other.protocol.autoPingTimeoutCall)
        self.world.pass_time(10)
        self.assertEqual((self.busy.transport.lost, self.other.transport.lost), (True, False))
        self.assertAnswers(self.other)
        third = self.world.opened("/third")
        self.world.pass_time(10.25)
        self.assertEqual([each.opcode for each in self.other.frames()], [9])
        self.assertEqual(third.frames(), [])

    def test_what_checks_text_is_made_for_who_needs_it(self) -> None:
        self.assertAnswers(self.busy)
        self.assertNotIn("utf8validator", vars(self.busy.protocol))
        self.busy.send(frame(HELLO[:7], fin=False) + frame(HELLO[7:], 0))
        self.assertIn("utf8validator", vars(self.busy.protocol))
        self.assertNotIn("utf8validator", vars(self.other.protocol))

    def test_no_timer_of_an_opening_is_left_when_it_is_over(self) -> None:
        world = World(ping_interval=0, idle_game_seconds=0, reactor=MemoryReactorClock())
        line = world.line()
        self.assertEqual(len(world.reactor.getDelayedCalls()), 1)
        line.ask()
        self.assertEqual(line.response().status, 101)
        self.assertEqual(world.reactor.getDelayedCalls(), [])

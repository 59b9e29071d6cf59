"""Subscribers who are in step: what is sent to their sockets directly, and what goes through their transports."""

from __future__ import annotations

import contextlib
import json
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import eventlog, publisher, subscription
from gamesvc.errors import CloseCode
from gamesvc.eventlog import EventLog, Viewer
from gamesvc.publisher import GamePublisher
from gamesvc.subscription import CHUNK_BYTES, Send, Subscription
from tests.test_publisher import event, payloads

PROPERTY = settings(deadline=None, database=None, max_examples=250)

ALL, BLOCKS, FAILS = -1, -2, -3
"""What a socket may do at a send, beside taking so many bytes."""

SMALL_CHUNK_BYTES = 2000
"""How much one who catches up gets at a time, where a test says so."""

HIGH_WATER = 1000
"""A transport pauses its producer when more bytes wait in it."""


class Line:
    """A connection: a socket that may be sent to directly, and a transport before it, in which bytes may wait.

    Attributes:
        answers: what the socket does at the next sends; afterwards it takes everything.
        waits: what waits in the transport.
        sent: what was sent directly, each time.
        written: what was given to the transport, each time.
        due: what should have come, in order.
        has_halted: whether the socket has not taken something as a whole, since the last look.
    """

    def __init__(self, *, is_eager: bool = True) -> None:
        self._is_eager = is_eager
        self.subscription: Subscription
        self.answers: deque[int] = deque()
        self.waits = b""
        self._carried = b""
        self._got: list[bytes] = []
        self.sent: list[bytes] = []
        self.written: list[bytes] = []
        self.closed: CloseCode | None = None
        self.due: list[bytes] = []
        self.has_halted = False
        self.send: Send = self._send

    # The socket, for those who send to many.

    @property
    def is_clear(self) -> bool:
        return not self.waits

    def _send(self, data: bytes) -> int:
        self._assert_reads(data)
        assert self.is_clear, "overtakes what waits"
        self.sent.append(data)
        return self._take(data)

    def _take(self, data: bytes) -> int:
        answer = self.answers.popleft() if self.answers else ALL
        self.has_halted |= answer != ALL
        if answer == BLOCKS:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        if answer == FAILS:
            raise ConnectionResetError(104, "Connection reset by peer")
        taken = len(data) if answer == ALL else min(answer, len(data))
        self._carried += data[:taken]
        return taken

    # The publisher's sink, which does as an `EagerSender` does, or as Twisted's transports do.

    def write(self, data: bytes) -> None:
        self._assert_reads(data)
        self.written.append(data)
        if self.is_clear and self._is_eager:
            with contextlib.suppress(OSError):
                data = data[self._take(data) :]
        if data:
            self.subscription.stand_aside()
            assert not self.subscription.in_step, "something waits, and it is in step"
            self.waits += data
            self._carried += data
            if len(self.waits) > HIGH_WATER:
                self.subscription.pause()

    def close(self, code: CloseCode) -> None:
        assert self.closed is None, "closed twice"
        self.closed = code
        self.subscription._publisher.unsubscribe(self.subscription)

    def _assert_reads(self, data: bytes) -> None:
        assert self.closed is None, "sent after close"
        assert self.subscription.open, "sent after unsubscribe"
        assert not self.subscription.paused, "sent in a pause"
        assert data, "sent nothing"

    # Its peer.

    def read(self, most: int = 1 << 30) -> None:
        """The peer reads so much of what waits. When nothing waits any more, the transport says so."""
        self.waits = self.waits[most:]
        if self.is_clear and self.subscription.paused:
            self.subscription.resume()

    @property
    def got(self) -> list[bytes]:
        """All that left for the peer: complete frames."""
        self._got += payloads(self._carried)
        self._carried = b""
        return self._got

    @property
    def heard(self) -> list[object]:
        """The numbers of the events, what else was said, and the numbers by which the peer knows the events."""
        said = map(json.loads, self.got)
        return [
            (each["number"], each["seq"]) if "number" in each else each.get("id", each.get("event")) for each in said
        ]


class Stage:
    """A publisher and the lines to its subscribers, with an account of what is due to each."""

    def __init__(self, max_lag_events: int = 1000, max_lag_bytes: int = 1 << 30) -> None:
        self.soon: list[Callable[[], None]] = []
        self.log = EventLog()
        self.publisher = GamePublisher(
            self.soon.append, self.log, max_lag_events=max_lag_events, max_lag_bytes=max_lag_bytes
        )
        self.lines: list[Line] = []
        self.said: list[tuple[bytes, frozenset[str] | None]] = []

    def line(
        self,
        name: str | None = None,
        *,
        framework: bool = False,
        deflates: bool = False,
        greeting: bytes = b"",
        missed: int | None = None,
        is_direct: bool = True,
        is_eager: bool = True,
    ) -> Line:
        """Somebody comes.

        Args:
            deflates: whether they take what is deflated.
            greeting: what they are sent first.
            missed: how many events of their own they have missed, if they come back.
            is_direct: whether their socket may be sent to directly.
            is_eager: whether what is written goes to the socket at once, where nothing waits.
        """
        viewer = Viewer(name, framework, deflates)
        theirs = [self._numbered(seq, body) for seq, body in enumerate(self._seen_by(viewer), 1)]
        place = None
        line = Line(is_eager=is_eager)
        if missed is not None:
            since = max(0, len(theirs) - missed)
            place = self.log.place_after(viewer, since)
            line.due = theirs[since:]
            assert place is not None
        line.subscription = self.publisher.subscribe(viewer, line, place, line if is_direct else None)
        if greeting:
            line.due.insert(0, greeting)
            line.subscription.greet(greeting)
        self.lines.append(line)
        return line

    def publish(self, number: int, *to: str, size: int = 0, framework: bool = False) -> None:
        """Publish an event, to everybody where nobody is named."""
        body = b'{"event":"gamesvc.joined","number":%d}' % number if framework else event(number, size)
        said = body, frozenset(to) or None
        self.said.append(said)
        for line in self.lines:
            if line.subscription.open and self._sees(line.subscription.viewer, *said):
                line.due.append(self._numbered(len(self._seen_by(line.subscription.viewer)), body))
        self.publisher.publish(*said)

    def reply(self, line: Line, number: int) -> None:
        payload = b'{"status":"ok","id":"r%d"}' % number
        if line.subscription.open:
            line.due.append(payload)
        line.subscription.reply(payload)

    def end_turn(self) -> None:
        while self.soon:
            self.soon.pop(0)()

    def turn(self, number: int, *to: str, size: int = 0) -> None:
        """A turn with one event."""
        self.publish(number, *to, size=size)
        self.end_turn()

    def _seen_by(self, viewer: Viewer) -> list[bytes]:
        return [body for body, to in self.said if self._sees(viewer, body, to)]

    def _sees(self, viewer: Viewer, body: bytes, to: frozenset[str] | None) -> bool:
        if to is not None:
            return viewer.player in to
        return viewer.framework or b"gamesvc." not in body

    def _numbered(self, seq: int, body: bytes) -> bytes:
        return b'%b,"seq":%d}' % (body[:-1], seq)


class InStep(SynchronousTestCase):
    """Who has had everything, and whose socket is clear."""

    def setUp(self) -> None:
        self.stage = Stage()
        self.alice, self.bob = self.stage.line("alice"), self.stage.line("bob")

    def test_they_are_in_step_from_their_first_event_on_and_it_is_sent_to_their_sockets(self) -> None:
        self.assertFalse(self.alice.subscription.in_step)
        self.stage.turn(1)
        self.assertTrue(self.alice.subscription.in_step)
        self.stage.turn(2)
        for line in (self.alice, self.bob):
            self.assertEqual((line.heard, len(line.written), len(line.sent)), ([(1, 1), (2, 2)], 1, 1))

    def test_those_who_see_the_same_are_sent_the_same_bytes_in_memory(self) -> None:
        spectator = self.stage.line()
        for number in range(3):
            self.stage.turn(number)
        self.assertIs(self.alice.sent[1], self.bob.sent[1])
        self.assertIs(self.alice.sent[1], spectator.sent[1])

    def test_who_has_no_socket_that_may_be_sent_to_gets_everything_all_the_same(self) -> None:
        other = self.stage.line("carol", is_direct=False)
        for number in range(3):
            self.stage.turn(number)
        self.assertEqual((other.got, len(other.written), other.sent), (other.due, 3, []))
        self.assertFalse(other.subscription.in_step)
        self.assertEqual(len(self.alice.sent), 2)

    def test_all_of_a_turn_leaves_in_one_send(self) -> None:
        self.stage.turn(1)
        for number in (2, 3, 4):
            self.stage.publish(number)
        self.stage.end_turn()
        self.assertEqual((len(self.alice.sent), self.alice.got), (1, self.alice.due))

    def test_what_some_do_not_see_is_not_sent_to_them(self) -> None:
        v1 = self.stage.line("alice", framework=True)
        self.stage.turn(1)
        self.stage.publish(2, framework=True)
        self.stage.end_turn()
        self.assertEqual((len(v1.sent), self.alice.sent), (1, []))
        self.stage.turn(3)
        self.assertEqual((self.alice.heard, v1.heard), ([(1, 1), (3, 2)], [(1, 1), (2, 2), (3, 3)]))
        self.assertTrue(self.alice.subscription.in_step)

    def test_those_who_take_what_is_deflated_share_other_bytes(self) -> None:
        deflating = [self.stage.line(name, deflates=True) for name in ("alice", "bob", None)]
        for number in range(3):
            self.stage.turn(number, size=300)
        self.assertEqual(len({id(line.sent[1]) for line in deflating}), 1)
        self.assertLess(len(deflating[0].sent[1]), len(self.alice.sent[1]))
        for line in (*deflating, self.alice):
            self.assertEqual(line.got, line.due)

    def test_a_private_event_comes_in_its_place_and_they_are_in_step_afterwards(self) -> None:
        self.stage.turn(1)
        self.stage.publish(2)
        self.stage.publish(3, "alice")
        self.stage.publish(4)
        self.stage.end_turn()
        self.assertTrue(self.alice.subscription.in_step)
        self.stage.turn(5)
        self.assertEqual(self.alice.heard, [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5)])
        self.assertEqual(self.bob.heard, [(1, 1), (2, 2), (4, 3), (5, 4)])
        self.assertEqual((len(self.alice.sent), len(self.bob.sent)), (1, 2))

    def test_a_reply_alone_is_sent_directly(self) -> None:
        self.stage.turn(1)
        self.stage.reply(self.alice, 1)
        self.stage.reply(self.alice, 2)
        self.stage.end_turn()
        self.assertEqual((self.alice.heard, len(self.alice.sent)), ([(1, 1), "r1", "r2"], 1))
        self.assertEqual((self.bob.sent, self.alice.subscription.in_step), ([], True))

    def test_replies_come_in_their_places_between_the_events(self) -> None:
        self.stage.turn(1)
        for number in (2, 3):
            self.stage.reply(self.alice, number)
            self.stage.publish(number)
        self.stage.reply(self.alice, 4)
        self.stage.end_turn()
        self.assertEqual(self.alice.heard, [(1, 1), "r2", (2, 2), "r3", (3, 3), "r4"])
        self.assertEqual((len(self.alice.written), self.alice.subscription.in_step), (2, True))

    def test_more_than_a_chunk_in_a_turn_comes_and_they_are_in_step_afterwards(self) -> None:
        self.stage.turn(1)
        for number in range(2, 6):
            self.stage.publish(number, size=CHUNK_BYTES // 2)
        self.stage.end_turn()
        self.assertEqual((self.alice.got, self.alice.sent), (self.alice.due, []))
        self.assertTrue(self.alice.subscription.in_step)

    def test_a_greeting_comes_first_and_no_event_overtakes_it(self) -> None:
        for number in range(3):
            self.stage.turn(number)
        carol = self.stage.line("carol", greeting=b'{"event":"hi"}', missed=2)
        self.stage.turn(3)
        self.stage.turn(4)
        self.assertEqual(carol.heard, ["hi", (1, 2), (2, 3), (3, 4), (4, 5)])
        self.assertEqual((len(carol.sent), carol.subscription.in_step), (1, True))

    def test_who_is_greeted_only_is_in_step(self) -> None:
        carol = self.stage.line("carol", greeting=b'{"event":"hi"}')
        self.stage.end_turn()
        self.stage.turn(1)
        self.assertEqual((carol.heard, len(carol.sent)), (["hi", (1, 1)], 1))

    def test_the_log_keeps_nothing_for_them(self) -> None:
        with mock.patch.multiple(eventlog, RECENT_EVENTS=3, RECENT_PRIVATE_EVENTS=3):
            stage = Stage()
            line = stage.line("alice")
            for number in range(50):
                stage.turn(number, *(("alice",) if number % 10 == 9 else ()))
            self.assertLessEqual(len(stage.log), 6)
            self.assertEqual(line.got, line.due)


class Aside(SynchronousTestCase):
    """Who is not in step any more, and gets there again."""

    def setUp(self) -> None:
        self.stage = Stage()
        self.alice, self.bob = self.stage.line("alice"), self.stage.line("bob")
        self.stage.turn(1)

    def test_the_rest_of_what_a_socket_takes_in_part_is_left_to_the_transport(self) -> None:
        for answer in (0, 1, 30, BLOCKS, FAILS):
            self.setUp()
            self.alice.answers.extend((answer, BLOCKS))
            self.stage.turn(2)
            self.assertEqual(self.alice.got, self.alice.due)
            taken = max(0, answer)
            self.assertEqual((self.alice.sent[0][taken:], len(self.alice.written)), (self.alice.written[1], 2))
            self.assertEqual(self.alice.waits, self.alice.written[1])
            self.assertFalse(self.alice.subscription.in_step)
            self.assertEqual((self.bob.got, self.bob.subscription.in_step), (self.bob.due, True))

    def test_as_long_as_something_waits_everything_goes_after_it_and_when_it_has_left_they_are_in_step(self) -> None:
        self.alice.answers.extend((10, BLOCKS))
        for number in (2, 3, 4):
            self.stage.turn(number)
            self.assertEqual((len(self.alice.sent), self.alice.got), (1, self.alice.due))
        self.alice.read(20)
        self.stage.turn(5)
        self.assertEqual((len(self.alice.sent), self.alice.subscription.in_step), (1, False))
        self.alice.read()
        self.stage.turn(6)
        self.assertEqual((len(self.alice.sent), self.alice.subscription.in_step), (1, True))
        self.stage.turn(7)
        self.assertEqual((len(self.alice.sent), self.alice.got), (2, self.alice.due))
        self.assertEqual(len(self.bob.sent), 6)

    def test_so_does_a_reply(self) -> None:
        for answer in (0, 5, BLOCKS, FAILS):
            self.setUp()
            self.alice.answers.extend((answer, BLOCKS))
            self.stage.reply(self.alice, 1)
            self.stage.end_turn()
            self.assertEqual((self.alice.heard, self.alice.subscription.in_step), ([(1, 1), "r1"], False))
            self.stage.reply(self.alice, 2)
            self.stage.turn(2)
            self.alice.read()
            self.stage.turn(3)
            self.stage.turn(4)
            self.assertEqual(self.alice.heard, [(1, 1), "r1", "r2", (2, 2), (3, 3), (4, 4)])
            self.assertTrue(self.alice.subscription.in_step)

    def test_many_replies_go_after_what_waits_a_chunk_at_a_time(self) -> None:
        self.alice.answers.extend((10, BLOCKS))
        self.stage.turn(2)
        written = len(self.alice.written)
        for number in range(5000):
            self.stage.reply(self.alice, number)
        self.stage.end_turn()
        (chunk,) = self.alice.written[written:]
        self.assertTrue(CHUNK_BYTES <= len(chunk) < CHUNK_BYTES + 100, len(chunk))
        while not self.alice.is_clear:
            self.alice.read()
            self.stage.end_turn()
        self.assertEqual(self.alice.got, self.alice.due)

    def test_many_halt_at_once_and_nobody_else_notices(self) -> None:
        others = [self.stage.line(f"p{number}") for number in range(20)]
        self.stage.turn(2)
        for number, line in enumerate(others):
            line.answers.extend(((3, ALL), (BLOCKS, BLOCKS), (FAILS, 4), (ALL,))[number % 4])
        self.stage.turn(3)
        self.stage.turn(4)
        for line in (self.alice, self.bob, *others):
            self.assertEqual(line.got, line.due)
        self.assertEqual(len(self.alice.sent), 3)

    def test_who_pauses_gets_nothing_until_they_read_and_then_everything(self) -> None:
        self.stage.publish(2)
        self.alice.subscription.pause()
        self.stage.end_turn()
        self.stage.turn(3)
        self.stage.reply(self.alice, 1)
        self.stage.turn(4, "alice")
        self.assertEqual((self.alice.heard, self.alice.sent), ([(1, 1)], []))
        self.alice.subscription.resume()
        self.stage.end_turn()
        self.assertEqual(self.alice.heard, [(1, 1), (2, 2), (3, 3), "r1", (4, 4)])
        self.assertTrue(self.alice.subscription.in_step)
        self.stage.turn(5)
        self.assertEqual(len(self.alice.sent), 1)

    def test_who_says_that_something_waits_before_a_turn_ends_is_not_sent_to_directly(self) -> None:
        self.stage.publish(2)
        # A pong, say, that the socket did not take.
        self.alice.subscription.stand_aside()
        self.alice.waits += b"\x81\x00"
        self.stage.end_turn()
        self.assertEqual((self.alice.sent, len(self.alice.written)), ([], 2))

    def test_who_does_not_read_is_closed_when_too_much_of_their_own_waits_and_not_before(self) -> None:
        self.stage = Stage(max_lag_events=5)
        alice, bob = self.stage.line("alice"), self.stage.line("bob")
        for number in range(20):
            self.stage.turn(number)
        self.assertTrue(alice.subscription.in_step)
        alice.subscription.pause()
        for _ in range(20):
            self.stage.turn(1, "bob")
        for number in range(5):
            self.stage.turn(number)
        self.assertIsNone(alice.closed)
        self.stage.turn(6)
        self.assertEqual((alice.closed, len(alice.got), bob.closed), (CloseCode.SLOW_CONSUMER, 20, None))


class TheEnd(SynchronousTestCase):
    """Nothing comes after it."""

    def setUp(self) -> None:
        self.stage = Stage()
        self.alice, self.bob = self.stage.line("alice"), self.stage.line("bob")
        self.stage.turn(1)

    def test_close_sends_what_is_due_first_and_nothing_afterwards(self) -> None:
        self.stage.publish(2)
        self.stage.reply(self.alice, 1)
        self.alice.subscription.close(CloseCode.NORMAL)
        self.assertEqual((self.alice.heard, self.alice.closed), ([(1, 1), (2, 2), "r1"], CloseCode.NORMAL))
        self.stage.turn(3)
        self.stage.reply(self.alice, 2)
        self.stage.end_turn()
        self.assertEqual((len(self.alice.got), self.bob.heard), (3, [(1, 1), (2, 2), (3, 3)]))

    def test_nothing_comes_after_unsubscribe_not_even_what_was_published_before(self) -> None:
        self.stage.publish(2)
        self.stage.publisher.unsubscribe(self.alice.subscription)
        self.stage.publisher.unsubscribe(self.alice.subscription)
        self.alice.subscription.stand_aside()
        self.stage.end_turn()
        self.stage.turn(3)
        self.assertEqual((self.alice.heard, self.bob.heard), ([(1, 1)], [(1, 1), (2, 2), (3, 3)]))
        self.assertEqual(self.stage.publisher.subscriptions, (self.bob.subscription,))

    def test_who_was_drained_and_stays_misses_nothing_and_gets_nothing_twice(self) -> None:
        self.stage.publish(2)
        self.alice.subscription.drain()
        self.stage.publish(3)
        self.stage.end_turn()
        self.stage.turn(4)
        self.assertEqual(self.alice.heard, [(1, 1), (2, 2), (3, 3), (4, 4)])
        self.assertTrue(self.alice.subscription.in_step)


class LooksAs(SynchronousTestCase):
    """Who goes on as somebody else."""

    def test_they_get_what_that_one_sees_with_their_numbers_from_then_on(self) -> None:
        stage = Stage()
        line, other = stage.line("alice"), stage.line("bob")
        stage.turn(1)
        stage.turn(2, "alice")
        stage.turn(3, "bob")
        self.assertTrue(line.subscription.in_step)
        line.subscription.drain()
        line.subscription.look_as(Viewer(None, framework=False), stage.log.end)
        self.assertFalse(line.subscription.in_step)
        stage.turn(4)
        stage.turn(5, "alice")
        stage.turn(6)
        self.assertTrue(line.subscription.in_step)
        self.assertEqual(line.heard, [(1, 1), (2, 2), (4, 2), (6, 3)])
        line.subscription.drain()
        line.subscription.look_as(Viewer("bob", framework=True), stage.log.end)
        stage.turn(7, "bob")
        stage.turn(8)
        self.assertEqual(line.heard[4:], [(7, 5), (8, 6)])
        self.assertEqual(other.heard, [(1, 1), (3, 2), (4, 3), (6, 4), (7, 5), (8, 6)])

    def test_they_get_what_was_before_a_position_as_the_one_and_the_rest_as_the_other(self) -> None:
        stage = Stage()
        line = stage.line("alice")
        stage.turn(1)
        stage.publish(2, "alice")
        stage.reply(line, 1)
        position = stage.log.end
        stage.publish(3, "bob")
        stage.publish(4, "alice")
        stage.publish(5)
        stage.reply(line, 2)
        line.subscription.drain_before(position)
        self.assertEqual(line.heard, [(1, 1), (2, 2)])
        line.subscription.look_as(Viewer("bob", framework=True), position)
        line.subscription.greet(b'{"event":"hi"}')
        stage.end_turn()
        stage.turn(6)
        self.assertEqual(line.heard[2:], ["hi", "r1", (3, 2), (5, 3), "r2", (6, 4)])

    def test_who_does_not_read_gets_nothing_of_what_was_before(self) -> None:
        stage = Stage()
        line = stage.line("alice")
        stage.turn(1)
        line.subscription.pause()
        stage.publish(2)
        # The line itself sees to it that nothing is written in a pause.
        line.subscription.drain_before(stage.log.end)
        self.assertEqual(line.heard, [(1, 1)])
        line.subscription.resume()
        stage.end_turn()
        self.assertEqual(line.heard, [(1, 1), (2, 2)])

    def test_what_they_had_as_the_other_is_no_sign_of_slowness(self) -> None:
        stage = Stage(max_lag_events=5)
        line = stage.line("alice")
        for number in range(20):
            stage.turn(number, "alice")
        line.subscription.look_as(Viewer("bob", framework=False), stage.log.end)
        line.subscription.pause()
        for number in range(5):
            stage.turn(number)
        self.assertIsNone(line.closed)
        stage.turn(5)
        self.assertIs(line.closed, CloseCode.SLOW_CONSUMER)


class Come(NamedTuple):
    name: str | None
    framework: bool
    deflates: bool
    greeting: bool
    missed: int | None
    is_direct: bool
    is_eager: bool


class Publish(NamedTuple):
    size: int
    to: frozenset[str]


class Tell(NamedTuple):
    """Publish an event of gamesvc's own."""


class Answer(NamedTuple):
    """What the socket will do at the next sends."""

    who: int
    answers: tuple[int, ...]


class Reply(NamedTuple):
    who: int


class Read(NamedTuple):
    who: int
    most: int


class Do(NamedTuple):
    """Something without anything to say about it: pause, resume, stand_aside, drain, close or unsubscribe."""

    who: int
    what: str


class EndOfTurn(NamedTuple):
    pass


Step = Come | Publish | Tell | Answer | Reply | Read | Do | EndOfTurn

NAMES = ("alice", "bob")
WHO = st.integers(0, 4)
SIZES = st.sampled_from((0, 0, 0, 100, 600, 2 * SMALL_CHUNK_BYTES))
COMING = st.builds(
    Come,
    st.sampled_from((None, *NAMES)),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(0, 5),
    st.sampled_from((True, True, True, False)),
    st.booleans(),
)
ANSWERS = st.lists(st.sampled_from((ALL, ALL, 0, 1, 40, BLOCKS, FAILS)), min_size=1, max_size=4).map(tuple)
STEPS = st.one_of(
    COMING,
    st.builds(Publish, SIZES, st.just(frozenset())),
    st.builds(Publish, SIZES, st.frozensets(st.sampled_from(NAMES), min_size=1)),
    st.builds(Tell),
    st.builds(Answer, WHO, ANSWERS),
    st.builds(Reply, WHO),
    st.builds(Read, WHO, st.sampled_from((1, 50, 1 << 30))),
    st.builds(Do, WHO, st.sampled_from(("pause", "resume", "stand_aside", "drain"))),
    st.builds(Do, WHO, st.sampled_from(("close", "unsubscribe"))),
)
# Mostly turns with one or two things in them, so that many are in step most of the time.
TURNS = st.lists(
    st.tuples(st.lists(STEPS, max_size=3), st.booleans()).map(
        lambda parts: [*parts[0], *([Publish(0, frozenset())] if parts[1] else []), EndOfTurn()]
    ),
    max_size=25,
)
SCHEDULES = st.tuples(st.lists(COMING, min_size=1, max_size=3), TURNS).map(
    lambda parts: [*parts[0], *(step for turn in parts[1] for step in turn)]
)


class AnySchedule(SynchronousTestCase):
    """Whatever sockets take, and whatever happens meanwhile."""

    @PROPERTY
    @given(SCHEDULES)
    def test_each_line_carries_exactly_what_is_due_in_complete_frames_and_in_order(self, steps: Sequence[Step]) -> None:
        for module in (publisher, subscription):
            self.patch(module, "CHUNK_BYTES", SMALL_CHUNK_BYTES)
        stage = Stage()
        # What one finds who comes back is the log's affair; here everything is there.
        stage.log.hold()
        for number, step in enumerate([*steps, EndOfTurn()]):
            if isinstance(step, Come):
                greeting = b'{"event":"hi %d"}' % number if step.greeting else b""
                stage.line(
                    step.name,
                    framework=step.framework,
                    deflates=step.deflates,
                    greeting=greeting,
                    missed=step.missed,
                    is_direct=step.is_direct,
                    is_eager=step.is_eager,
                )
            elif isinstance(step, Publish):
                stage.publish(number, *step.to, size=step.size)
            elif isinstance(step, Tell):
                stage.publish(number, framework=True)
            elif isinstance(step, EndOfTurn):
                self.end_turn(stage)
            elif step.who < len(stage.lines):
                self.have(stage, stage.lines[step.who], step, number)
        stage.publish(len(steps) + 1)
        self.end_turn(stage)
        for _ in range(100):
            for line in stage.lines:
                line.answers.clear()
                line.subscription.resume()
                line.read()
            self.end_turn(stage)
        for line in stage.lines:
            if line.subscription.open:
                self.assertEqual(line.got, line.due)

    def have(self, stage: Stage, line: Line, step: Answer | Reply | Read | Do, number: int) -> None:
        subscription = line.subscription
        if isinstance(step, Answer):
            line.answers.extend(step.answers)
        elif isinstance(step, Reply):
            stage.reply(line, number)
        elif isinstance(step, Read):
            line.read(step.most)
        elif step.what == "resume":
            # A transport says so when nothing waits in it.
            line.read()
            subscription.resume()
        elif step.what == "unsubscribe":
            stage.publisher.unsubscribe(subscription)
        elif step.what == "close":
            subscription.close(CloseCode.NORMAL)
            self.assertFalse(subscription.open)
            self.assertFalse(subscription.in_step)
        else:
            getattr(subscription, step.what)()
        self.assertCarries(line)

    def end_turn(self, stage: Stage) -> None:
        self.assertLessEqual(len(stage.soon), 1, "one flush a turn")
        has_news = stage.publisher._flushed < stage.log.end
        stage.end_turn()
        for line in stage.lines:
            subscription = line.subscription
            self.assertCarries(line)
            if subscription.open and not subscription.paused:
                self.assertEqual(line.got, line.due)
                # Nothing else keeps it aside.
                if has_news and line.is_clear and not line.has_halted and subscription.direct is not None:
                    self.assertTrue(subscription.in_step)
            line.has_halted = False

    def assertCarries(self, line: Line) -> None:
        """Holds at any time."""
        self.assertEqual(line.got, line.due[: len(line.got)])
        if line.subscription.in_step:
            self.assertTrue(line.is_clear and line.subscription.open and not line.subscription.paused)

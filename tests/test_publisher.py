"""The publisher, held against a simple account of what each viewer should get."""

from __future__ import annotations

import contextlib
import json
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from unittest import mock

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import eventlog
from gamesvc.deflate import inflated
from gamesvc.errors import CloseCode
from gamesvc.eventlog import EventLog, Viewer
from gamesvc.publisher import CHUNKS_A_TURN, FEW_EVENTS, GamePublisher
from gamesvc.subscription import CHUNK_BYTES, Direct, Send, Subscription

PROPERTY = settings(deadline=None, database=None, max_examples=120)
MAX_LAG_EVENTS, MAX_LAG_BYTES = 6, 150_000
RECENT = 3
"""Events that the log keeps for those who come back, where a test says so."""


def payloads(data: bytes) -> list[bytes]:
    """What the text frames in a stream hold, deflated or not."""
    found = []
    while data:
        first, length, start = data[0], data[1], 2
        assert first in (0x81, 0xC1), "a complete text frame"
        if length == 126:
            length, start = int.from_bytes(data[2:4], "big"), 4
        elif length == 127:
            length, start = int.from_bytes(data[2:10], "big"), 10
        assert len(data) >= start + length, "half a frame"
        payload = data[start : start + length]
        found.append(payload if first == 0x81 else inflated(payload, 0))
        data = data[start + length :]
    return found


class Said(NamedTuple):
    """An event, and the players who see it; None for everybody."""

    body: bytes
    to: frozenset[str] | None


def event(number: int, size: int = 0) -> bytes:
    """An event of the game, as the model publishes it."""
    return b'{"event":"E","number":%d,"padding":"%b"}' % (number, b"x" * size)


class Reader:
    """A subscriber: the connection that it writes to, and an account of what should come."""

    direct: Direct | None = None
    halted = False
    """Whether its socket has not taken something at once: then that was no single write."""

    def __init__(
        self,
        publisher: GamePublisher,
        name: str | None,
        framework: bool = False,
        since: int | None = None,
        said: Sequence[Said] = (),
        deflates: bool = False,
    ) -> None:
        self._publisher = publisher
        self.name = name
        self.viewer = Viewer(name, framework, deflates)
        self.writes: list[bytes] = []
        self.closed: CloseCode | None = None
        self.chokes_in = 0
        self.due: list[bytes] = []
        self.sizes: list[int] = []
        self.judged = 0  # what was due in earlier turns
        place = None if since is None else publisher.log.place_after(self.viewer, since, recent=False)
        self.seq = self.first = publisher.log.head(self.viewer) if place is None or since is None else since
        self.subscription: Subscription = publisher.subscribe(self.viewer, self, place, self.direct)
        for body in [each.body for each in said if self.may_see(each)][self.seq :]:
            self.expect_event(body)
        # Who has missed much when they come may be as much further behind.
        self.missed = len(self.sizes), sum(self.sizes)

    # The connection: like ours it may want a pause while it is written to, and unsubscribes when it is closed.

    def write(self, data: bytes) -> None:
        assert self.closed is None, "written after close"
        assert self.subscription.open, "written after unsubscribe"
        assert not self.subscription.paused, "written in a pause"
        assert data, "written nothing"
        assert len(data) - len(payloads(data)[-1]) < CHUNK_BYTES + 10, "more at once than a chunk and what ends it"
        self.writes.append(data)
        if self.chokes_in:
            self.chokes_in -= 1
            if not self.chokes_in:
                self.subscription.pause()

    def drain(self) -> None:
        """Its peer reads everything, and the transport says so."""
        self.subscription.resume()

    def close(self, code: CloseCode) -> None:
        assert self.closed is None, "closed twice"
        self.closed = code
        self._publisher.unsubscribe(self.subscription)

    # The account. Whatever is due comes in the order in which it was said.

    def may_see(self, said: Said) -> bool:
        if said.to is not None:
            return self.name in said.to
        return self.viewer.framework or b"gamesvc." not in said.body

    def expect_event(self, body: bytes) -> None:
        self.seq += 1
        self._expect(b'%b,"seq":%d}' % (body[:-1], self.seq), len(body))

    def expect_reply(self, payload: bytes) -> None:
        self._expect(payload, 0)

    def _expect(self, payload: bytes, size: int) -> None:
        if self.subscription.open:
            self.due.append(payload)
            self.sizes.append(size)

    @property
    def got(self) -> list[bytes]:
        return payloads(b"".join(self.writes))

    @property
    def events_got(self) -> int:
        return sum(payload.startswith(b'{"event":') for payload in self.got)

    @property
    def is_too_far_behind(self) -> bool:
        unread = [size for size in self.sizes[len(self.got) :] if size]
        events, size = self.missed
        return len(unread) > MAX_LAG_EVENTS + events or sum(unread) > MAX_LAG_BYTES + size

    @property
    def fell_too_far_behind(self) -> bool:
        """Whether that came about in this turn, by an event of its own."""
        return self.is_too_far_behind and any(self.sizes[self.judged :])


class SocketReader(Reader):
    """One at a socket, which may be sent to directly as long as nothing waits before it in the transport."""

    HIGH_WATER = 1 << 16

    def __init__(
        self,
        publisher: GamePublisher,
        name: str | None,
        framework: bool = False,
        since: int | None = None,
        said: Sequence[Said] = (),
        deflates: bool = False,
    ) -> None:
        self.room: int | None = None
        self.waiting = 0
        self.send: Send = self._send
        self.direct = self
        super().__init__(publisher, name, framework, since, said, deflates)

    @property
    def is_clear(self) -> bool:
        return not self.waiting

    def _send(self, data: bytes) -> int:
        self._assert_may_be_sent(data)
        assert self.is_clear, "overtakes what waits"
        taken = len(data) if self.room is None else min(self.room, len(data))
        if self.room is not None:
            self.room -= taken
            self.halted |= taken < len(data)
            if not taken:
                raise BlockingIOError
        self.writes.append(data[:taken])
        return taken

    def write(self, data: bytes) -> None:
        """As an `EagerSender` does it."""
        self._assert_may_be_sent(data)
        if self.is_clear:
            with contextlib.suppress(BlockingIOError):
                data = data[self.send(data) :]
        if data:
            self.subscription.stand_aside()
            assert not self.subscription.in_step, "something waits, and it is in step"
            self.writes.append(data)
            self.waiting += len(data)
            if self.waiting > self.HIGH_WATER:
                self.subscription.pause()

    def _assert_may_be_sent(self, data: bytes) -> None:
        assert self.closed is None, "written after close"
        assert self.subscription.open, "written after unsubscribe"
        assert not self.subscription.paused, "written in a pause"
        assert data, "written nothing"

    def drain(self) -> None:
        """Its peer reads everything, and the transport says so."""
        self.room = None
        self.waiting = 0
        self.subscription.resume()


class Publish(NamedTuple):
    size: int
    to: frozenset[str] | None


class Tell(NamedTuple):
    """Publish an event of gamesvc's own."""


class Subscribe(NamedTuple):
    name: str | None
    framework: bool = False
    socket: bool = False
    deflates: bool = False


class ComeBack(NamedTuple):
    """The line is lost, and a new connection says what the old one got."""

    who: int


class Unsubscribe(NamedTuple):
    who: int


class Pause(NamedTuple):
    who: int


class Resume(NamedTuple):
    who: int


class Reply(NamedTuple):
    who: int


class Choke(NamedTuple):
    """The connection will want a pause in the middle of one of its next writes."""

    who: int
    writes: int


class Narrow(NamedTuple):
    """The socket will take so many bytes and no more, until its peer reads."""

    who: int
    room: int


class EndOfTurn(NamedTuple):
    pass


Step = Publish | Tell | Subscribe | ComeBack | Unsubscribe | Pause | Resume | Reply | Choke | Narrow | EndOfTurn

NAMES = ("alice", "bob", "carol")
WHO = st.integers(0, 3)
SIZES = st.sampled_from((0, 0, 0, 100, 30_000, 70_000))
STEPS = st.one_of(
    st.builds(Publish, SIZES, st.none()),
    st.builds(Publish, SIZES, st.frozensets(st.sampled_from(NAMES), min_size=1)),
    st.builds(Tell),
    st.builds(Subscribe, st.sampled_from((None, *NAMES)), st.booleans(), st.booleans(), st.booleans()),
    st.builds(ComeBack, WHO),
    st.builds(Unsubscribe, WHO),
    st.builds(Pause, WHO),
    st.builds(Resume, WHO),
    st.builds(Reply, WHO),
    st.builds(Choke, WHO, st.integers(1, 3)),
    st.builds(Narrow, WHO, st.sampled_from((0, 1, 50, 500, 40_000))),
    st.builds(EndOfTurn),
    st.builds(EndOfTurn),
)
BEGINNINGS = st.sampled_from(
    (
        [Subscribe("alice"), Subscribe("bob")],
        [Subscribe("alice", socket=True), Subscribe("bob", socket=True)],
        [Subscribe("alice", True, True), Subscribe(None, socket=True), Subscribe("alice", socket=True)],
        [Subscribe("alice", True, True, True), Subscribe(None, True, True), Subscribe(None, True, True, True)],
    )
)
# Some at a time, so that there are many turns, and subscribers who are in step.
MOVES = st.one_of(
    st.tuples(STEPS),
    st.tuples(STEPS, st.just(EndOfTurn())),
    st.tuples(st.just(Publish(0, None)), st.just(EndOfTurn())),
    st.tuples(STEPS, st.just(Publish(0, None)), st.just(EndOfTurn())),
    st.tuples(st.builds(Narrow, WHO, st.sampled_from((0, 1, 50))), STEPS, st.just(EndOfTurn()), st.builds(Resume, WHO)),
)
SCHEDULES = st.tuples(BEGINNINGS, st.lists(MOVES, min_size=8, max_size=40)).map(
    lambda parts: [*parts[0], *(step for move in parts[1] for step in move)]
)


class Stage:
    """A publisher, its viewers, and the end of each turn."""

    def __init__(self, max_lag_events: int = MAX_LAG_EVENTS, max_lag_bytes: int = MAX_LAG_BYTES) -> None:
        self.soon: list[Callable[[], None]] = []
        self.log = EventLog()
        self.publisher = GamePublisher(
            self.soon.append, self.log, max_lag_events=max_lag_events, max_lag_bytes=max_lag_bytes
        )
        self.viewers: list[Reader] = []
        self.said: list[Said] = []

    def subscribe(
        self,
        name: str | None,
        framework: bool = False,
        socket: bool = False,
        deflates: bool = False,
        since: int | None = None,
    ) -> Reader:
        viewer = (SocketReader if socket else Reader)(self.publisher, name, framework, since, self.said, deflates)
        self.viewers.append(viewer)
        return viewer

    def come_back(self, viewer: Reader) -> Reader:
        """A new connection of the same viewer, who has had what the old one got."""
        self.publisher.unsubscribe(viewer.subscription)
        name, framework, deflates = viewer.viewer
        is_socket = isinstance(viewer, SocketReader)
        return self.subscribe(name, framework, is_socket, deflates, since=viewer.first + viewer.events_got)

    def publish(self, number: int, *to: str, size: int = 0) -> None:
        """Publish an event, to everybody where nobody is named."""
        self._publish(Said(event(number, size), frozenset(to) or None))

    def tell(self, number: int) -> None:
        """Publish an event of gamesvc's own."""
        self._publish(Said(b'{"event":"gamesvc.joined","player":"p%d","seat":0}' % number, None))

    def _publish(self, said: Said) -> None:
        self.said.append(said)
        for viewer in self.viewers:
            if viewer.may_see(said):
                viewer.expect_event(said.body)
        self.publisher.publish(*said)

    def reply(self, viewer: Reader, payload: bytes) -> None:
        viewer.expect_reply(payload)
        viewer.subscription.reply(payload)

    def end_turn(self) -> None:
        while self.soon:
            self.soon.pop(0)()

    def play(self, steps: Sequence[Step | None]) -> None:
        """Do one step after the other; None is a step at which nothing happens."""
        for number, step in enumerate(steps):
            if step is None:
                continue
            if isinstance(step, Publish):
                self.publish(number, *(step.to or ()), size=step.size)
            elif isinstance(step, Tell):
                self.tell(number)
            elif isinstance(step, Subscribe):
                self.subscribe(*step)
            elif isinstance(step, EndOfTurn):
                self.end_turn()
            elif step.who < len(self.viewers):
                self._have_viewer(self.viewers[step.who], step, number)

    def _have_viewer(
        self, viewer: Reader, step: ComeBack | Unsubscribe | Pause | Resume | Reply | Choke | Narrow, number: int
    ) -> None:
        match step:
            case ComeBack():
                self.come_back(viewer)
            case Unsubscribe():
                self.publisher.unsubscribe(viewer.subscription)
            case Pause():
                viewer.subscription.pause()
            case Resume():
                viewer.drain()
            case Reply():
                self.reply(viewer, b'{"status":"ok","id":"%d"}' % number)
            case Choke():
                viewer.chokes_in = step.writes
            case Narrow():
                if isinstance(viewer, SocketReader):
                    viewer.room = step.room


@contextlib.contextmanager
def recent(events: int) -> Iterator[None]:
    """A log keeps so many events for those who come back, and of each player's own as many."""
    with mock.patch.multiple(eventlog, RECENT_EVENTS=events, RECENT_PRIVATE_EVENTS=events):
        yield


class CheckedStage(Stage):
    """Holds everybody's account against what came, at the end of each turn."""

    def end_turn(self) -> None:
        assert len(self.soon) <= 1, "one flush a turn"
        viewers = [viewer for viewer in self.viewers if viewer.subscription.open]
        before = [(viewer.subscription.paused, len(viewer.writes), len(viewer.got)) for viewer in viewers]
        must_close = [viewer for viewer in viewers if viewer.subscription.paused and viewer.fell_too_far_behind]
        super().end_turn()
        for viewer, (was_paused, writes, got) in zip(viewers, before, strict=True):
            viewer.judged = len(viewer.due)
            halted, viewer.halted = viewer.halted, False
            new = len(viewer.writes) - writes
            assert viewer.got == viewer.due[: len(viewer.got)], "not what is due, or not in order"
            if viewer in must_close or viewer.closed is not None:
                assert viewer.closed is CloseCode.SLOW_CONSUMER, "too slow, and not closed"
                assert viewer.is_too_far_behind, "closed, and not too slow"
                continue
            if not viewer.subscription.paused:
                assert viewer.got == viewer.due, "something that is due did not come"
            frames = sum(len(payload) + 10 for payload in viewer.due[got:])
            if was_paused:
                assert new == 0
            elif frames <= CHUNK_BYTES and not halted:
                assert new == bool(frames), "not in one write"
        there = [viewer for viewer in self.viewers if viewer.subscription.open]
        if all(viewer.got == viewer.due and not viewer.subscription.paused for viewer in there):
            assert len(self.log) <= RECENT * (1 + len(NAMES)), "the log keeps what everybody has"


class Schedules(SynchronousTestCase):
    """Any order of what can happen to a publisher."""

    @PROPERTY
    @given(SCHEDULES)
    def test_every_viewer_gets_exactly_its_events_and_replies_in_order_and_in_one_write_a_turn(
        self, steps: list[Step]
    ) -> None:
        with recent(RECENT):
            stage = CheckedStage()
            stage.play(steps)
            for viewer in stage.viewers:
                viewer.chokes_in = 0
                viewer.drain()
            stage.end_turn()
            for viewer in stage.viewers:
                self.assertEqual(stage.log.head(viewer.viewer), viewer.seq)
                if viewer.subscription.open:
                    self.assertEqual(viewer.got, viewer.due)
            self.assertLessEqual(len(stage.log), RECENT * (1 + len(NAMES)))

    @PROPERTY
    @given(SCHEDULES, st.sampled_from((None, *NAMES)))
    # Somebody turns out to be too far behind only in the middle of a turn; the next turn is due to others' secrets.
    @example(
        [
            Subscribe("alice"),
            *[Publish(70_000, None)] * 4,
            Choke(0, 1),
            EndOfTurn(),
            Publish(0, frozenset({"bob"})),
            EndOfTurn(),
            Resume(0),
            EndOfTurn(),
        ],
        "alice",
    )
    def test_what_a_viewer_may_not_see_changes_no_byte_that_it_gets(self, steps: list[Step], name: str | None) -> None:
        def may_see(step: Step) -> bool:
            return not isinstance(step, Publish) or step.to is None or name in step.to

        def heard(steps: list[Step | None]) -> list[tuple[list[bytes], CloseCode | None]]:
            stage = Stage()
            # What one finds who comes back is the log's affair; here everything is there.
            stage.log.hold()
            stage.play([*steps, EndOfTurn()])
            return [(viewer.writes, viewer.closed) for viewer in stage.viewers if viewer.name == name]

        self.assertEqual(heard([*steps]), heard([step if may_see(step) else None for step in steps]))


class Numbers(SynchronousTestCase):
    """``seq`` is the viewer's own."""

    def setUp(self) -> None:
        self.stage = Stage()

    def numbers(self, viewer: Reader) -> list[tuple[int, int]]:
        return [(each["number"], each["seq"]) for each in map(json.loads, viewer.got)]

    def test_each_viewer_counts_what_it_may_see_from_1_without_gaps(self) -> None:
        alice, bob, spectator = map(self.stage.subscribe, ("alice", "bob", None))
        for number, to in enumerate([(), ("alice",), (), ("alice", "bob"), ("bob",), ()], 1):
            self.stage.publish(number, *to)
        self.stage.end_turn()
        self.assertEqual(self.numbers(alice), [(1, 1), (2, 2), (3, 3), (4, 4), (6, 5)])
        self.assertEqual(self.numbers(bob), [(1, 1), (3, 2), (4, 3), (5, 4), (6, 5)])
        self.assertEqual(self.numbers(spectator), [(1, 1), (3, 2), (6, 3)])

    def test_seq_is_the_last_key_of_the_event_as_it_was_published(self) -> None:
        alice = self.stage.subscribe("alice")
        self.stage.publisher.publish(b'{"event":"Said","text":"\xc3\xa9"}')
        self.stage.publisher.publish(b'{"event":"Nothing"}')
        self.stage.end_turn()
        self.assertEqual(alice.got, [b'{"event":"Said","text":"\xc3\xa9","seq":1}', b'{"event":"Nothing","seq":2}'])

    def test_who_comes_later_gets_what_comes_later_with_the_numbers_that_follow_the_head(self) -> None:
        self.stage.publish(1)
        self.stage.publish(2, "alice")
        self.stage.end_turn()
        self.stage.publish(3)
        alice, spectator = self.stage.subscribe("alice"), self.stage.subscribe(None)
        heads = [self.stage.log.head(Viewer(name, framework=False)) for name in ("alice", None)]
        self.stage.publish(4)
        self.stage.end_turn()
        self.assertEqual((heads, self.numbers(alice), self.numbers(spectator)), ([3, 2], [(4, 4)], [(4, 3)]))

    def test_two_connections_of_one_player_get_the_same(self) -> None:
        one, other = self.stage.subscribe("alice"), self.stage.subscribe("alice")
        self.stage.publish(1, "alice")
        self.stage.publish(2)
        self.stage.end_turn()
        self.assertEqual(self.numbers(one), [(1, 1), (2, 2)])
        self.assertEqual(one.writes, other.writes)


class Writes(SynchronousTestCase):
    """When bytes leave, and how many."""

    def setUp(self) -> None:
        self.stage = Stage()

    def test_nothing_leaves_before_the_end_of_the_turn_which_is_asked_for_once(self) -> None:
        alice = self.stage.subscribe("alice")
        for number in range(3):
            self.stage.publish(number)
        alice.subscription.reply(b"{}")
        self.assertEqual((alice.writes, len(self.stage.soon)), ([], 1))
        self.stage.end_turn()
        self.assertEqual(len(alice.writes), 1)

    def test_a_reply_comes_after_the_events_before_it_and_before_the_events_after_it(self) -> None:
        alice, bob = self.stage.subscribe("alice"), self.stage.subscribe("bob")
        self.stage.publish(1)
        self.stage.publish(2, "bob")
        alice.subscription.reply(b'{"status":"ok"}')
        self.stage.publish(3)
        self.stage.end_turn()
        keys = [next(iter(json.loads(payload))) for payload in alice.got]
        self.assertEqual((keys, len(bob.got)), (["event", "status", "event"], 3))

    def test_replies_keep_their_places_between_the_events_of_one_write(self) -> None:
        alice, other = self.stage.subscribe("alice"), self.stage.subscribe("alice")
        classic, v1 = self.stage.subscribe(None), self.stage.subscribe("carol", framework=True)
        for number in range(6):
            if number == 3:
                self.stage.tell(number)
            for name, viewer in (("a", alice), ("v", v1)):
                for again in range(number % 3):
                    self.stage.reply(viewer, b'{"status":"%b %d %d"}' % (name.encode(), number, again))
            self.stage.publish(number, *(("bob",) if number in (0, 4) else ()))
        self.stage.reply(alice, b'{"status":"last"}')
        self.stage.end_turn()
        for viewer in (alice, other, classic, v1):
            self.assertEqual((viewer.got, len(viewer.writes)), (viewer.due, 1))
        said = [each.get("number", each.get("status")) for each in map(json.loads, alice.got)]
        self.assertEqual(said, ["a 1 0", 1, "a 2 0", "a 2 1", 2, 3, "a 4 0", "a 5 0", "a 5 1", 5, "last"])

    def test_those_who_see_the_same_share_its_bytes_in_memory(self) -> None:
        viewers = [self.stage.subscribe(name) for name in ("alice", "bob", None)]
        for number in range(5):
            self.stage.publish(number, size=100)
        self.stage.end_turn()
        self.assertEqual(len({id(viewer.writes[0]) for viewer in viewers}), 1)
        self.stage.publish(5, "alice", "bob")
        self.stage.end_turn()
        self.assertIs(viewers[0].writes[1], viewers[1].writes[1])

    def test_who_catches_up_gets_a_chunk_at_a_time_and_no_more_than_it_takes(self) -> None:
        stage = Stage(max_lag_events=1000, max_lag_bytes=1 << 30)
        alice = stage.subscribe("alice")
        alice.subscription.pause()
        for number in range(1000):
            stage.publish(number, size=1000)
        stage.end_turn()
        alice.chokes_in = 1
        alice.subscription.resume()
        stage.end_turn()
        self.assertEqual(len(alice.writes), 1)
        self.assertTrue(CHUNK_BYTES <= len(alice.writes[0]) < CHUNK_BYTES + 1100, len(alice.writes[0]))
        alice.subscription.resume()
        stage.end_turn()
        self.assertEqual(alice.got, alice.due)

    def test_an_event_that_is_published_while_others_are_sent_reaches_everybody(self) -> None:
        class Echo(Reader):
            """One whose reading makes something happen in the game: say, a presence that is told."""

            def write(self, data: bytes) -> None:
                super().write(data)
                if len(self.writes) == 1:
                    stage.publish(2)

        stage = self.stage
        stage.viewers.append(Echo(stage.publisher, "alice"))
        bob = stage.subscribe("bob")
        stage.publish(1)
        stage.end_turn()
        self.assertEqual(bob.got, bob.due)


class InStep(SynchronousTestCase):
    """Who has had everything, and at whose socket nothing waits, is sent to directly."""

    def setUp(self) -> None:
        self.stage = Stage()
        self.alice, self.bob = self.enter("alice"), self.enter("bob")
        self.publish()
        self.assert_in_step(self.alice, self.bob)

    def enter(self, name: str | None, framework: bool = False) -> SocketReader:
        reader = self.stage.subscribe(name, framework, socket=True)
        assert isinstance(reader, SocketReader)
        return reader

    def publish(self, *to: str, size: int = 0) -> None:
        """An event, and the end of the turn."""
        self.stage.publish(len(self.stage.said), *to, size=size)
        self.stage.end_turn()

    def assert_in_step(self, *readers: SocketReader) -> None:
        self.assertEqual([reader.subscription.in_step for reader in readers], [True] * len(readers))

    def assert_all_came(self) -> None:
        for reader in self.stage.viewers:
            self.assertEqual(reader.got, reader.due)

    def test_an_event_and_a_reply_leave_directly(self) -> None:
        with mock.patch.object(SocketReader, "write", side_effect=AssertionError("written")):
            self.publish()
            self.stage.reply(self.alice, b"{}")
            self.stage.end_turn()
        self.assert_all_came()
        self.assert_in_step(self.alice, self.bob)

    def test_who_has_a_private_event_is_in_step_again_afterwards_with_numbers_of_their_own(self) -> None:
        self.publish("alice")
        self.publish()
        self.publish()
        self.assert_all_came()
        self.assert_in_step(self.alice, self.bob)
        self.assertNotEqual(self.alice.subscription.sight, self.bob.subscription.sight)

    def test_a_reply_between_events_comes_between_them(self) -> None:
        self.publish()
        self.stage.publish(100)
        self.stage.reply(self.alice, b"{}")
        self.stage.publish(101)
        self.stage.end_turn()
        self.publish()
        self.assert_all_came()
        self.assert_in_step(self.alice, self.bob)

    def test_what_the_socket_takes_in_part_or_not_at_all_comes_in_order(self) -> None:
        for room in (0, 1, 30):
            for replies in (0, 1, 3):
                for events in (0, 1, 3):
                    self.alice.room = room
                    for _ in range(2):
                        for number in range(events):
                            self.stage.publish(number)
                        for number in range(replies):
                            self.stage.reply(self.alice, b'{"status":"ok","id":"%d"}' % number)
                        self.stage.end_turn()
                        self.assert_all_came()
                    self.assertIs(self.alice.subscription.in_step, not replies + events)
                    self.alice.drain()
                    self.publish()
                    self.publish()
                    self.assert_all_came()
                    self.assert_in_step(self.alice, self.bob)

    def test_who_stands_still_is_sent_nothing_and_gets_everything_when_it_reads(self) -> None:
        stage = self.stage = Stage(max_lag_events=1000, max_lag_bytes=1 << 30)
        alice, _ = self.enter("alice"), self.enter("bob")
        self.publish()
        alice.room = 10
        for _ in range(10):
            self.publish(size=20_000)
        self.assertTrue(alice.subscription.paused)
        self.assertTrue(alice.HIGH_WATER < alice.waiting < alice.HIGH_WATER + 30_000, alice.waiting)
        alice.drain()
        stage.end_turn()
        self.publish()
        self.assert_all_came()
        self.assert_in_step(alice)

    def test_a_transport_that_has_put_something_into_its_buffer_by_itself_is_not_overtaken(self) -> None:
        # A pong, say.
        self.alice.waiting = 7
        self.alice.subscription.stand_aside()
        self.publish()
        self.assertFalse(self.alice.subscription.in_step)
        self.alice.waiting = 0
        self.publish()
        self.publish()
        self.assert_all_came()
        self.assert_in_step(self.alice, self.bob)

    def test_close_sends_what_is_due_and_nothing_again(self) -> None:
        for events in range(4):
            carol = self.enter("carol")
            for _ in range(events):
                self.publish()
            self.stage.publish(100)
            carol.subscription.close(CloseCode.REPLACED)
            self.stage.publish(101)
            self.stage.end_turn()
            self.assertEqual((carol.got, len(carol.got), carol.closed), (carol.due, events + 1, CloseCode.REPLACED))

    def test_who_leaves_is_sent_nothing_more(self) -> None:
        self.stage.publish(100)
        self.stage.publisher.unsubscribe(self.alice.subscription)
        self.stage.publish(101)
        self.stage.end_turn()
        self.assertEqual((len(self.alice.got), self.bob.got), (1, self.bob.due))
        self.assertEqual(self.stage.publisher.subscriptions, (self.bob.subscription,))

    def test_a_batch_that_is_too_large_for_one_write_comes_in_order(self) -> None:
        for _ in range(3):
            for number in range(MAX_LAG_EVENTS):
                self.stage.publish(number, size=20_000)
            self.stage.end_turn()
            self.publish()
            self.assert_all_came()
        self.assert_in_step(self.alice, self.bob)

    def test_clients_of_the_classic_dialect_stay_in_step_while_others_are_told_something(self) -> None:
        v1 = self.enter("carol", framework=True)
        self.publish()
        for number in range(3):
            self.stage.tell(number)
            self.stage.end_turn()
            self.publish()
        self.assert_all_came()
        self.assert_in_step(self.alice, self.bob, v1)


class TheSlow(SynchronousTestCase):
    """Who does not read."""

    def setUp(self) -> None:
        self.stage = Stage()
        self.slow, self.other = self.stage.subscribe("slow"), self.stage.subscribe("other")
        self.slow.subscription.pause()

    def publish(self, count: int, *to: str, size: int = 0) -> None:
        for number in range(count):
            self.stage.publish(number, *to, size=size)
        self.stage.end_turn()

    def test_one_event_more_than_may_wait_closes_it_with_4000_and_nobody_else(self) -> None:
        self.publish(MAX_LAG_EVENTS)
        self.assertIsNone(self.slow.closed)
        self.publish(1)
        self.assertIs(self.slow.closed, CloseCode.SLOW_CONSUMER)
        self.assertEqual((self.slow.got, self.other.closed, len(self.other.got)), ([], None, MAX_LAG_EVENTS + 1))

    def test_more_bytes_than_may_wait_close_it_with_4000(self) -> None:
        self.publish(1, size=MAX_LAG_BYTES - len(event(0)))
        self.assertIsNone(self.slow.closed)
        self.publish(1)
        self.assertIs(self.slow.closed, CloseCode.SLOW_CONSUMER)

    def test_others_secrets_do_not_count_and_its_own_do(self) -> None:
        self.publish(MAX_LAG_EVENTS * 10, "other", size=MAX_LAG_BYTES // 20)
        self.assertIsNone(self.slow.closed)
        self.publish(MAX_LAG_EVENTS + 1, "slow")
        self.assertIs(self.slow.closed, CloseCode.SLOW_CONSUMER)

    def test_more_bytes_of_replies_than_may_wait_close_it_with_4000(self) -> None:
        for _ in range(3):
            for _ in range(3):
                self.slow.subscription.reply(b"x" * (MAX_LAG_BYTES // 4))
            self.slow.subscription.resume()
            self.stage.end_turn()
            self.slow.subscription.pause()
        self.assertIsNone(self.slow.closed)
        for _ in range(4):
            self.slow.subscription.reply(b"x" * (MAX_LAG_BYTES // 4))
        self.assertIs(self.slow.closed, CloseCode.SLOW_CONSUMER)
        self.assertEqual(len(self.slow.got), 9)

    def test_who_reads_may_be_sent_any_number_of_replies_in_a_turn(self) -> None:
        for _ in range(8):
            self.other.subscription.reply(b"x" * (MAX_LAG_BYTES // 4))
        self.stage.end_turn()
        self.assertEqual((self.other.closed, len(self.other.got)), (None, 8))

    def test_what_was_read_in_time_does_not_count(self) -> None:
        self.slow.subscription.resume()
        for _ in range(MAX_LAG_EVENTS * 2):
            self.publish(1, size=MAX_LAG_BYTES // 4)
        self.slow.subscription.pause()
        self.publish(MAX_LAG_EVENTS)
        self.assertIsNone(self.slow.closed)

    def test_who_reads_again_in_time_has_missed_nothing_and_starts_afresh(self) -> None:
        for _ in range(3):
            self.publish(MAX_LAG_EVENTS)
            self.slow.subscription.resume()
            self.stage.end_turn()
            self.slow.subscription.pause()
        self.assertEqual((self.slow.got, self.slow.closed), (self.slow.due, None))


class ComingBack(SynchronousTestCase):
    """Who was cut off, and says how far they have heard."""

    def setUp(self) -> None:
        self.stage = Stage()

    def numbers(self, viewer: Reader) -> list[tuple[int, int]]:
        return [(each["number"], each["seq"]) for each in map(json.loads, viewer.got)]

    def test_they_get_what_they_missed_at_the_end_of_the_turn_without_anything_else_happening(self) -> None:
        for number, to in enumerate([(), ("alice",), (), ("bob",), ("alice", "bob"), ()], 1):
            self.stage.publish(number, *to)
        self.stage.end_turn()
        alice = self.stage.subscribe("alice", since=2)
        self.assertEqual((alice.writes, len(self.stage.soon)), ([], 1))
        self.stage.end_turn()
        self.assertEqual(self.numbers(alice), [(3, 3), (5, 4), (6, 5)])
        self.stage.publish(7)
        self.stage.end_turn()
        self.assertEqual((self.numbers(alice)[3:], len(alice.writes)), ([(7, 6)], 2))

    def test_who_missed_nothing_gets_nothing_and_then_what_comes(self) -> None:
        self.stage.publish(1)
        self.stage.end_turn()
        alice = self.stage.subscribe("alice", since=1)
        self.stage.end_turn()
        self.assertEqual(alice.writes, [])
        self.stage.publish(2)
        self.stage.end_turn()
        self.assertEqual(self.numbers(alice), [(2, 2)])

    def test_they_catch_up_a_chunk_at_a_time(self) -> None:
        self.stage.log.hold()
        for number in range(300):
            self.stage.publish(number, size=1000)
        self.stage.end_turn()
        alice = self.stage.subscribe("alice", since=0)
        alice.chokes_in = 2
        self.stage.end_turn()
        self.assertEqual(len(alice.writes), 2)
        alice.subscription.resume()
        self.stage.end_turn()
        self.assertEqual(alice.got, alice.due)

    def test_what_they_wait_for_is_kept_although_the_log_needs_it_no_more(self) -> None:
        self.enterContext(recent(3))
        self.stage = Stage()
        self.stage.log.hold()
        for number in range(20):
            self.stage.publish(number, *(("alice",), ("bob",), ())[number % 3])
        self.stage.end_turn()
        alice = self.stage.subscribe("alice", since=0)
        alice.subscription.pause()
        self.stage.end_turn()
        self.stage.log.release()
        self.stage.publish(20)
        self.stage.end_turn()
        alice.subscription.resume()
        self.stage.end_turn()
        self.assertEqual((alice.got, len(alice.got)), (alice.due, 14))
        self.assertEqual(len(self.stage.log), 9)

    def test_what_they_missed_before_they_came_is_no_slowness_and_what_comes_then_is(self) -> None:
        missed = MAX_LAG_EVENTS * 3
        self.stage.log.hold()
        for number in range(missed):
            self.stage.publish(number, size=MAX_LAG_BYTES // 4)
        self.stage.end_turn()
        alice = self.stage.subscribe("alice", since=0)
        alice.subscription.pause()
        for number in range(MAX_LAG_EVENTS):
            self.stage.publish(number)
            self.stage.end_turn()
        self.assertIsNone(alice.closed)
        self.stage.publish(number)
        self.stage.end_turn()
        self.assertIs(alice.closed, CloseCode.SLOW_CONSUMER)

    def test_a_greeting_comes_before_everything_else_and_once(self) -> None:
        self.stage.publish(1)
        self.stage.end_turn()
        alice = self.stage.subscribe("alice", since=0)
        alice.subscription.reply(b'{"status":"ok"}')
        alice.subscription.greet(b'{"event":"gamesvc.welcome"}')
        self.stage.publish(2)
        self.stage.end_turn()
        self.stage.publish(3)
        self.stage.end_turn()
        heard = [json.loads(each) for each in alice.got]
        said = [each.get("number") or each.get("status") or each["event"] for each in heard]
        self.assertEqual(said, ["gamesvc.welcome", 1, "ok", 2, 3])
        self.assertEqual(len(alice.writes), 2)

    def test_a_greeting_needs_nothing_else_to_happen_and_is_part_of_what_is_due_at_the_end(self) -> None:
        alice, bob = self.stage.subscribe("alice"), self.stage.subscribe("bob")
        alice.subscription.greet(b"{}")
        self.stage.end_turn()
        self.assertEqual((alice.got, bob.got), ([b"{}"], []))
        bob.subscription.greet(b"{}")
        bob.subscription.close(CloseCode.SERVICE_RESTART)
        self.assertEqual((bob.got, bob.closed), ([b"{}"], CloseCode.SERVICE_RESTART))

    def test_a_greeting_waits_for_a_connection_that_does_not_read(self) -> None:
        alice = self.stage.subscribe("alice")
        alice.subscription.pause()
        alice.subscription.greet(b"{}")
        self.stage.end_turn()
        self.assertEqual(alice.writes, [])
        alice.subscription.resume()
        self.stage.end_turn()
        self.assertEqual(alice.got, [b"{}"])


class Dialects(SynchronousTestCase):
    """Clients of the classroom library are not told what gamesvc itself has to say."""

    def test_they_neither_hear_of_it_nor_count_it(self) -> None:
        stage = Stage()
        classic, v1 = stage.subscribe("alice"), stage.subscribe("alice", framework=True)
        stage.tell(1)
        stage.publish(2)
        stage.tell(3)
        stage.end_turn()
        stage.publish(4)
        stage.end_turn()
        self.assertEqual([json.loads(each)["seq"] for each in classic.got], [1, 2])
        self.assertEqual([json.loads(each)["seq"] for each in v1.got], [1, 2, 3, 4])
        self.assertEqual((classic.got, v1.got), (classic.due, v1.due))

    def test_a_turn_in_which_there_is_nothing_else_writes_nothing_to_them(self) -> None:
        stage = Stage()
        classic, v1 = stage.subscribe("alice"), stage.subscribe(None, framework=True)
        stage.tell(1)
        stage.end_turn()
        self.assertEqual((len(classic.writes), len(v1.writes)), (0, 1))

    def test_it_does_not_count_where_they_are_behind(self) -> None:
        stage = Stage()
        classic, v1 = stage.subscribe("alice"), stage.subscribe("alice", framework=True)
        for each in (classic, v1):
            each.subscription.pause()
        for number in range(MAX_LAG_EVENTS + 1):
            stage.tell(number)
            stage.end_turn()
        self.assertEqual((classic.closed, v1.closed), (None, CloseCode.SLOW_CONSUMER))


class TheEnd(SynchronousTestCase):
    """Nothing comes after it."""

    def setUp(self) -> None:
        self.stage = Stage()

    def test_close_sends_what_is_due_first(self) -> None:
        alice = self.stage.subscribe("alice")
        self.stage.publish(1)
        self.stage.reply(alice, b"{}")
        alice.subscription.close(CloseCode.SERVICE_RESTART)
        self.assertEqual((alice.got, alice.closed), (alice.due, CloseCode.SERVICE_RESTART))

    def test_close_does_not_wait_for_a_connection_that_does_not_read(self) -> None:
        alice = self.stage.subscribe("alice")
        alice.subscription.pause()
        self.stage.publish(1)
        alice.subscription.close(CloseCode.SERVICE_RESTART)
        self.assertEqual((alice.writes, alice.closed), ([], CloseCode.SERVICE_RESTART))

    def test_nothing_comes_after_unsubscribe_and_no_reply_is_kept(self) -> None:
        alice, bob = self.stage.subscribe("alice"), self.stage.subscribe("bob")
        self.stage.publish(1)
        self.stage.publisher.unsubscribe(alice.subscription)
        self.stage.publisher.unsubscribe(alice.subscription)
        alice.subscription.reply(b"{}")
        alice.subscription.resume()
        alice.subscription.close(CloseCode.NORMAL)
        self.stage.end_turn()
        self.assertEqual((alice.writes, alice.closed, alice.subscription.pending_replies), ([], None, 0))
        self.assertEqual((self.stage.publisher.subscriptions, len(bob.got)), ((bob.subscription,), 1))

    def test_a_connection_that_is_closed_is_closed_once_whatever_it_does_about_it(self) -> None:
        class Forgetful:
            """A connection that leaves it to others to unsubscribe it."""

            def __init__(self) -> None:
                self.heard: list[bytes | CloseCode] = []

            def write(self, data: bytes) -> None:
                self.heard += payloads(data)

            def close(self, code: CloseCode) -> None:
                self.heard.append(code)

        connection = Forgetful()
        subscription = self.stage.publisher.subscribe(Viewer("alice", framework=True), connection)
        subscription.reply(b"{}")
        subscription.close(CloseCode.NORMAL)
        subscription.close(CloseCode.REPLACED)
        subscription.reply(b"{}")
        self.stage.publish(1)
        self.stage.end_turn()
        self.assertEqual(connection.heard, [b"{}", CloseCode.NORMAL])

    def test_nothing_comes_after_unsubscribe_in_the_middle_of_a_turn(self) -> None:
        class Leader(Reader):
            """One who takes another along."""

            def write(self, data: bytes) -> None:
                super().write(data)
                self._publisher.unsubscribe(follower.subscription)

        self.stage.viewers.append(Leader(self.stage.publisher, "alice"))
        follower = self.stage.subscribe("bob")
        self.stage.publish(1)
        self.stage.end_turn()
        self.assertEqual(follower.writes, [])


class Meter:
    """A connection that reads, and counts what it gets.

    Attributes:
        writes: how often it was written to.
        size: how many bytes.
        last: the last frames.
    """

    def __init__(self) -> None:
        self.writes = 0
        self.size = 0
        self.last = b""

    def write(self, data: bytes) -> None:
        self.writes += 1
        self.size += len(data)
        self.last = data

    def close(self, code: CloseCode) -> None:
        raise AssertionError(f"closed with {code}")


class ACrowd(SynchronousTestCase):
    """Many come back at once, and each has missed much."""

    CROWD = 1000
    EVENTS, EVENT_BYTES = 300, 5000

    def setUp(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.log = EventLog()
        self.publisher = GamePublisher(self.soon.append, self.log, max_lag_events=1000, max_lag_bytes=1 << 30)
        self.log.hold()
        for number in range(self.EVENTS):
            self.publisher.publish(event(number, self.EVENT_BYTES))
        self.end_turn()
        self.ready = Meter()
        self.alice = self.publisher.subscribe(Viewer("alice", framework=True), self.ready)
        self.crowd = [Meter() for _ in range(self.CROWD)]
        place = self.log.place_after(Viewer(None, framework=True), 0, recent=False)
        for number, each in enumerate(self.crowd):
            self.publisher.subscribe(Viewer(f"p{number}", framework=True), each, place)

    def end_turn(self) -> None:
        """One turn's end, and not what is left to the next."""
        (flush,) = self.soon
        self.soon.clear()
        flush()

    def test_a_turn_is_bounded_and_another_is_asked_for_until_everybody_has_everything(self) -> None:
        sizes = []
        while self.soon:
            before = sum(each.size for each in self.crowd)
            self.end_turn()
            sizes.append(sum(each.size for each in self.crowd) - before)
        self.assertLessEqual(max(sizes), (CHUNKS_A_TURN + 1) * (CHUNK_BYTES + self.EVENT_BYTES + 100))
        self.assertGreater(min(sizes[:-1]), (CHUNKS_A_TURN - 1) * CHUNK_BYTES)
        ((size, last),) = {(each.size, each.last) for each in self.crowd}
        self.assertGreater(size, self.EVENTS * self.EVENT_BYTES)
        self.assertEqual(json.loads(payloads(last)[-1])["seq"], self.EVENTS)

    def test_an_event_reaches_who_is_ready_in_its_own_turn(self) -> None:
        for number in range(3):
            self.publisher.publish(event(number))
            self.end_turn()
            (told,) = payloads(self.ready.last)
            self.assertEqual((json.loads(told)["seq"], self.ready.writes), (self.EVENTS + number + 1, number + 1))
            self.assertTrue(self.soon, "the others have not had everything yet")

    def test_so_do_an_event_and_the_reply_that_follows_it(self) -> None:
        self.publisher.publish(event(1))
        self.alice.reply(b"{}")
        self.end_turn()
        self.assertEqual([json.loads(each).get("seq") for each in payloads(self.ready.last)], [self.EVENTS + 1, None])

    def test_so_does_a_reply_alone(self) -> None:
        self.alice.reply(b"{}")
        self.end_turn()
        self.assertEqual(payloads(self.ready.last), [b"{}"])

    def test_so_does_a_private_event(self) -> None:
        self.publisher.publish(event(1), frozenset({"alice"}))
        self.end_turn()
        self.assertEqual([json.loads(each)["seq"] for each in payloads(self.ready.last)], [self.EVENTS + 1])

    def test_so_does_a_greeting(self) -> None:
        newcomer = Meter()
        self.publisher.subscribe(Viewer("bob", framework=True), newcomer).greet(b"{}")
        self.end_turn()
        self.assertEqual(payloads(newcomer.last), [b"{}"])

    def test_those_who_stand_at_the_same_place_share_its_bytes_in_memory(self) -> None:
        self.end_turn()
        served = [each for each in self.crowd if each.writes]
        self.assertGreater(len(served), 1)
        self.assertEqual(len({id(each.last) for each in served}), 1)


class OthersSecrets(SynchronousTestCase):
    """Who is behind does not go through each of the private events of others that lie between."""

    MANY, A_TURN = 100_000, 2000

    def steps(self, viewer: Viewer, own: int) -> int:
        """How many positions are looked at, to bring somebody up to date who has two public events and some of their
        own among very many of somebody else's."""
        soon: list[Callable[[], None]] = []

        def end_turn() -> None:
            while soon:
                soon.pop(0)()

        log = EventLog()
        publisher = GamePublisher(soon.append, log, max_lag_events=10, max_lag_bytes=1 << 20)
        sink = Meter()
        subscription = publisher.subscribe(viewer, sink)
        subscription.pause()
        publisher.publish(event(0))
        end_turn()
        body, to = event(1), frozenset({"bob"})
        for turn in range(self.MANY // self.A_TURN):
            for _ in range(self.A_TURN):
                publisher.publish(body, to)
            if turn < own:
                publisher.publish(event(2), frozenset({viewer.player or ""}))
            end_turn()
        publisher.publish(event(3))
        end_turn()
        with mock.patch.object(log, "event", wraps=log.event) as looked:
            subscription.resume()
            end_turn()
        seqs = [json.loads(each)["seq"] for each in payloads(sink.last)]
        self.assertEqual((seqs, sink.writes), ([*range(1, own + 3)], 1))
        self.assertGreater(log.end, self.MANY)
        count: int = looked.call_count
        return count

    def test_a_spectator(self) -> None:
        self.assertLess(self.steps(Viewer(None, framework=False), 0), 200)

    def test_a_player_who_has_private_events_too(self) -> None:
        self.assertLess(self.steps(Viewer("alice", framework=True), 5), 200)


class Memory(SynchronousTestCase):
    """Beside what is recent, the log holds what somebody waits for, and nothing else."""

    def setUp(self) -> None:
        self.enterContext(recent(0))
        self.stage = Stage()
        self.slow, self.other = self.stage.subscribe("slow"), self.stage.subscribe("other")

    def test_what_everybody_has_is_forgotten(self) -> None:
        for number in range(100):
            self.stage.publish(number)
            self.stage.publish(number, "slow")
            self.stage.end_turn()
        self.assertEqual(len(self.stage.log), 0)

    def test_what_waits_for_the_slow_is_kept_once_however_many_see_it_under_numbers_of_their_own(self) -> None:
        def kept(viewers: int) -> int:
            stage = Stage(max_lag_events=1000, max_lag_bytes=1 << 30)
            for number in range(viewers):
                stage.subscribe(f"p{number}")
                for _ in range(number):
                    stage.publish(0, f"p{number}")
            stage.subscribe(None).subscription.pause()
            tracemalloc.start()
            for number in range(100):
                stage.publish(number, size=10_000)
                stage.end_turn()
                stage.said.clear()
                for viewer in stage.viewers:
                    viewer.writes.clear()
                    viewer.due.clear()
                    viewer.sizes.clear()
            size, _ = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            return size

        self.assertLess(kept(30), 1.5 * kept(1))

    def test_what_is_recent_is_kept_for_who_comes_back_whoever_is_there(self) -> None:
        for events in (3, 0, 7):
            self.enterContext(recent(events))
            stage = Stage()
            for number in range(10):
                stage.publish(number)
            stage.end_turn()
            self.assertEqual(len(stage.log), events)

    def test_what_nobody_is_there_for_is_forgotten(self) -> None:
        stage = Stage()
        for number in range(100):
            stage.publish(number)
        stage.end_turn()
        self.assertEqual(len(stage.log), 0)

    def test_who_does_not_read_keeps_all_that_it_may_see_and_nothing_else(self) -> None:
        self.slow.subscription.pause()
        for number in range(1000):
            to = () if number % 300 == 0 else ("slow",) if number == 500 else ("other",)
            self.stage.publish(number, *to)
            self.stage.end_turn()
            if number == 650:
                self.assertEqual(len(self.stage.log), 4)
                self.slow.chokes_in = 1
                self.slow.subscription.resume()
        self.assertEqual((len(self.slow.got), len(self.stage.log)), (4, 1))
        self.slow.subscription.resume()
        self.stage.end_turn()
        self.assertEqual((self.slow.got, len(self.stage.log)), (self.slow.due, 0))

    def test_what_only_somebody_waited_for_who_left_is_forgotten(self) -> None:
        self.slow.subscription.pause()
        self.stage.publish(1)
        self.stage.end_turn()
        self.stage.publisher.unsubscribe(self.slow.subscription)
        self.stage.end_turn()
        self.assertEqual(len(self.stage.log), 0)


class TakesAll:
    """A connection that takes everything, and may be sent to directly."""

    is_clear = True

    def __init__(self) -> None:
        self.data = b""
        self.closed: CloseCode | None = None
        self.send: Send = self._send

    def write(self, data: bytes) -> None:
        self.data += data

    def _send(self, data: bytes) -> int:
        self.data += data
        return len(data)

    def close(self, code: CloseCode) -> None:
        self.closed = code


class TakingTurns(SynchronousTestCase):
    """Somebody has caught up with nearly all, while many others, who have missed more, take turns with them."""

    EVENTS, OTHERS = 200, 40

    def setUp(self) -> None:
        self.soon: list[Callable[[], None]] = []
        self.log = EventLog()
        self.publisher = GamePublisher(self.soon.append, self.log, max_lag_events=4096, max_lag_bytes=1 << 20)
        self.log.hold()
        for number in range(self.EVENTS):
            self.publisher.publish(event(number, 1000))
        self.end_turn()
        self.alice, self.subscription = self.come_back("alice", 100)
        for number in range(self.OTHERS):
            self.come_back(f"p{number}", 0)
        self.end_turn()

    def end_turn(self) -> None:
        soon, self.soon[:] = self.soon[:], []
        for call in soon:
            call()

    def come_back(self, name: str, since: int) -> tuple[TakesAll, Subscription]:
        viewer = Viewer(name, framework=True)
        connection = TakesAll()
        place = self.log.place_after(viewer, since)
        return connection, self.publisher.subscribe(viewer, connection, place, connection)

    def test_a_reply_that_takes_them_the_rest_of_the_way_does_not_bring_them_anything_twice(self) -> None:
        self.subscription.reply(b"{}")
        self.end_turn()
        for number in range(self.EVENTS, self.EVENTS + 20):
            self.publisher.publish(event(number))
            self.end_turn()
        while self.soon:
            self.end_turn()
        seqs = [json.loads(each).get("seq") for each in payloads(self.alice.data) if each != b"{}"]
        self.assertEqual(seqs, list(range(101, self.EVENTS + 21)))

    def test_replies_that_wait_for_their_turn_count_as_those_that_were_not_read(self) -> None:
        for number in range(FEW_EVENTS + 1):
            self.publisher.publish(event(self.EVENTS + number, 1000))
        self.end_turn()
        self.subscription.reply(b"{}")
        self.assertEqual(self.subscription.pending_replies, 1)
        for _ in range(20):
            self.subscription.reply(b"x" * (1 << 16))
        self.assertIs(self.alice.closed, CloseCode.SLOW_CONSUMER)

    def test_who_came_in_the_middle_of_a_turn_keeps_nothing_from_being_forgotten(self) -> None:
        while self.soon:
            self.end_turn()
        self.publisher.publish(event(self.EVENTS))
        viewer = Viewer("bob", framework=True)
        connection = TakesAll()
        self.publisher.subscribe(viewer, connection, self.log.place_after(viewer, self.EVENTS), connection)
        self.end_turn()
        self.log.release()
        for number in range(2000):
            self.publisher.publish(event(self.EVENTS + 1 + number))
            self.end_turn()
        self.assertLess(len(self.log), 300)

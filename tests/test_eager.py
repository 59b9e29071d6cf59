"""Eager sending, over real sockets: whatever the socket takes, and when, bytes come as they were written."""

from __future__ import annotations

import errno
import fcntl
import select
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet import reactor
from twisted.internet.abstract import FileDescriptor
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionLost
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import ClientFactory, Factory, Protocol, connectionDone
from twisted.internet.ssl import ClientContextFactory, DefaultOpenSSLContextFactory
from twisted.internet.tcp import Server
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface import implementer

from gamesvc import eager
from gamesvc.eager import EagerSender, eager_sender, is_possible
from tests.certificates import make_certificate
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK

_REACTOR: Any = reactor  # typed as less than it can do
SMALL = 4096  # the kernel takes no less for a buffer, and doubles it
UNACKNOWLEDGED, UNSENT = 0x5411, 0x894B
"""What Linux is asked for of a socket: how many bytes are not acknowledged, and how many of these have not left."""
HIGH_WATER = 1 << 16
"""When more than this waits in a transport, it says so to its producer."""


def pattern(size: int, start: int = 0) -> bytes:
    """Bytes of which any piece tells where it belongs."""
    first = start // 4
    numbers = b"".join(number.to_bytes(4, "big") for number in range(first, (start + size) // 4 + 1))
    return numbers[start - 4 * first :][:size]


def nothing() -> None:
    """Is called when something is put into a buffer."""


class Idle:
    """A reactor that calls nobody: the test does, of those who wait to write.

    Attributes:
        writers: who waits to write.
    """

    def __init__(self) -> None:
        self.writers: set[object] = set()
        self.later: list[tuple[Callable[..., object], tuple[object, ...]]] = []

    def addReader(self, reader: object) -> None:
        pass

    def removeReader(self, reader: object) -> None:
        pass

    def addWriter(self, writer: object) -> None:
        self.writers.add(writer)

    def removeWriter(self, writer: object) -> None:
        self.writers.discard(writer)

    def callLater(self, seconds: float, call: Callable[..., object], *arguments: object) -> None:
        self.later.append((call, arguments))


class Lost(Protocol):
    """Keeps why its line was lost."""

    reason: Failure | None = None

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.reason = reason


@implementer(IPushProducer)
class Noting:
    """A producer that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def pauseProducing(self) -> None:
        self.told.append("pause")

    def resumeProducing(self) -> None:
        self.told.append("resume")

    def stopProducing(self) -> None:
        self.told.append("stop")


class Wire:
    """A TCP connection with small buffers: a transport of Twisted's at one end, a plain socket at the other."""

    def __init__(self) -> None:
        with socket.create_server((LOOPBACK, 0)) as listening:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
            self.peer = socket.socket()
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
            self.peer.connect(listening.getsockname())
            accepted, address = listening.accept()
        self.peer.setblocking(False)
        self.reactor = Idle()
        self.protocol = Lost()
        idle: Any = self.reactor
        nowhere: Any = None
        self.transport = Server(accepted, self.protocol, address, nowhere, 0, idle)
        self.protocol.makeConnection(self.transport)
        self.producer = Noting()
        self.transport.registerProducer(self.producer, True)
        self.sender = EagerSender(self.transport, self._note_queued)
        self.write = self.sender.write
        self.queued = 0
        self.received = bytearray()

    def _note_queued(self) -> None:
        self.queued += 1
        self.was_waiting = self.waiting

    def close(self) -> None:
        self.peer.close()
        if self.protocol.reason is None:
            self.transport.connectionLost(Failure(ConnectionLost()))

    @property
    def waits_to_write(self) -> bool:
        return self.transport in self.reactor.writers

    @property
    def waiting(self) -> int:
        """How many bytes wait in the transport."""
        held: Any = self.transport
        waiting: int = len(held.dataBuffer) - held.offset + sum(map(len, held._tempDataBuffer))
        return waiting

    def do_write(self) -> None:
        """What the reactor does when the socket takes something, or fails."""
        if self.waits_to_write:
            failure = self.transport.doWrite()
            if failure is not None:
                self.transport.connectionLost(Failure(failure))

    def read(self, size: int) -> None:
        """The peer reads what is there, up to so many bytes."""
        while size > 0:
            try:
                data = self.peer.recv(min(size, 1 << 16))
            except BlockingIOError:
                return
            self.received += data
            size -= len(data)
            if not data:
                return

    def fill(self) -> bytes:
        """Have the sockets full, and return what that took."""
        sent = b""
        give_up_at = time.monotonic() + ANSWER_SECONDS
        while True:
            # What has come is acknowledged after a moment, and that makes room once more.
            is_acknowledged = self._is_acknowledged()
            try:
                data = pattern(SMALL, len(sent))
                sent += data[: self.transport.getHandle().send(data)]
            except BlockingIOError:
                if is_acknowledged:
                    return sent
                assert time.monotonic() < give_up_at, "what has come is not acknowledged"
                time.sleep(0.001)

    def _is_acknowledged(self) -> bool:
        """Whether nothing is on its way to the peer, nor on the way back; True where the system does not say."""
        if sys.platform != "linux":
            return True
        unacknowledged, unsent = (
            int.from_bytes(fcntl.ioctl(self.transport.getHandle(), which, bytes(4)), sys.byteorder)
            for which in (UNACKNOWLEDGED, UNSENT)
        )
        return unacknowledged == unsent

    def settle(self, size: int) -> None:
        """The peer reads, and the transport writes, until so many bytes have come."""
        while len(self.received) < size:
            self.do_write()
            # Between two ends of one machine what was sent is there soon, not at once; and so is room for more.
            waits = [self.transport.getHandle()] if self.waits_to_write else []
            to_read, to_write, _ = select.select([self.peer], waits, [], ANSWER_SECONDS)
            assert to_read or to_write, "nothing comes"
            if to_read:
                data = self.peer.recv(1 << 16)
                assert data, "the line was cut"
                self.received += data


@contextmanager
def wire() -> Iterator[Wire]:
    """A connection, until the end of the block."""
    made = Wire()
    try:
        yield made
    finally:
        made.close()


class Order(SynchronousTestCase):
    """Nothing overtakes, nothing is lost, nothing comes twice."""

    def test_what_the_socket_takes_is_there_before_the_reactor_has_a_turn(self) -> None:
        with wire() as line:
            line.write(b"abc")
            line.write(b"d")
            self.assertFalse(line.waits_to_write)
            line.settle(4)
            self.assertEqual((bytes(line.received), line.waiting), (b"abcd", 0))

    def test_of_what_the_socket_takes_in_part_the_rest_follows(self) -> None:
        data = pattern(1 << 20)
        with wire() as line:
            line.write(data)
            self.assertTrue(0 < line.waiting < len(data), line.waiting)
            self.assertTrue(line.waits_to_write)
            line.settle(len(data))
            self.assertEqual(bytes(line.received), data)
            self.assertEqual((line.waiting, line.waits_to_write), (0, False))

    def test_what_the_socket_does_not_take_waits(self) -> None:
        with wire() as line:
            sent = line.fill()
            line.write(pattern(10, len(sent)))
            self.assertEqual((line.waiting, line.waits_to_write), (10, True))
            line.settle(len(sent) + 10)
            self.assertEqual(bytes(line.received), pattern(len(sent) + 10))

    def test_nothing_overtakes_what_waits_although_the_socket_would_take_it(self) -> None:
        with wire() as line:
            line.transport.write(b"a")
            line.write(b"b")
            self.assertEqual(line.waiting, 2)
            line.do_write()
            line.write(b"c")
            line.settle(3)
            self.assertEqual(bytes(line.received), b"abc")

    def test_nothing_overtakes_what_waits_partly_sent(self) -> None:
        data = pattern(3 << 18)
        with wire() as line:
            line.transport.write(data[: 1 << 18])
            line.do_write()
            held: Any = line.transport
            self.assertTrue(held.dataBuffer and held.offset and not held._tempDataBuffer, "sent in part")
            line.settle(held.offset)
            line.write(data[1 << 18 : 2 << 18])
            self.assertTrue(held.dataBuffer and held._tempDataBuffer, "in both buffers")
            line.write(data[2 << 18 :])
            line.settle(len(data))
            self.assertEqual(bytes(line.received), data)

    def test_when_all_that_waited_has_left_it_sends_eagerly_again(self) -> None:
        with wire() as line:
            sent = line.fill()
            line.write(b"a")
            line.settle(len(sent) + 1)
            line.write(b"b")
            self.assertEqual((line.waiting, line.waits_to_write), (0, False))
            line.settle(len(sent) + 2)
            self.assertEqual(bytes(line.received[-2:]), b"ab")

    def test_to_write_nothing_changes_nothing(self) -> None:
        with wire() as line:
            line.write(b"")
            line.write(b"a")
            line.write(b"")
            self.assertEqual((line.waiting, line.waits_to_write), (0, False))
            line.settle(1)
            self.assertEqual(bytes(line.received), b"a")

    def test_what_was_written_before_half_of_the_line_is_closed_comes_before_its_end(self) -> None:
        data = pattern(1 << 19)
        with wire() as line:
            line.write(data[:-1])
            line.transport.unregisterProducer()
            line.transport.loseWriteConnection()
            line.write(data[-1:])
            line.settle(len(data))
            line.do_write()
            line.peer.settimeout(ANSWER_SECONDS)
            self.assertEqual((bytes(line.received), line.peer.recv(1)), (data, b""))
            line.write(b"more")
            self.assertEqual((line.waiting, line.waits_to_write), (0, False))

    SIZES = st.sampled_from((1, 2, 100, 5_000, 70_000, 300_000))
    STEPS = st.lists(
        st.one_of(
            st.tuples(st.sampled_from(("eager", "plain")), SIZES),
            st.tuples(st.just("peer"), SIZES),
            st.tuples(st.just("reactor"), st.just(0)),
        ),
        max_size=30,
    )

    @settings(deadline=None, database=None, max_examples=150)
    @given(STEPS)
    def test_any_mixture_of_writes_comes_in_order(self, steps: list[tuple[str, int]]) -> None:
        with wire() as line:
            written = 0
            for what, size in steps:
                if what == "peer":
                    line.read(size)
                elif what == "reactor":
                    line.do_write()
                else:
                    write = line.write if what == "eager" else line.transport.write
                    write(pattern(size, written))
                    written += size
                self.assertEqual(line.waits_to_write, line.waiting > 0)
            line.settle(written)
            self.assertEqual(bytes(line.received), pattern(written))
            self.assertEqual((line.waiting, line.waits_to_write), (0, False))
            told = line.producer.told
            self.assertEqual(told.count("pause") > 0, told.count("resume") > 0, told)
            self.assertNotEqual(told[-1:], ["pause"], "paused for ever")


class Direct(SynchronousTestCase):
    """Somebody else sends to the socket as long as they are not told of anything that waits."""

    def test_nobody_is_told_where_the_socket_takes_everything(self) -> None:
        with wire() as line:
            for _ in range(3):
                line.write(b"abc")
                self.assertTrue(line.sender.is_clear)
            self.assertEqual(line.queued, 0)

    def test_they_are_told_before_something_is_put_into_the_buffer(self) -> None:
        with wire() as line:
            line.write(pattern(1 << 20))
            self.assertEqual((line.queued, line.was_waiting, line.sender.is_clear), (1, 0, False))
            line.settle(1 << 20)
            line.do_write()
            self.assertTrue(line.sender.is_clear)
            line.fill()
            line.write(b"a")
            self.assertEqual((line.queued, line.was_waiting, line.sender.is_clear), (2, 0, False))
            line.write(b"b")
            self.assertEqual((line.queued, line.was_waiting), (3, 1))

    def test_it_is_not_clear_while_anything_waits_in_any_of_the_buffers(self) -> None:
        data = pattern(1 << 19)
        with wire() as line:
            line.transport.write(data[: 1 << 18])
            self.assertFalse(line.sender.is_clear, "not sent yet")
            line.do_write()
            self.assertFalse(line.sender.is_clear, "sent in part")
            line.transport.write(data[1 << 18 :])
            self.assertFalse(line.sender.is_clear, "in both")
            line.settle(len(data))
            line.do_write()
            self.assertTrue(line.sender.is_clear)

    def test_what_is_sent_while_it_is_clear_comes_in_its_place(self) -> None:
        with wire() as line:
            line.write(b"a")
            self.assertEqual(line.sender.send(b"b"), 1)
            line.write(b"c")
            line.settle(3)
            self.assertEqual(bytes(line.received), b"abc")


class Producers(SynchronousTestCase):
    """Who produces is told to pause and to go on as with plain writes."""

    def told(self, plain: bool, sizes: list[int]) -> list[list[str]]:
        """What a producer was told after each write to a socket that takes nothing, and when it took everything."""
        with wire() as line:
            written = len(line.fill())
            write = line.transport.write if plain else line.write
            told = []
            for size in sizes:
                write(pattern(size, written))
                written += size
                told.append(line.producer.told[:])
            line.settle(written)
            line.do_write()
            return [*told, line.producer.told[:]]

    def test_where_the_socket_takes_nothing_it_is_just_the_same(self) -> None:
        for sizes in ([10], [HIGH_WATER], [HIGH_WATER + 1], [HIGH_WATER, 1], [HIGH_WATER - 1, 1, 1, 1, 1 << 19, 1]):
            plain = self.told(True, sizes)
            self.assertEqual(self.told(False, sizes), plain, sizes)
            self.assertEqual(plain[-1][-1:], ["resume"] if sum(sizes) > HIGH_WATER else [])

    def test_it_pauses_only_for_what_the_socket_did_not_take(self) -> None:
        with wire() as line:
            room = len(line.fill())
            line.settle(room)
            size = 0
            while line.waiting <= HIGH_WATER:
                self.assertEqual(line.producer.told, [])
                line.write(pattern(1000, room + size))
                size += 1000
            self.assertEqual(line.producer.told, ["pause"])
            line.settle(room + size)
            line.do_write()
            self.assertEqual(line.producer.told, ["pause", "resume"])
            line.write(b"!")
            self.assertEqual(line.producer.told, ["pause", "resume"])


class TheEnd(SynchronousTestCase):
    """A line that is gone."""

    def test_after_a_reset_the_transport_finds_out_and_says_so_once(self) -> None:
        with wire() as line:
            line.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            line.peer.close()
            for _ in range(3):
                line.write(b"abc")
            self.assertIsNone(line.protocol.reason, "whoever writes is not told in the middle of that")
            self.assertTrue(line.waits_to_write)
            line.do_write()
            reason: Any = line.protocol.reason
            self.assertTrue(reason.check(ConnectionLost), reason)
            for _ in range(3):
                line.write(b"abc")
            self.assertFalse(line.waits_to_write)
            self.assertEqual(line.producer.told, ["stop"])

    def test_any_error_of_the_socket_is_the_transports_affair(self) -> None:
        for number in (errno.EPIPE, errno.ENOBUFS, errno.EBADF, errno.EINTR, errno.ETIMEDOUT):
            with wire() as line:
                line.sender.send = mock.Mock(side_effect=OSError(number, "an error"))
                line.write(b"abc")
                self.assertEqual((line.waiting, line.waits_to_write), (3, True), number)
                line.settle(3)
                self.assertEqual(bytes(line.received), b"abc")


class Trial(FileDescriptor):
    """A transport that takes as many bytes as it has room for."""

    connected = 1
    room = 0

    def __init__(self) -> None:
        idle: Any = Idle()
        super().__init__(idle)

    def writeSomeData(self, data: bytes) -> int:
        taken = min(self.room, len(data))
        self.room -= taken
        return taken


class AtOnce(Trial):
    """Sends what it can as soon as it is written: what waits is not in the buffers that are known."""

    def write(self, data: bytes) -> None:
        self._elsewhere = data

    def doWrite(self) -> None:
        pass


class WithoutOneBuffer(Trial):
    """Has no buffer of that name."""

    @property
    def _tempDataBuffer(self) -> list[bytes]:
        raise AttributeError

    @_tempDataBuffer.setter
    def _tempDataBuffer(self, value: list[bytes]) -> None:
        pass


class NeverEmpty(Trial):
    """Keeps what was sent, and counts how much that was."""

    def doWrite(self) -> None:
        super().doWrite()
        self.dataBuffer = self.dataBuffer or b"sent"


class EmptyTooEarly(Trial):
    """Keeps the rest elsewhere while it is on its way."""

    def doWrite(self) -> None:
        super().doWrite()
        self._rest, self.dataBuffer = self.dataBuffer, b""


class Failing(Trial):
    """Has another idea of writing."""

    def doWrite(self) -> None:
        raise TypeError("doWrite() takes a selector")


class Possible(SynchronousTestCase):
    """It is done where the transport is one that is known, and nowhere else."""

    def test_the_buffers_of_this_twisted_are_known(self) -> None:
        self.assertIs(is_possible(), True)
        self.assertIs(is_possible(Trial()), True)

    def test_a_transport_whose_buffers_are_others_is_found_out(self) -> None:
        for kind in (AtOnce, WithoutOneBuffer, NeverEmpty, EmptyTooEarly, Failing):
            transport: Any = kind.__new__(kind)
            transport.__init__()
            self.assertIs(is_possible(transport), False, kind)
        self.assertIs(is_possible(object()), False)

    def test_where_they_are_others_nothing_is_sent_eagerly(self) -> None:
        with wire() as line:
            self.assertIsInstance(eager_sender(line.transport, nothing), EagerSender)
            with mock.patch.object(eager, "_BUFFERS_ARE_KNOWN", False):
                self.assertIsNone(eager_sender(line.transport, nothing))

    def test_to_a_transport_of_an_unknown_kind_nothing_is_sent_eagerly(self) -> None:
        class Encrypting(Server):
            """Does something to the bytes."""

        for unknown in (StringTransport(), Encrypting.__new__(Encrypting), Trial()):
            self.assertIsNone(eager_sender(unknown, nothing))

    def test_nor_to_one_that_has_begun_tls(self) -> None:
        with wire() as line:
            line.transport.TLS = True
            self.assertIsNone(eager_sender(line.transport, nothing))
            line.transport.TLS = False


class End(Protocol):
    """One end of a line.

    Attributes:
        came: when it is there.
        lost: when it is gone; why, where it had come.
    """

    transport: Any

    def __init__(self) -> None:
        self.came: Deferred[None] = Deferred()
        self.lost: Deferred[type[BaseException] | None] = Deferred()

    def connectionMade(self) -> None:
        self.came.callback(None)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        why: Any = reason.type
        self.lost.callback(why)


class Serving(End):
    """The server's end."""

    def connectionMade(self) -> None:
        self.producer = Noting()
        self.transport.registerProducer(self.producer, True)
        self.sender = eager_sender(self.transport, nothing)
        self.write = self.transport.write if self.sender is None else self.sender.write
        super().connectionMade()


class Reading(End):
    """The client's end."""

    def __init__(self) -> None:
        super().__init__()
        self._received = bytearray()
        self._awaited = 0
        self._arrived: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self._received += data
        if len(self._received) >= self._awaited > 0:
            self._awaited = 0
            self._arrived.callback(None)

    async def await_bytes(self, size: int) -> bytes:
        """Wait until so many have come in all."""
        if len(self._received) < size:
            self._awaited = size
            self._arrived = Deferred()
            await self._arrived.addTimeout(ANSWER_SECONDS, _REACTOR)
        return bytes(self._received)


class RealReactor(TestCase):
    """With the reactor that games are served on."""

    DATA: ClassVar = pattern(4 << 20)
    PIECE = 50_000

    async def connect(self, listen: Callable[[Factory], Any], connect: Callable[[Any, ClientFactory], object]) -> None:
        """Have `server` and `client` at both ends of a line."""
        self.server, self.client = Serving(), Reading()
        ends: list[Any] = [Factory(), ClientFactory()]
        for factory, end in zip(ends, (self.server, self.client), strict=True):
            factory.noisy = False
            factory.buildProtocol = partial(lambda end, address: end, end)
        listening = listen(ends[0])
        self.addCleanup(listening.stopListening)
        connect(listening, ends[1])
        for end in (self.server, self.client):
            await end.came.addTimeout(ANSWER_SECONDS, _REACTOR)
            self.addCleanup(self._hang_up, end)

    async def _hang_up(self, end: End) -> None:
        if not end.lost.called:
            end.transport.abortConnection()
        await end.lost.addTimeout(ANSWER_SECONDS, _REACTOR)

    async def connect_tcp(self) -> None:
        await self.connect(
            lambda factory: _REACTOR.listenTCP(0, factory, interface=LOOPBACK),
            lambda port, factory: _REACTOR.connectTCP(LOOPBACK, port.getHost().port, factory),
        )
        self.assertIsNotNone(self.server.sender)

    async def test_megabytes_of_both_kinds_of_writes_come_in_order(self) -> None:
        await self.connect_tcp()
        sent = 0
        for size in (1, 70_000, 17, 1 << 20, 5, 300_000):
            for write in (self.server.write, self.server.transport.write, self.server.write):
                write(self.DATA[sent : sent + size])
                sent += size
        self.server.write(self.DATA[sent:])
        # Not assertEqual, which would show both.
        self.assertTrue(await self.client.await_bytes(len(self.DATA)) == self.DATA)
        told = self.server.producer.told
        self.assertEqual((told[0], told[-1]), ("pause", "resume"))

    async def test_a_peer_that_stands_still_for_a_while_gets_everything_when_it_reads(self) -> None:
        await self.connect_tcp()
        self.client.transport.pauseProducing()
        written: list[bytes] = []
        while not self.server.producer.told:
            start = len(written) * self.PIECE % len(self.DATA)
            written.append(self.DATA[start : start + self.PIECE])
            self.server.write(written[-1])
            self.assertLess(len(written), 1000, "the kernel takes everything")
        self.assertEqual(self.server.producer.told, ["pause"])
        written.append(b"the end")
        self.server.write(written[-1])
        self.client.transport.resumeProducing()
        received = await self.client.await_bytes(sum(map(len, written)))
        self.assertTrue(received == b"".join(written))
        self.assertEqual(self.server.producer.told[-1], "resume")

    async def test_who_was_cut_off_is_told_of_as_with_plain_writes(self) -> None:
        await self.connect_tcp()
        self.client.transport.abortConnection()
        for _ in range(100):
            self.server.write(b"abc")
        reason = await self.server.lost.addTimeout(ANSWER_SECONDS, _REACTOR)
        self.assertIs(reason, ConnectionLost)
        self.server.write(b"abc")
        self.assertEqual(self.server.producer.told[-1], "stop")

    async def test_over_tls_nothing_is_sent_eagerly(self) -> None:
        here = Path(self.mktemp())
        here.mkdir()
        make_certificate(here / "key.pem", here / "cert.pem")
        context = DefaultOpenSSLContextFactory(str(here / "key.pem"), str(here / "cert.pem"))
        await self.connect(
            lambda factory: _REACTOR.listenSSL(0, factory, context, interface=LOOPBACK),
            lambda port, factory: _REACTOR.connectSSL(LOOPBACK, port.getHost().port, factory, ClientContextFactory()),
        )
        await self._assert_does_without()

    async def test_over_a_unix_socket_nothing_is_sent_eagerly(self) -> None:
        # Of a UNIX socket's path there may be no more than about 100 bytes.
        here = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, here)
        await self.connect(
            lambda factory: _REACTOR.listenUNIX(f"{here}/s", factory),
            lambda port, factory: _REACTOR.connectUNIX(f"{here}/s", factory),
        )
        await self._assert_does_without()

    async def _assert_does_without(self) -> None:
        self.assertIsNone(self.server.sender)
        self.server.write(b"abc")
        self.assertEqual(await self.client.await_bytes(3), b"abc")

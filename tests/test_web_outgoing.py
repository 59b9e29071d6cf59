"""What goes out on a connection, at the pace of its peer."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.countdown import Countdowns
from gamesvc.limits import SLOW_CONSUMER_SECONDS
from gamesvc.web.outgoing import Outgoing

ROOM = 65536


class Transport:
    """Takes what is written, and says so when that is much.

    Attributes:
        written: what the peer has not read yet.
        largest: the most that this ever was.
    """

    producer: Outgoing

    def __init__(self) -> None:
        self.written = b""
        self.largest = 0

    def registerProducer(self, producer: Outgoing, streaming: bool) -> None:
        assert streaming
        self.producer = producer

    def write(self, data: bytes) -> None:
        assert isinstance(data, bytes)
        self.written += data
        self.largest = max(self.largest, len(self.written))
        if len(self.written) > ROOM:
            self.producer.pauseProducing()

    def read(self) -> bytes:
        """The peer reads everything."""
        data, self.written = self.written, b""
        self.producer.resumeProducing()
        return data


class Pace(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.transport = Transport()
        self.told: list[str] = []
        self.outgoing = Outgoing(
            self.transport,
            Countdowns(self.clock),
            lambda: self.told.append("resumed"),
            lambda: self.told.append("stalled"),
        )

    def test_a_little_goes_out_at_once(self) -> None:
        for data in (b"a", b"", b"b"):
            self.outgoing.write(data)
        self.assertEqual((self.transport.written, self.outgoing.is_clear, self.told), (b"ab", True, []))

    def test_much_goes_out_as_it_is_read_in_order_and_whole(self) -> None:
        data = b"".join(b"%d," % number for number in range(100_000))
        self.outgoing.write(data[:300_000])
        self.outgoing.write(data[300_000:])
        self.assertFalse(self.outgoing.is_clear)
        read = b""
        while not self.outgoing.is_clear:
            self.clock.advance(SLOW_CONSUMER_SECONDS - 1)
            read += self.transport.read()
        self.assertEqual(read + self.transport.read(), data)
        self.assertLess(self.transport.largest, 2 * ROOM)
        self.assertNotIn("stalled", self.told)

    def test_who_reads_nothing_is_told_of_once(self) -> None:
        self.outgoing.write(b"x" * 4 * ROOM)
        self.transport.producer.pauseProducing()
        self.clock.advance(SLOW_CONSUMER_SECONDS - 0.1)
        self.assertEqual(self.told, [])
        self.clock.advance(0.1)
        self.clock.advance(100)
        self.assertEqual(self.told, ["stalled"])

    def test_it_is_full_until_everything_was_read(self) -> None:
        self.outgoing.write(b"x" * (ROOM + 1))
        self.assertFalse(self.outgoing.is_clear)
        self.transport.read()
        self.assertEqual((self.outgoing.is_clear, self.told), (True, ["resumed"]))

    def test_when_it_is_stopped_nothing_more_happens(self) -> None:
        self.outgoing.write(b"x" * 4 * ROOM)
        self.outgoing.stop()
        self.outgoing.stop()
        written = self.transport.read()
        self.clock.advance(100)
        self.assertLess(len(written), 2 * ROOM)
        self.assertEqual((self.transport.written, self.told, self.clock.getDelayedCalls()), (b"", [], []))

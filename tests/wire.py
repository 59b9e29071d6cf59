"""A connection in memory: what a client sends and what it gets, frame by frame, with a clock that the test advances."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import ILogObserver, LogEvent, formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase
from zope.interface import implementer

from gamesvc.admission import FrontDoor
from gamesvc.auth import TokenValidator
from gamesvc.bot_offer import Answered, Asking, BotRules, Question
from gamesvc.bots import BotKind, load
from gamesvc.catalog import Catalog
from gamesvc.connection import GameConnection
from gamesvc.deflate import inflated
from gamesvc.journal.memory import MemoryJournal
from gamesvc.limits import Limits
from gamesvc.listener import GameListener
from gamesvc.offered_bots import OfferedBots, Played, answer

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # of RFC 6455, section 1.3
NOW = 1_800_000_000.0
"""Seconds since the epoch when a `World`'s clock stands at 0."""


@implementer(ILogObserver)
class Logged(list[LogEvent]):
    """What is logged while a test runs."""

    def __init__(self, case: SynchronousTestCase) -> None:
        super().__init__()
        globalLogPublisher.addObserver(self)
        case.addCleanup(globalLogPublisher.removeObserver, self)

    def __call__(self, event: LogEvent) -> None:
        self.append(event)

    def texts(self) -> list[str]:
        """The events as a log would have them."""
        return [formatEvent(event) for event in self]


class Frame(NamedTuple):
    """A frame from the server."""

    opcode: int
    payload: bytes

    @property
    def close_code(self) -> int:
        assert self.opcode == 8, self
        return int(struct.unpack("!H", self.payload[:2])[0])


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return str(json.loads(self.body)["error"]["code"])


class Transport(StringTransport):
    """A TCP transport that keeps what is written, and stops taking more when it has `room` bytes of it."""

    room = 1 << 30
    protocol: Any

    def __init__(self, host: str) -> None:
        super().__init__(peerAddress=IPv4Address("TCP", host, 40000))
        self.half_closed = False
        self.lost = False
        self.no_delay: bool | None = None
        self.writes: list[bytes] = []

    def write(self, data: bytes) -> None:
        assert not self.half_closed, "written after the end"
        super().write(data)
        self.writes.append(data)
        # Like a TCP transport, which says so at every write beyond its bound.
        if self.producer is not None and len(self.value()) > self.room:
            self.producerState = "paused"
            self.producer.pauseProducing()

    def unregisterProducer(self) -> None:
        # Real transports don't mind when there is none.
        self.producer = None

    def setTcpNoDelay(self, enabled: bool) -> None:
        self.no_delay = enabled

    def loseWriteConnection(self) -> None:
        self.half_closed = True

    def loseConnection(self) -> None:
        # Only when the peer has read what was written.
        if len(self.value()) <= self.room:
            self._lose(ConnectionDone())

    def abortConnection(self) -> None:
        # A reset: what the peer has not read yet, it never will.
        if not self.lost:
            self.clear()
        self._lose(ConnectionAborted())

    def _lose(self, reason: Exception) -> None:
        if not self.lost:
            self.lost = True
            self.protocol.connectionLost(Failure(reason))


class Line:
    """One connection, seen from the client."""

    def __init__(self, world: World, host: str = "192.0.2.1") -> None:
        self.world = world
        self.transport = Transport(host)
        protocol: Any = world.listener.buildProtocol(None)
        self.protocol: GameConnection = protocol
        self.transport.protocol = protocol
        self._received = b""
        protocol.makeConnection(self.transport)

    def send(self, data: bytes) -> None:
        """Bytes arrive at the server."""
        if not self.transport.lost:
            self.protocol.dataReceived(data)
        self.world.turn()

    def received(self) -> bytes:
        """What came since the last call; the connection has room for more then."""
        data: bytes = self.transport.value()
        self.transport.clear()
        if self.transport.producer is not None and self.transport.producerState == "paused":
            self.transport.producerState = "producing"
            self.transport.producer.resumeProducing()
            self.world.turn()
        return data

    def ask(self, path: str = "/lobby", *headers: str) -> None:
        """Send an opening handshake."""
        self.send(opening(path, *headers))

    def response(self) -> Response:
        """The answer to the opening handshake; what follows it waits for `frames`."""
        head, _, self._received = self.received().partition(b"\r\n\r\n")
        first, *lines = head.decode("ascii").split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        body = b""
        if "Content-Length" in headers:
            length = int(headers["Content-Length"])
            body, self._received = self._received[:length], self._received[length:]
        return Response(int(first.split(" ")[1]), headers, body)

    def opened(self, path: str = "/lobby", *headers: str) -> Line:
        """Open, and be admitted."""
        self.ask(path, *headers)
        response = self.response()
        assert response.status == 101, response
        return self

    def say(self, **message: Any) -> None:
        """Send a message."""
        self.send(frame(json.dumps(message).encode()))

    def frames(self) -> list[Frame]:
        """The frames that came since the last call, inflated where they were deflated."""
        self._received += self.received()
        frames = []
        while len(self._received) >= 2:
            first, length = self._received[0], self._received[1]
            start = 2
            assert first & 0x80 and not length & 0x80, "a server's frames are final and not masked"
            if length == 126:
                length, start = int.from_bytes(self._received[2:4], "big"), 4
            elif length == 127:
                length, start = int.from_bytes(self._received[2:10], "big"), 10
            assert len(self._received) >= start + length, "half a frame"
            payload = self._received[start : start + length]
            assert not first & 0x30 and first & 0x4F != 0x48, "no extension has these bits"
            frames.append(Frame(first & 15, inflated(payload, 0) if first == 0xC1 else payload))
            self._received = self._received[start + length :]
        return frames

    def heard(self) -> list[Any]:
        """The messages that came since the last call; a close frame is told as its code."""
        return [
            each.close_code if each.opcode == 8 else json.loads(each.payload)
            for each in self.frames()
            if each.opcode in (1, 8)
        ]

    def cut(self) -> None:
        """The line is lost."""
        self.transport.abortConnection()


class HeldJournal(MemoryJournal):
    """A journal in memory that does what it is asked for, and says so when the test lets it."""

    def __init__(self) -> None:
        self.held: list[Callable[[], None]] = []
        super().__init__(self.held.append, lambda: NOW)

    def answer(self) -> None:
        """Say what became of everything that it was asked for."""
        while self.held:
            self.held.pop(0)()


class World:
    """A listener with its reactor."""

    def __init__(
        self,
        *,
        games: tuple[str, ...] = ("greetings",),
        validator: TokenValidator | None = None,
        origins: tuple[str, ...] = (),
        journal: Any = None,
        reactor: MemoryReactorClock | None = None,
        **limits: Any,
    ) -> None:
        self.reactor = reactor or MemoryReactorClock()
        self.journal = journal or MemoryJournal(lambda call: self.reactor.callLater(0, call), self.now, 0)
        catalog = Catalog(games)
        kinds = {kind.name: kind for kind in catalog}

        def think(bot: BotKind, game: str, question: Question, answered: Answered) -> Asking:
            asking: Asking = self.reactor.callLater(
                0, lambda: answer(bot.make(), kinds[game].model, question, answered)
            )
            return asking

        self.listener = GameListener(
            self.reactor,
            journal=self.journal,
            catalog=catalog,
            front_door=FrontDoor(validator, origins, lambda: "guest-1"),
            limits=Limits(**limits),
            now=self.now,
            random_bytes=lambda count: b"r" * count,
            bots=OfferedBots(
                [load("random")], {name: Played(name, kind.model) for name, kind in kinds.items()}, BotRules(), think
            ),
        )

    def now(self) -> float:
        """The wall's clock."""
        return NOW + self.reactor.seconds()

    def turn(self) -> None:
        """Let the reactor end its turn."""
        self.reactor.advance(0)

    def pass_time(self, seconds: float, step: float = 0.25) -> None:
        """Advance the clock, in small steps, as a reactor would."""
        for _ in range(round(seconds / step)):
            self.reactor.advance(step)

    def line(self, host: str = "192.0.2.1") -> Line:
        """A new connection, before its opening handshake."""
        return Line(self, host)

    def opened(self, path: str = "/lobby", *headers: str, host: str = "192.0.2.1") -> Line:
        """A connection that was admitted."""
        return self.line(host).opened(path, *headers)


def opening(path: str = "/lobby", *headers: str) -> bytes:
    """An opening handshake. A header that is given replaces the usual one of its name."""
    usual = {
        "Host": "game.example",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    for header in headers:
        usual.pop(header.partition(":")[0], None)
    lines = [f"GET {path} HTTP/1.1", *(f"{name}: {value}" for name, value in usual.items()), *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")


def frame(payload: bytes, opcode: int = 1, *, fin: bool = True, mask: bytes | None = b"\x01\x02\x03\x04") -> bytes:
    """A client's frame."""
    first = (0x80 if fin else 0) | opcode
    masked = 0x80 if mask is not None else 0
    if len(payload) < 126:
        head = bytes((first, masked | len(payload)))
    elif len(payload) < 65536:
        head = bytes((first, masked | 126)) + len(payload).to_bytes(2, "big")
    else:
        head = bytes((first, masked | 127)) + len(payload).to_bytes(8, "big")
    if mask is None:
        return head + payload
    return head + mask + bytes(byte ^ mask[position % 4] for position, byte in enumerate(payload))


def close_frame(code: int = 1000) -> bytes:
    """A client's close frame."""
    return frame(struct.pack("!H", code), 8)

"""Line: a client's WebSocket connection in memory, to a listener that is in no network."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec
from twisted.internet.address import UNIXAddress
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from gamesvc.listener import GameListener

_REQUEST = (
    "GET /game?{query} HTTP/1.1\r\n"
    "Host: localhost\r\n"
    "Upgrade: websocket\r\n"
    "Connection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: gamesvc.v1\r\n"
    "\r\n"
)
_TEXT, _CLOSE = 1, 8
_NO_MASK = bytes(4)
_encode = msgspec.json.Encoder().encode


class Closed(NamedTuple):
    """The server has ended the connection.

    Attributes:
        code: why, as in ``gamesvc.errors``; the HTTP status where it was not even opened.
        reason: the same for people.
    """

    code: int
    reason: str


class _Transport(StringTransport):
    """Takes what the server writes, and never has enough of it."""

    protocol: Protocol
    lost = False

    def __init__(self) -> None:
        super().__init__(peerAddress=UNIXAddress(""))

    def registerProducer(self, producer: IPushProducer, streaming: bool) -> None:
        pass

    def unregisterProducer(self) -> None:
        pass

    def loseWriteConnection(self) -> None:
        self._lose(ConnectionDone())

    def loseConnection(self) -> None:
        self._lose(ConnectionDone())

    def abortConnection(self) -> None:
        self._lose(ConnectionAborted())

    def _lose(self, reason: Exception) -> None:
        if not self.lost:
            self.lost = True
            self.protocol.connectionLost(Failure(reason))


class Line:
    """A client's connection, of the subprotocol ``gamesvc.v1``.

    Args:
        listener: the server's.
        query: of the address that is asked for.

    Attributes:
        closed: why the server has ended it; None while it is open, or where the client has.
    """

    def __init__(self, listener: GameListener, **query: str) -> None:
        self.closed: Closed | None = None
        self._transport = _Transport()
        self._received = b""
        self._is_open = False
        protocol: Any = listener.buildProtocol(None)
        self._transport.protocol = protocol
        protocol.makeConnection(self._transport)
        asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
        self._protocol = protocol
        protocol.dataReceived(_REQUEST.format(query=asked).encode("ascii"))

    def say(self, message: dict[str, Any]) -> None:
        """Send a message."""
        payload = _encode(message)
        length = len(payload)
        if length < 126:
            head = bytes((0x81, 0x80 | length))
        elif length < 65536:
            head = b"\x81\xfe" + length.to_bytes(2, "big")
        else:
            head = b"\x81\xff" + length.to_bytes(8, "big")
        if not self._transport.lost:
            self._protocol.dataReceived(head + _NO_MASK + payload)

    def heard(self) -> list[dict[str, Any]]:
        """The messages that came since the last call."""
        self._received += self._transport.value()
        self._transport.clear()
        if not self._is_open:
            head, end, rest = self._received.partition(b"\r\n\r\n")
            if not end:
                return []
            self._received = rest
            status = head.partition(b"\r\n")[0].decode().split(" ", 2)
            self._is_open = status[1] == "101"
            if not self._is_open:
                self.closed = Closed(int(status[1]), rest.decode())
                return []
        messages = []
        for opcode, payload in self._frames():
            if opcode == _TEXT:
                messages.append(msgspec.json.decode(payload))
            elif opcode == _CLOSE:
                (code,) = struct.unpack("!H", payload[:2])
                self.closed = Closed(code, payload[2:].decode())
        return messages

    def cut(self) -> None:
        """The line is lost."""
        self._transport.abortConnection()

    def _frames(self) -> list[tuple[int, bytes]]:
        # A server's frames are final here and not masked, and each is written in one piece.
        data, frames = self._received, []
        self._received = b""
        while data:
            opcode, length, start = data[0] & 15, data[1], 2
            if length == 126:
                length, start = int.from_bytes(data[2:4], "big"), 4
            elif length == 127:
                length, start = int.from_bytes(data[2:10], "big"), 10
            frames.append((opcode, data[start : start + length]))
            data = data[start + length :]
        return frames

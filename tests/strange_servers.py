"""Servers that answer whatever they like, to try clients on: real sockets, each connection in a thread of its own."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

LOOPBACK = "127.0.0.1"
PATIENCE_SECONDS = 60.0
"""How long anything may take here that happens at once, where the machine has something else to do."""

_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE = 0x81, 0x88

WELCOME: dict[str, Any] = {"event": "gamesvc.welcome", "game": "g", "kind": "k", "epoch": "e", "seq": 0}
WELCOME |= {"resumed": False, "player": "ann", "playing": True, "players": ["ann"], "present": ["ann"], "state": {}}


def frame(first: int, payload: bytes) -> bytes:
    """A WebSocket frame of a server's."""
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + struct.pack("!H", size)
    return bytes([first]) + length + payload


def said(*messages: dict[str, Any]) -> bytes:
    """Text messages."""
    return b"".join(frame(_TEXT, json.dumps(message).encode()) for message in messages)


def closed(code: int, reason: str = "") -> bytes:
    """A close frame."""
    return frame(_CLOSE, struct.pack("!H", code) + reason.encode())


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    """An answer that opens no WebSocket."""
    lines = (f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def refusal(code: str) -> bytes:
    """The body of a refusal, as gamesvc has it."""
    return json.dumps({"error": {"code": code, "message": f"it is {code}", "retryable": False}}).encode()


class Connection:
    """A connection to a client.

    Args:
        link: its socket.
        number: how many there were before it.
    """

    def __init__(self, link: socket.socket, number: int) -> None:
        self.number = number
        self._link = link
        # What is said by itself comes by itself.
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def say(self, data: bytes) -> None:
        """Send bytes."""
        self._link.sendall(data)

    def request(self) -> bytes:
        """Wait for the request that opens it.

        Raises:
            ConnectionError: the client went away before.
        """
        request = b""
        while b"\r\n\r\n" not in request:
            more = self._link.recv(1 << 16)
            if not more:
                raise ConnectionError("the client went away")
            request += more
        return request

    def open(self, protocol: str = "gamesvc.v1") -> None:
        """Become a WebSocket."""
        (key,) = (line[19:] for line in self.request().split(b"\r\n") if line.lower().startswith(b"sec-websocket-key"))
        accept = base64.b64encode(hashlib.sha1(key + _MAGIC).digest()).decode()
        lines = ["HTTP/1.1 101 Yes", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}"]
        if protocol:
            lines.append(f"Sec-WebSocket-Protocol: {protocol}")
        self.say("\r\n".join((*lines, "", "")).encode())

    def listen(self) -> None:
        """Wait until the client ends it."""
        while self._link.recv(1 << 16):
            pass


Conduct = Callable[[Connection], object]
"""What becomes of a connection. It is ended after that."""


class StrangeServer:
    """Listens until the end of the block, when it ends all connections.

    Args:
        conduct: what becomes of each.

    Attributes:
        port: its own, on the loopback interface.
        connections: how many there were.
        began: is released for each connection that is there.
        ended: is released for each connection that has come to its end.
    """

    def __init__(self, conduct: Conduct) -> None:
        self._conduct = conduct
        self._links: list[socket.socket] = []
        self._listening = socket.create_server((LOOPBACK, 0))
        self.port = int(self._listening.getsockname()[1])
        self.connections = 0
        self.began = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    @property
    def url(self) -> str:
        """Of a game there."""
        return f"ws://{LOOPBACK}:{self.port}/g"

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Only that wakes who accepts, or reads.
        for link in (self._listening, *self._links):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive()
        self._listening.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                link, _ = self._listening.accept()
                self._links.append(link)
                thread = threading.Thread(target=self._serve, args=(link, self.connections), daemon=True)
                self.connections += 1
                self._threads.append(thread)
                thread.start()
                self.began.release()

    def _serve(self, link: socket.socket, number: int) -> None:
        with link, contextlib.suppress(OSError):
            self._conduct(Connection(link, number))
        self.ended.release()


# What some do.


def silent(connection: Connection) -> None:
    """Never answers."""
    connection.listen()


def silent_when_open(connection: Connection) -> None:
    """Says nothing after the handshake."""
    connection.open()
    connection.listen()


def not_ours(connection: Connection) -> None:
    """Another WebSocket server."""
    connection.open(protocol="")
    connection.say(said({"hello": "there"}))
    connection.listen()


def no_http(connection: Connection) -> None:
    """Another server altogether."""
    connection.say(b"SSH-2.0-Whatever\r\n")
    connection.listen()


def hangs_up(connection: Connection) -> None:
    """Takes no connections really."""


def answers(*parts: bytes) -> Conduct:
    """One that opens no WebSocket, and says why in several pieces."""

    def conduct(connection: Connection) -> None:
        connection.request()
        for part in parts:
            connection.say(part)
        connection.listen()

    return conduct


def welcomes(*more: bytes, ends: bool = False) -> Conduct:
    """One that welcomes everybody, and goes on as it likes on the first connection."""

    def conduct(connection: Connection) -> None:
        connection.open()
        connection.say(said(WELCOME))
        if connection.number == 0:
            for each in more:
                connection.say(each)
            if ends:
                return
        connection.listen()

    return conduct

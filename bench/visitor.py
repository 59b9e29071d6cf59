"""A client of gamesvc.v1 that is just enough to write a history, and to see how long it takes to get in."""

from __future__ import annotations

import json
import socket
from typing import Any

from bench.processes import Failure

PROTOCOL = "Sec-WebSocket-Protocol: gamesvc.v1"
WINDOW = 30
"""Commands that are sent before their replies are read: a few less than a server lets wait."""

_TIMEOUT = 60.0
_MASK = b"\0\0\0\0"


class Visitor:
    """Somebody in a game.

    Args:
        port: of the server, on 127.0.0.1.
        target: what to ask for.

    Attributes:
        welcome: the server's first message.

    Raises:
        Failure: the server does not let them in.
    """

    def __init__(self, port: int, target: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), _TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        request = (
            f"GET {target} HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
            PROTOCOL,
        )
        self._socket.sendall("\r\n".join((*request, "", "")).encode())
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, _, rest = bytes(self._received).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise Failure(f"gamesvc refuses {target}: {(head + b' ' + rest)[:300].decode(errors='replace')}")
        self._received = bytearray(rest)
        self.welcome: dict[str, Any] = json.loads(self._message())

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def say(self, times: int) -> None:
        """Say something, and wait until all of it is in the game's history.

        Args:
            times: how often.

        Raises:
            Failure: the server refuses.
        """
        # A mask of zeros leaves the text as it is.
        text = b'{"command":"say","text":"~0123456789abcdef"}'
        frame = bytes((0x81, 0x80 | len(text))) + _MASK + text
        while times:
            some = min(times, WINDOW)
            self._socket.sendall(frame * some)
            times -= some
            while some:
                message = self._message()
                if message.startswith(b'{"status":'):
                    some -= 1
                    if not message.startswith(b'{"status":"ok"'):
                        raise Failure(f"gamesvc refuses a command: {message[:300].decode(errors='replace')}")

    def _message(self) -> bytes:
        while True:
            frame = self._frame()
            if frame is not None:
                opcode, payload = frame
                if opcode == 1:
                    return payload
                if opcode == 8:
                    raise Failure(f"gamesvc closed a connection: {payload[2:].decode(errors='replace')}")
                if opcode == 9:
                    self._socket.sendall(bytes((0x8A, 0x80 | len(payload))) + _MASK + payload)
            else:
                self._receive()

    def _frame(self) -> tuple[int, bytes] | None:
        received = self._received
        if len(received) < 2:
            return None
        size, start = received[1], 2
        if size >= 126:
            start = 4 if size == 126 else 10
            if len(received) < start:
                return None
            size = int.from_bytes(received[2:start], "big")
        if len(received) < start + size:
            return None
        opcode, payload = received[0] & 15, bytes(received[start : start + size])
        del received[: start + size]
        return opcode, payload

    def _receive(self) -> None:
        try:
            some = self._socket.recv(1 << 16)
        except OSError as error:
            raise Failure(f"gamesvc does not answer: {error}") from error
        if not some:
            raise Failure("gamesvc cut a connection")
        self._received += some

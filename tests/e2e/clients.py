"""Clients that others wrote, and the bare minimum around them: `websockets`, Autobahn, and sockets."""

from __future__ import annotations

import contextlib
import json
import socket
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.defer import Deferred, DeferredQueue
from twisted.internet.endpoints import TCP4ClientEndpoint
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame, Opcode
from websockets.sync.client import ClientConnection, connect, unix_connect
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK

V1 = "gamesvc.v1"

Message = dict[str, Any]
T = TypeVar("T")


class _Request:
    """One that was sent, and its reply once it came."""

    reply: Message | None = None


class ClassroomClient:
    """Plays as clients of the classroom library do. All that it knows: a message with the key ``event`` is an event,
    and any other one is the reply to the oldest request that still waits for its own.

    Args:
        url: of the game.
        token: goes into the header ``Authorization``.
        unix: path of the server's UNIX socket, where it has no port.
        options: more for `websockets`.

    Attributes:
        events: all that came.
        messages: all that came, replies included.
    """

    def __init__(self, url: str, token: str | None = None, unix: str | None = None, **options: Any) -> None:
        self.events: list[Message] = []
        self.messages: list[Message] = []
        self._waiting: deque[_Request] = deque()
        self._stack = contextlib.ExitStack()
        options.setdefault("open_timeout", ANSWER_SECONDS)
        if token is not None:
            options["additional_headers"] = {"Authorization": f"Bearer {token}"}
        # There is no proxy in between, whatever the environment says.
        opened = unix_connect(unix, url, **options) if unix else connect(url, proxy=None, **options)
        assert isinstance(opened, ClientConnection)
        self._connection = self._stack.enter_context(opened)

    @property
    def subprotocol(self) -> str | None:
        """The one that the server chose."""
        return self._connection.subprotocol

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def send(self, **message: Any) -> _Request:
        """Send a request, and do not wait."""
        request = _Request()
        self._waiting.append(request)
        self._connection.send(json.dumps(message))
        return request

    def ask(self, command: str, **arguments: Any) -> Message:
        """Send a command, and wait for its reply."""
        return self.await_reply(self.send(command=command, **arguments))

    def await_reply(self, request: _Request) -> Message:
        """Wait for the reply to a request."""
        while request.reply is None:
            self.receive()
        return request.reply

    def hear(self, count: int) -> list[Message]:
        """Wait until that many events have come, and return all that have come."""
        while len(self.events) < count:
            self.receive()
        return self.events

    def receive(self) -> None:
        """Take the next message."""
        message = json.loads(self._connection.recv(ANSWER_SECONDS))
        self.messages.append(message)
        if "event" in message:
            self.events.append(message)
        else:
            assert self._waiting, f"a reply that nobody asked for: {message}"
            self._waiting.popleft().reply = message

    def await_close(self) -> int | None:
        """Take what still comes, and return the close code; None where the line was cut without one."""
        try:
            while True:
                self.receive()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd is not None else None


class Refusal(NamedTuple):
    """What a refused handshake was answered with."""

    status: int
    code: str
    headers: dict[str, str]


def refusal(url: str, token: str | None = None, **options: Any) -> Refusal:
    """Try to enter a game, which must be refused."""
    try:
        with ClassroomClient(url, token, **options):
            pass
    except InvalidStatus as refused:
        response = refused.response
        assert response.body is not None
        error = json.loads(bytes(response.body))["error"]
        headers = {name.lower(): value for name, value in response.headers.raw_items()}
        return Refusal(response.status_code, error["code"], headers)
    raise AssertionError(f"{url} was not refused")


_SMALL, _LARGE = 4096, 1 << 20
_STANDSTILL = 8


class SleepyClient:
    """Enters a game, and reads nothing until it is told to.

    Args:
        url: of the game.
        subprotocol: to offer.
    """

    def __init__(self, url: str, subprotocol: str | None = None) -> None:
        target = parse_uri(url)
        offered = None if subprotocol is None else [Subprotocol(subprotocol)]
        self._protocol = ClientProtocol(target, subprotocols=offered, max_size=None)
        self._socket = socket.socket()
        try:
            # The less the kernel takes for it, the sooner the server notices.
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _SMALL)
            self._socket.settimeout(ANSWER_SECONDS)
            self._socket.connect((target.host, target.port))
            self._protocol.send_request(self._protocol.connect())
            self._socket.sendall(b"".join(self._protocol.data_to_send()))
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                byte = self._socket.recv(1)
                assert byte, f"the line was cut after {head!r}"
                head += byte
            self._protocol.receive_data(head)
            self._protocol.events_received()
            assert self._protocol.handshake_exc is None
        except BaseException:
            self._socket.close()
            raise

    @property
    def address(self) -> str:
        """Its own address, as the server's log has it."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    @property
    def bytes_before_it(self) -> int:
        """How many bytes the server's kernel holds for it."""
        ends = [f"{port:04X}" for _, port in (self._socket.getpeername(), self._socket.getsockname())]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, _, queues, *_ = line.split()
            if [local.rpartition(":")[2], remote.rpartition(":")[2]] == ends:
                return int(queues.partition(":")[0], 16)
        raise AssertionError(f"the kernel knows nothing of the connection of {self.address}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def read_to_the_end(self) -> tuple[list[Message], int | None]:
        """Read all that is there, and all that comes, until the line is cut.

        Returns:
            The messages, and the close code, which is None where there was none.
        """
        messages: list[Message] = []
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _LARGE)
        with contextlib.suppress(ConnectionResetError):
            while data := self._socket.recv(1 << 16):
                self._protocol.receive_data(data)
                frames = [frame for frame in self._protocol.events_received() if isinstance(frame, Frame)]
                messages += [json.loads(bytes(frame.data)) for frame in frames if frame.opcode is Opcode.TEXT]
        closed = self._protocol.close_rcvd
        return messages, None if closed is None else int(closed.code)


def drown(sleepy: SleepyClient, player: ClassroomClient, command: str, **arguments: Any) -> int:
    """Have a player of the same game send a command again and again, until the server's kernel takes nothing more for
    the one who sleeps. What comes from then on waits in the server itself.

    Returns:
        How often it was sent.
    """
    sent = 0
    held: deque[int] = deque(maxlen=_STANDSTILL)
    while len(held) < _STANDSTILL or len(set(held)) > 1:
        assert player.ask(command, **arguments)["status"] == "ok"
        sent += 1
        held.append(sleepy.bytes_before_it)
    return sent


def exchange(port: int, request: bytes) -> bytes:
    """Send bytes, whatever they are, and return all that comes until the line is cut."""
    answer = b""
    with (
        socket.create_connection((LOOPBACK, port), ANSWER_SECONDS) as connection,
        contextlib.suppress(ConnectionError),
    ):
        connection.sendall(request)
        while data := connection.recv(1 << 16):
            answer += data
    return answer


class AutobahnClient(WebSocketClientProtocol):
    """Plays by Autobahn, on the reactor; see `enter`."""

    def __init__(self) -> None:
        super().__init__()
        self._opened: Deferred[None] = Deferred()
        self._closed: Deferred[int | None] = Deferred()
        self._messages: DeferredQueue[Message] = DeferredQueue()

    @classmethod
    async def enter(cls, url: str, *subprotocols: str) -> Self:
        """Enter a game.

        Args:
            url: of the game.
            subprotocols: to offer.
        """
        from twisted.internet import reactor

        target = parse_uri(url)
        factory = WebSocketClientFactory(url, protocols=list(subprotocols))
        factory.protocol = cls
        endpoint = TCP4ClientEndpoint(reactor, target.host, target.port)
        client = await endpoint.connect(factory)
        assert isinstance(client, cls)
        await client._awaited(client._opened)
        return client

    @property
    def subprotocol(self) -> str | None:
        """The one that the server chose."""
        chosen: str | None = self.websocket_protocol_in_use
        return chosen

    def ask(self, **message: Any) -> None:
        """Send a request."""
        self.sendMessage(json.dumps(message).encode())

    async def next(self) -> Message:
        """The next message."""
        return await self._awaited(self._messages.get())

    async def leave(self) -> int | None:
        """Close the connection, and return the code with which the server agreed."""
        self.sendClose(1000)
        return await self.await_close()

    async def await_close(self) -> int | None:
        """Wait for the end of the connection, and return the close code."""
        return await self._awaited(self._closed)

    async def _awaited(self, what: Deferred[T]) -> T:
        return await what.addTimeout(ANSWER_SECONDS, self.factory.reactor)

    # From Autobahn.

    def onOpen(self) -> None:
        self._opened.callback(None)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self._messages.put(json.loads(payload))

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        if not self._opened.called:
            self._opened.errback(ConnectionError(f"the connection did not open: {reason}"))
        self._closed.callback(code)

"""A connection of the client on Twisted's reactor: Autobahn's, from the first attempt to its end."""

from __future__ import annotations

from typing import Any, Protocol

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from autobahn.websocket.types import ConnectionResponse
from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from gamesvc.client.line import MAX_MESSAGE_BYTES, NOT_GAMESVC, LineOwner
from gamesvc.logs import Silence
from gamesvc.messages import V1

_CLOSE_SECONDS = 2.0
_SWITCHING = 101
_MAX_ANSWER_BYTES = 1 << 16
_MAX_DIGITS = 10


class ReactorLineOwner(LineOwner, Protocol):
    """Whose line it is.

    Attributes:
        reactor: has timers.
    """

    reactor: Any

    def endpoint(self) -> IStreamClientEndpoint:
        """Where to connect. The host's name is held to its certificate."""

    def connection_made(self, connection: object) -> None:
        """There is one, and it will be lost some time, also where there is nothing more to tell of its line."""

    def connection_lost(self, connection: object) -> None:
        """One has ended."""


class _Refusal:
    """An answer that opens no WebSocket.

    Args:
        status: the HTTP status.
        headers: its header fields, by their names in small letters.
        body: what has come of its body.
    """

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        length = headers.get("content-length", "")
        self._length = int(length) if length.isdecimal() and len(length) < _MAX_DIGITS else _MAX_ANSWER_BYTES

    @property
    def is_whole(self) -> bool:
        """Whether there is nothing more of it, or too much."""
        return len(self.body) >= min(self._length, _MAX_ANSWER_BYTES)

    def take(self, data: bytes) -> None:
        """More of its body came."""
        self.body += data


class LineProtocol(WebSocketClientProtocol):
    log = Silence()
    factory: _Factory
    _refusal: _Refusal | None = None
    _cause = ""
    _was_open = False
    _ending: IDelayedCall | None = None

    def connectionMade(self) -> None:
        super().connectionMade()
        self.factory.line.owner.connection_made(self)
        transport = self.transport
        assert transport is not None
        transport.setTcpNoDelay(True)  # type: ignore[attr-defined]  # it is TCP's, or TLS's over it

    def dataReceived(self, data: bytes) -> None:
        if self._refusal is not None:
            self._refusal.take(data)
            self._tell_refusal()
            return
        super().dataReceived(data)
        # Autobahn waits for the end of the headers, whatever comes.
        is_waiting = self.state == self.STATE_CONNECTING and self._refusal is None
        if is_waiting and (len(self.data) > _MAX_ANSWER_BYTES or not b"HTTP/".startswith(self.data[:5])):
            self._fail("what came is no answer to a WebSocket's opening handshake")

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._refusal is not None:
            self._tell_refusal(is_cut=True)
        self._cause = _why(reason)
        if self._ending is not None and self._ending.active():
            self._ending.cancel()
        super().connectionLost(reason)
        self.factory.line.owner.connection_lost(self)

    def abort(self) -> None:
        """End the connection at once."""
        transport = self.transport
        assert transport is not None
        transport.abortConnection()  # type: ignore[attr-defined]  # as above

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.factory.line.owner.line_received(self.factory.line, payload, is_binary=isBinary)

    def onPing(self, payload: bytes) -> None:
        super().onPing(payload)
        self.factory.line.owner.line_heard(self.factory.line)

    def failHandshake(self, reason: str) -> None:
        line = self.http_status_line.split()
        if len(line) > 1 and line[1].isdecimal() and int(line[1]) != _SWITCHING:
            self._refusal = _Refusal(int(line[1]), self.http_headers, self.data[len(self.http_response_data) :])
            self._tell_refusal()
        else:
            self._fail(reason)

    def onCloseFrame(self, code: int, reasonRaw: bytes) -> bool | None:
        failed = super().onCloseFrame(code, reasonRaw)
        # It is the server's to hang up, and Autobahn would wait for that.
        if self._ending is None:
            self._ending = self.factory.reactor.callLater(_CLOSE_SECONDS, self.abort)
        return failed

    def onConnect(self, response: ConnectionResponse) -> None:
        if response.protocol != V1:
            self.factory.line.owner.line_lost(self.factory.line, None, NOT_GAMESVC)
            self.abort()

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        # Where the line was cut after the server's close frame, Autobahn says that it was cut.
        line, told = self.factory.line, self.remoteCloseCode
        if told is not None:
            line.owner.line_lost(line, told, self.remoteCloseReason or "")
        elif self._was_open:
            line.owner.line_lost(line, None, "the line was cut")
        else:
            line.owner.line_failed(line, self._cause)

    def onOpen(self) -> None:
        self._was_open = True

    def _fail(self, why: str) -> None:
        self.factory.line.owner.line_failed(self.factory.line, why)
        self.abort()

    def _tell_refusal(self, *, is_cut: bool = False) -> None:
        refusal = self._refusal
        assert refusal is not None
        if is_cut or refusal.is_whole:
            self.factory.line.owner.line_refused(self.factory.line, refusal.status, refusal.headers, refusal.body)
            self.abort()


def _why(reason: Failure) -> str:
    """Why a connection was lost before a WebSocket was open."""
    if reason.check(ConnectionDone, ConnectionLost):
        return "the connection was closed"
    if reason.check(VerificationError):
        return "the server's certificate is not one for this host"
    if isinstance(reason.value, SSL.Error) and reason.value.args:
        # One or more of OpenSSL's: library, function, reason.
        return ", ".join(str(each[-1]) for each in reason.value.args[0])
    return reason.getErrorMessage()


class _Factory(WebSocketClientFactory):
    protocol: type[WebSocketClientProtocol] = LineProtocol
    log = Silence()
    noisy = False

    def __init__(self, line: ReactorLine, url: str, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        super().__init__(url, protocols=[V1], headers=headers, reactor=line.owner.reactor)
        self.setProtocolOptions(
            maxMessagePayloadSize=MAX_MESSAGE_BYTES,
            # The session knows how long it waits.
            openHandshakeTimeout=0,
            closeHandshakeTimeout=_CLOSE_SECONDS,
            # Autobahn sets it in a way that TLS connections do not know; see connectionMade.
            tcpNoDelay=False,
        )
        self.line = line


class ReactorLine:
    """See `gamesvc.client.line.Line`.

    Args:
        owner: is told what becomes of it.
    """

    def __init__(self, owner: ReactorLineOwner) -> None:
        self.owner = owner
        self._protocol: LineProtocol | None = None
        self._attempt: Deferred[None] | None = None

    def open(self, url: str, *, renew: bool) -> None:
        self._attempt = Deferred.fromCoroutine(self._open(url, renew))
        self._attempt.addErrback(self._failed)

    def transmit(self, text: str) -> None:
        assert self._protocol is not None
        # Once the server has said that it ends, nothing goes any more: it is for the next line.
        if self._protocol.state == WebSocketClientProtocol.STATE_OPEN:
            self._protocol.sendMessage(text.encode())

    def close(self, code: int) -> None:
        # Before it is open, there is nobody to be polite to.
        if self._protocol is None or self._protocol.state != WebSocketClientProtocol.STATE_OPEN:
            self.drop()
        else:
            self._protocol.sendClose(code)

    def drop(self) -> None:
        if self._protocol is not None:
            self._protocol.abort()
        elif self._attempt is not None:
            self._attempt.cancel()

    async def _open(self, url: str, renew: bool) -> None:
        token = await self.owner.current_token(renew)
        protocol = await self.owner.endpoint().connect(_Factory(self, url, token))
        assert isinstance(protocol, LineProtocol)
        self._protocol = protocol

    def _failed(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self.owner.line_failed(self, failure.getErrorMessage())

"""GameConnection: one connection, the protocol that Autobahn drives. Bytes in, bytes out.

What Autobahn 26.10.2 gets wrong for us is set right here and in `listener`, narrowly; ``tests/test_listener.py`` tells
when upstream has:

- ``connectionMade`` reads ``tcpNoDelay`` before the options are copied to the protocol, and a bare ``except`` hides
  that: TCP_NODELAY is never set. And every connect runs ``pformat`` over all options, even with debug off. Both end
  where the options are attributes of the protocol's class, and ``CONFIG_ATTRS``, which says what to copy, is empty.
- Its timers are rounded down to whole seconds (txaio's batched timer): a timeout of 0.5 s may fire at once.
- Its logger writes requests, tokens included, as they came: it gets one that writes nothing.
- It reads a request's head laxly: it gets a plain one, which `handshake` made.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from gamesvc.admission import Admission
from gamesvc.controller import GameController
from gamesvc.errors import BAD_UPGRADE, SERVER_ERROR, CloseCode, HttpRefusal, RequestRefused
from gamesvc.handshake import OpeningRequest, refusal_response, take_head
from gamesvc.limits import CLOSE_HANDSHAKE_SECONDS, MAX_FRAGMENTS, SLOW_CONSUMER_SECONDS, Limits
from gamesvc.logs import logger
from gamesvc.publisher import Subscription
from gamesvc.server import GameServer, Role

log = logger(__name__)

_CONTINUATION, _TEXT, _BINARY = 0, 1, 2
_MAX_REASON_BYTES = 123  # RFC 6455, section 5.5: a control frame has 125 bytes, two of them are the code


_REASONS: dict[int, str] = {int(code): code.reason for code in CloseCode}


class Silence:
    """A logger that writes nothing."""

    def _drop(self, *args: object, **keywords: object) -> None: ...

    trace = debug = info = warn = error = critical = failure = _drop


class Entry(NamedTuple):
    """Somebody is let in: the game, as whom they take part, and the address that they are counted under (or "")."""

    admission: Admission
    game: GameServer
    role: Role
    address: str


class Host(Protocol):
    """What a connection asks of its listener."""

    limits: Limits
    reactor: IReactorTime

    def now(self) -> float:
        """The time, in seconds since the epoch."""

    def connection_made(self, connection: GameConnection) -> None:
        """A connection came."""

    def connection_lost(self, connection: GameConnection) -> None:
        """A connection is gone."""

    def enter(self, request: OpeningRequest, address: str) -> Entry:
        """Let somebody in.

        Raises:
            RequestRefused: not this one, or not now.
        """

    def converse(self, entry: Entry, subscription: Subscription) -> GameController:
        """The controller of a connection that has opened, known to its game."""

    def left(self, entry: Entry, controller: GameController | None) -> None:
        """Somebody is out again; `controller` where their connection had opened."""

    def report(self, what: str, fault: BaseException) -> str:
        """Write a fault to the log, and return the incident's id."""


@implementer(IPushProducer)
class GameConnection(WebSocketServerProtocol):
    """One connection: bytes in, bytes out. What they mean is its controller's affair."""

    factory: Host
    transport: Any  # what it can do beyond ITransport differs between TCP, UNIX and TLS
    log = Silence()

    def __init__(self) -> None:
        super().__init__()
        self._entry: Entry | None = None
        self._controller: GameController | None = None
        self._subscription: Subscription | None = None
        self._deaf = False
        self._fragments = 0
        self._expiry: IDelayedCall | None = None
        self._stall: IDelayedCall | None = None
        self._lingering: IDelayedCall | None = None

    # From the transport.

    def connectionMade(self) -> None:
        self.factory.connection_made(self)
        super().connectionMade()

    def dataReceived(self, data: bytes) -> None:
        if self._deaf:
            return
        # Twisted would write an exception to the log as it is, with whatever a client put into it.
        try:
            self._dataReceived(data)
        except Exception as fault:
            self._fail(self.factory.report("a connection", fault))

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self._leave()
        self._cancel("_lingering")
        self.factory.connection_lost(self)

    def pauseProducing(self) -> None:
        if self._subscription is not None:
            self._subscription.pause()
            self._stall = self._end_after(SLOW_CONSUMER_SECONDS, CloseCode.SLOW_CONSUMER)

    def resumeProducing(self) -> None:
        self._cancel("_stall")
        if self._subscription is not None:
            self._subscription.resume()

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` sees to the rest."""

    # The opening handshake.

    def processHandshake(self) -> None:
        try:
            taken = take_head(self.data, self.factory.limits.max_header_bytes)
            if taken is None:
                return
            head, rest = taken
            request = OpeningRequest.parse(head)
            self._entry = self.factory.enter(request, self.host)
        except RequestRefused as refused:
            self._refuse(refused.refusal)
            return
        self.data = request.plain(self._entry.admission.subprotocol) + rest
        super().processHandshake()

    def onConnect(self, request: object) -> str | None:
        return self._entry.admission.subprotocol if self._entry else None

    def failHandshake(self, reason: object, code: object = 400, responseHeaders: object = None) -> None:
        # Autobahn's reasons quote the request. It was well-formed before Autobahn saw it, so this is for safety.
        self._refuse(BAD_UPGRADE)

    def _refuse(self, refusal: HttpRefusal) -> None:
        log.info("refused {peer}: {status} {code}", peer=self.address, status=refusal.status, code=refusal.code)
        self.transport.write(refusal_response(refusal))
        self.state = self.STATE_CLOSED
        self._hang_up()

    def onOpen(self) -> None:
        entry = self._entry
        if entry is None:
            raise RuntimeError("a connection opened that nobody let in")
        factory = self.factory
        self._subscription = entry.game.publisher.subscribe(entry.role.sees, self)
        self._controller = factory.converse(entry, self._subscription)
        self.registerProducer(self, True)
        if entry.admission.expires is not None:
            left = max(0.0, entry.admission.expires - factory.now())
            self._expiry = self._end_after(left, CloseCode.TOKEN_EXPIRED)
        log.debug("{player!r} entered game {game}", player=entry.role.player, game=entry.game.game)

    # Frames.

    def onFrameBegin(self) -> None:
        if self._controller is not None:
            self._controller.frame_begun()
            self._count_fragments(self.current_frame.opcode)
        super().onFrameBegin()

    def _count_fragments(self, opcode: int) -> None:
        # A continuation without content is kept by Autobahn, and costs its sender next to nothing.
        if opcode in (_TEXT, _BINARY):
            self._fragments = 1
        elif opcode == _CONTINUATION:
            self._fragments += 1
            if self._fragments > MAX_FRAGMENTS:
                self._end(CloseCode.POLICY_VIOLATION)

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        if self._controller is not None:
            if isBinary:
                self._controller.binary_received()
            else:
                self._controller.text_received(payload)

    def _fail_connection(self, code: int = CloseCode.GOING_AWAY, reason: str = "") -> None:
        # Autobahn found the peer in breach of the protocol.
        super()._fail_connection(code, _REASONS[code])
        self._hang_up()
        self._leave()

    # The publisher's sink.

    def write(self, data: bytes) -> None:
        """Send complete frames; nothing after a close frame."""
        if self.state == self.STATE_OPEN:
            self.transport.write(data)

    def close(self, code: CloseCode, note: str = "") -> None:
        """Close the connection. What is due should have been written.

        Args:
            code: why.
            note: more for the reason, such as an incident's id.
        """
        if self.state == self.STATE_OPEN:
            reason = f"{code.reason} {note}".strip().encode()[:_MAX_REASON_BYTES]
            log.info("closing {peer}: {code} {name}", peer=self.address, code=int(code), name=code.name.lower())
            self.sendCloseFrame(code=int(code), reasonUtf8=reason, isReply=False)
            self._hang_up()
        self._leave()

    # The end.

    @property
    def host(self) -> str:
        """The peer's network address; empty where it has none."""
        peer = self.transport.getPeer()
        return peer.host if isinstance(peer, (IPv4Address, IPv6Address)) else ""

    @property
    def address(self) -> str:
        """The peer's address and port, for the log."""
        peer = self.transport.getPeer()
        return f"{peer.host}:{peer.port}" if isinstance(peer, (IPv4Address, IPv6Address)) else "a local socket"

    def abandon_handshake(self) -> None:
        """Cut the line, where the opening handshake is not complete."""
        if self.state == self.STATE_CONNECTING:
            self.abort()

    def abort(self) -> None:
        """Cut the line, without a word."""
        self._deaf = True
        self.transport.abortConnection()

    def _end(self, code: CloseCode) -> None:
        """Send what is due, then close."""
        if self._controller is not None:
            self._controller.close(code)

    def _end_after(self, seconds: float, code: CloseCode) -> IDelayedCall:
        return self.factory.reactor.callLater(seconds, self._end, code)

    def _fail(self, incident: str) -> None:
        state: int = self.state
        if state == self.STATE_CONNECTING:
            self._refuse(SERVER_ERROR)
        elif state == self.STATE_OPEN:
            self.close(CloseCode.INTERNAL_ERROR, f"(incident {incident})")
        else:
            self.abort()

    def _hang_up(self) -> None:
        """Let the peer read what was sent, take nothing more from it, and cut the line soon.

        To close at once would lose what the peer has not read yet, where it still sends: the kernel answers that with
        a reset, which discards.
        """
        self._deaf = True
        self._cancel("_stall")
        if self.openHandshakeTimeoutCall is not None:
            self.openHandshakeTimeoutCall.cancel()
            self.openHandshakeTimeoutCall = None
        if self._lingering is None:
            self._lingering = self.factory.reactor.callLater(CLOSE_HANDSHAKE_SECONDS, self._linger_no_more)
        self.unregisterProducer()
        if ISSLTransport.providedBy(self.transport):
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    def _linger_no_more(self) -> None:
        self._lingering = None
        self.transport.abortConnection()

    def _leave(self) -> None:
        """Take no more part in the game; once more is harmless."""
        self._cancel("_expiry")
        self._cancel("_stall")
        controller, self._controller = self._controller, None
        subscription, self._subscription = self._subscription, None
        entry, self._entry = self._entry, None
        if controller is not None:
            controller.connection_lost()
        if entry is not None:
            if subscription is not None:
                entry.game.publisher.unsubscribe(subscription)
            self.factory.left(entry, controller)

    def _cancel(self, timer: str) -> None:
        call: IDelayedCall | None = getattr(self, timer)
        setattr(self, timer, None)
        if call is not None and call.active():
            call.cancel()

"""GameConnection: one connection, the protocol that Autobahn drives. Bytes in, bytes out.

What Autobahn 26.10.2 gets wrong for us is set right here and in `listener`, narrowly; ``tests/test_connection.py``
tells when upstream has:

- ``connectionMade`` reads ``tcpNoDelay`` before the options are copied to the protocol, and a bare ``except`` hides
  that: TCP_NODELAY is never set. And every connect runs ``pformat`` over all options, even with debug off. Both end
  where the options are attributes of the protocol's class, and ``CONFIG_ATTRS``, which says what to copy, is empty.
- Its timers are rounded down to whole seconds (txaio's batched timer): a timeout of 0.5 s may fire at once.
- Its logger writes requests, tokens included, as they came: it gets one that writes nothing.
- It reads a request's head laxly: it gets a plain one, which `handshake` made.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from autobahn.twisted.websocket import WebSocketServerProtocol
from autobahn.websocket.utf8validator import Utf8Validator
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IPushProducer, IReactorTime, ISSLTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from gamesvc.admission import Admission
from gamesvc.controller import GameController
from gamesvc.countdown import Countdowns
from gamesvc.eager import EagerSender, eager_sender
from gamesvc.errors import (
    BAD_UPGRADE,
    JOURNAL_DOWN,
    SERVER_ERROR,
    CloseCode,
    HttpRefusal,
    RequestRefused,
    with_incident,
)
from gamesvc.eventlog import Place, Viewer
from gamesvc.frames import SHORT_HEAD_BYTES, short_text
from gamesvc.handshake import OpeningRequest, refusal_response, take_head
from gamesvc.limits import CLOSE_HANDSHAKE_SECONDS, ENTER_SECONDS, MAX_FRAGMENTS, SLOW_CONSUMER_SECONDS, Limits
from gamesvc.logs import Silence, logger
from gamesvc.messages import V1
from gamesvc.pending import Role
from gamesvc.server import GameServer
from gamesvc.subscription import Subscription

log = logger(__name__)

_CONTINUATION, _TEXT, _BINARY = 0, 1, 2
_OPEN = WebSocketServerProtocol.STATE_OPEN
_MAX_REASON_BYTES = 123  # RFC 6455, section 5.5: a control frame has 125 bytes, two of them are the code
_REASONS: dict[int, str] = {int(code): code.reason for code in CloseCode}
_NAMES: dict[int, str] = {int(code): code.name.lower() for code in CloseCode}


class Admitted(NamedTuple):
    """Somebody is let in: what was judged of them, the game, as whom they take part, and where they stand in its
    events, if they come back."""

    admission: Admission
    game: GameServer
    role: Role
    place: Place | None


class Timer(Protocol):
    """A call that was put off."""

    def cancel(self) -> None:
        """Don't call it."""


def _stopped(call: Timer | None) -> Timer | None:
    """Stop a timer, where it runs. Returns None, for the place where it was kept."""
    if call is not None:
        call.cancel()
    return None


class Listener(Protocol):
    """What a connection asks of its listener.

    Attributes:
        limits: how much a client may ask for.
        reactor: for timers.
        timers: for those that many connections have.
    """

    limits: Limits
    reactor: IReactorTime
    timers: Countdowns

    def now(self) -> float:
        """The time, in seconds since the epoch."""

    def connection_made(self, connection: GameConnection) -> None:
        """A connection came. It may be cut off at once."""

    def connection_lost(self, connection: GameConnection) -> None:
        """A connection is gone."""

    def enter(
        self,
        request: OpeningRequest,
        connection: GameConnection,
        entered: Callable[[Admitted | RequestRefused], None],
    ) -> None:
        """Let somebody in.

        Raises:
            RequestRefused: not this one, or not now.
        """

    def converse(self, admitted: Admitted, subscription: Subscription) -> GameController:
        """The controller of a connection that has opened, known to its game."""

    def left(self, admitted: Admitted, controller: GameController | None) -> None:
        """Somebody is out again; `controller` where their connection had opened."""

    def report(self, what: str, fault: BaseException) -> str:
        """Write a fault to the log, and return the incident's id."""


@implementer(IPushProducer)
class GameConnection(WebSocketServerProtocol):
    """One connection: bytes in, bytes out. What they mean is its controller's affair."""

    factory: Listener
    transport: Any  # what it can do beyond ITransport differs between TCP, UNIX and TLS
    log = Silence()
    autoPingInterval: float
    openHandshakeTimeout: float
    opens_itself = False
    """Whether it answers opening requests without Autobahn; see `opening`."""

    # What a connection begins with is its class's, so that thousands of them share it.
    _expiry: Timer | None = None
    _stall: Timer | None = None
    _lingering: Timer | None = None
    _entering: Timer | None = None
    _admitted: Admitted | None = None
    _controller: GameController | None = None
    _subscription: Subscription | None = None
    _request: OpeningRequest | None = None
    _sender: EagerSender | None = None
    _write: Callable[[bytes], object]
    _has_asked = False
    _is_held = False
    _deaf = False
    _is_closing = False
    _fragments = 0

    def __init__(self) -> None:
        if not self.opens_itself:
            super().__init__()

    @cached_property
    def utf8validator(self) -> Any:  # type: ignore[override]  # a plain attribute of Autobahn's
        """Autobahn's: for text that is long or comes in several frames, which is seldom."""
        return Utf8Validator()

    # From the transport.

    def connectionMade(self) -> None:
        self._sender = eager_sender(self.transport, self._queued)
        self._write = self._sender.write if self._sender is not None else self.transport.write
        if self.opens_itself:
            with suppress(AttributeError):  # only TCP has it
                self.transport.setTcpNoDelay(True)
            if self.openHandshakeTimeout > 0:
                timers = self.factory.timers
                handshake = timers.call_later(self.openHandshakeTimeout, self.onOpenHandshakeTimeout)
                self.openHandshakeTimeoutCall: Any = handshake
        else:
            super().connectionMade()
        self.factory.connection_made(self)

    def dataReceived(self, data: bytes) -> None:
        # Twisted would write an exception to the log as it is, with whatever a client put into it.
        try:
            if self._controller is not None and self._is_between_messages:
                data = self._take_short_texts(self._controller, data)
            if data and not self._has_ended:
                if self.opens_itself and self.state == self.STATE_CONNECTING:
                    self.data += data
                    self.processHandshake()
                else:
                    self._dataReceived(data)
        # SystemExit, too: a model that calls sys.exit() when it is created must not take the other games with it.
        except (Exception, SystemExit) as fault:
            self._fail(self.factory.report("a connection", fault))

    @property
    def _is_between_messages(self) -> bool:
        """Whether Autobahn waits for nothing but the next message. A ping that is out is its affair, too: any message
        answers it."""
        return (
            self.state == _OPEN
            and not self.data
            and self.current_frame is None
            and not self.inside_message
            and self.autoPingTimeoutCall is None
        )

    def _take_short_texts(self, controller: GameController, data: bytes) -> bytes:
        """Take in what is said in frames of the usual kind, which takes Autobahn many times as long. Returns what is
        left for Autobahn: all from the first other frame on, right or wrong."""
        at = 0
        longest = self.factory.limits.max_message_bytes or len(data)
        while not (self._deaf or self._is_closing or controller.closed):
            text = short_text(data, at)
            if text is None or len(text) > longest:
                break
            at += SHORT_HEAD_BYTES + len(text)
            controller.short_text_received(text)
        return data[at:] if at else data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.opens_itself:
            # Without what Autobahn does for a log that nobody writes.
            WebSocketServerProtocol._connectionLost(self, reason)  # type: ignore[arg-type]  # it passes on what it gets
        else:
            super().connectionLost(reason)
        self._leave()
        self._lingering = _stopped(self._lingering)
        self.factory.connection_lost(self)

    # Timers. There is one of each at a time.

    def _expired(self) -> None:
        self._expiry = None
        self._end(CloseCode.TOKEN_EXPIRED)

    def _stalled(self) -> None:
        self._stall = None
        self._end(CloseCode.SLOW_CONSUMER)

    def _linger(self) -> None:
        if self._lingering is None:
            self._lingering = self.factory.timers.call_later(CLOSE_HANDSHAKE_SECONDS, self._lingered)

    def _lingered(self) -> None:
        self._lingering = None
        self.abort()

    # From the transport, which is a consumer.

    def pauseProducing(self) -> None:
        if self._subscription is not None:
            self._subscription.pause()
            # A transport says so again with every write, such as a pong: it has stood still since the first.
            if self._stall is None:
                self._stall = self.factory.timers.call_later(SLOW_CONSUMER_SECONDS, self._stalled)

    def resumeProducing(self) -> None:
        self._stall = _stopped(self._stall)
        if self._subscription is not None:
            self._subscription.resume()

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` sees to the rest."""

    # The opening handshake.

    def processHandshake(self) -> None:
        if self._has_asked:
            return
        try:
            taken = take_head(self.data, self.factory.limits.max_header_bytes)
            if taken is None:
                return
            head, self.data = taken
            self._has_asked = True
            self._request = OpeningRequest.parse(head)
            # The handshake is complete: from here on it is not the peer who may be slow.
            self._stop_handshake_timeout()
            self.factory.enter(self._request, self, self._entered)
        except RequestRefused as refused:
            self._entered(refused)
        if self._request is not None and self.state == self.STATE_CONNECTING and not self._deaf:
            # The journal is asked. Until it answers, nothing more is read.
            self._is_held = True
            self.transport.pauseProducing()
            self._entering = self.factory.timers.call_later(ENTER_SECONDS, self._not_entered)

    def _not_entered(self) -> None:
        self._entering = None
        self._entered(RequestRefused(JOURNAL_DOWN))

    def _entered(self, outcome: Admitted | RequestRefused) -> None:
        request, self._request = self._request, None
        if self.state != self.STATE_CONNECTING or self._deaf:
            if isinstance(outcome, Admitted):
                self.factory.left(outcome, None)
            return
        self._entering = _stopped(self._entering)
        if self._is_held:
            self._is_held = False
            self.transport.resumeProducing()
        if isinstance(outcome, RequestRefused) or request is None:
            refused = outcome if isinstance(outcome, RequestRefused) else RequestRefused(BAD_UPGRADE)
            self._refuse(refused.refusal, refused.detail)
            return
        self._admitted = outcome
        # This may be called by the journal, who must not meet an exception of ours.
        try:
            if self.opens_itself:
                self._open(request.accept(outcome.admission.subprotocol))
            else:
                self.data = request.plain(outcome.admission.subprotocol) + self.data
                super().processHandshake()
        except (Exception, SystemExit) as fault:
            self._fail(self.factory.report("a connection", fault))

    def _open(self, response: bytes) -> None:
        """Do what Autobahn does when its handshake is complete."""
        self._write(response)
        self.state = self.STATE_OPEN
        if self.autoPingInterval:
            ping = self.factory.timers.call_later(self.autoPingInterval, self._sendAutoPing)
            self.autoPingPendingCall: Any = ping
        self.onOpen()
        if self.data:
            self.consumeData()

    def onConnect(self, request: object) -> str | None:
        return self._admitted.admission.subprotocol if self._admitted else None

    def failHandshake(self, reason: object, code: object = 400, responseHeaders: object = None) -> None:
        # Autobahn's reasons quote the request. It was well-formed before Autobahn saw it, so this is for safety.
        self._refuse(BAD_UPGRADE)

    def _refuse(self, refusal: HttpRefusal, detail: str = "") -> None:
        status, code = refusal.status, refusal.code
        log.info("refused {peer}: {status} {code} {detail}", peer=self.address, status=status, code=code, detail=detail)
        self.transport.write(refusal_response(refusal))
        self.state = self.STATE_CLOSED
        self._hang_up()

    def onOpen(self) -> None:
        admitted = self._admitted
        if admitted is None:
            raise RuntimeError("a connection opened that nobody let in")
        viewer = Viewer(admitted.role.sees, framework=admitted.admission.subprotocol == V1)
        self._subscription = admitted.game.publisher.subscribe(viewer, self, admitted.place, self._sender)
        self._controller = self.factory.converse(admitted, self._subscription)
        self.registerProducer(self, True)
        if admitted.admission.expires is not None:
            left = max(0.0, admitted.admission.expires - self.factory.now())
            self._expiry = self.factory.reactor.callLater(left, self._expired)
        log.debug("{player!r} entered game {game}", player=admitted.role.player, game=admitted.game.game)

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
        # Autobahn found the peer in breach of the protocol. What it said before that is answered first.
        self._end_when_answered(lambda: self._fail_now(code))

    def _fail_now(self, code: int) -> None:
        self._drain()
        log.info("closing {peer}: {code} {name}", peer=self.address, code=int(code), name=_NAMES[code])
        super()._fail_connection(code, _REASONS[code])
        self._hang_up()
        self._leave()

    def _end_when_answered(self, end: Callable[[], None]) -> None:
        """Take nothing more from the peer, and end when everything that it said has its reply."""
        self._is_closing = True
        if self._controller is None:
            end()
        else:
            self._controller.answer_all(end)

    def processData(self) -> bool:
        # Autobahn goes on with what came in the same piece as what ended the conversation.
        if self._has_ended:
            self.data = b""
            return False
        more: bool = super().processData()
        return more

    def onCloseFrame(self, code: Any, reasonRaw: Any) -> bool:
        self._end_when_answered(lambda: self._answer_close(code, reasonRaw))
        return True

    def _answer_close(self, code: Any, reason: Any) -> None:
        self._drain()
        super().onCloseFrame(code, reason)

    def dropConnection(self, abort: bool = False) -> None:
        # We have hung up: to drop the line now would lose what the peer has not read yet.
        if self._deaf:
            return
        # After a peer's own close, Autobahn would wait for as long as it takes that peer to read what was sent before.
        super().dropConnection(abort)
        self._leave()
        if not abort:
            self._deaf = True
            self._linger()

    # The publisher's sink.

    def write(self, data: bytes) -> None:
        """Send complete frames; nothing after a close frame."""
        if self.state == _OPEN:
            self._write(data)

    def _queued(self) -> None:
        if self._subscription is not None:
            self._subscription.stand_aside()

    def sendData(self, data: bytes, sync: bool = False, chopsize: object = None) -> None:
        # Whatever Autobahn sends goes the same way, so that nothing overtakes.
        self._write(data)

    def close(self, code: CloseCode, incident: str = "") -> None:
        """Close the connection. What is due should have been written.

        Args:
            code: why.
            incident: the id of what the log tells of, for the reason.
        """
        if self.state == self.STATE_OPEN:
            text = with_incident(code.reason, incident) if incident else code.reason
            reason = text.encode()[:_MAX_REASON_BYTES]
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

    def _drain(self) -> None:
        """Send what is due, before something ends the conversation: every command is answered."""
        if self._subscription is not None:
            self._subscription.drain()

    def _end(self, code: CloseCode) -> None:
        """Send what is due, then close."""
        if self._controller is not None:
            self._controller.close(code)

    def _fail(self, incident: str) -> None:
        state: int = self.state
        if state == self.STATE_CONNECTING:
            self._refuse(SERVER_ERROR.for_incident(incident))
        elif state == self.STATE_OPEN:
            self.close(CloseCode.INTERNAL_ERROR, incident)
        else:
            self.abort()

    def _hang_up(self) -> None:
        """Let the peer read what was sent, take nothing more from it, and cut the line soon.

        To close at once would lose what the peer has not read yet, where it still sends: the kernel answers that with
        a reset, which discards.
        """
        self._deaf = True
        self._stop_handshake_timeout()
        self._linger()
        self.unregisterProducer()
        if ISSLTransport.providedBy(self.transport):
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    @property
    def _has_ended(self) -> bool:
        """Whether nothing that still comes has an effect: replies may still be due."""
        return self._deaf or self._is_closing or (self._controller is not None and self._controller.closed)

    def _stop_handshake_timeout(self) -> None:
        if self.openHandshakeTimeoutCall is not None:
            self.openHandshakeTimeoutCall.cancel()
            self.openHandshakeTimeoutCall = None

    def _leave(self) -> None:
        """Take no more part in the game; once more is harmless."""
        self._entering = _stopped(self._entering)
        self._expiry = _stopped(self._expiry)
        self._stall = _stopped(self._stall)
        controller, self._controller = self._controller, None
        subscription, self._subscription = self._subscription, None
        admitted, self._admitted = self._admitted, None
        if controller is not None:
            controller.connection_lost()
        if admitted is not None:
            if subscription is not None:
                admitted.game.publisher.unsubscribe(subscription)
            self.factory.left(admitted, controller)

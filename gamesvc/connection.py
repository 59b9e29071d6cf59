"""GameConnection: one connection, the protocol that Autobahn drives. Bytes in, bytes out.

How it comes to be open, and how a line ends, is `entering`'s affair.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

from autobahn.twisted.websocket import WebSocketServerProtocol
from autobahn.websocket.utf8validator import Utf8Validator
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from gamesvc.controller import GameController
from gamesvc.deflate import NotInflated, inflated
from gamesvc.entering import EnteringConnection, Timer, stopped
from gamesvc.errors import CloseCode, with_incident
from gamesvc.eventlog import Viewer
from gamesvc.frames import SHORT_HEAD_BYTES, short_text
from gamesvc.limits import MAX_FRAGMENTS, SLOW_CONSUMER_SECONDS
from gamesvc.logs import logger
from gamesvc.messages import V1
from gamesvc.subscription import Subscription

log = logger(__name__)

_CONTINUATION, _TEXT, _BINARY = 0, 1, 2
_OPEN = WebSocketServerProtocol.STATE_OPEN
_MAX_REASON_BYTES = 123  # RFC 6455, section 5.5: a control frame has 125 bytes, two of them are the code
_REASONS: dict[int, str] = {int(code): code.reason for code in CloseCode}
_NAMES: dict[int, str] = {int(code): code.name.lower() for code in CloseCode}


@implementer(IPushProducer)
class GameConnection(EnteringConnection):
    """One connection: bytes in, bytes out. What they mean is its controller's affair."""

    _expiry: Timer | None = None
    _stall: Timer | None = None
    _controller: GameController | None = None
    _subscription: Subscription | None = None
    _is_closing = False
    _fragments = 0
    _isMessageCompressed: bool  # Autobahn's, of the message that comes in

    @cached_property
    def utf8validator(self) -> Any:  # type: ignore[override]  # a plain attribute of Autobahn's
        """Autobahn's: for text that is long or comes in several frames, which is seldom."""
        return Utf8Validator()

    # From the transport.

    def dataReceived(self, data: bytes) -> None:
        # Twisted would write an exception to the log as it is, with whatever a client put into it.
        try:
            # Frames of the usual kind are taken here, where Autobahn waits for nothing but the next message. A ping
            # that is out is its affair: any message answers it.
            if (
                self._controller is not None
                and self.state == _OPEN
                and not self.data
                and self.current_frame is None
                and not self.inside_message
                and self.autoPingTimeoutCall is None
            ):
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

    def _take_short_texts(self, controller: GameController, data: bytes) -> bytes:
        """Take in what is said in frames of the usual kind, which takes Autobahn many times as long. Returns what is
        left for Autobahn: all from the first other frame on, right or wrong."""
        at = 0
        limit = self.factory.limits.max_message_bytes
        longest = limit or len(data)
        while not (self._deaf or self._is_closing or controller.closed):
            said = short_text(data, at)
            is_deflated = said is None and self.deflates
            if is_deflated:
                said = short_text(data, at, deflated=True)
            if said is None or len(said) > longest:
                break
            try:
                text = inflated(said, limit) if is_deflated else said
            except NotInflated:
                break
            at += SHORT_HEAD_BYTES + len(said)
            if is_deflated:
                controller.inflated(len(text))
            controller.short_text_received(text)
            if at == len(data):
                return b""
        return data[at:] if at else data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        web = self._take_back()
        if web is not None:
            web.connectionLost(reason)
        if self.opens_itself:
            # Without what Autobahn does for a log that nobody writes.
            WebSocketServerProtocol._connectionLost(self, reason)  # type: ignore[arg-type]  # it passes on what it gets
        else:
            super().connectionLost(reason)
        self._leave()
        self._lingering = stopped(self._lingering)
        # Else it would be the sender's and the sender its own, until somebody looks for such circles.
        self._sender = None
        self._write = self.transport.write
        self.factory.connection_lost(self)

    # Timers. There is one of each at a time.

    def _expired(self) -> None:
        self._expiry = None
        self._end(CloseCode.TOKEN_EXPIRED)

    def _stalled(self) -> None:
        self._stall = None
        self._end(CloseCode.SLOW_CONSUMER)

    # From the transport, which is a consumer.

    def pauseProducing(self) -> None:
        if self._subscription is not None:
            self._subscription.pause()
            # A transport says so again with every write, such as a pong: it has stood still since the first.
            if self._stall is None:
                self._stall = self.factory.timers.call_later(SLOW_CONSUMER_SECONDS, self._stalled)

    def resumeProducing(self) -> None:
        self._stall = stopped(self._stall)
        if self._subscription is not None:
            self._subscription.resume()

    def stopProducing(self) -> None:
        """The transport is gone; `connectionLost` sees to the rest."""

    # The opening handshake.

    def onOpen(self) -> None:
        # Autobahn keeps to itself what goes wrong here.
        try:
            self._take_part()
        except (Exception, SystemExit) as fault:
            self._fail(self.factory.report("a connection", fault))

    def _take_part(self) -> None:
        admitted = self._admitted
        if admitted is None:
            raise RuntimeError("a connection opened that nobody let in")
        game, admission = admitted.game, admitted.admission
        viewer = Viewer(admitted.role.sees, framework=admission.subprotocol == V1, deflates=self.deflates)
        if admission.state and viewer.framework:
            audience = game.audience(admitted.role)
            self._subscription = game.publisher.mirror(viewer, self, admitted.place, audience)
        else:
            self._subscription = game.publisher.subscribe(viewer, self, admitted.place, self._sender)
        self._controller = self.factory.converse(admitted, self._subscription)
        self.registerProducer(self, True)
        if admission.expires is not None:
            left = max(0.0, admission.expires - self.factory.now())
            self._expiry = self.factory.reactor.callLater(left, self._expired)
        log.debug("{player!r} entered game {game}", player=admitted.role.player, game=admitted.game.game)

    # Frames.

    def onFrameBegin(self) -> None:
        if self._controller is not None:
            self._controller.frame_begun()
            self._count_fragments(self.current_frame.opcode)
        super().onFrameBegin()
        if self.deflates and self.current_frame.opcode == _TEXT and self._isMessageCompressed:
            # What comes now is no text yet.
            self.utf8validateIncomingCurrentMessage = False

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
            elif self.deflates and self._isMessageCompressed:
                self._deflated_received(self._controller, payload)
            else:
                self._controller.text_received(payload)

    def _deflated_received(self, controller: GameController, payload: bytes) -> None:
        try:
            text = inflated(payload, self.factory.limits.max_message_bytes)
        except NotInflated as wrong:
            self._fail_connection(wrong.code)
        else:
            controller.inflated(len(text))
            controller.text_received(text)

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
        self._leave()  # after a close frame nothing is sent any more

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

    def abort(self) -> None:
        super().abort()
        self._leave()

    def _drain(self) -> None:
        """Send what is due, before something ends the conversation: every command is answered."""
        if self._subscription is not None:
            self._subscription.drain()

    def _end(self, code: CloseCode) -> None:
        """Send what is due, then close."""
        if self._controller is not None:
            self._controller.close(code)

    def _fail(self, incident: str) -> None:
        if self.state == _OPEN:
            self.close(CloseCode.INTERNAL_ERROR, incident)
        else:
            super()._fail(incident)

    @property
    def _has_ended(self) -> bool:
        """Whether nothing that still comes has an effect: replies may still be due."""
        return self._deaf or self._is_closing or (self._controller is not None and self._controller.closed)

    def _leave(self) -> None:
        """Take no more part in the game; once more is harmless."""
        self._entering = stopped(self._entering)
        self._expiry = stopped(self._expiry)
        self._stall = stopped(self._stall)
        controller, self._controller = self._controller, None
        subscription, self._subscription = self._subscription, None
        admitted, self._admitted = self._admitted, None
        if controller is not None:
            controller.connection_lost()
        if admitted is not None:
            if subscription is not None:
                admitted.game.publisher.unsubscribe(subscription)
            self.factory.left(admitted, controller)

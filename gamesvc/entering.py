"""Entering: a connection until it is open. It asks to be let in, and is, or is refused; and how a line ends.

What Autobahn 26.10.2 gets wrong for us is set right here and in `listener`, narrowly; ``tests/test_connection.py``
tells when upstream has:

- ``connectionMade`` reads ``tcpNoDelay`` before the options are copied to the protocol, and a bare ``except`` hides
  that: TCP_NODELAY is never set. And every connect runs ``pformat`` over all options, even with debug off. Both end
  where the options are attributes of the protocol's class, and ``CONFIG_ATTRS``, which says what to copy, is empty.
- Its timers are rounded down to whole seconds (txaio's batched timer): a timeout of 0.5 s may fire at once.
- Its logger writes requests, tokens included, as they came: it gets one that writes nothing.
- It reads a request's head laxly: it gets a plain one, which `handshake` made; or none, see `opening`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple, Protocol

from autobahn.twisted.websocket import WebSocketServerProtocol
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import IReactorTime, ISSLTransport
from twisted.python.failure import Failure

from gamesvc.admission import Admission
from gamesvc.controller import GameController
from gamesvc.countdown import Countdowns
from gamesvc.deflate import AsItCame
from gamesvc.eager import EagerSender, eager_sender
from gamesvc.errors import BAD_UPGRADE, JOURNAL_DOWN, SERVER_ERROR, HttpRefusal, RequestRefused
from gamesvc.eventlog import Place
from gamesvc.handshake import NoUpgrade, OpeningRequest, PlainRequest, refusal_response, take_head
from gamesvc.limits import CLOSE_HANDSHAKE_SECONDS, ENTER_SECONDS, Limits
from gamesvc.logs import Silence, logger
from gamesvc.pending import Role
from gamesvc.server import GameServer
from gamesvc.subscription import Subscription

log = logger(__name__)

_AS_IT_CAME = AsItCame()


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


def stopped(call: Timer | None) -> Timer | None:
    """Stop a timer, where it runs. Returns None, for the place where it was kept."""
    if call is not None:
        call.cancel()
    return None


class WebChannel(Protocol):
    """Serves the requests of a connection that ask for no WebSocket. It has the connection's transport to itself."""

    def begin(self, request: PlainRequest, data: bytes) -> None:
        """Serve the first request.

        Args:
            request: its head.
            data: what came after that.
        """

    def dataReceived(self, data: bytes) -> None:
        """More bytes came."""

    def connectionLost(self, reason: Failure) -> None:
        """The connection is gone."""


class Web(Protocol):
    """What is served beside games, to requests that ask for no WebSocket."""

    def channel(self, line: EnteringConnection, refused: RequestRefused | None) -> WebChannel:
        """Serve a connection.

        Args:
            line: it.
            refused: why nobody is let in; then it may still be told how the server does, in one answer.
        """


class Listener(Protocol):
    """What a connection asks of its listener.

    Attributes:
        limits: how much a client may ask for.
        reactor: for timers.
        timers: for those that many connections have.
        web: serves what asks for no WebSocket; None: nobody does.
    """

    limits: Limits
    reactor: IReactorTime
    timers: Countdowns
    web: Web | None

    def now(self) -> float:
        """The time, in seconds since the epoch."""

    def connection_made(self, connection: EnteringConnection) -> None:
        """A connection came. It may be cut off at once."""

    def connection_lost(self, connection: EnteringConnection) -> None:
        """A connection is gone."""

    def shut_out(self, connection: EnteringConnection) -> RequestRefused | None:
        """Why nobody is let in on a connection, whatever they ask for; None where they may be."""

    def enter(
        self,
        request: OpeningRequest,
        connection: EnteringConnection,
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


class EnteringConnection(WebSocketServerProtocol):
    """A connection, as far as it is not about what is said on it."""

    factory: Listener
    transport: Any  # what it can do beyond ITransport differs between TCP, UNIX and TLS
    log = Silence()
    autoPingInterval: float
    openHandshakeTimeout: float
    opens_itself = False
    """Whether it answers opening requests without Autobahn; see `opening`."""
    deflates = False
    """Whether its messages may be compressed, in both directions; known once it is open."""

    # What a connection begins with is its class's, so that thousands of them share it.
    _lingering: Timer | None = None
    _entering: Timer | None = None
    _admitted: Admitted | None = None
    _request: OpeningRequest | None = None
    _extensions = b""
    _web: WebChannel | None = None
    _sender: EagerSender | None = None
    _write: Callable[[bytes], object]
    _has_asked = False
    _is_held = False
    _deaf = False

    def __init__(self) -> None:
        if not self.opens_itself:
            super().__init__()

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

    def _queued(self) -> None:
        """Something is about to be put into the transport's buffer."""

    def sendData(self, data: bytes, sync: bool = False, chopsize: object = None) -> None:
        # Whatever Autobahn sends goes the same way as what we send, so that nothing overtakes.
        self._write(data)

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
        except NoUpgrade as plain:
            if self.factory.web is None:
                self._entered(plain)
            else:
                self._stop_handshake_timeout()
                self._serve(self.factory.web, plain.request)
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
        self._entering = stopped(self._entering)
        if self._is_held:
            self._is_held = False
            self.transport.resumeProducing()
        if isinstance(outcome, RequestRefused) or request is None:
            refused = outcome if isinstance(outcome, RequestRefused) else RequestRefused(BAD_UPGRADE)
            self._refuse(refused.refusal, refused.detail)
            return
        self._admitted = outcome
        if request.deflates:
            self.deflates = True
            self._perMessageCompress: Any = _AS_IT_CAME
        # This may be called by the journal, who must not meet an exception of ours.
        try:
            if self.opens_itself:
                self._open(request.accept(outcome.admission.subprotocol))
            else:
                self._extensions = request.extensions
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

    def onConnect(self, request: object) -> tuple[str | None, dict[str, str]]:
        headers = {"Sec-WebSocket-Extensions": self._extensions.decode("ascii")} if self._extensions else {}
        return self._admitted.admission.subprotocol if self._admitted else None, headers

    def failHandshake(self, reason: object, code: object = 400, responseHeaders: object = None) -> None:
        # Autobahn's reasons quote the request. It was well-formed before Autobahn saw it, so this is for safety.
        self._refuse(BAD_UPGRADE)

    def _refuse(self, refusal: HttpRefusal, detail: str = "") -> None:
        status, code = refusal.status, refusal.code
        log.info("refused {peer}: {status} {code} {detail}", peer=self.address, status=status, code=code, detail=detail)
        self.transport.write(refusal_response(refusal))
        self.state = self.STATE_CLOSED
        self._hang_up()

    # What asks for no WebSocket.

    def _serve(self, web: Web, request: PlainRequest) -> None:
        """Leave the line to somebody else."""
        channel = web.channel(self, self.factory.shut_out(self))
        # Transports look it up at each call: so connections that play have nothing to look at before they read.
        self.dataReceived = channel.dataReceived  # type: ignore[method-assign]  # see above
        self.state = self.STATE_CLOSED
        self._web = channel
        data, self.data = self.data, b""
        channel.begin(request, data)

    def become_a_game(self, data: bytes) -> None:
        """Take the line back, from who serves it: it is to be a WebSocket.

        Args:
            data: the opening request, and what came after it.
        """
        self._take_back()
        self.state = self.STATE_CONNECTING
        self._has_asked = False
        self.dataReceived(data)

    def _take_back(self) -> WebChannel | None:
        web, self._web = self._web, None
        if web is not None:
            del self.dataReceived
        return web

    def hang_up(self, seconds: float) -> None:
        """Let the peer read what was sent, take nothing more from it, and cut the line.

        Args:
            seconds: how long the peer may take.
        """
        self._hang_up(seconds)

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

    def _linger(self, seconds: float = CLOSE_HANDSHAKE_SECONDS) -> None:
        if self._lingering is None:
            self._lingering = self.factory.timers.call_later(seconds, self._lingered)

    def _lingered(self) -> None:
        self._lingering = None
        self.abort()

    def _fail(self, incident: str) -> None:
        """End it because of a fault of ours."""
        if self.state == self.STATE_CONNECTING:
            self._refuse(SERVER_ERROR.for_incident(incident))
        else:
            self.abort()

    def _hang_up(self, seconds: float = CLOSE_HANDSHAKE_SECONDS) -> None:
        """Let the peer read what was sent, take nothing more from it, and cut the line soon.

        To close at once would lose what the peer has not read yet, where it still sends: the kernel answers that with
        a reset, which discards.
        """
        self._deaf = True
        self._stop_handshake_timeout()
        self._linger(seconds)
        self.unregisterProducer()
        if ISSLTransport.providedBy(self.transport):
            self.transport.loseConnection()
        else:
            self.transport.loseWriteConnection()

    def _stop_handshake_timeout(self) -> None:
        if self.openHandshakeTimeoutCall is not None:
            self.openHandshakeTimeoutCall.cancel()
            self.openHandshakeTimeoutCall = None

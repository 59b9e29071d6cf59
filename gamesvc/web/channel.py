"""One connection's requests: read strictly, one after another, and answered in order.

twisted.web's own channel reads as much as comes, keeps large bodies in files, and says what is wrong in a page or not
at all. So requests are read as `reading` does, and each is handed to twisted.web when all of it is there. A request
that is being answered holds back those behind it, and a peer that does not read holds back everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from twisted.internet.interfaces import IAddress, ISSLTransport
from twisted.python.failure import Failure
from twisted.web.http_headers import Headers

from gamesvc.countdown import Countdown, Countdowns
from gamesvc.errors import DRAINING, REQUEST_TIMEOUT, HttpRefusal, RequestRefused
from gamesvc.handshake import PlainRequest, refusal_response
from gamesvc.limits import SLOW_CONSUMER_SECONDS, Limits, TokenBucket
from gamesvc.logs import logger
from gamesvc.web.outgoing import Outgoing
from gamesvc.web.reading import Part, RequestReader, Upgrade, Whole
from gamesvc.web.request import WebRequest

log = logger(__name__)

IDLE_SECONDS = 15.0
"""How long a connection is kept on which nothing is asked."""

BODY_SECONDS = 10.0
"""How long a request's body may take."""

MAX_REQUESTS = 1000
"""Requests of one connection. It is closed after that."""

MAX_AT_ONCE = 8
"""Requests of one connection that are answered before others have their turn."""

MAX_AHEAD_BYTES = 16384
"""Bytes that are read of what comes behind a request that is being answered."""


class Line(Protocol):
    """The connection.

    Attributes:
        transport: what the connection is made of.
    """

    transport: Any

    @property
    def address(self) -> str:
        """The peer's address and port, for the log."""

    def become_a_game(self, data: bytes) -> None:
        """Take the line back: it is to be a WebSocket."""

    def hang_up(self, seconds: float) -> None:
        """Let the peer read what was sent, take nothing more from it, and cut the line."""

    def abort(self) -> None:
        """Cut the line, without a word."""


class Served(Protocol):
    """What a channel asks of its site.

    Attributes:
        limits: how much clients may ask for.
        timers: for those that many connections have.
    """

    limits: Limits
    timers: Countdowns

    def seconds(self) -> float:
        """A monotonic clock."""

    def later(self, seconds: float, call: Any) -> Any:
        """Call a function after some seconds."""

    def report(self, what: str, fault: BaseException) -> str:
        """Write a fault to the log, and return the incident's id."""

    def refused(self, peer: str, refusal: HttpRefusal) -> None:
        """Write to the log that something was refused.

        Args:
            peer: to whom: the address and port.
            refusal: the answer.
        """

    def gone(self, channel: WebChannel) -> None:
        """A channel has nothing more to do."""


class WebChannel:
    """Reads requests, has them answered, and writes what comes of it.

    To twisted.web's requests this is their channel, as its own is.

    Args:
        site: whose it is.
        line: the connection.
        refused: why nobody is let in; None where they are.

    Attributes:
        site: it.
        transport: the connection's.
        refused: as above.
    """

    def __init__(self, site: Served, line: Line, refused: RequestRefused | None) -> None:
        self.site = site
        self.transport = line.transport
        self.refused = refused
        self._line: Line | None = line
        self._reader = RequestReader(site.limits.max_header_bytes)
        self._request: WebRequest | None = None
        self._delayed: Any = None
        self._served = 0
        self._at_once = 0
        self._persists = True
        self._is_reading = False
        self._is_held = False
        self._outgoing = Outgoing(self.transport, site.timers, self._go_on, self._stalled)
        self._waiting: Countdown | None = None
        self._waits_for: Part | None = None
        self._bucket = TokenBucket(site.limits.frames_per_second, site.limits.frames_per_second, site.seconds())

    # From the connection.

    def begin(self, request: PlainRequest, data: bytes) -> None:
        """Serve the first request."""
        self._reader.begin(request, data)
        self._guarded(self._read)

    def dataReceived(self, data: bytes) -> None:
        """More bytes came."""
        if self._line is None:
            return
        self._reader.take(data)
        if not self._is_busy:
            self._at_once = 0
            self._guarded(self._read)
        elif self._reader.ahead > MAX_AHEAD_BYTES and not self._is_held:
            # Up to here it is read, so that it is seen when the peer goes.
            self._is_held = True
            self.transport.pauseProducing()

    def connectionLost(self, reason: Failure) -> None:
        """The connection is gone."""
        self._end()
        request, self._request = self._request, None
        if request is not None:
            request.connectionLost(reason)

    def drain(self) -> None:
        """The server stops: what is being answered is, and nothing else."""
        if self._line is None or self._is_busy:
            self._persists = False
        elif self._waits_for == "request":
            self._hang_up()
        else:
            self._refuse(DRAINING)

    # Requests.

    @property
    def _is_busy(self) -> bool:
        """Whether a request is being answered, or an answer is being sent."""
        return self._request is not None or self._delayed is not None or not self._outgoing.is_clear

    def _guarded(self, work: Callable[[], object]) -> None:
        """Do something, unless it is being done. Nothing goes wrong in it that others would have to know of."""
        if self._is_reading:
            return
        self._is_reading = True
        try:
            work()
        except RequestRefused as refused:
            self._refuse(refused.refusal)
        except (Exception, SystemExit) as fault:
            self.site.report("a request", fault)
            self._abort()
        finally:
            self._is_reading = False

    def _read(self) -> None:
        """Answer what is there, as far as one answer does not hold back the next."""
        while self._line is not None and not self._is_busy:
            request = self._reader.next()
            if request is None:
                if self._reader.take_word():
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self._await(self._reader.awaits)
                return
            self._stop_waiting()
            if isinstance(request, Upgrade):
                self._become_a_game(request.data)
            else:
                self._take(request)

    def _take(self, request: Whole) -> None:
        self._served += 1
        self._persists = (
            bool(request.head.minor)
            and not request.head.lists(b"connection", b"close")
            and self._served < MAX_REQUESTS
            and self.refused is None
        )
        self._answer(request)

    def _answer(self, whole: Whole) -> None:
        self._delayed = None
        wait = 0.0
        self._at_once += 1
        if self._at_once <= MAX_AT_ONCE:
            wait = self._bucket.take(self.site.seconds())
        if wait > 0.0 or self._at_once > MAX_AT_ONCE:
            self._at_once = 0
            self._delayed = self.site.later(wait, lambda: self._guarded(lambda: self._answer_late(whole)))
            return
        head, content = whole
        request = self._request = WebRequest(self)
        for name, value in head.headers.items():
            request.requestHeaders.addRawHeader(name, value)
        request.gotLength(len(content))
        request.handleContentChunk(content)
        request.requestReceived(head.method, head.target, b"HTTP/1.1" if head.minor else b"HTTP/1.0")

    def _answer_late(self, whole: Whole) -> None:
        self._answer(whole)
        self._read()

    def _become_a_game(self, data: bytes) -> None:
        line = self._line
        assert line is not None
        self._end()
        self.transport.unregisterProducer()
        line.become_a_game(data)

    # From twisted.web's requests.

    @property
    def address(self) -> str:
        """The peer's address and port, for the log."""
        return self._line.address if self._line is not None else "who is gone"

    def getPeer(self) -> IAddress:
        """The peer's address."""
        peer: IAddress = self.transport.getPeer()
        return peer

    def getHost(self) -> IAddress:
        """Our own address."""
        host: IAddress = self.transport.getHost()
        return host

    def isSecure(self) -> bool:
        """Whether the line is encrypted."""
        return bool(ISSLTransport.providedBy(self.transport))

    def writeHeaders(self, version: bytes, code: bytes, reason: bytes, headers: Headers) -> None:
        """Begin a response."""
        if not self._persists:
            headers.setRawHeaders(b"Connection", [b"close"])
        lines = [b"%b %b %b" % (version, code, reason)]
        for name, values in headers.getAllRawHeaders():
            lines += [b"%b: %b" % (name, value) for value in values]
        self.write(b"\r\n".join((*lines, b"", b"")))

    def write(self, data: bytes) -> None:
        """Send a part of a response, as soon as the peer takes it."""
        if self._line is not None:
            self._outgoing.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send parts of a response."""
        self.write(b"".join(data))

    def requestDone(self, request: object) -> None:
        """A response is complete."""
        self._request = None
        self._go_on()

    def loseConnection(self) -> None:
        """A response can't be completed."""
        self._abort()

    def _go_on(self) -> None:
        """Go on with the next request, where the last response is out."""
        if self._line is None or self._is_busy:
            return
        if not self._persists:
            self._hang_up()
            return
        if self._is_held:
            self._is_held = False
            self.transport.resumeProducing()
        self._guarded(self._read)

    # Timers.

    def _await(self, what: Part) -> None:
        if self._waits_for != what:
            self._stop_waiting()
            self._waits_for = what
            seconds = {"request": IDLE_SECONDS, "head": self.site.limits.handshake_timeout, "body": BODY_SECONDS}[what]
            if seconds > 0.0:
                self._waiting = self.site.timers.call_later(seconds, self._waited)

    def _stop_waiting(self) -> None:
        self._waits_for = None
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _waited(self) -> None:
        self._waiting = None
        if self._waits_for == "request":
            self._hang_up()
        else:
            self._refuse(REQUEST_TIMEOUT)

    def _stalled(self) -> None:
        log.info("cut off {peer}: it did not read", peer=self.address)
        self._abort()

    # The end.

    def _refuse(self, refusal: HttpRefusal) -> None:
        """Answer what is no request that could be served, and end."""
        if self._line is None:
            return
        self.site.refused(self.address, refusal)
        self.transport.write(refusal_response(refusal))
        self._hang_up()

    def _hang_up(self) -> None:
        line = self._line
        self._end()
        if line is not None:
            line.hang_up(SLOW_CONSUMER_SECONDS)

    def _abort(self) -> None:
        line = self._line
        self._end()
        if line is not None:
            line.abort()

    def _end(self) -> None:
        """Read and write nothing more; once more is harmless."""
        self._line = None
        if self._is_held:
            self._is_held = False
            # What is left unread when the line ends is answered by the kernel with a reset, and that discards.
            self.transport.resumeProducing()
        self._stop_waiting()
        self._outgoing.stop()
        if self._delayed is not None:
            self._delayed.cancel()
            self._delayed = None
        self._reader = RequestReader(0)  # what came is let go
        self.site.gone(self)

"""What is where: the addresses that are served beside the games, and the end of it all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.web.iweb import IRequest
from twisted.web.resource import IResource, Resource, getChildForRequest
from twisted.web.server import Site

from gamesvc.countdown import Countdowns
from gamesvc.errors import DRAINING, HOST_NOT_ALLOWED, NOT_FOUND, HttpRefusal, RequestRefused
from gamesvc.journal import Journal
from gamesvc.limits import DRAIN_SECONDS, Limits
from gamesvc.logs import logger
from gamesvc.repeated import Repeated
from gamesvc.web.channel import Line, WebChannel
from gamesvc.web.health import Alive, JournalCheck, Ready
from gamesvc.web.static import StaticFile, StaticFiles, files_in

_MAX_DETAIL = 100

log = logger(__name__)

Report = Callable[[str, BaseException], str]


class Missing(Resource):
    """What is not there: whatever is asked of it, and of all below it."""

    isLeaf = True

    def render(self, request: IRequest) -> bytes:
        """Say so."""
        raise RequestRefused(NOT_FOUND)


class Root(Resource):
    """The beginning of all addresses."""

    def getChild(self, path: bytes, request: IRequest) -> Resource:
        return Missing()


class WebSite(Site):
    """Serves what asks for no WebSocket.

    Args:
        reactor: for timers.
        root: what is served to who is let in.
        health: what is served to everybody, by its path.
        limits: how much clients may ask for.
        report: writes a fault to the log, and returns the incident's id.

    Attributes:
        limits: as above.
        report: as above.
        timers: for those that many connections have.
        is_draining: whether the server is stopping.
    """

    def __init__(
        self, reactor: IReactorTime, root: Resource, health: Mapping[bytes, Resource], limits: Limits, report: Report
    ) -> None:
        super().__init__(root, reactor=reactor)
        self.limits = limits
        self.report = report
        self.timers = Countdowns(reactor)
        self.is_draining = False
        # Each costs its sender next to nothing, so a line for each would fill the disk.
        self._said = Repeated(self.seconds, lambda text: log.info("{text}", text=text))
        self._health = dict(health)
        self._channels: dict[WebChannel, None] = {}
        self._at_drain: list[Callable[[], object]] = []
        self._drained: Deferred[None] | None = None

    def channel(self, line: Line, refused: RequestRefused | None) -> WebChannel:
        """Serve a connection.

        Args:
            line: it.
            refused: why nobody is let in; then it may still be told how the server does, in one answer.
        """
        if self.is_draining and refused is None:
            refused = RequestRefused(DRAINING)
        channel = WebChannel(self, line, refused)
        self._channels[channel] = None
        return channel

    def getResourceFor(self, request: Any) -> IResource:
        """What is asked for.

        Raises:
            RequestRefused: who asks is not let in.
        """
        health = self._health.get(request.path)
        if health is not None:
            return health
        refused: RequestRefused | None = request.refused
        if refused is not None:
            raise refused
        found: IResource = super().getResourceFor(request)
        return found

    def seconds(self) -> float:
        """A monotonic clock."""
        return self.reactor.seconds()

    def refused(self, peer: str, refusal: HttpRefusal) -> None:
        """Write to the log that something was refused; of what is refused again and again to one address, how often.

        Args:
            peer: to whom: the address and port.
            refusal: the answer.
        """
        host = peer.rpartition(":")[0]
        self._said.say(f"{host} {refusal.code}", f"refused {peer}: {refusal.status} {refusal.code}")

    def later(self, seconds: float, call: Callable[[], object]) -> IDelayedCall:
        """Call a function after some seconds."""
        return self.reactor.callLater(seconds, call)

    # The end.

    def at_drain(self, call: Callable[[], object]) -> None:
        """Have a function called when the server begins to stop: by then who keeps requests waiting answers them."""
        self._at_drain.append(call)

    def drain(self) -> Deferred[None]:
        """Let nobody in any more, and finish what is being answered.

        Returns:
            Fires when that is done; what takes longer than `DRAIN_SECONDS` is cut off.
        """
        self.is_draining = True
        for channel in tuple(self._channels):
            channel.drain()
        for call in self._at_drain:
            call()
        done: Deferred[None] = Deferred()
        if not self._channels:
            done.callback(None)
            return done
        late = self.reactor.callLater(DRAIN_SECONDS, self._cut_off)
        done.addCallback(lambda _: late.cancel() if late.active() else None)
        self._drained = done
        return done

    def gone(self, channel: WebChannel) -> None:
        """A channel has nothing more to do; once more is harmless."""
        self._channels.pop(channel, None)
        if self._drained is not None and not self._channels:
            drained, self._drained = self._drained, None
            drained.callback(None)

    def _cut_off(self) -> None:
        for channel in tuple(self._channels):
            channel.loseConnection()


class Guarded(Resource):
    """What is for pages of this server's own address only, and for programs.

    A page of another name that its owner points at this machine (DNS rebinding) passes for one of this server's own to
    a browser, and by the name alone it is told.

    Args:
        behind: what is guarded.
        may_ask: whether the ``Host`` that is asked by is one of ours.
    """

    isLeaf = True

    def __init__(self, behind: IResource, may_ask: Callable[[str], bool]) -> None:
        super().__init__()
        self._behind = behind
        self._may_ask = may_ask

    def render(self, request: Any) -> Any:
        """Pass it on."""
        host = (request.getHeader(b"Host") or b"").decode("latin-1")
        if not self._may_ask(host):
            raise RequestRefused(HOST_NOT_ALLOWED, ascii(host[:_MAX_DETAIL]))
        return getChildForRequest(self._behind, request).render(request)


def make_site(
    reactor: IReactorTime,
    *,
    journal: Journal,
    limits: Limits,
    report: Report,
    may_ask: Callable[[str], bool],
    api: IResource | None = None,
    playground: bool = True,
) -> WebSite:
    """All that is served beside the games.

    Args:
        reactor: for timers.
        journal: where games are kept, of which is told whether it answers.
        limits: how much clients may ask for.
        report: writes a fault to the log, and returns the incident's id.
        may_ask: whether a ``Host`` is one by which this server may be asked for what changes something.
        api: the lobby's; None: there is none.
        playground: whether there is a page to play on.
    """
    here = files("gamesvc.web")
    root = Root()
    if playground:
        pages = files_in(here / "playground")
        root.putChild(b"playground", StaticFiles(pages))
        if "index.html" in pages:
            root.putChild(b"", StaticFile(pages["index.html"]))
    root.putChild(b"client", StaticFiles(files_in(here / "client")))
    if api is not None:
        root.putChild(b"api", Guarded(api, may_ask))
    health = {b"/healthz": Alive(), b"/readyz": Ready(JournalCheck(journal, reactor))}
    return WebSite(reactor, root, health, limits, report)

"""GameListener: admits connections, finds or creates the game that each asks for, and stops them all."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IProtocolNegotiationFactory, IReactorTime
from zope.interface import implementer

from gamesvc.admission import Admission, FrontDoor
from gamesvc.attendance import Member
from gamesvc.beginnings import Plan
from gamesvc.bot_offer import NO_BOTS, BotOffer
from gamesvc.catalog import Catalog
from gamesvc.connection import GameConnection
from gamesvc.controller import GameController
from gamesvc.countdown import Countdowns
from gamesvc.entering import Admitted, EnteringConnection, Web
from gamesvc.errors import (
    DRAINING,
    JOURNAL_DOWN,
    SERVER_FULL,
    TOO_MANY_CONNECTIONS,
    CloseCode,
    JournalError,
    RequestRefused,
)
from gamesvc.eventlog import Place
from gamesvc.handshake import OpeningRequest
from gamesvc.journal import Journal
from gamesvc.lifecycle import Lifecycle
from gamesvc.limits import CLOSE_HANDSHAKE_SECONDS, DRAIN_SECONDS, Census, Limits
from gamesvc.logs import Silence, logger, printable
from gamesvc.messages import V1
from gamesvc.opening import opened_attributes
from gamesvc.pending import Role
from gamesvc.repeated import Repeated
from gamesvc.server import GameServer
from gamesvc.standing import Standing
from gamesvc.subscription import Subscription
from gamesvc.surroundings import Aside, Surroundings, at_once
from gamesvc.turn import Turn

log = logger(__name__)

_MAX_TRACE = 8192
_DRAIN_STEP_SECONDS = 0.01
_ROOM_TO_REFUSE = 256
"""Connections beyond the maximum that are told so with a 503."""


@implementer(IProtocolNegotiationFactory)
class GameListener(WebSocketServerFactory):
    """Admits connections, finds or creates the game that each asks for, and stops them all.

    Args:
        reactor: for timers; its clock is monotonic.
        journal: keeps the games.
        games: where those are put that are awake; None: a dict of its own.
        catalog: what is played here.
        front_door: judges who may ask to enter.
        limits: how much clients may ask for.
        now: the time, in seconds since the epoch.
        random_bytes: as many unpredictable bytes as asked for.
        turn: the reactor's; None: one of its own.
        aside: calls a function in a thread, then another one here: for models that block.
        bots: those that are offered.
        plan: says what a game is to be, by its id; None where nobody has planned anything.
        stood: is told how games stand, as `Surroundings` says.

    Attributes:
        games: those that are awake, by id.
        web: serves what asks for no WebSocket; None: nobody does, and it is refused.
    """

    web: Web | None = None
    log = Silence()
    noisy = False

    def __init__(
        self,
        reactor: IReactorTime,
        *,
        journal: Journal,
        games: dict[str, GameServer] | None = None,
        catalog: Catalog,
        front_door: FrontDoor,
        limits: Limits,
        now: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        turn: Turn | None = None,
        aside: Aside = at_once,
        bots: BotOffer = NO_BOTS,
        plan: Callable[[str], Plan | None] = lambda game: None,
        stood: Callable[[str, Standing], None] = lambda game, standing: None,
    ) -> None:
        super().__init__(server="", reactor=reactor)
        self.limits = limits
        self.now = now
        self.games = {} if games is None else games
        self._catalog = catalog
        self._front_door = front_door
        self._random_bytes = random_bytes
        around = Surroundings(
            journal,
            wall=journal.now,
            monotonic=reactor.seconds,
            soon=(turn or Turn(reactor.callLater, reactor.seconds)).soon,
            later=reactor.callLater,
            report=self.report,
            max_connections_per_player=limits.max_connections_per_player,
            aside=aside,
            bots=bots,
            warn=Repeated(reactor.seconds, lambda text: log.warn("{text}", text=text)).say,
            stood=stood,
        )
        self.lifecycle = Lifecycle(self.games, catalog, limits, around, random_bytes, plan)
        self._connections: dict[EnteringConnection, None] = {}
        self._beyond: set[EnteringConnection] = set()
        self._addresses: Census[str] = Census(limits.max_connections_per_address)
        self._draining = False
        self._all_gone: Deferred[None] | None = None
        # By the name that Autobahn knows, too: its own are rounded down to whole seconds.
        self.timers = self._batched_timer = Countdowns(reactor)
        self.setProtocolOptions(
            versions=[13],
            webStatus=False,  # it is an open redirect
            maxMessagePayloadSize=limits.max_message_bytes,
            maxFramePayloadSize=limits.max_message_bytes,
            failByDrop=False,  # else clients never see why
            openHandshakeTimeout=limits.handshake_timeout,
            closeHandshakeTimeout=0,  # GameConnection cuts the line itself
            tcpNoDelay=True,
            autoPingInterval=limits.ping_interval,
            autoPingTimeout=limits.ping_timeout,
            allowedOrigins=["*"],  # FrontDoor judges origins: Autobahn wants the port written out
            allowNullOrigin=True,
        )
        options = {name: getattr(self, name) for name in WebSocketServerProtocol.CONFIG_ATTRS}
        options |= opened_attributes(options)
        self.protocol: type[WebSocketServerProtocol] = type(
            "GameConnection", (GameConnection,), {**options, "CONFIG_ATTRS": ()}
        )

    @property
    def kinds(self) -> str:
        """The names of what is played here, for people."""
        return ", ".join(kind.name for kind in self._catalog)

    @property
    def connections(self) -> tuple[EnteringConnection, ...]:
        """All of them, those still shaking hands included."""
        return tuple(self._connections)

    def acceptableProtocols(self) -> list[bytes]:
        """What is spoken over TLS. Where nobody says so, Twisted 26.10 hangs up on browsers, which offer something."""
        return [b"http/1.1"]

    # What connections ask of it.

    def connection_made(self, connection: EnteringConnection) -> None:
        """A connection came. It is cut off at once where far too many are there: even to refuse one takes room."""
        self._connections[connection] = None
        if self.limits.max_connections_per_address:
            host = connection.host
            if host and not self._addresses.add(host):
                self._beyond.add(connection)
        if 0 < self.limits.max_connections < len(self._connections) - _ROOM_TO_REFUSE:
            connection.abort()

    def connection_lost(self, connection: EnteringConnection) -> None:
        """A connection is gone."""
        del self._connections[connection]
        if connection in self._beyond:
            self._beyond.remove(connection)
        elif self.limits.max_connections_per_address and (host := connection.host):
            self._addresses.remove(host)
        if self._all_gone is not None and not self._connections:
            gone, self._all_gone = self._all_gone, None
            gone.callback(None)

    def shut_out(self, connection: EnteringConnection) -> RequestRefused | None:
        """Why nobody is let in on a connection, whatever they ask for; None where they may be."""
        if self._draining:
            return RequestRefused(DRAINING)
        if 0 < self.limits.max_connections < len(self._connections):
            return RequestRefused(SERVER_FULL)
        if connection in self._beyond:
            return RequestRefused(TOO_MANY_CONNECTIONS)
        return None

    def enter(
        self,
        request: OpeningRequest,
        connection: EnteringConnection,
        entered: Callable[[Admitted | RequestRefused], None],
    ) -> None:
        """Let somebody in.

        Args:
            request: what they ask for.
            connection: theirs.
            entered: gets the outcome, when everything that it stands on is durable. May be called at once.

        Raises:
            RequestRefused: not this one, or not now.
        """
        refused = self.shut_out(connection)
        if refused is not None:
            raise refused
        admission = self._front_door.judge(request)

        def opened(game: GameServer | RequestRefused) -> None:
            if isinstance(game, RequestRefused):
                entered(game)
            else:
                game.admit(
                    admission.player,
                    admission.players,
                    admission.spectate,
                    lambda role: self._admitted(admission, game, role, entered),
                    returns=admission.epoch is not None and game.has_epoch(admission.epoch),
                    operates=admission.operates,
                )

        self.lifecycle.open(admission.game, admission.player, admission.players, opened)

    def _admitted(
        self,
        admission: Admission,
        game: GameServer,
        role: Role | RequestRefused,
        entered: Callable[[Admitted | RequestRefused], None],
    ) -> None:
        if isinstance(role, RequestRefused):
            entered(role)
            if not game.controllers:
                self.lifecycle.nobody_in(game)
            return

        def placed(place: Place | JournalError | None) -> None:
            if self._draining:
                entered(RequestRefused(DRAINING))
            elif isinstance(place, JournalError) or self.games.get(game.game) is not game or not game.still_has(role):
                entered(RequestRefused(JOURNAL_DOWN))
            else:
                entered(Admitted(admission, game, role, place))

        is_v1 = admission.subprotocol == V1
        game.find_place(role, admission.epoch, admission.since if is_v1 else None, placed, framework=is_v1)

    def converse(self, admitted: Admitted, subscription: Subscription) -> GameController:
        """The controller of a connection that has opened, known to its game."""
        admission, game, role, place = admitted
        member = Member(role, game.submit, subscription)
        controller = GameController(member.submit, subscription, self.limits, self.reactor.seconds)
        self.lifecycle.keep(game.game)
        game.enter(controller, member)
        if admission.subprotocol == V1:
            try:
                game.greet(role, subscription, place, came_back=admission.since is not None)
            except BaseException:
                # A type of the author's may fail at being shown.
                game.leave(controller)
                raise
        return controller

    def left(self, admitted: Admitted, controller: GameController | None) -> None:
        """Somebody is out again; `controller` where their connection had opened."""
        game = admitted.game
        if controller is not None:
            game.leave(controller)
            log.debug("{player!r} left game {game}", player=admitted.role.player, game=game.game)
        if not game.controllers:
            self.lifecycle.nobody_in(game)

    def report(self, what: str, fault: BaseException) -> str:
        """Write a fault to the log.

        Args:
            what: failed.
            fault: the exception.

        Returns:
            The incident's id, for who met it.
        """
        incident = self._random_bytes(4).hex()
        # Escaped here, because not every log is written by `logs`; an exception can quote anything.
        trace = printable("".join(traceback.format_exception(fault)))
        if len(trace) > _MAX_TRACE:
            trace = f"{trace[: _MAX_TRACE // 2]} ... {trace[-_MAX_TRACE // 2 :]}"
        log.error("incident {incident}: {what} failed\n{trace}", incident=incident, what=what, trace=trace)
        return incident

    # The end.

    def stop(self) -> Deferred[None]:
        """Let nobody in any more, wait for what is on its way to the journal, close all connections with 1012, and save
        what is not journaled yet.

        Returns:
            Fires when that is done, which takes as long as peers take to answer. Who takes longer than
            `CLOSE_HANDSHAKE_SECONDS` is cut off; a journal that takes longer than `DRAIN_SECONDS` is not waited for.
        """
        self._draining = True
        for game in self.games.values():
            game.drain()
        done: Deferred[None] = Deferred()
        self._drain(done, self.reactor.seconds() + DRAIN_SECONDS)
        return done

    def _drain(self, done: Deferred[None], deadline: float) -> None:
        if not self.lifecycle.quiet and self.reactor.seconds() < deadline:
            self.reactor.callLater(_DRAIN_STEP_SECONDS, self._drain, done, deadline)
            return
        for server in tuple(self.games.values()):
            server.stop(CloseCode.SERVICE_RESTART)
        for connection in self.connections:
            connection.abandon_handshake()
        gone: Deferred[None] = Deferred()
        if self._connections:
            self._all_gone = gone
            late = self.reactor.callLater(CLOSE_HANDSHAKE_SECONDS + 1, self._cut_off)
            gone.addCallback(lambda _: late.cancel() if late.active() else None)
        else:
            gone.callback(None)
        gone.addCallback(lambda _: self._save(done))

    def _save(self, done: Deferred[None]) -> None:
        late = self.reactor.callLater(DRAIN_SECONDS, done.callback, None)

        def saved() -> None:
            if late.active():
                late.cancel()
                done.callback(None)

        self.lifecycle.stop(saved)

    def _cut_off(self) -> None:
        # By then each has been cut off by a timer of its own; nothing may keep the server from stopping.
        for connection in self.connections:
            connection.abort()

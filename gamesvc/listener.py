"""GameListener: admits connections, finds or creates the game that each asks for, and stops them all."""

from __future__ import annotations

import traceback
from base64 import urlsafe_b64encode
from collections.abc import Callable

from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from gamesvc.admission import Admission, FrontDoor
from gamesvc.catalog import Catalog
from gamesvc.connection import Admitted, GameConnection
from gamesvc.controller import GameController
from gamesvc.errors import (
    DRAINING,
    SERVER_ERROR,
    SERVER_FULL,
    TOO_MANY_CONNECTIONS,
    TOO_MANY_GAMES,
    CloseCode,
    RequestRefused,
)
from gamesvc.handshake import OpeningRequest
from gamesvc.limits import CLOSE_HANDSHAKE_SECONDS, MAX_LAG_BYTES, MAX_LAG_EVENTS, Census, Limits
from gamesvc.logs import Silence, logger, printable
from gamesvc.messages import V1
from gamesvc.publisher import GamePublisher, Subscription
from gamesvc.server import GameServer

log = logger(__name__)

_MAX_TRACE = 8192
_ROOM_TO_REFUSE = 256
"""Connections beyond the maximum that are told so with a 503."""


class _Timers:
    """What Autobahn wants of a timer, exact."""

    def __init__(self, reactor: IReactorTime) -> None:
        self._reactor = reactor

    def call_later(self, delay: float, function: Callable[..., object], *args: object) -> IDelayedCall:
        return self._reactor.callLater(delay, function, *args)


class GameListener(WebSocketServerFactory):
    """Admits connections, finds or creates the game that each asks for, and stops them all.

    Args:
        reactor: for timers; its clock is monotonic.
        catalog: what is played here.
        front_door: judges who may ask to enter.
        limits: how much clients may ask for.
        now: the time, in seconds since the epoch.
        random_bytes: as many unpredictable bytes as asked for.

    Attributes:
        games: those in memory, by id.
    """

    log = Silence()
    noisy = False

    def __init__(
        self,
        reactor: IReactorTime,
        *,
        catalog: Catalog,
        front_door: FrontDoor,
        limits: Limits,
        now: Callable[[], float],
        random_bytes: Callable[[int], bytes],
    ) -> None:
        super().__init__(server="", reactor=reactor)
        self.limits = limits
        self.now = now
        self.games: dict[str, GameServer] = {}
        self._catalog = catalog
        self._front_door = front_door
        self._random_bytes = random_bytes
        self._connections: dict[GameConnection, None] = {}
        self._beyond: set[GameConnection] = set()
        self._addresses: Census[str] = Census(limits.max_connections_per_address)
        self._openers: Census[str] = Census(limits.max_games_per_player)
        self._opened_by: dict[str, str] = {}
        self._idle: dict[str, IDelayedCall] = {}
        self._draining = False
        self._all_gone: Deferred[None] | None = None
        self._batched_timer = _Timers(reactor)
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
        self.protocol: type[WebSocketServerProtocol] = type(
            "GameConnection", (GameConnection,), {**options, "CONFIG_ATTRS": ()}
        )

    @property
    def kinds(self) -> str:
        """The names of what is played here, for people."""
        return ", ".join(kind.name for kind in self._catalog)

    @property
    def connections(self) -> tuple[GameConnection, ...]:
        """All of them, those still shaking hands included."""
        return tuple(self._connections)

    # What connections ask of it.

    def connection_made(self, connection: GameConnection) -> None:
        """A connection came. It is cut off at once where far too many are there: even to refuse one takes room."""
        self._connections[connection] = None
        if connection.host and not self._addresses.add(connection.host):
            self._beyond.add(connection)
        if 0 < self.limits.max_connections < len(self._connections) - _ROOM_TO_REFUSE:
            connection.abort()

    def connection_lost(self, connection: GameConnection) -> None:
        """A connection is gone."""
        del self._connections[connection]
        if connection in self._beyond:
            self._beyond.remove(connection)
        elif connection.host:
            self._addresses.remove(connection.host)
        if self._all_gone is not None and not self._connections:
            gone, self._all_gone = self._all_gone, None
            gone.callback(None)

    def enter(self, request: OpeningRequest, connection: GameConnection) -> Admitted:
        """Let somebody in.

        Args:
            request: what they ask for.
            connection: theirs.

        Raises:
            RequestRefused: not this one, or not now.
        """
        if self._draining:
            raise RequestRefused(DRAINING)
        if 0 < self.limits.max_connections < len(self._connections):
            raise RequestRefused(SERVER_FULL)
        if connection in self._beyond:
            raise RequestRefused(TOO_MANY_CONNECTIONS)
        admission = self._front_door.judge(request)
        is_new = admission.game not in self.games
        game = self._find_or_create(admission)
        try:
            role = game.admit(admission.player, admission.players, admission.spectate)
        except RequestRefused:
            if is_new:
                self._forget(game.game)
            raise
        return Admitted(admission, game, role)

    def converse(self, admitted: Admitted, subscription: Subscription) -> GameController:
        """The controller of a connection that has opened, known to its game."""
        game, role = admitted.game, admitted.role
        controller = GameController(
            lambda request, answer: game.submit(role, request, answer),
            subscription,
            self.limits,
            self.reactor.seconds,
        )
        self._keep(game.game)
        game.join(controller, role)
        if admitted.admission.subprotocol == V1:
            subscription.reply(game.welcome(role))
        return controller

    def left(self, admitted: Admitted, controller: GameController | None) -> None:
        """Somebody is out again; `controller` where their connection had opened."""
        game = admitted.game
        if controller is not None:
            game.leave(controller)
            log.debug("{player!r} left game {game}", player=admitted.role.player, game=game.game)
        if game.controllers or self._draining or self.games.get(game.game) is not game:
            return
        if game.untouched:
            # Nobody would miss it, and somebody may be asking for one game after the other.
            self._forget(game.game)
        else:
            self._forget_when_idle(game.game)

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

    # Games.

    def _find_or_create(self, admission: Admission) -> GameServer:
        game = self.games.get(admission.game)
        if game is not None:
            return game
        if 0 < self.limits.max_games <= len(self.games):
            raise RequestRefused(SERVER_FULL)
        if not self._openers.add(admission.player):
            raise RequestRefused(TOO_MANY_GAMES)
        kind = self._catalog.default
        try:
            game = GameServer(
                admission.game,
                kind.name,
                kind.model,
                epoch=urlsafe_b64encode(self._random_bytes(9)).decode("ascii"),
                seed=self._random_bytes(32),
                publisher=GamePublisher(
                    lambda flush: self.reactor.callLater(0, flush),
                    max_lag_events=MAX_LAG_EVENTS,
                    max_lag_bytes=MAX_LAG_BYTES,
                ),
                now=self.now,
                report=self.report,
                max_connections_per_player=self.limits.max_connections_per_player,
            )
        except BaseException as fault:
            self._openers.remove(admission.player)
            if not isinstance(fault, (Exception, SystemExit)):
                raise
            incident = self.report(f"game {admission.game} ({kind.name}), setup", fault)
            raise RequestRefused(SERVER_ERROR.for_incident(incident)) from None
        self.games[game.game] = game
        self._opened_by[game.game] = admission.player
        self._forget_when_idle(game.game)
        log.info("game {game} ({kind}) opened by {player!r}", game=game.game, kind=kind.name, player=admission.player)
        return game

    def _forget_when_idle(self, game: str) -> None:
        self._keep(game)
        if self.limits.idle_game_seconds > 0:
            self._idle[game] = self.reactor.callLater(self.limits.idle_game_seconds, self._forget_idle, game)

    def _keep(self, game: str) -> None:
        idle = self._idle.pop(game, None)
        if idle is not None:
            idle.cancel()

    def _forget_idle(self, game: str) -> None:
        del self._idle[game]
        self._forget(game)
        log.info("game {game} forgotten: nobody was there for a while", game=game)

    def _forget(self, game: str) -> None:
        self._keep(game)
        del self.games[game]
        self._openers.remove(self._opened_by.pop(game))

    # The end.

    def stop(self) -> Deferred[None]:
        """Let nobody in any more, and close all connections with 1012.

        Returns:
            Fires when the last one is gone, which takes as long as peers take to answer. Who takes longer than
            `CLOSE_HANDSHAKE_SECONDS` is cut off.
        """
        self._draining = True
        for game in tuple(self._idle):
            self._keep(game)
        for server in self.games.values():
            server.stop(CloseCode.SERVICE_RESTART)
        for connection in self.connections:
            connection.abandon_handshake()
        done: Deferred[None] = Deferred()
        if self._connections:
            self._all_gone = done
            late = self.reactor.callLater(CLOSE_HANDSHAKE_SECONDS + 1, self._cut_off)
            done.addCallback(lambda _: late.cancel() if late.active() else None)
        else:
            done.callback(None)
        return done

    def _cut_off(self) -> None:
        # By then each has been cut off by a timer of its own; nothing may keep the server from stopping.
        for connection in self.connections:
            connection.abort()

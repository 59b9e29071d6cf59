"""The client on Twisted's reactor, with Autobahn's WebSockets::

async def play(reactor):
    async with connect(reactor, "ws://localhost:8080/g1", player="alice") as game:
        await game.send("mark", cell=4)
        async for event in game:
            ...

react(lambda reactor: Deferred.fromCoroutine(play(reactor)))
"""

from __future__ import annotations

import inspect
from types import TracebackType
from typing import Any

from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.internet.ssl import optionsForClientTLS
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesvc.client.address import Token
from gamesvc.client.face import MAX_MESSAGE_BYTES, Face
from gamesvc.client.failure import GameError
from gamesvc.client.one_command import Silence
from gamesvc.client.session import WELCOME_SECONDS
from gamesvc.messages import V1

_CLOSE_SECONDS = 2.0
_SWITCHING = 101

_log = Logger()


class _Protocol(WebSocketClientProtocol):
    log = Silence()
    factory: _Factory

    def connectionMade(self) -> None:
        super().connectionMade()
        self.factory.line.game.connected.add(self)
        transport = self.transport
        assert transport is not None
        transport.setTcpNoDelay(True)  # type: ignore[attr-defined]  # it is TCP's, or TLS's over it

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        super().connectionLost(reason)
        self.factory.line.game.disconnected(self)

    def abort(self) -> None:
        """End the connection at once."""
        transport = self.transport
        assert transport is not None
        transport.abortConnection()  # type: ignore[attr-defined]  # as above

    def onMessage(self, payload: bytes, isBinary: bool) -> None:
        self.factory.line.game.line_received(self.factory.line, payload)

    def onPing(self, payload: bytes) -> None:
        super().onPing(payload)
        self.factory.line.game.line_heard(self.factory.line)

    def failHandshake(self, reason: str) -> None:
        line = self.http_status_line.split()
        if len(line) > 1 and line[1].isdecimal() and int(line[1]) != _SWITCHING:
            body = self.data[len(self.http_response_data) :]
            self.factory.line.game.line_refused(self.factory.line, int(line[1]), self.http_headers, body)
        super().failHandshake(reason)

    def onClose(self, wasClean: bool, code: int | None, reason: str | None) -> None:
        # Where the line was cut after the server's close frame, Autobahn says that it was cut.
        line, told = self.factory.line, self.remoteCloseCode
        line.game.line_lost(line, told, (self.remoteCloseReason if told is not None else reason) or "")


class _Factory(WebSocketClientFactory):
    protocol: type[WebSocketClientProtocol] = _Protocol
    log = Silence()
    noisy = False

    def __init__(self, line: _Line, url: str, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        super().__init__(url, protocols=[V1], headers=headers, reactor=line.game.reactor)
        self.setProtocolOptions(
            maxMessagePayloadSize=MAX_MESSAGE_BYTES,
            openHandshakeTimeout=WELCOME_SECONDS,
            closeHandshakeTimeout=_CLOSE_SECONDS,
            # Autobahn sets it in a way that TLS connections do not know; see connectionMade.
            tcpNoDelay=False,
        )
        self.line = line


class _Line:
    """See `Line`."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self._protocol: _Protocol | None = None
        self._attempt: Deferred[None] | None = None

    def open(self, url: str, *, renew: bool) -> None:
        self._attempt = Deferred.fromCoroutine(self._open(url, renew))
        self._attempt.addErrback(self._failed)

    def transmit(self, text: str) -> None:
        assert self._protocol is not None
        self._protocol.sendMessage(text.encode())

    def close(self, code: int) -> None:
        if self._protocol is None:
            self.drop()
        else:
            self._protocol.sendClose(code)

    def drop(self) -> None:
        if self._protocol is not None:
            self._protocol.abort()
        elif self._attempt is not None:
            self._attempt.cancel()

    async def _open(self, url: str, renew: bool) -> None:
        token = await self.game.current_token(renew)
        protocol = await self.game.endpoint().connect(_Factory(self, url, token))
        assert isinstance(protocol, _Protocol)
        self._protocol = protocol

    def _failed(self, failure: Failure) -> None:
        if not failure.check(CancelledError):
            self.game.line_lost(self, None, failure.getErrorMessage())


class Game(Face[Deferred[Any]]):
    """A game that a client is in. See `connect`, and `Face` for what else it has."""

    def __init__(
        self,
        reactor: Any,
        url: str,
        *,
        player: str | None = None,
        token: Token = None,
        spectate: bool = False,
        state: bool = True,
        trust: Any = None,
    ) -> None:
        self.reactor = reactor
        self._timer: IDelayedCall | None = None
        self._trust = trust
        self._token: str | None = None
        self.connected: set[_Protocol] = set()
        self._leavers: list[Deferred[None]] = []
        super().__init__(url, player=player, token=token, spectate=spectate, state=state)

    def send(self, command: str, /, **arguments: Any) -> Deferred[Any]:
        """Send a command, at once or as soon as that is possible, and in the order of the calls.

        It takes effect once, or is refused; who stops waiting for it does not take it back.

        Args:
            command: its name.
            arguments: by name.

        Returns:
            Fires with what it returns, when it has taken effect: None where it returns nothing. Fails with a
            `GameError` where it was refused, and with `SessionClosed` where the session is over.

        Raises:
            TypeError: an argument is nothing that JSON knows.
            ValueError: an argument is called ``id`` or ``command``, or is a number that JSON does not know.
        """
        return self._send(command, arguments)

    def close(self) -> Deferred[None]:
        """Leave. Commands that wait are rejected with the code ``closed``.

        Returns:
            Fires when the connection is closed.
        """
        self._close()
        left: Deferred[None] = Deferred()
        self._leavers.append(left)
        self._tell_leavers()
        return left

    def opened(self) -> Deferred[Any]:
        """Fires with the game at the first welcome; fails with `SessionClosed` where there will be none."""
        return self._ready

    # For its line.

    def disconnected(self, protocol: _Protocol) -> None:
        """A connection has ended."""
        self.connected.discard(protocol)
        self._tell_leavers()

    def endpoint(self) -> IStreamClientEndpoint:
        """Where to connect. The host's name is held to its certificate."""
        address = self._address
        endpoint: IStreamClientEndpoint = HostnameEndpoint(
            self.reactor, address.host, address.port, timeout=WELCOME_SECONDS
        )
        if address.is_secure:
            endpoint = wrapClientTLS(optionsForClientTLS(address.host, trustRoot=self._trust), endpoint)
        return endpoint

    async def current_token(self, renew: bool) -> str | None:
        """The token; None where there is none.

        Args:
            renew: whether to ask for another one.
        """
        if not callable(self.token):
            return self.token
        if renew or self._token is None:
            found = self.token()
            self._token = await found if inspect.isawaitable(found) else found
        return self._token

    def _tell_leavers(self) -> None:
        if not self.connected:
            leavers, self._leavers = self._leavers, []
            for left in leavers:
                left.callback(None)

    # From Face.

    def _now(self) -> float:
        now: float = self.reactor.seconds()
        return now

    def _set_timer(self, at: float) -> None:
        self._stop_timer()
        self._timer = self.reactor.callLater(max(0.0, at - self._now()), self._ring)

    def _stop_timer(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def _new_line(self) -> _Line:
        return _Line(self)

    def _promise(self) -> Deferred[Any]:
        return Deferred()

    async def _awaited(self, promise: Deferred[Any]) -> Any:
        return await promise

    def _resolve(self, promise: Deferred[Any], value: Any) -> None:
        if not promise.called:
            promise.callback(value)

    def _reject(self, promise: Deferred[Any], error: GameError) -> None:
        if not promise.called:
            promise.errback(error)

    def _callback_failed(self, error: Exception) -> None:
        _log.failure("a callback of a gamesvc client failed", Failure(error))


class Connecting(Deferred[Game]):
    """A game that is being entered: fires with it. Also for ``async with``."""

    def __init__(self, game: Game) -> None:
        super().__init__(lambda _: game._close())
        self._game = game

    async def __aenter__(self) -> Game:
        return await self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._game.close()


def connect(
    reactor: Any,
    url: str,
    *,
    player: str | None = None,
    token: Token = None,
    spectate: bool = False,
    state: bool = True,
    trust: Any = None,
) -> Connecting:
    """Enter a game. From then on the session lives until it is closed, or until the server does not want it back.

    Args:
        reactor: connects, and has timers.
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``. ``epoch`` and ``since`` in its query are a place in
            the history to go on from.
        player: your name, where the server asks for no tokens.
        token: a token; or a function that returns one, or something to await for one. It is asked again when a token
            has expired.
        spectate: whether to watch only.
        state: whether to mirror the game's state.
        trust: for ``wss``: whom to trust, as `optionsForClientTLS` has it. None: whom this system trusts. The host's
            name is held to its certificate.

    Returns:
        Fires with the game. Fails with `SessionClosed` where it came to nothing: the server can't be reached, or does
        not let us in. The code says which.

    Raises:
        ValueError: it is no such URL.
    """
    game = Game(reactor, url, player=player, token=token, spectate=spectate, state=state, trust=trust)
    connecting = Connecting(game)
    game.opened().chainDeferred(connecting)
    game._start()
    return connecting

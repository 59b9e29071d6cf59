"""The client on Twisted's reactor, with Autobahn's WebSockets::

async def play(reactor):
    async with connect(reactor, "ws://localhost:8080/g1", player="alice") as game:
        await game.send("mark", cell=4)
        async for event in game:
            ...

react(lambda reactor: Deferred.fromCoroutine(play(reactor)))
"""

from __future__ import annotations

from types import TracebackType
from typing import Any, Unpack

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.interfaces import IDelayedCall, IStreamClientEndpoint
from twisted.internet.ssl import optionsForClientTLS
from twisted.logger import Logger
from twisted.python.failure import Failure

from gamesvc.client.address import Entrance
from gamesvc.client.face import Face
from gamesvc.client.failure import GameError
from gamesvc.client.reactor_line import ReactorLine
from gamesvc.client.watch import WELCOME_SECONDS

_log = Logger()


class Options(Entrance, total=False):
    """How one comes into a game, on the reactor.

    Attributes:
        trust: for ``wss``: whom to trust, as `optionsForClientTLS` has it, which `trustRootFromCertificates` makes for
            authorities of your own. None: whom this system trusts. The host's name is held to its certificate.
    """

    trust: Any


class Game(Face[Deferred[Any]]):
    """A game that a client is in, or enters: see `connect`, and `Face` for what else it has. Made by itself, it can be
    given callbacks before it is entered, so that they miss nothing.

    Args:
        reactor: connects, and has timers.
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``.
        trust: for ``wss``: see `Options`.
        entrance: the others: see `Entrance`.

    Raises:
        ValueError: it is no such URL, or no token; or ``trust`` is given, and the URL is none of TLS.
    """

    def __init__(self, reactor: Any, url: str, *, trust: Any = None, **entrance: Unpack[Entrance]) -> None:
        self.reactor = reactor
        self._timer: IDelayedCall | None = None
        self._trust = trust
        self._connections: set[object] = set()
        self._leavers: list[Deferred[None]] = []
        super().__init__(url, **entrance)
        if trust is not None and not self._address.is_secure:
            raise ValueError("trust is given, and the address begins with ws://: write wss://")

    def enter(self) -> Deferred[Any]:
        """Enter it, once.

        Returns:
            Fires with the game when one is in it; fails with `SessionClosed` where it comes to nothing.
        """
        self._start()
        return self._ready

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
            TypeError: the name is no text, or an argument is nothing that JSON knows.
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

    # From ReactorLineOwner.

    def connection_made(self, connection: object) -> None:
        self._connections.add(connection)

    def connection_lost(self, connection: object) -> None:
        self._connections.discard(connection)
        self._tell_leavers()

    def endpoint(self) -> IStreamClientEndpoint:
        address = self._address
        endpoint: IStreamClientEndpoint = HostnameEndpoint(
            self.reactor, address.host, address.port, timeout=WELCOME_SECONDS
        )
        if address.is_secure:
            endpoint = wrapClientTLS(optionsForClientTLS(address.host, trustRoot=self._trust), endpoint)
        return endpoint

    def _tell_leavers(self) -> None:
        if not self._connections:
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

    def _new_line(self) -> ReactorLine:
        return ReactorLine(self)

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


def connect(reactor: Any, url: str, **options: Unpack[Options]) -> Connecting:
    """Enter a game. From then on the session lives until it is closed, or until the server does not want it back.

    Args:
        reactor: connects, and has timers.
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``. ``epoch`` and ``since`` in its query are a place in
            the history to go on from.
        options: ``player``, ``token``, ``spectate``, ``state``, ``tries`` and ``trust``: see `Entrance` and `Options`.

    Returns:
        Fires with the game. Fails with `SessionClosed` where it came to nothing: the server can't be reached, or does
        not let us in. The code says which.

    Raises:
        ValueError: it is no such URL, or no token.
    """
    game = Game(reactor, url, **options)
    connecting = Connecting(game)
    game.enter().chainDeferred(connecting)
    return connecting

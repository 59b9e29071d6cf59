"""The client on asyncio. Its WebSockets are those of the library ``websockets``: Autobahn can be used under asyncio or
under Twisted, but in one process not under both."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Generator
from types import TracebackType
from typing import Any, Unpack

from gamesvc.client.address import Entrance
from gamesvc.client.face import Face
from gamesvc.client.failure import GameError, SessionClosed
from gamesvc.client.line import MAX_MESSAGE_BYTES, NOT_GAMESVC
from gamesvc.client.watch import WELCOME_SECONDS
from gamesvc.messages import V1

try:
    from websockets.asyncio.client import ClientConnection
    from websockets.asyncio.client import connect as open_websocket
    from websockets.exceptions import ConnectionClosed, InvalidStatus
    from websockets.typing import Subprotocol
except ImportError as missing:
    raise ImportError("the client on asyncio needs the package websockets: pip install 'gamesvc[client]'") from missing

_CLOSE_SECONDS = 2.0


class Options(Entrance, total=False):
    """How one comes into a game, on asyncio.

    Attributes:
        ssl: for ``wss``: whom to trust, and more; `ssl.create_default_context` makes one, for a ``cafile`` of your own
            for example. None: whom this system trusts. The host's name is held to its certificate.
    """

    ssl: ssl.SSLContext | None


class _Connection(ClientConnection):
    """Ends in time when the server has said that it does: the library would wait until the server hangs up."""

    _is_ending = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.protocol.close_rcvd is not None and not self._is_ending:
            self._is_ending = True
            self.loop.call_later(_CLOSE_SECONDS, self.transport.abort)


class _Opening(open_websocket):
    """Connects to where it is told to, and nowhere else: not where a redirect leads, for it has a token with it."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class _Line:
    """See `Line`."""

    def __init__(self, game: Game) -> None:
        self._game = game
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._connection: ClientConnection | None = None
        self._task: asyncio.Task[None] | None = None

    def open(self, url: str, *, renew: bool) -> None:
        self._task = self._game.keep(self._run(url, renew))

    def transmit(self, text: str) -> None:
        self._outgoing.put_nowait(text)

    def close(self, code: int) -> None:
        if self._connection is None:
            self.drop()
        else:
            self._game.keep(self._connection.close(code))

    def drop(self) -> None:
        if self._connection is not None:
            self._connection.transport.abort()
        elif self._task is not None:
            self._task.cancel()

    async def _run(self, url: str, renew: bool) -> None:
        try:
            token = await self._game.current_token(renew)
        except Exception as error:
            self._game.line_lost(self, None, f"there is no token: {error}")
            return
        try:
            self._connection = connection = await _Opening(
                url,
                subprotocols=[Subprotocol(V1)],
                additional_headers=None if token is None else {"Authorization": f"Bearer {token}"},
                compression=None,
                open_timeout=WELCOME_SECONDS,
                close_timeout=_CLOSE_SECONDS,
                ping_interval=None,
                max_size=MAX_MESSAGE_BYTES,
                proxy=None,
                create_connection=_Connection,
                **self._game.tls_options,
            )
        except InvalidStatus as refused:
            response = refused.response
            self._game.line_refused(
                self, response.status_code, dict(response.headers.raw_items()), bytes(response.body or b"")
            )
            return
        except Exception as error:
            self._game.line_failed(self, str(error) or type(error).__name__)
            return
        if connection.subprotocol != V1:
            connection.transport.abort()
            self._game.line_lost(self, None, NOT_GAMESVC)
            return
        writing = asyncio.create_task(self._write(connection))
        try:
            while True:
                message = await connection.recv()
                self._game.line_received(self, message, is_binary=isinstance(message, bytes))
        except ConnectionClosed as closed:
            received = closed.rcvd
            if received is None:
                self._game.line_lost(self, None, "the line was cut")
            else:
                self._game.line_lost(self, received.code, received.reason)
        finally:
            # It may be that the loop ends, and nobody has left.
            connection.transport.abort()
            writing.cancel()
            await asyncio.gather(writing, return_exceptions=True)

    async def _write(self, connection: ClientConnection) -> None:
        try:
            while True:
                await connection.send(await self._outgoing.get())
        except ConnectionClosed:
            # Who reads is told of it.
            return


class Game(Face["asyncio.Future[Any]"]):
    """A game that a client is in, or enters: see `connect`, and `Face` for what else it has. Made by itself, it can be
    given callbacks before it is entered, so that they miss nothing.

    Args:
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``.
        ssl: for ``wss``: see `Options`.
        entrance: the others: see `Entrance`.

    Raises:
        ValueError: it is no such URL, or no token; or ``ssl`` is given, and the URL is none of TLS.
    """

    def __init__(self, url: str, *, ssl: ssl.SSLContext | None = None, **entrance: Unpack[Entrance]) -> None:
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        super().__init__(url, **entrance)
        if ssl is not None and not self._address.is_secure:
            raise ValueError("ssl is given, and the address begins with ws://: write wss://")
        self.tls_options: dict[str, Any] = {} if ssl is None else {"ssl": ssl}

    async def enter(self) -> None:
        """Enter it, once, and wait until one is in it.

        Raises:
            SessionClosed: it came to nothing. The code says why.
        """
        self._start()
        try:
            await asyncio.shield(self._ready)
        except asyncio.CancelledError:
            self._close()
            raise

    def send(self, command: str, /, **arguments: Any) -> asyncio.Future[Any]:
        """Send a command, at once or as soon as that is possible, and in the order of the calls.

        It need not be awaited. It takes effect once, or is refused; who stops waiting for it does not take it back.

        Args:
            command: its name.
            arguments: by name.

        Returns:
            What it returns, when it has taken effect: None where it returns nothing.

        Raises:
            GameError: it was refused. The code says why.
            SessionClosed: the session is over. Whether it took effect is not known.
            TypeError: the name is no text, or an argument is nothing that JSON knows.
            ValueError: an argument is called ``id`` or ``command``, or is a number that JSON does not know.
        """
        return self._send(command, arguments)

    async def close(self) -> None:
        """Leave, and wait until the connection is closed. Commands that wait are rejected with the code ``closed``."""
        self._close()
        while self._tasks:
            await asyncio.wait(self._tasks)

    # For its line.

    def keep(self, work: Any) -> asyncio.Task[Any]:
        """Run a coroutine, and keep it until it has ended."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # From Face.

    def _now(self) -> float:
        return self._loop.time()

    def _set_timer(self, at: float) -> None:
        self._stop_timer()
        self._timer = self._loop.call_at(at, self._ring)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _new_line(self) -> _Line:
        return _Line(self)

    def _promise(self) -> asyncio.Future[Any]:
        return self._loop.create_future()

    async def _awaited(self, promise: asyncio.Future[Any]) -> Any:
        return await promise

    def _resolve(self, promise: asyncio.Future[Any], value: Any) -> None:
        if not promise.done():
            promise.set_result(value)

    def _reject(self, promise: asyncio.Future[Any], error: GameError) -> None:
        if not promise.done():
            promise.set_exception(error)
            if isinstance(error, SessionClosed):
                # Asyncio complains of errors that nobody asks for. That the session is over, its user learns anyway.
                promise.exception()

    def _callback_failed(self, error: Exception) -> None:
        self._loop.call_exception_handler({"message": "a callback of a gamesvc client failed", "exception": error})


class Connecting:
    """A game that is being entered: to be awaited, or for ``async with``."""

    def __init__(self, url: str, options: Options) -> None:
        self._url = url
        self._options = options
        self._game: Game | None = None

    def __await__(self) -> Generator[Any, None, Game]:
        return self._enter().__await__()

    async def __aenter__(self) -> Game:
        self._game = await self._enter()
        return self._game

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._game is not None:
            await self._game.close()

    async def _enter(self) -> Game:
        game = Game(self._url, **self._options)
        await game.enter()
        return game


def connect(url: str, **options: Unpack[Options]) -> Connecting:
    """Enter a game::

        async with connect("ws://localhost:8080/g1", player="alice") as game:
            await game.send("mark", cell=4)
            async for event in game:
                ...

    From then on the session lives until it is closed, or until the server does not want it back. Lines that are lost
    are opened again; what was sent and not answered is sent again, and takes effect once.

    Args:
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``. ``epoch`` and ``since`` in its query are a place in
            the history to go on from.
        options: ``player``, ``token``, ``spectate``, ``state``, ``tries`` and ``ssl``: see `Entrance` and `Options`.

    Raises:
        SessionClosed: it came to nothing: the server can't be reached, or does not let us in. The code says which.
        ValueError: it is no such URL, or no token.
    """
    return Connecting(url, options)

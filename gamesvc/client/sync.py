"""The client for programs with a loop of their own, such as games made with pygame: what has to wait does so in a
thread of its own::

    game = connect("ws://localhost:8080/g1", player="alice")
    while running:
        for event in game.poll():       # those that came since; never waits
            ...
        draw(game.state)

`GameClient` has the shape of the classroom library's: it calls back.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import ssl
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from types import TracebackType
from typing import Any, Self, Unpack

from gamesvc.client import aio
from gamesvc.client.address import Token
from gamesvc.client.failure import CLOSED, SessionClosed
from gamesvc.client.known import Known

CONNECT_SECONDS = 30.0
"""How long `connect` waits."""


class Game(Known):
    """A game that a client is in, or enters: it does not wait for that. All methods may be called from any thread.

    Args:
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``.
        callbacks: functions that are called in the client's thread, by what for; see `Face.on`. They must not wait.
        options: see `aio.Options`. A function that gives a token is called in the client's thread.

    Raises:
        TypeError: a callback is no plain function, or one of the others is of another type.
        ValueError: it is no such URL, or no token.
    """

    def __init__(
        self,
        url: str,
        *,
        callbacks: Mapping[str, Callable[[Any], object]] | None = None,
        **options: Unpack[aio.Options],
    ) -> None:
        self._url = url
        self._options = options
        self._callbacks = dict(callbacks or {})
        self._lock = threading.Lock()
        self._outcomes: set[Future[Any]] = set()
        self._opened: Future[None] = Future()
        # Before it is there, nobody can send; the thread says so.
        self._is_running: Future[tuple[asyncio.AbstractEventLoop, aio.Game]] = Future()
        self._thread = threading.Thread(target=self._run, name="gamesvc client", daemon=True)
        self._thread.start()
        self._loop, self._game = self._is_running.result()
        # The newest, which may be ahead of the events that were polled.
        self._session = self._game._session

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What happens.

    def poll(self) -> list[dict[str, Any]]:
        """The events that came since the last call. Never waits.

        Raises:
            GameError: more events came than are kept for who does not read them; the next call has the others.
        """
        return self._game._unread.take()

    def send(self, command: str, /, **arguments: Any) -> Future[Any]:
        """Send a command, at once or as soon as that is possible, and in the order of the calls. Never waits.

        It takes effect once, or is refused; who stops waiting for it does not take it back.

        Args:
            command: its name.
            arguments: by name.

        Returns:
            What it returns, when it has taken effect: None where it returns nothing. Or what `aio.Game.send` raises.
        """
        outcome: Future[Any] = Future()
        # The caller may go on to change them.
        kept = copy.deepcopy(arguments)
        with self._lock:
            self._outcomes.add(outcome)
        outcome.add_done_callback(self._forget)
        try:
            self._loop.call_soon_threadsafe(self._send, outcome, command, kept)
        except RuntimeError:
            # The thread has ended.
            self._fail(outcome)
        return outcome

    def wait_open(self, seconds: float = CONNECT_SECONDS) -> None:
        """Wait until one is in the game.

        Raises:
            SessionClosed: it came to nothing. The code says why.
            TimeoutError: it takes too long.
        """
        self._opened.result(seconds)

    def close(self) -> None:
        """Leave, and wait until the connection is closed. Commands that wait are rejected with the code ``closed``."""
        # The thread may have ended.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._game._close)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    # The thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._play())
        finally:
            # Nobody waits for what will not come.
            if not self._is_running.done():
                self._is_running.set_exception(RuntimeError("the client's thread could not start"))
            with self._lock:
                # They came too late for the loop, and too early to be told so.
                late = list(self._outcomes)
            for outcome in late:
                self._fail(outcome)

    async def _play(self) -> None:
        try:
            game = aio.Game(self._url, **self._options)
            over = asyncio.Event()
            game.on("status", lambda status: over.set() if status == CLOSED else None)
            for kind, callback in self._callbacks.items():
                game.on(kind, callback)
        except Exception as error:
            self._is_running.set_exception(error)
            return
        self._is_running.set_result((asyncio.get_running_loop(), game))
        try:
            await game.enter()
        except SessionClosed as error:
            self._opened.set_exception(error)
        else:
            self._opened.set_result(None)
            await over.wait()
        await game.close()

    def _forget(self, outcome: Future[Any]) -> None:
        with self._lock:
            self._outcomes.discard(outcome)

    def _fail(self, outcome: Future[Any]) -> None:
        with contextlib.suppress(InvalidStateError):
            outcome.set_exception(self._game.error or SessionClosed(CLOSED, "the session was closed"))

    def _send(self, outcome: Future[Any], command: str, arguments: dict[str, Any]) -> None:
        try:
            sent = self._game.send(command, **arguments)
        except (TypeError, ValueError) as error:
            outcome.set_exception(error)
            return
        sent.add_done_callback(lambda done: _pass_on(done, outcome))


def _pass_on(done: asyncio.Future[Any], outcome: Future[Any]) -> None:
    # Who waits may have stopped to.
    if outcome.set_running_or_notify_cancel():
        error = done.exception()
        if error is None:
            outcome.set_result(done.result())
        else:
            outcome.set_exception(error)


def connect(url: str, *, seconds: float = CONNECT_SECONDS, **options: Unpack[aio.Options]) -> Game:
    """Enter a game, and wait until one is in it. `Game` does the same and does not wait.

    Args:
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``.
        seconds: how long to wait.
        options: ``player``, ``token``, ``spectate``, ``state``, ``tries`` and ``ssl``: see `aio.Options`.

    Raises:
        SessionClosed: it came to nothing: the server can't be reached, or does not let us in. The code says which.
        TimeoutError: it takes too long.
        ValueError: it is no such URL, or no token.
    """
    game = Game(url, **options)
    try:
        game.wait_open(seconds)
    except BaseException:
        game.close()
        raise
    return game


class GameClient:
    """A client that calls back, from a thread of its own: one call after the other.

    Args:
        url: of the game.
        token: a token, or a function that returns one; None where none is asked for.
        on_event: gets each event.
        player: your name, where the server asks for no tokens.
        ssl: for ``wss``: whom to trust. None: whom this system trusts.
    """

    def __init__(
        self,
        url: str,
        token: Token = None,
        on_event: Callable[[dict[str, Any]], object] | None = None,
        *,
        player: str | None = None,
        ssl: ssl.SSLContext | None = None,
    ) -> None:
        self._url = url
        # It has no way to ask for the state.
        self._options: aio.Options = {"token": token, "player": player, "ssl": ssl, "state": False}
        self._callbacks = {} if on_event is None else {"event": on_event}
        self._game: Game | None = None

    def start(self) -> None:
        """Enter the game; it does not wait for that.

        Raises:
            RuntimeError: it was started before, and not stopped.
            TypeError: what was given is of another type, or ``on_event`` is no plain function.
            ValueError: the URL is none of a game's.
        """
        if self._game is not None:
            raise RuntimeError("the client was started already")
        self._game = Game(self._url, callbacks=self._callbacks, **self._options)

    def stop(self) -> None:
        """Leave the game. Commands that wait fail with the code ``closed``. Once more is harmless."""
        game, self._game = self._game, None
        if game is not None:
            game.close()

    def send(
        self,
        message: Mapping[str, Any],
        on_success: Callable[[Any], object] | None = None,
        on_error: Callable[[Exception], object] | None = None,
    ) -> None:
        """Send a command; it does not wait.

        Args:
            message: ``command``, and its arguments.
            on_success: gets what it returned, when it has taken effect.
            on_error: gets the error, where it was refused or could not be sent: mostly a `GameError`.

        Raises:
            RuntimeError: it was not started.
            ValueError: there is no command in the message.
        """
        if self._game is None:
            raise RuntimeError("start the client first")
        arguments = dict(message)
        command = arguments.pop("command", None)
        if not isinstance(command, str):
            raise ValueError('a message needs its "command"')
        # A session's commands have ids of its own.
        arguments.pop("id", None)

        def tell(done: Future[Any]) -> None:
            error = done.exception()
            if error is None:
                if on_success is not None:
                    on_success(done.result())
            elif on_error is not None and isinstance(error, Exception):
                on_error(error)

        self._game.send(command, **arguments).add_done_callback(tell)

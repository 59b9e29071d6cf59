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
import ssl as tls
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError
from types import TracebackType
from typing import Any, Self

from gamesvc.client import aio
from gamesvc.client.address import Address, Token
from gamesvc.client.face import MAX_UNREAD
from gamesvc.client.failure import CLOSED, MISSED_EVENTS, GameError, SessionClosed

CONNECT_SECONDS = 30.0
"""How long `connect` waits."""


class Game:
    """A game that a client is in, or enters: it does not wait for that. All methods may be called from any thread.

    Args:
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``.
        player: your name, where the server asks for no tokens.
        token: a token, or a function that returns one, which is called in the client's thread.
        spectate: whether to watch only.
        state: whether to mirror the game's state.
        ssl: for ``wss``: whom to trust. None: whom this system trusts.
        callbacks: functions that are called in the client's thread, by what for; see `Face.on`.

    Raises:
        ValueError: it is no such URL.
    """

    def __init__(
        self,
        url: str,
        *,
        player: str | None = None,
        token: Token = None,
        spectate: bool = False,
        state: bool = True,
        ssl: tls.SSLContext | None = None,
        callbacks: Mapping[str, Callable[[Any], object]] | None = None,
    ) -> None:
        # Here, where its mistakes are seen.
        Address(url, player)
        self._url = url
        self._options = {"player": player, "token": token, "spectate": spectate, "state": state, "ssl": ssl}
        self._callbacks = dict(callbacks or {})
        self._unread: deque[dict[str, Any]] = deque()
        self._has_missed = False
        self._lock = threading.Lock()
        self._outcomes: set[Future[Any]] = set()
        self._opened: Future[None] = Future()
        # Before it is there, nobody can send; the thread says so.
        self._is_running: Future[tuple[asyncio.AbstractEventLoop, aio.Game]] = Future()
        self._thread = threading.Thread(target=self._run, name="gamesvc client", daemon=True)
        self._thread.start()
        self._loop, self._game = self._is_running.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What is known of the game: the newest, which may be ahead of the events that were polled.

    @property
    def state(self) -> dict[str, Any] | None:
        """What the viewer may see of the game's state; None where that is not known yet. Not to be changed."""
        return self._game.state

    @property
    def players(self) -> list[str | None]:
        """The players' names in the order of their seats, None where one is free."""
        return self._game.players

    @property
    def present(self) -> list[str]:
        """The players who are connected."""
        return self._game.present

    @property
    def bots(self) -> dict[str, str]:
        """The bots that play for somebody, by the player's name."""
        return self._game.bots

    @property
    def welcome(self) -> dict[str, Any]:
        """The last welcome, as the server sent it; empty before the first."""
        return self._game.welcome

    @property
    def player(self) -> str:
        """The name under which this client is in the game; empty before it is."""
        return self._game.player

    @property
    def playing(self) -> bool:
        """Whether its commands are accepted; a spectator's are not."""
        return self._game.playing

    @property
    def status(self) -> str:
        """``connecting``, ``open``, ``reconnecting`` or ``closed``."""
        return self._game.status

    @property
    def error(self) -> SessionClosed | None:
        """Why it is closed; None while it is not."""
        return self._game.error

    # What happens.

    def poll(self) -> list[dict[str, Any]]:
        """The events that came since the last call. Never waits.

        Raises:
            GameError: more events came than are kept for who does not read them; the next call has the others.
        """
        with self._lock:
            if self._has_missed:
                self._has_missed = False
                raise GameError(MISSED_EVENTS, f"more than {MAX_UNREAD} events came before they were read")
            events = list(self._unread)
            self._unread.clear()
        return events

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
            game = aio.Game(self._url, **self._options)  # type: ignore[arg-type]  # they have the types of our arguments
        except Exception as error:
            self._is_running.set_exception(error)
            return
        for kind, callback in self._callbacks.items():
            game.on(kind, callback)
        self._is_running.set_result((asyncio.get_running_loop(), game))
        game._start()
        try:
            await game.opened()
        except SessionClosed as error:
            self._opened.set_exception(error)
        else:
            self._opened.set_result(None)
            await self._read(game)
        await game.close()

    async def _read(self, game: aio.Game) -> None:
        while True:
            try:
                async for event in game:
                    with self._lock:
                        self._keep(event)
                return
            except SessionClosed:
                return
            except GameError:
                with self._lock:
                    self._has_missed = True

    def _forget(self, outcome: Future[Any]) -> None:
        with self._lock:
            self._outcomes.discard(outcome)

    def _fail(self, outcome: Future[Any]) -> None:
        with contextlib.suppress(InvalidStateError):
            outcome.set_exception(self._game.error or SessionClosed(CLOSED, "the session was closed"))

    def _keep(self, event: dict[str, Any]) -> None:
        if len(self._unread) >= MAX_UNREAD:
            self._unread.popleft()
            self._has_missed = True
        self._unread.append(event)

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


def connect(
    url: str,
    *,
    player: str | None = None,
    token: Token = None,
    spectate: bool = False,
    state: bool = True,
    ssl: tls.SSLContext | None = None,
    seconds: float = CONNECT_SECONDS,
) -> Game:
    """Enter a game, and wait until one is in it. `Game` does the same and does not wait.

    Args:
        url: ``ws://HOST:PORT/GAME`` or ``wss://HOST:PORT/GAME``.
        player: your name, where the server asks for no tokens.
        token: a token, or a function that returns one, which is called in the client's thread.
        spectate: whether to watch only.
        state: whether to mirror the game's state.
        ssl: for ``wss``: whom to trust. None: whom this system trusts.
        seconds: how long to wait.

    Raises:
        SessionClosed: it came to nothing: the server can't be reached, or does not let us in. The code says which.
        TimeoutError: it takes too long.
        ValueError: it is no such URL.
    """
    game = Game(url, player=player, token=token, spectate=spectate, state=state, ssl=ssl)
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
        ssl: tls.SSLContext | None = None,
    ) -> None:
        self._url = url
        self._options: dict[str, Any] = {"player": player, "token": token, "ssl": ssl}
        self._callbacks = {} if on_event is None else {"event": on_event}
        self._game: Game | None = None

    def start(self) -> None:
        """Enter the game; it does not wait for that.

        Raises:
            RuntimeError: it was started before, and not stopped.
            ValueError: the URL is none of a game's.
        """
        if self._game is not None:
            raise RuntimeError("the client was started already")
        self._game = Game(self._url, state=False, callbacks=self._callbacks, **self._options)

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

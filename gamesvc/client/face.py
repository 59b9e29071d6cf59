"""What the clients have in common, whatever runs them: a session, the line that it has now, and those who wait.

A *face* is the session as its user sees it. One kind of face differs from another in how it opens a line, sets a timer
and lets somebody wait; the methods that have no body here say so.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, Self, TypeVar

from gamesvc.client.actions import (
    Action,
    Connect,
    Disconnect,
    Reject,
    Resolve,
    ShowEvent,
    ShowState,
    ShowStatus,
    ShowWelcome,
    Transmit,
)
from gamesvc.client.address import Address, Token
from gamesvc.client.failure import CLOSED, MISSED_EVENTS, GameError, SessionClosed
from gamesvc.client.session import Session

MAX_UNREAD = 10_000
"""How many events are kept for who does not read them."""

MAX_MESSAGE_BYTES = 1 << 24
"""How large a message of the server's may be."""

P = TypeVar("P")
"""What a user waits for: a Future or a Deferred."""

Callback = Callable[[Any], object]


class Line(Protocol):
    """A connection, from the first attempt to its end. What becomes of it, it tells the face."""

    def open(self, url: str, *, renew: bool) -> None:
        """Begin to connect.

        Args:
            url: where to.
            renew: whether to ask for a token.
        """

    def transmit(self, text: str) -> None:
        """Send a text message."""

    def close(self, code: int) -> None:
        """End it politely, and tell the face no more."""

    def drop(self) -> None:
        """End it at once, and tell the face no more."""


class Face(ABC, Generic[P]):
    """A session as its user sees it.

    Args:
        url: the game's address; ``epoch`` and ``since`` in it are a place in the history to go on from.
        player: the player's name, where the server asks for no tokens.
        token: a token, or a function that returns one.
        spectate: whether to watch only.
        state: whether to mirror the game's state.
    """

    def __init__(self, url: str, *, player: str | None, token: Token, spectate: bool, state: bool) -> None:
        self._address = Address(url, player, spectate=spectate)
        epoch, since = self._address.take("epoch"), self._address.take("since")
        self._address.take("state")
        self.token = token
        self._session = Session(
            secrets.token_urlsafe(9),
            state=state,
            epoch=epoch,
            since=None if since is None else int(since),
            guest=token is None and not self._address.is_named,
            renewable=callable(token),
        )
        self._line: Line | None = None
        self._todo: deque[Action] = deque()
        self._is_doing = False
        self._timer_at: float | None = None
        self._replies: dict[str, P] = {}
        self._unread: deque[dict[str, Any]] = deque()
        self._has_missed = False
        self._readers: list[P] = []
        self._callbacks: dict[str, list[Callback]] = {}
        self._is_entered = False
        self._ready = self._promise()

    # What is known of the game.

    @property
    def state(self) -> dict[str, Any] | None:
        """What the viewer may see of the game's state; None where that is not known yet. Not to be changed."""
        return self._session.mirror.state

    @property
    def players(self) -> list[str | None]:
        """The players' names in the order of their seats, None where one is free."""
        return list(self._session.mirror.players)

    @property
    def present(self) -> list[str]:
        """The players who are connected."""
        return list(self._session.mirror.present)

    @property
    def bots(self) -> dict[str, str]:
        """The bots that play for somebody, by the player's name."""
        return dict(self._session.mirror.bots)

    @property
    def welcome(self) -> dict[str, Any]:
        """The last welcome, as the server sent it; empty before the first."""
        return self._session.mirror.welcome

    @property
    def player(self) -> str:
        """The name under which this client is in the game; empty before it is."""
        return str(self.welcome.get("player", ""))

    @property
    def playing(self) -> bool:
        """Whether its commands are accepted; a spectator's are not."""
        return bool(self.welcome.get("playing"))

    @property
    def seq(self) -> int | None:
        """Number of the last event that came; None before that is known."""
        return self._session.mirror.seq

    @property
    def status(self) -> str:
        """``connecting``, ``open``, ``reconnecting`` or ``closed``."""
        return self._session.status

    @property
    def error(self) -> SessionClosed | None:
        """Why it is closed; None while it is not."""
        return self._session.error

    # What happens.

    def on(self, kind: str, callback: Callback) -> None:
        """Have a function called whenever something comes.

        Args:
            kind: ``event``: all events; the name of one: those; ``state``: the state is another; ``status``: the status
                is; ``welcome``: a welcome came.
            callback: gets the event, the state, the status or the welcome.
        """
        self._callbacks.setdefault(kind, []).append(callback)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[str, Any]:
        """The next event: one of the game's or of gamesvc's own. Where the numbers begin anew, because what happened
        meanwhile can't be told or the seat is another, it is the welcome that says so.

        Raises:
            GameError: more events came than are kept for who does not read them; the next ones follow.
            SessionClosed: the server does not want this client any more.
        """
        while not self._unread:
            end = self._session.error
            if end is not None:
                if end.code == CLOSED:
                    raise StopAsyncIteration
                raise SessionClosed(*end.args)
            arrival = self._promise()
            self._readers.append(arrival)
            await self._awaited(arrival)
        if self._has_missed:
            self._has_missed = False
            raise GameError(MISSED_EVENTS, f"more than {MAX_UNREAD} events came before they were read")
        return self._unread.popleft()

    # For who runs it.

    def _start(self) -> None:
        self._do(self._session.start(self._now()))

    def _send(self, command: str, arguments: Mapping[str, Any]) -> P:
        promise = self._promise()
        id, actions = self._session.send(self._now(), command, arguments)
        self._replies[id] = promise
        self._do(actions)
        return promise

    def _close(self) -> None:
        self._do(self._session.close(self._now()))

    def _ring(self) -> None:
        """The timer rings."""
        self._timer_at = None
        self._do(self._session.tick(self._now()))

    # For lines.

    def line_received(self, line: Line, text: str | bytes) -> None:
        """A text message came."""
        if line is self._line:
            self._do(self._session.received(self._now(), text))

    def line_heard(self, line: Line) -> None:
        """A sign of life came."""
        if line is self._line:
            self._do(self._session.heard(self._now()))

    def line_lost(self, line: Line, code: int | None, reason: str) -> None:
        """It has ended, or came to nothing."""
        if line is self._line:
            self._line = None
            self._do(self._session.lost(self._now(), code, reason))

    def line_refused(self, line: Line, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """The handshake was refused.

        Args:
            line: which.
            status: of the HTTP response.
            headers: its header fields.
            body: its body, or its beginning.
        """
        if line is self._line:
            self._line = None
            code = message = ""
            with contextlib.suppress(ValueError, LookupError, TypeError):
                error = json.loads(body)["error"]
                code, message = str(error["code"]), str(error["message"])
            retry_after = 0.0
            with contextlib.suppress(ValueError):
                retry_after = float(headers.get("Retry-After") or headers.get("retry-after") or 0)
            self._do(self._session.refused(self._now(), status, code, message, retry_after))

    # What a kind of face is.

    @abstractmethod
    def _now(self) -> float:
        """The time, in seconds, of a clock that does not jump."""

    @abstractmethod
    def _set_timer(self, at: float) -> None:
        """Call `_ring` at a time, and at no other that was set before."""

    @abstractmethod
    def _stop_timer(self) -> None:
        """Don't call `_ring`."""

    @abstractmethod
    def _new_line(self) -> Line:
        """A line that is not open."""

    @abstractmethod
    def _promise(self) -> P:
        """Something to wait for."""

    @abstractmethod
    async def _awaited(self, promise: P) -> Any:
        """Wait for it."""

    @abstractmethod
    def _resolve(self, promise: P, value: Any) -> None:
        """End the wait, if it has not ended."""

    @abstractmethod
    def _reject(self, promise: P, error: GameError) -> None:
        """End the wait with an error, if it has not ended."""

    @abstractmethod
    def _callback_failed(self, error: Exception) -> None:
        """Tell of a function of the user's that failed."""

    # What is to be done.

    def _do(self, actions: list[Action]) -> None:
        # A callback may lead to more, which comes after what was to be done before it.
        self._todo.extend(actions)
        if self._is_doing:
            return
        self._is_doing = True
        try:
            while self._todo:
                self._do_one(self._todo.popleft())
        finally:
            self._is_doing = False
        self._follow_deadline()

    def _do_one(self, action: Action) -> None:
        match action:
            case Transmit(text):
                if self._line is not None:
                    self._line.transmit(text)
            case ShowEvent(event):
                self._keep(event)
                self._call("event", event)
                self._call(event["event"], event)
            case ShowState(state):
                self._call("state", state)
            case Resolve(id, result):
                self._resolve(self._replies.pop(id), result)
            case Reject(id, error):
                self._reject(self._replies.pop(id), error)
            case ShowWelcome(welcome):
                # The first one is not news: who waited for it knows.
                if not welcome["resumed"] and self._is_entered:
                    self._keep(welcome)
                self._is_entered = True
                self._resolve(self._ready, self)
                self._call("welcome", welcome)
            case ShowStatus(status, end):
                if end is not None:
                    self._reject(self._ready, end)
                    self._wake()
                self._call("status", status)
            case Connect(query, renew):
                self._line = self._new_line()
                self._line.open(self._address.url(query), renew=renew)
            case Disconnect(code):
                line, self._line = self._line, None
                if line is not None:
                    if code is None:
                        line.drop()
                    else:
                        line.close(code)

    def _keep(self, event: dict[str, Any]) -> None:
        if len(self._unread) >= MAX_UNREAD:
            self._unread.popleft()
            self._has_missed = True
        self._unread.append(event)
        self._wake()

    def _wake(self) -> None:
        readers, self._readers = self._readers, []
        for reader in readers:
            self._resolve(reader, None)

    def _call(self, kind: str, value: Any) -> None:
        for callback in tuple(self._callbacks.get(kind, ())):
            try:
                callback(value)
            except Exception as error:
                self._callback_failed(error)

    def _follow_deadline(self) -> None:
        deadline = self._session.deadline
        if deadline is None:
            if self._timer_at is not None:
                self._timer_at = None
                self._stop_timer()
        # One that rings too early does no harm, and most deadlines are put off with each message.
        elif self._timer_at is None or deadline < self._timer_at:
            self._timer_at = deadline
            self._set_timer(deadline)

"""What the clients have in common, whatever runs them: a session, the line that it has now, and those who wait.

A *face* is the session as its user sees it. One kind of face differs from another in how it opens a line, sets a timer
and lets somebody wait; the methods that have no body here say so.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from typing import Any, Generic, Self, TypeVar

from gamesvc.client.actions import (
    Action,
    Connect,
    Disconnect,
    Reject,
    Resolve,
    ShowEvent,
    ShowLost,
    ShowState,
    ShowStatus,
    ShowWelcome,
    Transmit,
)
from gamesvc.client.address import Address, Token
from gamesvc.client.bearer import Bearer
from gamesvc.client.failure import CLOSED, GameError, SessionClosed
from gamesvc.client.known import Known
from gamesvc.client.line import Line
from gamesvc.client.listeners import Callback, Listeners
from gamesvc.client.refusal import refusal_in
from gamesvc.client.session import TRIES, Session
from gamesvc.client.unread import Unread

P = TypeVar("P")
"""What a user waits for: a Future or a Deferred."""


class Face(Known, ABC, Generic[P]):
    """A session as its user sees it.

    Args:
        url: the game's address; ``epoch`` and ``since`` in it are a place in the history to go on from.
        player: and the others: see `Entrance`.
        token: a token, or a function that returns one.
        spectate: whether to watch only.
        state: whether to mirror the game's state.
        tries: how many attempts to connect may fail before there was ever a welcome.

    Raises:
        TypeError: one of them is of another type.
        ValueError: it is no such URL, or no token.
    """

    def __init__(
        self,
        url: str,
        *,
        player: str | None = None,
        token: Token = None,
        spectate: bool = False,
        state: bool = True,
        tries: int = TRIES,
    ) -> None:
        if not isinstance(tries, int | float):
            raise TypeError(f"tries is of type {type(tries).__name__}: write a number, such as {TRIES}")
        self._address = Address(url, player, spectate=spectate)
        self._bearer = Bearer(token)
        self._session = Session(
            secrets.token_urlsafe(9),
            state=state,
            epoch=self._address.place.epoch,
            since=self._address.place.since,
            guest=token is None and not self._address.is_named,
            renewable=self._bearer.is_renewable,
            tries=tries,
        )
        self._line: Line | None = None
        self._todo: deque[Action] = deque()
        self._is_doing = False
        self._timer_at: float | None = None
        self._replies: dict[str, P] = {}
        self._unread = Unread()
        self._incoming_size = 0
        self._readers: list[P] = []
        self._listeners = Listeners(self._callback_failed)
        self._is_entered = False
        self._ready = self._promise()

    # What happens.

    def on(self, kind: str, callback: Callback) -> None:
        """Have a function called whenever something comes. All hear of one thing before anybody hears of the next.

        Args:
            kind: ``event``: all events; the name of one: those; ``state``: the state is another; ``status``: the status
                is; ``welcome``: a welcome came; ``lost``: there is no connection, or none came to be, and there will be
                another one; ``reply``: a command has its reply; ``failure``: one of these functions has failed.
            callback: gets the event, the state, the status or the welcome; the `GameError` that says why; what `send`
                returned for the command, which has its result by then; or the exception.

        Raises:
            TypeError: it is no plain function: an ``async def``, say, which nobody would await.
        """
        self._listeners.add(kind, callback)

    def cut(self) -> bool:
        """Cut the connection, as if somebody had pulled the plug: to see how it comes back.

        Returns:
            Whether there was one.
        """
        line = self._line
        if line is None:
            return False
        line.drop()
        self.line_lost(line, None, "you have cut it")
        return True

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
            try:
                await self._awaited(arrival)
            finally:
                # Who stops to wait, and does so again and again, leaves nothing behind.
                if arrival in self._readers:
                    self._readers.remove(arrival)
        (event,) = self._unread.take(1)
        return event

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

    # From LineOwner.

    async def current_token(self, renew: bool) -> str | None:
        return await self._bearer.current(renew)

    def line_received(self, line: Line, text: str | bytes, *, is_binary: bool = False) -> None:
        if line is self._line:
            self._incoming_size = len(text)
            self._do(self._session.received(self._now(), text, is_binary=is_binary))

    def line_heard(self, line: Line) -> None:
        if line is self._line:
            self._do(self._session.heard(self._now()))

    def line_failed(self, line: Line, why: str) -> None:
        self.line_lost(line, None, f"can't connect to {self._address.host}:{self._address.port}: {why}")

    def line_lost(self, line: Line, code: int | None, reason: str) -> None:
        if line is self._line:
            self._line = None
            self._do(self._session.lost(self._now(), code, reason))

    def line_refused(self, line: Line, status: int, headers: Mapping[str, str], body: bytes) -> None:
        if line is self._line:
            self._line = None
            code, message, retry_after = refusal_in(headers, body)
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
        """Tell of a function of the user's that failed, where none is there to be told."""

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
                self._listeners.tell("event", event)
                self._listeners.tell(event["event"], event)
            case ShowState(state):
                self._listeners.tell("state", state)
            case Resolve(id, result):
                promise = self._replies.pop(id)
                self._resolve(promise, result)
                self._listeners.tell("reply", promise)
            case Reject(id, error):
                promise = self._replies.pop(id)
                self._reject(promise, error)
                self._listeners.tell("reply", promise)
            case ShowWelcome(welcome):
                # The first one is not news: who waited for it knows.
                if not welcome["resumed"] and self._is_entered:
                    self._keep(welcome)
                self._is_entered = True
                self._resolve(self._ready, self)
                self._listeners.tell("welcome", welcome)
            case ShowLost(why):
                self._listeners.tell("lost", why)
            case ShowStatus(status, end):
                if end is not None:
                    self._reject(self._ready, end)
                    self._wake()
                self._listeners.tell("status", status)
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
        self._unread.add(event, self._incoming_size)
        self._wake()

    def _wake(self) -> None:
        readers, self._readers = self._readers, []
        for reader in readers:
            self._resolve(reader, None)

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

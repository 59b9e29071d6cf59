"""A client's session with a game: what outlives the connections.

It has no I/O and no clock. It is told what happened, and when, and returns what is to be done::

    actions = session.received(now, text)       # also: start, lost, refused, heard, tick, send, close

and by `Session.deadline` it says when it is to be told that time has gone by (`Session.tick`). While it lives, each
command that it was given takes effect once or is refused, and each event is shown once, in order, whatever becomes of
the connections. ``clients/vectors.json`` holds this one and the JavaScript one to the same conduct.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from gamesvc.client.actions import (
    Action,
    Connect,
    Disconnect,
    Reject,
    ShowEvent,
    ShowLost,
    ShowState,
    ShowStatus,
    ShowWelcome,
)
from gamesvc.client.comeback import Comeback, Loss
from gamesvc.client.commands import Commands
from gamesvc.client.failure import CLOSED, SessionClosed, unreachable
from gamesvc.client.mirror import Mirror, OutOfStep
from gamesvc.client.watch import WELCOME_SECONDS, Due, Watch
from gamesvc.errors import CloseCode

CONNECTING: Final = "connecting"
OPEN: Final = "open"
RECONNECTING: Final = "reconnecting"

TRIES = 5
"""How many attempts may fail before there was ever a welcome."""

_decode = msgspec.json.Decoder().decode


class Session:
    """A client's session with a game.

    Args:
        prefix: of the commands' ids: no other session of the same player has it.
        state: whether to mirror the game's state.
        epoch: of the place in the history from which events are wanted.
        since: number of the last event that was seen already: 0 for the whole history, None for none of it.
        guest: whether neither a name nor a token was given, so that the server gives a name.
        renewable: whether a new token can be had.
        tries: how many attempts may fail before there was ever a welcome.
        chance: random numbers from 0 to 1.

    Attributes:
        mirror: what is known of the game.
        status: ``connecting``, ``open``, ``reconnecting`` or ``closed``.
    """

    def __init__(
        self,
        prefix: str,
        *,
        state: bool = True,
        epoch: str | None = None,
        since: int | None = None,
        guest: bool = False,
        renewable: bool = False,
        tries: int = TRIES,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.mirror = Mirror(epoch, since)
        self.status = CONNECTING
        self._wants_state = state
        self._is_guest = guest
        self._commands = Commands(prefix, chance)
        self._comeback = Comeback(renewable=renewable, tries=tries, chance=chance)
        self._watch = Watch()
        self._actions: list[Action] = []
        self._end: SessionClosed | None = None
        self._has_line = False

    @property
    def deadline(self) -> float | None:
        """When to call `tick`; None where nothing waits for that."""
        paused_until = self._commands.paused_until if self.status == OPEN else None
        return min((at for at in (self._watch.deadline, paused_until) if at is not None), default=None)

    @property
    def error(self) -> SessionClosed | None:
        """Why it is closed; None while it is not."""
        return self._end

    # What happened.

    def start(self, now: float) -> list[Action]:
        """Begin, once."""
        self._connect(now)
        return self._taken()

    def send(self, now: float, command: str, arguments: Mapping[str, Any]) -> tuple[str, list[Action]]:
        """Give it a command. It is resolved or rejected at some time, perhaps at once.

        Args:
            now: the time, in seconds, of a clock that does not jump.
            command: its name.
            arguments: by name, such as JSON knows.

        Returns:
            The command's id, and what is to be done.

        Raises:
            TypeError: the name is no text, or an argument is nothing that JSON knows.
            ValueError: an argument is called as a key of the wire's own, or is a number that JSON does not know.
        """
        id, text = self._commands.write(command, arguments)
        if self._end is not None:
            self._actions.append(Reject(id, self._end))
        elif (rejected := self._commands.add(id, text)) is not None:
            self._actions.append(rejected)
        else:
            self._pump(now)
        return id, self._taken()

    def received(self, now: float, text: str | bytes, *, is_binary: bool = False) -> list[Action]:
        """A message came.

        Args:
            now: the time.
            text: what it says.
            is_binary: whether it is no text, as all that a server sends is.
        """
        if self._has_line:
            self._hear(now)
            try:
                if is_binary:
                    raise OutOfStep("a message is no text")
                message = _decode(text)
                if type(message) is not dict:
                    raise OutOfStep("a message is no object")
                if "event" in message:
                    self._take_event(now, message)
                elif "status" in message and self.status == OPEN:
                    self._take_reply(now, message)
            except (
                msgspec.MsgspecError,
                UnicodeDecodeError,
                RecursionError,
                # A number that is too large to be one of seconds.
                OverflowError,
                LookupError,
                TypeError,
                OutOfStep,
            ) as error:
                # Nothing that comes after it makes sense any more.
                self._drop(now, f"the server sent what can't be followed: {error}")
        return self._taken()

    def heard(self, now: float) -> list[Action]:
        """A sign of life came, such as a ping of the WebSocket's."""
        if self._has_line:
            self._hear(now)
        return self._taken()

    def lost(self, now: float, code: int | None = None, reason: str = "") -> list[Action]:
        """The connection was closed, or did not come to be.

        Args:
            now: the time.
            code: with which it was closed; None where the line was cut, or never was there.
            reason: more, for people.
        """
        if self._has_line:
            if code == CloseCode.MESSAGE_TOO_BIG and (rejected := self._commands.give_up_largest()) is not None:
                self._actions.append(rejected)
            self._lose(now, self._comeback.closed(code, reason))
        return self._taken()

    def refused(
        self, now: float, status: int, code: str = "", message: str = "", retry_after: float = 0.0
    ) -> list[Action]:
        """The handshake was refused.

        Args:
            now: the time.
            status: of the HTTP response.
            code: the one in its body, if any.
            message: the one in its body, if any.
            retry_after: how many seconds it says to wait.
        """
        if self._has_line:
            self._lose(now, self._comeback.refused(status, code, message, retry_after))
        return self._taken()

    def tick(self, now: float) -> list[Action]:
        """Time has gone by."""
        match self._watch.due(now):
            case Due.CONNECT:
                self._connect(now)
            case Due.WELCOME:
                self._drop(now, f"no welcome came within {WELCOME_SECONDS:g} s")
            case Due.ANSWER:
                self._drop(now, "the server is silent")
            case Due.ASK:
                self._watch.asks(now)
                self._actions.append(self._commands.ping())
        self._pump(now)
        return self._taken()

    def close(self, now: float, error: SessionClosed | None = None) -> list[Action]:
        """End it.

        Args:
            now: the time.
            error: why, where it is not its user's wish.
        """
        if self._end is None:
            self._finish(error or SessionClosed(CLOSED, "the session was closed"))
        return self._taken()

    # The line.

    def _connect(self, now: float) -> None:
        self._has_line = True
        self._watch.opens(now)
        query = {"state": "1"} if self._wants_state else {}
        query |= self.mirror.place
        if self._is_guest and self.mirror.welcome:
            query["player"] = self.mirror.welcome["player"]
        self._actions.append(Connect(query, self._comeback.renews()))

    def _hear(self, now: float) -> None:
        if self.status == OPEN:
            self._watch.hears(now)

    def _drop(self, now: float, reason: str) -> None:
        self._actions.append(Disconnect(None))
        self._lose(now, Loss(unreachable(reason)))

    def _lose(self, now: float, loss: Loss) -> None:
        """Have no line, and another one later, or none."""
        at = self._comeback.at(now, loss)
        self._lose_line()
        if at is None:
            self._finish(loss.why)
            return
        self._watch.waits(at)
        self._actions.append(ShowLost(loss.why))
        if self.mirror.welcome:
            self._set_status(RECONNECTING)

    def _lose_line(self) -> None:
        self._has_line = False
        self._watch.stops()
        self._commands.line_lost()

    def _finish(self, end: SessionClosed) -> None:
        if self._has_line:
            self._actions.append(Disconnect(int(CloseCode.NORMAL)))
        self._lose_line()
        self._end = end
        unanswered = self._commands.give_up(end)
        self._set_status(CLOSED)
        self._actions += unanswered

    def _set_status(self, status: str) -> None:
        if status != self.status:
            self.status = status
            self._actions.append(ShowStatus(status, self._end))

    # What comes.

    def _take_event(self, now: float, event: dict[str, Any]) -> None:
        name = event["event"]
        if type(name) is not str:
            raise OutOfStep("an event has no name")
        if name == "gamesvc.welcome":
            self._take_welcome(now, event)
        elif self.status != OPEN:
            raise OutOfStep("an event came before the welcome")
        elif name == "gamesvc.patch" or name == "gamesvc.state":
            if self._wants_state:
                if name == "gamesvc.patch":
                    self.mirror.take_patch(event["patch"])
                else:
                    self.mirror.take_state(event["state"])
                self._show_state()
        elif self.mirror.take_event(event):
            self._actions.append(ShowEvent(event))

    def _take_welcome(self, now: float, welcome: dict[str, Any]) -> None:
        has_state = self.mirror.take_welcome(welcome)
        if self.status != OPEN:
            self._comeback.welcomed(now)
            self._set_status(OPEN)
            self._hear(now)
        self._actions.append(ShowWelcome(welcome))
        if has_state:
            self._show_state()
        self._pump(now)

    def _show_state(self) -> None:
        assert self.mirror.state is not None
        self._actions.append(ShowState(self.mirror.state))

    def _take_reply(self, now: float, reply: dict[str, Any]) -> None:
        outcome = self._commands.take_reply(now, reply)
        if outcome is not None:
            self._actions.append(outcome)
        self._pump(now)

    # What goes.

    def _pump(self, now: float) -> None:
        if self.status == OPEN:
            self._actions += self._commands.due(now)

    def _taken(self) -> list[Action]:
        actions, self._actions = self._actions, []
        return actions

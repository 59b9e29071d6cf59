"""A client's commands, from when they are given until something has come of them: a result, a refusal, or nothing.

Which of them are to be sent, the outbox knows; here is what is sent, and what a reply makes of it: some errors are no
refusals, but say to try again later.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from gamesvc.client.actions import Reject, Resolve, Transmit
from gamesvc.client.backoff import Backoff, asked_seconds
from gamesvc.client.failure import MESSAGE_TOO_BIG, TOO_MANY_WAITING, GameError, SessionClosed
from gamesvc.client.mirror import OutOfStep
from gamesvc.client.outbox import MAX_WAITING, Outbox
from gamesvc.errors import OUTCOME_UNKNOWN, RATE_LIMITED, TOO_MANY_IN_FLIGHT, UNAVAILABLE
from gamesvc.messages import ErrorBody

_PUT_OFF: Final = frozenset(error.code for error in (RATE_LIMITED, TOO_MANY_IN_FLIGHT, UNAVAILABLE, OUTCOME_UNKNOWN))
_RESERVED = ("command", "id")
_SENDING = "write send('mark', cell=4), say"

_encode = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


class Commands:
    """None at first.

    Args:
        prefix: of their ids: no other session of the same player has it.
        chance: random numbers from 0 to 1.
    """

    def __init__(self, prefix: str, chance: Callable[[], float]) -> None:
        self._prefix = prefix
        self._chance = chance
        self._count = 0
        self._pings = 0
        self._outbox = Outbox()
        self._setbacks = Backoff()

    @property
    def paused_until(self) -> float | None:
        """When to go on; None where nothing holds them back."""
        return self._outbox.paused_until

    def write(self, command: str, arguments: Mapping[str, Any]) -> tuple[str, str]:
        """Write a command down.

        Args:
            command: its name.
            arguments: by name, such as JSON knows.

        Returns:
            Its id, and what is sent, once or more often.

        Raises:
            TypeError: the name is no text, or an argument is nothing that JSON knows.
            ValueError: an argument is called as a key of the wire's own, or is a number that JSON does not know.
        """
        if not isinstance(command, str):
            what = type(command).__name__
            raise TypeError(f"a command's name is a text, and not of type {what}: {_SENDING}")
        for reserved in _RESERVED:
            if reserved in arguments:
                raise ValueError(f"an argument can't be called {reserved!r}: that key is the wire's own")
        id = f"{self._prefix}-{self._count + 1}"
        text = _encode({"command": command, "id": id, **arguments})
        self._count += 1
        return id, text

    def ping(self) -> Transmit:
        """Ask the server whether it is there. The reply is nobody's."""
        self._pings += 1
        return Transmit(_encode({"command": "gamesvc.ping", "id": f"{self._prefix}-ping-{self._pings}"}))

    def add(self, id: str, text: str) -> Reject | None:
        """Have one sent behind the others.

        Returns:
            That it is not, as too many wait.
        """
        if self._outbox.is_full:
            message = f"{MAX_WAITING} commands wait for their replies"
            return Reject(id, GameError(TOO_MANY_WAITING, message, retryable=True))
        self._outbox.add(id, text)
        return None

    def due(self, now: float) -> Iterator[Transmit]:
        """Those that are to be sent now."""
        return map(Transmit, self._outbox.due(now))

    def take_reply(self, now: float, reply: dict[str, Any]) -> Resolve | Reject | None:
        """Take a reply.

        Returns:
            What has come of a command, if anything has.

        Raises:
            OutOfStep: and others: it is none.
        """
        # Replies come in the order of the commands, and to what could not be read without its id.
        id = reply.get("id")
        if id is None:
            id = self._outbox.oldest()
        elif type(id) is not str:
            raise OutOfStep("an id is no text")
        if id is None:
            return None
        if reply["status"] == "ok":
            if self._outbox.settle(id):
                self._outbox.succeeded()
                self._setbacks.end()
                return Resolve(id, reply.get("result"))
        else:
            error = msgspec.convert(reply["error"], ErrorBody)
            if error.code in _PUT_OFF:
                self._put_off(now, id, error.retry_ms)
            elif self._outbox.settle(id):
                self._setbacks.end()
                return Reject(id, GameError(error.code, error.message, error.retryable))
        return None

    def give_up_largest(self) -> Reject | None:
        """If one of those that were sent was too big, the largest was; and it did not take effect."""
        id = self._outbox.largest()
        if id is None:
            return None
        self._outbox.settle(id)
        return Reject(id, GameError(MESSAGE_TOO_BIG, "the server does not take so large a message"))

    def line_lost(self) -> None:
        """Have all that were sent wait, to be sent again."""
        self._outbox.line_lost()

    def give_up(self, end: SessionClosed) -> list[Reject]:
        """Reject all."""
        return [Reject(id, end) for id in self._outbox.give_up()]

    def _put_off(self, now: float, id: str, retry_ms: int | msgspec.UnsetType) -> None:
        if not self._outbox.is_on_its_way(id):
            return
        until = self._outbox.paused_until
        if retry_ms is not msgspec.UNSET:
            until = now + asked_seconds(retry_ms / 1000)
        elif until is None:
            # Half of it at least: the server has not asked for it to be tried at once.
            until = now + self._setbacks.wait(0.5 + self._chance() / 2)
        self._outbox.put_back(id, until)

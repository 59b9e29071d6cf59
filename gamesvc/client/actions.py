"""What a session wants done. Whoever has the connection does it, in the order in which it stands."""

from __future__ import annotations

from typing import Any, NamedTuple

from gamesvc.client.failure import GameError, SessionClosed


class Connect(NamedTuple):
    """Open a connection.

    Attributes:
        query: parameters that the address must have, each in place of one of the same name.
        renew: whether to ask for a token first, which may be another one than before.
    """

    query: dict[str, str]
    renew: bool


class Disconnect(NamedTuple):
    """End the connection, and tell the session nothing more of it.

    Attributes:
        code: to close with; None to drop the line, which is dead or has gone wrong.
    """

    code: int | None


class Transmit(NamedTuple):
    """Send a text message."""

    text: str


class Resolve(NamedTuple):
    """A command took effect. The result is None where it has none."""

    id: str
    result: Any


class Reject(NamedTuple):
    """A command did not take effect; or, where the session is over, it is not known whether it did."""

    id: str
    error: GameError


class ShowWelcome(NamedTuple):
    """A welcome came. Where it says that nothing was resumed, events may have been missed."""

    welcome: dict[str, Any]


class ShowEvent(NamedTuple):
    """An event came."""

    event: dict[str, Any]


class ShowState(NamedTuple):
    """The state is another."""

    state: dict[str, Any]


class ShowLost(NamedTuple):
    """There is no connection any more, or none came to be; there will be another one. The error says why."""

    error: SessionClosed


class ShowStatus(NamedTuple):
    """The session's status is another. The error is there where it is closed."""

    status: str
    error: SessionClosed | None


Shown = ShowWelcome | ShowEvent | ShowState | ShowLost | ShowStatus

Action = Connect | Disconnect | Transmit | Resolve | Reject | Shown

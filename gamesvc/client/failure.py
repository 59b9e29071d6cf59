"""Why a command came to nothing, or a session to its end."""

from __future__ import annotations

from gamesvc.errors import CloseCode

CLOSED = "closed"
TOO_MANY_WAITING = "too_many_waiting"
MESSAGE_TOO_BIG = "message_too_big"
UNREACHABLE = "unreachable"
MISSED_EVENTS = "missed_events"

# Those with which a server sends us away for good. The last two are for later versions of it.
_CLOSE_NAMES = {int(code): code.name.lower() for code in CloseCode if not code.may_reconnect}
_CLOSE_NAMES |= {4403: "revoked", 4410: "game_over"}


class GameError(Exception):
    """A command was refused, or could not be sent; or the session is over.

    Args:
        code: stable name, for programs: one of the server's error codes, of the game's own, or of this library's.
        message: what is wrong, for people.
        retryable: whether the same command can succeed later.
    """

    def __init__(self, code: str, message: str, retryable: bool = False) -> None:
        super().__init__(code, message, retryable)
        self.code = code
        self.message = message
        self.retryable = retryable

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class SessionClosed(GameError):
    """The session is over: it was closed, or the server does not want this client back. The code says which."""


def closed_with(code: int, reason: str) -> SessionClosed:
    """The end of a session whose connection was closed with a code that says: do not come back."""
    return SessionClosed(_CLOSE_NAMES.get(code, f"closed_{code}"), reason or f"the server closed with {code}")


def refused_with(status: int, code: str, message: str) -> SessionClosed:
    """The end of a session that was not let in.

    Args:
        status: of the HTTP response.
        code: the one in its body; empty where there was none.
        message: the one in its body.
    """
    unsaid = f"the server answered with HTTP status {status}, and not as one of gamesvc does"
    return SessionClosed(code or f"http_{status}", message or unsaid)


def unreachable(reason: str) -> SessionClosed:
    """The end of a session to whose server there is no connection."""
    return SessionClosed(UNREACHABLE, reason or "the server can't be reached")

"""What a client does when a connection has ended, or has not come to be: whether it comes back, when, and whether it
asks for a new token first."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from gamesvc.client.backoff import Backoff, asked_seconds
from gamesvc.client.failure import SessionClosed, closed_with, refused_with, unreachable
from gamesvc.errors import CloseCode

GOOD_SECONDS = 5.0
"""After how long a connection was a good one."""

_FOR_GOOD = 4400
_RESTART_STEPS = 2
_UNAUTHORIZED = 401
_PASSING = frozenset((408, 425, 429))


class Loss(NamedTuple):
    """That there is no connection any more, or none came to be.

    Attributes:
        why: the end of the session, where it is one.
        is_final: whether it is one, whatever else there is.
        least: how many steps of the backoff to begin with.
        wait: how many seconds to wait besides.
    """

    why: SessionClosed
    is_final: bool = False
    least: int = 0
    wait: float = 0.0


class Comeback:
    """There was no connection yet.

    Args:
        renewable: whether a new token can be had.
        tries: how many attempts may fail before there was ever a welcome.
        chance: random numbers from 0 to 1.
    """

    def __init__(self, *, renewable: bool, tries: int, chance: Callable[[], float]) -> None:
        self._is_renewable = renewable
        self._tries = tries
        self._chance = chance
        self._failures = Backoff()
        self._has_renewed = False
        self._renews_next = True
        self._was_welcomed = False
        self._opened_at: float | None = None

    def renews(self) -> bool:
        """Whether to ask for a token now, before a connection is opened. It is told once for each time."""
        renews, self._renews_next = self._renews_next, False
        return renews and self._is_renewable

    def welcomed(self, now: float) -> None:
        """A connection has its welcome."""
        self._was_welcomed = True
        self._has_renewed = False
        self._opened_at = now

    def closed(self, code: int | None, reason: str) -> Loss:
        """A connection was closed, or did not come to be.

        Args:
            code: with which it was closed; None where the line was cut, or never was there.
            reason: more, for people.
        """
        if code is not None and code >= _FOR_GOOD:
            can_renew = code == CloseCode.TOKEN_EXPIRED and self._is_renewable
            self._renews_next |= can_renew
            return Loss(closed_with(code, reason), is_final=not can_renew)
        why = reason if code is None else f"the server closed with {code}{reason and ': '}{reason}"
        # All come back after a restart.
        return Loss(unreachable(why), least=_RESTART_STEPS if code == CloseCode.SERVICE_RESTART else 0)

    def refused(self, status: int, code: str, message: str, retry_after: float) -> Loss:
        """The handshake was refused: see `Session.refused`."""
        why = refused_with(status, code, message)
        if status in _PASSING or status >= 500:
            return Loss(why, wait=asked_seconds(retry_after))
        if status == _UNAUTHORIZED and self._is_renewable and not self._has_renewed:
            self._has_renewed = True
            return Loss(why)
        return Loss(why, is_final=True)

    def at(self, now: float, loss: Loss) -> float | None:
        """When to come back.

        Args:
            now: the time.
            loss: why there is no connection; it is told once.

        Returns:
            The time; None: never.
        """
        if self._opened_at is None:
            # It may have been the token's fault: not everybody who connects is told.
            self._renews_next = True
        elif now - self._opened_at >= GOOD_SECONDS:
            self._failures.end()
        self._opened_at = None
        if loss.is_final or (not self._was_welcomed and self._failures.steps + 1 >= self._tries):
            return None
        return now + loss.wait + self._failures.wait(self._chance(), loss.least)

"""What has to come of a connection next, and by when: one is to be opened, its welcome is due, the server is to be
asked whether it is there, or its answer is due."""

from __future__ import annotations

from enum import Enum, auto

WELCOME_SECONDS = 15.0
"""How long a connection may take until its welcome."""
SILENCE_SECONDS = 25.0
"""After how long a silence the server is asked whether it is there."""
ANSWER_SECONDS = 10.0
"""How long it may then be silent."""


class Due(Enum):
    """What it is time for."""

    CONNECT = auto()
    """To open a connection."""
    WELCOME = auto()
    """The welcome, which has not come."""
    ASK = auto()
    """To ask the server whether it is there."""
    ANSWER = auto()
    """The server's answer, or anything else, which has not come."""


class Watch:
    """There is no connection at first, and none is wanted.

    Attributes:
        deadline: when the next thing is due; None where nothing is.
    """

    def __init__(self) -> None:
        self.deadline: float | None = None
        self._what: Due | None = None

    def due(self, now: float) -> Due | None:
        """What it is time for, if for anything."""
        return self._what if self.deadline is not None and self.deadline <= now else None

    def waits(self, until: float) -> None:
        """There is none, and one is to be opened then."""
        self._what, self.deadline = Due.CONNECT, until

    def opens(self, now: float) -> None:
        """One is being opened."""
        self._what, self.deadline = Due.WELCOME, now + WELCOME_SECONDS

    def hears(self, now: float) -> None:
        """The welcome came, or whatever comes after it."""
        self._what, self.deadline = Due.ASK, now + SILENCE_SECONDS

    def asks(self, now: float) -> None:
        """The server is asked whether it is there."""
        self._what, self.deadline = Due.ANSWER, now + ANSWER_SECONDS

    def stops(self) -> None:
        """There is none, and none is wanted."""
        self._what = self.deadline = None

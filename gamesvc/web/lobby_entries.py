"""What the lobby keeps: games that were made through it, names of guests, invitations, and who waits.

They are kept without the names of their attributes, which would be half of what is written: new ones come last, and
have a default.
"""

from __future__ import annotations

from msgspec import Struct

HOUR = 3600.0
OPEN_SECONDS = 24 * HOUR
"""How long a game that has not begun is listed after somebody took a seat or gave one up."""

PLAYED_SECONDS = 30 * 24 * HOUR
"""How long a game that has begun is."""

FINISHED_SECONDS = 24 * HOUR
"""How long one that is over is."""


class Listed(Struct, frozen=True, array_like=True):
    """A game that was made through the lobby.

    Attributes:
        game: its id.
        kind: what is played, by its name in the catalog.
        options: it was made with, all of them: JSON.
        public: whether it is listed for everybody.
        by: who made it; empty: nobody alone, because it is for those who waited.
        created: when, in seconds since the epoch.
        seats: how many are wanted; None where there are no seats.
        named: for whom it is, in the order of the seats; empty: for whoever comes.
        players: who has each seat, None where it is free.
        started: whether it has begun.
        finished: whether it is over.
        changed: when one of these three did, in seconds since the epoch.
    """

    game: str
    kind: str
    options: str
    public: bool
    by: str
    created: float
    seats: int | None
    named: tuple[str, ...]
    players: tuple[str | None, ...]
    started: bool
    finished: bool
    changed: float

    @property
    def names(self) -> frozenset[str]:
        """Who made it, or plays in it, or is to."""
        return frozenset(name for name in (self.by, *self.named, *self.players) if name)

    @property
    def state(self) -> str:
        """``open``, ``playing`` or ``finished``."""
        if self.finished:
            return "finished"
        return "playing" if self.started else "open"

    @property
    def expires(self) -> float:
        """When it is not listed any more, if nothing changes; in seconds since the epoch."""
        if self.finished:
            return self.changed + FINISHED_SECONDS
        return self.changed + (PLAYED_SECONDS if self.started else OPEN_SECONDS)


def wanted(
    game: str, kind: str, options: str, by: str, seats: int | None, *, public: bool, named: tuple[str, ...] = ()
) -> Listed:
    """A game that is to be made: nobody has come yet, and when it is made is said by who makes it.

    Args:
        game: as `Listed` has it; the others, too.
    """
    return Listed(game, kind, options, public, by, 0.0, seats, named, (), started=False, finished=False, changed=0.0)


class Held(Struct, frozen=True, array_like=True):
    """A name that is a guest's.

    Attributes:
        until: nobody else is given it, in seconds since the epoch.
        lease: tells this guest from those who had the name before, or have it later; empty where no token of theirs
            names one.
    """

    until: float
    lease: str = ""


class Invite(Struct, frozen=True, array_like=True):
    """An invitation.

    Attributes:
        game: to which.
        expires: when, in seconds since the epoch.
    """

    game: str
    expires: float


class Ticket(Struct, frozen=True, array_like=True):
    """Somebody waits for a game, or has waited.

    Attributes:
        ticket: its id.
        player: who waits.
        kind: for what.
        options: with which: JSON.
        seats: how many are to play.
        since: when they came, in seconds since the epoch.
        own: their rating; None where they have none.
        within: how far others' may be from it.
        game: that they play; empty while they wait.
        expires: when it is forgotten; 0.0 while they wait. In seconds since the epoch.
        place: how many came before them.
    """

    ticket: str
    player: str
    kind: str
    options: str
    seats: int
    since: float
    own: float | None
    within: float
    game: str = ""
    expires: float = 0.0
    place: int = 0

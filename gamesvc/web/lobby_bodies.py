"""What the lobby is asked with, and answers: JSON, as types."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType

from gamesvc.web.identity import MAX_GUEST_NAME

MAX_RATING = 1e6
MAX_SEATS = 256

Name = Annotated[str, Meta(min_length=1, max_length=64, pattern="^[^\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029]*$")]
"""A player's."""

Label = Annotated[str, Meta(min_length=1, max_length=128)]
"""What a kind of game, or a bot, is called."""


class Seat(Struct):
    """With what somebody takes part in a game.

    Attributes:
        player: their name.
        url: path of the WebSocket, with the query that it needs.
        token: what admits them; None where the name does.
    """

    player: str
    url: str
    token: str | None


class Game(Struct):
    """A game, as it is shown.

    Attributes:
        id: the game's.
        kind: what is played.
        options: it was made with.
        public: whether everybody is shown it.
        state: ``open``, ``playing`` or ``finished``.
        players: who has each seat, None where it is free.
        free: how many may still come; None where there are no seats, so that all may.
        started: whether it has begun.
        finished: whether it is over.
        created: when, in seconds since the epoch.
        by: who made it; None: nobody alone.
    """

    id: str
    kind: str
    options: Raw
    public: bool
    state: str
    players: list[str | None]
    free: int | None
    started: bool
    finished: bool
    created: float
    by: str | None


class Wish(Struct, forbid_unknown_fields=True):
    """What somebody wants to have made.

    Attributes:
        kind: what is played.
        options: as far as they are not the kind's own.
        public: whether it is listed.
        seats: how many are to play; None: as many as can.
        bots: who is to take seats.
        players: for whom it is, in the order of the seats; empty: for whoever comes.
    """

    kind: Label
    options: dict[str, Any] = {}
    public: bool = True
    seats: Annotated[int, Meta(ge=1, le=MAX_SEATS)] | None = None
    bots: Annotated[list[Label], Meta(max_length=MAX_SEATS)] = []
    players: Annotated[list[Name], Meta(max_length=MAX_SEATS)] = []


class Rating(Struct, forbid_unknown_fields=True):
    """How well somebody plays, and how far others may be from it."""

    own: Annotated[float, Meta(ge=-MAX_RATING, le=MAX_RATING)]
    within: Annotated[float, Meta(ge=0, le=MAX_RATING)] = 200.0


class Quest(Struct, forbid_unknown_fields=True):
    """What somebody wants to play.

    Attributes:
        kind: what.
        players: how many are to play; None: as few as can.
        rating: how well they play; None: with anybody.
    """

    kind: Label
    players: Annotated[int, Meta(ge=1, le=MAX_SEATS)] | None = None
    rating: Rating | None = None


class Nothing(Struct, forbid_unknown_fields=True):
    """No more than ``{}``."""


class About(Struct):
    """What this server is."""

    version: str
    auth: Literal["none", "guests", "identity", "verify"]
    playground: bool
    guests: bool
    issuer: str | None


class KindOfGame(Struct):
    """What can be played."""

    name: str
    title: str
    description: str
    seats: tuple[int, int] | None
    can_leave: Annotated[bool, Meta(description="Whether a seat can be given up once the game has begun.")]
    options: Raw
    commands: Raw
    bots: list[str]


class Kinds(Struct):
    """All that can be played."""

    kinds: list[KindOfGame]


class Guest(Struct, forbid_unknown_fields=True):
    """Somebody who comes along."""

    name: Annotated[str, Meta(min_length=1, max_length=MAX_GUEST_NAME)] | None = None


class Welcomed(Struct):
    """Who they are here."""

    player: str
    token: str | None


class Games(Struct):
    """Some games, the newest first."""

    games: list[Game]
    next: str | None


class Made(Struct):
    """A game, and a seat in it."""

    game: Game
    seat: Seat


class Seated(Struct):
    """A seat."""

    seat: Seat


class BotWanted(Struct, forbid_unknown_fields=True):
    """A bot that is to play."""

    bot: Label
    player: Name | None = None


class BotSeated(Struct):
    """For whom a bot plays."""

    player: str


class Invited(Struct):
    """An invitation."""

    code: str
    url: str
    expires: float


class Waiting(Struct):
    """What has become of who waits."""

    ticket: str
    state: Literal["waiting", "matched", "gone"]
    game: Game | UnsetType = UNSET
    seat: Seat | UnsetType = UNSET

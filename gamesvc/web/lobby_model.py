"""What the lobby knows and must not forget: the games that were made through it, invitations, names of guests, and who
waits for a game. It is a game of gamesvc's own, and goes through the same journal: each step happens once, or not.

Its commands are the server's alone: its id is one that no client can ask for.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import msgspec
from msgspec import Struct, field

from gamesvc import GameError, GameModel, Player, command
from gamesvc.web.pairing import parties

LOBBY = "gamesvc.lobby"
"""The id of its game, and the name of its kind. It holds a dot, which ids that clients ask for do not."""

HOUR = 3600.0
OPEN_SECONDS = 24 * HOUR
"""How long a game that has not begun is listed after somebody took a seat or gave one up."""

PLAYED_SECONDS = 30 * 24 * HOUR
"""How long a game that has begun is."""

FINISHED_SECONDS = 24 * HOUR
"""How long one that is over is."""

INVITED_SECONDS = 7 * 24 * HOUR
"""How long an invitation holds."""

MATCHED_SECONDS = 600.0
"""How long it is known what became of who waited."""

MAX_INVITES = 16
"""Invitations that hold at a time, for a game."""

SHELVES = 16
SHELF_BYTES = 36_000
INVITES_BYTES = 60_000
GUESTS_BYTES = 120_000
TICKETS_BYTES = 120_000
"""How large the parts may become: together they stay below what a game's state may have."""

ID_LENGTH = 16
_SPARE = 512
_encode = msgspec.msgpack.Encoder().encode


class Listed(Struct, frozen=True):
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


class Invite(Struct, frozen=True):
    """An invitation.

    Attributes:
        game: to which.
        expires: when, in seconds since the epoch.
    """

    game: str
    expires: float


class Ticket(Struct, frozen=True):
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


Shelf = dict[str, Listed]


class LobbyModel(GameModel):
    """The lobby's own state."""

    # The journal is given each field that has changed, whole: so a game is in one of many small ones.
    games_0: Shelf = field(default_factory=dict)
    games_1: Shelf = field(default_factory=dict)
    games_2: Shelf = field(default_factory=dict)
    games_3: Shelf = field(default_factory=dict)
    games_4: Shelf = field(default_factory=dict)
    games_5: Shelf = field(default_factory=dict)
    games_6: Shelf = field(default_factory=dict)
    games_7: Shelf = field(default_factory=dict)
    games_8: Shelf = field(default_factory=dict)
    games_9: Shelf = field(default_factory=dict)
    games_10: Shelf = field(default_factory=dict)
    games_11: Shelf = field(default_factory=dict)
    games_12: Shelf = field(default_factory=dict)
    games_13: Shelf = field(default_factory=dict)
    games_14: Shelf = field(default_factory=dict)
    games_15: Shelf = field(default_factory=dict)
    invites: dict[str, Invite] = field(default_factory=dict)
    guests: dict[str, float] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)

    @command
    def add(self, player: Player, game: Listed) -> None:
        """A game is made."""
        self._add(msgspec.structs.replace(game, created=self.now, changed=self.now))

    @command
    def stand(self, player: Player, game: str, players: tuple[str | None, ...], started: bool, finished: bool) -> None:
        """A game stands otherwise than before."""
        shelf = self._shelf(game)
        if game in shelf:
            shelf[game] = msgspec.structs.replace(
                shelf[game], players=players, started=started, finished=finished, changed=self.now
            )
            self._make_room(shelf, game)

    @command
    def remove(self, player: Player, game: str) -> None:
        """A game could not be made."""
        self._shelf(game).pop(game, None)

    @command
    def invite(self, player: Player, game: str, code: str) -> None:
        """Somebody is invited to a game."""
        if game not in self._shelf(game):
            raise GameError("there is no such game", code="no_such_game")
        of_game = [each for each, invite in self.invites.items() if invite.game == game]
        for each in of_game[: max(0, len(of_game) + 1 - MAX_INVITES)]:
            del self.invites[each]
        self.invites[code] = Invite(game, self.now + INVITED_SECONDS)
        if _size(self.invites) > INVITES_BYTES:
            raise GameError("there are too many invitations", code="lobby_full")

    @command
    def welcome(self, player: Player, names: list[str], seconds: float) -> str:
        """A guest gets the first of some names that is free, for a while."""
        free = next((name for name in names if self.guests.get(name, 0.0) <= self.now), None)
        if free is None:
            raise GameError("these names are taken", code="name_taken")
        self.guests[free] = self.now + seconds
        if _size(self.guests) > GUESTS_BYTES:
            raise GameError("there are too many guests", code="lobby_full")
        return free

    @command
    def wait(self, player: Player, ticket: Ticket) -> None:
        """Somebody waits for a game; and does not wait for another any more."""
        self._stop_waiting([each.ticket for each in self.tickets.values() if each.player == ticket.player])
        self.tickets[ticket.ticket] = msgspec.structs.replace(ticket, since=self.now)
        self._match()
        if _size(self.tickets) > TICKETS_BYTES:
            raise GameError("too many wait", code="lobby_full")

    @command
    def stop_waiting(self, player: Player, tickets: list[str]) -> None:
        """Some do not wait any more."""
        self._stop_waiting(tickets)

    @command
    def match(self, player: Player) -> None:
        """See who accepts whom by now."""
        self._match()

    @command
    def tidy(self, player: Player) -> None:
        """Forget what is over."""
        now = self.now
        for number in range(SHELVES):
            shelf: Shelf = getattr(self, f"games_{number}")
            for game in [game for game, listed in shelf.items() if listed.expires <= now]:
                del shelf[game]
        self.invites = {
            code: each
            for code, each in self.invites.items()
            if each.expires > now and each.game in self._shelf(each.game)
        }
        self.guests = {name: until for name, until in self.guests.items() if until > now}
        self.tickets = {id: each for id, each in self.tickets.items() if not 0.0 < each.expires <= now}

    def _shelf(self, game: str) -> Shelf:
        shelf: Shelf = getattr(self, f"games_{shelf_of(game)}")
        return shelf

    def _add(self, game: Listed) -> None:
        shelf = self._shelf(game.game)
        shelf[game.game] = game
        self._make_room(shelf, game.game)
        if _size(shelf) > SHELF_BYTES:
            raise GameError("there are too many games", code="lobby_full")

    def _make_room(self, shelf: Shelf, kept: str) -> None:
        """Forget games as far as there is no room: the oldest that are over, those that nobody sits in, then others
        that have not begun. Those that are played stay: their players come back for new tokens."""
        if _size(shelf) <= SHELF_BYTES:
            return
        others = sorted(
            (each for each in shelf.values() if each.game != kept and (each.finished or not each.started)),
            key=lambda each: (not each.finished, any(each.players), each.changed),
        )
        for listed in others:
            del shelf[listed.game]
            if _size(shelf) <= SHELF_BYTES - _SPARE:
                return

    def _stop_waiting(self, tickets: list[str]) -> None:
        for ticket in tickets:
            if ticket in self.tickets and not self.tickets[ticket].game:
                del self.tickets[ticket]

    def _match(self) -> None:
        for party in parties([each for each in self.tickets.values() if not each.game], self.now):
            game = f"{self.random.getrandbits(ID_LENGTH * 4):0{ID_LENGTH}x}"
            first = party[0]
            # Who came first is not to have the first move each time.
            names = [each.player for each in party]
            self.random.shuffle(names)
            self._add(
                Listed(
                    game,
                    first.kind,
                    first.options,
                    public=True,
                    by="",
                    created=self.now,
                    seats=first.seats,
                    named=tuple(names),
                    players=(),
                    started=False,
                    finished=False,
                    changed=self.now,
                )
            )
            for each in party:
                self.tickets[each.ticket] = msgspec.structs.replace(each, game=game, expires=self.now + MATCHED_SECONDS)


def shelf_of(game: str) -> int:
    """The number of the field that a game is in.

    Args:
        game: its id.
    """
    return crc32(game.encode()) % SHELVES


def _size(part: Any) -> int:
    return len(_encode(part))

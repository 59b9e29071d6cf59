"""What the lobby knows and must not forget: the games that were made through it, invitations, names of guests, and who
waits for a game. It is a game of gamesvc's own, and goes through the same journal: each step happens once, or not.

Its commands are the server's alone: its id is one that no client can ask for.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import msgspec

from gamesvc import GameError, GameModel, Player, command
from gamesvc.web.lobby_entries import HOUR, Held, Invite, Listed, Ticket, wanted
from gamesvc.web.lobby_room import make_room, make_room_for_names
from gamesvc.web.lobby_shelves import Shelves, shelved
from gamesvc.web.lobby_state import GAMES, GUESTS, INVITES, TICKETS, migrate_from_1, migrate_from_2, sorted_anew
from gamesvc.web.pairing import parties

LOBBY = "gamesvc.lobby"
"""The id of its game, and the name of its kind. It holds a dot, which ids that clients ask for do not."""

INVITED_SECONDS = 7 * 24 * HOUR
"""How long an invitation holds."""

MATCHED_SECONDS = 600.0
"""How long it is known what became of who waited."""

MAX_INVITES = 16
"""Invitations that hold at a time, for a game."""

MATCHED_AT_ONCE = 64
"""Where more than so many want the same, it is seen who plays with whom when it is looked for all, and not whenever
somebody comes."""

ID_LENGTH = 16

_SORTS: tuple[Shelves[Any], ...] = (GAMES, GUESTS, INVITES, TICKETS)

if TYPE_CHECKING:
    _Shelved = GameModel
else:
    _Shelved = shelved("_Shelved", __name__, *_SORTS)


class LobbyModel(_Shelved, version=3):
    """The lobby's own state."""

    # Makes ids that nobody guesses out of what clients make up; from the first on that is made so.
    secret: bytes = b""
    # Says on which shelf something lies: clients choose names, and are not to choose shelves. From the first thing on
    # that is put there.
    order: bytes = b""
    # How many have ever waited.
    came: int = 0

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        if version < 2:
            migrate_from_1(state)
        else:
            migrate_from_2(state)

    @command
    def add(self, player: Player, game: Listed, once: str = "", after: str = "") -> tuple[str, bool]:
        """A game is made; one only, however often it is asked for with the same ``once``, and one only ``after``
        another, whoever asks for it. Its id, and whether it is new."""
        self._sort()
        id = ""
        if after:
            id = id_after(self._secret(), after, is_short=game.public)
        elif once:
            held = self._holding(game.by)
            lease = "" if held is None else held.lease
            id = id_of(self._secret(), "game", game.by, once, lease=lease, is_short=game.public)
        if id:
            if id in self._games(id):
                return id, False
            game = msgspec.structs.replace(game, game=id)
        self._add(msgspec.structs.replace(game, created=self.now, changed=self.now))
        return game.game, True

    @command
    def stand(self, player: Player, game: str, players: tuple[str | None, ...], started: bool, finished: bool) -> None:
        """A game stands otherwise than before."""
        shelf = self._games(game)
        if game in shelf:
            shelf[game] = msgspec.structs.replace(
                shelf[game], players=players, started=started, finished=finished, changed=self.now
            )
            make_room(GAMES, shelf, game, self.now)
            self._keep_games(game, shelf)

    @command
    def remove(self, player: Player, game: str) -> None:
        """A game could not be made."""
        shelf = self._games(game)
        shelf.pop(game, None)
        self._keep_games(game, shelf)

    @command
    def invite(self, player: Player, game: str, code: str) -> None:
        """Somebody is invited to a game."""
        self._sort()
        if game not in self._games(game):
            raise GameError("there is no such game", code="no_such_game")
        field = self._field(INVITES, game)
        shelf = INVITES.unpacked(getattr(self, field))
        of_game = [each for each, invite in shelf.items() if invite.game == game]
        for each in of_game[: max(0, len(of_game) + 1 - MAX_INVITES)]:
            del shelf[each]
        shelf[code] = Invite(game, self.now + INVITED_SECONDS)
        if INVITES.is_too_full(shelf):
            raise GameError("there are too many invitations", code="lobby_full")
        setattr(self, field, INVITES.packed(shelf))

    @command
    def welcome(self, player: Player, names: list[str], seconds: float, lease: str = "") -> str:
        """A guest gets the first of some names that is free, for a while."""
        self._sort()
        for name in names:
            held = self._holding(name)
            # Whose day is over, and who still has a seat somewhere, may come back to it.
            if held is None or (held.until <= self.now and name not in self._names()):
                self._record(name, seconds, lease)
                return name
        raise GameError("these names are taken", code="name_taken")

    @command
    def renew(
        self, player: Player, name: str, seconds: float, lease: str = "", fresh: str = "", expired: bool = False
    ) -> str:
        """A guest keeps a name that is theirs. Its lease: the one that their token names, or a fresh one where there is
        none yet. An expired token shows that a name is theirs only where it names the lease that is known here."""
        self._sort()
        held = self._holding(name)
        known = "" if held is None else held.lease
        is_the_same = known == lease != ""
        if not is_the_same and (expired or (known and lease)):
            raise GameError("the name is somebody else's", code="name_taken")
        self._record(name, seconds, known or lease or fresh)
        return known or lease or fresh

    @command
    def wait(self, player: Player, ticket: Ticket, once: str = "") -> str:
        """Somebody waits for a game; and does not wait for another any more. Their ticket; one only, however often it
        is asked for with the same ``once``."""
        self._sort()
        id = id_of(self._secret(), "ticket", ticket.player, once) if once else ticket.ticket
        shelves = self._tickets()
        shelf = shelves[self._field(TICKETS, ticket.player)]
        if id in shelf:
            return id
        for each in [each for each in shelf.values() if each.player == ticket.player and not each.game]:
            del shelf[each.ticket]
        self.came += 1
        shelf[id] = msgspec.structs.replace(ticket, ticket=id, since=self.now, place=self.came)
        # Those who play by now have had time to ask.
        for each in sorted((each for each in shelf.values() if each.game), key=lambda each: each.expires):
            if not TICKETS.is_too_full(shelf):
                break
            del shelf[each.ticket]
        if TICKETS.is_too_full(shelf):
            raise GameError("too many wait", code="lobby_full")
        alike = [each for each in _waiting(shelves) if each.kind == ticket.kind and each.seats == ticket.seats]
        if len(alike) <= MATCHED_AT_ONCE:
            self._match(alike, shelves)
        self._keep_tickets(shelves)
        return id

    @command
    def stop_waiting(self, player: Player, tickets: list[str]) -> None:
        """Some do not wait any more."""
        shelves = self._tickets()
        for shelf in shelves.values():
            for ticket in [each for each in tickets if each in shelf and not shelf[each].game]:
                del shelf[ticket]
        self._keep_tickets(shelves)

    @command
    def match(self, player: Player) -> None:
        """See who accepts whom by now."""
        self._sort()
        shelves = self._tickets()
        self._match(_waiting(shelves), shelves)
        self._keep_tickets(shelves)

    @command
    def tidy(self, player: Player) -> None:
        """Forget what is over."""
        now = self.now
        listed: set[str] = set()
        names: set[str] = set()
        for field in GAMES.fields:
            games = GAMES.unpacked(getattr(self, field))
            kept = {game: each for game, each in games.items() if each.expires > now}
            if len(kept) < len(games):
                setattr(self, field, GAMES.packed(kept))
            listed.update(kept)
            names.update(*(each.names for each in kept.values()))
        for field in INVITES.fields:
            invites = INVITES.unpacked(getattr(self, field))
            left = {code: each for code, each in invites.items() if each.expires > now and each.game in listed}
            if len(left) < len(invites):
                setattr(self, field, INVITES.packed(left))
        for field in GUESTS.fields:
            guests = GUESTS.unpacked(getattr(self, field))
            theirs = {name: held for name, held in guests.items() if held.until > now or name in names}
            setattr(self, field, GUESTS.packed(theirs))
        tickets = self._tickets()
        self._keep_tickets(
            {
                field: {id: each for id, each in shelf.items() if not 0.0 < each.expires <= now}
                for field, shelf in tickets.items()
            }
        )

    # How.

    def _secret(self) -> bytes:
        if not self.secret:
            self.secret = self.random.randbytes(32)
        return self.secret

    def _sort(self) -> None:
        if not self.order:
            self.order = self.random.randbytes(32)
            state = {name: getattr(self, name) for sort in _SORTS for name in sort.fields}
            for name, packed in sorted_anew(state, self.order).items():
                setattr(self, name, packed)

    def _field(self, shelves: Shelves[Any], name: str) -> str:
        return shelves.field_of(name, self.order)

    def _games(self, game: str) -> dict[str, Listed]:
        """The shelf of a game."""
        return GAMES.unpacked(getattr(self, self._field(GAMES, game)))

    def _keep_games(self, game: str, shelf: dict[str, Listed]) -> None:
        setattr(self, self._field(GAMES, game), GAMES.packed(shelf))

    def _add(self, game: Listed) -> None:
        shelf = self._games(game.game)
        shelf[game.game] = game
        make_room(GAMES, shelf, game.game, self.now)
        if GAMES.is_too_full(shelf):
            raise GameError("there are too many games", code="lobby_full")
        self._keep_games(game.game, shelf)

    def _names(self) -> frozenset[str]:
        """Who made a game, or plays in one, or is to."""
        shelves = (GAMES.unpacked(getattr(self, field)).values() for field in GAMES.fields)
        return frozenset[str]().union(*(each.names for shelf in shelves for each in shelf))

    def _holding(self, name: str) -> Held | None:
        return GUESTS.unpacked(getattr(self, self._field(GUESTS, name))).get(name)

    def _record(self, name: str, seconds: float, lease: str) -> None:
        field = self._field(GUESTS, name)
        shelf = GUESTS.unpacked(getattr(self, field))
        shelf[name] = Held(self.now + seconds, lease)
        make_room_for_names(GUESTS, shelf, self.now)
        if GUESTS.is_too_full(shelf):
            raise GameError("there are too many guests", code="lobby_full")
        setattr(self, field, GUESTS.packed(shelf))

    def _tickets(self) -> dict[str, dict[str, Ticket]]:
        return {field: TICKETS.unpacked(getattr(self, field)) for field in TICKETS.fields}

    def _keep_tickets(self, shelves: dict[str, dict[str, Ticket]]) -> None:
        for field, shelf in shelves.items():
            setattr(self, field, TICKETS.packed(shelf))

    def _match(self, waiting: list[Ticket], shelves: dict[str, dict[str, Ticket]]) -> None:
        for party in parties(waiting, self.now):
            game = f"{self.random.getrandbits(ID_LENGTH * 4):0{ID_LENGTH}x}"
            first = party[0]
            # Who came first is not to have the first move each time.
            names = [each.player for each in party]
            self.random.shuffle(names)
            made = wanted(game, first.kind, first.options, "", first.seats, public=True, named=tuple(names))
            self._add(msgspec.structs.replace(made, created=self.now, changed=self.now))
            for each in party:
                shelves[self._field(TICKETS, each.player)][each.ticket] = msgspec.structs.replace(
                    each, game=game, expires=self.now + MATCHED_SECONDS
                )


# Nobody asks how it came to stand as it does, and it lives for years.
LobbyModel.KEEPS_HISTORY = False


def id_of(secret: bytes, what: str, by: str, once: str, *, lease: str = "", is_short: bool = False) -> str:
    """The id of what somebody asks for, the same each time that they do.

    Args:
        secret: the lobby's.
        what: that is.
        by: who asks.
        once: which one of theirs it is.
        lease: tells them from others who have had the name, or have it later. Those choose what theirs are called, too.
        is_short: whether it need not be so long that nobody guesses it.
    """
    parts = (what, by, lease, once) if lease else (what, by, once)
    return blake2b("\n".join(parts).encode(), key=secret, digest_size=8 if is_short else 16).hexdigest()


def id_after(secret: bytes, game: str, *, is_short: bool) -> str:
    """The id of the game that comes after another one, the same for all who ask for it.

    Args:
        secret: the lobby's.
        game: the other one's.
        is_short: as `id_of` has it.
    """
    return id_of(secret, "after", "", game, is_short=is_short)


def _waiting(shelves: dict[str, dict[str, Ticket]]) -> list[Ticket]:
    """Those who wait, in the order in which they came."""
    found = [each for shelf in shelves.values() for each in shelf.values() if not each.game]
    return sorted(found, key=lambda each: each.place)

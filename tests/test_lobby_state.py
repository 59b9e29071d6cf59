"""What the first versions of the lobby kept is on the shelves of today."""

from __future__ import annotations

from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.migration import migrated
from gamesvc.web.lobby_entries import Held, Invite, Listed, Ticket
from gamesvc.web.lobby_model import LobbyModel
from gamesvc.web.lobby_shelves import Shelves
from gamesvc.web.lobby_state import GAMES, GUESTS, INVITES, TICKETS, sorted_anew
from tests.lobbies import listed as listed_now
from tests.test_lobby_model import Book

NOW = 1_000_000.0
STANDS = {"seats": 2, "named": [], "players": ["ann", None], "started": False, "finished": False, "changed": NOW}
TUPLES: dict[str, Any] = {"named": (), "players": ("ann", None)}


def listed(game: str, **more: Any) -> dict[str, Any]:
    made = {"game": game, "kind": "chess", "options": "{}", "public": True, "by": "ann", "created": NOW}
    return {**made, **STANDS, **more}


def ticket(id: str, player: str, **more: Any) -> dict[str, Any]:
    made = {"ticket": id, "player": player, "kind": "chess", "options": "{}", "seats": 2, "since": NOW, "own": 1500.0}
    return {**made, "within": 100.0, "game": "", "expires": 0.0, **more}


def first_version(**fields: Any) -> dict[str, bytes]:
    """A state as the first version had it."""
    state: dict[str, Any] = {f"games_{number}": {} for number in range(16)}
    state |= {"invites": {}, "guests": {}, "tickets": {}, **fields}
    return {name: msgspec.msgpack.encode(value) for name, value in state.items()}


class MigrationTest(SynchronousTestCase):
    def parts(self, state: dict[str, bytes], version: int = 1) -> list[dict[str, Any]]:
        image = migrated(LobbyModel, state, version)
        fields = {field.name: field.decode(raw) for field, raw in zip(LobbyModel.FIELDS, image, strict=True)}
        self.came = fields["came"]
        found: list[dict[str, Any]] = []
        sorts: tuple[Shelves[Any], ...] = (GAMES, GUESTS, INVITES, TICKETS)
        for shelves in sorts:
            part: dict[str, Any] = {}
            for name in shelves.fields:
                shelf = shelves.unpacked(fields[name])
                self.assertFalse(shelves.is_too_full(shelf), name)
                part |= shelf
                for id, each in shelf.items():
                    sorted_by = each.game if isinstance(each, Invite) else id
                    sorted_by = each.player if isinstance(each, Ticket) else sorted_by
                    self.assertEqual(shelves.field_of(sorted_by, b""), name)
            found.append(part)
        return found

    def test_all_of_it_is_there(self) -> None:
        state = first_version(
            games_3={"g1": listed("g1"), "g2": listed("g2", named=["ann", "bob"], started=True, seats=None)},
            games_9={"g3": listed("g3", finished=True)},
            invites={"code": {"game": "g1", "expires": NOW + 9}},
            guests={"ann": NOW + 1, "zoë": NOW + 2},
            tickets={
                "t1": ticket("t1", "late", since=NOW + 1),
                "t2": ticket("t2", "early"),
                "t3": ticket("t3", "played", game="g3", expires=NOW + 600),
            },
        )
        games, guests, invites, tickets = self.parts(state)
        self.assertEqual(sorted(games), ["g1", "g2", "g3"])
        self.assertEqual(games["g2"].named, ("ann", "bob"))
        self.assertEqual(games["g1"], Listed(**listed("g1") | TUPLES))
        self.assertEqual((games["g2"].seats, games["g2"].state, games["g3"].state), (None, "playing", "finished"))
        self.assertEqual(guests, {"ann": Held(NOW + 1), "zoë": Held(NOW + 2)})
        self.assertEqual(invites, {"code": Invite("g1", NOW + 9)})
        self.assertEqual({id: each.place for id, each in tickets.items()}, {"t1": 2, "t2": 1, "t3": 0})
        self.assertEqual(self.came, 2)
        self.assertEqual(tickets["t3"], Ticket(**ticket("t3", "played", game="g3", expires=NOW + 600)))

    def test_one_in_which_nothing_was_is_empty(self) -> None:
        self.assertEqual(self.parts(first_version()), [{}, {}, {}, {}])

    def test_where_there_is_no_room_what_would_be_forgotten_first_is(self) -> None:
        for shelves in (GAMES, GUESTS, INVITES, TICKETS):
            self.patch(shelves, "fields", shelves.fields[:1])
            self.patch(shelves, "most", 400)
        games, guests, invites, tickets = self.parts(
            first_version(
                games_0={f"g{number:02}": listed(f"g{number:02}", finished=number % 2 == 0) for number in range(20)},
                guests={f"guest-{number:02}": NOW - number for number in range(40)},
                invites={f"code-{number:02}": {"game": "g1", "expires": NOW - number} for number in range(40)},
                tickets={
                    id: ticket(id, f"player of {id}", game="g1" if number % 2 else "", expires=NOW * (number % 2))
                    for number, id in enumerate(f"t{number:02}" for number in range(20))
                },
            )
        )
        self.assertEqual([each.finished for each in games.values()], [False] * len(games))
        self.assertEqual(list(guests), [f"guest-{number:02}" for number in range(len(guests))])
        self.assertEqual(list(invites), [f"code-{number:02}" for number in range(len(invites))])
        # Those who came first are the last to go.
        self.assertEqual(list(tickets), [f"t{2 * number:02}" for number in range(len(tickets))])
        for part in (games, guests, invites, tickets):
            self.assertGreater(len(part), 3)

    def test_where_it_is_sorted_anew_and_there_is_no_room_what_would_be_forgotten_first_is(self) -> None:
        self.patch(GUESTS, "fields", GUESTS.fields[:2])
        before = dict.fromkeys((*GAMES.fields, *GUESTS.fields, *INVITES.fields, *TICKETS.fields), b"")
        half = {f"guest-{number:02}": Held(NOW - number, "lease") for number in range(20)}
        other = {f"guest-{number:02}": Held(NOW - number, "lease") for number in range(20, 40)}
        before |= dict(zip(GUESTS.fields, map(GUESTS.packed, (half, other)), strict=True))
        self.patch(GUESTS, "most", 225)
        after = sorted_anew(before, b"key")
        self.assertEqual(list(after), list(before))
        found: dict[str, Held] = {}
        for field in GUESTS.fields:
            shelf = GUESTS.unpacked(after[field])
            self.assertEqual({GUESTS.field_of(name, b"key") for name in shelf}, {field})
            found |= shelf
            gone = [name for name in {**half, **other} if GUESTS.field_of(name, b"key") == field and name not in shelf]
            self.assertLess(max(shelf), min(gone), "the last to expire stay")
        self.assertTrue(10 < len(found) < 40)

    def test_what_lay_on_shelves_before_the_version_said_so_stays_there(self) -> None:
        shelf = {"g1": Listed(**listed("g1") | TUPLES)}
        fields = dict.fromkeys((*GAMES.fields, *GUESTS.fields, *INVITES.fields, *TICKETS.fields), b"")
        fields[GAMES.field_of("g1", b"")] = GAMES.packed(shelf)
        fields[GUESTS.field_of("ann", b"")] = msgspec.msgpack.encode({"ann": NOW})
        state = {name: msgspec.msgpack.encode(value) for name, value in fields.items()}
        self.assertEqual(self.parts(state), [shelf, {"ann": Held(NOW)}, {}, {}])

    def test_the_names_that_the_second_version_knew_are_theirs_as_before_and_lie_where_they_lay(self) -> None:
        book = Book()
        names = [f"guest-{number}" for number in range(100)]
        book.do("add", game=listed_now("g1"))
        for name in names:
            book.do("welcome", names=[name], seconds=60.0)
        fields = {field.name: book.field(field.name) for field in LobbyModel.FIELDS}
        known = {field: GUESTS.unpacked(fields[field]) for field in GUESTS.fields}
        for field, shelf in known.items():
            before = {name: held.until for name, held in shelf.items()}
            fields[field] = msgspec.msgpack.encode(before) if before else b""
        image = migrated(LobbyModel, {name: msgspec.msgpack.encode(each) for name, each in fields.items()}, 2)
        self.assertEqual(image, book.instance.standing.image)
        self.assertEqual(sum(map(len, known.values())), 100)

    def test_where_the_second_version_was_full_the_third_has_room_for_each_lease(self) -> None:
        most_before = 3_750
        shelf: dict[str, float] = {}
        while len(msgspec.msgpack.encode(shelf)) <= most_before:
            shelf[f"guest-{len(shelf)}"] = NOW
        leased = {name: Held(until, "x" * 11) for name, until in shelf.items()}
        self.assertFalse(GUESTS.is_too_full(leased))

"""What the lobby remembers: each step whole or not at all, and never more than a game's state may have."""

from __future__ import annotations

import random
from typing import Any
from unittest import mock

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Player
from gamesvc.image import settle
from gamesvc.instance import MAX_STATE_BYTES, Instance
from gamesvc.model import GameError
from gamesvc.web import lobby_model, lobby_room
from gamesvc.web.lobby_entries import Held, Listed, Ticket
from gamesvc.web.lobby_model import LobbyModel
from gamesvc.web.lobby_shelves import Shelves
from gamesvc.web.lobby_state import GAMES, GUESTS, INVITES, TICKETS
from tests.lobbies import listed

SERVER = Player("server")
SORTS: tuple[Shelves[Any], ...] = (GAMES, GUESTS, INVITES, TICKETS)


class Book:
    """The model, as it runs."""

    def __init__(self, seed: bytes = b"seed") -> None:
        self.now = 1000.0
        self.instance = Instance(LobbyModel, seed * 8)
        self.instance.open(self.now)

    def do(self, command: str, **arguments: Any) -> Any:
        spec = LobbyModel.COMMANDS[command]
        given = msgspec.convert(msgspec.to_builtins(arguments), spec.arguments)
        return self.instance.command(self.now, spec.name, SERVER, given).result

    def field(self, name: str) -> Any:
        position = [field.name for field in LobbyModel.FIELDS].index(name)
        return LobbyModel.FIELDS[position].decode(self.instance.standing.image[position])

    def part(self, shelves: Shelves[Any]) -> dict[str, Any]:
        return {id: each for name in shelves.fields for id, each in shelves.unpacked(self.field(name)).items()}

    def games(self) -> dict[str, Listed]:
        return self.part(GAMES)

    @property
    def size(self) -> int:
        return sum(map(len, self.instance.standing.image))


def ticket(id: str, **more: Any) -> Ticket:
    made: dict[str, Any] = {
        "ticket": id,
        "player": f"player of {id}",
        "kind": "chess",
        "options": "{}",
        "seats": 2,
        "since": 0.0,
        "own": None,
        "within": 0.0,
        **more,
    }
    return Ticket(**made)


class LobbyModelTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.book = Book()

    def test_a_game_is_in_the_one_field_that_its_id_says_so_that_little_is_written_for_it(self) -> None:
        self.book.do("add", game=listed("g1"))
        before = self.book.instance.standing.image
        self.book.do("stand", game="g1", players=["ann", None], started=False, finished=False)
        after = self.book.instance.standing.image
        changed = [field.name for field, old, new in zip(LobbyModel.FIELDS, before, after, strict=True) if old != new]
        self.assertEqual(changed, [GAMES.field_of("g1", self.book.field("order"))])
        self.assertEqual(self.book.games()["g1"].players, ("ann", None))

    def test_nobody_knows_which_names_share_a_shelf(self) -> None:
        orders = set()
        for seed in (b"seed", b"plum"):
            self.book = Book(seed)
            self.book.do("welcome", names=["ann"], seconds=60.0)
            orders.add(self.book.field("order"))
            self.book.do("welcome", names=["bob"], seconds=60.0)
            self.assertIn(self.book.field("order"), orders, "it stays")
        self.assertEqual({len(each) for each in orders}, {32})
        self.assertEqual(len(orders), 2)

    def test_names_that_were_on_one_shelf_lie_on_many(self) -> None:
        names = [name for name in map(str, range(2000)) if TICKETS.field_of(name, b"") == "tickets_3"]
        for name in names[:60]:
            self.book.do("wait", ticket=ticket(f"t{name:>022}", player=name, own=float(name) * 1e4))
        self.assertEqual(len(self.book.part(TICKETS)), 60)

    def test_what_was_sorted_by_no_secret_is_from_the_first_new_thing_on(self) -> None:
        before = Book()
        with mock.patch.object(LobbyModel, "_sort"):
            for number in range(20):
                game = f"g{number}"
                before.do("add", game=listed(game))
                before.do("invite", game=game, code=f"c{number}")
                before.do("invite", game=game, code=f"d{number}")
                before.do("welcome", names=[f"guest-{number}"], seconds=1e6)
                before.do("wait", ticket=ticket(f"t{number}", seats=9))
        self.assertEqual(before.field("order"), b"")
        before.do("stand", game="g7", players=["ann", None], started=False, finished=False)
        parts = [before.part(shelves) for shelves in SORTS]
        self.assertEqual(parts[0]["g7"].players, ("ann", None))
        before.do("renew", name="guest-7", seconds=1e6)
        self.assertEqual([before.part(shelves) for shelves in SORTS], parts)
        order = before.field("order")
        for game in (f"g{number}" for number in range(20)):
            self.assertIn(game, GAMES.unpacked(before.field(GAMES.field_of(game, order))))
            codes = INVITES.unpacked(before.field(INVITES.field_of(game, order)))
            self.assertEqual([each for each in codes if each[1:] == game[1:]], [f"c{game[1:]}", f"d{game[1:]}"])
            name = f"guest-{game[1:]}"
            self.assertIn(name, GUESTS.unpacked(before.field(GUESTS.field_of(name, order))))
        for each in parts[3].values():
            self.assertIn(each.ticket, TICKETS.unpacked(before.field(TICKETS.field_of(each.player, order))))

    def test_what_is_not_known_does_not_come_about_by_standing_otherwise(self) -> None:
        self.book.do("stand", game="g1", players=[], started=True, finished=False)
        self.assertEqual(self.book.games(), {})

    def test_where_there_is_no_room_those_go_of_which_the_listing_is_needed_least(self) -> None:
        self.patch(GAMES, "most", 1600)
        self.patch(GAMES, "fields", ("games_0",))
        self.patch(lobby_room, "SPARE_BYTES", 0)
        for game, players, started, finished in (
            ("played", ["ann", "bob"], True, False),
            ("sat", ["ann"], False, False),
            ("empty", [], False, False),
            ("over", ["ann", "bob"], True, True),
        ):
            self.book.now += 1
            self.book.do("add", game=listed(game, options="x" * 300))
            self.book.do("stand", game=game, players=players, started=started, finished=finished)
        gone = []
        for number in range(3):
            before = set(self.book.games())
            self.book.now += 1
            self.book.do("add", game=listed(f"new{number}", options="x" * 300))
            self.book.do("stand", game=f"new{number}", players=["bob"], started=True, finished=False)
            gone.append(before - set(self.book.games()))
        self.assertEqual(gone, [{"over"}, {"empty"}, {"sat"}])
        before_all = self.book.games()
        error = self.assertRaises(GameError, self.book.do, "add", game=listed("new3", options="x" * 300))
        self.assertEqual(error.code, "lobby_full")
        self.assertEqual(self.book.games(), before_all)

    def test_a_game_for_those_who_waited_is_not_nobodys(self) -> None:
        self.patch(GAMES, "most", 700)
        self.patch(GAMES, "fields", ("games_0",))
        self.patch(lobby_room, "SPARE_BYTES", 0)
        self.book.do("wait", ticket=ticket("a"))
        self.book.do("wait", ticket=ticket("b"))
        (game,) = self.book.games()
        for number in range(3):
            self.book.now += 1
            self.book.do("add", game=listed(f"new{number}", options="x" * 300))
        self.assertEqual(list(self.book.games()), [game, "new2"])

    def test_games_that_are_played_do_not_take_all_the_room_for_long(self) -> None:
        self.patch(GAMES, "most", 1000)
        self.patch(GAMES, "fields", ("games_0",))
        self.patch(lobby_room, "SPARE_BYTES", 0)
        for number in range(2):
            self.book.do("add", game=listed(f"g{number}", options="x" * 300))
            self.book.do("stand", game=f"g{number}", players=["ann", "bob"], started=True, finished=False)
            self.book.now += 1
        self.book.now += lobby_room.SPARED_SECONDS - 3
        self.assertRaises(GameError, self.book.do, "add", game=listed("new", options="x" * 300))
        self.book.now += 2
        self.book.do("add", game=listed("new", options="x" * 300))
        self.assertEqual(list(self.book.games()), ["g1", "new"])

    def test_what_is_asked_for_again_is_not_made_again(self) -> None:
        def add(once: str, **more: Any) -> tuple[str, bool]:
            id, is_new = msgspec.json.decode(self.book.do("add", game=listed("", **more), once=once))
            return id, is_new

        first, is_new = add("1")
        self.assertTrue(is_new)
        self.assertEqual(add("1"), (first, False))
        others = [add("2"), add("1", by="bob"), add("1", public=False)]
        self.assertEqual([is_new for _, is_new in others], [True] * 3)
        self.assertEqual(len(self.book.games()), 4)
        # A game that is not listed has an id that nobody guesses.
        self.assertEqual([len(first), len(others[2][0])], [16, 32])

    def test_ids_are_not_to_be_made_out_of_what_clients_say(self) -> None:
        ids = set()
        for seed in (b"seed", b"plum"):
            instance = Instance(LobbyModel, seed * 8)
            instance.open(1000.0)
            spec = LobbyModel.COMMANDS["add"]
            given = msgspec.convert({"game": msgspec.to_builtins(listed("")), "once": "1"}, spec.arguments)
            ids.add(instance.command(1000.0, spec.name, SERVER, given).result)
        self.assertEqual(len(ids), 2)

    def test_who_asks_to_wait_again_waits_once_and_keeps_what_came_of_it(self) -> None:
        first = self.book.do("wait", ticket=ticket("", player="ann"), once="1")
        self.assertEqual(self.book.do("wait", ticket=ticket("", player="ann"), once="1"), first)
        self.book.do("wait", ticket=ticket("b"))
        # The answer was lost, and who was matched asks again: they are not to play twice.
        self.assertEqual(self.book.do("wait", ticket=ticket("", player="ann"), once="1"), first)
        self.book.do("wait", ticket=ticket("c"))
        self.assertEqual(len(self.book.games()), 1)
        self.assertNotEqual(self.book.do("wait", ticket=ticket("", player="ann"), once="2"), first)
        self.assertEqual(len(self.book.games()), 2)

    def test_who_came_first_is_served_first_whatever_their_names(self) -> None:
        self.patch(lobby_model, "MATCHED_AT_ONCE", 0)
        names = [f"p{number * 7 % 20}" for number in range(20)]
        for name in names:
            self.book.do("wait", ticket=ticket(f"t{name}", seats=9, player=name))
        self.book.do("match")
        parties = [set(each.named) for each in self.book.games().values()]
        self.assertCountEqual(parties, [set(names[:9]), set(names[9:18])])

    def test_where_many_want_the_same_they_are_matched_when_it_is_looked_for_all(self) -> None:
        self.patch(lobby_model, "MATCHED_AT_ONCE", 1)
        self.book.do("wait", ticket=ticket("a"))
        self.book.do("wait", ticket=ticket("b"))
        self.assertEqual(self.book.games(), {})
        self.book.do("match")
        self.assertEqual(len(self.book.games()), 1)

    def test_a_guest_keeps_a_name_that_is_theirs(self) -> None:
        self.book.do("welcome", names=["ann"], seconds=60.0)
        self.book.now += 50
        self.book.do("renew", name="ann", seconds=60.0)
        self.book.now += 50
        self.assertEqual(self.book.do("welcome", names=["ann", "ann-2"], seconds=60.0), b'"ann-2"')

    def test_a_name_has_the_lease_of_who_got_it_first_until_somebody_else_gets_it(self) -> None:
        self.book.do("welcome", names=["ann"], seconds=60.0, lease="a")
        self.assertEqual(self.book.do("renew", name="ann", seconds=60.0, lease="a", fresh="b"), b'"a"')
        self.book.now += 60
        self.assertEqual(self.book.do("renew", name="ann", seconds=60.0, lease="a", expired=True), b'"a"')
        self.assertEqual(self.book.part(GUESTS), {"ann": Held(1120.0, "a")})
        self.book.now += 60
        self.book.do("welcome", names=["ann"], seconds=60.0, lease="c")
        self.assertEqual(self.book.part(GUESTS), {"ann": Held(1180.0, "c")})

    def test_who_shows_another_lease_or_none_after_a_long_sleep_gets_no_name(self) -> None:
        self.book.do("welcome", names=["ann"], seconds=60.0, lease="a")
        self.book.do("welcome", names=["old"], seconds=60.0)
        before = self.book.part(GUESTS)
        for name, lease, expired in (
            ("ann", "b", True),
            ("ann", "b", False),
            ("ann", "", True),
            ("old", "", True),
            ("old", "a", True),
            ("nobody", "a", True),
            ("nobody", "", True),
        ):
            arguments = {"name": name, "seconds": 60.0, "lease": lease, "fresh": "c", "expired": expired}
            error = self.assertRaises(GameError, self.book.do, "renew", **arguments)
            self.assertEqual(error.code, "name_taken")
        self.assertEqual(self.book.part(GUESTS), before)

    def test_a_good_token_keeps_the_name_also_where_no_lease_of_it_is_known(self) -> None:
        self.book.do("welcome", names=["old"], seconds=60.0)
        for name, lease, fresh, kept in (
            ("old", "", "b", "b"),
            ("old", "", "c", "b"),
            ("gone", "a", "c", "a"),
            ("lost", "", "c", "c"),
        ):
            said = self.book.do("renew", name=name, seconds=60.0, lease=lease, fresh=fresh)
            self.assertEqual((msgspec.json.decode(said), self.book.part(GUESTS)[name].lease), (kept, kept))

    def test_a_name_whose_day_is_over_is_nobody_elses_while_a_game_has_it(self) -> None:
        self.book.do("add", game=listed("g", by="ann", named=("bob", "carl"), players=("dora", None)))
        for name in ("ann", "bob", "carl", "dora", "eve"):
            self.book.do("welcome", names=[name], seconds=60.0, lease=name)
        self.book.now += 60
        self.book.do("tidy")
        self.assertEqual(set(self.book.part(GUESTS)), {"ann", "bob", "carl", "dora"})
        for name in ("ann", "bob", "carl", "dora"):
            self.assertEqual(self.book.do("welcome", names=[name, "eve"], seconds=0.0), b'"eve"')
        self.book.do("remove", game="g")
        self.assertEqual(self.book.do("welcome", names=["ann"], seconds=60.0, lease="new"), b'"ann"')
        self.book.do("tidy")
        self.assertEqual(self.book.part(GUESTS), {"ann": Held(1120.0, "new")})

    def test_what_is_over_is_found_by_taking_each_shelf_apart_once(self) -> None:
        for number in range(200):
            self.book.do("add", game=listed(f"g{number}"))
            self.book.do("invite", game=f"g{number}", code=f"c{number}")
        self.book.do("remove", game="g7")
        with mock.patch.object(GAMES, "unpacked", wraps=GAMES.unpacked) as unpacked:
            self.book.do("tidy")
        self.assertLessEqual(unpacked.call_count, len(GAMES.fields))
        self.assertEqual(set(self.book.part(INVITES)), {f"c{number}" for number in range(200) if number != 7})

    def test_where_there_is_no_room_nobody_is_forgotten_who_is_not_one_of_many_that_sleep(self) -> None:
        self.patch(GUESTS, "most", 400)
        self.patch(GUESTS, "fields", ("guests_0",))
        sleepers = [f"s{number:02}" for number in range(20)]
        self.book.do("add", game=listed("g", named=tuple(sleepers)))
        come = 0
        for name in sleepers:
            try:
                self.book.do("welcome", names=[name], seconds=60.0, lease="x" * 11)
                come += 1
            except GameError as error:
                self.assertEqual(error.code, "lobby_full")
            self.book.now += 1
        self.book.now += 60
        for number in range(20):
            try:
                self.book.do("welcome", names=[f"n{number:02}"], seconds=60.0, lease="x" * 11)
            except GameError as error:
                self.assertEqual(error.code, "lobby_full")
        kept = list(self.book.part(GUESTS))
        asleep = [name for name in kept if name[0] == "s"]
        self.assertEqual(asleep, sleepers[come - len(asleep) : come], "the last to fall asleep")
        self.assertIn(len(asleep) - come // 2, (0, 1))
        self.assertEqual(len(kept), come)

    def test_the_newest_invitations_to_a_game_hold(self) -> None:
        self.book.do("add", game=listed("g1"))
        for number in range(20):
            self.book.do("invite", game="g1", code=f"c{number}")
        self.assertEqual(sorted(self.book.part(INVITES)), sorted(f"c{number}" for number in range(4, 20)))
        error = self.assertRaises(GameError, self.book.do, "invite", game="g2", code="x")
        self.assertEqual(error.code, "no_such_game")

    def test_a_party_takes_its_tickets_and_its_game_in_one_step(self) -> None:
        self.book.do("wait", ticket=ticket("a"))
        self.assertEqual(self.book.games(), {})
        self.book.do("wait", ticket=ticket("b"))
        (game,) = self.book.games().values()
        self.assertCountEqual(game.named, ["player of a", "player of b"])
        self.assertEqual({each.game for each in self.book.part(TICKETS).values()}, {game.game})
        # Who was matched is not matched again, and can't give up any more.
        self.book.do("stop_waiting", tickets=["a"])
        self.book.do("wait", ticket=ticket("c"))
        self.assertEqual(len(self.book.games()), 1)
        self.assertIn("a", self.book.part(TICKETS))

    def test_only_so_many_can_wait(self) -> None:
        self.patch(TICKETS, "most", 1000)
        self.patch(TICKETS, "fields", ("tickets_0",))
        for number in range(50):
            try:
                self.book.do("wait", ticket=ticket(f"t{number}", own=number * 1e4))
            except GameError as error:
                self.assertEqual(error.code, "lobby_full")
        self.assertTrue(3 < len(self.book.part(TICKETS)) < 20)
        self.assertEqual(next(iter(self.book.part(TICKETS))), "t0")

    def test_who_plays_by_now_keeps_nobody_from_waiting(self) -> None:
        self.patch(TICKETS, "most", 1000)
        self.patch(TICKETS, "fields", ("tickets_0",))
        for number in range(0, 40, 2):
            self.book.now += 1
            for each in range(number, number + 2):
                self.book.do("wait", ticket=ticket(f"t{each}"))
        kept = list(self.book.part(TICKETS))
        self.assertEqual(kept[-2:], ["t38", "t39"])
        self.assertEqual(len(self.book.games()), 20)

    def test_what_is_over_is_forgotten_in_the_end(self) -> None:
        self.book.do("add", game=listed("g1"))
        self.book.do("invite", game="g1", code="c")
        self.book.do("welcome", names=["ann"], seconds=60.0)
        for each in "ab":
            self.book.do("wait", ticket=ticket(each))
        self.book.do("wait", ticket=ticket("c"))
        self.book.now += 30 * 24 * 3600 + 1
        self.book.do("tidy")
        self.assertEqual((self.book.games(), self.book.part(INVITES), self.book.part(GUESTS)), ({}, {}, {}))
        self.assertEqual(list(self.book.part(TICKETS)), ["c"])  # waits on

    def test_whatever_is_asked_of_it_it_stays_below_what_a_state_may_have(self) -> None:
        chance = random.Random(3)
        wide = "\U0001f3b2" * 64
        for number in range(1400):
            name = f"{wide[:50]}{number}"
            what = chance.randrange(4)
            try:
                if what == 0:
                    players = [f"{name[:-2]}{seat}" for seat in range(4)]
                    self.book.do("add", game=listed(f"g{number}", options="x" * 2048, by=name, named=tuple(players)))
                    self.book.do("stand", game=f"g{number}", players=players, started=True, finished=False)
                elif what == 1:
                    self.book.do("welcome", names=[name], seconds=1e6, lease="x" * 11)
                elif what == 2:
                    self.book.do("wait", ticket=ticket(f"t{number}", player=name, own=number * 1e5))
                else:
                    self.book.do("invite", game=chance.choice(list(self.book.games()) or ["g"]), code=f"c{number:022}")
            except GameError as error:
                self.assertIn(error.code, ("lobby_full", "no_such_game"))
        for shelves in GAMES, GUESTS, INVITES, TICKETS:
            for name in shelves.fields:
                self.assertLessEqual(len(self.book.field(name)), shelves.most + 512, name)
        self.assertGreater(self.book.size, MAX_STATE_BYTES * 0.5)
        self.assertLess(self.book.size, MAX_STATE_BYTES * 0.95)
        settle(self.book.instance._model)

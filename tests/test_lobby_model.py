"""What the lobby remembers: each step whole or not at all, and never more than a game's state may have."""

from __future__ import annotations

import random
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Player
from gamesvc.image import settle
from gamesvc.instance import MAX_STATE_BYTES, Instance
from gamesvc.model import GameError
from gamesvc.web import lobby_model
from gamesvc.web.lobby_model import SHELVES, Listed, LobbyModel, Ticket, shelf_of

SERVER = Player("server")


class Book:
    """The model, as it runs."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.instance = Instance(LobbyModel, b"seed" * 8)
        self.instance.open(self.now)

    def do(self, command: str, **arguments: Any) -> Any:
        spec = LobbyModel.COMMANDS[command]
        given = msgspec.convert(msgspec.to_builtins(arguments), spec.arguments)
        return self.instance.command(self.now, spec.name, SERVER, given).result

    def part(self, name: str) -> Any:
        position = [field.name for field in LobbyModel.FIELDS].index(name)
        return LobbyModel.FIELDS[position].decode(self.instance.standing.image[position])

    def games(self) -> dict[str, Listed]:
        return {game: each for number in range(SHELVES) for game, each in self.part(f"games_{number}").items()}

    @property
    def size(self) -> int:
        return sum(map(len, self.instance.standing.image))


def listed(game: str, **more: Any) -> Listed:
    made: dict[str, Any] = {
        "game": game,
        "kind": "chess",
        "options": "{}",
        "public": True,
        "by": "ann",
        "created": 0.0,
        "seats": 2,
        "named": (),
        "players": (),
        "started": False,
        "finished": False,
        "changed": 0.0,
        **more,
    }
    return Listed(**made)


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
        self.assertEqual(changed, [f"games_{shelf_of('g1')}"])
        self.assertEqual(self.book.games()["g1"].players, ("ann", None))

    def test_what_is_not_known_does_not_come_about_by_standing_otherwise(self) -> None:
        self.book.do("stand", game="g1", players=[], started=True, finished=False)
        self.assertEqual(self.book.games(), {})

    def test_where_there_is_no_room_those_go_of_which_the_listing_is_needed_least(self) -> None:
        self.patch(lobby_model, "SHELF_BYTES", 1900)
        self.patch(lobby_model, "_SPARE", 0)
        self.patch(lobby_model, "SHELVES", 1)
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

    def test_the_newest_invitations_to_a_game_hold(self) -> None:
        self.book.do("add", game=listed("g1"))
        for number in range(20):
            self.book.do("invite", game="g1", code=f"c{number}")
        self.assertEqual(sorted(self.book.part("invites")), sorted(f"c{number}" for number in range(4, 20)))
        error = self.assertRaises(GameError, self.book.do, "invite", game="g2", code="x")
        self.assertEqual(error.code, "no_such_game")

    def test_a_party_takes_its_tickets_and_its_game_in_one_step(self) -> None:
        self.book.do("wait", ticket=ticket("a"))
        self.assertEqual(self.book.games(), {})
        self.book.do("wait", ticket=ticket("b"))
        (game,) = self.book.games().values()
        self.assertCountEqual(game.named, ["player of a", "player of b"])
        self.assertEqual({each.game for each in self.book.part("tickets").values()}, {game.game})
        # Who was matched is not matched again, and can't give up any more.
        self.book.do("stop_waiting", tickets=["a"])
        self.book.do("wait", ticket=ticket("c"))
        self.assertEqual(len(self.book.games()), 1)
        self.assertIn("a", self.book.part("tickets"))

    def test_only_so_many_can_wait(self) -> None:
        self.patch(lobby_model, "TICKETS_BYTES", 1000)
        for number in range(50):
            try:
                self.book.do("wait", ticket=ticket(f"t{number}", own=number * 1e4))
            except GameError as error:
                self.assertEqual(error.code, "lobby_full")
        self.assertTrue(3 < len(self.book.part("tickets")) < 20)
        self.assertEqual(next(iter(self.book.part("tickets"))), "t0")

    def test_what_is_over_is_forgotten_in_the_end(self) -> None:
        self.book.do("add", game=listed("g1"))
        self.book.do("invite", game="g1", code="c")
        self.book.do("welcome", names=["ann"], seconds=60.0)
        for each in "ab":
            self.book.do("wait", ticket=ticket(each))
        self.book.do("wait", ticket=ticket("c"))
        self.book.now += 30 * 24 * 3600 + 1
        self.book.do("tidy")
        self.assertEqual((self.book.games(), self.book.part("invites"), self.book.part("guests")), ({}, {}, {}))
        self.assertEqual(list(self.book.part("tickets")), ["c"])  # waits on

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
                    self.book.do("welcome", names=[name], seconds=1e6)
                elif what == 2:
                    self.book.do("wait", ticket=ticket(f"t{number}", player=name, own=number * 1e5))
                else:
                    self.book.do("invite", game=chance.choice(list(self.book.games()) or ["g"]), code=f"c{number:022}")
            except GameError as error:
                self.assertIn(error.code, ("lobby_full", "no_such_game"))
        for part, most in (
            ("invites", lobby_model.INVITES_BYTES),
            ("guests", lobby_model.GUESTS_BYTES),
            ("tickets", lobby_model.TICKETS_BYTES),
            *((f"games_{number}", lobby_model.SHELF_BYTES + 512) for number in range(SHELVES)),
        ):
            self.assertLessEqual(len(msgspec.msgpack.encode(self.book.part(part))), most, part)
        self.assertGreater(self.book.size, MAX_STATE_BYTES * 0.5)
        self.assertLess(self.book.size, MAX_STATE_BYTES * 0.95)
        settle(self.book.instance._model)

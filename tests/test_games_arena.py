"""Arena: ships that are steered, dots, rounds, those who lose the line, and how little is sent."""

from __future__ import annotations

import json
import math
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.context import Context, Player
from gamesvc.games.arena import AWAY_SECONDS, DOTS, MOST_SHIPS, REACH, ROUND, SIZE, SPEED, TICKS, Arena, Dot, Ship
from gamesvc.model import GameError, start
from gamesvc.testing import Refused, Table

ALICE, BOB = Player("alice"), Player("bob")


def arena() -> Arena:
    """An arena without dots."""
    game = start(Arena, Context(b"seed", 1000.0))
    game._context.begin(2, 1000.0)
    game.dots.clear()
    return game


def published(game: Arena) -> list[dict[str, Any]]:
    return [json.loads(body) for body, _ in game._context.events]


class Flying(SynchronousTestCase):
    def setUp(self) -> None:
        self.game = arena()
        self.ship = self.game.ships[ALICE] = Ship(500.0, 500.0)

    def fly(self, seconds: float) -> None:
        for _ in range(round(seconds * TICKS)):
            self.game.on_tick()

    def test_a_ship_flies_where_it_is_steered(self) -> None:
        self.game.steer(ALICE, 1.0, 0.0)
        self.fly(0.5)
        self.assertGreater(self.ship.x, 550)
        self.assertEqual((self.ship.y, self.ship.vy), (500.0, 0.0))
        self.game.steer(ALICE, 0.0, -1.0)
        self.fly(0.5)
        self.assertLess(self.ship.y, 450)

    def test_it_gets_as_fast_as_ships_can_be_and_no_faster_aslant(self) -> None:
        for x, y in ((1.0, 0.0), (-1.0, 1.0), (0.6, -0.8)):
            ship = self.game.ships[ALICE] = Ship(500.0, 500.0)
            self.game.steer(ALICE, x, y)
            for _ in range(40):
                ship.x = ship.y = 500.0
                self.game.on_tick()
            self.assertTrue(0.95 * SPEED < math.hypot(ship.vx, ship.vy) < 1.02 * SPEED)

    def test_steered_half_it_flies_half_as_fast(self) -> None:
        self.game.steer(ALICE, 0.5, 0.0)
        self.fly(1)
        self.assertTrue(0.45 * SPEED < self.ship.vx < 0.55 * SPEED)

    def test_it_stays_within_the_arena_and_stops_at_the_edge(self) -> None:
        for x, y in ((1.0, 1.0), (-1.0, -1.0)):
            self.game.steer(ALICE, x, y)
            self.fly(6)
            edge = SIZE if x > 0 else 0.0
            self.assertEqual((self.ship.x, self.ship.y, self.ship.vx, self.ship.vy), (edge, edge, 0.0, 0.0))

    def test_a_ship_that_is_let_go_comes_to_rest(self) -> None:
        self.game.steer(ALICE, 1.0, -1.0)
        self.fly(0.5)
        self.game.steer(ALICE, 0.0, 0.0)
        self.fly(4)
        before = repr(self.ship)
        self.fly(1)
        self.assertEqual(repr(self.ship), before)

    def test_all_numbers_are_short(self) -> None:
        for tick in range(60):
            self.game.steer(ALICE, *((1 / 3, -2 / 3) if tick < 30 else (-0.001, -0.0)))
            self.game.on_tick()
            ship = self.ship
            for value in (ship.x, ship.y, ship.vx, ship.vy, ship.steer_x, ship.steer_y):
                self.assertEqual(value, round(value, 2))
                self.assertNotEqual(str(value), "-0.0")


class Collecting(SynchronousTestCase):
    def setUp(self) -> None:
        self.game = arena()
        self.game.ships = {ALICE: Ship(500.0, 500.0), BOB: Ship(900.0, 900.0)}

    def test_a_dot_in_reach_is_collected_and_another_appears(self) -> None:
        self.game.dots = {7: Dot(500.0 + REACH - 1, 500.0), 8: Dot(500.0 + REACH, 500.0)}
        self.game.on_tick()
        self.assertEqual(published(self.game), [{"event": "Collected", "player": "alice", "score": 1}])
        self.assertEqual(self.game.dots[8], Dot(500.0 + REACH, 500.0))
        self.assertNotEqual(self.game.dots[7], Dot(500.0 + REACH - 1, 500.0))
        self.assertEqual((self.game.ships[ALICE].score, self.game.ships[BOB].score), (1, 0))

    def test_reach_is_round(self) -> None:
        self.game.dots = {1: Dot(500.0 + REACH - 2, 500.0 + REACH - 2)}
        self.game.on_tick()
        self.assertEqual(published(self.game), [])

    def test_who_has_collected_enough_wins_and_the_next_round_begins(self) -> None:
        self.game.dots = {1: Dot(500.0, 500.0)}
        self.game.ships[ALICE].score, self.game.ships[BOB].score = ROUND - 1, 3
        self.game.on_tick()
        self.assertEqual(published(self.game)[-1], {"event": "Won", "player": "alice"})
        self.assertEqual([ship.score for ship in self.game.ships.values()], [0, 0])

    def test_a_tick_in_which_nothing_happens_changes_nothing_and_takes_no_chance(self) -> None:
        self.game.dots = {1: Dot(100.0, 100.0)}
        before = repr(self.game)
        self.game.on_tick()
        self.assertEqual((repr(self.game), self.game._context.took_chance), (before, False))


class Full(SynchronousTestCase):
    def test_there_is_room_for_so_many_ships(self) -> None:
        game = arena()
        for number in range(MOST_SHIPS):
            game.steer(Player(f"p{number}"), 0.0, 0.0)
        refusal = self.assertRaises(GameError, game.steer, ALICE, 0.0, 0.0)
        self.assertEqual((refusal.code, len(game.ships)), ("arena_full", MOST_SHIPS))
        game.steer(Player("p0"), 1.0, 0.0)
        game.land(Player("p0"))
        game.steer(ALICE, 0.0, 0.0)


class Served(SynchronousTestCase):
    """On the server, in ticks."""

    def setUp(self) -> None:
        self.table = Table(Arena, "alice", "bob")

    def test_who_steers_has_a_ship(self) -> None:
        self.assertEqual((self.table.state["ships"], len(self.table.state["dots"])), ({}, DOTS))
        self.table.send("alice", "steer", x=1, y=0)
        self.assertEqual(list(self.table.state["ships"]), ["alice"])
        before = self.table.state["ships"]["alice"]["x"]
        self.table.advance(0.25)
        self.assertNotEqual(self.table.state["ships"]["alice"]["x"], before)

    def test_steering_has_bounds(self) -> None:
        for x, y in ((1.1, 0), (0, -1.1), (None, 0), ("1", 0)):
            refusal = self.assertRaises(Refused, self.table.send, "alice", "steer", x=x, y=y)
            self.assertEqual(refusal.code, "bad_arguments")

    def test_who_lands_has_none_any_more(self) -> None:
        self.table.send("alice", "steer", x=0, y=0)
        self.table.send("alice", "land")
        self.assertEqual(self.table.state["ships"], {})
        refusal = self.assertRaises(Refused, self.table.send, "alice", "land")
        self.assertEqual(refusal.code, "no_ship")

    def test_the_ship_of_who_is_gone_is_taken_out_after_a_while(self) -> None:
        self.table.send("alice", "steer", x=0, y=0)
        self.table.send("bob", "steer", x=0, y=0)
        self.table.disconnect("bob")
        self.table.advance(5.5)
        self.assertEqual(list(self.table.state["leaving"]), ["bob"])
        self.table.advance(AWAY_SECONDS)
        self.assertEqual((list(self.table.state["ships"]), self.table.state["leaving"]), (["alice"], {}))

    def test_the_ship_of_who_comes_back_in_time_stays(self) -> None:
        self.table.send("alice", "steer", x=0, y=0)
        self.table.send("bob", "steer", x=0, y=0)
        self.table.disconnect("bob")
        self.table.advance(8)
        self.table.connect("bob")
        self.table.advance(20)
        self.assertEqual((list(self.table.state["ships"]), self.table.state["leaving"]), (["alice", "bob"], {}))

    def test_who_had_no_ship_leaves_nothing(self) -> None:
        self.table.disconnect("bob")
        self.table.advance(30)
        self.table.connect("bob")
        self.assertEqual(self.table.state["leaving"], {})

    def test_patches_tell_only_of_what_has_moved(self) -> None:
        self.table.send("bob", "steer", x=0, y=0)
        self.table.send("alice", "steer", x=1, y=0)
        if self.table.state["ships"]["alice"]["x"] > SIZE / 2:
            self.table.send("alice", "steer", x=-1, y=0)
        self.table.advance(0.2)
        seen = len(self.table.frames("bob"))
        self.table.advance(0.5)
        patches = [frame["patch"] for frame in self.table.frames("bob")[seen:] if "patch" in frame]
        self.assertGreaterEqual(len(patches), 9)
        for patch in patches:
            self.assertLessEqual(set(patch), {"ships", "dots"})
            self.assertEqual(list(patch["ships"]), ["alice"])
            self.assertLessEqual(set(patch["ships"]["alice"]), {"x", "vx", "score"})

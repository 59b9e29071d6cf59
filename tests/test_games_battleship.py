"""Battleship: placing, shooting, and what each side is shown of the other."""

from __future__ import annotations

import json
import random
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.games.battleship import CELLS, LENGTHS, Battleship, Ship
from gamesvc.testing import Refused, Table

ROWS: list[dict[str, Any]] = [{"name": name, "cell": f"A{row}", "across": True} for row, name in enumerate(LENGTHS, 1)]
"""A fleet: the carrier from A1 to E1, the battleship from A2 to D2, and so on."""
COLUMNS: list[dict[str, Any]] = [
    {"name": name, "cell": f"{column}6", "across": False} for column, name in zip("FGHIJ", LENGTHS, strict=True)
]
"""A fleet: the carrier from F6 to F10, the battleship from G6 to G9, and so on."""


class AtSea(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Battleship, "alice", "bob")
        self.table.watch("eve")

    def place(self) -> None:
        """Alice's ships lie in rows above, Bob's in columns below."""
        self.table.send("alice", "place", ships=ROWS)
        self.table.send("bob", "place", ships=COLUMNS)

    def shoot(self, *cells: str) -> None:
        """Alice shoots at cells; Bob always misses."""
        for cell in cells:
            self.table.send("alice", "shoot", cell=cell)
            if not self.table.finished:
                tried = self.table.state["hits"]["bob"]
                self.table.send("bob", "shoot", cell=next(c for c in reversed(CELLS) if c not in tried))

    def refused(self, player: str, command: str, **arguments: Any) -> str:
        """The code with which a command is refused, which changes nothing."""
        before = self.table.state_of("alice"), self.table.state_of("bob"), self.table.events("eve")
        refusal = self.assertRaises(Refused, self.table.send, player, command, **arguments)
        after = self.table.state_of("alice"), self.table.state_of("bob"), self.table.events("eve")
        self.assertEqual(after, before)
        return str(refusal.code)


class Placing(AtSea):
    def test_ships_lie_across_or_down(self) -> None:
        self.assertEqual(Ship("cruiser", "H10").cells(), ["H10", "I10", "J10"])
        self.assertEqual(Ship("cruiser", "C8", across=False).cells(), ["C8", "C9", "C10"])

    def test_who_has_placed_is_told_to_all_and_where_to_nobody(self) -> None:
        self.table.send("alice", "place", ships=ROWS)
        for name in ("alice", "bob", "eve"):
            self.assertEqual(self.table.events(name), [{"event": "Placed", "player": "alice"}])
            self.assertEqual(self.table.state_of(name)["placed"], ["alice"])
        self.assertEqual(self.table.state_of("alice")["fleets"], {"alice": ROWS})
        for name in ("bob", "eve"):
            self.assertEqual(self.table.state_of(name)["fleets"], {})

    def test_each_ship_is_placed_once_within_the_board_and_on_cells_of_its_own(self) -> None:
        for change, code in (
            ({"name": "carrier"}, "wrong_ships"),
            ({"cell": "J5"}, "off_board"),
            ({"cell": "A10", "across": False}, "off_board"),
            ({"cell": "C4"}, "overlap"),
            ({"cell": "K1"}, "bad_arguments"),
            ({"cell": "A11"}, "bad_arguments"),
            ({"name": "raft"}, "bad_arguments"),
        ):
            self.assertEqual(self.refused("alice", "place", ships=[*ROWS[:4], ROWS[4] | change]), code)
        for ships, code in ((ROWS[:4], "wrong_ships"), ([], "wrong_ships"), ([*ROWS, ROWS[0]], "bad_arguments")):
            self.assertEqual(self.refused("alice", "place", ships=ships), code)

    def test_ships_are_placed_for_good(self) -> None:
        self.table.send("alice", "place", ships=ROWS)
        self.assertEqual(self.refused("alice", "place", ships=COLUMNS), "placed_already")
        self.assertEqual(self.refused("alice", "place_randomly"), "placed_already")

    def test_ships_that_are_placed_by_chance_are_placed_by_the_rules(self) -> None:
        fleets = []
        for seed in range(30):
            table = Table(Battleship, "alice", "bob", seed=seed)
            table.send("alice", "place_randomly")
            (fleet,) = table.state_of("alice")["fleets"].values()
            fleets.append(fleet)
            again = Table(Battleship, "alice", "bob")
            again.send("alice", "place", ships=fleet)
        self.assertGreater(len({json.dumps(fleet) for fleet in fleets}), 25)
        self.assertEqual({ship["across"] for fleet in fleets for ship in fleet}, {True, False})

    def test_nobody_shoots_before_all_ships_are_placed(self) -> None:
        self.assertEqual(self.refused("alice", "shoot", cell="A1"), "not_placed")
        self.table.send("alice", "place", ships=ROWS)
        self.assertEqual(self.refused("alice", "shoot", cell="A1"), "not_placed")


class Shooting(AtSea):
    def setUp(self) -> None:
        super().setUp()
        self.place()

    def test_all_see_where_somebody_shot_and_whether_it_was_a_hit(self) -> None:
        self.table.send("alice", "shoot", cell="F6")
        self.table.send("bob", "shoot", cell="J10")
        for name in ("alice", "bob", "eve"):
            self.assertEqual(
                self.table.events(name)[-2:],
                [
                    {"event": "Shot", "player": "alice", "cell": "F6", "hit": True, "sunk": None},
                    {"event": "Shot", "player": "bob", "cell": "J10", "hit": False, "sunk": None},
                ],
            )
            self.assertEqual(self.table.state_of(name)["hits"], {"alice": {"F6": True}, "bob": {"J10": False}})

    def test_a_ship_of_which_all_cells_were_hit_is_sunk(self) -> None:
        self.shoot("J6", "A1", "J7")
        shots = [event for event in self.table.events("bob") if event["event"] == "Shot" and event["player"] == "alice"]
        self.assertEqual([shot["sunk"] for shot in shots], [None, None, "destroyer"])

    def test_in_turn_and_at_no_cell_twice(self) -> None:
        self.assertEqual(self.refused("bob", "shoot", cell="A1"), "not_your_turn")
        self.shoot("A1")
        self.assertEqual(self.refused("alice", "shoot", cell="A1"), "shot_before")
        self.assertEqual(self.refused("alice", "shoot", cell="a1"), "bad_arguments")

    def test_a_cell_at_which_the_other_has_shot_is_free_to_shoot_at(self) -> None:
        self.table.send("alice", "shoot", cell="A1")
        self.table.send("bob", "shoot", cell="A1")
        self.assertEqual(self.table.state["hits"], {"alice": {"A1": False}, "bob": {"A1": True}})

    def test_who_sinks_all_ships_wins_and_all_see_where_they_were(self) -> None:
        *cells, last = (cell for ship in COLUMNS for cell in Ship(**ship).cells())
        self.shoot(*cells)
        self.assertFalse(self.table.finished)
        self.shoot(last)
        for name in ("alice", "bob", "eve"):
            self.assertEqual(
                self.table.last(name),
                {"event": "Finished", "winner": "alice", "fleets": {"alice": ROWS, "bob": COLUMNS}},
            )
        self.assertTrue(self.table.finished)

    def test_who_leaves_loses(self) -> None:
        self.table.leave("alice")
        last = self.table.last("bob")
        assert last is not None
        self.assertEqual((last["event"], last["winner"], self.table.finished), ("Finished", "bob", True))

    def test_a_crash_changes_nothing(self) -> None:
        self.shoot("F6")
        before = self.table.state_of("alice"), self.table.state
        self.table.restart()
        self.assertEqual((self.table.state_of("alice"), self.table.state), before)


class Secrecy(SynchronousTestCase):
    """What the other side does not see makes no difference to what it is sent."""

    def heard(self, fleet: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What Bob is sent where Alice's ships lie so, and he misses."""
        table = Table(Battleship, "alice", "bob")
        table.send("bob", "place", ships=COLUMNS)
        table.send("alice", "place", ships=fleet)
        for column in "ABCDE":
            table.send("alice", "shoot", cell=f"{column}9")
            table.send("bob", "shoot", cell=f"{column}10")
        return table.frames("bob")

    def test_where_ships_lie_that_were_not_hit(self) -> None:
        others = [ship | {"cell": f"F{row}"} for row, ship in enumerate(ROWS, 1)]
        self.assertEqual(self.heard(others), self.heard(ROWS))


class AtRandom(SynchronousTestCase):
    def test_games_of_players_who_shoot_at_random_end(self) -> None:
        for seed in range(3):
            chance = random.Random(seed)
            table = Table(Battleship, "alice", "bob", seed=seed)
            table.send("alice", "place_randomly")
            table.send("bob", "place_randomly")
            cells = {name: chance.sample(CELLS, len(CELLS)) for name in ("alice", "bob")}
            while not table.finished:
                player = table.state["turns"]["current"]
                table.send(player, "shoot", cell=cells[player].pop())

"""Simulation: a game that is played on as the real one would be."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots.simulation import Simulation, key_of
from gamesvc.context import Player
from gamesvc.games.battleship import Battleship, Ship, ShipName
from gamesvc.games.connect_four import ConnectFour
from gamesvc.games.crazy_eights import CrazyEights
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.model import GameError, GameModel
from gamesvc.moves import Move
from gamesvc.offline import OfflineGame
from tests.thought_games import Bells, Race, Waiting

PLAYERS = "alice", "bob"
ALICE, BOB = map(Player, PLAYERS)


class Simulated(SynchronousTestCase):
    def simulation(self, kind: type[GameModel]) -> tuple[Simulation, OfflineGame]:
        game = OfflineGame(kind, PLAYERS, seed=1)
        simulation = Simulation(kind, PLAYERS)
        simulation.begin(game.instance.standing, b"seed")
        return simulation, game

    def test_it_goes_as_the_real_game(self) -> None:
        for kind in (TicTacToe, ConnectFour):
            for seed in range(10):
                simulation, game = self.simulation(kind)
                random = Random(seed)
                while not game.finished:
                    ((player, moves),) = simulation.legal().items()
                    self.assertEqual([move.choice for move in moves], game.legal(player))
                    move = random.choice(moves)
                    simulation.play(player, move)
                    game.act(player, move.choice)
                self.assertTrue(simulation.finished)
                self.assertEqual(simulation.scores, game.scores)
                self.assertEqual((simulation.legal(), simulation.wait()), ({}, False))

    def test_it_can_begin_again_and_again(self) -> None:
        simulation, game = self.simulation(TicTacToe)
        for _ in range(2):
            simulation.begin(game.instance.standing, b"seed")
            self.assertFalse(simulation.finished)
            for cell in range(7):
                ((player, _),) = simulation.legal().items()
                simulation.play(player, Move(simulation.model.mark, cell=cell))  # type: ignore[attr-defined]  # its own
            self.assertEqual(simulation.scores, {"alice": 1.0, "bob": -1.0})

    def test_chance_is_the_seeds(self) -> None:
        images = []
        for seed in (b"one", b"one", b"other"):
            simulation, game = self.simulation(CrazyEights)
            simulation.begin(game.instance.standing, seed)
            simulation.play(ALICE, simulation.legal()[ALICE][0])
            images.append(simulation.model.hands)  # type: ignore[attr-defined]  # its own
        self.assertEqual(images[0], images[1])
        self.assertNotEqual(images[0], images[2])

    def test_a_timer_rings_when_time_goes_by(self) -> None:
        simulation, game = self.simulation(Waiting)
        self.assertFalse(simulation.wait())
        simulation.play(ALICE, simulation.legal()[ALICE][1])
        self.assertEqual((simulation.legal(), simulation.finished), ({}, False))
        self.assertTrue(simulation.wait())
        self.assertEqual((simulation.finished, simulation.scores), (True, {"alice": 1.0, "bob": -1.0}))
        self.assertEqual(simulation.model.now, game.now + 86400)

    def test_timers_ring_once_each_in_their_order(self) -> None:
        simulation, game = self.simulation(Bells)
        simulation.play(ALICE, simulation.legal()[ALICE][0])
        times = []
        while simulation.wait():
            times.append(simulation.model.now - game.now)
        self.assertEqual((times, simulation.model.rung), ([10, 20], 2))  # type: ignore[attr-defined]  # its own

    def test_what_two_fields_share_is_each_ones_own_after_that(self) -> None:
        simulation, _ = self.simulation(Bells)
        model: Bells = simulation.model  # type: ignore[assignment]  # it is one
        begin, add = simulation.legal()[ALICE]
        simulation.play(ALICE, begin)
        simulation.play(ALICE, add)
        self.assertEqual((model.one, model.other), ([1], []))

    def test_a_tick_comes_when_time_goes_by(self) -> None:
        simulation, game = self.simulation(Race)
        simulation.play(BOB, simulation.legal()[BOB][1])
        for _ in range(5):
            self.assertTrue(simulation.wait())
        self.assertEqual(simulation.scores, {"alice": -1.0, "bob": 1.0})
        self.assertAlmostEqual(simulation.model.now, game.now + 0.5, 6)

    def test_what_is_refused_is_raised(self) -> None:
        simulation, _ = self.simulation(TicTacToe)
        self.assertRaises(GameError, simulation.play, BOB, simulation.legal()[ALICE][0])

    def test_arguments_are_those_that_a_client_would_have_sent(self) -> None:
        simulation, _ = self.simulation(Battleship)
        model: Battleship = simulation.model  # type: ignore[assignment]  # it is one
        names: tuple[ShipName, ...] = ("carrier", "battleship", "cruiser", "submarine", "destroyer")
        ships = [Ship(name, f"A{row}") for row, name in enumerate(names, 1)]
        simulation.play(ALICE, Move(model.place, ships=ships))
        self.assertEqual(model.fleets[ALICE], ships)
        as_json: Any = [msgspec.to_builtins(ship) for ship in ships]
        simulation.play(BOB, Move(model.place, ships=as_json))
        self.assertEqual(model.fleets[BOB], ships)

    def test_a_move_is_known_by_its_command_and_arguments(self) -> None:
        model = self.simulation(TicTacToe)[0].model
        keys = {key_of(Move(model.mark, cell=cell)) for cell in (1, 2, 1)}  # type: ignore[attr-defined]  # its own
        self.assertEqual(len(keys), 2)
        fleet = Battleship()
        one, same, other = (key_of(Move(fleet.place, ships=[Ship("cruiser", cell)])) for cell in ("A1", "A1", "A2"))
        self.assertEqual(one, same)
        self.assertEqual(len({one, other}), 2)

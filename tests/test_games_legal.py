"""What the games that come along say is legal, and what they make of a player's view for bots that think ahead."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots.rebuilding import Position
from gamesvc.games.battleship import CELLS, LENGTHS, Battleship
from gamesvc.games.chess import Chess
from gamesvc.games.connect_four import ConnectFour
from gamesvc.games.crazy_eights import POINTS, SUITS, CrazyEights
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.instance import Instance
from gamesvc.model import GameError, GameModel, Player
from gamesvc.offline import OfflineGame
from gamesvc.standing import Standing
from gamesvc.testing import Table
from gamesvc.testing.probe import look_at
from gamesvc.views import Views

NAMES = ("alice", "bob", "carol", "dave")
DECK = [f"{rank}{suit}" for suit in SUITS for rank in POINTS]
SQUARES = [f"{column}{row}" for column in "abcdefgh" for row in range(1, 9)]

Choice = dict[str, Any]


def accepted(instance: Instance, player: str, choice: Choice) -> bool:
    """Whether a command would be accepted now. It is not sent."""
    before = instance.standing
    spec = instance.kind.COMMANDS[choice["command"]]
    given = msgspec.convert({name: value for name, value in choice.items() if name != "command"}, spec.arguments)
    try:
        instance.command(before.now, spec.name, Player(player), given)
    except GameError:
        return False
    finally:
        instance.go_back(before)
    return True


def games(
    model: type[GameModel], players: int, count: int, every: int = 1
) -> Iterator[tuple[OfflineGame, random.Random]]:
    """Games that are played by chance from what is legal, before every so many moves and at the end."""
    for seed in range(count):
        chance = random.Random(seed)
        game = OfflineGame(model, NAMES[:players], seed=seed)
        moves = 0
        while not game.finished:
            if moves < 3 or moves % every == seed % every:
                yield game, chance
            moves += 1
            player = chance.choice(game.to_move)
            game.act(player, chance.choice(game.legal(player)))
        yield game, chance


class Legal(SynchronousTestCase):
    """What is named is what is accepted, of all that could be sent to play on."""

    def is_exact(self, model: type[GameModel], players: int, count: int, all_of: list[Choice], every: int = 1) -> None:
        longest = 0
        for game, _ in games(model, players, count, every):
            for player in game.players:
                legal = game.legal(player)
                self.assertEqual(len({msgspec.json.encode(choice) for choice in legal}), len(legal))
                for choice in legal:
                    self.assertIn(choice, all_of)
                if not game.finished:
                    taken = [choice for choice in all_of if accepted(game.instance, player, choice)]
                    self.assertCountEqual(legal, taken)
                else:
                    self.assertEqual(legal, [])
                longest = max(longest, len(legal))
            if not game.finished:
                self.assertTrue(game.to_move)
        self.assertGreater(longest, 5)

    def test_tic_tac_toe(self) -> None:
        self.is_exact(TicTacToe, 2, 5, [{"command": "mark", "cell": cell} for cell in range(-1, 10)])

    def test_connect_four(self) -> None:
        self.is_exact(ConnectFour, 2, 4, [{"command": "drop", "column": column} for column in range(-1, 8)])

    def test_battleship(self) -> None:
        every = [{"command": "place_randomly"}, *({"command": "shoot", "cell": cell} for cell in CELLS)]
        self.is_exact(Battleship, 2, 1, every, 15)

    def test_crazy_eights(self) -> None:
        every: list[Choice] = [{"command": "draw"}, {"command": "pass_on"}, {"command": "deal"}]
        for card in DECK:
            suits = SUITS if card[:-1] == "8" else [None]
            every += [{"command": "play", "card": card} | ({"suit": suit} if suit else {}) for suit in suits]
        # With four they are dealt at once: fewer of them may begin, and that is named for one of them alone.
        self.is_exact(CrazyEights, 4, 4, every, 5)

    def test_who_came_first_to_crazy_eights_deals(self) -> None:
        game = OfflineGame(CrazyEights, NAMES[:3])
        self.assertEqual([game.legal(name) for name in game.players], [[{"command": "deal"}], [], []])
        self.assertTrue(accepted(game.instance, "carol", {"command": "deal"}))

    def test_chess_with_promotions(self) -> None:
        every = [
            {"command": "move", "uci": f"{start}{end}{piece}"}
            for start in SQUARES
            for end in SQUARES
            for piece in ("", "q", "r", "b", "n")
        ]
        game = OfflineGame(Chess, NAMES[:2])
        for uci in ("h2h4", "g7g5", "h4g5", "h7h6", "g5h6", "a7a6", "h6h7", "a6a5"):
            game.act(game.to_move[0], {"command": "move", "uci": uci})
        legal = game.legal("alice")
        self.assertIn({"command": "move", "uci": "h7g8n"}, legal)
        self.assertCountEqual(legal, [choice for choice in every if accepted(game.instance, "alice", choice)])
        self.assertEqual(game.legal("bob"), [])

    def test_chess_to_the_end(self) -> None:
        for game, _ in games(Chess, 2, 2):
            if not game.finished:
                self.assertEqual(len(game.to_move), 1)
        self.assertEqual(game.legal("alice") + game.legal("bob"), [])

    def test_who_watches_is_told_nothing(self) -> None:
        for model in (TicTacToe, ConnectFour, Battleship, CrazyEights, Chess):
            table = Table(model, "alice", "bob")
            table.watch("eve")
            self.assertNotIn("legal", table.state)
            self.assertNotIn("legal", table.state_of("eve"))
            self.assertTrue(table.state_of("alice")["legal"])


class AsItMightBe(SynchronousTestCase):
    """A state that is made of a player's view looks to them as the game does, and can be played on."""

    def made(
        self, model: type[GameModel], players: int, count: int, every: int = 1
    ) -> Iterator[tuple[OfflineGame, str, Standing]]:
        for game, chance in games(model, players, count, every):
            if game.finished:
                continue
            for player in game.players:
                turn = game.turn(player, chance)
                standing = Position(turn).standing(chance)
                views = Views(model)
                self.assertEqual(views.view(standing, views.audience(Player(player))), turn.view)
                yield game, player, standing

    def goes_on(self, game: OfflineGame, standing: Standing) -> None:
        """What is legal then is accepted then."""
        instance = Instance(type(look_at(game.instance.kind, standing)), b"seed")
        instance.go_back(standing)
        views = Views(instance.kind)
        for player in game.players:
            for choice in views.view(standing, views.audience(Player(player)))["legal"][:6]:
                self.assertTrue(accepted(instance, player, choice), choice)

    def test_where_nothing_is_hidden(self) -> None:
        for model, count in ((TicTacToe, 2), (ConnectFour, 1), (Chess, 1)):
            for game, _, standing in self.made(model, 2, count):
                self.assertEqual(standing.image, game.instance.standing.image)

    def test_crazy_eights(self) -> None:
        others = set()
        for players in (2, 3, 4):
            for game, player, standing in self.made(CrazyEights, players, 4, 5):
                guessed: Any = look_at(CrazyEights, standing)
                actual: Any = look_at(CrazyEights, game.instance.standing)
                if actual.top is None:
                    continue
                cards = [guessed.top, *guessed.stock, *(card for hand in guessed.hands.values() for card in hand)]
                self.assertEqual(len(cards), len(set(cards)))
                self.assertLessEqual(set(cards), set(DECK))
                self.assertEqual(guessed.hands[player], actual.hands[player])
                self.assertEqual({name: len(hand) for name, hand in guessed.hands.items()}, game.view(None)["counts"])
                self.assertEqual(len(guessed.stock), len(actual.stock))
                others |= {tuple(hand) for name, hand in guessed.hands.items() if name != player}
                self.goes_on(game, standing)
        self.assertGreater(len(others), 50)

    def test_battleship(self) -> None:
        fleets = set()
        for game, player, standing in self.made(Battleship, 2, 3, 7):
            guessed: Any = look_at(Battleship, standing)
            actual: Any = look_at(Battleship, game.instance.standing)
            self.assertEqual(guessed.fleets.get(player), actual.fleets.get(player))
            self.assertEqual(set(guessed.fleets), set(actual.fleets))
            for other, fleet in guessed.fleets.items():
                cells = {cell for ship in fleet for cell in ship.cells()}
                self.assertEqual(sorted(ship.name for ship in fleet), sorted(LENGTHS))
                self.assertEqual(len(cells), sum(LENGTHS.values()))
                if other != player:
                    for cell, hit in guessed.hits.get(player, {}).items():
                        self.assertEqual(cell in cells, hit)
                    fleets.add(frozenset(cells))
            self.goes_on(game, standing)
        self.assertGreater(len(fleets), 50)

    def test_the_ships_of_the_other_lie_anywhere_where_nothing_is_known(self) -> None:
        game = OfflineGame(Battleship, NAMES[:2])
        for name in game.players:
            game.act(name, {"command": "place_randomly"})
        position, chance = Position(game.turn("alice", random.Random(1))), random.Random(1)
        found: set[str] = set()
        for _ in range(150):
            guessed: Any = look_at(Battleship, position.standing(chance))
            found.update(cell for ship in guessed.fleets["bob"] for cell in ship.cells())
        self.assertEqual(found, set(CELLS))

"""Position: games that are rebuilt from what one player sees of them."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bots import BotError, Turn
from gamesvc.bots.rebuilding import LAST_TIMER, Position, check_rebuilt
from gamesvc.context import Player
from gamesvc.errors import ConfigError
from gamesvc.games.connect_four import ConnectFour
from gamesvc.games.crazy_eights import CrazyEights
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.image import restore
from gamesvc.model import GameModel
from gamesvc.offline import OfflineGame
from gamesvc.standing import Standing
from tests.thought_games import Broken, Cards, Cups, HighCard, Marked, Masked

PLAYERS = "alice", "bob"


def model_of(kind: type[GameModel], standing: Standing) -> Any:
    model = kind()
    restore(model, standing.image)
    return model


class Rebuilt(SynchronousTestCase):
    def played(self, kind: type[GameModel], steps: int) -> OfflineGame:
        game, random = OfflineGame(kind, PLAYERS, seed=3), Random(3)
        for _ in range(steps):
            player = game.to_move[0]
            game.act(player, random.choice(game.legal(player)))
        return game

    def test_where_nothing_is_hidden_it_is_the_game_itself(self) -> None:
        for kind in (TicTacToe, ConnectFour):
            game = self.played(kind, 5)
            for player in PLAYERS:
                standing = Position(game.turn(player, Random(1))).standing(Random(1))
                self.assertEqual(standing.image, game.instance.standing.image)
                self.assertEqual(standing.seats, game.instance.standing.seats)

    def test_it_takes_nothing_but_the_view(self) -> None:
        game = self.played(TicTacToe, 2)
        turn = game.turn("alice", Random(1))
        view = msgspec.json.decode(msgspec.json.encode(turn.view))
        position = Position(Turn(turn.model, "alice", PLAYERS, view, Random(1), 5.0))
        standing = position.standing(Random(1))
        self.assertEqual((standing.now, standing.finished, standing.alarms), (5.0, False, ()))

    def test_what_is_hidden_is_another_each_time_and_what_is_seen_the_same(self) -> None:
        game = OfflineGame(HighCard, PLAYERS, seed=1)
        turn = game.turn("alice", Random(1))
        before = msgspec.json.encode(turn.view)
        position, random = Position(turn), Random(1)
        models = [model_of(HighCard, position.standing(random)) for _ in range(100)]
        own = turn.view["cards"]["alice"]
        self.assertEqual({model.cards["alice"] for model in models}, {own})
        self.assertEqual({model.cards["bob"] for model in models}, {*range(1, 10)} - {own})
        self.assertEqual({len(model.burnt) for model in models}, {7})
        # Whatever the model did to what it was given.
        self.assertEqual(msgspec.json.encode(turn.view), before)

    def test_the_same_chance_makes_the_same_of_it(self) -> None:
        turn = OfflineGame(HighCard, PLAYERS, seed=1).turn("alice", Random(1))
        one, other = (Position(turn).standing(Random(5)).image for _ in range(2))
        self.assertEqual(one, other)

    def test_a_real_game_of_cards_is_rebuilt_for_all_who_play(self) -> None:
        game, random = OfflineGame(CrazyEights, ("alice", "bob", "carol"), seed=3), Random(3)
        for _ in range(30):
            if game.finished:
                break
            player = game.to_move[0]
            game.act(player, random.choice(game.legal(player)))
            for each in game.players:
                Position(game.turn(each, random)).standing(random)

    def test_a_timer_that_is_set_in_it_is_none_that_stands_in_a_field(self) -> None:
        turn = OfflineGame(TicTacToe, PLAYERS).turn("alice", Random(1))
        self.assertEqual(Position(turn).standing(Random(1)).last_alarm, LAST_TIMER)

    def test_free_seats_stay_free(self) -> None:
        game = OfflineGame(CrazyEights, ("alice", "bob", "carol"))
        standing = Position(game.turn("bob", Random(1))).standing(Random(1))
        self.assertEqual(standing.seats, (Player("alice"), Player("bob"), Player("carol"), None))


class Wrong(SynchronousTestCase):
    def told(self, kind: type[GameModel], **changes: Any) -> str:
        turn = OfflineGame(kind, PLAYERS, seed=1).turn("alice", Random(1))
        turn.view.update(changes)
        return str(self.assertRaises(BotError, lambda: Position(turn).standing(Random(1))))

    def test_a_state_that_would_be_shown_otherwise_is_refused_with_what_is_other(self) -> None:
        message = self.told(Marked)
        self.assertIn("Marked can't be rebuilt from the view of 'alice', who would be shown another cards", message)
        self.assertIn("determinize has to set", message)
        # A view that is not of this state: it is of no game.
        self.assertIn("shown another legal", self.told(TicTacToe, legal=[]))
        self.assertIn("shown another strange", self.told(TicTacToe, strange=1))

    def test_a_field_that_can_not_be_read_is_told_with_the_reason(self) -> None:
        self.assertRegex(self.told(TicTacToe, board=4), "board was not understood: Expected `array`")

    def test_a_determinize_that_fails_is_told(self) -> None:
        self.assertIn("Broken.determinize failed: LookupError('no card')", self.told(Broken))

    def test_a_game_that_hides_something_and_has_no_determinize_is_refused(self) -> None:
        for kind in (TicTacToe, HighCard, Cups, CrazyEights):
            check_rebuilt("search", kind)
        message = str(self.assertRaises(ConfigError, check_rebuilt, "search", Cards))
        self.assertIn("the bot search can't play Cards, which hides cards, burnt from players", message)
        self.assertIn("`def determinize(self, player: Player, view: dict[str, Any]) -> None` in Cards", message)
        self.assertIn("makes its own view", str(self.assertRaises(ConfigError, check_rebuilt, "search", Masked)))

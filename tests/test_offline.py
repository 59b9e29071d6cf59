from __future__ import annotations

import json
import random
from collections.abc import Iterable

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Move, Own, Player, Secret, command, field
from gamesvc.bots import Turn
from gamesvc.games.tic_tac_toe import TicTacToe
from gamesvc.offline import START, OfflineGame
from gamesvc.refused import Refused
from gamesvc.testing import Table


class Guessed(Event):
    player: Player
    number: int


class Won(Event):
    winner: Player | None


class Guess(GameModel, seats=(2, 3)):
    """Each holds a number; who names the number of the house first wins. There are thirty seconds."""

    house: Secret[int] = 0
    hands: Own[dict[Player, int]] = field(default_factory=dict)
    guesses: int = 0
    late: bool = False

    def setup(self, house: int = 3) -> None:
        self.house = house

    def on_join(self, player: Player) -> None:
        if player == "mallory":
            raise GameError("not you")
        self.hands[player] = len(self.hands)

    def on_start(self) -> None:
        self.after(30, self.ring)
        self.after(10, self.warn)

    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.guess, number=number) for number in range(self.hands[player], 5)]

    def warn(self) -> None:
        self.late = True

    def ring(self) -> None:
        self.finish(Won(None))

    @command
    def guess(self, player: Player, number: int) -> int:
        if number == 4:
            raise LookupError("no four")
        if number < self.hands[player]:
            raise GameError("higher", code="too_low")
        self.guesses += 1
        self.publish(Guessed(player, number), to=[player])
        if number == self.house:
            self.finish(Won(player))
        return number


class Beats(GameModel, seats=1, tick=4):
    beats: int = 0

    def on_tick(self) -> None:
        self.beats += 1
        if self.beats == 3:
            self.finish()

    @command
    def nothing(self, player: Player) -> None:
        pass


class Alarmed(Beats, seats=1, tick=4):
    def on_start(self) -> None:
        self.after(0.3, self.finish)


class Fails(GameModel, seats=1):
    rung: int = 0

    def on_start(self) -> None:
        self.after(1, self.ring)

    def ring(self) -> None:
        self.rung += 1
        raise LookupError("no bell")

    @command
    def nothing(self, player: Player) -> None:
        pass


class Hall(GameModel):
    came: list[Player] = field(default_factory=list)

    def on_back(self, player: Player) -> None:
        self.came.append(player)

    @command
    def nothing(self, player: Player) -> None:
        pass


class Rolls(GameModel, seats=1):
    rolled: int = 0

    @command
    def roll(self, player: Player) -> None:
        self.rolled = self.random.randrange(1 << 60)


def guess(number: int) -> dict[str, object]:
    return {"command": "guess", "number": number}


class Seen(SynchronousTestCase):
    def test_views_are_those_of_a_server(self) -> None:
        game, table = OfflineGame(Guess, ["alice", "bob"]), Table(Guess, "alice", "bob")
        for number in (1, 2, 1, 3):
            for name in ("alice", "bob"):
                # With their keys in the same order, too.
                self.assertEqual(json.dumps(game.view(name)), json.dumps(table.state_of(name)))
            self.assertEqual(json.dumps(game.view(None)), json.dumps(table.state))
            game.act("bob", guess(number))
            table.send("bob", "guess", number=number)
        self.assertTrue(game.finished)
        self.assertEqual(game.view("bob"), table.state_of("bob"))
        self.assertEqual((game.view("bob")["hands"], game.view("alice")["hands"]), ({"bob": 1}, {"alice": 0}))

    def test_a_view_is_the_callers_own(self) -> None:
        game = OfflineGame(TicTacToe, ["alice", "bob"])
        game.view("alice")["board"][0] = "bob"
        game.view("alice")["legal"].clear()
        game.legal("alice")[0]["cell"] = 8
        self.assertEqual(game.view("alice")["board"], [None] * 9)
        self.assertEqual(game.legal("alice")[0], {"command": "mark", "cell": 0})

    def test_who_is_to_move_and_what_is_legal(self) -> None:
        game = OfflineGame(TicTacToe, ["alice", "bob"])
        self.assertEqual((game.to_move, game.may_move("alice"), game.may_move("bob")), (["alice"], True, False))
        self.assertEqual(game.legal("alice"), [{"command": "mark", "cell": cell} for cell in range(9)])
        self.assertEqual(game.legal("bob"), [])
        game.act("alice", game.legal("alice")[4])
        self.assertEqual(game.to_move, ["bob"])
        self.assertNotIn({"command": "mark", "cell": 4}, game.legal("bob"))

    def test_how_it_came_out(self) -> None:
        game = OfflineGame(TicTacToe, ["alice", "bob"])
        for cell in (0, 3, 1, 4, 2):
            self.assertEqual((game.finished, game.outcome, game.scores), (False, None, None))
            game.act(game.to_move[0], {"command": "mark", "cell": cell})
        self.assertEqual((game.finished, game.to_move), (True, []))
        self.assertEqual(game.outcome, {"event": "Finished", "winner": "alice"})
        self.assertEqual(game.scores, {"alice": 1.0, "bob": -1.0})

    def test_events_are_the_games_own_with_who_sees_them(self) -> None:
        game = OfflineGame(Guess, ["alice", "bob"])
        self.assertEqual(game.events, [])
        game.act("alice", guess(1))
        first = {"event": "Guessed", "player": "alice", "number": 1}
        self.assertEqual(game.events, [(first, frozenset({"alice"}))])
        game.act("bob", guess(3))
        self.assertEqual([event["event"] for event, _ in game.events], ["Guessed", "Guessed", "Won"])
        self.assertEqual(game.events[-1], ({"event": "Won", "winner": "bob"}, None))

    def test_what_a_bot_is_asked_with(self) -> None:
        game, chance = OfflineGame(TicTacToe, ["alice", "bob"]), random.Random(1)
        turn = game.turn("alice", chance)
        self.assertEqual(turn, Turn(TicTacToe, "alice", ("alice", "bob"), game.view("alice"), chance, START))
        self.assertEqual(turn.legal, game.legal("alice"))


class Done(SynchronousTestCase):
    def refused(self, game: OfflineGame, player: str, choice: dict[str, object]) -> Refused:
        before = game.instance.standing
        refusal = self.assertRaises(Refused, game.act, player, choice)
        self.assertIs(game.instance.standing, before)
        self.assertIsInstance(refusal, Refused)
        return refusal  # type: ignore[no-any-return]  # assertRaises is not typed

    def test_refusals_are_those_of_a_server(self) -> None:
        game, table = OfflineGame(Guess, ["alice", "bob"]), Table(Guess, "alice", "bob")
        table.watch("carol")
        for player, name, arguments in (
            ("bob", "guess", {"number": 0}),
            ("bob", "guess", {"number": "one"}),
            ("bob", "guess", {"number": 1, "more": 2}),
            ("bob", "guess", {}),
            ("bob", "jump", {}),
            ("carol", "guess", {"number": 1}),
        ):
            refusal = self.refused(game, player, {"command": name, **arguments})
            expected = self.assertRaises(Refused, table.send, player, name, **arguments)
            self.assertEqual(refusal.args, expected.args)

    def test_what_is_no_command_is_refused(self) -> None:
        game = OfflineGame(Guess, ["alice", "bob"])
        self.assertEqual(self.refused(game, "bob", {}).code, "no_command")
        self.assertEqual(self.refused(game, "bob", {"command": 3}).code, "no_command")
        self.assertEqual(self.refused(game, "bob", {"command": "guess", "number": object()}).code, "bad_json")
        self.assertEqual(self.refused(game, "bob", {"command": "guess", "id": 3, "number": 1}).code, "bad_id")

    def test_an_id_does_not_matter(self) -> None:
        game = OfflineGame(Guess, ["alice", "bob"])
        for _ in range(2):
            game.act("bob", {**guess(1), "id": "same"})
        self.assertEqual(game.view(None)["guesses"], 2)

    def test_after_the_end(self) -> None:
        game = OfflineGame(Guess, ["alice", "bob"])
        game.act("bob", guess(3))
        self.assertEqual(self.refused(game, "bob", guess(3)).code, "game_over")
        self.assertFalse(game.skip())

    def test_what_the_model_raises_is_raised(self) -> None:
        game = OfflineGame(Guess, ["alice", "bob"])
        error = self.assertRaises(LookupError, game.act, "bob", guess(4))
        self.assertIn("in command guess", error.__notes__)
        game.act("bob", guess(1))
        self.assertEqual(game.view(None)["guesses"], 1)

    def test_time_goes_by_from_timer_to_timer(self) -> None:
        game = OfflineGame(Guess, ["alice", "bob"])
        self.assertEqual((game.now, game.view(None)["late"]), (START, False))
        self.assertTrue(game.skip())
        self.assertEqual((game.now, game.view(None)["late"], game.finished), (START + 10, True, False))
        self.assertTrue(game.skip())
        self.assertEqual((game.now, game.scores), (START + 30, {"alice": 0.0, "bob": 0.0}))

    def test_time_goes_by_from_tick_to_tick(self) -> None:
        game = OfflineGame(Beats, ["alice"])
        self.assertEqual([game.skip() for _ in range(4)], [True, True, True, False])
        self.assertEqual((game.now, game.view(None)["beats"], game.finished), (START + 0.75, 3, True))

    def test_what_is_due_first_comes_first(self) -> None:
        game = OfflineGame(Alarmed, ["alice"])
        self.assertEqual([game.skip() for _ in range(3)], [True, True, False])
        self.assertEqual((game.now, game.view(None)["beats"]), (START + 0.3, 1))

    def test_where_there_is_no_timer(self) -> None:
        self.assertFalse(OfflineGame(TicTacToe, ["alice", "bob"]).skip())

    def test_a_timer_that_fails_is_consumed(self) -> None:
        game = OfflineGame(Fails, ["alice"])
        self.assertRaises(LookupError, game.skip)
        self.assertEqual(game.view(None)["rung"], 0)
        self.assertFalse(game.skip())


class Begun(SynchronousTestCase):
    def test_the_same_seed_is_the_same_game(self) -> None:
        rolled = []
        for seed in (1, 1, 2):
            game = OfflineGame(Rolls, ["alice"], seed=seed)
            game.act("alice", {"command": "roll"})
            rolled.append(game.view(None)["rolled"])
        self.assertEqual(rolled[0], rolled[1])
        self.assertNotEqual(rolled[0], rolled[2])

    def test_options(self) -> None:
        game = OfflineGame(Guess, ["alice", "bob"], options={"house": 2})
        game.act("bob", guess(2))
        self.assertTrue(game.finished)
        error = self.assertRaises(ValueError, OfflineGame, Guess, ["alice", "bob"], options={"home": 2})
        self.assertIn("options: there is no option `home`; it takes house", str(error))

    def test_how_many_play(self) -> None:
        self.assertEqual(OfflineGame(Guess, ["c", "a", "b"]).players, ("c", "a", "b"))
        for players in (["alice"], ["a", "b", "c", "d"], ["alice", "alice"]):
            error = self.assertRaises(ValueError, OfflineGame, Guess, players)
            self.assertIn("Guess is for 2 to 3 players of different names", str(error))

    def test_who_is_not_wanted(self) -> None:
        error = self.assertRaises(ValueError, OfflineGame, Guess, ["alice", "mallory"])
        self.assertIn("does not want 'mallory'", str(error))

    def test_without_seats_everybody_comes(self) -> None:
        game = OfflineGame(Hall, ["alice", "bob"])
        self.assertEqual(game.view(None)["came"], ["alice", "bob"])
        game.act("bob", {"command": "nothing"})

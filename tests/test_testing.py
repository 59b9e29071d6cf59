from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Own, Player, Secret, command, field
from gamesvc.bots import Bot, Choice, Turn
from gamesvc.errors import ConfigError
from gamesvc.testing import Refused, Table
from gamesvc.views import apply_patch
from tests.held_bots import Nim
from tests.tictactoe import TicTacToe


class Rolled(Event):
    number: int


class Told(Event):
    text: str


class Bang(Event):
    pass


class Parlour(GameModel, seats=(1, 2)):
    """Does a bit of everything."""

    rolls: list[int] = field(default_factory=list)
    hidden: Secret[int] = 3
    hands: Own[dict[Player, str]] = field(default_factory=dict)

    @command
    def roll(self, player: Player, sides: int = 1_000_000) -> int:
        self.rolls.append(self.random.randrange(sides))
        self.publish(Rolled(self.rolls[-1]))
        return self.rolls[-1]

    @command
    def whisper(self, player: Player, to: Player, text: str) -> None:
        self.publish(Told(text), to=[to])
        self.hands[to] = text

    @command
    def bomb(self, player: Player, seconds: float) -> None:
        self.after(seconds, self.explode)

    @command
    def dud(self, player: Player, seconds: float) -> None:
        self.after(seconds, self.fizzle)

    @command
    def when(self, player: Player) -> float:
        return self.now

    @command
    def divide(self, player: Player, by: int) -> float:
        return 1 / by

    @command
    def refuse(self, player: Player) -> None:
        self.rolls.append(7)
        raise GameError("never", code="never_ever")

    @command
    def end(self, player: Player) -> None:
        self.finish(Bang())

    def explode(self) -> None:
        self.publish(Bang())

    def fizzle(self) -> None:
        raise LookupError("no fuse")


class Optional(GameModel):
    """Has options."""

    size: int = 0

    def setup(self, size: int = 3) -> None:
        self.size = size

    @command
    def nothing(self, player: Player) -> None:
        pass


class Unborn(GameModel):
    """Can't be set up."""

    def setup(self) -> None:
        raise LookupError("no cards")

    @command
    def nothing(self, player: Player) -> None:
        pass


class Inn(GameModel, seats=(1, 2), blocking=True):
    """Notes who comes and goes."""

    log: list[str] = field(default_factory=list)

    @command
    def nothing(self, player: Player) -> None:
        pass

    def on_join(self, player: Player) -> None:
        if player == "mallory":
            raise GameError("not you")
        self.log.append(f"{player} joins")

    def on_leave(self, player: Player) -> None:
        if player == "alice":
            raise GameError("stay")
        self.log.append(f"{player} leaves")

    def on_away(self, player: Player) -> None:
        self.log.append(f"{player} is away")

    def on_back(self, player: Player) -> None:
        self.log.append(f"{player} is back")


class Nervous(GameModel, seats=1):
    """Fails when somebody comes."""

    @command
    def nothing(self, player: Player) -> None:
        pass

    def on_join(self, player: Player) -> None:
        raise LookupError("who?")


class Ticking(GameModel, tick=20):
    """Counts its ticks."""

    ticks: int = 0
    pushed: list[int] = field(default_factory=list)

    @command
    def push(self, player: Player) -> None:
        self.pushed.append(self.ticks)

    def on_tick(self) -> None:
        self.ticks += 1


class TheFirstGame(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(TicTacToe, "alice", "bob", "carol")

    def test_the_players_sit_in_their_order_and_who_comes_too_late_watches(self) -> None:
        self.assertEqual(self.table.players, ("alice", "bob"))
        with self.assertRaises(Refused) as refused:
            self.table.send("carol", "mark", cell=0)
        self.assertEqual(refused.exception.code, "not_a_player")

    def test_what_was_done_is_seen_by_all(self) -> None:
        self.assertIsNone(self.table.send("alice", "mark", cell=4))
        for name in ("alice", "bob", "carol"):
            self.assertEqual(self.table.last(name), {"event": "Marked", "player": "alice", "cell": 4})
        self.assertEqual(self.table.state["board"][4], "alice")
        self.assertEqual(self.table.state_of("bob"), self.table.state)

    def test_the_frames_are_those_of_the_wire(self) -> None:
        self.table.send("alice", "mark", cell=4)
        welcome, joined, *frames = self.table.frames("alice")
        self.assertEqual((welcome["event"], welcome["seq"], welcome["player"]), ("gamesvc.welcome", 1, "alice"))
        self.assertEqual(joined, {"event": "gamesvc.joined", "player": "bob", "seat": 1, "seq": 2})
        self.assertEqual(frames[0], {"event": "Marked", "player": "alice", "cell": 4, "seq": 3})
        self.assertEqual(frames[-1], {"status": "ok", "id": "1"})

    def test_a_refusal_is_an_exception(self) -> None:
        with self.assertRaises(Refused) as refused:
            self.table.send("bob", "mark", cell=4)
        self.assertEqual((refused.exception.code, refused.exception.retryable), ("refused", False))
        self.assertEqual(str(refused.exception), "refused: it is not your turn")
        self.assertEqual(repr(refused.exception), "Refused('refused', 'it is not your turn', False)")
        self.assertEqual(self.table.events("bob"), [])

    def test_arguments_of_a_wrong_type_are_refused_as_on_the_wire(self) -> None:
        with self.assertRaises(Refused) as refused:
            self.table.send("alice", "mark", cell="x")
        self.assertEqual(refused.exception.code, "bad_arguments")

    def test_a_game_that_has_ended(self) -> None:
        self.assertFalse(self.table.finished)
        for player, cell in (("alice", 0), ("bob", 3), ("alice", 1), ("bob", 4), ("alice", 2)):
            self.table.send(player, "mark", cell=cell)
        self.assertTrue(self.table.finished)
        self.assertEqual(self.table.last("carol"), {"event": "Finished", "winner": "alice"})
        with self.assertRaises(Refused) as refused:
            self.table.send("bob", "mark", cell=8)
        self.assertEqual(refused.exception.code, "game_over")

    def test_before_all_seats_are_taken(self) -> None:
        table = Table(TicTacToe, "alice")
        with self.assertRaises(Refused) as refused:
            table.send("alice", "mark", cell=0)
        self.assertEqual((refused.exception.code, table.players), ("not_started", ("alice",)))
        table.connect("bob")
        table.send("alice", "mark", cell=0)


class WhatIsSeen(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Parlour, "alice", "bob")

    def test_each_sees_only_what_they_may(self) -> None:
        self.table.watch("carol")
        self.table.send("alice", "whisper", to="bob", text="psst")
        self.assertEqual(self.table.events("bob"), [{"event": "Told", "text": "psst"}])
        self.assertEqual((self.table.events("alice"), self.table.last("carol")), ([], None))
        self.assertEqual(self.table.state_of("bob")["hands"], {"bob": "psst"})
        self.assertEqual(self.table.state_of("alice")["hands"], {})
        self.assertEqual(self.table.state_of("carol"), self.table.state)
        self.assertNotIn("hidden", self.table.state)

    def test_the_state_that_clients_have_is_the_state(self) -> None:
        self.table.send("alice", "roll")
        self.table.connect("carol")
        self.assertEqual(self.table.frames("carol")[0]["state"], self.table.state)

    def test_the_model_can_be_looked_at_and_not_changed(self) -> None:
        model = self.table.model
        self.assertEqual((model.hidden, model.players), (3, ("alice", "bob")))
        model.hidden = 4
        self.assertEqual(self.table.model.hidden, 3)

    def test_what_a_command_returns(self) -> None:
        number = self.table.send("alice", "roll")
        self.assertEqual(self.table.last("bob"), {"event": "Rolled", "number": number})

    def test_a_refused_command_changes_nothing(self) -> None:
        with self.assertRaises(Refused) as refused:
            self.table.send("alice", "refuse")
        self.assertEqual((refused.exception.code, refused.exception.message), ("never_ever", "never"))
        self.assertEqual(self.table.model.rolls, [])


class Chance(SynchronousTestCase):
    def rolls(self, **keywords: Any) -> list[int]:
        table = Table(Parlour, "alice", **keywords)
        return [table.send("alice", "roll") for _ in range(3)]

    def test_the_same_seed_is_the_same_game(self) -> None:
        self.assertEqual(self.rolls(), self.rolls())
        self.assertEqual(self.rolls(seed=1), self.rolls(seed=1))
        self.assertNotEqual(self.rolls(seed=1), self.rolls(seed=2))
        self.assertEqual(len(set(self.rolls())), 3)

    def test_a_restart_changes_nothing_of_it(self) -> None:
        table = Table(Parlour, "alice")
        rolls = [table.send("alice", "roll")]
        table.restart()
        rolls += [table.send("alice", "roll") for _ in range(2)]
        self.assertEqual(rolls, self.rolls())


class Options(SynchronousTestCase):
    def test_they_are_those_of_setup(self) -> None:
        self.assertEqual(Table(Optional).state, {"size": 3})
        table = Table(Optional, "alice", options={"size": 5})
        self.assertEqual(table.state, {"size": 5})
        table.restart()
        self.assertEqual(table.state, {"size": 5})

    def test_mistakes_in_them(self) -> None:
        self.assertRaisesRegex(ValueError, "size", Table, Optional, options={"size": "x"})
        self.assertRaisesRegex(ValueError, "weight", Table, Optional, options={"weight": 1})


class Time(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Parlour, "alice", start_time=1000.0)

    def test_it_stands_still_until_it_is_advanced(self) -> None:
        self.assertEqual((self.table.now, self.table.send("alice", "when")), (1000.0, 1000.0))
        self.table.advance(1.5)
        self.assertEqual((self.table.now, self.table.send("alice", "when")), (1001.5, 1001.5))
        self.assertRaises(ValueError, self.table.advance, -1)

    def test_a_timer_rings_when_it_is_due(self) -> None:
        self.table.send("alice", "bomb", seconds=30)
        self.table.advance(29.5)
        self.assertEqual(self.table.events("alice"), [])
        self.table.advance(0.5)
        self.assertEqual(self.table.events("alice"), [{"event": "Bang"}])

    def test_a_timer_survives_a_restart(self) -> None:
        self.table.send("alice", "bomb", seconds=30)
        self.table.restart()
        self.table.advance(30)
        self.assertEqual(self.table.events("alice"), [{"event": "Bang"}])

    def test_commands_of_a_game_that_ticks_take_effect_at_the_next_tick(self) -> None:
        table = Table(Ticking, "alice", start_time=0.0)
        table.advance(1)
        table.send("alice", "push")
        table.advance(1)
        self.assertIn(table.model.ticks, range(38, 43))
        self.assertIn(table.state["pushed"][0], range(19, 22))


class ModelsThatFail(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Parlour, "alice")

    def test_a_command_raises_what_the_model_raised(self) -> None:
        error = self.assertRaises(ZeroDivisionError, self.table.send, "alice", "divide", by=0)
        self.assertIn("command divide", error.__notes__[0])
        self.assertEqual(self.table.frames("alice")[-1]["error"]["code"], "internal_error")
        self.assertEqual(self.table.send("alice", "divide", by=1), 1.0)

    def test_so_does_the_time_in_which_a_timer_fails(self) -> None:
        self.table.send("alice", "dud", seconds=1)
        self.table.advance(0.5)
        self.assertRaises(LookupError, self.table.advance, 0.5)
        self.table.advance(5)

    def test_and_a_table_whose_game_can_not_be_set_up(self) -> None:
        self.assertRaises(LookupError, Table, Unborn, "alice")

    def test_and_the_coming_of_a_player(self) -> None:
        self.assertRaises(LookupError, Table, Nervous, "alice")


class ComingAndGoing(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Inn, "alice", "bob")

    @property
    def log(self) -> list[str]:
        log: list[str] = self.table.state["log"]
        return log[2:]

    def test_a_player_leaves(self) -> None:
        self.table.watch("carol")
        self.table.leave("bob")
        self.assertEqual((self.table.players, self.log), (("alice",), ["bob leaves"]))
        self.assertEqual(self.table.frames("carol")[-1]["event"], "gamesvc.patch")
        with self.assertRaises(Refused) as refused:
            self.table.send("bob", "nothing")
        self.assertEqual(refused.exception.code, "not_a_player")
        self.table.disconnect("bob")
        self.table.connect("bob")
        # Who comes back is given no seat that they gave up.
        self.assertEqual(self.table.players, ("alice",))
        self.table.send("bob", "gamesvc.sit")
        self.assertEqual((self.table.players, self.log[-1]), (("alice", "bob"), "bob joins"))

    def test_who_may_not_leave(self) -> None:
        with self.assertRaises(Refused) as refused:
            self.table.leave("alice")
        self.assertEqual(str(refused.exception), "refused: stay")

    def test_who_is_refused_watches(self) -> None:
        self.table.leave("bob")
        self.table.connect("mallory")
        self.assertEqual(self.table.players, ("alice",))

    def test_who_has_no_connection_for_a_while_is_away(self) -> None:
        self.table.disconnect("bob")
        self.table.advance(4.5)
        self.assertEqual(self.log, [])
        self.table.advance(1)
        self.assertEqual(self.log, ["bob is away"])
        self.table.connect("bob")
        self.assertEqual(self.log, ["bob is away", "bob is back"])

    def test_the_patches_lead_to_the_state(self) -> None:
        self.table.leave("bob")
        for name in ("alice", "bob"):
            state: dict[str, Any] = {}
            for frame in self.table.frames(name):
                state = frame.get("state", state)
                if frame.get("event") == "gamesvc.patch":
                    state = apply_patch(state, frame["patch"])
            self.assertEqual(state, self.table.state_of(name))


class Lines(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = Table(Parlour, "alice", "bob")

    def test_who_comes_back_gets_what_they_missed(self) -> None:
        self.table.disconnect("bob")
        self.table.send("alice", "whisper", to="bob", text="psst")
        self.assertEqual(self.table.events("bob"), [])
        self.table.connect("bob")
        self.assertEqual(self.table.events("bob"), [{"event": "Told", "text": "psst"}])
        self.assertTrue([frame for frame in self.table.frames("bob") if "resumed" in frame][-1]["resumed"])

    def test_who_is_not_connected_sends_nothing(self) -> None:
        self.table.disconnect("bob")
        self.assertRaisesRegex(ValueError, "bob is not connected", self.table.send, "bob", "roll")
        self.assertRaisesRegex(ValueError, "bob is not connected", self.table.disconnect, "bob")
        self.assertRaisesRegex(ValueError, "dave never came", self.table.send, "dave", "roll")
        self.assertRaisesRegex(ValueError, "alice is connected already", self.table.connect, "alice")

    def test_a_name_that_is_none(self) -> None:
        self.assertRaisesRegex(ValueError, "'' is not let in: 400", self.table.connect, "")

    def test_names_of_all_kinds(self) -> None:
        table = Table(Parlour, "Änne & Bob?", "x#y")
        self.assertEqual(table.players, ("Änne & Bob?", "x#y"))

    def test_a_restart_loses_nothing(self) -> None:
        self.table.watch("carol")
        self.table.disconnect("bob")
        self.table.send("alice", "roll")
        before = self.table.model, self.table.events("alice"), self.table.now
        self.table.restart()
        self.assertEqual((self.table.model, self.table.events("alice"), self.table.now), before)
        self.table.send("alice", "roll")
        self.assertEqual(len(self.table.events("carol")), 2)
        self.assertRaises(ValueError, self.table.send, "bob", "roll")
        numbers = [frame["seq"] for frame in self.table.frames("carol") if frame.get("event") == "Rolled"]
        self.assertEqual(numbers, [numbers[0], numbers[0] + 1])

    def test_a_table_that_nobody_is_at(self) -> None:
        table = Table(Parlour)
        self.assertEqual((table.state["rolls"], table.players), ([], ()))
        table.connect("alice")
        table.disconnect("alice")
        self.assertEqual(table.state["rolls"], [])
        table.restart()
        self.assertEqual(table.state["rolls"], [])


class Bots(SynchronousTestCase):
    """Bots at the table: they think at once, half a second after there is something to do."""

    def test_one_takes_a_seat_and_plays(self) -> None:
        table = Table(Nim, "alice")
        self.assertEqual(table.seat_bot(), "bot-random")
        self.assertEqual(table.players, ("alice", "bot-random"))
        table.send("alice", "take", count=1)
        table.advance(0.25)
        self.assertEqual(table.state["turn"], 1)
        table.advance(0.25)
        self.assertEqual(table.state["turn"], 2)
        last = table.last("alice")
        assert last is not None
        self.assertEqual((last["event"], last["player"]), ("Took", "bot-random"))

    def test_a_game_goes_on_to_its_end_and_is_the_same_with_the_same_seed(self) -> None:
        def played(seed: int) -> list[dict[str, Any]]:
            table = Table(Nim, seed=seed)
            for _ in range(2):
                table.seat_bot()
            table.watch("zoe")
            for _ in range(40):
                table.advance(0.5)
            self.assertTrue(table.finished)
            return table.events("zoe")

        games = [played(seed) for seed in range(4)]
        self.assertEqual(games, [played(seed) for seed in range(4)])
        self.assertGreater(len({repr(events) for events in games}), 1)

    def test_it_plays_for_somebody_until_they_are_back_or_it_is_removed(self) -> None:
        for is_removed in (False, True):
            table = Table(Nim, "alice", "bob")
            table.disconnect("bob")
            self.assertEqual(table.seat_bot(player="bob"), "bob")
            table.send("alice", "take", count=1)
            table.advance(1)
            self.assertEqual(table.state["turn"], 2)
            if is_removed:
                table.remove_bot("bob")
            table.connect("bob")
            table.send("alice", "take", count=1)
            table.advance(60)
            self.assertEqual(table.state["turn"], 3)
            table.send("bob", "take", count=1)

    def test_what_can_not_be_is_refused(self) -> None:
        table = Table(Nim, "alice", "bob")
        for call, arguments, code in (
            (table.seat_bot, {"bot": "search"}, "no_bot"),
            (table.seat_bot, {"player": "alice"}, "refused"),
            (table.remove_bot, {"player": "alice"}, "no_bot"),
        ):
            with self.assertRaises(Refused) as refused:
                call(**arguments)
            self.assertEqual(refused.exception.code, code)

    def test_bots_of_an_authors_own_with_options(self) -> None:
        table = Table(Nim, "alice", bots=["tests.test_testing:Careful(most=2)", "random"])
        table.seat_bot("Careful")
        table.send("alice", "take", count=1)
        table.advance(0.5)
        self.assertEqual(table.last("alice"), {"event": "Took", "player": "bot-Careful", "count": 2})
        self.assertRaises(ConfigError, Table, Nim, "alice", bots=["nowhere:Bot"])

    def test_one_that_fails_does_not_keep_the_others_waiting(self) -> None:
        table = Table(Nim, "alice", bots=["tests.test_testing:Careful(most=9)"])
        table.seat_bot("Careful")
        table.send("alice", "take", count=1)
        table.advance(0.5)
        self.assertEqual(table.state["turn"], 2)

    def test_it_takes_a_seat_that_stays_free_while_somebody_waits(self) -> None:
        table = Table(Nim, "alice", fill_with="random")
        table.advance(9.5)
        self.assertEqual(table.players, ("alice",))
        table.advance(0.5)
        self.assertEqual(table.players, ("alice", "bot-random"))
        self.assertRaises(ConfigError, Table, Nim, fill_with="search")

    def test_it_plays_for_who_has_been_away_for_a_minute_and_hands_back(self) -> None:
        table = Table(Nim, "alice", "bob", stand_in="random")
        table.send("alice", "take", count=1)
        table.disconnect("bob")
        table.advance(60)
        self.assertEqual(table.state["turn"], 1)
        table.advance(0.5)
        self.assertEqual(table.state["turn"], 2)
        table.connect("bob")
        welcome = [frame for frame in table.frames("bob") if frame.get("event") == "gamesvc.welcome"][-1]
        self.assertEqual((welcome["resumed"], welcome["bots"]), (True, {"bob": "random"}))
        self.assertEqual(
            table.frames("alice")[-1] | {"seq": 0}, {"event": "gamesvc.bot", "player": "bob", "bot": None, "seq": 0}
        )

    def test_a_restart_in_any_moment_changes_nothing_of_how_it_goes_on(self) -> None:
        def played(*restarts: float) -> list[dict[str, Any]]:
            table = Table(Nim, "alice", seed=3)
            table.seat_bot()
            for step in range(200):
                if not table.finished and table.state["turn"] % 2 == 0:
                    table.send("alice", "take", count=1)
                if step in restarts:
                    table.restart()
                table.advance(0.125)
            self.assertTrue(table.finished)
            return table.events("alice")

        straight = played()
        for step in range(12):
            self.assertEqual(played(step), straight)
        self.assertEqual(played(*range(0, 200, 9)), straight)

    def test_in_a_game_that_ticks_its_command_waits_for_the_tick(self) -> None:
        class Pulsing(Nim, seats=(2, 3), tick=2):
            def on_tick(self) -> None:
                self.plot += 1

        table = Table(Pulsing, "alice")
        self.assertEqual(table.seat_bot(), "bot-random")
        table.send("alice", "take", count=1)
        table.advance(2)
        self.assertEqual(table.state["turn"], 2)

    def test_a_model_that_fails_at_a_bots_command_fails_the_test(self) -> None:
        table = Table(Nim, "alice")
        table.seat_bot()
        table.send("alice", "take", count=1)
        table.send("alice", "spoil", what="take crashes")
        self.assertRaises(RuntimeError, table.advance, 0.5)


class Careful(Bot):
    """Takes as many as it is told to."""

    def __init__(self, most: int = 1) -> None:
        self.most = most

    def choose(self, turn: Turn) -> Choice | None:
        return {"command": "take", "count": self.most}

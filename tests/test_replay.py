"""A game that is played once more."""

from __future__ import annotations

import math

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameError, GameModel, Player, command
from gamesvc.journal.records import Entry
from gamesvc.replay import Coming, Private, Refused, Replay, plain
from tests.drawing import Drawing
from tests.plays import NOW, OTHER_SEED, SEED, Play, drawing, migrated, restored, tictactoe
from tests.redrawing import Drawing as Redrawing
from tests.tictactoe import TicTacToe


class Replays(SynchronousTestCase):
    def replay(self, play: Play, number: int | None = None) -> Replay:
        replay = Replay(play.instance.kind, SEED)
        for entry in play.entries[:number]:
            replay.again(entry)
        return replay

    def test_all_goes_as_it_went(self) -> None:
        for play in (tictactoe(), tictactoe((0,)), drawing()):
            replay = Replay(play.instance.kind, SEED)
            for entry in play.entries:
                replay.again(entry)
                assert replay.effect is not None
                today = replay.effect.entry(play.instance.kind, entry.kind)
                for what in ("number", "time", "result", "events", "changed", "timers", "last_timer", "finished"):
                    self.assertEqual(getattr(today, what), getattr(entry, what), (entry.number, what))
            self.assertEqual(replay.standing, play.instance.standing)

    def test_the_order_of_what_a_client_sent_is_kept(self) -> None:
        class Wishes(GameModel):
            last: dict[str, int] = msgspec.field(default_factory=dict)

            @command
            def wish(self, player: Player, what: dict[str, int]) -> None:
                self.last = what

        play = Play(Wishes).command("alice", "wish", what={"b": 1, "a": 2})
        self.assertEqual(list(self.replay(play).state["last"]), ["b", "a"])

    def test_what_was_done_last_can_be_looked_at(self) -> None:
        replay = Replay(Drawing, SEED)
        replay.open(NOW, ["alice", "bob"])
        self.assertEqual((replay.events, replay.result, replay.seats), ([], None, ["alice", "bob", None]))
        replay.command(NOW + 1, "bob", "draw", count=2)
        cards = replay.state["hands"]["bob"]
        self.assertEqual(replay.result, cards)
        self.assertEqual(replay.events[0], {"event": "Drew", "player": "bob", "left": 18})
        self.assertEqual(replay.events[1:], [Private({"event": "Card", "card": card}, to=["bob"]) for card in cards])
        self.assertEqual(
            replay.timers, [Coming(1, NOW + 60, "hurry", ["anybody"]), Coming(2, NOW + 31, "hurry", ["bob"])]
        )
        self.assertFalse(replay.finished)

    def test_players_sit_down_and_everybody_hears_of_it(self) -> None:
        replay = self.replay(tictactoe(()), 2)
        self.assertEqual(replay.seats, ["alice", None])
        self.assertEqual(replay.events, [{"event": "gamesvc.joined", "player": "alice", "seat": 0}])

    def test_what_the_model_refuses_is_refused_and_changes_nothing(self) -> None:
        replay = self.replay(tictactoe((0,)))
        before = replay.standing
        refused = self.assertRaises(GameError, replay.command, NOW, "bob", "mark", cell=0)
        self.assertEqual(refused.message, "choose an empty cell, 0 to 8")
        self.assertEqual(replay.standing, before)

    def test_what_gamesvc_refuses_is_refused_too(self) -> None:
        started, over = tictactoe((0,)), tictactoe()
        for play, number, player, name, arguments, why in (
            (started, None, "bob", "march", {}, "there is no command 'march'"),
            (started, None, "bob", "mark", {"cell": "x"}, "mark does not take these arguments"),
            (started, None, "bob", "mark", {"cells": 1}, "mark does not take these arguments"),
            (started, None, "carol", "mark", {"cell": 1}, "you watch this game"),
            (started, 2, "alice", "mark", {"cell": 1}, "the game starts when all seats are taken"),
            (over, None, "bob", "mark", {"cell": 8}, "the game is over"),
        ):
            replay = self.replay(play, number)
            self.assertIn(why, str(self.assertRaises(Refused, replay.command, NOW, player, name, **arguments)))

    def test_names_of_commands_are_not_case_sensitive(self) -> None:
        replay = self.replay(tictactoe((0,)))
        replay.command(NOW, "bob", "MARK", cell=1)
        self.assertEqual(replay.state["moves"], 2)

    def test_seats_that_the_model_does_not_have_any_more_are_refused(self) -> None:
        replay = Replay(TicTacToe, SEED)
        self.assertRaises(Refused, replay.open, NOW, ["alice", "bob", "carol"])
        replay.open(NOW)
        self.assertRaises(Refused, replay.seat, NOW, ["alice", None, "carol"])
        replay.seat(NOW, ["alice", None, None])
        self.assertEqual(replay.seats, ["alice", None])

    def test_a_timer_that_is_not_to_come_is_refused(self) -> None:
        replay = self.replay(drawing())
        self.assertIn("no timer 2 is to come", str(self.assertRaises(Refused, replay.timer, NOW, 2)))

    def test_a_timer_that_fails_raises_unless_it_failed_then(self) -> None:
        play = drawing()
        replay = self.replay(play, 7)
        self.assertRaises(RuntimeError, replay.timer, NOW + 90, 4)
        self.assertEqual([timer.id for timer in replay.timers], [4])
        replay.timer(NOW + 90, 4, fault="ValueError")
        self.assertEqual((replay.fault, replay.timers), ("RuntimeError", []))
        self.assertNotEqual(replay.state["weight"], -1.0)
        replay.command(NOW + 91, "bob", "trap")
        self.assertEqual(replay.fault, "")

    def test_a_command_may_have_arguments_of_any_name(self) -> None:
        class Odd(GameModel):
            total: int = 0

            @command
            def add(self, player: Player, at: int, name: int) -> None:
                self.total += at + name

        replay = Replay(Odd, SEED)
        replay.open(NOW)
        replay.command(NOW, "alice", "add", at=1, name=2)
        self.assertEqual(replay.state, {"total": 3})

    def test_what_is_no_number_equals_itself(self) -> None:
        encoded = msgspec.msgpack.encode({"a": [math.nan, 1.0]})
        self.assertEqual(plain(encoded), plain(encoded))
        self.assertEqual(plain(encoded), {"a": [math.nan, 1.0]})

    def test_an_entry_without_arguments_is_run_as_one_with_none(self) -> None:
        replay = self.replay(drawing(), 1)
        replay.again(Entry(2, "command", NOW, "alice", None, "draw"))
        self.assertEqual(len(replay.state["hands"]["alice"]), 1)


class Renewed(SynchronousTestCase):
    def replay(self, play: Play, number: int | None = None) -> Replay:
        replay = Replay(play.instance.kind, SEED)
        for entry in play.entries[:number]:
            replay.again(entry)
        return replay

    def test_a_game_goes_on_as_it_went_with_its_other_chance(self) -> None:
        play = restored()
        self.assertEqual(self.replay(play).standing, play.instance.standing)
        replay = self.replay(play, 10)
        replay.renew(play.entries[10].time)
        for entry in play.entries[11:]:
            replay.again(entry)
        self.assertEqual(replay.standing.entry, 13)
        self.assertNotEqual(replay.state["weight"], plain(play.instance.standing.image[2]))

    def test_a_game_goes_on_with_the_state_that_it_was_brought_to(self) -> None:
        play = migrated()
        replay = self.replay(play)
        self.assertEqual(replay.standing, play.instance.standing)
        self.assertIs(type(replay._instance._model), Redrawing)

    def test_it_takes_an_entry_and_nothing_else_changes(self) -> None:
        replay = self.replay(drawing())
        before = replay.standing
        replay.renew(NOW + 500, OTHER_SEED)
        self.assertEqual((replay.events, replay.result, replay.fault), ([], None, ""))
        self.assertEqual(replay.standing, before._replace(entry=11, now=NOW + 500))

    def test_a_state_that_is_given_is_the_state_and_what_is_missing_has_its_default(self) -> None:
        replay = self.replay(tictactoe((0,)))
        replay.renew(NOW + 50, state={"moves": 7})
        self.assertEqual(replay.state, {"board": [None] * 9, "moves": 7})

    def test_one_of_an_older_version_is_brought_to_today_s(self) -> None:
        replay = Replay(Redrawing, SEED)
        replay.open(NOW, ["alice", "bob"])
        state = {"weight": 0.5, "hands": {"bob": [1, 2]}}
        replay.renew(NOW + 1, state=state, version=1)
        self.assertEqual((replay.state["weight"], replay.state["drawn"]), (500.0, {"bob": 2}))
        self.assertNotIn("drawn", state)

    def test_one_that_does_not_fit_is_refused_and_changes_nothing(self) -> None:
        replay = Replay(Redrawing, SEED)
        replay.open(NOW, ["alice", "bob"])
        before = replay.standing
        for state, version, why in (
            ({"weight": "heavy"}, 2, "the state does not fit Drawing.weight: ValidationError"),
            ({"height": 1}, 2, "Drawing has no field 'height'"),
            ({}, 3, "the state is of version 3 of Drawing, and this is version 2"),
            ({}, 1, "the state does not fit Drawing.migrate: KeyError('weight')"),
        ):
            refused = self.assertRaises(Refused, replay.renew, NOW + 1, OTHER_SEED, state, version)
            self.assertIn(why, str(refused))
            self.assertEqual(replay.standing, before)

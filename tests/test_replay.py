"""A game that is played once more."""

from __future__ import annotations

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameError, GameModel, Player, command
from gamesvc.journal.records import BotSeat, Entry
from gamesvc.replay import Coming, Private, Refused, Replay
from gamesvc.telling import fault_name, plain
from tests.drawing import Drawing
from tests.hall import Hall
from tests.plays import (
    NOW,
    OTHER_SEED,
    SEED,
    Play,
    botted,
    botted_hall,
    drawing,
    hall,
    migrated,
    restored,
    tictactoe,
)
from tests.redrawing import Drawing as Redrawing
from tests.tictactoe import TicTacToe


class Replays(SynchronousTestCase):
    def replay(self, play: Play, number: int | None = None) -> Replay:
        replay = Replay(play.instance.kind, SEED)
        for entry in play.entries[:number]:
            replay.again(entry)
        return replay

    def test_all_goes_as_it_went(self) -> None:
        told = "player", "id", "name", "arguments", "timer", "fault", "opening"
        for play in (tictactoe(), tictactoe((0,)), drawing(), hall(), botted(), botted_hall()):
            replay = Replay(play.instance.kind, SEED)
            for entry in play.entries:
                replay.again(entry)
                assert replay.effect is not None
                today = replay.effect.entry(play.instance.kind, entry.kind)
                for what in set(Entry.__struct_fields__).difference(told, ["seats"] if entry.number == 1 else []):
                    self.assertEqual(getattr(today, what), getattr(entry, what), (entry.number, what))
                self.assertEqual(replay.fault, fault_name(entry))
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

    def test_an_entry_without_arguments_is_run_as_one_with_none(self) -> None:
        replay = self.replay(drawing(), 1)
        replay.again(Entry(2, "command", NOW, "alice", None, "draw"))
        self.assertEqual(len(replay.state["hands"]["alice"]), 1)


class Told(SynchronousTestCase):
    """What happens without a command."""

    def replay(self, number: int) -> Replay:
        replay = Replay(Hall, SEED)
        for entry in hall().entries[:number]:
            replay.again(entry)
        return replay

    def test_options_go_to_setup_and_one_that_is_missing_has_its_default(self) -> None:
        for options, pace in (({"pace": 7}, 7), ({}, 1), (None, 1)):
            replay = Replay(Hall, SEED)
            replay.open(NOW, options=options)
            self.assertEqual(replay.state["pace"], pace)

    def test_options_that_the_model_does_not_take_are_refused(self) -> None:
        replay = Replay(Hall, SEED)
        for options in ({"pace": "fast"}, {"speed": 1}):
            refused = self.assertRaises(Refused, replay.open, NOW, (), options)
            self.assertIn("Hall.setup does not take the options of this game any more", str(refused))
        self.assertEqual(replay.standing.entry, 0)

    def test_the_model_is_told_who_takes_a_seat_and_that_it_begins(self) -> None:
        replay = self.replay(2)
        replay.seat(NOW + 3, ["alice", "bob", None], "bob")
        joined, welcomed, *cards = replay.events
        self.assertEqual(joined, {"event": "gamesvc.joined", "player": "bob", "seat": 1})
        self.assertEqual(welcomed, {"event": "Welcomed", "player": "bob"})
        self.assertEqual([card.to for card in cards], [["alice"], ["bob"]])
        self.assertEqual(replay.standing.here, {"alice", "bob"})
        self.assertTrue(replay.standing.started)

    def test_who_comes_with_others_is_there_alone(self) -> None:
        replay = Replay(Hall, SEED)
        replay.open(NOW)
        replay.seat(NOW + 1, ["alice", "bob", None], "bob")
        self.assertEqual(replay.standing.here, {"bob"})

    def test_a_seat_that_the_model_refuses_is_refused(self) -> None:
        replay = self.replay(3)
        before = replay.standing
        seats = ["alice", "bob", "mallory"]
        self.assertRaises(GameError, replay.seat, NOW + 9, seats, "mallory")
        self.assertEqual(replay.standing, before)

    def test_what_fails_raises_unless_it_failed_then(self) -> None:
        replay = self.replay(5)
        before, seats = replay.standing, ["alice", "bob", "clumsy"]
        self.assertRaises(RuntimeError, replay.seat, NOW + 9, seats)
        self.assertEqual(replay.standing, before)
        replay.seat(NOW + 9, seats, "clumsy", fault="KeyError")
        self.assertEqual(replay.fault, "RuntimeError")
        self.assertEqual(replay.events, [{"event": "gamesvc.joined", "player": "clumsy", "seat": 2}])
        self.assertRaises(RuntimeError, replay.away, NOW + 10, "clumsy")
        replay.away(NOW + 10, "clumsy", "KeyError")
        self.assertEqual((replay.fault, "clumsy" in replay.standing.here), ("RuntimeError", False))
        replay = self.replay(14)
        self.assertRaises(RuntimeError, replay.tick, NOW + 30)
        replay.tick(NOW + 30, fault="KeyError")
        self.assertEqual((replay.fault, replay.standing.entry), ("RuntimeError", 15))

    def test_a_tick_takes_an_entry_also_where_nothing_comes_of_it(self) -> None:
        replay = self.replay(8)
        before = replay.standing
        replay.tick(NOW + 30)
        self.assertEqual(replay.events, [])
        self.assertEqual(replay.standing, before._replace(entry=9, now=NOW + 30))

    def test_who_can_not_leave_is_refused(self) -> None:
        replay = self.replay(13)
        self.assertIn("'carol' has no seat", str(self.assertRaises(Refused, replay.leave, NOW, "carol")))
        over = self.replay(18)
        self.assertIn("the game is over", str(self.assertRaises(Refused, over.leave, NOW, "alice")))
        going = Replay(TicTacToe, SEED)
        for entry in tictactoe(()).entries:
            going.again(entry)
        self.assertIn("its players stay", str(self.assertRaises(Refused, going.leave, NOW, "alice")))

    def test_before_the_game_began_anybody_can_leave(self) -> None:
        replay = Replay(TicTacToe, SEED)
        for entry in tictactoe(()).entries[:2]:
            replay.again(entry)
        replay.leave(NOW + 9, "alice")
        self.assertEqual(replay.events, [{"event": "gamesvc.left", "player": "alice", "seat": 0}])
        self.assertEqual(replay.seats, [None, None])

    def test_nobody_is_away_and_nothing_ticks_where_that_can_not_be(self) -> None:
        for number, why in ((18, "the game is over"), (17, "'carol' has no seat")):
            replay = self.replay(number)
            for told in (replay.away, replay.back):
                self.assertIn(why, str(self.assertRaises(Refused, told, NOW, "carol")))
        self.assertIn("is over", str(self.assertRaises(Refused, self.replay(18).tick, NOW)))
        self.assertIn("starts when", str(self.assertRaises(Refused, self.replay(2).tick, NOW)))

    def test_how_it_ended_can_be_looked_at(self) -> None:
        self.assertEqual(self.replay(18).outcome, {"event": "Ended", "why": "alone"})
        self.assertIs(self.replay(17).outcome, None)


class Bots(SynchronousTestCase):
    """Bots that play for players."""

    def replay(self, play: Play, number: int | None = None) -> Replay:
        replay = Replay(play.instance.kind, SEED)
        for entry in play.entries[:number]:
            replay.again(entry)
        return replay

    def test_one_takes_a_seat_and_everybody_hears_of_it(self) -> None:
        replay = self.replay(botted(), 2)
        replay.bots(NOW + 3, ["alice", "bot-random"], {"bot-random": "random"})
        self.assertEqual(
            replay.events,
            [
                {"event": "gamesvc.joined", "player": "bot-random", "seat": 1},
                {"event": "gamesvc.bot", "player": "bot-random", "bot": "random"},
            ],
        )
        self.assertEqual(replay.seats, ["alice", "bot-random"])
        self.assertEqual(replay.standing.bots, (BotSeat("bot-random", "random"),))
        self.assertTrue(replay.standing.started)

    def test_one_stands_in_and_hands_back_and_nothing_else_changes(self) -> None:
        replay = self.replay(botted(), 5)
        before = replay.standing
        others = {"bot-random": "random"}
        replay.bots(NOW + 9, bots={**others, "alice": "search"}, stand_in_for=["alice"])
        self.assertEqual(replay.standing.bots[1], BotSeat("alice", "search", stands_in=True))
        replay.bots(NOW + 9, bots=others)
        self.assertEqual(replay.events, [{"event": "gamesvc.bot", "player": "alice", "bot": None}])
        self.assertEqual(replay.standing, before._replace(entry=7, now=NOW + 9))

    def test_the_model_is_told_of_them_as_of_anybody(self) -> None:
        replay = self.replay(botted_hall(), 3)
        self.assertEqual([event.get("event") for event in _public(replay)][2:], ["Welcomed"])
        self.assertEqual(len(replay.events), 5, "and each has a card")
        replay = self.replay(botted_hall())
        self.assertEqual(
            [event.get("event") for event in _public(replay)], ["gamesvc.left", "Ended", "gamesvc.finished"]
        )

    def test_whoever_leaves_takes_theirs_with_them(self) -> None:
        replay = self.replay(botted_hall(), 6)
        self.assertEqual([each.player for each in replay.standing.bots], ["bot-random", "bot-random-2", "alice"])
        replay.leave(NOW + 90, "alice")
        self.assertEqual([each.player for each in replay.standing.bots], ["bot-random", "bot-random-2"])

    def test_what_the_model_refuses_and_seats_that_it_does_not_have_are_refused(self) -> None:
        replay = self.replay(botted_hall(), 2)
        before = replay.standing
        refused = replay.bots, NOW, ["alice", "mallory", None], {"mallory": "random"}
        self.assertRaises(GameError, *refused)
        self.assertRaises(Refused, replay.bots, NOW, ["alice", None, None, "bot-random"], {"bot-random": "random"})
        self.assertRaises(RuntimeError, replay.bots, NOW, ["alice", "clumsy", None], {"clumsy": "random"})
        self.assertEqual(replay.standing, before)


def _public(replay: Replay) -> list[dict[str, object]]:
    return [event for event in replay.events if isinstance(event, dict)]


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
            ({"weight": "heavy"}, 2, "Drawing.weight: Expected `float`, got `str`"),
            ({"height": 1}, 2, "Drawing has no field 'height'"),
            ({"weight": object()}, 2, "Encoding objects of type object is unsupported"),
            ({"weight": 1 << 64}, 2, "can't serialize ints"),
            ({}, 3, "version 3 of Drawing, and this is version 2"),
            ({}, 1, "Drawing.migrate failed at version 1: KeyError('weight')"),
        ):
            refused = self.assertRaises(Refused, replay.renew, NOW + 1, OTHER_SEED, state, version)
            self.assertIn(why, str(refused))
            self.assertEqual(replay.standing, before)

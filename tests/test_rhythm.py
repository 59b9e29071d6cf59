"""A game's rhythm: its ticks, at each durability, what waits for them, and its timers beside them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Player, command, field
from gamesvc.attendance import AWAY_SECONDS
from gamesvc.errors import CloseCode
from gamesvc.limits import OVERDUE_SECONDS
from gamesvc.pending import Role
from tests.tables import ALICE, BOB, NOW, Connected, Table

AS_ALICE, AS_BOB = Role(ALICE, playing=True), Role(BOB, playing=True)
PERIOD = 0.05


class Noted(Event):
    text: str


class Arena(GameModel, tick=20):
    """Notes what came in which order, and when."""

    came: list[str] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    ticks: int = 0
    idle: bool = False
    does: str = ""

    @command
    def steer(self, player: Player, to: str = "left") -> int:
        self.came.append(f"{player} {to}")
        self.publish(Noted(to))
        return len(self.came)

    @command
    def refuse(self, player: Player) -> None:
        raise GameError("no")

    @command
    def rest(self, player: Player) -> None:
        self.idle = True

    @command
    def do(self, player: Player, what: str) -> None:
        self.does = what

    @command
    def later(self, player: Player, seconds: float) -> None:
        self.after(seconds, self.ring)

    @command
    def end(self, player: Player) -> None:
        self.finish(Noted("end"))

    def ring(self) -> None:
        self.came.append("ring")

    def on_tick(self) -> None:
        if self.does == "fail":
            raise RuntimeError("with a secret")
        if self.does == "throw":
            self.random.random()
        if not self.idle:
            self.ticks += 1
            self.came.append("tick")
            self.times.append(self.now)


class Saved(Arena, durability="snapshot"):
    """The same, saved every few seconds."""


class Careless(Arena, durability="none"):
    """The same, saved when it is left."""


class Duel(Arena, seats=2):
    """The same with seats."""

    def on_leave(self, player: Player) -> None:
        self.came.append(f"{player} leaves")


def fields(table: Table) -> Any:
    """The model as it stands."""
    return table.instance._model


class Ticks(SynchronousTestCase):
    """When it ticks, and when it does not."""

    def test_it_ticks_at_each_durability_as_often_as_it_is_to(self) -> None:
        for model in (Arena, Saved, Careless):
            table = Table(model)
            Connected(table.server, AS_ALICE)
            table.pass_time(3, 0.01)
            self.assertIn(fields(table).ticks, (59, 60))
            appends = [entry.kind for entry in table.journal.entries("g1")]
            self.assertEqual(appends.count("tick"), fields(table).ticks if model is Arena else 0)

    def test_each_is_a_period_after_the_one_before_by_the_games_own_time(self) -> None:
        table = Table(Arena)
        alice = Connected(table.server, AS_ALICE)
        for number in range(60):
            # Each late, and in between commands that come later than the next tick is due.
            table.clock.advance(0.037)
            if number == 30:
                table.set_forth = 3600.0
            if number == 40:
                table.set_forth = -3600.0
            alice.send("steer")
            Connected(table.server, AS_BOB)
            table.run()
        times = fields(table).times
        gaps = [after - before for before, after in pairwise(times)]
        self.assertTrue(len(gaps) > 30)
        self.assertTrue(all(abs(gap - PERIOD) < 1e-5 for gap in gaps), gaps)
        self.assertAlmostEqual(times[0], NOW + PERIOD, 5)

    def test_it_does_not_tick_while_nobody_is_there(self) -> None:
        table = Table(Arena)
        table.pass_time(1)
        self.assertEqual((fields(table).ticks, table.clock.getDelayedCalls()), (0, []))
        watcher = Connected(table.server, Role(BOB, playing=False))
        table.pass_time(0.5, 0.05)
        ticks = fields(table).ticks
        self.assertIn(ticks, (9, 10))
        watcher.close(CloseCode.NORMAL)
        table.pass_time(1)
        self.assertEqual((fields(table).ticks, table.clock.getDelayedCalls()), (ticks, []))

    def test_it_ticks_from_the_start_to_the_end_and_while_seats_that_are_needed_are_taken(self) -> None:
        table = Table(Duel)
        alice = Connected(table.server, table.admit("alice"))
        table.pass_time(1)
        self.assertEqual(fields(table).ticks, 0)
        bob = Connected(table.server, table.admit("bob"))
        table.pass_time(0.5, 0.05)
        self.assertTrue(fields(table).ticks)
        bob.send("gamesvc.leave")
        table.pass_time(0.5, 0.05)
        ticks = fields(table).ticks
        table.pass_time(1)
        self.assertEqual((fields(table).ticks, fields(table).came[-1]), (ticks, "bob leaves"))
        bob.send("gamesvc.sit")
        table.pass_time(0.5, 0.05)
        self.assertTrue(fields(table).ticks > ticks)
        alice.send("end")
        table.pass_time(0.1, 0.05)
        ticks = fields(table).ticks
        table.pass_time(AWAY_SECONDS)
        self.assertEqual(fields(table).ticks, ticks)
        self.assertEqual(table.clock.getDelayedCalls(), [])

    def test_after_a_delay_what_was_missed_is_made_up_for_up_to_a_quarter_of_a_second(self) -> None:
        table = Table(Arena)
        Connected(table.server, AS_ALICE)
        for delay, ticks in ((0.2, 4), (0.25, 5), (5.0, 5)):
            before = fields(table).ticks
            table.clock.advance(delay)
            table.run()
            self.assertEqual(fields(table).ticks - before, ticks, delay)

    def test_one_of_which_nothing_came_is_not_written_and_one_that_took_chance_is(self) -> None:
        table = Table(Arena)
        alice = Connected(table.server, AS_ALICE)
        alice.send("rest")
        table.pass_time(0.1, 0.05)
        entries = len(table.journal.entries("g1"))
        table.pass_time(1, 0.05)
        self.assertEqual(len(table.journal.entries("g1")), entries)
        alice.send("do", what="throw")
        table.pass_time(0.5, 0.05)
        more = table.journal.entries("g1")[entries + 1 :]
        self.assertEqual({(entry.kind, len(entry.changed)) for entry in more}, {("tick", 0)})
        self.assertTrue(len(more) >= 8)

    def test_one_that_fails_is_reported_and_written_once_a_second_at_most_and_commands_go_on(self) -> None:
        table = Table(Arena)
        alice = Connected(table.server, AS_ALICE)
        alice.send("do", what="fail")
        table.pass_time(10, 0.05)
        faults = [entry for entry in table.journal.entries("g1") if entry.fault]
        self.assertIn(len(table.reports), (9, 10, 11))
        self.assertEqual(len(faults), len(table.reports))
        alice.news()
        alice.send("steer", id="c-1")
        table.pass_time(1.1, 0.05)
        self.assertIn({"status": "ok", "id": "c-1", "result": fields(table).came.count("tick") + 1}, alice.news())
        alice.send("do", what="")
        ticks = fields(table).ticks
        table.pass_time(3, 0.05)
        self.assertTrue(fields(table).ticks - ticks >= 35)


class Inputs(SynchronousTestCase):
    """What waits for a tick."""

    def setUp(self) -> None:
        self.table = Table(Arena)
        self.alice, self.bob = Connected(self.table.server, AS_ALICE), Connected(self.table.server, AS_BOB)
        self.table.turn()
        self.alice.news()

    def came(self) -> list[str]:
        return list(fields(self.table).came)

    def tick(self) -> None:
        self.table.clock.advance(PERIOD)
        self.table.run()

    def test_commands_take_effect_in_their_order_just_before_the_next_tick(self) -> None:
        self.tick()
        for who, to in ((self.alice, "left"), (self.bob, "up"), (self.alice, "right")):
            who.send("steer", to=to)
            self.table.clock.advance(0.01)
            self.table.run()
        self.assertEqual(self.came(), ["tick"])
        self.assertEqual((self.alice.news(), self.bob.news(), self.table.server.quiet), ([], [], False))
        self.tick()
        self.assertEqual(self.came(), ["tick", "alice left", "bob up", "alice right", "tick"])
        self.assertTrue(self.table.server.quiet)

    def test_replies_come_after_the_events_of_the_tick_with_which_they_are_durable(self) -> None:
        self.alice.send("steer", to="left")
        self.alice.send("refuse")
        self.table.clock.advance(PERIOD)
        asked = self.table.in_flight()
        self.assertEqual([entry.kind for entry in asked.entries], ["command", "tick"])
        self.assertEqual(self.alice.news(), [])
        asked.ok()
        self.table.run()
        first, *replies = self.alice.news()
        self.assertEqual((first["text"], [each["status"] for each in replies]), ("left", ["ok", "error"]))

    def test_a_tick_is_one_append_and_one_patch(self) -> None:
        for model in (Arena, Careless):
            table = Table(model)
            mirror = Connected(table.server, AS_BOB, state=True, greeted=True)
            alice = Connected(table.server, AS_ALICE)
            table.run()
            mirror.news()
            for number in range(1, 6):
                for to in ("left", "right"):
                    alice.send("steer", to=to)
                    table.turn()
                appends = len(table.journal.of("append"))
                table.clock.advance(PERIOD)
                table.run()
                self.assertEqual(len(table.journal.of("append")) - appends, int(model is Arena))
                *events, patch = mirror.news()
                self.assertEqual([event["text"] for event in events], ["left", "right"])
                self.assertEqual((patch["event"], patch["patch"]["ticks"]), ("gamesvc.patch", number))

    def test_one_that_is_sent_again_meanwhile_joins_the_first_and_later_is_known(self) -> None:
        answers = [self.table.submit("steer", id="c-1", to="left") for _ in range(2)]
        reused = self.table.submit("steer", id="c-1", to="right")
        self.assertEqual(reused.code, "id_reused")
        self.tick()
        self.assertEqual([each.reply.get("duplicate") for each in answers], [None, True])
        again = self.table.submit("steer", id="c-1", to="left")
        self.assertEqual(again.reply, {"status": "ok", "id": "c-1", "result": 1, "duplicate": True})
        self.assertEqual(self.came().count("alice left"), 1)

    def test_a_seat_that_is_given_up_waits_its_turn_too(self) -> None:
        table = Table(Duel, players=("alice", "bob"))
        alice, bob = Connected(table.server, AS_ALICE), Connected(table.server, AS_BOB)
        alice.send("steer", to="left")
        alice.send("gamesvc.leave")
        alice.send("steer", to="right")
        bob.send("steer", to="up")
        table.clock.advance(PERIOD)
        table.run()
        self.assertEqual(list(fields(table).came), ["alice left", "alice leaves"])
        replies = [event["error"]["code"] if "error" in event else event["status"]
                   for event in alice.news() if "status" in event]  # fmt: skip
        self.assertEqual(replies, ["ok", "ok", "not_a_player"])

    def test_when_it_stops_ticking_they_take_effect_at_once(self) -> None:
        self.alice.send("steer", to="left")
        self.bob.close(CloseCode.NORMAL)
        self.assertEqual(self.came(), [])
        self.alice.close(CloseCode.NORMAL)
        self.table.run()
        self.assertEqual(self.came(), ["alice left"])

    def test_drained_or_stopped_each_is_answered(self) -> None:
        for is_stopped in (False, True):
            self.setUp()
            answers = self.table.submit("steer", id="c-1")
            if is_stopped:
                self.table.server.stop(CloseCode.SERVICE_RESTART)
            else:
                self.table.server.drain()
            self.assertEqual((answers.code, answers.reply["error"]["retryable"]), ("unavailable", True))
            self.assertEqual(([*self.table.clock.getDelayedCalls()], self.table.server.quiet), ([], True))

    def test_where_somebody_else_has_the_game_each_is_answered(self) -> None:
        self.table.clock.advance(PERIOD)
        asked = self.table.in_flight()
        answers = self.table.submit("steer")
        asked.fenced()
        self.assertEqual(answers.code, "unavailable")
        self.assertEqual(self.alice.closed_with, CloseCode.GAME_MOVED)

    def test_where_the_journal_stalls_each_is_answered_and_afterwards_it_ticks_again(self) -> None:
        self.tick()
        self.table.clock.advance(PERIOD)
        asked = self.table.in_flight()
        answers = self.table.submit("steer")
        for _ in range(round(OVERDUE_SECONDS / PERIOD) + 1):
            self.table.clock.advance(PERIOD)
        waiting = self.table.submit("steer", to="up")
        self.table.server.tick()
        self.assertEqual(answers.code, "unavailable")
        self.table.clock.advance(PERIOD)
        self.assertEqual((waiting.code, self.table.submit("steer").code), ("unavailable", "unavailable"))
        asked.ok()
        ticks = fields(self.table).ticks
        self.table.pass_time(0.5, 0.05)
        self.assertTrue(fields(self.table).ticks >= ticks + 9)

    def test_where_the_journal_fails_they_fail_with_their_tick_and_can_be_sent_again(self) -> None:
        answers = self.table.submit("steer", id="c-1")
        self.table.clock.advance(PERIOD)
        self.table.in_flight().unavailable()
        self.assertEqual((answers.code, self.came()), ("unavailable", []))
        again = self.table.submit("steer", id="c-1")
        self.tick()
        self.assertEqual((again.reply["result"], self.came()), (1, ["alice left", "tick"]))


class Timers(SynchronousTestCase):
    """Timers of a game that ticks."""

    def setUp(self) -> None:
        self.table = Table(Arena)
        self.alice = Connected(self.table.server, AS_ALICE)

    def test_they_run_just_before_the_tick_at_which_they_are_due(self) -> None:
        self.alice.send("later", seconds=0.12)
        self.table.pass_time(0.3, 0.05)
        came = list(fields(self.table).came)
        self.assertEqual(came[:5], ["tick", "tick", "tick", "ring", "tick"])
        self.assertEqual(came.count("ring"), 1)

    def test_where_it_does_not_tick_they_come_in_time(self) -> None:
        self.alice.send("later", seconds=2)
        self.table.pass_time(0.1, 0.05)
        self.alice.close(CloseCode.NORMAL)
        self.table.pass_time(1.8, 0.05)
        self.assertNotIn("ring", fields(self.table).came)
        self.table.pass_time(0.3, 0.05)
        self.assertEqual(fields(self.table).came[-1], "ring")

    def test_one_that_is_due_when_it_stops_ticking_comes_all_the_same(self) -> None:
        self.alice.send("later", seconds=0.02)
        self.table.clock.advance(PERIOD)
        self.table.run()
        self.table.clock.advance(0.03)
        self.alice.close(CloseCode.NORMAL)
        self.table.pass_time(1)
        self.assertEqual(list(fields(self.table).came), ["tick", "ring"])

    def test_one_that_the_journal_did_not_keep_is_tried_again(self) -> None:
        self.alice.send("later", seconds=0.06)
        self.table.clock.advance(PERIOD)
        self.table.run()
        for _ in range(3):
            self.table.clock.advance(PERIOD)
            self.table.turn()
        self.table.in_flight().unavailable()
        self.table.run()
        self.table.pass_time(3, 0.05)
        self.assertEqual(list(fields(self.table).came).count("ring"), 1)

    def test_what_is_stored_says_when_it_wants_to_be_woken(self) -> None:
        self.alice.send("later", seconds=50)
        self.table.clock.advance(PERIOD)
        asked = self.table.in_flight()
        self.assertAlmostEqual((asked.wake_at or 0) - self.table.wall(), 50, 3)
        self.assertEqual(json.loads(bytes(asked.entries[0].arguments)), {"seconds": 50})

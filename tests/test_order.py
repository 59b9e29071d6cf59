"""The order of one game: what leaves is durable, and what the journal refuses has not been."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Player, command
from gamesvc.errors import GAME_BUSY, JOURNAL_DOWN, PLAYER_NOT_IN_GAME, CloseCode, RequestRefused
from gamesvc.journal.records import Entry
from gamesvc.limits import OVERDUE_SECONDS
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.recovery import recover
from gamesvc.server import MAX_WAITING
from tests.tables import ALICE, BOB, CAROL, Answers, Connected, Table

PROPERTY = settings(deadline=None, database=None, max_examples=150)

AS_ALICE, AS_BOB = Role(ALICE, playing=True), Role(BOB, playing=True)


class Noted(Event):
    text: str


class Counter(GameModel):
    total: int = 0
    rung: int = 0

    @command
    def add(self, player: Player, number: int = 1) -> int:
        self.total += number
        self.publish(Noted(f"{player} {self.total}"))
        return self.total

    @command
    def take(self, player: Player, number: int = 1) -> int:
        if number > self.total:
            raise GameError(f"there are {self.total}", code="too_few")
        self.total -= number
        self.publish(Noted(f"{player} {self.total}"))
        return self.total

    @command
    def throw(self, player: Player) -> float:
        return self.random.random()

    @command
    def late(self, player: Player, seconds: float = 2.0) -> None:
        self.after(seconds, self.ring)

    @command
    def end(self, player: Player) -> None:
        self.finish(Noted("end"))

    def ring(self) -> None:
        self.rung += 1
        self.publish(Noted("ring"))


class Quick(Counter, durability="none"):
    pass


class Duel(Counter, seats=2):
    pass


def told(who: Connected) -> list[str]:
    """What somebody got, in order: the texts of events, and the codes of replies."""
    return [each.get("text") or each.get("status") for each in who.events]


class NothingLeavesEarly(SynchronousTestCase):
    """What is judged waits until it is durable."""

    def setUp(self) -> None:
        self.table = Table(Counter)

    def test_neither_events_nor_the_reply_before_the_journal_has_it(self) -> None:
        alice, bob = Connected(self.table.server, AS_ALICE), Connected(self.table.server, AS_BOB)
        self.table.turn()
        alice.news()
        answers = self.table.submit("add", id="c-1")
        asked = self.table.in_flight()
        self.table.clock.advance(4)
        self.assertEqual((answers, alice.heard, bob.heard, self.table.publisher.published), ([], [], [], []))
        asked.happen()
        self.assertEqual((answers, self.table.publisher.published), ([], []))
        asked.ok()
        self.table.turn()
        self.assertEqual((answers.reply, told(bob)), ({"status": "ok", "id": "c-1", "result": 1}, ["alice 1"]))

    def test_the_state_and_all_that_is_told_of_it_are_of_what_is_durable(self) -> None:
        server = self.table.server
        self.table.submit("add")
        self.table.submit("end")
        asked = self.table.in_flight()
        welcome = json.loads(server.welcome(AS_ALICE, None, show_state=True))
        self.assertEqual((welcome["state"], welcome["seq"]), ({"total": 0, "rung": 0}, 0))
        self.assertFalse(server.finished)
        asked.ok()
        welcome = json.loads(server.welcome(AS_ALICE, None, show_state=True))
        self.assertEqual((welcome["state"], welcome["seq"]), ({"total": 1, "rung": 0}, 3))
        self.assertTrue(server.finished)

    def test_a_refusal_waits_for_the_state_on_which_it_was_judged(self) -> None:
        self.table.submit("take", number=0)
        refused = [self.table.submit("take", number=5), self.table.submit("jump")]
        asked = self.table.in_flight()
        self.assertEqual(refused, [[], []])
        asked.ok()
        self.assertEqual([each.code for each in refused], ["too_few", "unknown_command"])

    def test_a_refusal_that_comes_later_waits_too(self) -> None:
        self.table.submit("end")
        asked = self.table.in_flight()
        refused = self.table.submit("add")
        self.table.turn()
        self.assertEqual(refused, [])
        asked.ok()
        self.assertEqual((refused.code, len(self.table.journal.asked)), ("game_over", 0))

    def test_a_refusal_on_a_durable_state_is_told_at_once(self) -> None:
        self.assertEqual(self.table.submit("take", number=5).code, "too_few")
        self.assertEqual(self.table.journal.asked, [])

    def test_an_admission_waits_for_the_seat_and_for_the_seats_of_those_before(self) -> None:
        table = Table(Duel)
        alice, again, bob = table.come("alice"), table.come("alice"), table.come("bob")
        watcher = table.come("carol")
        asked = table.in_flight()
        self.assertEqual([alice, again, bob, watcher], [[]] * 4)
        welcome = json.loads(table.server.welcome(AS_ALICE, None, show_state=False))
        self.assertEqual((table.server.players, welcome["players"]), ([None, None], [None, None]))
        asked.ok()
        watching = Role(CAROL, playing=False, may_sit=True)
        self.assertEqual([alice, again, bob, watcher], [[AS_ALICE], [AS_ALICE], [AS_BOB], [watching]])
        self.assertEqual(table.server.players, [ALICE, BOB])

    def test_a_refused_admission_waits_too(self) -> None:
        table = Table(Duel)
        table.come("alice", ("alice", "bob"))
        carol = table.come("carol", ("carol", "bob"))
        asked = table.in_flight()
        self.assertEqual(carol, [])
        asked.ok()
        (refused,) = carol
        assert isinstance(refused, RequestRefused)
        self.assertIs(refused.refusal, PLAYER_NOT_IN_GAME)

    def test_what_a_timer_did_waits_as_well(self) -> None:
        self.table.ask("late")
        self.table.clock.advance(2)
        asked = self.table.in_flight()
        self.assertEqual((asked.entries[0].kind, self.table.texts), ("timer", []))
        asked.ok()
        self.assertEqual(self.table.texts, ["ring"])


class Batches(SynchronousTestCase):
    """What goes to the journal together."""

    def setUp(self) -> None:
        self.table = Table(Counter)

    def test_what_is_judged_in_one_turn_is_one_append(self) -> None:
        answers = [self.table.submit("add") for _ in range(5)]
        self.assertEqual(self.table.journal.asked, [])
        asked = self.table.in_flight()
        self.assertEqual(([*asked.numbers], asked.arguments[1]), ([2, 3, 4, 5, 6], 1))
        asked.ok()
        self.assertEqual([each.reply["result"] for each in answers], [1, 2, 3, 4, 5])

    def test_one_append_is_in_flight_at_a_time_and_the_next_takes_all_that_gathered(self) -> None:
        self.table.submit("add")
        first = self.table.in_flight()
        for _ in range(3):
            self.table.submit("add")
            self.table.turn()
        self.assertEqual(self.table.journal.asked, [first])
        first.ok()
        second = self.table.in_flight()
        self.assertEqual((second.numbers, second.arguments[1]), ([3, 4, 5], 2))

    def test_refusals_are_not_written(self) -> None:
        for name in ("add", "jump", "add"):
            self.table.submit(name)
        self.assertEqual(self.table.in_flight().numbers, [2, 3])

    def test_an_append_says_when_the_game_wants_to_be_woken_as_it_stands_after_it(self) -> None:
        self.table.submit("late", seconds=50)
        first = self.table.in_flight()
        self.table.submit("late", seconds=20)
        first.ok()
        second = self.table.in_flight()
        now = self.table.wall()
        self.assertEqual([each.wake_at and each.wake_at - now for each in (first, second)], [50.0, 20.0])

    def test_a_command_sent_from_within_an_answer_comes_after_all_that_was_there(self) -> None:
        order: list[str] = []
        server = self.table.server

        def submit(name: str, then: Callable[[], None] = lambda: None) -> None:
            def answered(payload: bytes) -> None:
                order.append(f"{name} {json.loads(payload)['result']}")
                then()

            server.submit(AS_ALICE, Request("add", None, {}), answered)

        submit("first", lambda: submit("inner"))
        submit("second")
        first = self.table.in_flight()
        submit("third")
        first.ok()
        self.assertEqual(order, ["first 1", "second 2"])
        self.table.run()
        self.assertEqual(order, ["first 1", "second 2", "third 3", "inner 4"])

    def test_a_refusal_of_what_is_sent_from_within_an_answer_comes_after_all_that_was_there(self) -> None:
        order: list[str] = []
        server = self.table.server

        def first(payload: bytes) -> None:
            order.append("first")
            server.submit(AS_ALICE, Request("add", None, {}), lambda payload: order.append("refused"))

        server.submit(AS_ALICE, Request("add", None, {}), first)
        server.submit(AS_ALICE, Request("end", None, {}), lambda payload: order.append("end"))
        self.table.in_flight().ok()
        self.assertEqual(order[:2], ["first", "end"])
        self.table.run()
        self.assertEqual((order, self.table.texts), (["first", "end", "refused"], ["alice 1", "end"]))

    def test_what_comes_in_the_turn_of_an_answer_waits_for_what_went_with_it(self) -> None:
        server = self.table.server
        inner = Answers()
        server.submit(
            AS_ALICE, Request("add", None, {}), lambda _: server.submit(AS_BOB, Request("add", None, {}), inner.append)
        )
        self.table.in_flight().ok()
        (second,) = self.table.journal.asked
        later = self.table.submit("add")
        self.table.turn()
        self.assertEqual((second.numbers, self.table.journal.asked), ([3], [second]))
        self.table.run()
        self.assertEqual((inner.reply["result"], later.reply["result"]), (2, 3))


class OrderOfAnswers(SynchronousTestCase):
    """What somebody gets comes in the order in which it happened."""

    def test_the_events_of_a_command_come_before_its_reply_and_after_the_reply_before(self) -> None:
        table = Table(Counter)
        alice = Connected(table.server, AS_ALICE)
        for name in ("add", "add", "jump", "add"):
            table.server.submit(AS_ALICE, Request(name, None, {}), alice.subscription.reply)
        table.run()
        self.assertEqual(told(alice), ["alice 1", "ok", "alice 2", "ok", "error", "alice 3", "ok"])

    def test_answers_come_in_the_order_of_the_commands_over_several_appends(self) -> None:
        table = Table(Counter)
        answered: list[int] = []

        def noted(number: int) -> Callable[[bytes], None]:
            return lambda payload: answered.append(number)

        for number in range(9):
            name = ("add", "take", "jump")[number % 3]
            table.server.submit(AS_ALICE, Request(name, None, {}), noted(number))
            if number % 4 == 0:
                table.turn()
        table.run()
        self.assertEqual(answered, list(range(9)))

    def test_who_is_let_in_gets_what_happens_after_and_is_told_of_what_was_before(self) -> None:
        table = Table(Duel)
        welcomes: list[Any] = []
        newcomers: list[Connected] = []

        def entered(role: Role | RequestRefused) -> None:
            assert isinstance(role, Role)
            newcomers.append(Connected(table.server, role))
            welcomes.append(json.loads(table.server.welcome(role, None, show_state=True)))

        table.admit("alice")
        table.submit("jump")
        table.server.admit("bob", None, False, entered)
        for _ in range(3):
            table.submit("add")
        table.run()
        (bob,), (welcome,) = newcomers, welcomes
        self.assertEqual((welcome["seq"], welcome["players"], welcome["state"]["total"]), (2, ["alice", "bob"], 0))
        self.assertEqual([each["seq"] for each in bob.events], [3, 4, 5])


class AFailedAppend(SynchronousTestCase):
    """The journal refuses: nothing has changed."""

    def setUp(self) -> None:
        self.table = Table(Counter)
        self.table.ask("add", number=10)
        self.before = len(self.table.publisher.published)

    def test_what_was_in_it_is_unavailable_and_what_came_after_is_judged_again(self) -> None:
        failed = [self.table.submit("add", number=5), self.table.submit("take", number=15)]
        asked = self.table.in_flight()
        after = [self.table.submit("take", number=12), self.table.submit("take", number=10)]
        asked.unavailable()
        self.assertEqual([each.code for each in failed], ["unavailable", "unavailable"])
        self.assertEqual([each.reply["error"]["retryable"] for each in failed], [True, True])
        self.assertEqual([each.code for each in after], ["too_few", "silence"])
        again = self.table.in_flight()
        self.assertEqual((again.numbers, again.arguments[1]), ([3], 2))
        again.ok()
        self.assertEqual([each.code for each in after], ["too_few", "ok"])
        self.assertEqual(after[0].reply["error"]["message"], "there are 10")
        self.assertEqual(self.table.texts[self.before :], ["alice 0"])

    def test_a_refusal_in_it_is_judged_again_because_what_it_was_judged_on_did_not_happen(self) -> None:
        self.table.submit("take", number=10)
        refused = self.table.submit("take", number=10)
        asked = self.table.in_flight()
        asked.unavailable()
        self.assertEqual(refused, [])
        self.table.run()
        self.assertEqual(refused.reply, {"status": "ok", "result": 0})

    def test_a_refusal_that_stays_one_is_answered_once(self) -> None:
        self.table.submit("add")
        refused = self.table.submit("jump")
        self.table.in_flight().unavailable()
        self.assertEqual(refused.code, "unknown_command")
        self.table.run()
        self.assertEqual(len(refused), 1)

    def test_nothing_of_it_can_be_seen_afterwards(self) -> None:
        twin = Table(Counter)
        twin.ask("add", number=10)
        for _ in range(3):
            self.table.submit("add")
            self.table.submit("late")
            self.table.submit("throw")
            self.table.submit("end")
            self.table.in_flight().unavailable()
        self.assertEqual(self.table.server.instance.standing, twin.server.instance.standing)
        self.assertFalse(self.table.server.finished)
        for name in ("throw", "add", "late"):
            self.assertEqual(self.table.answer(name), twin.answer(name))
        self.assertEqual(self.table.publisher.published, twin.publisher.published)
        self.assertEqual(self.table.journal.entries("g1"), twin.journal.entries("g1"))

    def test_who_failed_may_send_it_again_under_the_same_id(self) -> None:
        failed = self.table.submit("add", id="c-1")
        self.table.in_flight().unavailable()
        self.assertEqual(failed.code, "unavailable")
        self.assertEqual(self.table.ask("add", id="c-1"), {"status": "ok", "id": "c-1", "result": 11})

    def test_those_who_would_be_seated_are_refused_for_now_and_the_seat_is_free(self) -> None:
        table = Table(Duel)
        alice = table.come("alice")
        table.in_flight().unavailable()
        (refused,) = alice
        assert isinstance(refused, RequestRefused)
        self.assertIs(refused.refusal, JOURNAL_DOWN)
        self.assertEqual(table.admit("bob"), AS_BOB)
        self.assertEqual(table.server.players, [BOB, None])

    def test_who_came_to_a_seat_that_another_did_not_get_is_judged_again(self) -> None:
        table = Table(Duel)
        for name in ("alice", "bob"):
            table.come(name)
        asked = table.in_flight()
        carol = table.come("carol")
        asked.unavailable()
        table.run()
        self.assertEqual((carol, table.server.players), ([Role(CAROL, True)], [CAROL, None]))

    def test_a_timer_in_it_is_tried_again_after_a_while_and_runs_once(self) -> None:
        self.table.ask("late")
        self.table.clock.advance(2)
        self.table.in_flight().unavailable()
        for _ in range(3):
            self.table.clock.advance(0.3)
            self.assertEqual(self.table.journal.asked, [], "not at once: the journal has just failed")
        self.table.clock.advance(0.2)
        self.table.in_flight().ok()
        self.table.pass_time(5)
        self.assertEqual(self.table.texts[self.before :], ["ring"])

    def test_a_timer_that_was_cancelled_in_vain_runs_all_the_same(self) -> None:
        self.table.ask("late")
        self.table.submit("end")  # takes all timers with it
        asked = self.table.in_flight()
        self.table.clock.advance(2)
        asked.unavailable()
        self.table.pass_time(3)
        self.assertEqual(self.table.texts[self.before :], ["ring"])

    def test_time_does_not_run_backwards_nor_does_the_number_of_an_entry_come_twice(self) -> None:
        for number in range(6):
            self.table.submit("add")
            self.table.set_forth -= 100
            asked = self.table.in_flight()
            if number % 2:
                asked.unavailable()
            else:
                asked.ok()
        entries = self.table.journal.entries("g1")
        self.assertEqual([entry.number for entry in entries], list(range(1, len(entries) + 1)))
        times = [entry.time for entry in entries]
        self.assertEqual(times, sorted(times))


class FencedOut(SynchronousTestCase):
    """Somebody else has the game."""

    def setUp(self) -> None:
        self.table = Table(Counter)
        self.alice = Connected(self.table.server, AS_ALICE)

    def test_nothing_takes_effect_any_more_and_everybody_is_sent_away_to_come_back(self) -> None:
        first = self.table.submit("add", id="c-1")
        asked = self.table.in_flight()
        gathered = [self.table.submit("add"), self.table.submit("jump")]
        asked.fenced()
        self.table.run()
        self.assertEqual([each.code for each in (first, *gathered)], ["unavailable"] * 3)
        self.assertEqual(self.alice.heard, [CloseCode.GAME_MOVED])
        self.assertEqual(self.table.gone, [self.table.server])
        self.assertTrue(self.table.server.closed)
        self.assertEqual(self.table.submit("add").code, "unavailable")
        (refused,) = self.table.come("bob")
        assert isinstance(refused, RequestRefused)
        self.assertIs(refused.refusal, JOURNAL_DOWN)
        self.assertEqual((self.table.journal.asked, self.table.publisher.published), ([], []))

    def test_its_timers_are_silent(self) -> None:
        self.table.ask("late")
        self.table.submit("add")
        self.table.in_flight().fenced()
        self.table.clock.advance(60)
        self.table.turn()
        self.assertEqual((self.table.journal.asked, self.table.clock.getDelayedCalls()), ([], []))

    def test_a_claim_by_another_server_does_it(self) -> None:
        self.table.submit("add")
        self.table.journal.stored("g1")
        self.table.run()
        self.assertEqual(self.alice.heard, [CloseCode.GAME_MOVED])
        self.assertEqual(len(self.table.journal.entries("g1")), 1)


class AnUnknownOutcome(SynchronousTestCase):
    """The journal does not say what became of it."""

    def setUp(self) -> None:
        self.table = Table(Counter)
        self.first = self.table.submit("add", id="c-1")
        self.asked = self.table.in_flight()

    def stall(self) -> None:
        self.table.clock.advance(OVERDUE_SECONDS)
        self.table.server.tick()

    def test_it_is_said_to_be_unknown_after_5_seconds_and_no_sooner(self) -> None:
        self.table.clock.advance(4.9)
        self.table.server.tick()
        self.assertEqual((self.first, self.table.server.is_stalled), ([], False))
        self.table.clock.advance(0.1)
        self.table.server.tick()
        self.assertEqual((self.first.code, self.table.server.is_stalled), ("outcome_unknown", True))
        self.assertEqual((OVERDUE_SECONDS, self.first.reply["error"]["retryable"]), (5.0, True))

    def test_what_was_not_handed_over_has_failed_and_is_known_to_have(self) -> None:
        gathered = [self.table.submit("add", id="c-2"), self.table.submit("jump")]
        self.stall()
        self.assertEqual([each.code for each in gathered], ["unavailable"] * 2)
        self.asked.ok()
        self.assertEqual(self.table.ask("add", id="c-2")["result"], 2)

    def test_a_stalled_game_judges_nothing(self) -> None:
        self.stall()
        standing = self.table.server.instance.standing
        self.assertEqual([self.table.submit(name).code for name in ("add", "jump")], ["unavailable"] * 2)
        (refused,) = self.table.come("bob")
        assert isinstance(refused, RequestRefused)
        self.assertIs(refused.refusal, JOURNAL_DOWN)
        self.assertIs(self.table.server.instance.standing, standing)
        self.assertEqual(self.table.journal.asked, [self.asked])

    def test_when_it_turns_out_to_be_durable_its_events_leave_and_the_retry_gets_the_first_reply(self) -> None:
        bob = Connected(self.table.server, AS_BOB)
        self.stall()
        self.assertEqual(self.table.texts, [])
        self.asked.ok()
        self.table.turn()
        self.assertEqual((told(bob), len(self.first)), (["alice 1"], 1))
        reply = self.table.ask("add", id="c-1")
        self.assertEqual(reply, {"status": "ok", "id": "c-1", "result": 1, "duplicate": True})
        self.assertEqual(self.table.code("add"), "ok")

    def test_when_it_turns_out_not_to_have_happened_the_retry_takes_effect(self) -> None:
        self.stall()
        self.asked.unavailable()
        self.assertEqual((len(self.first), self.table.server.is_stalled), (1, False))
        self.assertEqual(self.table.ask("add", id="c-1"), {"status": "ok", "id": "c-1", "result": 1})

    def test_a_retry_meanwhile_waits_with_it_and_is_told_the_same_as_long_as_it_is_not_known(self) -> None:
        self.stall()
        again = self.table.submit("add", id="c-1")
        other = self.table.submit("add", id="c-1", number=2)
        self.assertEqual((again, other.code), ([], "id_reused"))
        self.table.server.tick()
        self.assertEqual(again.code, "outcome_unknown")
        last = self.table.submit("add", id="c-1")
        self.asked.ok()
        self.assertEqual(last.reply, {"status": "ok", "id": "c-1", "result": 1, "duplicate": True})
        self.assertEqual(len(self.table.texts), 1)

    def test_everybody_who_waits_is_told_players_timers_and_newcomers(self) -> None:
        table = Table(Duel)
        alice, watcher = table.come("alice"), table.come("dave", None, True)
        asked = table.in_flight()
        table.clock.advance(OVERDUE_SECONDS)
        table.server.tick()
        for (outcome,) in (alice, watcher):
            assert isinstance(outcome, RequestRefused)
            self.assertIs(outcome.refusal, JOURNAL_DOWN)
        asked.ok()
        self.assertEqual((len(alice), table.admit("alice")), (1, AS_ALICE))
        self.assertEqual(table.server.players, [ALICE, None])

    def test_a_timer_that_is_due_meanwhile_waits_and_runs_once(self) -> None:
        self.asked.ok()
        self.table.ask("late")
        self.table.submit("add")
        asked = self.table.in_flight()
        self.table.clock.advance(3)  # it rings, and gathers
        self.table.clock.advance(2)
        self.table.server.tick()
        self.table.clock.advance(30)
        self.assertEqual(self.table.journal.asked, [asked])
        asked.ok()
        self.table.pass_time(3)
        self.assertEqual(self.table.texts.count("ring"), 1)

    def test_a_timer_that_becomes_due_in_a_stalled_game_runs_afterwards(self) -> None:
        self.asked.ok()
        self.table.ask("late", seconds=8.0)
        self.table.submit("add")
        asked = self.table.in_flight()
        self.table.clock.advance(5)
        self.table.server.tick()
        standing = self.table.server.instance.standing
        for _ in range(8):
            self.table.clock.advance(1)
            self.assertIs(self.table.server.instance.standing, standing)
            self.table.server.tick()
        self.assertEqual(self.table.journal.asked, [asked])
        asked.ok()
        self.table.pass_time(3)
        self.assertEqual(self.table.texts.count("ring"), 1)

    def test_somebody_else_may_have_the_game_by_then(self) -> None:
        alice = Connected(self.table.server, AS_ALICE)
        self.stall()
        again = self.table.submit("add", id="c-1")
        self.asked.fenced()
        self.assertEqual((again.code, alice.heard), ("unavailable", [CloseCode.GAME_MOVED]))
        self.assertEqual(self.table.gone, [self.table.server])


class WithoutAJournal(SynchronousTestCase):
    """A game whose author chose that commands need not be durable."""

    def test_commands_take_effect_at_the_end_of_the_turn_and_nothing_is_written(self) -> None:
        table = Table(Quick)
        answers = [table.submit("add", id="c-1"), table.submit("take", number=7), table.submit("add", id="c-1")]
        self.assertEqual((answers, table.texts), ([[], [], []], []))
        table.turn()
        self.assertEqual([each.code for each in answers], ["ok", "too_few", "ok"])
        self.assertEqual((answers[2].reply["duplicate"], table.texts), (True, ["alice 1"]))
        self.assertEqual(table.journal.asked, [])

    def test_a_journal_that_does_not_answer_stalls_nothing(self) -> None:
        table = Table(Quick)
        table.clock.advance(60)
        table.server.tick()
        self.assertEqual((table.code("add"), table.server.is_stalled), ("ok", False))

    def test_a_command_from_within_an_answer_comes_after_all_that_was_there(self) -> None:
        table = Table(Quick)
        results: list[int] = []

        def first(payload: bytes) -> None:
            results.append(json.loads(payload)["result"])
            table.server.submit(AS_ALICE, Request("add", None, {}), then)

        def then(payload: bytes) -> None:
            results.append(json.loads(payload)["result"])

        table.server.submit(AS_ALICE, Request("add", None, {}), first)
        table.server.submit(AS_BOB, Request("add", None, {}), then)
        table.run()
        self.assertEqual(results, [1, 2, 3])


class Opening(SynchronousTestCase):
    """A game that was just set up."""

    class Dealt(GameModel):
        dealt: int = 0

        def setup(self) -> None:
            self.publish(Noted("open"))
            self.after(1, self.deal)

        @command
        def look(self, player: Player) -> int:
            return self.dealt

        def deal(self) -> None:
            self.dealt += 1
            self.publish(Noted("deal"))

    class QuicklyDealt(Dealt, durability="none"):
        pass

    def test_its_events_are_published_when_it_is_durable(self) -> None:
        table = Table(self.Dealt, held=True)
        self.assertEqual((table.opened, table.texts), ([], []))
        asked = table.journal.next("append")
        self.assertEqual((asked.numbers, asked.arguments[1], asked.entries[0].kind), ([1], 0, "opened"))
        asked.ok()
        self.assertEqual((table.opened, table.texts), ([None], ["open"]))

    def assert_opened_first(self, model: type[GameModel]) -> None:
        table = Table(model, held=True)
        opening = table.journal.next("append")
        table.clock.advance(3)
        table.turn()
        self.assertEqual((table.journal.asked, table.texts), ([opening], []))
        table.run()
        table.pass_time(2)
        self.assertEqual(table.texts, ["open", "deal"])
        welcome = json.loads(table.server.welcome(AS_ALICE, None, show_state=True))
        self.assertEqual((welcome["state"], welcome["seq"]), ({"dealt": 1}, 2))

    def test_no_timer_of_it_runs_before_it_is_durable_and_then_it_runs_after_it(self) -> None:
        self.assert_opened_first(self.Dealt)

    def test_no_timer_of_a_game_that_is_not_journaled_runs_before_it_is_durable_either(self) -> None:
        self.assert_opened_first(self.QuicklyDealt)

    def test_where_the_journal_takes_a_while_to_open_it_the_state_does_not_fall_back(self) -> None:
        for model in (self.Dealt, self.QuicklyDealt):
            table = Table(model, held=True)
            table.clock.advance(3)
            table.run()
            table.pass_time(2)
            welcome = json.loads(table.server.welcome(AS_ALICE, None, show_state=True))
            self.assertEqual((welcome["state"], table.texts), ({"dealt": 1}, ["open", "deal"]), model)

    def test_where_the_journal_has_no_room_for_it_nobody_hears_of_it(self) -> None:
        table = Table(self.Dealt, held=True)
        table.journal.next("append").unavailable()
        self.assertEqual((len(table.opened), table.texts), (1, []))


STEPS = st.one_of(
    st.tuples(st.sampled_from(("add", "take")), st.integers(0, 4), st.sampled_from(("alice", "bob"))),
    st.tuples(st.sampled_from(("retry", "clash")), st.integers(0, 6), st.sampled_from(("alice", "bob"))),
    st.tuples(st.sampled_from(("late", "throw", "jump")), st.just(0), st.sampled_from(("alice", "bob"))),
    st.tuples(
        st.sampled_from(("turn", "turn", "pass", "stall", "ok", "ok", "refuse", "happen")), st.just(0), st.just("")
    ),
)


class Slow(Counter, blocking=True):
    """The same in a thread."""


class SlowDuel(Duel, blocking=True):
    """The same with seats."""


class Blocking(SynchronousTestCase):
    """A model that blocks is run in a thread, still one thing at a time."""

    def setUp(self) -> None:
        self.table = Table(Slow)
        self.table.holds_work = True

    def work(self) -> None:
        """A thread does what it has to, and the reactor hears of it."""
        work, done = self.table.works.pop(0)
        work()
        done()

    def work_all(self) -> None:
        while self.table.works:
            self.work()

    def finish(self) -> None:
        """Everything happens that there is to happen."""
        self.table.turn()
        while self.table.works or self.table.journal.asked:
            self.work_all()
            self.table.run()

    def test_one_thing_at_a_time_goes_to_a_thread_and_the_rest_waits_in_its_order(self) -> None:
        answers = [self.table.submit("add"), self.table.submit("take", number=5), self.table.submit("add")]
        newcomer = self.table.come("carol")
        for code in ("ok", "too_few", "ok"):
            self.assertEqual((len(self.table.works), self.table.server.quiet), (1, False))
            self.work()
            self.table.run()
            self.assertEqual([each.code for each in answers].count(code) > 0, True)
        self.work_all()
        self.table.run()
        self.assertEqual([each.code for each in answers], ["ok", "too_few", "ok"])
        self.assertEqual(([each.reply.get("result") for each in answers], newcomer),
                         ([1, None, 2], [Role(CAROL, playing=True)]))  # fmt: skip
        self.assertEqual((self.table.works, self.table.server.quiet), ([], True))

    def test_what_is_durable_is_told_while_it_is_at_work(self) -> None:
        self.table.submit("add")
        self.work()
        self.table.run()
        self.table.submit("add", number=5)
        work, done = self.table.works.pop()
        work()
        # It stands at 6, and nobody knows.
        welcome = json.loads(self.table.server.welcome(AS_ALICE, None, show_state=True))
        self.assertEqual(welcome["state"]["total"], 1)
        done()
        self.table.run()
        welcome = json.loads(self.table.server.welcome(AS_ALICE, None, show_state=True))
        self.assertEqual(welcome["state"]["total"], 6)

    def test_replies_of_many_come_in_their_order_and_go_to_the_journal_together_where_it_is_slow(self) -> None:
        answers = [self.table.submit("add") for _ in range(4)]
        self.work()
        asked = self.table.in_flight()
        self.work_all()
        self.table.turn()
        self.assertEqual(([*asked.numbers], self.table.journal.asked), ([2], [asked]))
        asked.ok()
        self.assertEqual(self.table.in_flight().numbers, [3, 4, 5])
        self.table.run()
        self.assertEqual([each.reply["result"] for each in answers], [1, 2, 3, 4])

    def test_one_that_comes_again_while_the_first_is_at_work_joins_it(self) -> None:
        first = self.table.submit("add", id="c-1")
        work, done = self.table.works.pop()
        again = self.table.submit("add", id="c-1")
        work()
        last = self.table.submit("add", id="c-1")
        done()
        self.finish()
        self.assertEqual([each.reply.get("duplicate") for each in (first, again, last)], [None, True, True])
        self.assertEqual([each.reply["result"] for each in (first, again, last)], [1, 1, 1])

    def test_whatever_the_model_raises_there_is_an_answer_and_the_next_goes_on(self) -> None:
        class Failing(Counter, blocking=True):
            @command
            def fail(self, player: Player, how: str) -> None:
                self.total = 666
                raise {"exit": SystemExit, "interrupt": KeyboardInterrupt}.get(how, RuntimeError)("with a secret")

        self.table = Table(Failing)
        self.table.holds_work = True
        answers = [self.table.submit("fail", how=how) for how in ("error", "exit", "interrupt")]
        last = self.table.submit("add")
        self.finish()
        # An interrupt is nothing that a thread can pass on: nothing has happened.
        self.assertEqual([each.code for each in answers], ["internal_error", "internal_error", "unavailable"])
        self.assertEqual((last.reply["result"], len(self.table.reports)), (1, 3))

    def test_where_the_journal_fails_while_it_is_at_work_it_goes_back_after_that_and_judges_again(self) -> None:
        failed, waiting = self.table.submit("add"), self.table.submit("add", number=10)
        self.work()
        asked = self.table.in_flight()
        work, done = self.table.works.pop()
        behind = self.table.submit("take", number=11)
        work()
        asked.unavailable()
        self.assertEqual((failed.code, waiting), ("unavailable", []))
        self.assertEqual(self.table.instance.standing.entry, 3)
        done()
        self.finish()
        self.assertEqual((waiting.reply["result"], behind.code), (10, "too_few"))
        self.assertEqual([entry.number for entry in self.table.journal.entries("g1")], [1, 2])

    def test_what_had_gathered_is_judged_again_before_it(self) -> None:
        answers = [self.table.submit("add", number=number) for number in (1, 10, 100, 1000)]
        self.work()
        asked = self.table.in_flight()
        self.work()
        work, done = self.table.works.pop()
        asked.unavailable()
        work()
        done()
        self.finish()
        self.assertEqual([each.code for each in answers], ["unavailable", "ok", "ok", "ok"])
        self.assertEqual([each.reply["result"] for each in answers[1:]], [10, 110, 1110])
        self.assertEqual([entry.number for entry in self.table.journal.entries("g1")], [1, 2, 3, 4])

    def test_a_stall_while_it_is_at_work_fails_what_was_not_handed_over_and_goes_on_from_what_was(self) -> None:
        for is_over_first in (False, True):
            self.setUp()
            handed, running, waiting = (self.table.submit("add", id=f"c-{number}") for number in range(3))
            self.work()
            asked = self.table.in_flight()
            work, done = self.table.works.pop()
            work()
            self.table.clock.advance(OVERDUE_SECONDS)
            self.table.server.tick()
            self.assertEqual((handed.code, running, waiting.code), ("outcome_unknown", [], "unavailable"))
            if is_over_first:
                asked.ok()
                done()
                self.finish()
                # It was not known to have failed, so it may take effect.
                self.assertEqual(running.reply["result"], 2)
            else:
                done()
                self.assertEqual(running.code, "unavailable")
                asked.ok()
                self.finish()
            again = self.table.submit("add", id="c-0")
            self.assertEqual((again.reply["result"], again.reply["duplicate"]), (1, True))
            last = self.table.submit("add")
            self.finish()
            self.assertEqual(last.reply["result"], 3 if is_over_first else 2)

    def test_where_somebody_else_has_the_game_it_is_answered_when_it_is_done(self) -> None:
        first, running, waiting = (self.table.submit("add") for _ in range(3))
        self.work()
        asked = self.table.in_flight()
        work, done = self.table.works.pop()
        asked.fenced()
        self.assertEqual((first.code, running, waiting.code), ("unavailable", [], "unavailable"))
        work()
        done()
        self.assertEqual((running.code, self.table.works, self.table.server.quiet), ("unavailable", [], True))

    def test_drained_while_it_is_at_work_what_was_taken_takes_effect_and_nothing_more(self) -> None:
        running, waiting = self.table.submit("add"), self.table.submit("add")
        self.table.server.drain()
        refused = self.table.submit("add")
        self.assertEqual((refused.code, self.table.server.quiet), ("unavailable", False))
        self.finish()
        self.assertEqual(([running.code, waiting.code], self.table.server.quiet), (["ok", "ok"], True))

    def test_a_timer_runs_in_a_thread_too_once_however_long_that_takes(self) -> None:
        for seconds in (2.0, 3.0):
            self.table.submit("late", seconds=seconds)
        self.finish()
        self.table.submit("add")
        for _ in range(100):
            self.table.clock.advance(0.1)
        # Each waits once, however often somebody could have looked for those that are due.
        self.assertEqual((len(self.table.works), len(self.table.server._order._line)), (1, 2))
        self.finish()
        model: Any = self.table.instance._model
        self.assertEqual((model.rung, model.total), (2, 1))
        self.table.pass_time(5)
        self.finish()
        self.assertEqual(model.rung, 2)

    def test_a_timer_that_the_journal_does_not_keep_comes_again(self) -> None:
        self.table.submit("late", seconds=2.0)
        self.finish()
        self.table.clock.advance(2)
        self.work_all()
        self.table.in_flight().unavailable()
        self.table.clock.advance(1)
        self.finish()
        model: Any = self.table.instance._model
        self.assertEqual(model.rung, 1)

    def test_seats_are_taken_in_the_order_in_which_people_came(self) -> None:
        self.table = Table(SlowDuel)
        self.table.holds_work = True
        outcomes = [self.table.come(name) for name in ("alice", "bob", "carol")]
        self.finish()
        self.assertEqual([each for (each,) in outcomes], [AS_ALICE, AS_BOB, Role(CAROL, playing=False, may_sit=True)])
        reply = self.table.submit("add")
        self.finish()
        self.assertEqual(reply.code, "ok")

    def test_with_ticks_no_more_than_one_waits_and_one_that_fails_is_followed_by_a_rest(self) -> None:
        class Beating(Counter, blocking=True, tick=20):
            fails: bool = False

            @command
            def ruin(self, player: Player) -> None:
                self.fails = True

            def on_tick(self) -> None:
                self.total += 1
                if self.fails:
                    raise RuntimeError

        table = self.table = Table(Beating)
        table.holds_work = True
        Connected(table.server, AS_ALICE)
        for _ in range(40):
            table.clock.advance(0.05)
        self.assertEqual(len(table.works), 1)
        self.finish()
        model: Any = table.instance._model
        self.assertEqual(model.total, 1)
        table.submit("ruin")
        for _ in range(100):
            table.clock.advance(0.05)
            self.finish()
        self.assertIn(len(table.reports), (4, 5, 6))

    def test_after_a_stall_with_a_tick_in_line_it_ticks_again(self) -> None:
        class Beating(Counter, blocking=True, tick=20):
            ticks: int = 0

            def on_tick(self) -> None:
                self.ticks += 1

        table = self.table = Table(Beating)
        table.holds_work = True
        Connected(table.server, AS_ALICE)
        table.clock.advance(0.05)
        self.work()
        asked = table.in_flight()
        running = table.submit("add")
        table.clock.advance(0.06)
        self.assertEqual((len(table.works), len(table.server._order._line)), (1, 1), "a tick waits for the command")
        table.clock.advance(OVERDUE_SECONDS)
        table.server.tick()
        self.work()
        self.assertEqual((running.code, len(table.server._order._line)), ("unavailable", 0))
        asked.ok()
        model: Any = table.instance._model
        self.assertEqual(model.ticks, 1)
        for _ in range(10):
            table.clock.advance(0.06)
            self.finish()
        self.assertGreaterEqual(model.ticks, 10)

    def test_where_the_server_stops_everybody_is_answered_and_then_sent_away(self) -> None:
        alice = Connected(self.table.server, AS_ALICE)
        alice.send("add")
        queued = [self.table.submit("add", id="c-1"), self.table.submit("take")]
        newcomer = self.table.come("carol")
        work, done = self.table.works.pop()
        self.table.server.stop(CloseCode.SERVICE_RESTART)
        self.assertEqual([each.code for each in queued], ["unavailable", "unavailable"])
        (outcome,) = newcomer
        assert isinstance(outcome, RequestRefused)
        self.assertIs(outcome.refusal, JOURNAL_DOWN)
        self.assertEqual([each["error"]["code"] for each in alice.events], ["outcome_unknown"])
        self.assertIs(alice.closed_with, CloseCode.SERVICE_RESTART)
        heard = list(alice.heard)
        # The thread is done only now; nobody waits for that any more.
        work()
        done()
        self.finish()
        self.assertEqual((alice.heard, [len(each) for each in queued], len(newcomer)), (heard, [1, 1], 1))
        self.assertEqual((self.table.instance.standing.entry, self.table.works), (2, []))

    def test_where_the_server_stops_what_is_to_be_judged_again_is_answered_too(self) -> None:
        answers = [self.table.submit("add", number=number) for number in (1, 10, 100)]
        self.work()
        asked = self.table.in_flight()
        self.work()
        asked.unavailable()
        self.table.server.stop(CloseCode.SERVICE_RESTART)
        self.assertEqual([each.code for each in answers], ["unavailable", "unavailable", "outcome_unknown"])
        self.finish()
        self.assertEqual([len(each) for each in answers], [1, 1, 1])

    def test_where_it_stops_while_the_journal_has_something_that_is_not_known(self) -> None:
        in_flight, gathered = self.table.submit("add"), self.table.submit("add")
        self.work()
        asked = self.table.in_flight()
        self.work()
        self.table.server.stop(CloseCode.SERVICE_RESTART)
        self.assertEqual((in_flight.code, gathered.code), ("outcome_unknown", "outcome_unknown"))
        asked.ok()
        self.finish()
        self.assertEqual((len(in_flight), len(gathered)), (1, 1))

    def test_with_too_much_that_waits_nobody_is_let_in_until_less_does(self) -> None:
        answers = [self.table.submit("add") for _ in range(MAX_WAITING)]
        first, second = self.table.come("alice"), self.table.come("bob")
        (outcome,) = second
        assert isinstance(outcome, RequestRefused)
        self.assertEqual((first, outcome.refusal), ([], GAME_BUSY))
        self.assertEqual((GAME_BUSY.status, GAME_BUSY.code, GAME_BUSY.retryable), (503, "game_busy", True))
        self.work()
        self.assertEqual(self.table.come("carol"), [])
        self.finish()
        self.assertEqual({each.code for each in answers}, {"ok"})
        self.assertEqual(first, [AS_ALICE])

    def test_a_model_that_does_not_block_lets_in_whoever_comes_while_much_waits_for_the_journal(self) -> None:
        table = Table(Counter)
        for _ in range(2 * MAX_WAITING):
            table.submit("add")
        self.assertEqual(table.admit("bob"), AS_BOB)

    def test_it_recovers_as_any_other(self) -> None:
        for number in range(3):
            self.table.submit("add", number=number)
        self.finish()
        stored = self.table.journal.stored("g1")
        self.assertEqual(recover(Slow, stored.snapshot, stored.entries).standing, self.table.instance.standing)


class InThreads(SynchronousTestCase):
    """The same with real threads."""

    def test_each_is_judged_alone_and_in_order_while_the_reactor_goes_on(self) -> None:
        running: list[int] = []
        alone: list[bool] = []

        class Working(GameModel, blocking=True):
            count: int = 0

            @command
            def work(self, player: Player, number: int) -> int:
                running.append(number)
                gate.wait(60)
                alone.append(running == [number])
                running.remove(number)
                self.count += 1
                return self.count * 1000 + number

        gate = threading.Event()
        table = Table(Working)
        told: SimpleQueue[Callable[[], None]] = SimpleQueue()

        def in_thread(work: Callable[[], None], done: Callable[[], None]) -> None:
            def run() -> None:
                work()
                told.put(done)

            threading.Thread(target=run, daemon=True).start()

        table.in_thread = in_thread
        answers = [table.submit("work", number=number) for number in range(20)]
        # Nothing of it is done, and whoever asks for something else is answered.
        self.assertEqual(json.loads(table.server.welcome(AS_ALICE, None, show_state=True))["state"], {"count": 0})
        self.assertEqual([each.code for each in answers], ["silence"] * 20)
        gate.set()
        for _ in answers:
            told.get(timeout=60)()
            table.run()
        self.assertEqual([each.reply["result"] for each in answers], [1000 * (n + 1) + n for n in range(20)])
        self.assertEqual(alone, [True] * 20)


class Told:
    """One sending of a command, and what was answered.

    Attributes:
        rivals: other commands under the same id, that waited or had taken effect when this one came.
    """

    def __init__(self, player: str, id: str, name: str, number: int, rivals: list[Told], answers: Answers) -> None:
        self.player, self.id, self.name, self.number = player, id, name, number
        self.rivals = rivals
        self.answers = answers


class AnySchedule(SynchronousTestCase):
    """Whatever players send, and whatever the journal makes of it."""

    def settle(self, table: Table, what: str) -> None:
        asked = [each for each in table.journal.asked if each.what == "append"]
        if not asked:
            return
        if what == "refuse" and not asked[0].has_happened:
            asked[0].unavailable()
        elif what == "ok":
            asked[0].ok()
        elif what == "happen":
            asked[0].happen()

    def play(self, steps: list[tuple[str, int, str]]) -> tuple[Table, Connected, list[Told]]:
        table = Table(Counter)
        watcher = Connected(table.server, Role(Player("zoe"), playing=False))
        sent: list[Told] = []

        def send(player: str, id: str, name: str, number: int) -> None:
            arguments = {"number": number} if name in ("add", "take") else {}
            rivals = [
                each
                for each in sent
                if (each.player, each.id) == (player, id)
                and (each.name, each.number) != (name, number)
                and each.answers.code in ("silence", "ok", "outcome_unknown")
            ]
            answers = table.submit(name, Role(Player(player), playing=True), id=id, **arguments)
            sent.append(Told(player, id, name, number, rivals, answers))

        for place, (what, number, who) in enumerate(steps):
            if what in ("add", "take", "late", "throw", "jump"):
                send(who, f"c-{place}", what, number)
            elif what in ("retry", "clash") and sent:
                earlier = sent[-1 - number % len(sent)]
                more = 1 if what == "clash" else 0
                if not more or earlier.name in ("add", "take"):
                    send(earlier.player, earlier.id, earlier.name, earlier.number + more)
            elif what == "turn":
                table.turn()
            elif what == "pass":
                table.clock.advance(1.3)
            elif what == "stall":
                table.clock.advance(OVERDUE_SECONDS)
                table.server.tick()
            else:
                self.settle(table, what)
        table.run()
        table.pass_time(10, step=1)
        return table, watcher, sent

    @PROPERTY
    @given(st.lists(STEPS, max_size=60))
    def test_what_was_answered_and_shown_is_what_the_journal_has(self, steps: list[tuple[str, int, str]]) -> None:
        table, watcher, sent = self.play(steps)
        entries = table.journal.entries("g1")
        self.assertEqual([entry.number for entry in entries], list(range(1, len(entries) + 1)))
        # Everything was answered once.
        self.assertTrue(all(len(each.answers) == 1 for each in sent))
        # Each id took effect at most once.
        commands = [entry for entry in entries if entry.kind == "command"]
        ids = [(entry.player, entry.id) for entry in commands]
        self.assertEqual(len(ids), len(set(ids)))
        by_id: dict[tuple[str | None, str | None], Entry] = dict(zip(ids, commands, strict=True))
        for each in sent:
            reply, entry = each.answers.reply, by_id.get((each.player, each.id))
            same = (
                entry is not None
                and entry.name == each.name
                and (each.name not in ("add", "take") or json.loads(entry.arguments) == {"number": each.number})
            )
            if each.answers.code == "ok":
                # Done means done, and with this result.
                assert entry is not None
                self.assertTrue(same)
                self.assertEqual(reply.get("result"), None if entry.result is None else json.loads(entry.result))
            elif each.answers.code == "id_reused":
                self.assertTrue(each.rivals)
                # Where it is what took effect after all, it was sent again when the one that waited had failed.
                self.assertTrue(not same or all(rival.answers.code != "ok" for rival in each.rivals))
            else:
                self.assertIn(each.answers.code, ("unavailable", "outcome_unknown", "too_few", "unknown_command"))
        # Who is told so first is no duplicate, unless the first was told that it is not known.
        for key in by_id:
            told = [each for each in sent if (each.player, each.id) == key]
            done = [each.answers.reply for each in told if each.answers.code == "ok"]
            unknown = any(each.answers.code == "outcome_unknown" for each in told)
            self.assertLessEqual(sum("duplicate" not in reply for reply in done), 1)
            self.assertTrue(not done or unknown or any("duplicate" not in reply for reply in done))
        # Everybody saw the events of the journal, in its order, with no gap.
        bodies = [json.loads(event.body) for entry in entries for event in entry.events]
        self.assertEqual(watcher.events, [{**body, "seq": seq} for seq, body in enumerate(bodies, 1)])
        # Every timer ran once; and the game stands as recovery has it.
        self.assertEqual(
            sum(entry.kind == "timer" for entry in entries), sum(entry.name == "late" for entry in commands)
        )
        recovered = recover(Counter, None, entries)
        self.assertEqual(recovered.standing, table.server.instance.standing)
        self.assertEqual(recovered.receipts.dump(), table.server.receipts.dump())
        self.assertEqual(recovered.standing.alarms, ())
        # And it is what comes of doing these commands and no others.
        straight = Table(Counter)
        for entry in entries[1:]:
            if entry.kind == "timer":
                straight.server.instance.alarm(entry.time, straight.server.instance.standing.alarms[0])
            else:
                assert entry.player is not None
                given = Counter.COMMANDS[entry.name].arguments(**json.loads(entry.arguments))
                effect = straight.server.instance.command(entry.time, entry.name, Player(entry.player), given)
                self.assertEqual(effect.result, entry.result)
        self.assertEqual(straight.server.instance.standing.image, recovered.standing.image)

"""A game's life: asked for, awake, asleep, looked after, lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import eventlog, lifecycle
from gamesvc.errors import (
    GAME_DELETED,
    JOURNAL_DOWN,
    NO_SUCH_GAME,
    SERVER_FULL,
    TOO_MANY_GAMES,
    CloseCode,
    JournalError,
    RequestRefused,
)
from gamesvc.eventlog import Place
from gamesvc.journal import Stored
from gamesvc.lifecycle import SPARED_SECONDS, TICK_SECONDS
from gamesvc.limits import OVERDUE_SECONDS
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.saver import SNAPSHOT_SECONDS
from gamesvc.server import GameServer
from gamesvc.standing import Standing
from tests.houses import AS_ALICE, IDLE, Careless, Counter, Duel, House, Quick, epoch, refusal, welcome
from tests.tables import ALICE, BOB, Answers, Connected
from tests.wire import Logged


class Thinking(Counter, blocking=True):
    """Takes its time already when it is set up."""


class Asking(SynchronousTestCase):
    """Who asks for a game gets it, or is told why not."""

    def setUp(self) -> None:
        self.house = House()

    def test_all_who_ask_meanwhile_get_the_same_game(self) -> None:
        outcomes = [self.house.ask(opener=name) for name in ("alice", "bob")]
        self.house.journal.next("claim").ok()
        outcomes.append(self.house.ask(opener="carol"))
        self.house.run()
        outcomes.append(self.house.ask(opener="dave"))
        self.assertEqual(outcomes, [[self.house.games["g"]]] * 4)
        self.assertEqual(len(self.house.journal.of("claim")), 1)

    def test_a_game_that_was_deleted_is_410(self) -> None:
        outcomes = self.house.ask()
        self.house.journal.next("claim").answer(Stored(1, 0, None, [], deleted=True))
        self.assertIs(refusal(outcomes), GAME_DELETED)

    def test_nobody_waits_longer_than_5_seconds_and_it_is_there_when_the_journal_comes_back(self) -> None:
        log = Logged(self)
        for what in ("claim", "append"):
            self.house = House()
            outcomes = self.house.ask()
            if what == "append":
                self.house.journal.next("claim").ok()
            (held,) = self.house.journal.asked
            for _ in range(9):
                self.house.clock.advance(TICK_SECONDS)
            self.assertEqual(outcomes, [])
            for _ in range(10):
                self.house.clock.advance(TICK_SECONDS)
            self.assertIs(refusal(outcomes), JOURNAL_DOWN)
            later = self.house.ask(opener="bob")
            self.house.clock.advance(TICK_SECONDS)
            self.assertIs(refusal(later), JOURNAL_DOWN)
            held.ok()
            self.house.run()
            self.assertEqual(len(self.house.journal.of("claim")), 1)
            self.assertEqual(self.house.do(self.house.games["g"], "add")["result"], 1)
        told = [text for text in log.texts() if "has not answered" in text]
        self.assertEqual(told, [f"the journal has not answered for {OVERDUE_SECONDS:.0f} s"] * 2)

    def test_one_who_hangs_up_as_soon_as_it_is_there_does_not_take_it_from_those_who_wait_with_them(self) -> None:
        outcomes: list[Any] = []

        def hangs_up(server: GameServer | RequestRefused) -> None:
            assert isinstance(server, GameServer)
            self.house.lifecycle.nobody_in(server)

        def comes_in(server: GameServer | RequestRefused) -> None:
            assert isinstance(server, GameServer)
            outcomes.append(server)
            Connected(server, Role(BOB, playing=True))

        self.house.lifecycle.open("g", "alice", None, hangs_up)
        self.house.lifecycle.open("g", "bob", None, comes_in)
        self.house.run()
        (server,) = outcomes
        assert isinstance(server, GameServer)
        self.assertFalse(server.closed)
        self.assertIs(self.house.games.get("g"), server)

    def test_it_is_only_created_for_who_creates(self) -> None:
        outcomes: list[Any] = []
        self.house.lifecycle.open("g", None, None, outcomes.append, creates=False)
        self.house.run()
        self.assertIs(refusal(outcomes), NO_SUCH_GAME)
        self.assertEqual(self.house.games, {})
        server = self.house.open()
        self.house.lifecycle.open("g", None, None, outcomes.append, creates=False)
        self.assertIs(outcomes[1], server)


class TooMany(SynchronousTestCase):
    """How many games there may be."""

    def test_beyond_the_most_games_the_server_is_full_until_one_sleeps(self) -> None:
        house = House(max_games=2)
        house.do(house.open("a"), "add")
        house.ask("b")
        self.assertIs(house.refusal("c"), SERVER_FULL)
        self.assertIs(house.open("a"), house.games["a"])
        house.run()
        self.assertIs(house.refusal("c"), SERVER_FULL)
        house.fall_asleep("a")
        house.open("c")

    def test_a_player_may_have_opened_so_many_that_are_awake(self) -> None:
        house = House(max_games_per_player=2)
        house.do(house.open("a"), "add")
        house.ask("b")
        self.assertIs(house.refusal("c"), TOO_MANY_GAMES)
        house.open("a")
        house.open("c", "bob")
        house.open("c", "alice")
        self.assertIs(house.refusal("d"), TOO_MANY_GAMES)
        house.fall_asleep("a")
        house.open("d")

    def test_what_could_not_be_opened_or_was_lost_or_untouched_does_not_count(self) -> None:
        house = House(max_games_per_player=1)
        for failing in ("claim", "append"):
            house.ask()
            while house.journal.asked[0].what != failing:
                house.journal.asked[0].ok()
            house.journal.next(failing).unavailable()
        server = house.open()
        self.assertIs(house.refusal("other"), TOO_MANY_GAMES)
        house.lifecycle.nobody_in(server)
        server = house.open("other")
        server.submit(AS_ALICE, Request("add", None, {}), lambda _: None)
        house.turn()
        house.journal.next("append").fenced()
        house.open("third")

    def test_who_waited_in_vain_for_a_journal_that_did_not_answer_is_counted_once(self) -> None:
        house = House(max_games_per_player=1)
        house.ask()
        for _ in range(20):
            house.clock.advance(TICK_SECONDS)
        house.run()
        house.fall_asleep()
        house.open("other")

    def test_a_game_that_a_timer_woke_counts_for_nobody(self) -> None:
        house = House(max_games_per_player=1)
        house.do(house.open("a"), "late", seconds=IDLE + 100)
        house.fall_asleep("a")
        house.pass_time(105, step=1)
        self.assertIn("a", house.games)
        house.open("b")


class Sleeping(SynchronousTestCase):
    """Nobody is there."""

    def setUp(self) -> None:
        self.house = House()
        self.server = self.house.open()
        self.house.do(self.server, "add")

    def test_it_sleeps_when_nobody_was_there_for_long_enough_and_no_sooner(self) -> None:
        self.house.pass_time(IDLE - 2, step=1)
        self.assertIn("g", self.house.games)
        self.house.pass_time(4, step=1)
        self.assertEqual((self.house.games, self.server.closed), ({}, True))

    def test_while_somebody_is_there_it_does_not_sleep_and_the_time_begins_anew_when_they_leave(self) -> None:
        self.house.pass_time(IDLE - 2, step=1)
        self.house.lifecycle.keep("g")
        self.house.pass_time(3 * IDLE, step=10)
        self.assertIn("g", self.house.games)
        self.house.lifecycle.nobody_in(self.server)
        self.house.pass_time(IDLE - 2, step=1)
        self.assertIn("g", self.house.games)
        self.house.pass_time(4, step=1)
        self.assertNotIn("g", self.house.games)

    def test_a_game_in_which_somebody_is_does_not_sleep_whatever_was_said_of_it(self) -> None:
        Connected(self.server, AS_ALICE)
        self.house.pass_time(IDLE + 5, step=1)
        self.assertIs(self.house.games.get("g"), self.server)
        self.assertEqual(self.house.do(self.server, "add")["result"], 2)

    def test_0_means_never(self) -> None:
        self.house = House(idle_game_seconds=0)
        self.house.do(self.house.open(), "add")
        self.house.pass_time(3600, step=60)
        self.assertIn("g", self.house.games)

    def test_it_is_saved_first_where_something_has_changed(self) -> None:
        self.house.fall_asleep()
        (save,) = self.house.journal.of("save")
        self.assertEqual((save.snapshot.number, save.snapshot.clean), (2, True))
        self.house.open()
        self.house.fall_asleep()
        self.assertEqual(len(self.house.journal.of("save")), 1)

    def test_a_journal_that_can_not_save_it_has_it_all_the_same(self) -> None:
        self.house.lifecycle.keep("g")
        self.house.lifecycle.nobody_in(self.server)
        self.house.clock.advance(IDLE)
        save = next(each for each in self.house.journal.asked if each.what == "save")
        save.unavailable()
        self.house.run()
        self.assertEqual(welcome(self.house.open())["state"]["total"], 1)

    def test_it_does_not_sleep_while_something_waits_for_the_journal(self) -> None:
        answers = Answers()
        self.house.pass_time(IDLE - 2, step=1)
        self.server.submit(AS_ALICE, Request("add", None, {}), answers.append)
        self.house.clock.advance(4)
        self.assertIn("g", self.house.games)
        self.house.run()
        self.assertEqual(answers.code, "ok")
        self.house.pass_time(6, step=1)
        self.assertNotIn("g", self.house.games)

    def test_who_comes_in_the_very_moment_in_which_it_falls_asleep_wakes_it(self) -> None:
        self.house.clock.advance(IDLE)
        self.assertNotIn("g", self.house.games)
        outcomes = self.house.ask(opener="bob")
        self.house.run()
        (server,) = outcomes
        self.assertEqual(self.house.do(server, "add")["result"], 2)

    def test_one_that_is_not_journaled_takes_nothing_while_it_is_saved(self) -> None:
        self.house = House(Careless)
        server = self.house.open()
        self.house.do(server, "add")
        self.house.clock.advance(IDLE)
        save = next(each for each in self.house.journal.asked if each.what == "save")
        self.assertEqual((save.snapshot.clean, save.snapshot.number), (True, 2))
        outcomes = self.house.ask()
        answers = Answers()
        server.submit(AS_ALICE, Request("add", None, {}), answers.append)
        self.assertEqual((answers.code, outcomes), ("unavailable", []))
        self.house.run()
        self.assertEqual(self.house.games, {})
        # Who asked meanwhile wakes it.
        self.house.pass_time(1)
        self.house.run()
        (again,) = outcomes
        self.assertIsNot(again, server)
        self.assertEqual(welcome(again)["state"]["total"], 1)

    def test_one_that_is_not_journaled_and_can_not_be_saved_carries_on(self) -> None:
        self.house = House(Careless)
        server = self.house.open()
        self.house.do(server, "add")
        self.house.do(server, "late", seconds=IDLE + 2)
        self.house.clock.advance(IDLE)
        next(each for each in self.house.journal.asked if each.what == "save").unavailable()
        self.assertIs(self.house.open(), server)
        self.assertEqual(self.house.do(server, "add")["result"], 2)
        self.house.pass_time(4)
        self.assertEqual(welcome(server)["state"]["rung"], 1)
        self.house.pass_time(5)
        self.assertEqual(self.house.games, {})

    def test_one_that_another_has_taken_over_meanwhile_does_not_carry_on(self) -> None:
        for model in (Counter, Quick, Careless):
            self.house = House(model)
            server = self.house.open()
            self.house.do(server, "add")
            self.house.clock.advance(IDLE)
            next(each for each in self.house.journal.asked if each.what == "save").fenced()
            self.house.run()
            self.assertEqual((self.house.games, server.closed), ({}, True), model)

    def test_one_that_is_lost_is_forgotten_and_can_be_asked_for_again(self) -> None:
        alice = Connected(self.server, AS_ALICE)
        self.house.journal.stored("g")
        answers = Answers()
        self.server.submit(AS_ALICE, Request("add", None, {}), answers.append)
        self.house.run()
        self.assertEqual((answers.code, alice.heard), ("unavailable", [CloseCode.GAME_MOVED]))
        self.assertEqual(self.house.games, {})
        again = self.house.open()
        self.assertIsNot(again, self.server)
        self.assertEqual(self.house.do(again, "add")["result"], 2)

    def test_what_is_left_of_a_server_that_lost_the_game_does_not_disturb_the_next(self) -> None:
        self.house.journal.stored("g")
        self.server.submit(AS_ALICE, Request("add", None, {}), lambda _: None)
        self.house.run()
        again = self.house.open()
        self.house.lifecycle.nobody_in(self.server)
        self.assertIs(self.house.games["g"], again)
        self.house.fall_asleep()

    def test_a_game_in_which_nothing_has_happened_is_not_kept_when_the_last_one_leaves(self) -> None:
        self.house = House()
        server = self.house.open()
        before = epoch(server)
        self.house.lifecycle.nobody_in(server)
        self.assertEqual(self.house.games, {})
        self.house.run()
        self.assertEqual(self.house.journal.stored("g").last, 0)
        self.assertNotEqual(epoch(self.house.open()), before)

    def test_a_game_in_which_something_has_happened_is_kept(self) -> None:
        for model, name in ((Counter, "add"), (Counter, "late"), (Careless, "add")):
            self.house = House(model)
            server = self.house.open()
            self.house.do(server, name)
            self.house.lifecycle.nobody_in(server)
            self.house.run()
            self.assertIs(self.house.games["g"], server)
            self.assertEqual(self.house.journal.of("discard"), [])

    def test_a_game_whose_seats_were_given_is_kept_as_soon_as_one_of_them_was_there(self) -> None:
        self.house = House(Duel)
        server = self.house.open(players=("alice", "bob"))
        Connected(server, AS_ALICE).close(CloseCode.NORMAL)
        self.house.lifecycle.nobody_in(server)
        self.assertIn("g", self.house.games)
        self.house.start(kind=Duel)
        server = self.house.open(players=("alice", "bob"))
        self.house.lifecycle.nobody_in(server)
        self.assertIn("g", self.house.games)

    def test_a_game_that_has_just_been_opened_and_that_nobody_enters_sleeps_in_the_end(self) -> None:
        self.house = House()
        self.house.open()
        self.house.pass_time(IDLE + 2, step=1)
        self.assertEqual(self.house.games, {})


class SavedAgain(SynchronousTestCase):
    def test_where_it_can_not_be_saved_it_is_tried_again_although_nothing_more_happens(self) -> None:
        house = House(Quick, idle_game_seconds=0)
        house.do(house.open(), "add")
        for _ in range(2):
            while not any(each.what == "save" for each in house.journal.asked):
                house.clock.advance(TICK_SECONDS)
                self.assertLess(house.clock.seconds(), 60)
            next(each for each in house.journal.asked if each.what == "save").unavailable()
        house.pass_time(60, step=TICK_SECONDS)
        self.assertEqual(len(house.journal.of("save")), 3)
        self.assertEqual(house.journal.of("save")[-1].snapshot.number, 2)


class Timers(SynchronousTestCase):
    """A game that sleeps, and wants to be woken."""

    def setUp(self) -> None:
        self.house = House()

    def make(self, game: str, seconds: float) -> None:
        server = self.house.open(game)
        self.house.do(server, "late", seconds=seconds)

    def rung(self, game: str) -> int:
        return sum(entry.kind == "timer" for entry in self.house.journal.entries(game))

    def test_it_is_woken_for_its_timer_and_sleeps_again(self) -> None:
        self.make("g", IDLE + 60)
        self.house.do(self.house.games["g"], "late", seconds=3 * IDLE)
        self.house.fall_asleep()
        self.house.pass_time(50, step=1)
        self.assertNotIn("g", self.house.games)
        self.house.pass_time(15, step=1)
        self.assertEqual((self.rung("g"), self.house.games["g"].closed), (1, False))
        self.house.fall_asleep()
        self.house.pass_time(2 * IDLE, step=1)
        self.assertEqual(self.rung("g"), 2)
        self.house.fall_asleep()
        claims = len(self.house.journal.of("claim"))
        self.house.pass_time(IDLE, step=1)
        self.assertEqual(len(self.house.journal.of("claim")), claims)

    def test_timers_survive_a_kill_and_those_that_were_due_meanwhile_run_once(self) -> None:
        self.make("g", 5)
        self.house.start(kind=Counter)
        self.house.clock.advance(0)
        self.house.pass_time(20, step=1)
        self.assertEqual(self.rung("g"), 1)
        self.house.start(kind=Counter)
        self.house.pass_time(20, step=1)
        self.assertEqual(self.rung("g"), 1)

    def test_a_timer_that_was_journaled_and_not_yet_said_does_not_run_again(self) -> None:
        self.make("g", 5)
        self.house.clock.advance(5)
        self.house.turn()
        next(each for each in self.house.journal.asked if each.what == "append").happen()
        self.house.start(kind=Counter)
        self.house.pass_time(20, step=1)
        self.assertEqual(self.rung("g"), 1)

    def test_one_that_is_not_journaled_is_woken_too(self) -> None:
        self.house = House(Careless)
        self.make("g", IDLE + 60)
        self.house.fall_asleep()
        self.house.pass_time(65, step=1)
        self.assertEqual(welcome(self.house.games["g"])["state"]["rung"], 1)

    def test_one_that_a_player_asks_for_while_it_is_woken_is_woken_once(self) -> None:
        self.make("g", IDLE + 60)
        self.house.fall_asleep()
        self.house.clock.advance(120)
        self.house.journal.next("due").ok()
        outcomes = self.house.ask(opener="bob")
        (claim,) = self.house.journal.asked
        claim.ok()
        self.house.run()
        self.assertEqual((outcomes, self.rung("g")), ([self.house.games["g"]], 1))

    def test_a_journal_that_does_not_know_now_is_asked_again_and_never_twice_at_a_time(self) -> None:
        self.make("g", IDLE + 60)
        self.house.fall_asleep()
        self.house.clock.advance(120)
        self.house.clock.advance(1)
        self.house.clock.advance(1)
        (due,) = self.house.journal.asked
        due.unavailable()
        self.house.pass_time(2, step=0.5)
        self.assertIn("g", self.house.games)

    def test_one_that_can_not_be_woken_is_left_alone_for_a_while_and_does_not_keep_the_others_asleep(self) -> None:
        self.patch(lifecycle, "MAX_WOKEN", 2)
        log = Logged(self)
        for game in ("a", "b", "c"):
            self.make(game, 5)
        self.house.start(other=Counter)
        self.make("late", IDLE + 120)
        self.house.clock.advance(10)
        self.house.pass_time(SPARED_SECONDS - 15, step=0.5)
        refused = [text for text in log.texts() if "not served" in text]
        self.assertEqual(len(refused), 3, "each once")
        self.house.fall_asleep("late")
        self.house.pass_time(70, step=0.5)
        self.assertIn("late", self.house.games)
        self.assertGreater(len([text for text in log.texts() if "not served" in text]), 3, "it may be served again")

    def test_one_that_can_not_be_woken_for_its_timer_can_be_asked_for_all_the_same(self) -> None:
        self.make("g", 5)
        self.house.start(kind=Counter)
        self.house.clock.advance(10)
        self.house.journal.next("due").ok()
        self.house.journal.next("claim").unavailable()
        self.house.open()

    def test_games_that_are_awake_do_not_keep_others_asleep(self) -> None:
        # What the journal knows of their timers is as old as their last snapshot.
        self.patch(lifecycle, "MAX_WOKEN", 3)
        self.house = House(Careless)
        self.make("sleeper", 2 * IDLE)
        self.house.fall_asleep("sleeper")
        for game in ("a", "b", "c", "d"):
            self.make(game, 20)
            self.house.lifecycle.keep(game)
            self.house.games[game].save(clean=False)
        self.house.pass_time(30, step=1)
        self.assertEqual([welcome(self.house.games[game])["state"]["rung"] for game in ("a", "b", "c", "d")], [1] * 4)
        for _ in range(int(IDLE)):
            if "sleeper" not in self.house.games:
                self.house.pass_time(1, step=1)
        self.assertEqual(set(self.house.games), {"a", "b", "c", "d", "sleeper"})


class LookedAfter(SynchronousTestCase):
    """Games in which something takes long are looked after a few times a second, and no others."""

    def setUp(self) -> None:
        self.ticks: list[GameServer] = []
        tick = GameServer.tick

        def noted(server: GameServer) -> bool:
            self.ticks.append(server)
            return tick(server)

        self.patch(GameServer, "tick", noted)

    def ticked(self, house: House, seconds: float) -> list[GameServer]:
        """Which games are looked after, one after the other, when some time passes and the journal does not answer."""
        self.ticks.clear()
        for _ in range(round(seconds / TICK_SECONDS)):
            house.clock.advance(TICK_SECONDS)
        return list(self.ticks)

    def submit(self, house: House, server: GameServer) -> Answers:
        """A command that waits for the journal."""
        answers = Answers()
        server.submit(AS_ALICE, Request("add", None, {}), answers.append)
        house.turn()
        return answers

    def test_nobody_looks_after_games_in_which_nothing_happens(self) -> None:
        for model in (Counter, Careless, Quick):
            house = House(model, idle_game_seconds=0)
            servers = [house.open(f"g{number}") for number in range(5)]
            # One that is saved now and then has been saved by now.
            house.pass_time(10, step=TICK_SECONDS)
            for server in servers:
                Connected(server, AS_ALICE)
            self.assertEqual(self.ticked(house, 60), [], model)
            self.assertEqual(house.around.attended, {})

    def test_nobody_looks_after_one_whose_commands_were_answered(self) -> None:
        for model in (Counter, Careless):
            house = House(model)
            server = house.open()
            for _ in range(5):
                house.do(server, "add")
            self.ticked(house, TICK_SECONDS)
            self.assertEqual(self.ticked(house, 5), [], model)

    def test_one_that_waits_for_the_journal_is_looked_after_until_it_is_answered(self) -> None:
        house = House()
        server, other = house.open("g"), house.open("other")
        answers = self.submit(house, server)
        self.assertEqual(self.ticked(house, 2), [server] * 4)
        house.run()
        self.assertEqual(answers.code, "ok")
        self.ticked(house, TICK_SECONDS)
        self.assertEqual((self.ticked(house, 5), house.around.attended), ([], {}))
        house.run()
        self.submit(house, other)
        self.assertEqual(self.ticked(house, 1), [other] * 2)

    def test_those_that_wait_are_looked_after_in_the_order_in_which_they_began_to(self) -> None:
        house = House()
        servers = [house.open(f"g{number}") for number in range(5)]
        for order in (servers, servers[::-1]):
            for server in order:
                self.submit(house, server)
            self.assertEqual(self.ticked(house, TICK_SECONDS), order)
            house.run()
            self.ticked(house, TICK_SECONDS)

    def test_a_game_whose_last_answer_leads_to_the_next_append_is_looked_after_further(self) -> None:
        house = House()
        server = house.open()
        for _ in range(3):
            answers = self.submit(house, server)
            later = self.submit(house, server)
            next(each for each in house.journal.asked if each.what == "append").ok()
            self.assertEqual((answers.code, later.code), ("ok", "silence"))
            self.assertEqual(self.ticked(house, 1), [server] * 2)
            house.run()

    def with_older_events(self) -> tuple[House, GameServer]:
        """A game of which only the journal has most events."""
        self.patch(eventlog, "RECENT_EVENTS", 2)
        house = House()
        server = house.open()
        for _ in range(10):
            house.do(server, "add")
        self.ticked(house, 1)
        house.run()
        return house, server

    def test_so_is_one_of_which_the_journal_is_asked_for_older_events(self) -> None:
        house, server = self.with_older_events()
        Connected(server, AS_ALICE)
        places: list[Any] = []
        server.find_place(AS_ALICE, epoch(server), 3, places.append)
        self.assertEqual(self.ticked(house, 1), [server] * 2)
        house.run()
        self.assertIsInstance(places[0], Place)
        self.ticked(house, TICK_SECONDS)
        self.assertEqual(self.ticked(house, 5), [])
        # Nobody waits for longer than it takes until that is too long.
        server.find_place(AS_ALICE, epoch(server), 9, places.append)
        self.assertIsInstance(places[1], Place)

    def test_who_asks_for_older_events_is_told_when_the_journal_takes_too_long(self) -> None:
        house, server = self.with_older_events()
        places: list[Any] = []
        server.find_place(AS_ALICE, epoch(server), 3, places.append)
        self.ticked(house, OVERDUE_SECONDS - TICK_SECONDS)
        self.assertEqual(places, [])
        self.ticked(house, 2 * TICK_SECONDS)
        self.assertIsInstance(places[0], JournalError)

    def test_one_that_is_saved_every_few_seconds_is_saved_also_when_nothing_more_happens_in_it(self) -> None:
        house = House(Quick, idle_game_seconds=0)
        server = house.open()
        house.pass_time(30, step=TICK_SECONDS)
        before = len(house.journal.of("save"))
        house.do(server, "add")
        at = house.clock.seconds()
        house.pass_time(SNAPSHOT_SECONDS + 2 * TICK_SECONDS, step=TICK_SECONDS)
        saves = house.journal.of("save")[before:]
        self.assertEqual([save.snapshot.number for save in saves], [2])
        self.assertLess(house.clock.seconds() - at, SNAPSHOT_SECONDS + 3 * TICK_SECONDS)
        self.ticked(house, 2 * TICK_SECONDS)
        self.assertEqual(self.ticked(house, 60), [])
        self.assertEqual(len(house.journal.of("save")), before + 1)
        house.run()
        for number in (3, 4):
            house.do(server, "add")
            house.pass_time(SNAPSHOT_SECONDS + 2 * TICK_SECONDS, step=TICK_SECONDS)
            self.assertEqual(house.journal.of("save")[-1].snapshot.number, number)

    def test_one_that_has_fallen_asleep_or_was_lost_is_looked_after_no_more(self) -> None:
        for model in (Counter, Quick):
            house = House(model)
            house.do(house.open(), "add")
            house.fall_asleep()
            house.pass_time(2 * TICK_SECONDS)
            self.assertEqual(house.around.attended, {}, model)
            server = house.open()
            if model is Counter:
                self.submit(house, server)
                next(each for each in house.journal.asked if each.what == "append").fenced()
            else:
                house.do(server, "add")
                server.save(clean=False)
                next(each for each in house.journal.asked if each.what == "save").fenced()
            self.assertTrue(server.closed)
            self.ticked(house, TICK_SECONDS)
            self.assertEqual((self.ticked(house, 5), house.around.attended), ([], {}), model)

    def test_a_journal_that_stands_still_is_told_of_once_however_many_games_wait_and_again_the_next_time(self) -> None:
        log = Logged(self)
        house = House()
        servers = [house.open(game) for game in ("a", "b", "c")]

        def told() -> int:
            return len([text for text in log.texts() if "has not answered" in text])

        for time in (1, 2):
            answers = [self.submit(house, server) for server in servers]
            self.ticked(house, OVERDUE_SECONDS - TICK_SECONDS)
            self.assertEqual(told(), time - 1)
            self.ticked(house, 30)
            self.assertEqual((told(), [each.code for each in answers]), (time, ["outcome_unknown"] * 3))
            self.assertTrue(all(server.is_stalled for server in servers))
            house.run()
            self.ticked(house, 2 * TICK_SECONDS)
            house.run()
            self.assertFalse(any(server.is_stalled for server in servers))
            self.assertEqual(house.do(servers[0], "add")["status"], "ok")


class Stood(SynchronousTestCase):
    """Who keeps a list of the games hears of each."""

    def test_how_it_stands_is_told_when_it_is_there_and_when_that_has_changed_and_is_durable(self) -> None:
        house = House(Duel)
        told: list[tuple[str, Standing]] = []
        house.around = replace(house.around, stood=lambda game, standing: told.append((game, standing)))
        house.start(kind=Duel)
        server = house.open()
        self.assertEqual([(game, each.seats) for game, each in told], [("g", (None, None))])
        server.admit("bob", None, False, lambda role: None)
        house.turn()
        self.assertEqual(len(told), 1)
        house.run()
        self.assertEqual((told[1][1].seats, told[1][1].started), ((BOB, None), False))
        server.admit("alice", None, False, lambda role: None)
        house.run()
        self.assertEqual((told[2][1].seats, told[2][1].started), ((BOB, ALICE), True))
        house.do(server, "add")
        self.assertEqual(len(told), 3)
        house.do(server, "end")
        self.assertEqual([each.finished for _, each in told], [False, False, False, True])
        house.start(kind=Duel)
        house.open()
        self.assertEqual((len(told), told[-1][1].finished), (5, True))


class Stopping(SynchronousTestCase):
    """The server stops."""

    def setUp(self) -> None:
        self.stopped: list[bool] = []

    def stop(self, house: House) -> None:
        house.lifecycle.stop(lambda: self.stopped.append(True))

    def test_games_that_are_journaled_have_nothing_to_wait_for(self) -> None:
        house = House()
        house.do(house.open(), "add")
        self.stop(house)
        self.assertEqual((self.stopped, house.journal.asked), ([True], []))

    def test_the_others_are_saved_and_it_is_told_when_all_are_or_can_not_be(self) -> None:
        house = House(Quick)
        for game in ("a", "b", "c"):
            house.do(house.open(game), "add")
        house.journal.answer_all()
        self.stop(house)
        saves = list(house.journal.asked)
        self.assertEqual([(save.what, save.snapshot.clean) for save in saves], [("save", True)] * 3)
        saves[0].ok()
        saves[1].unavailable()
        self.assertEqual(self.stopped, [])
        saves[2].fenced()
        self.assertEqual(self.stopped, [True])

    def test_nothing_takes_effect_and_nothing_is_opened_or_woken_any_more(self) -> None:
        house = House()
        server = house.open()
        house.do(server, "late", seconds=5)
        outcomes = house.ask("late")
        self.stop(house)
        answers = Answers()
        server.submit(AS_ALICE, Request("add", None, {}), answers.append)
        self.assertEqual(answers.code, "unavailable")
        self.assertIs(refusal(house.ask("other")), JOURNAL_DOWN)
        house.run()
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        house.pass_time(60, step=1)
        self.assertEqual([entry.kind for entry in house.journal.entries("g")], ["opened", "command"])

    def test_no_timer_is_left(self) -> None:
        for model in (Counter, Quick):
            house = House(model)
            house.do(house.open(), "late", seconds=500)
            self.stop(house)
            house.run()
            self.assertEqual(house.clock.getDelayedCalls(), [])

    def test_a_game_that_was_about_to_sleep_and_can_not_be_saved_does_not_carry_on_after_the_stop(self) -> None:
        house = House(Careless)
        server = house.open()
        house.do(server, "late", seconds=IDLE + 50)
        house.clock.advance(IDLE)
        save = next(each for each in house.journal.asked if each.what == "save")
        self.stop(house)
        save.unavailable()
        self.assertTrue(server.closed)
        house.run()
        self.assertEqual((self.stopped, house.clock.getDelayedCalls()), ([True], []))

    def test_a_game_that_is_created_too_late_is_not_opened(self) -> None:
        house = House()
        outcomes = house.ask()
        house.journal.next("claim").ok()
        self.stop(house)
        house.run()
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.assertEqual((house.games, house.clock.getDelayedCalls()), ({}, []))


class Blocking(SynchronousTestCase):
    """A model that blocks."""

    def setUp(self) -> None:
        self.house = House(Thinking)
        self.house.holds_work = True

    def test_where_it_takes_too_long_who_asks_is_refused_for_now_and_it_is_there_later(self) -> None:
        outcomes = self.house.ask()
        self.house.pass_time(OVERDUE_SECONDS + 1)
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.house.work()
        self.assertIn("g", self.house.games)

    def test_a_server_that_stops_meanwhile_opens_it_no_more(self) -> None:
        outcomes = self.house.ask()
        self.house.run()
        self.house.lifecycle.stop(lambda: None)
        self.house.work()
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.assertEqual(self.house.games, {})

"""How games begin to be awake: created, or woken from what the journal has."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel, Player, command, field
from gamesvc.beginnings import Plan
from gamesvc.catalog import Catalog, Kind
from gamesvc.errors import JOURNAL_DOWN, KIND_NOT_SERVED, CloseCode
from gamesvc.eventlog import Place
from gamesvc.journal import Stored
from gamesvc.messages import Request
from gamesvc.pending import Role
from tests.houses import AS_ALICE, Careless, Counter, Duel, House, Noted, Quick, epoch, refusal, welcome
from tests.tables import ALICE, BOB, Answers, Connected


class Broken(GameModel):
    def setup(self) -> None:
        raise SystemExit("no")

    @command
    def look(self, player: Player) -> None: ...


class Renewed(GameModel, version=2):
    """`Counter`, later on."""

    sum: int = 0
    rung: int = 0

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        state["sum"] = state.pop("total") * 10

    @command
    def add(self, player: Player, number: int = 1) -> int:
        self.sum += number
        return self.sum

    def ring(self) -> None:
        self.rung += 1
        self.publish(Noted("new ring"))


class Told(Counter, seats=2):
    """Is told who joins, and that it starts."""

    told: list[str] = field(default_factory=list)

    def on_join(self, player: Player) -> None:
        self.told.append(f"{player} joins")

    def on_start(self) -> None:
        self.told.append("start")

    def on_away(self, player: Player) -> None:
        self.told.append(f"{player} away")


class Thinking(Counter, blocking=True):
    """Takes its time already when it is set up."""

    def setup(self, total: int = 0) -> None:
        self.total = total
        if total < 0:
            raise SystemExit("no")


class Creating(SynchronousTestCase):
    """A game that nobody has asked for before."""

    def setUp(self) -> None:
        self.house = House()

    def test_it_is_there_when_the_journal_has_it_and_no_sooner(self) -> None:
        outcomes = self.house.ask()
        self.house.journal.next("claim").ok()
        asked = self.house.journal.next("append")
        self.assertEqual((outcomes, self.house.games, self.house.lifecycle.quiet), ([], {}, False))
        opening = asked.entries[0].opening
        assert opening is not None
        self.assertEqual((opening.game_kind, opening.version, len(opening.seed)), ("kind", 1, 32))
        asked.ok()
        self.assertEqual(outcomes, [self.house.games["g"]])
        self.assertEqual((epoch(outcomes[0]), outcomes[0].kind), (opening.epoch, "kind"))
        self.assertTrue(self.house.lifecycle.quiet)

    def test_games_have_epochs_and_seeds_of_their_own(self) -> None:
        for game in ("a", "b", "c"):
            self.house.open(game)
        openings = [self.house.journal.entries(game)[0].opening for game in ("a", "b", "c")]
        self.assertEqual(len({opening.epoch for opening in openings if opening}), 3)
        self.assertEqual(len({opening.seed for opening in openings if opening}), 3)

    def test_the_players_of_the_first_token_have_their_seats_from_the_start(self) -> None:
        self.house = House(Duel)
        self.assertEqual(self.house.open(players=("bob", "alice")).players, [BOB, ALICE])

    def test_where_the_journal_is_down_it_is_refused_for_now_and_can_be_created_later(self) -> None:
        for failing in ("claim", "append"):
            outcomes = self.house.ask()
            if failing == "append":
                self.house.journal.next("claim").ok()
            self.house.journal.next(failing).unavailable()
            self.assertIs(refusal(outcomes), JOURNAL_DOWN)
            self.assertEqual((self.house.games, self.house.lifecycle.quiet), ({}, True))
        self.assertEqual(self.house.do(self.house.open(), "add")["result"], 1)

    def test_where_another_has_it_meanwhile_it_is_refused_for_now(self) -> None:
        outcomes = self.house.ask()
        self.house.journal.next("claim").ok()
        self.house.journal.stored("g")
        self.house.run()
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.assertEqual(self.house.games, {})

    def test_a_setup_that_fails_is_500_with_an_incident_and_nothing_is_left_of_it(self) -> None:
        self.house = House(Broken)
        refused = self.house.refusal()
        self.assertEqual((refused.status, refused.retryable), (500, False))
        self.assertIn("incident-1", refused.message)
        ((what, fault),) = self.house.reports
        self.assertEqual((what, type(fault)), ("game g (kind), setup", SystemExit))
        self.assertEqual((len(self.house.journal.of("discard")), self.house.games), (1, {}))
        self.assertTrue(self.house.lifecycle.quiet)
        self.assertEqual(self.house.journal.stored("g").last, 0)


class Chosen(SynchronousTestCase):
    """A game's options."""

    def test_it_is_set_up_with_those_of_its_kind_and_keeps_them(self) -> None:
        house = House(Thinking)
        house.offer(Catalog(["tests.test_beginnings:Thinking(total=7)"]))
        server = house.open()
        self.assertEqual(welcome(server)["state"]["total"], 7)
        opening = house.journal.entries("g")[0].opening
        assert opening is not None
        self.assertEqual(opening.options, b'{"total":7}')


class Planned(SynchronousTestCase):
    """A game of which somebody has said before what it is to be."""

    def setUp(self) -> None:
        self.house = House()

    def test_it_is_of_that_kind_and_those_have_its_seats_whoever_comes_first(self) -> None:
        self.house.plans["g"] = Plan(Kind("planned", Duel), ("bob",))
        server = self.house.open(players=("carol", "dave"))
        self.assertEqual((server.kind, server.players), ("planned", [BOB, None]))
        self.assertEqual(self.house.open("other").kind, "kind")

    def test_it_is_woken_as_that_kind_though_the_catalog_does_not_have_it(self) -> None:
        self.house.plans["g"] = Plan(Kind("planned", Counter))
        self.house.do(self.house.open(), "add")
        self.house.start(kind=Counter)
        self.assertEqual(welcome(self.house.open())["state"]["total"], 1)
        self.house.plans.clear()
        self.house.start(kind=Counter)
        self.assertIs(self.house.refusal(), KIND_NOT_SERVED)

    def test_it_is_not_forgotten_when_somebody_has_only_looked_in(self) -> None:
        self.house.plans["g"] = Plan(Kind("planned", Counter))
        for game in ("g", "h"):
            self.house.lifecycle.nobody_in(self.house.open(game))
            self.house.run()
        self.assertTrue(self.house.journal.entries("g"))
        self.assertFalse(self.house.journal.entries("h"))


class Blocking(SynchronousTestCase):
    """A model that blocks."""

    def setUp(self) -> None:
        self.house = House(Thinking)
        self.house.holds_work = True

    def test_it_is_set_up_in_a_thread_and_those_who_ask_meanwhile_get_the_same_game(self) -> None:
        outcomes = [self.house.ask(), self.house.ask(opener="bob")]
        self.house.run()
        self.assertEqual((outcomes, len(self.house.works), self.house.lifecycle.quiet), ([[], []], 1, False))
        self.house.work()
        self.assertEqual(outcomes, [[self.house.games["g"]]] * 2)

    def test_where_that_fails_they_are_told_and_the_game_is_not_there(self) -> None:
        catalog = Catalog(["tests.test_beginnings:Thinking"])
        kind = catalog.default._replace(options=b'{"total":-1}')
        self.patch(catalog, "_kinds", {kind.name: kind})
        self.house.offer(catalog)
        outcomes = self.house.ask()
        self.house.run()
        self.house.work()
        self.assertEqual((refusal(outcomes).status, self.house.games), (500, {}))
        self.assertEqual([what for what, _ in self.house.reports], ["game g (Thinking), setup"])


class Waking(SynchronousTestCase):
    """A game that the journal has."""

    def setUp(self) -> None:
        self.house = House()
        self.server = self.house.open()

    def restart(self, model: type[GameModel] = Counter) -> None:
        self.house.start(kind=model)

    def test_it_stands_as_it_was_left_or_as_it_was_when_its_server_was_killed(self) -> None:
        for _ in range(3):
            self.house.do(self.server, "add")
        before = welcome(self.server)
        for kill in (True, False):
            if kill:
                self.restart()
            else:
                self.house.fall_asleep()
            writes = len(self.house.journal.of("append")) + len(self.house.journal.of("save"))
            self.server = self.house.open()
            self.assertEqual(welcome(self.server), before)
            self.assertEqual(len(self.house.journal.of("append")) + len(self.house.journal.of("save")), writes)
        self.assertEqual(self.house.do(self.server, "add")["result"], 4)
        numbers = [entry.number for entry in self.house.journal.entries("g")]
        self.assertEqual(numbers, [1, 2, 3, 4, 5])

    def test_what_was_durable_and_not_yet_said_is_there_and_known_by_its_id(self) -> None:
        answers = Answers()
        self.server.submit(AS_ALICE, Request("add", "c-1", {}), answers.append)
        self.house.turn()
        self.house.journal.next("append").happen()
        self.restart()
        reply = self.house.do(self.house.open(), "add", "c-1")
        self.assertEqual((answers, reply), ([], {"status": "ok", "id": "c-1", "result": 1, "duplicate": True}))

    def test_chance_is_no_other_than_it_would_have_been(self) -> None:
        self.restart()
        self.server = self.house.open()
        first = self.house.do(self.server, "throw")["result"]
        second = self.house.do(self.server, "throw")["result"]
        other = House()
        server = other.open()
        self.assertEqual([other.do(server, "throw")["result"] for _ in range(2)], [first, second])

    def test_who_was_here_before_is_found_by_their_epoch(self) -> None:
        for _ in range(5):
            self.house.do(self.server, "add")
        self.house.fall_asleep()
        server = self.house.open()
        places: list[Any] = []
        server.find_place(AS_ALICE, epoch(self.server), 2, places.append)
        self.house.run()
        assert isinstance(places[0], Place)
        alice = Connected(server, AS_ALICE, places[0])
        self.house.run()
        self.assertEqual([(each["text"], each["seq"]) for each in alice.events], [("3", 3), ("4", 4), ("5", 5)])

    def test_its_time_goes_on_from_where_it_was_though_the_wall_was_set_back(self) -> None:
        self.house.do(self.server, "add")
        self.house.set_forth -= 1e6
        self.restart()
        self.house.do(self.house.open(), "add")
        times = [entry.time for entry in self.house.journal.entries("g")]
        self.assertEqual(times, sorted(times))

    def test_a_kind_that_is_not_served_is_404_and_is_left_alone(self) -> None:
        self.house.start(other=Counter)
        self.assertIs(self.house.refusal(), KIND_NOT_SERVED)
        self.assertEqual((self.house.games, self.house.journal.of("discard")), ({}, []))
        self.restart()
        self.house.open()

    def test_a_kind_that_is_not_the_default_is_found_by_its_name(self) -> None:
        self.house.start(other=Duel, kind=Counter)
        self.assertEqual((self.house.open().kind, self.house.open("new").kind), ("kind", "other"))

    def test_what_can_not_be_loaded_is_500_with_an_incident_and_harms_no_other(self) -> None:
        self.restart(Renewed)
        self.house.do(self.house.open(), "add")
        self.restart(Counter)  # of an older version again
        refused = self.house.refusal()
        self.assertEqual((refused.status, refused.retryable), (500, False))
        ((what, fault),) = self.house.reports
        self.assertEqual(what, "game g (kind), loading")
        self.assertIn("version 2", str(fault))
        self.assertTrue(self.house.lifecycle.quiet)
        self.house.open("other")

    def test_a_game_of_which_the_journal_has_lost_everything_is_500_too(self) -> None:
        self.restart()
        outcomes = self.house.ask()
        self.house.journal.next("claim").answer(Stored(7, 5, None, []))
        self.assertEqual(refusal(outcomes).status, 500)

    def test_one_whose_beginning_the_journal_has_lost_is_not_played_on(self) -> None:
        self.house.do(self.server, "add")
        entries = self.house.journal.entries("g")
        self.restart()
        outcomes = self.house.ask()
        self.house.journal.next("claim").answer(Stored(7, 2, None, entries[1:]))
        self.assertIn(refusal(outcomes).status, (404, 500))
        self.assertEqual(self.house.games, {})

    def test_a_journal_that_is_down_is_503(self) -> None:
        self.restart()
        outcomes = self.house.ask()
        self.house.journal.next("claim").unavailable()
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.house.open()


class Migrating(SynchronousTestCase):
    """The fields of the class have changed since."""

    def setUp(self) -> None:
        self.house = House()
        server = self.house.open()
        self.house.do(server, "add", number=4)
        self.epoch = epoch(server)

    def test_nobody_is_let_in_before_the_journal_has_the_state_of_today(self) -> None:
        self.house.start(kind=Renewed)
        outcomes = self.house.ask()
        self.house.journal.next("claim").ok()
        self.assertEqual((outcomes, len(self.house.journal.asked)), ([], 1))
        self.house.run()
        (server,) = outcomes
        self.assertEqual(welcome(server)["state"], {"sum": 40, "rung": 0})
        self.assertEqual((epoch(server), welcome(server)["seq"]), (self.epoch, 1))

    def test_what_is_journaled_from_here_on_is_of_todays_version_and_migrates_no_more(self) -> None:
        for _ in range(3):
            self.house.start(kind=Renewed)
            result = self.house.do(self.house.open(), "add")["result"]
        self.assertEqual(result, 43)

    def test_where_the_journal_can_not_keep_it_it_is_503_and_migrated_the_next_time(self) -> None:
        self.house.start(kind=Renewed)
        outcomes = self.house.ask()
        self.house.journal.next("claim").ok()
        self.house.journal.asked[0].unavailable()
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.assertEqual(self.house.do(self.house.open(), "add")["result"], 41)

    def test_a_timer_that_is_due_waits_until_the_journal_has_the_state_of_today(self) -> None:
        self.house.do(self.house.open(), "late", seconds=1)
        self.house.start(kind=Renewed)
        self.house.clock.advance(60)
        self.house.journal.asked.clear()
        outcomes = self.house.ask()
        claim = next(each for each in self.house.journal.asked if each.what == "claim")
        claim.ok()
        for _ in range(3):
            self.house.turn()
        writes = [each for each in self.house.journal.asked if each.what in ("append", "save")]
        self.assertEqual(len(writes), 1)
        self.house.run()
        self.house.pass_time(2)
        (server,) = outcomes
        self.assertFalse(server.closed, "it is fenced by itself")
        self.assertIs(self.house.games.get("g"), server)
        self.assertEqual(welcome(server)["state"], {"sum": 40, "rung": 1})

    def test_a_game_that_has_no_fields_any_more_can_be_loaded_again(self) -> None:
        class Empty(GameModel, version=2):
            @classmethod
            def migrate(cls, state: dict[str, Any], version: int) -> None:
                state.clear()

            @command
            def look(self, player: Player) -> None: ...

        for _ in range(2):
            self.house.start(kind=Empty)
            self.assertEqual(welcome(self.house.open())["state"], {})

    def test_a_game_that_is_not_journaled_is_migrated_too(self) -> None:
        class QuickRenewed(Renewed, version=2, durability="snapshot"):
            pass

        self.house = House(Quick)
        self.house.do(self.house.open(), "add", number=4)
        self.house.fall_asleep()
        for _ in range(2):
            self.house.start(kind=QuickRenewed)
            self.assertEqual(welcome(self.house.open())["state"], {"sum": 40, "rung": 0})


class Durability(SynchronousTestCase):
    """What a game that is not journaled keeps, and when its history is another."""

    def make(self, model: type[GameModel]) -> None:
        self.house = House(model)
        self.server = self.house.open()
        self.epoch = epoch(self.server)

    def total(self) -> int:
        self.server = self.house.open()
        return int(welcome(self.server)["state"]["total"])

    def test_put_to_sleep_in_order_nothing_is_lost_and_its_epoch_is_the_same(self) -> None:
        for model in (Quick, Careless):
            self.make(model)
            for expected in (1, 2, 3):
                self.house.do(self.server, "add", f"c-{expected}")
                self.house.fall_asleep()
                self.assertEqual((self.total(), epoch(self.server)), (expected, self.epoch))
                self.assertEqual(welcome(self.server)["seq"], expected)
            self.assertEqual(self.house.do(self.server, "add", "c-2")["duplicate"], True)

    def test_stopped_in_order_nothing_is_lost_and_its_epoch_is_the_same(self) -> None:
        for model in (Quick, Careless):
            self.make(model)
            self.house.do(self.server, "add")
            stopped: list[bool] = []
            self.house.lifecycle.stop(lambda: stopped.append(True))  # noqa: B023
            self.assertEqual(stopped, [])
            self.house.run()
            self.house.start(kind=model)
            self.assertEqual((stopped, self.total(), epoch(self.server)), ([True], 1, self.epoch))

    def test_killed_it_stands_as_it_was_last_saved_under_another_epoch_and_seed(self) -> None:
        self.make(Quick)
        self.house.do(self.server, "add")
        self.house.pass_time(6)
        self.house.do(self.server, "add")
        lost = self.house.do(self.server, "throw")["result"]
        self.house.start(kind=Quick)
        self.assertEqual(self.total(), 1)
        self.assertNotEqual(epoch(self.server), self.epoch)
        places: list[Any] = []
        self.server.find_place(AS_ALICE, self.epoch, 1, places.append)
        self.assertEqual(places, [None])
        self.house.do(self.server, "add")
        self.assertNotEqual(self.house.do(self.server, "throw")["result"], lost, "who saw it would know the next")

    def test_killed_before_it_was_ever_saved_it_begins_anew_under_another_epoch(self) -> None:
        for model in (Quick, Careless):
            self.make(model)
            self.house.do(self.server, "add")
            self.house.start(kind=model)
            self.assertEqual(self.total(), 0)
            self.assertNotEqual(epoch(self.server), self.epoch)

    def test_killed_after_it_was_woken_it_has_another_epoch_though_it_was_left_in_order_before(self) -> None:
        for model in (Quick, Careless):
            self.make(model)
            self.house.do(self.server, "add")
            self.house.fall_asleep()
            self.house.do(self.house.open(), "add")
            self.house.start(kind=model)
            self.assertEqual(self.total(), 1)
            self.assertNotEqual(epoch(self.server), self.epoch)
            second = epoch(self.server)
            self.house.start(kind=model)
            self.assertEqual(self.total(), 1)
            self.assertNotEqual(epoch(self.server), second)

    def test_nobody_is_let_in_before_the_journal_knows_that_it_may_lose_something(self) -> None:
        self.make(Careless)
        self.house.fall_asleep()
        outcomes = self.house.ask()
        self.house.journal.next("claim").ok()
        save = self.house.journal.next("save")
        self.assertEqual((outcomes, save.snapshot.clean), ([], False))
        save.unavailable()
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.assertEqual((self.total(), epoch(self.server)), (0, self.epoch))

    def test_what_was_lost_under_one_durability_is_another_history_under_the_next_too(self) -> None:
        self.make(Quick)
        self.house.do(self.server, "add")
        self.house.pass_time(6)
        self.house.do(self.server, "add")
        self.house.start(kind=Counter)
        self.assertEqual(self.total(), 1)
        renewed = epoch(self.server)
        self.assertNotEqual(renewed, self.epoch)
        self.house.start(kind=Counter)
        self.assertEqual((self.total(), epoch(self.server)), (1, renewed))

    def test_a_journaled_game_keeps_its_epoch_however_it_is_stopped(self) -> None:
        self.make(Counter)
        self.house.do(self.server, "add")
        self.house.start(kind=Counter)
        self.assertEqual((self.total(), epoch(self.server)), (1, self.epoch))


class Hooks(SynchronousTestCase):
    """What a model is told from its beginning on."""

    def test_who_is_named_by_the_first_token_joins_when_the_first_of_them_comes(self) -> None:
        house = House(Told)
        server = house.open(players=("alice", "bob"))
        self.assertEqual(server.players, [None, None])
        outcomes: list[Any] = []
        server.admit("bob", ("alice", "bob"), False, outcomes.append)
        house.run()
        self.assertEqual((outcomes, server.players), ([Role(BOB, playing=True)], [ALICE, BOB]))
        self.assertEqual(welcome(server)["state"]["told"], ["alice joins", "bob joins", "start"])

    def test_after_a_crash_it_goes_on_from_there_and_who_was_here_is_expected(self) -> None:
        house = House(Told)
        server = house.open()
        for name in ("alice", "bob"):
            server.admit(name, None, False, lambda role: None)
        house.run()
        before = server.instance.standing
        house.start(kind=Told)
        server = house.open()
        self.assertEqual(server.instance.standing, before)
        Connected(server, AS_ALICE)
        house.pass_time(4)
        self.assertEqual(welcome(server)["state"]["told"], ["alice joins", "bob joins", "start"])
        house.pass_time(1)
        self.assertEqual(welcome(server)["state"]["told"], ["alice joins", "bob joins", "start", "bob away"])
        self.assertEqual((server.instance.standing.here, before.here), ({"alice"}, {"alice", "bob"}))


class Seats(SynchronousTestCase):
    """What was asked for a seat takes effect once, over a kill, too."""

    def setUp(self) -> None:
        self.house = House(Duel)
        self.alice = self.come()

    def come(self) -> Connected:
        """Alice, who comes to play."""
        server = self.house.open()
        outcomes: list[Any] = []
        server.admit("alice", None, False, outcomes.append)
        self.house.run()
        (role,) = outcomes
        return Connected(server, role)

    def say(self, name: str, id: str) -> Any:
        self.alice.news()
        self.alice.send(name, id=id)
        self.house.run()
        (reply,) = [each for each in self.alice.news() if "status" in each]
        return reply

    def kill(self) -> None:
        self.house.start(kind=Duel)
        self.alice = self.come()

    def has_seat(self) -> bool:
        return ALICE in self.house.open().players

    def test_sent_again_after_a_kill_it_does_not_undo_what_came_after_it(self) -> None:
        self.say("gamesvc.leave", "7")
        self.say("gamesvc.sit", "8")
        self.kill()
        for id, name in (("7", "gamesvc.leave"), ("8", "gamesvc.sit")):
            self.assertEqual(self.say(name, id), {"status": "ok", "id": id, "duplicate": True})
            self.assertTrue(self.has_seat())
        self.assertEqual(self.say("gamesvc.sit", "7")["error"]["code"], "id_reused")
        self.assertEqual(self.say("gamesvc.leave", "9"), {"status": "ok", "id": "9"})
        self.assertFalse(self.has_seat())

    def test_sent_again_when_a_kill_has_swallowed_the_reply_it_does_not_take_the_seat_once_more(self) -> None:
        self.alice.send("gamesvc.leave", id="7")
        self.house.turn()
        self.house.journal.answer_all()
        # She comes to play, and gets the free seat.
        self.kill()
        self.assertEqual(self.say("gamesvc.leave", "7"), {"status": "ok", "id": "7", "duplicate": True})
        self.assertTrue(self.has_seat())

    def test_it_is_known_from_a_snapshot_too(self) -> None:
        self.say("gamesvc.leave", "7")
        self.say("gamesvc.sit", "8")
        self.alice.close(CloseCode.NORMAL)
        self.house.fall_asleep()
        self.assertIsNotNone(self.house.journal.stored("g").snapshot)
        self.alice = self.come()
        self.assertEqual(self.say("gamesvc.leave", "7"), {"status": "ok", "id": "7", "duplicate": True})
        self.assertTrue(self.has_seat())

"""A game's life: created, awake, asleep, woken, lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameModel, Player, command, eventlog, field, lifecycle
from gamesvc.bot_offer import NO_BOTS, BotOffer
from gamesvc.catalog import Catalog, Kind
from gamesvc.errors import (
    GAME_DELETED,
    JOURNAL_DOWN,
    KIND_NOT_SERVED,
    NO_SUCH_GAME,
    SERVER_FULL,
    TOO_MANY_GAMES,
    CloseCode,
    HttpRefusal,
    JournalError,
    RequestRefused,
)
from gamesvc.eventlog import Place
from gamesvc.journal import Stored
from gamesvc.lifecycle import SPARED_SECONDS, TICK_SECONDS, Lifecycle, Plan
from gamesvc.limits import OVERDUE_SECONDS, Limits
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.saver import SNAPSHOT_SECONDS
from gamesvc.server import GameServer
from gamesvc.standing import Standing
from tests.tables import ALICE, BOB, Answers, Connected, World
from tests.wire import Logged

AS_ALICE = Role(ALICE, playing=True)
IDLE = Limits().idle_game_seconds


class Noted(Event):
    text: str


class Counter(GameModel):
    total: int = 0
    rung: int = 0

    @command
    def add(self, player: Player, number: int = 1) -> int:
        self.total += number
        self.publish(Noted(f"{self.total}"))
        return self.total

    @command
    def late(self, player: Player, seconds: float = 1.0) -> None:
        self.after(seconds, self.ring)

    @command
    def end(self, player: Player) -> None:
        self.finish()

    @command
    def throw(self, player: Player) -> float:
        return self.random.random()

    def ring(self) -> None:
        self.rung += 1
        self.publish(Noted("ring"))


class Quick(Counter, durability="snapshot"):
    pass


class Careless(Counter, durability="none"):
    pass


class Duel(Counter, seats=2):
    pass


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


class Shelf(Catalog):
    """What is played here. The first is the default."""

    def __init__(self, **models: type[GameModel]) -> None:
        self._models = models

    def __iter__(self) -> Iterator[Kind]:
        return (Kind(name, model) for name, model in self._models.items())

    def find(self, name: str) -> Kind | None:
        return Kind(name, self._models[name]) if name in self._models else None


class House(World):
    """A server's games, and those who ask for them."""

    def __init__(self, model: type[GameModel] = Counter, *, bots: BotOffer = NO_BOTS, **limits: Any) -> None:
        super().__init__(bots=bots)
        self.limits = Limits(**limits)
        self._bytes = count(1)
        self.start(kind=model)

    def start(self, **models: type[GameModel]) -> None:
        """Start a server; one that was running before was killed, and whatever it waited for is not told to it."""
        self.journal.asked.clear()
        self.around.attended.clear()
        for call in list(self.clock.getDelayedCalls()):
            call.cancel()
        self.games: dict[str, GameServer] = {}
        self.lifecycle = Lifecycle(self.games, Shelf(**models), self.limits, self.around, self._random_bytes)
        self.lifecycle.start()

    def _random_bytes(self, length: int) -> bytes:
        return next(self._bytes).to_bytes(length, "big")

    def ask(self, game: str = "g", opener: str | None = "alice", players: tuple[str, ...] | None = None) -> list[Any]:
        """Gets the game, or why it can't be had."""
        outcomes: list[Any] = []
        self.lifecycle.open(game, opener, players, outcomes.append)
        return outcomes

    def open(self, game: str = "g", opener: str | None = "alice", players: tuple[str, ...] | None = None) -> GameServer:
        """The game, when everything that it waits for has happened."""
        outcomes = self.ask(game, opener, players)
        self.run()
        (server,) = outcomes
        assert isinstance(server, GameServer), server.refusal
        return server

    def refusal(self, game: str = "g", opener: str | None = "alice") -> HttpRefusal:
        """Why a game can't be had."""
        outcomes = self.ask(game, opener)
        self.run()
        return refusal(outcomes)

    def do(self, server: GameServer, name: str, id: str | None = None, /, **arguments: Any) -> Any:
        """The reply to a command of alice's."""
        answers = Answers()
        server.submit(AS_ALICE, Request(name, id, arguments), answers.append)
        self.run()
        return answers.reply

    def fall_asleep(self, game: str = "g") -> None:
        """Nobody is there for long enough."""
        self.pass_time(self.limits.idle_game_seconds + 1, step=10)
        self.pass_time(1)
        assert game not in self.games


def refusal(outcomes: list[Any]) -> HttpRefusal:
    (outcome,) = outcomes
    assert isinstance(outcome, RequestRefused), outcome
    return outcome.refusal


def welcome(server: GameServer, role: Role = AS_ALICE) -> Any:
    return json.loads(server.welcome(role, None, show_state=True))


def epoch(server: GameServer) -> str:
    return str(welcome(server)["epoch"])


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

    def test_all_who_ask_meanwhile_get_the_same_game(self) -> None:
        outcomes = [self.house.ask(opener=name) for name in ("alice", "bob")]
        self.house.journal.next("claim").ok()
        outcomes.append(self.house.ask(opener="carol"))
        self.house.run()
        outcomes.append(self.house.ask(opener="dave"))
        self.assertEqual(outcomes, [[self.house.games["g"]]] * 4)
        self.assertEqual(len(self.house.journal.of("claim")), 1)

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


class Planned(SynchronousTestCase):
    """A game of which somebody has said before what it is to be."""

    def setUp(self) -> None:
        self.house = House()
        self.told: list[tuple[str, Standing]] = []
        self.house.around = replace(self.house.around, stood=lambda game, standing: self.told.append((game, standing)))
        self.plans: dict[str, Plan] = {}
        self.restart()

    def restart(self) -> None:
        self.house.start(kind=Counter)
        self.house.lifecycle._plan = self.plans.get

    def test_it_is_of_that_kind_and_those_have_its_seats_whoever_comes_first(self) -> None:
        self.plans["g"] = Plan(Kind("planned", Duel), ("bob",))
        server = self.house.open(players=("carol", "dave"))
        self.assertEqual((server.kind, server.players), ("planned", [BOB, None]))
        self.assertEqual(self.house.open("other").kind, "kind")

    def test_it_is_woken_as_that_kind_though_the_catalog_does_not_have_it(self) -> None:
        self.plans["g"] = Plan(Kind("planned", Counter))
        self.house.do(self.house.open(), "add")
        self.restart()
        self.assertEqual(welcome(self.house.open())["state"]["total"], 1)
        self.plans.clear()
        self.restart()
        self.assertIs(self.house.refusal(), KIND_NOT_SERVED)

    def test_it_is_not_forgotten_when_somebody_has_only_looked_in(self) -> None:
        self.plans["g"] = Plan(Kind("planned", Counter))
        for game in ("g", "h"):
            self.house.lifecycle.nobody_in(self.house.open(game))
            self.house.run()
        self.assertTrue(self.house.journal.entries("g"))
        self.assertFalse(self.house.journal.entries("h"))

    def test_it_is_only_created_for_who_creates(self) -> None:
        outcomes: list[Any] = []
        self.house.lifecycle.open("g", None, None, outcomes.append, creates=False)
        self.house.run()
        self.assertIs(refusal(outcomes), NO_SUCH_GAME)
        self.assertEqual(self.house.games, {})
        server = self.house.open()
        self.house.lifecycle.open("g", None, None, outcomes.append, creates=False)
        self.assertIs(outcomes[1], server)

    def test_how_it_stands_is_told_when_it_is_there_and_when_that_has_changed_and_is_durable(self) -> None:
        self.plans["g"] = Plan(Kind("planned", Duel))
        server = self.house.open()
        self.assertEqual([(game, each.seats) for game, each in self.told], [("g", (None, None))])
        server.admit("bob", None, False, lambda role: None)
        self.house.turn()
        self.assertEqual(len(self.told), 1)
        self.house.run()
        self.assertEqual((self.told[1][1].seats, self.told[1][1].started), ((BOB, None), False))
        server.admit("alice", None, False, lambda role: None)
        self.house.run()
        self.assertEqual((self.told[2][1].seats, self.told[2][1].started), ((BOB, ALICE), True))
        self.house.do(server, "add")
        self.assertEqual(len(self.told), 3)
        self.house.do(server, "end")
        self.assertEqual([each.finished for _, each in self.told], [False, False, False, True])
        self.restart()
        self.house.open()
        self.assertEqual((len(self.told), self.told[-1][1].finished), (5, True))


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
            self.assertEqual(house.around.attended, set())

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
        self.assertEqual((self.ticked(house, 5), house.around.attended), ([], set()))
        house.run()
        self.submit(house, other)
        self.assertEqual(self.ticked(house, 1), [other] * 2)

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
            self.assertEqual(house.around.attended, set(), model)
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
            self.assertEqual((self.ticked(house, 5), house.around.attended), ([], set()), model)

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


class Chosen(SynchronousTestCase):
    """A game's options."""

    def test_it_is_set_up_with_those_of_its_kind_and_keeps_them(self) -> None:
        house = House(Thinking)
        catalog = Catalog(["tests.test_lifecycle:Thinking(total=7)"])
        house.lifecycle = Lifecycle(house.games, catalog, house.limits, house.around, house._random_bytes)
        server = house.open()
        self.assertEqual(welcome(server)["state"]["total"], 7)
        opening = house.journal.entries("g")[0].opening
        assert opening is not None
        self.assertEqual(opening.options, b'{"total":7}')


class Blocking(SynchronousTestCase):
    """A model that blocks."""

    def setUp(self) -> None:
        self.house = House(Thinking)
        self.house.holds_work = True

    def work(self) -> None:
        work, done = self.house.works.pop(0)
        work()
        done()
        self.house.run()

    def test_it_is_set_up_in_a_thread_and_those_who_ask_meanwhile_get_the_same_game(self) -> None:
        outcomes = [self.house.ask(), self.house.ask(opener="bob")]
        self.house.run()
        self.assertEqual((outcomes, len(self.house.works), self.house.lifecycle.quiet), ([[], []], 1, False))
        self.work()
        self.assertEqual(outcomes, [[self.house.games["g"]]] * 2)

    def test_where_that_fails_they_are_told_and_the_game_is_not_there(self) -> None:
        catalog = Catalog(["tests.test_lifecycle:Thinking"])
        kind = catalog.default._replace(options=b'{"total":-1}')
        self.patch(catalog, "_kinds", {kind.name: kind})
        self.house.lifecycle = Lifecycle(
            self.house.games, catalog, self.house.limits, self.house.around, self.house._random_bytes
        )
        outcomes = self.house.ask()
        self.house.run()
        self.work()
        self.assertEqual((refusal(outcomes).status, self.house.games), (500, {}))
        self.assertEqual([what for what, _ in self.house.reports], ["game g (Thinking), setup"])

    def test_where_it_takes_too_long_who_asks_is_refused_for_now_and_it_is_there_later(self) -> None:
        outcomes = self.house.ask()
        self.house.pass_time(OVERDUE_SECONDS + 1)
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.work()
        self.assertIn("g", self.house.games)

    def test_a_server_that_stops_meanwhile_opens_it_no_more(self) -> None:
        outcomes = self.house.ask()
        self.house.run()
        self.house.lifecycle.stop(lambda: None)
        self.work()
        self.assertIs(refusal(outcomes), JOURNAL_DOWN)
        self.assertEqual(self.house.games, {})

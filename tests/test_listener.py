"""GameListener: who is let in, which game they get, and how it all stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameModel, Player, Secret, command, field
from gamesvc.auth import LEEWAY_SECONDS, TokenGenerator, TokenValidator
from gamesvc.errors import JournalError
from gamesvc.eventlog import RECENT_EVENTS
from gamesvc.journal import Stored
from gamesvc.keys import SigningKey, VerifyingKey
from gamesvc.limits import CLOSE_HANDSHAKE_SECONDS, DRAIN_SECONDS
from tests.wire import NOW, HeldJournal, Line, Logged, World, close_frame, frame, opening

GAMES = ("tests.test_listener:Duel",)
V1 = "Sec-WebSocket-Protocol: gamesvc.v1"


class Fired(Event):
    player: Player


class Duel(GameModel, seats=2):
    """Two players, one shot at a time."""

    @command
    def fire(self, player: Player) -> None:
        self.publish(Fired(player))

    @command
    def misfire(self, player: Player) -> None:
        raise RuntimeError("damp powder")


class Dealt(Event):
    to: Player


class Card(Event):
    number: int


class Cards(GameModel):
    """Everybody sees that a card is dealt, one player sees which."""

    deck: Secret[list[int]] = field(default_factory=lambda: [*range(52)] * 10)
    dealt: int = 0
    last: str | None = None
    seen: dict[Player, list[int]] = field(default_factory=dict)

    @command
    def deal(self, player: Player, to: Player) -> None:
        card = self.deck.pop()
        self.dealt += 1
        self.seen.setdefault(to, [])[:] = [card]
        self.publish(Dealt(to))
        self.publish(Card(card), to=[to])

    @command
    def whisper(self, player: Player, to: Player) -> None:
        self.publish(Card(0), to=[to])


class Fleeting(Cards, durability="none"):
    """The same, and the journal has no events of it."""


class Broken(GameModel):
    """Starts once, and never again."""

    STARTED: ClassVar[list[bool]] = []

    def setup(self) -> None:
        if self.STARTED:
            raise RuntimeError("broken")
        self.STARTED.append(True)

    @command
    def play(self, player: Player) -> None: ...


def settle(world: World) -> None:
    """A journal that is held says everything, until there is nothing more to say."""
    journal: Any = world.journal
    world.turn()
    while journal.held:
        journal.answer()
        world.turn()


def stored(world: World, game: str) -> Stored:
    """What the journal has of a game. Whoever asks takes it over."""
    found: list[Any] = []
    world.journal.claim(game, found.append)
    world.turn()
    assert isinstance(found[0], Stored)
    return found[0]


class Issuer:
    """Issues tokens, and makes worlds that accept them."""

    def __init__(self) -> None:
        self._world: World | None = None
        self._key = Ed25519PrivateKey.generate()
        self.generator = TokenGenerator("urn:test", SigningKey("EdDSA", self._key), self._now)

    def _now(self) -> float:
        return NOW if self._world is None else self._world.now()

    def world(self, **options: Any) -> World:
        """A world that asks for tokens, and whose clock is the issuer's too."""
        validator = TokenValidator("urn:test", VerifyingKey("EdDSA", self._key.public_key()), self._now)
        self._world = World(validator=validator, **options)
        return self._world

    def header(self, game: str, player: str, players: list[str] | None = None, **claims: Any) -> str:
        return f"Authorization: Bearer {self.generator.generate(game, player, players, **claims)}"


class Games(SynchronousTestCase):
    def test_each_game_id_has_one_game_server_which_the_first_to_ask_creates(self) -> None:
        world = World()
        for path in ("/lobby", "/x/y/lobby", "/other", "/lobby?player=bob"):
            world.opened(path)
        self.assertEqual(list(world.listener.games), ["lobby", "other"])
        self.assertEqual(len(world.listener.games["lobby"].controllers), 3)
        self.assertEqual(len(world.listener.games["lobby"].publisher.subscriptions), 3)

    def test_who_leaves_is_taken_out_of_controllers_and_subscribers(self) -> None:
        world = World()
        alice = world.opened()
        game = world.listener.games["lobby"]
        alice.cut()
        self.assertEqual((game.controllers, game.publisher.subscriptions), ((), ()))

    def test_a_game_that_nobody_is_in_is_put_to_sleep_after_a_while_and_only_then(self) -> None:
        world = World(idle_game_seconds=60, ping_interval=0)
        alice = world.opened()
        alice.say(command="hello")
        world.pass_time(120)
        alice.cut()
        world.pass_time(59)
        alice = world.opened()
        world.pass_time(120)
        self.assertIn("lobby", world.listener.games)
        alice.cut()
        world.pass_time(60)
        self.assertEqual(world.listener.games, {})

    def test_a_game_in_which_nothing_has_happened_is_forgotten_at_once(self) -> None:
        world = World(max_games=1)
        for number in range(3):
            world.opened(f"/g{number}").cut()
        self.assertEqual(world.listener.games, {})

    def test_a_game_with_a_player_in_a_seat_is_not(self) -> None:
        world = World(games=GAMES)
        world.opened("/g?player=alice").cut()
        self.assertEqual(world.listener.games["g"].players, ["alice", None])

    def test_a_game_that_slept_goes_on_where_it_was(self) -> None:
        world = World(idle_game_seconds=1, games=GAMES)
        alice, bob = world.opened("/g?player=alice"), world.opened("/g?player=bob")
        alice.say(command="fire")
        for line in (alice, bob):
            line.cut()
        world.pass_time(1)
        self.assertEqual(world.listener.games, {})
        carol, alice = world.opened("/g?player=carol"), world.opened("/g?player=alice")
        alice.say(command="fire")
        self.assertEqual(alice.heard()[0], {"event": "Fired", "player": "alice", "seq": 2})
        carol.say(command="fire")
        self.assertEqual(carol.heard()[-1]["error"]["code"], "not_a_player", "the seats are taken")
        self.assertEqual(world.listener.games["g"].players, ["alice", "bob"])

    def test_the_journal_forgets_a_game_in_which_nothing_has_happened_and_no_other(self) -> None:
        world = World()
        world.opened("/silent").cut()
        lively = world.opened("/lively")
        lively.say(command="hello")
        lively.cut()
        world.turn()
        self.assertEqual([stored(world, game).last for game in ("silent", "lively")], [0, 2])

    def test_those_who_ask_at_once_for_a_game_that_is_not_awake_get_the_same_one(self) -> None:
        journal = HeldJournal()
        world = World(journal=journal)
        lines = [world.line() for _ in range(3)]
        for line in lines:
            line.ask("/lobby")
        self.assertEqual(len(journal.held), 1)
        journal.answer()
        self.assertEqual([line.response().status for line in lines], [101] * 3)
        self.assertEqual(len(world.listener.games["lobby"].controllers), 3)

    def test_a_game_of_a_kind_that_is_not_served_any_more_is_a_404_and_stays_as_it_is(self) -> None:
        journal = HeldJournal()
        for games, status in ((GAMES, 101), (("greetings",), 404), (("greetings", *GAMES), 101)):
            world = World(journal=journal, games=games)
            line = world.line()
            line.ask("/g?player=alice")
            settle(world)
            response = line.response()
            self.assertEqual(response.status, status)
            self.assertEqual(list(world.listener.games), ["g"] if status == 101 else [])

    def test_a_game_that_was_deleted_is_a_410(self) -> None:
        class Emptied(HeldJournal):
            def claim(self, game: str, done: Callable[[Stored | JournalError], None]) -> None:
                done(Stored(1, 7, None, [], deleted=True))

        line = World(journal=Emptied()).line()
        line.ask("/g")
        response = line.response()
        self.assertEqual((response.status, response.code), (410, "game_deleted"))

    def test_a_game_that_another_server_takes_over_closes_its_connections_with_4002(self) -> None:
        world = World()
        alice = world.opened("/lobby")
        stored(world, "lobby")
        alice.say(command="hello", id="1")
        world.turn()
        reply, code = alice.heard()
        self.assertEqual((reply["error"]["code"], reply["error"]["retryable"], code), ("unavailable", True, 4002))
        self.assertEqual(world.listener.games, {})
        alice = world.opened("/lobby")
        alice.say(command="hello")
        self.assertEqual(alice.heard()[0]["seq"], 1)

    def test_a_model_that_fails_at_its_creation_is_a_500_and_leaves_nothing_behind(self) -> None:
        world = World(games=("tests.test_listener:Broken",), max_games_per_player=1, max_connections_per_address=1)
        for _ in range(3):
            line = world.line()
            line.ask("/lobby?player=alice")
            response = line.response()
            self.assertEqual((response.status, response.code), (500, "internal_error"))
            self.assertIn(b"72727272", response.body)
            line.cut()
        self.assertEqual(world.listener.games, {})


class ComingBack(SynchronousTestCase):
    """Who says how far they have heard is told what they missed, or how things stand."""

    def setUp(self) -> None:
        self.world = self.a_world("Cards")
        self.dealer = self.world.opened("/g?player=dealer")

    def a_world(self, game: str, **options: Any) -> World:
        unbounded = {"ping_interval": 0, "commands_per_second": 0, "frames_per_second": 0}
        options |= {**unbounded, "idle_game_seconds": 5}
        return World(games=(f"tests.test_listener:{game}",), **options)

    def came(self, query: str, player: str = "alice") -> list[Any]:
        """What somebody hears who comes now."""
        line = self.world.line()
        line.ask(f"/g?player={player}&{query}", V1)
        self.world.turn()
        self.assertEqual(line.response().status, 101)
        heard = line.heard()
        line.cut()
        return heard

    def deal(self, *players: str) -> None:
        for player in players:
            self.dealer.say(command="deal", to=player)

    def test_with_the_epoch_and_the_last_number_they_get_what_they_missed_and_nothing_else(self) -> None:
        self.deal("alice")
        (welcome,) = self.came("")
        self.assertEqual((welcome["seq"], welcome["resumed"]), (2, False))
        self.deal("bob", "alice", "bob")
        again, *missed = self.came(f"epoch={welcome['epoch']}&since=2")
        self.assertEqual((again["seq"], again["resumed"], again["epoch"]), (6, True, welcome["epoch"]))
        self.assertNotIn("state", again)
        told = [(each["event"], each["seq"]) for each in missed]
        self.assertEqual(told, [("Dealt", 3), ("Dealt", 4), ("Card", 5), ("Dealt", 6)])
        nothing = self.came(f"epoch={welcome['epoch']}&since=6")
        self.assertEqual([each["resumed"] for each in nothing], [True])

    def test_who_knew_another_history_or_a_number_that_was_not_yet_is_told_how_things_stand(self) -> None:
        self.deal("alice")
        (welcome,) = self.came("")
        epoch = welcome["epoch"]
        for query in (f"epoch={epoch}x&since=1", f"epoch={epoch}&since=3", "since=1", f"epoch={epoch}.public&since=1"):
            (again,) = self.came(query)
            self.assertEqual((again["resumed"], again["seq"]), (False, 2), query)
            self.assertEqual(again["state"], {"dealt": 1, "seen": {"alice": [51]}}, query)

    def test_an_epoch_without_a_number_is_no_coming_back(self) -> None:
        (welcome,) = self.came("epoch=x")
        self.assertEqual((welcome["resumed"], "state" in welcome), (False, False))

    def test_from_0_on_they_get_all_the_history_whatever_the_epoch(self) -> None:
        self.deal("alice", "bob")
        welcome, *missed = self.came("since=0")
        self.assertIs(welcome["resumed"], True)
        self.assertEqual([each["seq"] for each in missed], [1, 2, 3])

    def test_who_asks_for_the_state_gets_it_without_secrets_in_the_welcome_or_after_what_they_missed(self) -> None:
        self.deal("alice")
        state = {"dealt": 1, "seen": {"alice": [51]}}
        (welcome,) = self.came("state=1")
        self.assertEqual((welcome["resumed"], welcome["seq"], welcome["state"]), (False, 2, state))
        welcome, *missed, last = self.came("state=1&since=0")
        self.assertEqual((welcome["resumed"], "state" in welcome), (True, False))
        self.assertEqual([each["seq"] for each in missed], [1, 2])
        self.assertEqual(last, {"event": "gamesvc.state", "seq": 2, "state": state})

    def test_a_spectators_history_is_another_one(self) -> None:
        self.deal("alice", "bob")
        (playing,), (watching,) = self.came(""), self.came("spectate=1")
        self.assertNotEqual(playing["epoch"], watching["epoch"])
        (refused,) = self.came(f"spectate=1&epoch={playing['epoch']}&since=1")
        self.assertIs(refused["resumed"], False)
        again, *missed = self.came(f"spectate=1&epoch={watching['epoch']}&since=1")
        self.assertEqual((again["resumed"], [each["event"] for each in missed]), (True, ["Dealt"]))

    def test_a_client_of_the_classroom_library_gets_what_comes_and_nothing_else(self) -> None:
        self.deal("alice")
        line = self.world.opened("/g?player=alice&since=0&state=1")
        self.assertEqual(line.heard(), [])
        self.deal("bob")
        self.assertEqual([each["seq"] for each in line.heard()], [3])

    def test_what_happens_while_they_come_is_neither_lost_nor_told_twice(self) -> None:
        journal = HeldJournal()
        self.world = self.a_world("Cards", journal=journal)
        dealer, alice = self.world.line(), self.world.line()
        dealer.ask("/g?player=dealer")
        settle(self.world)
        dealer.say(command="deal", to="alice")
        alice.ask("/g?player=alice&since=0", V1)
        dealer.say(command="deal", to="alice")
        settle(self.world)
        self.assertEqual(alice.response().status, 101)
        welcome, *events = alice.heard()
        self.assertIs(welcome["resumed"], True)
        self.assertEqual([each["seq"] for each in events], [1, 2, 3, 4])

    def test_a_game_that_sleeps_forgets_nothing(self) -> None:
        self.deal(*["alice", "bob"] * 200)
        (welcome,) = self.came("")
        before = self.came(f"epoch={welcome['epoch']}&since=0")
        self.dealer.cut()
        self.world.pass_time(6)
        self.assertEqual(self.world.listener.games, {})
        after = self.came(f"epoch={welcome['epoch']}&since=0")
        self.assertEqual(after[1:], before[1:])
        self.assertEqual([each["seq"] for each in after[1:]], [*range(1, 601)])
        self.assertEqual((after[0]["resumed"], after[0]["seq"]), (True, 600))

    def test_others_secrets_do_not_decide_whether_they_are_told(self) -> None:
        # Where the journal has no events, all there is of them is what is recent.
        for secrets in (0, 5, RECENT_EVENTS + 1):
            self.world = self.a_world("Fleeting")
            self.dealer = self.world.opened("/g?player=dealer")
            self.deal("alice")
            for _ in range(secrets):
                self.dealer.say(command="whisper", to="bob")
            welcome, *missed = self.came("since=0")
            self.assertEqual((welcome["resumed"], len(missed)), (True, 2), f"{secrets} secrets of others")


class Tokens(SynchronousTestCase):
    def setUp(self) -> None:
        self.issuer = Issuer()
        self.world = self.issuer.world(games=GAMES, idle_game_seconds=0, ping_interval=0)

    def refused(self, path: str, *headers: str) -> tuple[int, str]:
        line = self.world.line()
        line.ask(path, *headers)
        response = line.response()
        if response.status == 401:
            self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")
        return response.status, response.code

    def test_a_token_admits_in_each_place_where_it_may_be_given_and_is_never_echoed(self) -> None:
        token = self.issuer.generator.generate("g", "alice", ["alice", "bob"])
        self.world.opened("/g", f"Authorization: Bearer {token}")
        self.world.opened(f"/g?token={token}")
        for offer in (f"gamesvc.v1, bearer.{token}", f"bearer.{token}, gamesvc.classic"):
            line = self.world.line()
            line.ask("/g", f"Sec-WebSocket-Protocol: {offer}")
            self.assertIn(line.response().headers["Sec-WebSocket-Protocol"], ("gamesvc.v1", "gamesvc.classic"))
        self.assertEqual(len(self.world.listener.games["g"].controllers), 4)

    def test_without_one_with_a_wrong_one_or_for_another_game_nobody_gets_in(self) -> None:
        self.assertEqual(self.refused("/g"), (401, "token_missing"))
        self.assertEqual(self.refused("/g", "Authorization: Bearer nonsense"), (401, "token_invalid"))
        self.assertEqual(self.refused("/g", Issuer().header("g", "alice")), (401, "token_invalid"))
        self.assertEqual(self.refused("/g", self.issuer.header("h", "alice")), (403, "wrong_game"))
        self.assertEqual(self.refused("/g", self.issuer.header("g", "eve", ["a", "b"])), (403, "player_not_in_game"))
        self.assertEqual(self.world.listener.games, {}, "and no game is created for them")

    def test_who_is_not_among_the_players_that_the_game_was_made_for_is_refused(self) -> None:
        self.world.opened("/g", self.issuer.header("g", "alice", ["alice", "bob"]))
        self.assertEqual(
            self.refused("/g", self.issuer.header("g", "eve", ["eve", "bob"])), (403, "player_not_in_game")
        )

    def test_who_is_refused_at_the_door_of_a_new_game_leaves_none_behind(self) -> None:
        three = ["alice", "bob", "carol"]
        self.assertEqual(self.refused("/g", self.issuer.header("g", "carol", three)), (403, "player_not_in_game"))
        self.assertEqual(self.world.listener.games, {})

    def test_a_connection_is_closed_with_4401_when_its_token_expires_without_leeway(self) -> None:
        alice = self.world.opened("/g", self.issuer.header("g", "alice", lifetime=60))
        self.world.pass_time(59.75)
        self.assertEqual(alice.heard(), [])
        self.world.pass_time(0.25)
        self.assertEqual(alice.heard(), [4401])

    def test_a_token_admits_a_little_after_it_expired_and_its_connection_ends_at_once(self) -> None:
        header = self.issuer.header("g", "alice", lifetime=1)
        self.world.pass_time(LEEWAY_SECONDS)
        alice = self.world.opened("/g", header)
        self.world.turn()
        self.assertEqual(alice.heard(), [4401])
        self.world.pass_time(2)
        self.assertEqual(self.refused("/g", header), (401, "token_expired"))

    def test_the_first_tokens_players_are_seated_in_their_order(self) -> None:
        line = self.world.line()
        line.ask("/g", self.issuer.header("g", "bob", ["alice", "bob"]), "Sec-WebSocket-Protocol: gamesvc.v1")
        line.response()
        (welcome,) = line.heard()
        self.assertEqual((welcome["players"], welcome["present"]), (["alice", "bob"], ["bob"]))

    def test_a_spectator_sees_but_does_not_play(self) -> None:
        alice = self.world.opened("/g", self.issuer.header("g", "alice", ["alice", "bob"]))
        carol = self.world.opened("/g", self.issuer.header("g", "carol", ["alice", "bob"], spectate=True))
        carol.say(command="fire")
        self.assertEqual(carol.heard()[0]["error"]["code"], "not_a_player")
        alice.say(command="fire")
        self.assertEqual(carol.heard(), [{"event": "Fired", "player": "alice", "seq": 1}])


class Bounds(SynchronousTestCase):
    def refused(self, world: World, path: str = "/lobby", host: str = "192.0.2.1") -> tuple[int, str, bool]:
        line = world.line(host)
        line.ask(path)
        response = line.response()
        return response.status, response.code, "Retry-After" in response.headers

    def test_connections_of_the_server(self) -> None:
        world = World(max_connections=2)
        alice = world.opened()
        world.opened()
        self.assertEqual(self.refused(world), (503, "server_full", True))
        alice.cut()
        world.pass_time(2)
        world.opened()

    def test_connections_of_an_address(self) -> None:
        world = World(max_connections_per_address=2)
        first = world.opened()
        world.opened()
        self.assertEqual(self.refused(world), (429, "too_many_connections", True))
        world.opened(host="192.0.2.2")
        first.cut()
        world.opened()

    def test_connections_of_an_address_count_from_the_first_byte_to_the_last(self) -> None:
        world = World(max_connections_per_address=1, max_connections=2)
        silent = world.line()
        self.assertEqual(self.refused(world), (429, "too_many_connections", True))
        world.pass_time(2)
        silent.cut()
        refused = world.line()
        refused.ask("/no.dots")
        self.assertEqual(self.refused(world), (429, "too_many_connections", True))
        world.pass_time(2)
        world.opened()

    def test_far_too_many_connections_are_not_even_refused(self) -> None:
        world = World(max_connections=1)
        alice = world.opened()
        lines = [world.line() for _ in range(300)]
        self.assertEqual(sum(not line.transport.lost for line in lines), 256)
        self.assertEqual(len(world.listener.connections), 257)
        alice.say(command="hello")
        self.assertEqual(len(alice.heard()), 2)

    def test_connections_of_a_player_to_a_game_the_oldest_goes(self) -> None:
        world = World(max_connections_per_player=2)
        lines = [world.opened("/lobby?player=alice") for _ in range(3)]
        elsewhere = world.opened("/other?player=alice")
        self.assertEqual([line.heard() for line in (*lines, elsewhere)], [[4409], [], [], []])

    def test_games_of_the_server(self) -> None:
        world = World(max_games=1)
        world.opened("/a")
        world.opened("/a")
        self.assertEqual(self.refused(world, "/b"), (503, "server_full", True))

    def test_games_that_a_player_opened_until_they_are_forgotten(self) -> None:
        world = World(max_games_per_player=1, idle_game_seconds=10)
        first = world.opened("/a?player=alice")
        first.say(command="hello")
        self.assertEqual(self.refused(world, "/b?player=alice"), (429, "too_many_games", True))
        world.opened("/b?player=bob")
        world.opened("/b?player=alice")
        first.cut()
        world.pass_time(10)
        world.opened("/c?player=alice")

    def test_zero_means_none(self) -> None:
        world = World(
            max_header_bytes=0,
            max_message_bytes=0,
            commands_per_second=0,
            frames_per_second=0,
            handshake_timeout=0,
            ping_interval=0,
            ping_timeout=0,
            max_connections=0,
            max_connections_per_player=0,
            max_connections_per_address=0,
            max_games_per_player=0,
            max_games=0,
            idle_game_seconds=0,
        )
        idler = world.line()
        lines = [world.opened(f"/g{number}?player=alice", "X: " + "x" * 30000) for number in range(200)]
        lines += [world.opened("/g0?player=alice") for _ in range(10)]
        for _ in range(500):
            lines[0].say(command="hello")
        lines[0].say(command="hello", more="x" * 100_000)
        self.assertEqual(len(lines[0].heard()), 1001)
        world.pass_time(100)
        self.assertEqual([line.transport.lost for line in (idler, *lines)], [False] * 211)


class Stop(SynchronousTestCase):
    def test_every_connection_gets_what_is_due_and_1012(self) -> None:
        world = World()
        lines = [world.opened(f"/{game}") for game in "abb"]
        lines[1].protocol.dataReceived(frame(b'{"command":"hello"}'))  # and the turn has not ended
        done = world.listener.stop()
        world.pass_time(0.5)
        heard = [line.heard() for line in lines]
        self.assertEqual([each[-1] for each in heard], [1012] * 3)
        self.assertEqual([len(each) for each in heard], [1, 3, 2])
        self.assertNoResult(done)
        for line in lines:
            line.cut()
        self.successResultOf(done)
        world.turn()
        self.assertEqual(world.reactor.getDelayedCalls(), [])

    def test_what_is_on_its_way_to_the_journal_is_waited_for_and_nothing_more_takes_effect(self) -> None:
        journal = HeldJournal()
        world = World(journal=journal, ping_interval=0)
        alice = world.line()
        alice.ask()
        settle(world)
        alice.response()
        alice.say(command="hello")
        done = world.listener.stop()
        world.pass_time(3)
        alice.say(command="yo")
        self.assertEqual((alice.heard(), alice.transport.half_closed), ([], False))
        settle(world)
        world.pass_time(0.25)
        event, reply, refusal, code = alice.heard()
        self.assertEqual(
            (event["seq"], reply, refusal["error"]["code"], code), (1, {"status": "ok"}, "unavailable", 1012)
        )
        alice.cut()
        self.successResultOf(done)

    def test_a_journal_that_does_not_answer_is_not_waited_for(self) -> None:
        journal = HeldJournal()
        world = World(journal=journal, ping_interval=0)
        alice, newcomer = world.line(), world.line()
        alice.ask()
        settle(world)
        alice.response()
        alice.say(command="hello")
        newcomer.ask("/other")
        done = world.listener.stop()
        world.pass_time(DRAIN_SECONDS + CLOSE_HANDSHAKE_SECONDS + 1.5)
        self.successResultOf(done)
        self.assertTrue(alice.transport.lost and newcomer.transport.lost)
        settle(world)
        self.assertEqual(world.reactor.getDelayedCalls(), [])

    def test_who_was_about_to_enter_is_told_that_the_server_stops(self) -> None:
        journal = HeldJournal()
        world = World(journal=journal, ping_interval=0)
        line = world.line()
        line.ask()
        done = world.listener.stop()
        settle(world)
        response = line.response()
        self.assertEqual((response.status, response.code), (503, "draining"))
        world.pass_time(3)
        self.successResultOf(done)

    def test_games_that_are_not_journaled_are_saved_when_everybody_is_out(self) -> None:
        journal = HeldJournal()
        world = World(journal=journal, games=("tests.test_listener:Fleeting",), ping_interval=0)
        dealer = world.line()
        dealer.ask("/g?player=dealer")
        settle(world)
        dealer.response()
        dealer.say(command="deal", to="alice")
        done = world.listener.stop()
        world.pass_time(0.5)
        self.assertEqual(dealer.heard()[-1], 1012)
        dealer.cut()
        self.assertNoResult(done)
        settle(world)
        self.successResultOf(done)
        again = World(journal=journal, games=("tests.test_listener:Fleeting",), ping_interval=0)
        alice = again.line()
        alice.ask("/g?player=alice&state=1", V1)
        settle(again)
        alice.response()
        (welcome,) = alice.heard()
        self.assertEqual((welcome["seq"], welcome["state"]["dealt"]), (2, 1))

    def test_a_journal_that_can_not_save_does_not_keep_the_server_from_stopping(self) -> None:
        journal = HeldJournal()
        world = World(journal=journal, games=("tests.test_listener:Fleeting",), ping_interval=0)
        dealer = world.line()
        dealer.ask("/g?player=dealer")
        settle(world)
        dealer.say(command="deal", to="alice")
        dealer.cut()
        done = world.listener.stop()
        world.pass_time(DRAIN_SECONDS - 0.25)
        self.assertNoResult(done)
        world.pass_time(0.5)
        self.successResultOf(done)
        settle(world)
        self.assertEqual(world.reactor.getDelayedCalls(), [])

    def test_those_who_do_not_answer_are_cut_off(self) -> None:
        world = World()
        stuck = world.opened()
        stuck.transport.room = 0
        done = world.listener.stop()
        world.pass_time(2)
        self.successResultOf(done)
        self.assertTrue(stuck.transport.lost)

    def test_those_who_closed_and_do_not_read_are_cut_off_too(self) -> None:
        world = World()
        stuck = world.opened()
        stuck.transport.room = 0
        stuck.say(command="hello")
        stuck.send(close_frame())
        done = world.listener.stop()
        world.pass_time(2)
        self.successResultOf(done)

    def test_nobody_is_let_in_any_more(self) -> None:
        world = World()
        late, stays = world.line(), world.opened()
        early = world.line()
        early.send(b"GET")
        world.listener.stop()
        self.assertTrue(early.transport.lost and late.transport.lost, "half a handshake is not waited for")
        newcomer = Line(world)
        newcomer.send(opening())
        self.assertEqual((newcomer.response().status, stays.heard()), (503, [1012]))

    def test_with_nobody_there_it_is_done_at_once(self) -> None:
        self.successResultOf(World().listener.stop())


class Log(SynchronousTestCase):
    def test_what_a_model_raises_is_in_the_log_with_the_incident_that_its_player_got(self) -> None:
        logged = Logged(self)
        world = World(games=GAMES)
        alice, bob = world.opened("/g?player=alice"), world.opened("/g?player=bob")
        alice.say(command="misfire")
        (reply,) = alice.heard()
        self.assertEqual(reply["error"]["code"], "internal_error")
        self.assertIn("72727272", reply["error"]["message"])
        self.assertNotIn("powder", reply["error"]["message"])
        (incident,) = [text for text in logged.texts() if "72727272" in text]
        self.assertIn("damp powder", incident)
        self.assertIn("misfire", incident)
        self.assertEqual(bob.heard(), [])

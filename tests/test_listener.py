"""GameListener: who is let in, which game they get, and how it all stops."""

from __future__ import annotations

from typing import Any, ClassVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameModel, Player, command
from gamesvc.auth import LEEWAY_SECONDS, TokenGenerator, TokenValidator
from gamesvc.keys import SigningKey, VerifyingKey
from tests.wire import NOW, Line, Logged, World, close_frame, frame, opening

GAMES = ("tests.test_listener:Duel",)


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


class Broken(GameModel):
    """Starts once, and never again."""

    STARTED: ClassVar[list[bool]] = []

    def setup(self) -> None:
        if self.STARTED:
            raise RuntimeError("broken")
        self.STARTED.append(True)

    @command
    def play(self, player: Player) -> None: ...


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

    def test_a_game_that_nobody_is_in_is_forgotten_after_a_while_and_only_then(self) -> None:
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

    def test_a_game_that_was_forgotten_starts_afresh(self) -> None:
        world = World(idle_game_seconds=1)
        alice = world.opened()
        alice.say(command="hello")
        alice.cut()
        world.pass_time(1)
        alice = world.opened()
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
        heard = [line.heard() for line in lines]
        self.assertEqual([each[-1] for each in heard], [1012] * 3)
        self.assertEqual([len(each) for each in heard], [1, 3, 2])
        self.assertNoResult(done)
        for line in lines:
            line.cut()
        self.successResultOf(done)
        world.turn()
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

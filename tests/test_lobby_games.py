"""Games that are made through the lobby: who sits where, who may do what, and what is known after a crash."""

from __future__ import annotations

from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameError, GameModel, Move, Player, command
from gamesvc.errors import BAD_OPTIONS, RequestRefused
from gamesvc.web import lobby_games, lobby_listing
from gamesvc.web.lobby_model import LOBBY
from tests.lobbies import LobbyWorld
from tests.wire import Logged

V1 = "Sec-WebSocket-Protocol: gamesvc.v1"


class Party(GameModel, seats=(2, 4)):
    """From two to four."""

    size: int = 0

    def setup(self, size: int = 1, note: str = "") -> None:
        if size > 9:
            raise GameError("nine is enough")
        if size < 0:
            raise RuntimeError("secret reasons")
        self.size = size

    def on_join(self, player: Player) -> None:
        if player == "troll":
            raise GameError("not you")

    def on_leave(self, player: Player) -> None: ...

    @command
    def end(self, player: Player) -> None:
        self.finish()


class Thinkable(Party, seats=(2, 4)):
    """Bots can play it."""

    def legal(self, player: Player) -> tuple[Move, ...]:
        return ()


class Trio(Thinkable, seats=(3, 4)):
    """Three have to come."""


class Deserted(Party, seats=(2, 4)):
    """Over when the second one has left it."""

    left: int = 0

    def on_leave(self, player: Player) -> None:
        self.left += 1
        if self.left == 2:
            self.finish()


PARTY = "tests.test_lobby_games:Party"


class MakingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld(games=("tic-tac-toe", "chat", f"{PARTY}(size=3)"), max_games_per_player=5)

    def test_its_maker_gets_the_first_seat(self) -> None:
        made = self.world.ask("POST", "/games", "ann", {"kind": "tic-tac-toe"}).json
        self.assertEqual(made["game"]["players"], ["ann", None])
        self.assertEqual([made["game"][key] for key in ("free", "state", "by", "public")], [1, "open", "ann", True])
        self.assertEqual(made["seat"], {"player": "ann", "url": f"/{made['game']['id']}?player=ann", "token": None})

    def test_the_seat_is_one_in_the_game_that_was_asked_for_and_not_in_the_first_kind(self) -> None:
        seat = self.world.ask("POST", "/games", "ann", {"kind": "chat"}).json["seat"]
        welcome = self.world.opened(seat["url"], V1).heard()[0]
        self.assertEqual([welcome["kind"], welcome["playing"]], ["chat", True])

    def test_options_are_those_of_the_server_where_none_are_given(self) -> None:
        made = self.world.ask("POST", "/games", "ann", {"kind": "Party"}).json
        self.assertEqual(made["game"]["options"], {"size": 3, "note": ""})
        wish = {"kind": "Party", "options": {"size": 4}}
        made = self.world.ask("POST", "/games", "ann", wish).json
        self.assertEqual(made["game"]["options"], {"size": 4, "note": ""})
        welcome = self.world.opened(made["seat"]["url"] + "&state=1", V1).heard()
        self.assertEqual(next(each["state"] for each in welcome if "state" in each)["size"], 4)

    def test_options_with_which_it_cannot_begin_are_refused_and_nothing_is_made(self) -> None:
        for options, said in (
            ({"size": "x"}, "size"),
            ({"sise": 1}, "sise"),
            ({"size": 10}, "nine"),
            ({"size": -1}, ""),
            ({"note": "x" * 2048}, "2048 bytes"),
        ):
            response = self.world.ask("POST", "/games", "ann", {"kind": "Party", "options": options})
            self.assertEqual((response.status, response.code), (400, "bad_options"))
            self.assertIn(said, response.json["error"]["message"])
            self.assertNotIn("secret", response.json["error"]["message"])
        self.assertEqual(self.world.ask("GET", "/games").json["games"], [])

    def test_what_is_not_served_is_not_made(self) -> None:
        response = self.world.ask("POST", "/games", "ann", {"kind": "checkers"})
        self.assertEqual((response.status, response.code), (404, "kind_not_served"))
        self.assertRegex(response.json["error"]["message"], ": tic-tac-toe, chat, Party$")
        with mock.patch.object(lobby_listing, "_MAX_NAMED", 2):
            response = self.world.ask("POST", "/games", "ann", {"kind": "checkers"})
        self.assertRegex(response.json["error"]["message"], ": tic-tac-toe, chat, ...$")

    def test_fewer_seats_than_there_could_be(self) -> None:
        game = self.world.made(kind="Party", seats=2)
        self.assertEqual(self.world.ask("POST", f"/games/{game}/join", "bob").status, 200)
        response = self.world.ask("POST", f"/games/{game}/join", "carl")
        self.assertEqual((response.status, response.code), (409, "no_seat"))
        for seats in (1, 5):
            response = self.world.ask("POST", "/games", "ann", {"kind": "Party", "seats": seats})
            self.assertEqual((response.status, response.code), (400, "bad_body"))

    def test_for_named_players_their_seats_are_theirs(self) -> None:
        for kind in ("tic-tac-toe", "Party"):
            game = self.world.made(kind=kind, players=["bob", "carl"], seats=2)
            self.assertEqual(self.world.ask("GET", f"/games/{game}").json["players"][:2], ["bob", "carl"])
            self.assertEqual(self.world.ask("POST", f"/games/{game}/join", "dora").code, "no_seat")
            self.assertEqual(self.world.ask("POST", f"/games/{game}/join", "carl").status, 200)

    def test_its_maker_watches_where_it_is_for_others(self) -> None:
        seat = self.world.ask("POST", "/games", "ann", {"kind": "tic-tac-toe", "players": ["bob", "carl"]}).json["seat"]
        self.assertTrue(seat["url"].endswith("?player=ann&spectate=1"))

    def test_bots_take_seats(self) -> None:
        game = self.world.ask("POST", "/games", "ann", {"kind": "tic-tac-toe", "bots": ["random"]}).json["game"]
        self.assertEqual((game["players"], game["state"]), (["ann", "bot-random"], "playing"))

    def test_a_bot_that_there_is_not_makes_no_game(self) -> None:
        response = self.world.ask("POST", "/games", "ann", {"kind": "tic-tac-toe", "bots": ["deep"]})
        self.assertEqual((response.status, response.code), (409, "no_bot"))
        self.assertEqual(self.world.ask("GET", "/games").json["games"], [])

    def test_more_games_than_one_may_have_are_refused_until_one_is_over(self) -> None:
        games = [self.world.made(kind="Party") for _ in range(5)]
        response = self.world.ask("POST", "/games", "ann", {"kind": "chat"})
        self.assertEqual((response.status, response.code), (429, "too_many_games"))
        self.world.ask("POST", f"/games/{games[0]}/join", "bob")
        line = self.world.opened(f"/{games[0]}?player=ann")
        line.say(command="end")
        self.world.settle()
        self.world.made("bob")

    def test_games_that_sleep_count_too(self) -> None:
        for _ in range(5):
            self.world.made()
        self.world.pass_time(600, 5)
        self.assertEqual(list(self.world.listener.games), [LOBBY])
        self.assertEqual(self.world.ask("POST", "/games", "ann", {"kind": "chat"}).code, "too_many_games")

    def test_a_request_that_is_sent_again_makes_no_other_game(self) -> None:
        def make(who: str = "ann", key: str = "k1", **wish: Any) -> Any:
            body = {"kind": "tic-tac-toe", "bots": ["random"], **wish}
            return self.world.begin("POST", "/games", who, body, headers={"Idempotency-Key": key})

        first, again = make().response, make().response
        self.assertEqual((first.status, again.status, again.json["seat"]), (201, 201, first.json["seat"]))
        self.assertEqual(again.json["game"]["players"], ["ann", "bot-random"])
        self.assertEqual(len(self.world.records.known.newest), 1)
        others = [make(key="k2"), make("bob"), make(bots=[])]
        ids = {first.json["game"]["id"], *(each.response.json["game"]["id"] for each in others)}
        self.assertEqual(len(ids), 4)
        # Not even where no more games may be made, and it is one that is there.
        make(key="k3")
        make(key="k4")
        self.assertEqual(make(key="k5").response.code, "too_many_games")
        self.assertEqual(make().response.status, 201)

    def test_nor_one_that_is_sent_again_before_it_is_answered(self) -> None:
        world = LobbyWorld(games=("crazy-eights",))
        wish = {"kind": "crazy-eights", "seats": 3, "bots": ["random", "random"]}
        with mock.patch.object(world, "settle"):
            given = {"Idempotency-Key": "k"}
            asked = [world.begin("POST", "/games", "ann", wish, headers=given) for _ in range(3)]
        world.settle()
        shown = [each.response.json["game"]["players"][:4] for each in asked]
        self.assertEqual(shown, [["ann", "bot-random", "bot-random-2", None]] * 3)
        self.assertEqual(len(world.records.known.newest), 1)

    def test_one_that_could_not_be_made_is_made_when_it_is_sent_again(self) -> None:
        world = LobbyWorld(max_games=2)
        full = world.made()
        given = {"Idempotency-Key": "k"}
        self.assertEqual(world.ask("POST", "/games", "bob", {"kind": "chat"}, headers=given).code, "server_full")
        world.pass_time(400, 5)
        self.assertNotIn(full, world.listener.games)
        self.assertEqual(world.ask("POST", "/games", "bob", {"kind": "chat"}, headers=given).status, 201)
        self.assertEqual(len(world.records.known.newest), 2)
        # Nor is one that is there forgotten, because it can't be woken now.
        world.pass_time(400, 5)
        world.ask("POST", f"/games/{full}/join", "dora")
        self.assertEqual(world.ask("POST", "/games", "bob", {"kind": "chat"}, headers=given).code, "server_full")
        self.assertEqual(len(world.records.known.newest), 2)

    def test_a_game_that_cannot_be_opened_is_not_listed(self) -> None:
        world = LobbyWorld(max_games=2)
        world.made()
        response = world.ask("POST", "/games", "bob", {"kind": "chat"})
        self.assertEqual((response.status, response.code), (503, "server_full"))
        self.assertEqual(len(world.ask("GET", "/games").json["games"]), 1)

    def test_where_there_are_no_seats_all_may_come(self) -> None:
        game = self.world.made(kind="chat")
        self.assertIsNone(self.world.ask("GET", f"/games/{game}").json["free"])
        self.assertEqual(self.world.ask("POST", f"/games/{game}/join", "bob").status, 200)
        response = self.world.ask("POST", "/games", "ann", {"kind": "chat", "seats": 2})
        self.assertEqual(response.code, "bad_body")


class AgainTest(SynchronousTestCase):
    """A game that is over is played once more."""

    def setUp(self) -> None:
        self.logged = Logged(self)
        kinds = (PARTY, "tests.test_lobby_games:Thinkable", "tests.test_lobby_games:Trio")
        self.world = LobbyWorld(games=kinds, max_games_per_player=3)

    def over(self, *players: str, kind: str = "Party", **wish: Any) -> str:
        """The id of a game that these have played to its end."""
        game = self.world.made(players[0], kind=kind, seats=len(players) + len(wish.get("bots", ())), **wish)
        for each in players[1:]:
            self.world.ask("POST", f"/games/{game}/join", each)
        self.end(game, players[0])
        return game

    def end(self, game: str, player: str) -> None:
        client = self.world.opened(f"/{game}?player={player}", V1)
        client.say(command="end")
        self.assertIn("gamesvc.finished", [message.get("event") for message in client.heard()])
        client.cut()

    def again(self, game: str, who: str) -> Any:
        return self.world.ask("POST", f"/games/{game}/again", who)

    def test_all_who_ask_sit_in_the_same_new_game_in_the_order_in_which_they_ask(self) -> None:
        game = self.over("ann", "bob", options={"size": 7}, public=False)
        bob, ann = self.again(game, "bob").json, self.again(game, "ann").json
        self.assertNotEqual(bob["game"]["id"], game)
        self.assertEqual(ann["game"]["id"], bob["game"]["id"])
        self.assertEqual(len(ann["game"]["id"]), 32, "one that is not listed nobody guesses")
        self.assertEqual(bob["game"]["players"][:2], ["bob", None])
        self.assertEqual(ann["game"]["players"][:2], ["bob", "ann"])
        self.assertEqual([ann["game"][key] for key in ("state", "free", "public", "by")], ["playing", 0, False, "bob"])
        self.assertEqual(ann["game"]["options"], {"size": 7, "note": ""})
        self.assertEqual(ann["seat"], {"player": "ann", "url": f"/{ann['game']['id']}?player=ann", "token": None})
        self.assertEqual(self.again(game, "ann").json, ann, "however often they ask")
        self.assertEqual(len(self.world.records.known.newest), 2)

    def test_those_who_ask_at_once_do_so_too_and_after_a_crash(self) -> None:
        game = self.over("ann", "bob")
        settle = self.world.settle
        with mock.patch.object(self.world, "settle"):
            asked = [self.world.begin("POST", f"/games/{game}/again", each, {}) for each in ("ann", "bob", "ann")]
        settle()
        self.assertEqual(len({each.response.json["game"]["id"] for each in asked}), 1)
        self.world.kill()
        self.world = LobbyWorld(games=(PARTY,), journal=self.world.journal, reactor=self.world.reactor)
        self.assertEqual(self.again(game, "bob").json["game"]["id"], asked[0].response.json["game"]["id"])

    def test_who_comes_late_is_led_to_the_game_that_is_played_now(self) -> None:
        first = self.over("ann", "bob")
        second = self.again(first, "ann").json["game"]["id"]
        self.again(first, "bob")
        self.end(second, "ann")
        third = self.again(second, "bob").json["game"]["id"]
        self.assertEqual(len({first, second, third}), 3)
        self.assertEqual(self.again(first, "ann").json["game"]["id"], third)

    def test_bots_that_had_seats_have_them_again(self) -> None:
        game = self.over("ann", kind="Thinkable", bots=["random"])
        self.assertEqual(self.again(game, "ann").json["game"]["players"][:2], ["ann", "bot-random"])

    def test_a_bot_that_was_sent_away_does_not_come_again_with_the_next_who_asks(self) -> None:
        first = self.over("ann", "bob", kind="Thinkable", bots=["random"])
        second = self.again(first, "ann").json["game"]["id"]
        self.world.ask("DELETE", f"/games/{second}/bots/bot-random", "ann")
        self.assertEqual(self.again(first, "bob").json["game"]["players"][:3], ["ann", "bob", None])
        self.world.ask("POST", f"/games/{second}/join", "eve")
        self.end(second, "ann")
        # Nor with who asks for the first one, where it had a seat.
        self.assertEqual(self.again(first, "ann").json["game"]["players"][:3], ["ann", None, None])

    def test_nor_where_the_game_has_not_begun(self) -> None:
        first = self.over("ann", "bob", kind="Trio", bots=["random"])
        second = self.again(first, "ann").json["game"]["id"]
        self.world.ask("DELETE", f"/games/{second}/bots/bot-random", "ann")
        self.assertEqual(self.again(first, "bob").json["game"]["players"][:3], ["ann", "bob", None])

    def test_where_a_bot_is_not_offered_any_more_nobody_sits_in_half_a_game(self) -> None:
        game = self.over("ann", kind="Thinkable", bots=["random"])
        with mock.patch.object(self.world.lobby._games._bots, "refuses", return_value="it is gone"):
            self.assertEqual(self.again(game, "ann").code, "no_bot")
        self.assertEqual([each.game for each in self.world.records.known.newest], [game])
        self.assertEqual({*self.world.listener.games} - {LOBBY}, {game}, "nor is there one that nobody lists")

    def test_options_that_it_takes_no_more_are_refused(self) -> None:
        game = self.over("ann", "bob", options={"size": 7})
        with mock.patch.object(lobby_games, "options_of", side_effect=RequestRefused(BAD_OPTIONS)):
            self.assertEqual(self.again(game, "ann").code, "bad_options")

    def test_who_came_to_a_game_for_others_by_a_free_seat_sits_in_the_next_one_too(self) -> None:
        game = self.world.made("carl", kind="Party", seats=3, players=["ann", "bob"])
        self.world.ask("POST", f"/games/{game}/join", "dora")
        self.end(game, "dora")
        again = self.again(game, "dora").json
        self.assertEqual(again["game"]["players"][:3], ["bob", "ann", "dora"])
        self.assertNotIn("spectate", again["seat"]["url"])

    def test_where_it_was_for_some_by_their_names_another_has_the_first_seat(self) -> None:
        game = self.world.made("carl", kind="Party", seats=3, players=["ann", "bob", "eve"])
        self.world.ask("POST", f"/games/{game}/join", "bob")
        self.end(game, "bob")
        self.assertEqual(self.again(game, "ann").json["game"]["players"][:3], ["bob", "eve", "ann"])
        self.assertEqual(self.again(game, "carl").code, "not_yours", "who made it for others did not play")

    def test_those_who_waited_for_anybody_do_not_have_to_wait_for_each_other(self) -> None:
        for who in ("ann", "bob"):
            ticket = self.world.ask("POST", "/matches", who, {"kind": "Party"}).json["ticket"]
        game = self.world.ask("GET", f"/matches/{ticket}", "bob").json["game"]["id"]
        self.end(game, "ann")
        self.assertEqual(self.again(game, "ann").json["game"]["players"][:2], ["ann", None])

    def test_it_is_for_those_who_played_and_once_it_is_over(self) -> None:
        game = self.over("ann", "bob")
        self.assertEqual(self.again(game, "eve").code, "not_yours")
        self.assertEqual(self.again("nothing", "ann").code, "no_such_game")
        goes_on = self.world.made("ann", kind="Party")
        response = self.again(goes_on, "ann")
        self.assertEqual((response.status, response.code), (409, "not_over"))

    def test_who_has_made_too_many_games_joins_another_s_but_makes_none(self) -> None:
        game, other = self.over("bob", "ann"), self.over("carl", "ann")
        for _ in range(3):
            self.world.made("ann", kind="Party")
        self.assertEqual(self.again(game, "ann").code, "too_many_games")
        self.again(other, "carl")
        self.assertEqual(self.again(other, "ann").status, 200)


class PlayingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld(games=("tic-tac-toe", PARTY))
        self.game = self.world.made()

    def at(self, what: str, who: str, body: Any = None, method: str = "POST") -> Any:
        return self.world.ask(method, f"/games/{self.game}{what}", who, body)

    def test_who_joins_twice_has_one_seat(self) -> None:
        first, second = self.at("/join", "bob"), self.at("/join", "bob")
        self.assertEqual(first.json, second.json)
        self.assertEqual(self.world.ask("GET", f"/games/{self.game}").json["players"], ["ann", "bob"])

    def test_of_two_who_come_for_the_last_seat_that_is_wanted_one_gets_it(self) -> None:
        for who in (("bob", "carl"), ("bob", "carl", "bob")):
            game = self.world.made(kind="Party", seats=2)
            settle = self.world.settle
            with mock.patch.object(self.world, "settle"):
                asked = [self.world.begin("POST", f"/games/{game}/join", each, {}) for each in who]
            settle()
            statuses = [each.response.status for each in asked]
            self.assertEqual(statuses, [200, 409, 200][: len(who)])
            self.assertIs(asked[1].response.json["error"]["retryable"], True)
            self.assertEqual(self.world.ask("GET", f"/games/{game}").json["players"][:3], ["ann", "bob", None])
            self.assertEqual(self.world.lobby._games._making, {}, "nothing is left of those who came")

    def test_nobody_takes_a_seat_beyond_those_that_are_wanted_by_another_way(self) -> None:
        game = self.world.made(kind="Party", seats=2)
        old = self.world.ask("POST", f"/games/{game}/join", "bob").json["seat"]
        self.assertEqual(self.world.ask("POST", f"/games/{game}/leave", "bob").status, 204)
        self.world.ask("POST", f"/games/{game}/join", "carl")
        for _ in range(2):
            bob = self.world.opened(old["url"], V1)
            self.assertIs(bob.heard()[0]["playing"], False)
            bob.say(command="gamesvc.sit")
            self.assertEqual(bob.heard()[-1]["error"]["code"], "no_seat")
            bob.cut()
            # So it is, too, where the game was asleep meanwhile.
            self.world.pass_time(3 * 3600, 600)
            self.assertNotIn(game, self.world.listener.lifecycle.games)
        self.assertEqual(self.world.ask("GET", f"/games/{game}").json["players"], ["ann", "carl", None, None])

    def test_nor_does_a_bot(self) -> None:
        self.world = LobbyWorld(games=("tests.test_lobby_games:Thinkable",))
        game = self.world.made(kind="Thinkable", seats=2)
        seat = self.world.ask("POST", f"/games/{game}/bots", "ann", {"bot": "random"})
        self.assertEqual(seat.json, {"player": "bot-random"})
        response = self.world.ask("POST", f"/games/{game}/bots", "ann", {"bot": "random"})
        self.assertEqual((response.status, response.code), (409, "no_seat"))

    def test_who_is_called_as_a_bot_is_has_nothing_to_say(self) -> None:
        self.at("/bots", "ann", {"bot": "random"})
        for what, body, code in (
            ("/bots", {"bot": "random"}, "not_yours"),
            ("/invites", {}, "not_yours"),
            ("/join", {}, "no_seat"),
            ("/leave", {}, "not_a_player"),
        ):
            self.assertEqual(self.at(what, "bot-random", body).code, code, what)
        self.assertEqual(self.at("/bots/bot-random", "bot-random", method="DELETE").code, "not_yours")

    def test_a_full_game_can_be_watched(self) -> None:
        self.at("/join", "bob")
        response = self.at("/join", "carl")
        self.assertEqual((response.status, response.code, response.json["error"]["retryable"]), (409, "no_seat", True))
        seat = self.at("/watch", "carl").json["seat"]
        self.assertIs(self.world.opened(seat["url"], V1).heard()[0]["playing"], False)

    def test_whom_the_model_does_not_want_gets_no_seat(self) -> None:
        game = self.world.made(kind="Party")
        response = self.world.ask("POST", f"/games/{game}/join", "troll")
        self.assertEqual((response.status, response.code, response.json["error"]["retryable"]), (409, "no_seat", False))

    def test_a_game_that_is_over_is_not_joined(self) -> None:
        game = self.world.made(kind="Party")
        self.world.ask("POST", f"/games/{game}/join", "bob")
        self.world.opened(f"/{game}?player=ann").say(command="end")
        self.assertEqual(self.world.ask("POST", f"/games/{game}/join", "carl").code, "game_over")
        shown = self.world.ask("GET", f"/games/{game}").json
        self.assertEqual((shown["state"], shown["finished"], shown["free"]), ("finished", True, 0))

    def test_nobody_is_seated_in_a_game_for_named_players_that_is_over_and_that_they_left(self) -> None:
        world = LobbyWorld(games=("tests.test_lobby_games:Deserted",))
        game = world.made("carl", kind="Deserted", players=["ann", "bob"])
        watcher = world.opened(f"/{game}?player=carl&spectate=1", V1)
        for who in ("ann", "bob"):
            self.assertEqual(world.ask("POST", f"/games/{game}/leave", who).status, 204)
        self.assertEqual(watcher.heard()[-1]["event"], "gamesvc.finished")
        for who in ("ann", "carl"):
            response = world.ask("POST", f"/games/{game}/join", who)
            self.assertEqual((response.status, response.code), (409, "game_over"), who)
        self.assertEqual(watcher.heard(), [])
        self.assertEqual(world.ask("GET", f"/games/{game}").json["players"], [None] * 4)

    def test_who_leaves_makes_room_where_the_game_lets_them(self) -> None:
        self.assertEqual(self.at("/leave", "ann").status, 204)
        self.assertEqual(self.world.ask("GET", f"/games/{self.game}").json["players"], [None, None])
        self.at("/join", "ann")
        self.at("/join", "bob")
        response = self.at("/leave", "ann")
        self.assertEqual((response.status, response.code), (409, "cannot_leave"))

    def test_who_sits_or_made_it_calls_bots_in_and_sends_them_away(self) -> None:
        response = self.at("/bots", "eve", {"bot": "random"})
        self.assertEqual((response.status, response.code), (403, "not_yours"))
        self.at("/leave", "ann")
        self.assertEqual(self.at("/bots", "ann", {"bot": "random"}).json, {"player": "bot-random"})
        self.assertEqual(self.at("/bots/bot-random", "eve", method="DELETE").code, "not_yours")
        self.assertEqual(self.at("/bots/bot-random", "ann", method="DELETE").status, 204)
        self.assertEqual(self.at("/bots/bot-random", "ann", method="DELETE").code, "no_bot")
        self.assertEqual(self.world.ask("GET", f"/games/{self.game}").json["players"], [None, None])

    def test_a_bot_that_is_called_in_again_because_the_answer_was_lost_comes_once(self) -> None:
        world = LobbyWorld(games=("crazy-eights",))
        game = world.made(kind="crazy-eights")
        given = {"Idempotency-Key": "k"}
        asked = [world.ask("POST", f"/games/{game}/bots", "ann", {"bot": "random"}, headers=given) for _ in range(2)]
        self.assertEqual([each.json for each in asked], [{"player": "bot-random"}] * 2)
        response = world.ask("POST", f"/games/{game}/bots", "ann", {"bot": "random"}, headers={"Idempotency-Key": "l"})
        self.assertEqual(response.json, {"player": "bot-random-2"})

    def test_a_bot_stands_in_for_who_is_not_there(self) -> None:
        self.at("/join", "bob")
        self.assertEqual(self.at("/bots", "ann", {"bot": "random", "player": "bob"}).json, {"player": "bob"})
        self.assertEqual(self.at("/bots", "ann", {"bot": "random", "player": "carl"}).status, 400)

    def test_an_invitation_leads_to_a_seat(self) -> None:
        self.assertEqual(self.at("/invites", "eve").code, "not_yours")
        invited = self.at("/invites", "ann")
        self.assertEqual(invited.status, 201)
        code = invited.json["code"]
        self.assertEqual(invited.json["url"], f"/?invite={code}")
        followed = self.world.ask("POST", f"/invites/{code}", "bob").json
        self.assertEqual((followed["game"]["players"], followed["seat"]["player"]), (["ann", "bob"], "bob"))
        self.assertEqual(self.world.ask("POST", f"/invites/{code}", "carl").code, "no_seat")
        self.assertEqual(self.world.ask("POST", "/invites/nothing", "carl").code, "no_such_invite")

    def test_an_invitation_ends(self) -> None:
        code = self.at("/invites", "ann").json["code"]
        self.at("/join", "bob")
        self.world.reactor.advance(7 * 24 * 3600 - 30)
        self.world.settle()
        self.assertEqual(self.world.ask("POST", f"/invites/{code}", "bob").status, 200)
        # At once, and not only when the lobby tidies up.
        self.world.reactor.advance(31)
        self.assertEqual(self.world.ask("GET", f"/games/{self.game}").status, 200)
        self.assertEqual(self.world.ask("POST", f"/invites/{code}", "bob").code, "no_such_invite")

    def test_what_was_not_made_here_is_not_shown(self) -> None:
        self.world.opened("/elsewhere?player=ann")
        for path in ("/games/elsewhere", "/games/gamesvc.lobby", "/games/%2e%2e", "/games/"):
            self.assertEqual(self.world.ask("GET", path).status, 404, path)
        self.assertEqual(self.world.ask("POST", "/games/elsewhere/join", "ann").code, "no_such_game")


class ListingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld(games=("tic-tac-toe", "chat", PARTY))

    def listed(self, query: str = "") -> list[str]:
        return [each["id"] for each in self.world.ask("GET", f"/games{query}").json["games"]]

    def test_public_games_are_listed_the_newest_first(self) -> None:
        games = []
        for _ in range(3):
            games.append(self.world.made())
            self.world.reactor.advance(1)
        self.world.made(public=False)
        self.assertEqual(self.listed(), games[::-1])

    def test_private_games_are_known_to_who_knows_their_id_which_is_long(self) -> None:
        game = self.world.made(public=False)
        self.assertGreaterEqual(len(game), 20)
        self.assertEqual(self.world.ask("GET", f"/games/{game}").json["public"], False)
        self.assertEqual(self.world.ask("POST", f"/games/{game}/join", "bob").status, 200)

    def test_by_kind_and_by_state(self) -> None:
        opened, playing, chat = self.world.made(), self.world.made(), self.world.made(kind="chat")
        self.world.ask("POST", f"/games/{playing}/join", "bob")
        self.assertEqual(self.listed("?kind=chat"), [chat])
        self.assertEqual(self.listed("?state=playing"), [playing])
        self.assertCountEqual(self.listed("?state=open&kind=tic-tac-toe"), [opened])
        self.assertEqual(self.listed("?state=finished"), [])

    def test_page_by_page(self) -> None:
        games = [self.world.made() for _ in range(7)]  # all at the same time
        seen: list[str] = []
        query = "?limit=3"
        for _ in range(3):
            page = self.world.ask("GET", f"/games{query}").json
            seen += [each["id"] for each in page["games"]]
            query = f"?limit=3&after={page['next']}"
        self.assertIsNone(page["next"])
        self.assertCountEqual(seen, games)
        self.assertEqual(len(set(seen)), 7)

    def test_games_that_nobody_came_to_are_forgotten_and_those_that_are_over(self) -> None:
        opened, over = self.world.made(), self.world.made(kind="Party")
        self.world.ask("POST", f"/games/{over}/join", "bob")
        self.world.opened(f"/{over}?player=ann").say(command="end")
        self.world.settle()
        self.world.pass_time(23 * 3600, 600)
        self.assertCountEqual(self.listed(), [opened, over])
        self.world.pass_time(2 * 3600, 600)
        self.assertEqual(self.listed(), [])
        self.assertEqual(self.world.ask("GET", f"/games/{over}").status, 404)


class RestartTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)

    def restarted(self, before: LobbyWorld, **more: Any) -> LobbyWorld:
        before.kill()
        after = LobbyWorld(games=("tic-tac-toe", "chat"), journal=before.journal, reactor=before.reactor, **more)
        after.pass_time(1)
        return after

    def test_games_and_invitations_are_known_after_a_crash(self) -> None:
        before = LobbyWorld(games=("tic-tac-toe", "chat"))
        game = before.made(public=False)
        code = before.ask("POST", f"/games/{game}/invites", "ann").json["code"]
        listed = before.made(kind="chat")
        after = self.restarted(before)
        self.assertEqual([each["id"] for each in after.ask("GET", "/games").json["games"]], [listed])
        followed = after.ask("POST", f"/invites/{code}", "bob").json
        self.assertEqual((followed["game"]["id"], followed["game"]["players"]), (game, ["ann", "bob"]))

    def test_how_a_game_stands_that_the_lobby_was_not_told_of_is_found_out(self) -> None:
        before = LobbyWorld(games=("tic-tac-toe", "chat"))
        game = before.made()
        before.records.stop()  # from here on it hears nothing
        before.opened(f"/{game}?player=bob")
        self.assertEqual(before.records.known.game(game).players, ("ann", None))  # type: ignore[union-attr]  # it is there
        after = self.restarted(before)
        known = after.records.known.game(game)
        assert known is not None
        self.assertEqual((known.players, known.state), (("ann", "bob"), "playing"))

    def test_a_server_that_is_not_asked_keeps_nothing(self) -> None:
        world = LobbyWorld()
        found: list[Any] = []
        world.journal.claim("gamesvc.lobby", found.append)
        world.settle()
        self.assertEqual(found[0].last, 0)

    def test_a_game_that_was_noted_and_not_created_is_created_by_who_comes(self) -> None:
        before = LobbyWorld(games=("tic-tac-toe", "chat"))
        game = before.made(kind="chat")
        # As if the process had ended before the game was in the journal.
        server = before.listener.lifecycle.games[game]
        before.journal.discard(game, server._term, lambda error: None)
        before.settle()
        after = self.restarted(before)
        self.assertEqual(after.opened(f"/{game}?player=bob", V1).heard()[0]["kind"], "chat")

    def test_two_servers_on_one_journal_take_the_lobby_from_each_other_and_nothing_is_lost(self) -> None:
        one = LobbyWorld()
        other = LobbyWorld(journal=one.journal, reactor=one.reactor)
        for world in (one, other) * 3:
            asked = world.begin("POST", "/games", "ann", {"kind": "chat"})
            one.pass_time(1, 0.1)
            self.assertEqual(asked.response.status, 201)
        self.assertEqual(len(other.ask("GET", "/games").json["games"]), 6)
        told = [text for text in self.logged.texts() if "another server uses the lobby" in text]
        self.assertEqual(len(told), 2, "each once")
        self.assertEqual([text for text in self.logged.texts() if "was deleted" in text], [])

    def test_the_lobby_itself_is_not_to_be_entered(self) -> None:
        world = LobbyWorld()
        world.made()
        line = world.line()
        line.ask("/gamesvc.lobby?player=server")
        self.assertEqual(line.response().code, "bad_game_id")

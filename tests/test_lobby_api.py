"""How the lobby is asked over HTTP: who asks, from where, with what; and that what it answers is as it is described."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.web.lobby_state import GUESTS
from tests.json_schemas import faults
from tests.lobbies import LobbyWorld, Response
from tests.wire import Logged

EVIL = "https://evil.example"
FRIEND = "https://friend.example"


class AskingTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld(origins=(FRIEND,))

    def test_what_is_not_there_is_not_found(self) -> None:
        for path in ("/nothing", "/games/g/seats", "/kinds/", "//", "/games//join"):
            response = self.world.ask("GET", path, "ann")
            self.assertEqual(response.status, 404, path)

    def test_its_own_address_is_one_with_a_slash_at_the_end_or_without(self) -> None:
        for path in ("", "/"):
            about = self.world.ask("GET", path).json
            self.assertEqual((about["auth"], about["playground"]), ("none", True))

    def test_other_methods_are_told_which_there_are(self) -> None:
        for method, path, allowed in (
            ("PUT", "/games", "GET, HEAD, OPTIONS, POST"),
            ("GET", "/guests", "OPTIONS, POST"),
            ("POST", "/matches/t", "DELETE, GET, HEAD, OPTIONS"),
        ):
            response = self.world.ask(method, path)
            self.assertEqual((response.status, response.headers["Allow"]), (405, allowed))

    def test_head_is_answered_as_get(self) -> None:
        self.assertEqual(self.world.ask("HEAD", "/games").status, 200)

    def test_bodies_are_json_of_the_form_that_is_described(self) -> None:
        for body, status, code in (
            (b"{", 400, "bad_body"),
            (b"[]", 400, "bad_body"),
            (b"{}", 400, "bad_body"),
            (b'{"kind": 1}', 400, "bad_body"),
            (b'{"kind": "chat", "sise": 1}', 400, "bad_body"),
            (b'{"kind": "\xff"}', 400, "bad_body"),
            (b'{"kind": "chat", "options": ' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "bad_body"),
            (b'{"kind": "tic-tac-toe", "players": ["a\\u0000b"]}', 400, "bad_body"),
            (b'{"kind": "tic-tac-toe", "players": ["a\\n"]}', 400, "bad_player"),
            (b'{"kind": "tic-tac-toe", "players": ["a", "a"]}', 400, "bad_body"),
            (b'{"kind": "chat"}' + b" " * 70_000, 413, "body_too_large"),
        ):
            response = self.world.ask("POST", "/games", "ann", body, headers={"Content-Type": "application/json"})
            self.assertEqual((response.status, response.code), (status, code), body[:60])
        self.assertEqual(self.world.ask("GET", "/games").json["games"], [])

    def test_a_number_without_a_fraction_is_whole_however_it_is_written(self) -> None:
        given = {"Content-Type": "application/json"}
        for number, status in ((b"2", 201), (b"2.0", 201), (b"2.5", 400), (b"1e400", 400), (b"9e99", 400)):
            body = b'{"kind": "tic-tac-toe", "seats": ' + number + b"}"
            self.assertEqual(self.world.ask("POST", "/games", "ann", body, headers=given).status, status, number)

    def test_what_a_form_of_another_page_could_send_is_no_json(self) -> None:
        for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
            response = self.world.ask("POST", "/games", "ann", b'{"kind":"chat"}', headers={"Content-Type": media})
            self.assertEqual((response.status, response.code), (415, "not_json"))
        response = self.world.ask("POST", "/games", "ann", b'{"kind":"chat"}')
        self.assertEqual(response.code, "not_json")
        given = {"Content-Type": "Application/JSON; charset=utf-8"}
        self.assertEqual(self.world.ask("POST", "/games", "ann", b'{"kind":"chat"}', headers=given).status, 201)

    def test_queries_are_read_strictly(self) -> None:
        for query in (
            "limit=0",
            "limit=101",
            "limit=x",
            "limit=5&limit=6",
            "state=over",
            "after=x",
            "seats=2",
            "=&",
            "%ff",
        ):
            response = self.world.ask("GET", f"/games?{query}")
            self.assertEqual((response.status, response.code), (400, "bad_query"), query)
        self.assertEqual(self.world.ask("GET", "/games?" + "&".join(f"a{n}=1" for n in range(50))).code, "bad_query")

    def test_what_is_wrong_in_a_query_is_told_by_its_name(self) -> None:
        for query, message in (
            ("limit=101", "limit in the query is a whole number, 1 to 100"),
            ("state=over", "state in the query is one of open, playing, finished"),
            ("after=x", "after in the query is what `next` was in the answer before"),
            ("seats=2", "the query has a parameter that is not taken; these are: player, kind, state, limit, after"),
            ("limit=5&limit=6", "the query gives a parameter more than once"),
        ):
            self.assertEqual(self.world.ask("GET", f"/games?{query}").json["error"]["message"], message)

    def test_where_no_tokens_are_asked_for_a_name_is_needed_in_the_header_or_in_the_query(self) -> None:
        for name in (None, ""):
            response = self.world.ask("POST", "/games", name, {"kind": "chat"})
            self.assertEqual((response.status, response.code), (401, "name_missing"))
        for wrong in ("x" * 65, "a\nb", b"\xed\xa0\x80", b"Zo\xeb"):
            self.assertEqual(self.world.ask("POST", "/games", wrong, {"kind": "chat"}).code, "bad_player")
        made = self.world.ask("POST", "/games", "Zoë 2", {"kind": "chat"}).json
        self.assertEqual((made["game"]["by"], made["seat"]["url"].partition("?")[2]), ("Zoë 2", "player=Zo%C3%AB%202"))
        self.assertEqual(self.world.ask("POST", "/games?player=bob", None, {"kind": "chat"}).json["game"]["by"], "bob")

    def test_what_fails_here_is_told_with_an_incident(self) -> None:
        with mock.patch.object(type(self.world.records.known), "newest", property(lambda self: 1 / 0)):
            response = self.world.ask("GET", "/games")
        self.assertEqual((response.status, response.code), (500, "internal_error"))
        self.assertIn("1234", response.json["error"]["message"])
        self.assertIsInstance(self.world.faults[0], ZeroDivisionError)

    def test_an_address_changes_only_so_much(self) -> None:
        world = LobbyWorld(commands_per_second=1.0, command_burst=3)
        codes = [world.ask("POST", "/guests", None, {}, host="192.0.2.7").status for _ in range(5)]
        self.assertEqual(codes, [201, 201, 201, 429, 429])
        self.assertEqual(world.ask("GET", "/games", host="192.0.2.7").status, 200)
        self.assertEqual(world.ask("POST", "/guests", None, {}, host="192.0.2.8").status, 201)
        # A proxy of this machine asks for many.
        for host in ("127.0.0.1", "::1"):
            self.assertEqual({world.ask("POST", "/guests", None, {}, host=host).status for _ in range(5)}, {201})

    def test_what_names_a_request_is_read_strictly(self) -> None:
        for key, code in (("", "bad_id"), ("x" * 65, "bad_id"), ("a b", "bad_id"), ("\x85", "bad_id")):
            given = {"Idempotency-Key": key}
            response = self.world.ask("POST", "/games", "ann", {"kind": "chat"}, headers=given)
            self.assertEqual((response.status, response.code), (400, code), key)
        # Where nothing is made of it, it may be what it likes.
        self.assertEqual(self.world.ask("POST", "/guests", None, {}, headers={"Idempotency-Key": " "}).status, 201)


class OriginsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld(origins=(FRIEND,))

    def from_page(self, method: str, origin: str, **headers: str) -> Response:
        given = {"Origin": origin, "Host": "localhost:8080", **headers}
        return self.world.ask(method, "/games", "ann", None, headers=given)

    def test_pages_of_this_server_and_of_origins_that_are_allowed_may_see_the_answers(self) -> None:
        for origin in (FRIEND, "http://localhost:8080"):
            response = self.from_page("GET", origin)
            self.assertEqual((response.status, response.headers["Access-Control-Allow-Origin"]), (200, origin))
            self.assertEqual(response.headers["Vary"], "Origin")
            self.assertNotIn("Access-Control-Allow-Credentials", response.headers)

    def test_refusals_can_be_seen_too(self) -> None:
        response = self.from_page("PUT", FRIEND)
        self.assertEqual((response.status, response.headers["Access-Control-Allow-Origin"]), (405, FRIEND))

    def test_pages_of_others_are_not_served_whatever_they_ask_for(self) -> None:
        for origin in (EVIL, "null", "http://localhost:8081", "https://friend.example.evil.example"):
            for method in ("GET", "POST", "OPTIONS"):
                response = self.from_page(method, origin)
                self.assertEqual((response.status, response.code), (403, "origin_not_allowed"))
                self.assertNotIn("Access-Control-Allow-Origin", response.headers)

    def test_a_browser_that_asks_first_is_told_what_it_may_send(self) -> None:
        wanted = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        response = self.from_page("OPTIONS", FRIEND, **wanted)
        self.assertEqual((response.status, response.body), (204, b""))
        self.assertIn("POST", response.headers["Access-Control-Allow-Methods"])
        self.assertEqual(
            response.headers["Access-Control-Allow-Headers"], "Authorization, Content-Type, Idempotency-Key"
        )

    def test_programs_say_no_origin(self) -> None:
        response = self.world.ask("GET", "/games")
        self.assertEqual(response.headers["Vary"], "Origin")
        self.assertNotIn("Access-Control-Allow-Origin", response.headers)


class GuestsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld()

    def name(self, wish: str | None = None) -> str:
        response = self.world.ask("POST", "/guests", None, {} if wish is None else {"name": wish})
        self.assertEqual((response.status, response.json["token"]), (201, None))
        return str(response.json["player"])

    def test_each_has_a_name_of_their_own(self) -> None:
        names = [self.name("ann") for _ in range(12)]
        self.assertEqual(names[:3], ["ann", "ann-2", "ann-3"])
        self.assertEqual(len(set(names)), 12)
        self.assertNotEqual(self.name(), self.name())

    def test_a_name_is_free_again_after_two_days(self) -> None:
        self.name("ann")
        self.world.reactor.advance(47 * 3600)
        self.assertEqual(self.name("ann"), "ann-2")
        self.world.reactor.advance(3631)
        self.assertEqual(self.name("ann"), "ann")

    def test_who_has_a_seat_somewhere_keeps_the_name_for_as_long(self) -> None:
        self.name("ann")
        game = self.world.made("ann")
        self.world.ask("POST", f"/games/{game}/join", "bob")
        self.world.pass_time(25 * 3600, 600)
        self.assertEqual([self.name("ann"), self.name("bob")], ["ann-2", "bob-2"])
        self.world.pass_time(30 * 24 * 3600, 600)
        self.assertEqual(self.name("ann"), "ann")

    def test_names_are_known_after_a_crash(self) -> None:
        self.name("ann")
        self.world.kill()
        self.world = LobbyWorld(journal=self.world.journal, reactor=self.world.reactor)
        self.assertEqual(self.name("ann"), "ann-2")

    def test_what_is_no_name_is_refused(self) -> None:
        for wish in ("", "x" * 33, "a\nb"):
            self.assertEqual(self.world.ask("POST", "/guests", None, {"name": wish}).status, 400, wish)

    def test_whoever_makes_up_names_keeps_nobody_out(self) -> None:
        with mock.patch.object(GUESTS, "most", 20):
            names = [self.name("ann" + str(number)) for number in range(20)]
            self.assertRegex(names[-1], "^guest-[0-9a-f]{16}$")
            self.assertEqual(len(set(names)), 20)
        # A name of which nothing is recorded is nobody's to wish for.
        self.assertNotEqual(self.name(names[-1]), names[-1])


class DescribedTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld(games=("tic-tac-toe", "chess(minutes=3)", "chat"))
        text = self.world.ask("GET", "/openapi.json").body.replace(b"#/components/schemas/", b"#/$defs/")
        self.document = json.loads(text)

    def check(self, method: str, path: str, response: Response, at: str) -> Any:
        operation = self.document["paths"][at][method.lower()]
        answers = operation["responses"]
        answer = answers.get(str(response.status), answers["default"])
        if "content" not in answer:
            self.assertEqual(response.body, b"")
            return None
        schema = answer["content"]["application/json"]["schema"]
        shown = response.json
        self.assertEqual(list(faults(shown, schema, self.document["components"]["schemas"])), [])
        return shown

    def test_answers_are_as_they_are_described(self) -> None:
        world, seen = self.world, set()

        def ask(method: str, at: str, who: str | None = "ann", body: Any = None, query: str = "", **path: str) -> Any:
            seen.add((method, at))
            filled = at.format(**path)
            return self.check(method, filled, world.ask(method, filled.rstrip("/") + query, who, body), at)

        ask("GET", "/", None)
        ask("GET", "/kinds", None)
        ask("POST", "/guests", None, {"name": "ann"})
        made = ask("POST", "/games", body={"kind": "chess", "options": {"minutes": 5}, "public": False})
        game = made["game"]["id"]
        ask("POST", "/games", body={"kind": "checkers"})
        ask("GET", "/games", None, query="?limit=1")
        ask("GET", "/games/{game}", None, game=game)
        ask("POST", "/games/{game}/watch", "eve", {}, game=game)
        ask("POST", "/games/{game}/bots", body={"bot": "random"}, game=game)
        ask("DELETE", "/games/{game}/bots/{player}", game=game, player="nobody")
        code = ask("POST", "/games/{game}/invites", body={}, game=game)["code"]
        ask("POST", "/invites/{code}", "bob", {}, code=code)
        ask("POST", "/games/{game}/join", "ann", {}, game=game)
        ask("POST", "/games/{game}/leave", "ann", {}, game=game)
        over = self.world.made()
        ask("POST", "/games/{game}/join", "bob", {}, game=over)
        players = {
            who: self.world.opened(f"/{over}?player={who}", "Sec-WebSocket-Protocol: gamesvc.v1")
            for who in ("ann", "bob")
        }
        for who, cell in (("ann", 0), ("bob", 3), ("ann", 1), ("bob", 4), ("ann", 2)):
            players[who].say(command="mark", cell=cell)
        self.assertEqual(ask("POST", "/games/{game}/again", "bob", {}, game=over)["seat"]["player"], "bob")
        ticket = ask("POST", "/matches", body={"kind": "chess", "rating": {"own": 1500}})["ticket"]
        ask("GET", "/matches/{ticket}", query="?wait=0", ticket=ticket)
        ask("DELETE", "/matches/{ticket}", ticket=ticket)
        described = {(method.upper(), at) for at, each in self.document["paths"].items() for method in each}
        self.assertEqual({each for each in described if each[0] != "PARAMETERS"}, seen)

    def test_it_says_what_can_be_sent(self) -> None:
        schema = self.document["components"]["schemas"]["Wish"]
        self.assertEqual(schema["required"], ["kind"])
        self.assertFalse(schema["additionalProperties"])
        self.assertNotIn("Attributes", json.dumps(self.document))
        needed = {at: self.document["paths"][at]["post"]["requestBody"]["required"] for at in ("/games", "/guests")}
        self.assertEqual(needed, {"/games": True, "/guests": False})

    def test_kinds_are_described_with_their_options_commands_and_bots(self) -> None:
        kinds = {each["name"]: each for each in self.world.ask("GET", "/kinds").json["kinds"]}
        self.assertEqual(list(kinds), ["tic-tac-toe", "chess", "chat"])
        self.assertEqual([kinds[name]["seats"] for name in kinds], [[2, 2], [2, 2], None])
        self.assertEqual((kinds["tic-tac-toe"]["title"], kinds["tic-tac-toe"]["description"]), ("Three in a row.", ""))
        self.assertEqual(kinds["chess"]["title"].count("."), 1, kinds["chess"])
        self.assertEqual([kinds[name]["bots"] for name in kinds], [["random"], ["random"], []])
        self.assertEqual([kinds[name]["can_leave"] for name in kinds], [False, True, True])
        options, commands = kinds["chess"]["options"], kinds["tic-tac-toe"]["commands"]
        self.assertEqual(options["properties"]["minutes"]["default"], 3.0)
        for value, schema, fits in (
            ({"minutes": 10}, options, True),
            ({"minutes": "ten"}, options, False),
            ({"command": "mark", "cell": 4}, commands, True),
            ({"command": "mark", "cell": "x"}, commands, False),
        ):
            definitions = schema.get("$defs", {})
            plain = {key: each for key, each in schema.items() if not key.startswith("$")}
            self.assertEqual(not list(faults(value, plain, definitions)), fits, value)

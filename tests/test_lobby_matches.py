"""Who waits for others: until they come, the server fails, or nobody asks any more."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.web.lobby_matches import GONE_SECONDS, LOOK_SECONDS
from gamesvc.web.lobby_model import MATCHED_SECONDS
from tests.lobbies import LobbyWorld
from tests.test_lobby_games import PARTY, V1
from tests.wire import Logged

GAMES = ("tic-tac-toe", "chat", PARTY)


class MatchesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld(games=GAMES)

    def wait(self, who: str, **quest: Any) -> str:
        response = self.world.ask("POST", "/matches", who, {"kind": "tic-tac-toe", **quest})
        self.assertEqual(response.status, 202)
        return str(response.json["ticket"])

    def state(self, who: str, ticket: str) -> str:
        return str(self.world.ask("GET", f"/matches/{ticket}", who).json["state"])

    def test_two_who_want_the_same_play_each_other(self) -> None:
        first = self.wait("ann")
        self.assertEqual(self.state("ann", first), "waiting")
        second = self.wait("bob")
        one = self.world.ask("GET", f"/matches/{first}", "ann").json
        two = self.world.ask("GET", f"/matches/{second}", "bob").json
        self.assertEqual((one["state"], two["state"]), ("matched", "matched"))
        self.assertEqual(one["game"], two["game"])
        self.assertCountEqual(one["game"]["players"], ["ann", "bob"])
        for seat in (one["seat"], two["seat"]):
            welcome = self.world.opened(seat["url"], V1).heard()[0]
            self.assertEqual((welcome["playing"], welcome["kind"]), (True, "tic-tac-toe"))

    def test_who_has_the_first_move_is_not_always_who_came_first(self) -> None:
        firsts = set()
        for _ in range(20):
            ticket = self.wait("ann")
            self.wait("bob")
            firsts.add(self.world.ask("GET", f"/matches/{ticket}", "ann").json["game"]["players"][0])
        self.assertEqual(firsts, {"ann", "bob"})

    def test_whom_a_model_is_told_of_has_a_seat_too(self) -> None:
        tickets = {who: self.wait(who, kind="Party", players=3) for who in ("ann", "bob", "carl")}
        found = self.world.ask("GET", f"/matches/{tickets['bob']}", "bob").json
        self.assertCountEqual(found["game"]["players"], ["ann", "bob", "carl", None])
        self.assertEqual(found["game"]["free"], 0)

    def test_an_answer_waits_until_somebody_comes(self) -> None:
        ticket = self.wait("ann")
        asked = self.world.begin("GET", f"/matches/{ticket}?wait=25", "ann")
        self.assertEqual(asked.responses, [])
        self.wait("bob")
        self.assertEqual(asked.response.json["state"], "matched")

    def test_and_no_longer_than_was_asked_for(self) -> None:
        ticket = self.wait("ann")
        asked = self.world.begin("GET", f"/matches/{ticket}?wait=25", "ann")
        self.world.pass_time(24.5)
        self.assertEqual(asked.responses, [])
        self.world.pass_time(1)
        self.assertEqual(asked.response.json, {"ticket": ticket, "state": "waiting"})

    def test_of_two_who_wait_for_an_answer_the_first_gets_it_now(self) -> None:
        ticket = self.wait("ann")
        first = self.world.begin("GET", f"/matches/{ticket}?wait=25", "ann")
        second = self.world.begin("GET", f"/matches/{ticket}?wait=25", "ann")
        self.assertEqual(first.response.json["state"], "waiting")
        self.world.pass_time(20)
        self.assertEqual(second.responses, [])

    def test_who_hangs_up_gets_no_answer_and_waits_on(self) -> None:
        ticket = self.wait("ann")
        asked = self.world.begin("GET", f"/matches/{ticket}?wait=5", "ann")
        asked.hang_up()
        self.world.pass_time(10)
        self.assertEqual(asked.responses, [])
        self.assertEqual(self.state("ann", ticket), "waiting")

    def test_ratings_that_are_far_apart_come_together_with_time(self) -> None:
        ticket = self.wait("ann", rating={"own": 1500, "within": 100})
        self.wait("bob", rating={"own": 1800, "within": 100})
        self.assertEqual(self.state("ann", ticket), "waiting")
        asked = self.world.begin("GET", f"/matches/{ticket}?wait=30", "ann")
        self.world.pass_time(19)
        self.assertEqual(asked.responses, [])
        self.world.pass_time(1 + 2 * LOOK_SECONDS)
        self.assertEqual(asked.response.json["state"], "matched")

    def test_who_does_not_ask_any_more_waits_no_more(self) -> None:
        ticket, other = self.wait("ann"), self.wait("bob", players=2, kind="Party")
        for _ in range(3):
            self.world.pass_time(GONE_SECONDS / 2)
            self.state("bob", other)
        self.assertEqual(self.world.ask("GET", f"/matches/{ticket}", "ann").code, "no_such_ticket")
        self.assertEqual(self.state("bob", other), "waiting")
        self.wait("carl")
        self.assertEqual(self.world.records.known.newest, [])

    def test_who_waits_for_an_answer_asks(self) -> None:
        ticket = self.wait("ann")
        self.world.pass_time(GONE_SECONDS - 5)
        asked = self.world.begin("GET", f"/matches/{ticket}?wait=30", "ann")
        self.world.pass_time(20)
        self.wait("bob")
        self.assertEqual(asked.response.json["state"], "matched")

    def test_who_gives_up_is_not_matched(self) -> None:
        ticket = self.wait("ann")
        asked = self.world.begin("GET", f"/matches/{ticket}?wait=30", "ann")
        self.assertEqual(self.world.ask("DELETE", f"/matches/{ticket}", "ann").status, 204)
        self.assertEqual(asked.response.json["state"], "gone")
        other = self.wait("bob")
        self.assertEqual(self.state("bob", other), "waiting")

    def test_who_waits_for_something_else_waits_for_that_alone(self) -> None:
        before = self.wait("ann")
        self.wait("ann", kind="Party")
        self.assertEqual(self.world.ask("GET", f"/matches/{before}", "ann").code, "no_such_ticket")
        other = self.wait("bob")
        self.assertEqual(self.state("bob", other), "waiting")

    def test_who_asks_again_because_the_answer_was_lost_plays_once(self) -> None:
        def ask() -> Any:
            given = {"Idempotency-Key": "k"}
            return self.world.ask("POST", "/matches", "ann", {"kind": "tic-tac-toe"}, headers=given).json

        first = ask()
        self.assertEqual(ask(), first)
        self.wait("bob")
        again = ask()
        self.assertEqual((again["ticket"], again["state"]), (first["ticket"], "matched"))
        self.wait("carl")
        self.assertEqual(len(self.world.records.known.newest), 1)

    def test_a_ticket_is_its_holders_alone(self) -> None:
        ticket = self.wait("ann")
        for method in ("GET", "DELETE"):
            self.assertEqual(self.world.ask(method, f"/matches/{ticket}", "eve").code, "no_such_ticket")

    def test_what_nobody_can_wait_for(self) -> None:
        for quest, code in (
            ({"kind": "chat"}, "bad_body"),
            ({"kind": "go"}, "kind_not_served"),
            ({"kind": "Party", "players": 5}, "bad_body"),
            ({"kind": "Party", "rating": {"own": 1e9}}, "bad_body"),
            ({"kind": "Party", "rating": {"own": 1, "within": -1}}, "bad_body"),
        ):
            self.assertEqual(self.world.ask("POST", "/matches", "ann", quest).code, code, quest)
        ticket = self.wait("ann")
        for query in ("wait=31", "wait=x", "wait=-1", "wait=1e1", "wait=nan"):
            self.assertEqual(self.world.ask("GET", f"/matches/{ticket}?{query}", "ann").code, "bad_query", query)

    def test_who_waits_waits_on_after_a_crash(self) -> None:
        ticket = self.wait("ann")
        self.world.kill()
        before, self.world = self.world, LobbyWorld(games=GAMES, journal=self.world.journal, reactor=self.world.reactor)
        self.assertEqual(self.state("ann", ticket), "waiting")
        self.wait("bob")
        self.assertEqual(self.state("ann", ticket), "matched")
        self.assertIsNot(before, self.world)

    def test_what_became_of_it_is_known_for_a_while(self) -> None:
        ticket = self.wait("ann")
        self.wait("bob")
        self.world.pass_time(MATCHED_SECONDS / 2, 5)
        self.assertEqual(self.state("ann", ticket), "matched")
        self.world.pass_time(MATCHED_SECONDS, 5)
        self.assertEqual(self.world.ask("GET", f"/matches/{ticket}", "ann").code, "no_such_ticket")

    def test_a_server_that_stops_answers_who_waits(self) -> None:
        ticket = self.wait("ann")
        asked = self.world.begin("GET", f"/matches/{ticket}?wait=30", "ann")
        self.world.lobby.stop()
        self.world.settle()
        self.assertEqual(asked.response.json["state"], "waiting")

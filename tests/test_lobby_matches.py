"""Who waits for others: until they come, the server fails, or nobody asks any more."""

from __future__ import annotations

from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.web.lobby_matches import GONE_SECONDS, LOOK_SECONDS, MAX_WAITING
from gamesvc.web.lobby_model import MATCHED_SECONDS
from gamesvc.web.lobby_state import TICKETS
from tests.lobbies import LobbyWorld, Response
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

    def test_a_restart_leaves_all_the_time_there_is_to_ask_again(self) -> None:
        ticket = self.wait("ann")
        self.world.pass_time(GONE_SECONDS / 2)
        self.world.kill()
        self.world = LobbyWorld(games=GAMES, journal=self.world.journal, reactor=self.world.reactor)
        self.world.pass_time(GONE_SECONDS - 5)
        self.assertEqual(self.state("ann", ticket), "waiting")

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


class CrowdTest(SynchronousTestCase):
    """From one network address so many wait as may, and they keep out nobody from elsewhere."""

    def setUp(self) -> None:
        self.logged = Logged(self)
        self.world = LobbyWorld(games=GAMES, command_burst=1000)
        self.count = 0

    def wait(self, host: str, who: str | None = None, **quest: Any) -> Response:
        self.count += 1
        # Nobody accepts anybody.
        wish = {"kind": "tic-tac-toe", "rating": {"own": self.count * 1000.0, "within": 0}, **quest}
        return self.world.ask("POST", "/matches", who or f"player-{self.count}", wish, host=host)

    def fill(self, host: str) -> list[str]:
        """Have so many wait from there as may. Their tickets."""
        return [str(self.wait(host).json["ticket"]) for _ in range(MAX_WAITING)]

    def statuses(self, *hosts: str) -> list[int]:
        return [self.wait(host).status for host in hosts]

    def test_whose_names_are_sorted_alike_do_not_keep_somebody_out(self) -> None:
        field = TICKETS.field_of("victim", b"")
        alike = [name for name in map(str, range(2000)) if TICKETS.field_of(name, b"") == field]
        for number, name in enumerate(alike[:60]):
            self.wait(f"198.51.100.{number}", name)
        self.assertEqual(len(self.world.records.known.tickets), 60)
        self.assertEqual(self.wait("192.0.2.2", "victim").status, 202)

    def test_more_than_may_are_refused_for_now(self) -> None:
        self.fill("192.0.2.1")
        response = self.wait("192.0.2.1")
        self.assertEqual((response.status, response.code), (429, "too_many_requests"))
        self.assertIn("Retry-After", response.headers)
        self.assertIn("16 wait", response.json["error"]["message"])
        self.assertEqual(len(self.world.records.known.tickets), MAX_WAITING)
        self.assertEqual(self.wait("192.0.2.2").status, 202)

    def test_so_many_of_one_ipv6_network_however_many_addresses_it_has(self) -> None:
        statuses = self.statuses(*(f"2001:db8::{number}" for number in range(1, MAX_WAITING + 2)))
        self.assertEqual(statuses, [202] * MAX_WAITING + [429])
        self.assertEqual(self.statuses("2001:db8:0:1::1"), [202])

    def test_from_this_machine_as_many_as_like(self) -> None:
        self.assertEqual(self.statuses(*["127.0.0.1"] * (2 * MAX_WAITING)), [202] * (2 * MAX_WAITING))

    def test_those_who_come_at_once_are_counted_too(self) -> None:
        with mock.patch.object(self.world, "settle"):
            asked = [
                self.world.begin(
                    "POST",
                    "/matches",
                    f"p{number}",
                    {"kind": "tic-tac-toe", "rating": {"own": number * 1000.0, "within": 0}},
                    host="192.0.2.1",
                )
                for number in range(MAX_WAITING + 3)
            ]
        self.world.settle()
        self.assertEqual(sorted(each.response.status for each in asked), [202] * MAX_WAITING + [429] * 3)

    def test_who_waits_for_something_else_takes_no_more_room(self) -> None:
        self.fill("192.0.2.1")
        self.assertEqual(self.wait("192.0.2.1", "player-1", kind="Party").status, 202)
        self.assertEqual(self.wait("192.0.2.1", "somebody").status, 429)

    def test_who_does_not_wait_any_more_makes_room(self) -> None:
        tickets = self.fill("192.0.2.1")
        self.world.ask("DELETE", f"/matches/{tickets[0]}", "player-1", host="192.0.2.1")
        self.assertEqual(self.statuses("192.0.2.1", "192.0.2.1"), [202, 429])
        own = {"own": 2000.0, "within": 0}
        self.assertEqual(self.wait("192.0.2.2", rating=own).json["state"], "matched")
        self.assertEqual(self.statuses("192.0.2.1", "192.0.2.1"), [202, 429])

    def test_who_was_refused_is_not_counted(self) -> None:
        with mock.patch.object(TICKETS, "most", 1):
            self.assertEqual(self.statuses(*["192.0.2.1"] * (MAX_WAITING + 1)), [503] * (MAX_WAITING + 1))
        self.fill("192.0.2.1")

    def test_a_ticket_is_counted_where_it_came_from_whoever_asks_for_it_elsewhere(self) -> None:
        for number, ticket in enumerate(self.fill("192.0.2.1")):
            path = f"/matches/{ticket}"
            self.assertEqual(self.world.ask("GET", path, f"player-{number + 1}", host="192.0.2.2").status, 200)
        self.assertEqual(self.statuses("192.0.2.1", "192.0.2.2"), [429, 202])

    def test_after_a_restart_those_are_counted_who_ask_again(self) -> None:
        tickets = self.fill("192.0.2.1")
        self.world.kill()
        self.world = LobbyWorld(games=GAMES, journal=self.world.journal, reactor=self.world.reactor, command_burst=1000)
        for number, ticket in enumerate(tickets[1:]):
            self.world.ask("GET", f"/matches/{ticket}", f"player-{number + 2}", host="192.0.2.1")
        self.assertEqual(self.statuses("192.0.2.1", "192.0.2.1"), [202, 429])

    def test_nothing_is_remembered_of_tickets_that_are_gone(self) -> None:
        self.fill("192.0.2.1")
        self.world.pass_time(GONE_SECONDS + 3 * LOOK_SECONDS)
        matches = self.world.lobby._matches
        self.assertEqual((self.world.records.known.tickets, matches._networks, matches._coming), ({}, {}, {}))

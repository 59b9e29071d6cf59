"""What is where, who is let in, and the end of it all."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.limits import CLOSE_HANDSHAKE_SECONDS, DRAIN_SECONDS, SLOW_CONSUMER_SECONDS
from gamesvc.web.site import make_site
from tests.web import Asker, Echo, WebWorld, request
from tests.wire import opening


class Addresses(SynchronousTestCase):
    def asker(self, **options: Any) -> Asker:
        world = WebWorld()
        self.hosts: list[str] = []

        def may_ask(host: str) -> bool:
            self.hosts.append(host)
            return host != "evil.example"

        made: dict[str, Any] = {"api": Echo(), **options}
        world.listener.web = make_site(
            world.reactor,
            journal=world.journal,
            limits=world.listener.limits,
            report=world.listener.report,
            may_ask=may_ask,
            **made,
        )
        return world.asker()

    def status(self, asker: Asker, target: str, *headers: str) -> int:
        asker.send(request(target, *headers))
        asker.world.turn()
        (response,) = asker.responses()
        return response.status

    def test_each_is_what_operators_were_told(self) -> None:
        asker = self.asker()
        for target in (
            "/",
            "/playground/index.html",
            "/client/index.js",
            "/healthz",
            "/readyz",
            "/api",
            "/api/games/g1",
        ):
            self.assertEqual(self.status(asker, target), 200, target)
        for target in ("/playground", "/playground/", "/client/", "/favicon.ico", "/gamesvc", "/apis"):
            self.assertEqual(self.status(asker, target), 404, target)

    def test_without_a_playground_the_rest_is_there(self) -> None:
        asker = self.asker(playground=False)
        for target in ("/", "/playground/index.html"):
            self.assertEqual(self.status(asker, target), 404, target)
        for target in ("/client/index.js", "/healthz", "/readyz", "/api"):
            self.assertEqual(self.status(asker, target), 200, target)

    def test_without_a_lobby_there_is_none(self) -> None:
        self.assertEqual(self.status(self.asker(api=None), "/api"), 404)

    def test_what_changes_something_is_asked_for_by_a_name_of_ours_alone(self) -> None:
        asker = self.asker()
        self.assertEqual(self.status(asker, "/api"), 200)
        asker.send(b"POST /api HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 1\r\n\r\nx")
        (response,) = asker.responses()
        self.assertEqual((response.status, response.code), (403, "host_not_allowed"))
        self.assertEqual(self.hosts, ["localhost:8080", "evil.example"])
        # Who watches over servers has other names for them; and there is nothing to be learnt.
        for target in ("/healthz", "/readyz", "/"):
            asker.send(b"GET %b HTTP/1.1\r\nHost: evil.example\r\n\r\n" % target.encode())
            asker.world.turn()
            self.assertEqual([each.status for each in asker.responses()], [200])


class Draining(SynchronousTestCase):
    def drained(self, world: WebWorld) -> Deferred[None]:
        return world.site.drain()

    def test_where_nobody_asks_it_is_done_at_once(self) -> None:
        world = WebWorld()
        self.successResultOf(self.drained(world))
        self.assertEqual(world.reactor.getDelayedCalls(), [])

    def test_what_was_asked_is_answered_and_what_was_behind_it_is_not(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow") + request("/echo"))
        done = self.drained(world)
        self.assertNoResult(done)
        world.slow.asked.pop().answer(b"done")
        (response,) = asker.responses()
        self.assertEqual((response.body, response.headers["Connection"]), (b"done", "close"))
        self.assertTrue(asker.transport.half_closed)
        self.successResultOf(done)

    def test_an_answer_that_is_on_its_way_is_waited_for(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.transport.room = 1000
        asker.send(request("/big/100000"))
        done = self.drained(world)
        self.assertNoResult(done)
        data = b""
        for _ in range(10):
            data += asker.received()
        self.assertEqual(len(data.partition(b"\r\n\r\n")[2]), 100_000)
        self.successResultOf(done)

    def test_who_asks_nothing_is_sent_away_and_who_is_about_to_is_told_why(self) -> None:
        world = WebWorld()
        idle, head, body = world.asker(), world.asker(), world.asker()
        for asker in idle, head, body:
            asker.ask_for("/echo")
        head.send(b"GET /ec")
        body.send(request("/echo", "Content-Length: 2", method="POST") + b"x")
        self.successResultOf(self.drained(world))
        self.assertEqual(idle.responses(), [])
        for asker in head, body:
            (response,) = asker.responses()
            self.assertEqual((response.status, response.code), (503, "draining"))
        self.assertTrue(all(each.is_ended for each in (idle, head, body)))

    def test_who_keeps_requests_waiting_answers_them_then(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow"))
        world.site.at_drain(lambda: world.slow.asked.pop().answer(b"gone"))
        self.successResultOf(self.drained(world))
        self.assertEqual(asker.responses()[0].body, b"gone")

    def test_what_takes_too_long_is_cut_off(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/slow"))
        done = self.drained(world)
        world.pass_time(DRAIN_SECONDS - 0.25)
        self.assertNoResult(done)
        world.pass_time(0.25)
        self.successResultOf(done)
        self.assertTrue(asker.transport.lost)

    def test_who_connects_meanwhile_is_let_in_nowhere(self) -> None:
        world = WebWorld()
        waiting = world.asker()
        waiting.send(request("/slow"))
        self.drained(world)
        asker = world.asker()
        asker.send(request("/echo"))
        (response,) = asker.responses()
        self.assertEqual((response.code, asker.is_ended), ("draining", True))

    def test_a_listener_that_stops_waits_for_nobody_who_only_asked(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.ask_for("/echo")
        self.successResultOf(self.drained(world))
        done = world.listener.stop()
        self.assertNoResult(done)
        world.pass_time(CLOSE_HANDSHAKE_SECONDS + 1)
        world.turn()
        self.successResultOf(done)
        self.assertTrue(asker.transport.lost)
        self.assertLess(CLOSE_HANDSHAKE_SECONDS, SLOW_CONSUMER_SECONDS)

    def test_one_that_has_stopped_says_so(self) -> None:
        world = WebWorld()
        world.opened()
        world.listener.stop()
        for data in request("/echo"), opening():
            asker = world.asker()
            asker.send(data)
            (response,) = asker.responses()
            self.assertEqual((response.status, response.code), (503, "draining"))

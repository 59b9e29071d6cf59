"""How the server does, for who watches over it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import Unavailable
from gamesvc.web.health import ANSWER_SECONDS, KNOWN_SECONDS, Alive, JournalCheck, Ready
from tests.web import Asker, WebWorld, request


class Journal:
    """One that answers when the test lets it.

    Attributes:
        asked: who waits for an answer.
        times: how often it was asked.
    """

    def __init__(self) -> None:
        self.asked: list[Callable[[Any], None]] = []
        self.times = 0

    def due(self, limit: int, done: Callable[[Any], None]) -> None:
        self.times += 1
        self.asked.append(done)

    def answer(self, answer: object = ()) -> None:
        self.asked.pop(0)(answer)


class Health(SynchronousTestCase):
    def setUp(self) -> None:
        self.journal = Journal()

    def world(self, **options: Any) -> WebWorld:
        health: dict[bytes, Any] = {b"/healthz": Alive()}
        world = WebWorld(health, **options)
        check = JournalCheck(self.journal, world.reactor)  # type: ignore[arg-type]  # as much of one as is asked
        world.site._health[b"/readyz"] = Ready(check)
        return world

    def said(self, asker: Asker) -> list[tuple[int, bytes | str]]:
        return [(each.status, each.code if each.status > 299 else each.body) for each in asker.responses()]

    def test_a_process_that_lives_says_so_whatever_the_journal_does(self) -> None:
        asker = self.world().asker()
        asker.send(request("/healthz"))
        self.assertEqual(self.said(asker), [(200, b'{"status":"alive"}')])
        self.assertEqual(self.journal.times, 0)

    def test_it_is_ready_when_the_journal_answers(self) -> None:
        asker = self.world().asker()
        asker.send(request("/readyz"))
        self.assertEqual(self.said(asker), [])
        self.journal.answer([])
        self.assertEqual(self.said(asker), [(200, b'{"status":"ready"}')])

    def test_it_is_not_where_the_journal_fails_or_takes_its_time(self) -> None:
        world = self.world()
        asker = world.asker()
        asker.send(request("/readyz"))
        self.journal.answer(Unavailable("the disk is full"))
        self.assertEqual(self.said(asker), [(503, "journal_down")])
        world.pass_time(KNOWN_SECONDS)
        asker.send(request("/readyz"))
        world.pass_time(ANSWER_SECONDS - 0.25)
        self.assertEqual(self.said(asker), [])
        world.pass_time(0.25)
        self.assertEqual(self.said(asker), [(503, "journal_down")])
        # An answer that comes too late is none; later it may be asked again.
        self.journal.answer([])
        world.pass_time(KNOWN_SECONDS)
        asker.send(request("/readyz"))
        self.journal.answer([])
        self.assertEqual(self.said(asker), [(200, b'{"status":"ready"}')])

    def test_the_journal_is_asked_once_for_many_and_not_again_at_once(self) -> None:
        world = self.world()
        askers = [world.asker() for _ in range(3)]
        for asker in askers:
            asker.send(request("/readyz"))
        self.journal.answer([])
        for asker in askers:
            asker.send(request("/readyz"))
            self.assertEqual([status for status, _ in self.said(asker)], [200, 200])
        self.assertEqual(self.journal.times, 1)
        world.pass_time(KNOWN_SECONDS)
        askers[0].send(request("/readyz"))
        self.assertEqual(self.journal.times, 2)
        self.journal.answer([])

    def test_who_has_gone_meanwhile_is_told_nothing(self) -> None:
        world = self.world()
        asker = world.asker()
        asker.send(request("/readyz"))
        asker.cut()
        self.journal.answer([])
        self.assertEqual(world.reported, [])

    def test_where_there_is_no_room_it_lives_and_is_not_ready_and_says_so_once_on_a_connection(self) -> None:
        world = self.world(max_connections=1)
        world.opened()
        for target, wanted in (
            ("/healthz", (200, b'{"status":"alive"}')),
            ("/readyz", (503, "server_full")),
            ("/echo", (503, "server_full")),
        ):
            asker = world.asker()
            asker.send(request(target) + request("/healthz"))
            if self.journal.asked:
                self.journal.answer([])
            self.assertEqual(self.said(asker), [wanted])
            self.assertTrue(asker.is_ended)
            asker.cut()
            world.pass_time(KNOWN_SECONDS)

    def test_it_is_so_of_an_address_with_too_many_connections(self) -> None:
        world = self.world(max_connections_per_address=1)
        world.opened()
        asker = world.asker()
        asker.send(request("/echo"))
        self.assertEqual(self.said(asker), [(429, "too_many_connections")])
        asker = world.asker("192.0.2.2")
        asker.send(request("/echo"))
        self.assertEqual(self.said(asker), [(200, b"GET /echo")])

    def test_only_its_own_address_is_it(self) -> None:
        asker = self.world().asker()
        for target in ("/healthz/", "/healthz/x", "/healthz%20", "/HEALTHZ"):
            asker.send(request(target))
            self.assertEqual(self.said(asker), [(404, "not_found")])
        asker.send(request("/healthz?x"))
        self.assertEqual([status for status, _ in self.said(asker)], [200])

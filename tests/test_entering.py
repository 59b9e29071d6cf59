"""How a connection comes to be open is in `test_connection`, conversation by conversation; here is what it leaves."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.entering import stopped
from tests.web import WebWorld, request
from tests.wire import World, opening


class Sender:
    """Writes as an eager sender does, and knows as much."""

    is_clear = True

    def __init__(self, transport: Any, queued: Callable[[], None]) -> None:
        self.write = transport.write
        self.send = lambda data: transport.write(data) or len(data)
        self.queued = queued


class Leaving(SynchronousTestCase):
    def test_a_connection_that_is_lost_is_gone_without_a_search_for_circles(self) -> None:
        world = World(idle_game_seconds=0)
        with mock.patch("gamesvc.entering.eager_sender", Sender):
            line = world.opened()
        line.say(command="hello")
        gone = weakref.ref(line.protocol)
        gc.collect()
        gc.disable()
        self.addCleanup(gc.enable)
        line.transport.abortConnection()
        world.turn()
        line.transport.producer = line.transport.protocol = None
        del line.protocol
        self.assertIsNone(gone())

    def test_who_can_not_be_welcomed_is_not_in_the_game(self) -> None:
        world = World(idle_game_seconds=0)
        alice = world.opened()
        game = world.listener.games["lobby"]
        line = world.line()
        with mock.patch.object(game, "greet", side_effect=TypeError("can't be shown")):
            line.ask("/lobby", "Sec-WebSocket-Protocol: gamesvc.v1")
        self.assertEqual((line.response().status, line.heard()), (101, [1011]))
        self.assertEqual(game.controllers, (alice.protocol._controller,))


class Serving(SynchronousTestCase):
    """What asks for no WebSocket is left to somebody else; `test_web_channel` has what they make of it."""

    def test_where_nobody_serves_it_it_is_refused(self) -> None:
        line = World().line()
        line.send(request("/echo"))
        self.assertEqual(line.response().code, "upgrade_required")

    def test_it_is_served_wherever_connections_open_themselves_or_not(self) -> None:
        with mock.patch("gamesvc.listener.opened_attributes", return_value={}):
            by_autobahn = WebWorld()
        for world, opens_itself in ((WebWorld(), True), (by_autobahn, False)):
            self.assertIs(world.line().protocol.opens_itself, opens_itself)
            data = request("/echo") + request("/echo?2") + opening("/lobby")
            for size in (1, 30, len(data)):
                asker = world.asker()
                for start in range(0, len(data), size):
                    asker.send(data[start : start + size])
                served = [each.status for each in asker.responses()]
                self.assertEqual(served, [200, 200, 101])
                asker.say(command="hello")
                self.assertEqual(asker.heard()[-1], {"status": "ok"})
                asker.cut()

    def test_a_connection_that_plays_carries_nothing_of_it(self) -> None:
        kept = set(vars(World().opened().protocol))
        self.assertEqual(set(vars(WebWorld().opened().protocol)), kept)
        asker = WebWorld().asker()
        asker.send(request("/echo") + opening("/lobby"))
        self.assertEqual(set(vars(asker.protocol)) - kept, {"_web"})

    def test_nothing_of_a_handshake_goes_on(self) -> None:
        world = WebWorld(handshake_timeout=1)
        asker = world.asker()
        asker.send(request("/slow"))
        world.pass_time(5)
        world.slow.asked.pop().answer(b"late")
        self.assertEqual([each.body for each in asker.responses()], [b"late"])


class Timers(SynchronousTestCase):
    def test_one_that_runs_is_stopped_and_none_is_none(self) -> None:
        timer = mock.Mock()
        self.assertEqual((stopped(timer), stopped(None)), (None, None))
        timer.cancel.assert_called_once_with()

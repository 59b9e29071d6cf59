"""How a connection comes to be open is in `test_connection`, conversation by conversation; here is what it leaves."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.entering import stopped
from tests.wire import World


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


class Timers(SynchronousTestCase):
    def test_one_that_runs_is_stopped_and_none_is_none(self) -> None:
        timer = mock.Mock()
        self.assertEqual((stopped(timer), stopped(None)), (None, None))
        timer.cancel.assert_called_once_with()

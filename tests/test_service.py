"""The service: its wiring, and the order in which it starts and stops."""

from __future__ import annotations

import subprocess
import sys
from typing import Any
from unittest import mock

from twisted.application.service import Application, IServiceCollection
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.config import Config, Options, load
from gamesvc.errors import ConfigError
from gamesvc.service import GameService, ListenError, make_game_service, makeService
from tests.wire import Logged


def config(**options: list[str]) -> Config:
    return load({name.replace("_", "-"): values for name, values in options.items()}, {})


class Wiring(SynchronousTestCase):
    def service(self, **options: list[str]) -> tuple[GameService, MemoryReactorClock]:
        reactor = MemoryReactorClock()
        return make_game_service(config(**options), reactor), reactor

    def test_it_listens_where_it_was_told_to_and_on_loopback_unless_told_otherwise(self) -> None:
        service, reactor = self.service(port=["8080", "tcp:8081:interface=192.0.2.1", "unix:gamesvc.sock"])
        service.privilegedStartService()
        self.assertEqual(
            [(each[0], each[3]) for each in reactor.tcpServers], [(8080, "127.0.0.1"), (8081, "192.0.2.1")]
        )
        self.assertEqual([each[0] for each in reactor.unixServers], ["gamesvc.sock"])
        for each in (*reactor.tcpServers, *reactor.unixServers):
            self.assertIs(each[1], service.listener)

    def test_the_log_says_where_clients_find_it(self) -> None:
        logged = Logged(self)
        service, _ = self.service(port=["8080", "unix:gamesvc.sock"])
        service.privilegedStartService()
        self.assertIn("serving greetings at ws://0.0.0.0:8080/GAME", logged.texts())
        self.assertIn("serving greetings at unix:gamesvc.sock", logged.texts())

    def test_settings_reach_the_listener(self) -> None:
        service, _ = self.service(game=["tests.tictactoe:TicTacToe"], max_games=["7"])
        self.assertEqual((service.listener.kinds, service.listener.limits.max_games), ("TicTacToe", 7))

    def test_tokens_are_asked_for_only_with_a_key_that_can_be_read(self) -> None:
        error = self.assertRaises(ConfigError, self.service, enable_auth=["True"], public_key_file=["/no/such.pem"])
        self.assertIn("/no/such.pem", str(error))

    def test_a_port_that_is_no_endpoint_is_named(self) -> None:
        error = self.assertRaises(ConfigError, self.service, port=["carrier:pigeon"])
        self.assertIn("carrier:pigeon", str(error))

    def test_an_authors_game_is_found_where_the_server_is_started(self) -> None:
        with mock.patch("sys.path", [each for each in sys.path if each != "."]), mock.patch("os.getcwd") as cwd:
            cwd.return_value = "/where/the/author/is"
            self.service()
            self.assertEqual(sys.path[0], "/where/the/author/is")


class Start(SynchronousTestCase):
    def test_where_one_port_is_taken_none_is_listened_on(self) -> None:
        reactor = MemoryReactorClock()
        service = make_game_service(config(port=["8080", "8081"]), reactor)
        listen, stopped = reactor.listenTCP, []

        def listen_once(port: int, *args: Any, **keywords: Any) -> Any:
            if port == 8081:
                raise CannotListenError("127.0.0.1", port, OSError(98, "Address already in use"))
            taken: Any = listen(port, *args, **keywords)
            taken.stopListening = lambda: stopped.append(port)
            return taken

        with mock.patch.object(reactor, "listenTCP", listen_once):
            error = self.assertRaises(ListenError, service.privilegedStartService)
        self.assertIn("tcp:8081:interface=127.0.0.1", str(error))
        self.assertIn("Address already in use", str(error))
        self.assertEqual(stopped, [8080])

    def test_makeService_ends_the_process_with_one_line_where_a_game_is_not_there(self) -> None:
        options = Options()
        options.parseOptions(["--game", "tests.tictactoe:Chess"])
        with mock.patch("gamesvc.service._reactor", MemoryReactorClock), mock.patch("sys.excepthook"):
            error = self.assertRaises(SystemExit, makeService, options)
        self.assertEqual(
            str(error),
            "gamesvc: game 'tests.tictactoe:Chess': the module tests.tictactoe has no 'Chess' (game: option --game)",
        )

    def test_twistd_is_given_our_log_observer_unless_it_was_told_of_another_logger(self) -> None:
        cases: dict[str, dict[str, Any]] = {
            "ours": {"nodaemon": True, "logger": None, "syslog": False, "logfile": None},
            "another": {"nodaemon": True, "logger": object, "syslog": False, "logfile": None},
            "syslog": {"nodaemon": True, "logger": None, "syslog": True, "logfile": None},
        }
        for name, twistd in cases.items():
            options = Options()
            options.parent = twistd  # type: ignore[assignment]  # as much of twistd's options as is looked at
            options.parseOptions([])
            with mock.patch("gamesvc.service._reactor", MemoryReactorClock), mock.patch("sys.excepthook"):
                service = makeService(options)
            application: Any = Application("gamesvc")
            service.setServiceParent(application)
            self.assertIs(IServiceCollection(application).getServiceNamed("gamesvc"), service)
            self.assertEqual(application.getComponent(ILogObserver) is not None, name == "ours", name)


class Stop(SynchronousTestCase):
    def test_ports_are_closed_before_connections_and_both_are_waited_for(self) -> None:
        service = make_game_service(config(port=["8080"]), MemoryReactorClock())
        service.privilegedStartService()
        order: list[str] = []
        port_closed: Deferred[None] = Deferred()
        connections_closed: Deferred[None] = Deferred()

        def close_port() -> Deferred[None]:
            order.append("port")
            return port_closed

        def close_connections() -> Deferred[None]:
            order.append("connections")
            return connections_closed

        with (
            mock.patch.object(service._ports[0], "stopListening", close_port),
            mock.patch.object(service.listener, "stop", close_connections),
        ):
            done = service.stopService()
            self.assertEqual(order, ["port"])
            port_closed.callback(None)
            self.assertEqual(order, ["port", "connections"])
            self.assertNoResult(done)
            connections_closed.callback(None)
        self.successResultOf(done)

    def test_a_port_that_fails_to_close_does_not_keep_connections_from_being_closed(self) -> None:
        service = make_game_service(config(port=["8080"]), MemoryReactorClock())
        service.privilegedStartService()
        with (
            mock.patch.object(service._ports[0], "stopListening", side_effect=RuntimeError("stuck")),
            mock.patch.object(service.listener, "stop", side_effect=lambda: succeed(None)) as stop,
        ):
            self.successResultOf(service.stopService())
        stop.assert_called_once_with()
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)


CLOCK_STEP = """
import time
offset, real = 0.0, time.time
time.time = lambda: real() + offset
from gamesvc.config import Options
from gamesvc.service import makeService
options = Options()
options.parseOptions([])
makeService(options)
from twisted.internet import reactor
reactor.callLater(0.05, reactor.stop)
offset = -3600.0
reactor.run()
print("fired")
"""


class Clock(SynchronousTestCase):
    def test_a_step_of_the_walls_clock_does_not_freeze_timers(self) -> None:
        done = subprocess.run([sys.executable, "-c", CLOCK_STEP], capture_output=True, text=True, timeout=20)
        self.assertEqual((done.stdout, done.stderr), ("fired\n", ""))

"""The service: its wiring, and the order in which it starts and stops."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from unittest import mock

from twisted.application.service import Application, IServiceCollection
from twisted.internet.defer import Deferred
from twisted.internet.error import CannotListenError
from twisted.internet.testing import MemoryReactorClock
from twisted.logger import ILogObserver
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.catalog import shipped
from gamesvc.config import Config, Options, load
from gamesvc.errors import ConfigError, JournalError
from gamesvc.journal.memory import MemoryJournal
from gamesvc.journal.threaded import ThreadedJournal
from gamesvc.service import GameService, StartError, _end_process, make_game_service, makeService
from tests.wire import Logged


@contextmanager
def process() -> Iterator[None]:
    """As if the process were twistd's: what it changes for all is put back."""
    with (
        mock.patch("gamesvc.service._reactor", Reactor),
        mock.patch("sys.excepthook"),
        mock.patch("sys.setswitchinterval"),
        mock.patch("gamesvc.service._spare_collections"),
    ):
        yield


def config(**options: list[str]) -> Config:
    return load({name.replace("_", "-"): values for name, values in options.items()}, {})


class Reactor(MemoryReactorClock):
    """A reactor that can be told something from other threads."""

    def __init__(self) -> None:
        super().__init__()
        self._told: SimpleQueue[Callable[[], object]] = SimpleQueue()

    def callFromThread(self, call: Callable[..., object], *arguments: object, **keywords: object) -> None:
        self._told.put(partial(call, *arguments, **keywords))

    def run_until(self, done: Deferred[None]) -> None:
        """Do what other threads tell, until something is done."""
        while not done.called:
            self._told.get(timeout=120)()
            # Who waits for the journal looks again after a while.
            self.advance(0.01)


class Wiring(SynchronousTestCase):
    def service(self, **options: list[str]) -> tuple[GameService, Reactor]:
        reactor = Reactor()
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
        service, _ = self.service(port=["8080", "unix:gamesvc.sock"], journal=["memory"])
        service.privilegedStartService()
        # Not before the journal is open, which may fail.
        self.assertEqual([text for text in logged.texts() if text.startswith("serving")], [])
        service.startService()
        self.addCleanup(service.stopService)
        games = ", ".join(shipped())
        self.assertIn(f"serving {games} at ws://0.0.0.0:8080/GAME", logged.texts())
        self.assertIn(f"serving {games} at unix:gamesvc.sock", logged.texts())
        pages = [text for text in logged.texts() if text.startswith("open ")]
        self.assertEqual(pages, ["open http://localhost:8080/ to play"])

    def test_the_log_names_no_page_where_there_is_none(self) -> None:
        logged = Logged(self)
        service, _ = self.service(journal=["memory"], playground=["False"])
        service.privilegedStartService()
        service.startService()
        self.addCleanup(service.stopService)
        self.assertEqual([text for text in logged.texts() if text.startswith("open ")], [])

    def test_settings_reach_the_listener(self) -> None:
        service, _ = self.service(game=["tests.tictactoe:TicTacToe"], max_games=["7"])
        self.assertEqual((service.listener.kinds, service.listener.limits.max_games), ("TicTacToe", 7))

    def test_the_listener_has_the_site_with_a_playground_unless_told_otherwise(self) -> None:
        for options, has_one in (({}, True), ({"playground": ["False"]}, False)):
            service, _ = self.service(**options)
            self.assertIs(service.listener.web, service._site)
            self.assertEqual(b"playground" in service._site.resource.children, has_one)

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

    def test_games_are_kept_where_it_was_told_to(self) -> None:
        for journal, kind in (
            ("memory", MemoryJournal),
            ("sqlite:games.sqlite", ThreadedJournal),
            ("postgresql://db.example/games", ThreadedJournal),
        ):
            service, _ = self.service(journal=[journal])
            self.assertIs(type(service._journal.journal), kind)
        self.assertFalse(Path("games.sqlite").exists(), "nothing is opened before it is started")

    def test_where_the_driver_of_a_database_is_not_installed_it_says_how_to_get_it(self) -> None:
        kept = {name: module for name, module in sys.modules.items() if not name.startswith("gamesvc.journal.postgres")}
        with mock.patch.dict(sys.modules, {**kept, "psycopg": None}, clear=True):
            error = self.assertRaises(
                ConfigError, self.service, journal=["postgresql://alice:hunter2@db.example/games"]
            )
        self.assertIn("pip install 'gamesvc[postgres]'", str(error))
        self.assertIn("(journal: option --journal)", str(error))
        self.assertNotIn("hunter2", str(error))


class Start(SynchronousTestCase):
    def test_where_one_port_is_taken_none_is_listened_on(self) -> None:
        reactor = MemoryReactorClock()
        service = make_game_service(config(port=["8080", "8081"], journal=["memory"]), reactor)
        listen, stopped = reactor.listenTCP, []

        def listen_once(port: int, *args: Any, **keywords: Any) -> Any:
            if port == 8081:
                raise CannotListenError("127.0.0.1", port, OSError(98, "Address already in use"))
            taken: Any = listen(port, *args, **keywords)
            taken.stopListening = lambda: stopped.append(port)
            return taken

        with mock.patch.object(reactor, "listenTCP", listen_once):
            error = self.assertRaises(StartError, service.privilegedStartService)
        self.assertIn("tcp:8081:interface=127.0.0.1", str(error))
        self.assertIn("Address already in use", str(error))
        self.assertEqual(stopped, [8080])

    def test_makeService_ends_the_process_with_one_line_where_a_game_is_not_there(self) -> None:
        options = Options()
        options.parseOptions(["--game", "tests.tictactoe:Chess"])
        with process():
            error = self.assertRaises(SystemExit, makeService, options)
        self.assertEqual(
            str(error),
            "gamesvc: game 'tests.tictactoe:Chess': the module tests.tictactoe has no 'Chess'; "
            "it has TicTacToe (game: option --game)",
        )

    def test_the_reactors_polls_take_the_shorter_way(self) -> None:
        options = Options()
        options.parseOptions([])
        with process(), mock.patch("gamesvc.service.poll_without_log_context") as shorten:
            service = makeService(options)
        assert isinstance(service, GameService)
        (reactor,) = shorten.call_args.args
        self.assertIs(service.listener.reactor, reactor)

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
            with process():
                service = makeService(options)
            application: Any = Application("gamesvc")
            service.setServiceParent(application)
            self.assertIs(IServiceCollection(application).getServiceNamed("gamesvc"), service)
            self.assertEqual(application.getComponent(ILogObserver) is not None, name == "ours", name)


class Journals(SynchronousTestCase):
    """Where games are kept is opened when the server starts, and closed last."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())
        self.reactor = Reactor()

    def service(self, journal: str | None = None) -> GameService:
        given = config(port=["8080", "8081"], journal=[journal or f"sqlite:{self.path}"])
        service = make_game_service(given, self.reactor)
        service.privilegedStartService()
        return service

    def started(self, journal: str | None = None) -> GameService:
        service = self.service(journal)
        service.startService()
        self.addCleanup(self.stop, service)
        return service

    def stop(self, service: GameService) -> None:
        if service.running:
            self.reactor.run_until(done := service.stopService())
            self.successResultOf(done)

    def refused(self, service: GameService) -> str:
        """What is said where it does not start; then nothing is listened on either."""
        stopped: list[object] = []
        ports = service._ports._ports
        for port in ports:
            port.stopListening = lambda port=port: stopped.append(port)  # type: ignore[method-assign, misc]
        logged, calls = Logged(self), self.reactor.getDelayedCalls()
        message = str(self.assertRaises(StartError, service.startService))
        self.assertEqual(stopped, ports)
        self.assertEqual(len(stopped), 2)
        self.assertIn(message, logged.texts())
        self.assertFalse(service.running)
        self.assertEqual(self.reactor.getDelayedCalls(), calls)
        return message

    def test_a_file_is_made_when_the_server_starts_and_not_while_it_may_still_be_root(self) -> None:
        service = self.service()
        self.assertFalse(self.path.exists())
        service.startService()
        self.assertTrue(self.path.exists())
        self.stop(service)

    def test_no_two_servers_have_one_file_and_the_second_says_whose_it_is(self) -> None:
        first = self.started()
        message = self.refused(self.service())
        for part in (str(self.path), f"another server (pid {os.getpid()})", "(journal: option --journal)"):
            self.assertIn(part, message)
        self.assertIn("; stop that one, or give this one another file, --journal sqlite:OTHER.sqlite, or", message)
        self.stop(first)
        self.started()

    def test_a_journal_that_can_not_be_opened_is_told_with_the_setting(self) -> None:
        self.path.write_bytes(b"this is no database, " * 100)
        message = self.refused(self.service())
        self.assertIn(str(self.path), message)
        self.assertIn("(journal: option --journal)", message)
        nowhere = self.path.parent / "nowhere" / "games.sqlite"
        self.assertIn("No such file or directory", self.refused(self.service(f"sqlite:{nowhere}")))

    def test_a_database_that_can_not_be_understood_or_reached_is_told_without_its_password(self) -> None:
        for url in (
            "postgresql://alice:hunter2@127.0.0.1:1/games?connect_timeout=2",
            "postgresql://alice:hunter2@127.0.0.1:port/games",
        ):
            message = self.refused(self.service(url))
            self.assertNotIn("hunter2", message)
            self.assertIn("(journal: option --journal)", message)

    def test_games_are_looked_after_from_the_start_to_the_stop(self) -> None:
        service = self.service("memory")
        self.assertEqual(self.reactor.getDelayedCalls(), [])
        service.startService()
        self.reactor.advance(0)
        self.assertTrue(self.reactor.getDelayedCalls())
        done = service.stopService()
        self.reactor.advance(0)
        self.successResultOf(done)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_where_the_disk_fails_the_process_ends_at_once_and_says_why(self) -> None:
        logged = Logged(self)
        with mock.patch("os._exit") as end:
            _end_process(JournalError("games.sqlite: disk I/O error"))
        end.assert_called_once_with(1)
        self.assertEqual(logged.texts(), ["the process ends: games.sqlite: disk I/O error"])


class Stop(SynchronousTestCase):
    def test_ports_are_closed_then_requests_are_answered_then_connections_threads_and_the_journal_closed(self) -> None:
        service = make_game_service(config(port=["8080"], journal=["memory"]), MemoryReactorClock())
        service.privilegedStartService()
        order: list[str] = []
        port_closed: Deferred[None] = Deferred()
        answered: Deferred[None] = Deferred()
        connections_closed: Deferred[None] = Deferred()
        threads_ended: Deferred[None] = Deferred()
        journal_closed: list[Callable[[], None]] = []

        def close_port() -> Deferred[None]:
            order.append("port")
            return port_closed

        def answer() -> Deferred[None]:
            order.append("answers")
            return answered

        def close_connections() -> Deferred[None]:
            order.append("connections")
            return connections_closed

        def end_threads() -> Deferred[None]:
            order.append("threads")
            return threads_ended

        def close_journal(done: Callable[[], None]) -> None:
            order.append("journal")
            journal_closed.append(done)

        with (
            mock.patch.object(service._ports._ports[0], "stopListening", close_port),
            mock.patch.object(service._site, "drain", answer),
            mock.patch.object(service.listener, "stop", close_connections),
            mock.patch.object(service._aside, "stop", end_threads),
            mock.patch.object(service._journal.journal, "close", close_journal),
        ):
            done = service.stopService()
            self.assertEqual(order, ["port"])
            port_closed.callback(None)
            self.assertEqual(order, ["port", "answers"])
            answered.callback(None)
            self.assertEqual(order, ["port", "answers", "connections"])
            connections_closed.callback(None)
            self.assertEqual(order, ["port", "answers", "connections", "threads"])
            threads_ended.callback(None)
            self.assertEqual(order, ["port", "answers", "connections", "threads", "journal"])
            self.assertNoResult(done)
            journal_closed[0]()
        self.successResultOf(done)


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
        done = subprocess.run([sys.executable, "-c", CLOCK_STEP], capture_output=True, text=True, timeout=120)
        self.assertEqual((done.stdout, done.stderr), ("fired\n", ""))


COLLECTIONS = """
import gc
before = gc.get_threshold(), gc.get_freeze_count()
import gamesvc.service
from gamesvc.config import Options
imported = gc.get_threshold(), gc.get_freeze_count()
options = Options()
options.parseOptions([])
gamesvc.service.makeService(options)
{after}
print(imported == before, gc.isenabled(), gc.get_threshold()[0], gc.get_freeze_count() > 10_000)
"""


class Collections(SynchronousTestCase):
    """Python's search for circles, which has nothing to find among what is there when the server starts."""

    def run_script(self, after: str = "") -> str:
        script = COLLECTIONS.format(after=after)
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.stderr, "")
        return done.stdout

    def test_what_is_there_when_the_server_is_made_is_spared_and_the_rest_is_looked_through_seldom(self) -> None:
        self.assertEqual(self.run_script(), "True True 10000 True\n")

    def test_circles_that_come_about_later_are_found(self) -> None:
        after = """
import weakref
class Circle: pass
circle = Circle()
circle.itself = circle
gone = weakref.ref(circle)
del circle
kept = [[] for _ in range(20_000)]
assert gone() is None
"""
        self.assertEqual(self.run_script(after), "True True 10000 True\n")

    def test_what_only_wires_a_server_leaves_the_process_as_it_is(self) -> None:
        before = gc.get_threshold(), gc.get_freeze_count()
        make_game_service(config(journal=["memory"]), Reactor())
        self.assertEqual((gc.get_threshold(), gc.get_freeze_count()), before)

    def test_where_a_setting_is_not_usable_nothing_is_frozen(self) -> None:
        options = Options()
        options.parseOptions(["--game", "tests.tictactoe:Chess"])
        with process(), mock.patch("gamesvc.service._spare_collections") as spare:
            self.assertRaises(SystemExit, makeService, options)
        spare.assert_not_called()

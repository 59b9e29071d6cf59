"""A server as operators run it: a daemon with a pidfile and a log, signals, and its end, in order or not."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time

from twisted.internet.threads import deferToThread

from tests.e2e.authors import FLOOD
from tests.e2e.clients import V1, AutobahnClient, ClassroomClient, SleepyClient, drown
from tests.e2e.processes import LOOPBACK, Operator, listens, until
from tests.e2e.threads import in_reactor, in_thread
from tests.e2e.watching import launched

OK = {"status": "ok"}
UNHURRIED = ("--commands-per-second", "0", "--frames-per-second", "0")
RESTARTING = 1012
WAVE = 60_000
PATIENT = {"gamesvc.limits:CLOSE_HANDSHAKE_SECONDS": 5.0}
"""Peers who do not answer get 2 s otherwise, in which a busy machine may not come to those who do."""
STOP_SECONDS = 40.0
"""How long a server may take to stop: peers who do not answer get 5 s here."""


@in_thread
def test_a_daemon_says_nothing_writes_its_pidfile_and_its_log_and_serves(operator: Operator) -> None:
    server = operator.daemonize()
    assert server.running
    server.await_log(f" at {server.url('GAME')}")
    with ClassroomClient(server.url("g1", player="alice")) as client:
        assert client.ask("hello") == OK
    server.await_log("game g1 (greetings) opened by 'alice'")


@in_thread
def test_sigusr1_opens_the_log_again_after_it_was_moved_away(operator: Operator) -> None:
    server = operator.daemonize()
    log, moved = operator.directory / "server.log", operator.directory / "server.log.1"
    with ClassroomClient(server.url("before")):
        server.await_log("game before ")
    log.rename(moved)
    server.signal(signal.SIGUSR1)
    until(log.exists, "a new log")
    with ClassroomClient(server.url("after")) as client:
        server.await_log("game after ")
        assert client.ask("yo") == OK
    assert "game before " in moved.read_text()
    assert "game before " not in log.read_text()
    assert "game after " not in moved.read_text()
    # And once more, with nothing moved: nothing is lost, and nothing is rotated.
    server.signal(signal.SIGUSR1)
    with ClassroomClient(server.url("later")):
        server.await_log("game later ")
    assert "game after " in log.read_text()
    assert sorted(path.name for path in operator.directory.glob("server.log*")) == ["server.log", "server.log.1"]


@in_reactor
async def test_sigterm_closes_every_connection_with_1012_and_ends_in_order(operator: Operator) -> None:
    operator.write("flood.py", FLOOD)
    launcher = launched(operator, constants=PATIENT)
    server = await deferToThread(operator.daemonize, *UNHURRIED, "--game", "flood:Flood", launcher=launcher)
    welcomed = await AutobahnClient.enter(server.url("flooded"), V1)

    def shut_down() -> None:
        with contextlib.ExitStack() as stack:
            sleeps = stack.enter_context(SleepyClient(server.url("flooded")))
            wakes = stack.enter_context(SleepyClient(server.url("flooded")))
            stack.enter_context(socket.create_connection((LOOPBACK, server.ports["port"])))
            classic = stack.enter_context(ClassroomClient(server.url("flooded")))
            drown(sleeps, classic, "wave", size=WAVE)
            signalled = time.monotonic()
            server.signal(signal.SIGTERM)
            server.await_log(f"closing {wakes.address}: {RESTARTING} ")
            assert wakes.read_to_the_end()[1] == RESTARTING
            assert classic.await_close() == RESTARTING
            server.await_end()
            assert time.monotonic() - signalled < STOP_SECONDS

    await deferToThread(shut_down)
    assert await welcomed.await_close() == RESTARTING
    assert not (operator.directory / "server.pid").exists()
    server.await_log("all connections are closed")
    server.await_log("Server Shut Down.")
    assert "Traceback" not in server.log
    assert server.log.count(f": {RESTARTING} ") == 4
    assert not listens((LOOPBACK, server.ports["port"]))


@in_thread
def test_at_sigterm_one_who_has_fallen_behind_gets_what_was_on_its_way_without_a_gap_and_1012(
    operator: Operator,
) -> None:
    operator.write("flood.py", FLOOD)
    launcher = launched(operator, constants=PATIENT)
    options = ("-n", "--pidfile=", "gamesvc", "--port", "{port}", *UNHURRIED, "--game", "flood:Flood")
    server = operator.serve(*launcher, *options)
    with SleepyClient(server.url()) as sleeper, ClassroomClient(server.url()) as classic:
        sent = drown(sleeper, classic, "wave", size=WAVE)
        server.signal(signal.SIGTERM)
        server.await_log(f"closing {sleeper.address}: {RESTARTING} ")
        messages, code = sleeper.read_to_the_end()
        assert code == RESTARTING
        assert 0 < len(messages) <= sent
        assert [message["number"] for message in messages] == list(range(1, len(messages) + 1))


@in_thread
def test_a_pidfile_that_is_empty_or_names_a_process_that_lives_keeps_it_from_starting(operator: Operator) -> None:
    # twistd's own rule, and why the pages for operators say what they say.
    for content in ("", str(os.getpid())):
        operator.write("server.pid", content)
        finished = operator.run("twistd", "-n", "--pidfile=server.pid", "gamesvc", "--port", "0")
        assert finished.status == 1
        assert (operator.directory / "server.pid").read_text() == content


@in_thread
def test_ctrl_c_in_the_foreground_is_an_orderly_end_too(operator: Operator) -> None:
    server = operator.twistd()
    with ClassroomClient(server.url()) as client:
        client.ask("hello")
        server.signal(signal.SIGINT)
        assert client.await_close() == RESTARTING
        assert server.await_end() == -signal.SIGINT
    assert "all connections are closed" in server.log


@in_thread
def test_after_kill_9_the_line_is_cut_and_a_new_server_starts_on_the_same_port_and_pidfile(operator: Operator) -> None:
    start = ("twistd", "-n", "--pidfile=server.pid", "gamesvc", "--port")
    server = operator.serve(*start, "{port}")
    pidfile, port = operator.directory / "server.pid", server.ports["port"]
    with ClassroomClient(server.url()) as classic, ClassroomClient(server.url(), subprotocols=[V1]) as welcomed:
        assert classic.ask("hello") == OK
        server.kill()
        assert classic.await_close() is None
        assert welcomed.await_close() is None
        assert pidfile.read_text() == str(server.pid)
        successor = operator.serve(*start, str(port))
        until(lambda: listens((LOOPBACK, port)), "the new server")
        assert pidfile.read_text() == str(successor.pid)
        with ClassroomClient(server.url()) as again:
            assert again.ask("hello") == OK
            # The game has gone on.
            assert again.events[0]["seq"] == 2

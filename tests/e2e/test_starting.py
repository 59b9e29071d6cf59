"""The other ways to start a server, and the file of settings."""

from __future__ import annotations

import signal

from tests.e2e.authors import TIC_TAC_TOE
from tests.e2e.clients import V1, ClassroomClient, refusal
from tests.e2e.processes import CHECKOUT, LOOPBACK, Operator, free_port, listens
from tests.e2e.threads import in_thread

OK = {"status": "ok"}


@in_thread
def test_python_m_gamesvc_serves_in_the_foreground_without_a_pidfile(operator: Operator) -> None:
    server = operator.serve("python", "-m", "gamesvc", "--port", "{port}")
    with ClassroomClient(server.url()) as client:
        assert client.ask("hello") == OK
        assert not list(operator.directory.glob("*.pid"))
        server.signal(signal.SIGTERM)
        assert client.await_close() == 1012
    assert server.await_end() == -signal.SIGTERM


@in_thread
def test_the_tac_file_serves_and_logs_what_the_environment_says(operator: Operator) -> None:
    operator.write("tictactoe.py", TIC_TAC_TOE)
    server = operator.serve(
        *("twistd", "-n", "--pidfile=", "-y", str(CHECKOUT / "gamesvc.tac")),
        WS_LISTENER_PORT="{port}",
        GAMESVC_GAME="tictactoe:TicTacToe",
        GAMESVC_MAX_CONNECTIONS="2",
        GAMESVC_LOG_LEVEL="warn",
    )
    with (
        ClassroomClient(server.url("g", player="alice"), subprotocols=[V1]) as alice,
        ClassroomClient(server.url("g", player="bob")) as bob,
    ):
        assert alice.hear(1)[0]["kind"] == "TicTacToe"
        assert refusal(server.url("g")).status == 503
        server.signal(signal.SIGTERM)
        assert alice.await_close() == bob.await_close() == 1012
    assert server.await_end() == -signal.SIGTERM
    assert "game g " not in server.log


@in_thread
def test_a_file_of_settings_counts_less_than_the_environment_and_that_less_than_options(operator: Operator) -> None:
    operator.write("tictactoe.py", TIC_TAC_TOE)
    in_file = free_port()
    operator.write(
        "gamesvc.toml",
        f"""
        port = {in_file}
        game = ["tictactoe:TicTacToe", "greetings"]
        log-level = "warn"
        max-connections = 1
        commands-per-second = 0.001
        command-burst = 2
        enable-auth = false
        """,
    )
    server = operator.serve(
        *("twistd", "-n", "--pidfile=", "gamesvc", "--config", "gamesvc.toml", "--max-connections", "2"),
        WS_LISTENER_PORT="{port}",
        GAMESVC_MAX_CONNECTIONS="3",
    )
    assert not listens((LOOPBACK, in_file))
    with (
        ClassroomClient(server.url("g", player="alice"), subprotocols=[V1]) as alice,
        ClassroomClient(server.url("g", player="bob")) as bob,
    ):
        assert alice.hear(1)[0]["kind"] == "TicTacToe"
        assert refusal(server.url("g")).status == 503
        replies = [bob.ask("mark", cell=0) for _ in range(3)]
        assert [reply["error"]["code"] for reply in replies] == ["refused", "refused", "rate_limited"]
    assert "game g " not in server.log

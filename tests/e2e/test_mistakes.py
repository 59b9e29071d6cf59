"""What an operator mistypes: nothing starts, the exit status is 1, and one line on standard error says which setting it
was, where it came from, and what would be right."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import pytest

from tests.e2e.authors import TIC_TAC_TOE
from tests.e2e.processes import CHECKOUT, LOOPBACK, Finished, Operator, operator_in
from tests.e2e.threads import in_thread

AT_ONCE = 4
STARTED = -1
"""The exit status of what did not end, because a server started."""


class Mistake(NamedTuple):
    """Something wrong.

    Attributes:
        options: of ``twistd gamesvc``. ``{taken}`` is a port on which somebody else listens.
        complaint: what the complaint must hold: the setting, its source, what would be right.
        environment: variables.
    """

    options: str
    complaint: tuple[str, ...]
    environment: Mapping[str, str] = {}


MISTAKES = {
    # The place where to listen.
    "a port that is no number": Mistake("--port abc", ("port = 'abc'", "option --port", "0 to 65535")),
    "a variable for the port that is empty": Mistake(
        "", ("port", "environment variable WS_LISTENER_PORT", "0 to 65535"), {"WS_LISTENER_PORT": ""}
    ),
    "an endpoint of a kind that there is not": Mistake("--port foo:1", ("port", "foo:1", "option --port")),
    "an endpoint whose certificate there is not": Mistake(
        "--port ssl:0:privateKey=none.pem:certKey=none.pem", ("port", "option --port", "none.pem", "No such file")
    ),
    "a port that is taken": Mistake("--port {taken}", ("port", "{taken}", "option --port", "in use")),
    "an address that this machine has not": Mistake(
        "", ("address", "192.0.2.1", "environment variable LOCAL_IP"), {"LOCAL_IP": "192.0.2.1"}
    ),
    # The command line itself.
    "an option that there is not": Mistake("--prot 8080", ("--prot", "twistd gamesvc --help")),
    # Values.
    "a switch that is neither on nor off": Mistake(
        "", ("enable-auth = 'maybe'", "environment variable ENABLE_AUTH", "True or False"), {"ENABLE_AUTH": "maybe"}
    ),
    "an origin that is none": Mistake(
        "--allow-origin game.example", ("allow-origin", "'game.example'", "option --allow-origin", "scheme://host")
    ),
    # The file of settings.
    "a file that there is not": Mistake("--config none.toml", ("config", "'none.toml'", "option --config", "No such")),
    "a setting in the file that there is not": Mistake(
        "", ("file unknown.toml", "'prot'", "did you mean port"), {"GAMESVC_CONFIG": "unknown.toml"}
    ),
    "a bad value in the file": Mistake("--config bad.toml", ("max-games = '-1'", "file bad.toml", "whole number")),
    # Games.
    "a game that is not installed": Mistake(
        "--game greting", ("game", "'greting'", "option --game", "'greetings'", "package.module:Class")
    ),
    "a game in a module that there is not": Mistake(
        "--game nowhere:Game", ("game", "'nowhere:Game'", "option --game", "no module 'nowhere'")
    ),
    "a game whose module has a syntax error": Mistake(
        "--game broken:Game", ("game", "'broken:Game'", "option --game", "SyntaxError", "broken.py, line 3")
    ),
    "a game whose module ends the program": Mistake(
        "--game leaving:Game", ("game", "'leaving:Game'", "option --game", "leaving.py")
    ),
    "a game whose author forgot a type": Mistake(
        "--game untyped:Game", ("game", "'untyped:Game'", "option --game", "`board: list", "untyped.py, line")
    ),
    # Keys.
    "tokens without a key": Mistake("--enable-auth", ("public-key-file", "public_key.pem", "default", "gamesvc keys")),
    "a key that there is not": Mistake(
        "",
        ("public-key-file", "none.pem", "environment variable PUBLIC_KEY_FILE", "No such file", "gamesvc keys"),
        {"ENABLE_AUTH": "True", "PUBLIC_KEY_FILE": "none.pem"},
    ),
    "a key that can't be read": Mistake(
        "--enable-auth --public-key-file directory", ("public-key-file", "directory", "option --public-key-file")
    ),
    "the private key instead of the public one": Mistake(
        "--enable-auth --public-key-file private_key.pem",
        ("public-key-file", "private_key.pem", "option --public-key-file", "private key"),
    ),
}


class Bench(NamedTuple):
    """A directory full of what can be wrong, and a port that is taken there."""

    operator: Operator
    taken: int

    def start(self, name: str) -> Finished:
        """Try to start a server with a mistake."""
        mistake = MISTAKES[name]
        options = mistake.options.format(taken=self.taken).split()
        environment = {"WS_LISTENER_PORT": "0", **mistake.environment}
        try:
            return self.operator.run("twistd", "-n", f"--pidfile={name}.pid", "gamesvc", *options, **environment)
        except subprocess.TimeoutExpired as started:
            return Finished(STARTED, (started.stdout or b"").decode(), (started.stderr or b"").decode())


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with operator_in(tmp_path_factory.mktemp("mistakes")) as operator, socket.create_server((LOOPBACK, 0)) as taken:
        operator.write("tictactoe.py", TIC_TAC_TOE)
        operator.write("broken.py", "from gamesvc import GameModel\n\nclass Game(GameModel)\n    pass\n")
        operator.write("leaving.py", "import sys\nsys.exit('goodbye')\n")
        operator.write("untyped.py", "from gamesvc import GameModel\n\nclass Game(GameModel):\n    board = []\n")
        operator.write("unknown.toml", "prot = 8080\n")
        operator.write("bad.toml", "max-games = -1\n")
        operator.gamesvc("keys")
        (operator.directory / "public_key.pem").rename(operator.directory / "not_found_by_default.pem")
        (operator.directory / "directory").mkdir()
        yield Bench(operator, taken.getsockname()[1])


@pytest.fixture(scope="module")
def outcomes(bench: Bench) -> dict[str, Finished]:
    """What came of each mistake. They are made several at once, because each takes its time to start."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(MISTAKES, pool.map(bench.start, MISTAKES), strict=True))


@pytest.mark.parametrize("name", MISTAKES)
@in_thread
def test_a_mistake_is_said_in_one_line_and_nothing_starts(
    name: str, bench: Bench, outcomes: dict[str, Finished]
) -> None:
    outcome = outcomes[name]
    assert outcome.status == 1, outcome
    (line,) = outcome.errors.splitlines()
    assert line.startswith("gamesvc: ")
    for part in MISTAKES[name].complaint:
        assert part.format(taken=bench.taken) in line
    assert "Traceback" not in outcome.output
    assert "serving " not in outcome.output
    assert not (bench.operator.directory / f"{name}.pid").exists()


@in_thread
def test_a_daemon_does_not_start_on_a_port_that_is_taken(bench: Bench) -> None:
    files = ("--pidfile=daemon.pid", "--logfile=daemon.log")
    done = bench.operator.run("twistd", *files, "gamesvc", "--port", str(bench.taken))
    assert done.status == 1
    assert str(bench.taken) in done.errors
    assert "Traceback" not in done.errors
    log = (bench.operator.directory / "daemon.log").read_text()
    assert f"{bench.taken}" in log and "in use" in log
    assert "Traceback" not in log
    assert not (bench.operator.directory / "daemon.pid").exists()


@in_thread
def test_a_daemon_does_not_start_with_a_bad_value_and_says_so_where_it_was_started(bench: Bench) -> None:
    done = bench.operator.run("twistd", "--pidfile=daemon.pid", "--logfile=bad.log", "gamesvc", "--port", "abc")
    assert done.status == 1
    assert done.errors.startswith("gamesvc: port = 'abc' (option --port): ")
    assert done.errors.count("\n") == 1
    assert not (bench.operator.directory / "daemon.pid").exists()


@pytest.mark.parametrize(
    ("command", "environment", "source"),
    [
        (("python", "-m", "gamesvc", "--port", "abc"), {}, "option --port"),
        (
            ("twistd", "-n", "--pidfile=", "-y", str(CHECKOUT / "gamesvc.tac")),
            {"WS_LISTENER_PORT": "abc"},
            "environment variable WS_LISTENER_PORT",
        ),
    ],
    ids=["python -m gamesvc", "gamesvc.tac"],
)
@in_thread
def test_the_other_ways_to_start_say_it_too(
    command: tuple[str, ...], environment: dict[str, str], source: str, bench: Bench
) -> None:
    done = bench.operator.run(*command, **environment)
    assert done.status == 1
    assert done.errors.startswith(f"gamesvc: port = 'abc' ({source}): ")
    assert done.errors.count("\n") == 1
    assert "Traceback" not in done.output


@in_thread
def test_the_help_names_each_option_with_its_variable(operator: Operator) -> None:
    done = operator.run("twistd", "gamesvc", "--help")
    assert done.status == 0
    text = " ".join(done.output.split())
    for option, variable in (
        ("--port=", "WS_LISTENER_PORT"),
        ("--address=", "LOCAL_IP"),
        ("--enable-auth", "ENABLE_AUTH"),
        ("--token-issuer-uri=", "TOKEN_ISSUER_URI"),
        ("--public-key-file=", "PUBLIC_KEY_FILE"),
        ("--game=", "GAMESVC_GAME"),
        ("--config=", "GAMESVC_CONFIG"),
        ("--max-connections=", "GAMESVC_MAX_CONNECTIONS"),
        ("--handshake-timeout=", "GAMESVC_HANDSHAKE_TIMEOUT"),
    ):
        assert option in text
        assert f"[environment: {variable}]" in text

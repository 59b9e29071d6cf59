"""``gamesvc play`` against a real server: by pipes, as scripts use it, and at a terminal."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import subprocess
import termios
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import pytest

from tests.e2e.processes import START_SECONDS, Operator, Server, clean_environment, program, until
from tests.e2e.threads import in_thread
from tests.e2e.watching import Watcher

_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_WHERE = b"\x1b[6n"
"""With this a terminal is asked where its cursor is."""
_HERE = b"\x1b[5;1R"
_COLUMNS = 120
PROMPT = "alice>"


class Script:
    """A program plays: it writes lines, and reads what comes of them.

    Args:
        operator: whose directory it runs in.
        url: the game's.
        options: of ``gamesvc play``.
        environment: variables.
    """

    def __init__(self, operator: Operator, url: str, *options: str, **environment: str) -> None:
        self._files = operator.directory / f"{id(self)}.output", operator.directory / f"{id(self)}.errors"
        output, errors = self._files
        with output.open("wb") as out, errors.open("wb") as err:
            self.process = subprocess.Popen(
                [*program("gamesvc"), "play", url, *options],
                cwd=operator.directory,
                env={**clean_environment(), **environment},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()

    @property
    def output(self) -> str:
        """What it has written so far."""
        return self._files[0].read_text()

    @property
    def errors(self) -> str:
        """What it has written so far to standard error."""
        return self._files[1].read_text()

    def write(self, *lines: str) -> None:
        """Write lines."""
        assert self.process.stdin is not None
        self.process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        self.process.stdin.flush()

    def hear(self, text: str) -> None:
        """Wait until it has written something."""
        until(lambda: text in self.output or not self._runs(), f"{text!r} from gamesvc play", START_SECONDS)
        assert text in self.output, (self.output, self.errors)

    def end(self, *lines: str) -> int:
        """Write what is left, end the input, and wait for its exit status."""
        assert self.process.stdin is not None
        self.write(*lines)
        self.process.stdin.close()
        return self.process.wait(START_SECONDS)

    def _runs(self) -> bool:
        return self.process.poll() is None


class Terminal:
    """Somebody plays at a terminal.

    Args:
        operator: whose directory it runs in.
        url: the game's.
    """

    def __init__(self, operator: Operator, url: str) -> None:
        self._raw = self._asking = b""
        self._fd, end = pty.openpty()
        termios.tcsetwinsize(self._fd, (40, _COLUMNS))
        self._before = termios.tcgetattr(self._fd)
        try:
            self._process = subprocess.Popen(
                [*program("gamesvc"), "play", url],
                cwd=operator.directory,
                env={**clean_environment(), "TERM": "xterm"},
                stdin=end,
                stdout=end,
                stderr=end,
                start_new_session=True,
            )
        finally:
            self._end = end

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._fd)
        os.close(self._end)

    def type(self, keys: str, then: str) -> str:
        """Press keys, and wait until something appears, after which one may type again. Returns all that has appeared
        since the keys."""
        self._raw = b""
        os.write(self._fd, keys.encode())
        self.hear(then)
        if keys.endswith("\r"):
            until(lambda: self._reads() and PROMPT in self.text.partition(then)[2], "the prompt")
        return self.text

    @property
    def text(self) -> str:
        """What has appeared since somebody typed last, without colours and the like."""
        return _ESCAPES.sub("", self._raw.decode(errors="replace"))

    def hear(self, text: str) -> None:
        """Wait until something appears."""
        try:
            until(lambda: self._reads() and text in self.text, repr(text), START_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}; there was {self.text!r}") from None

    def end(self, keys: str) -> int:
        """Press keys, and wait for the program's end. Returns its exit status; the terminal is as it was before."""
        os.write(self._fd, keys.encode())
        # Nobody ends who can't write.
        until(lambda: self._reads() and self._process.poll() is not None, "its end")
        assert termios.tcgetattr(self._fd) == self._before
        return self._process.returncode

    def _reads(self) -> bool:
        if select.select([self._fd], [], [], 0)[0]:
            more = os.read(self._fd, 1 << 16)
            self._raw += more
            # It may come in two parts.
            asked = (self._asking + more).count(_WHERE)
            os.write(self._fd, _HERE * asked)
            self._asking = (self._asking + more).rpartition(_WHERE)[2][1 - len(_WHERE) :]
        return True


@pytest.fixture(scope="module")
def server(shared_operator: Operator) -> Server:
    """A server of tic-tac-toe."""
    return shared_operator.twistd("--game", "tic-tac-toe", "--journal", "memory")


@pytest.fixture(scope="module")
def chat(shared_operator: Operator) -> Server:
    """A server of the chat."""
    return shared_operator.twistd("--game", "chat", "--journal", "memory")


@in_thread
def test_two_scripts_play_a_game_to_its_end(shared_operator: Operator, server: Server) -> None:
    with Script(shared_operator, server.url("whole"), "--player", "alice") as alice:
        alice.hear("whole: tic-tac-toe. You are alice, and play.")
        with Script(shared_operator, server.url("whole", player="bob")) as bob:
            bob.write("/wait", "mark 3", "/wait", "2", "/wait Finished")
            alice.write("/wait", "mark cell=0", "/wait", "MARK 1", "/wait", '{"command": "mark", "cell": 2}')
            assert (alice.end("/state board", "/players"), bob.end()) == (0, 0), (alice.output, bob.output)
            assert alice.errors == bob.errors == ""
            for each in (alice.output, bob.output):
                # Of 2, 4, 5 ... the second is 4.
                for told in ("Marked player=alice cell=0", "Marked player=bob cell=3", "Marked player=bob cell=4"):
                    assert told in each
                assert "#7 Marked player=alice cell=2\n#8 Finished winner=alice\n" in each
            assert "ok mark cell=2\n" in alice.output
            assert "ok mark cell=4\n" in bob.output
            assert "│ alice │ alice │ alice │\n" in alice.output
            assert "Your move:\n1 mark cell=2" in bob.output
            assert "1 alice, 2 bob" in alice.output


@in_thread
def test_what_comes_to_nothing_is_told_and_is_the_exit_status(shared_operator: Operator, server: Server) -> None:
    lines = {
        "mark 4": "no mark cell=4: ",
        "marc 4": "there is no command 'marc'; do you mean mark?",
        "mark x": "cell: 'x' is not a whole number",
        "7": "there is nothing to choose just now",
        "/jump": "there is no /jump; there are /state, ",
        "/state x": "there is no 'x' in the state; there are board, moves",
        "/history x": "write how many events to show",
        '{"command": "jump"}': "no jump: invalid command 'jump' (unknown_command)",
        "/help": "mark cell=...  Put your mark on an empty cell, 0 to 8.",
    }
    with Script(shared_operator, server.url("refused"), "--player", "alice") as script:
        assert script.end(*lines) == 1, script.output
        assert script.errors == ""
        shown = script.output
    for told in lines.values():
        assert f"\n{told}" in shown
        # In the order of the lines.
        shown = shown[shown.index(told) :]


@in_thread
def test_a_line_that_is_cut_comes_back_and_says_so(shared_operator: Operator, server: Server) -> None:
    with Script(shared_operator, server.url("cut"), "--player", "alice") as alice:
        assert alice.end("gamesvc.bot random", "/cut", "/wait", "1", "/history 1") == 0, alice.output
        for told in ("The line is lost: you have cut it\nComing back ...\n", "Back again: nothing was missed.\n"):
            assert told in alice.output
        assert "ok mark cell=0\n" in alice.output


@in_thread
def test_a_server_that_is_killed_and_started_again_is_waited_for(operator: Operator) -> None:
    first = operator.twistd("--game", "chat", "--journal", "sqlite:journal.sqlite")
    with Script(operator, first.url("g"), "--player", "alice") as alice:
        alice.write("say one")
        alice.hear("ok say text=one\n")
        first.kill()
        alice.write("say two")
        alice.hear("No line yet: ")
        arguments = ("--game", "chat", "--journal", "sqlite:journal.sqlite", "--port", str(first.ports["port"]))
        operator.serve("twistd", "-n", "--pidfile=", "gamesvc", *arguments)
        assert alice.end() == 0, alice.output
        assert alice.output.count("Said player=alice text=two\n") == 1
        assert "Back again: nothing was missed.\n" in alice.output
        assert "ok say text=two\n" in alice.output


@in_thread
def test_what_others_say_does_nothing_to_a_terminal(shared_operator: Operator, chat: Server) -> None:
    evil = "\x1b]0;title\x07\x1b[2J\r\n\x9b31m\u202e"
    with (
        Watcher(chat, "evil", player="\u202eeve") as eve,
        Script(shared_operator, chat.url("evil", player="alice")) as alice,
        Terminal(shared_operator, chat.url("evil", player="bob")) as bob,
    ):
        alice.hear("You are alice")
        bob.hear("bob>")
        assert eve.ask("say", text=evil)["status"] == "ok"
        bob.hear(r"\x1b[2J")
        assert r"\x1b]0;title\x07" in bob.text
        assert not {"\x07", "\x9b", "\u202e"} & set(bob.text)
        alice.hear("Said player=")
        assert alice.end("/history", "/players") == 0
        assert alice.output.replace("\n", "").isprintable()


@in_thread
def test_a_token_lets_one_in_and_without_one_it_is_said_what_is_missing(operator: Operator) -> None:
    operator.gamesvc("keys", "--private", "private.pem", "--public", "public.pem")
    server = operator.twistd("--enable-auth", "--public-key-file", "public.pem", "--game", "chat")
    token = operator.gamesvc("token", "--game", "g", "--player", "alice", PRIVATE_KEY_FILE="private.pem")
    operator.write("token", token)
    for options, environment in ((("--token-file", "token"), {}), ((), {"GAMESVC_TOKEN": token})):
        with Script(operator, server.url("g"), *options, **environment) as script:
            assert script.end("say hi there") == 0, script.errors
            assert "Said player=alice text=hi there\n" in script.output
            assert token not in script.output
    for environment, told in (({}, "--token-file FILE"), ({"GAMESVC_TOKEN": "x.y.z"}, "not valid here")):
        with Script(operator, server.url("g"), **environment) as script:
            assert script.process.wait(START_SECONDS) == 1
            assert re.fullmatch(r"gamesvc: [^\n]+\n", script.errors)
            assert told in script.errors


@in_thread
def test_where_nobody_answers_it_says_so(operator: Operator) -> None:
    with Script(operator, "ws://127.0.0.1:1/g?player=alice&token=secret") as script:
        assert script.process.wait(START_SECONDS) == 1
        assert "No line yet: " in script.output
        assert script.errors.startswith("gamesvc: the server can't be reached (")
        assert "secret" not in script.output + script.errors


@in_thread
def test_ctrl_c_ends_a_script_and_so_does_a_reader_who_goes(shared_operator: Operator, chat: Server) -> None:
    with Script(shared_operator, chat.url("stop"), "--player", "alice") as alice:
        alice.hear("You are alice")
        alice.process.send_signal(signal.SIGINT)
        assert (alice.process.wait(START_SECONDS), alice.errors) == (130, "\n")
    # It never runs out of lines, so it does not end before it has noticed.
    script = 'while sleep 0.1 && echo say 1; do true; done | "$@" | head -1; exit ${PIPESTATUS[1]}'
    done = subprocess.run(
        ["bash", "-c", script, "bash", *program("gamesvc"), "play", chat.url("stop")],
        cwd=shared_operator.directory,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=START_SECONDS,
    )
    assert (done.returncode, done.stdout.count(b"\n"), done.stderr) == (141, 1, b"")


@pytest.fixture
def terminal(shared_operator: Operator, server: Server, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """A terminal at which alice plays in a game of her own."""
    with Terminal(shared_operator, server.url(request.node.name[:64], player="alice")) as found:
        found.hear(PROMPT)
        yield found


@in_thread
def test_at_a_terminal_tab_completes_and_events_appear(terminal: Terminal) -> None:
    terminal.hear("tic-tac-toe | open | event 1")
    terminal.type("gamesvc.b\t", "gamesvc.bot")
    terminal.type("b\t", "bot=")
    terminal.type("random\r", "ok gamesvc.bot bot=random")
    shown = terminal.type("m\t\t", "cell=8")
    assert all(f"cell={cell}" in shown for cell in range(9))
    terminal.type("4\r", "ok mark cell=4")
    terminal.type("/cut\r", "Back again: ")
    assert terminal.end("/quit\r") == 0


@in_thread
def test_ctrl_c_takes_back_what_is_typed_and_then_ends_it(terminal: Terminal) -> None:
    terminal.type("mark x", "mark x")
    terminal.type("\x03/state\r", "moves: 0")
    assert terminal.end("\x03") == 130


@in_thread
def test_ctrl_d_leaves(terminal: Terminal) -> None:
    terminal.type("mark\r", "mark needs cell")
    assert terminal.end("\x04") == 0


@in_thread
def test_a_server_that_sends_one_away_for_good_ends_it(operator: Operator, server: Server) -> None:
    url = server.url("replaced", player="alice")
    with Terminal(operator, url) as terminal, contextlib.ExitStack() as stack:
        terminal.hear(PROMPT)
        # A player may have four connections; the oldest beyond goes.
        for _ in range(4):
            stack.enter_context(Watcher(server, "replaced", player="alice"))
        terminal.hear("gamesvc: a newer connection of yours has taken this one's place")
        assert terminal.end("") == 1

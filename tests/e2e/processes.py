"""What an operator has: a directory, programs to run, servers to start. Whatever a test starts here ends with it."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar
from urllib.parse import urlencode

T = TypeVar("T")

CHECKOUT = Path(__file__).resolve().parents[2]
LOOPBACK = "127.0.0.1"

ANSWER_SECONDS = 60.0
"""How long anything that is awaited may take: far more than it does, for the machine may be busy."""

START_SECONDS = 180.0
"""How long a program may take to start, or to do all that it does."""

_ATTEMPTS = 3
_SETTINGS = (
    "ENABLE_AUTH",
    "LOCAL_IP",
    "PRIVATE_KEY_FILE",
    "PRIVATE_KEY_PASSPHRASE",
    "PUBLIC_KEY_FILE",
    "TOKEN_ISSUER_URI",
    "WS_LISTENER_PORT",
)
_IN_USE = "Address already in use"


def until(condition: Callable[[], T], what: str, seconds: float = ANSWER_SECONDS) -> T:
    """Wait until a condition holds.

    Args:
        condition: asked again and again, until it returns what is true.
        what: is awaited, for the complaint.
        seconds: how long that may take.

    Returns:
        What the condition returned in the end.
    """
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.02)
    return found


def free_port() -> int:
    """A port of the loopback interface on which nobody listens."""
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port: int = found.getsockname()[1]
        return port


def listens(address: tuple[str, int] | str) -> bool:
    """Whether somebody listens there: at a host's port, or at the path of a UNIX socket."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(ANSWER_SECONDS)
        return probe.connect_ex(address) == 0


def birth(pid: int) -> int | None:
    """When a process began, as the kernel counts it, which tells it from a later one of the same id; None where it has
    ended."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Of one that has ended, the entry is left until its parent asks for it.
    return None if state == "Z" else int(fields[18])


def resident_bytes(pid: int) -> int:
    """How much memory a process occupies."""
    found = re.search(r"^VmRSS:\s*(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


@functools.cache
def clean_environment() -> Mapping[str, str]:
    """This process's environment, without what a developer may have set for gamesvc or for Python."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in _SETTINGS and (name == "PYTHONDONTWRITEBYTECODE" or not name.startswith(("GAMESVC_", "PYTHON")))
    }
    with tempfile.TemporaryDirectory() as elsewhere:
        imported = subprocess.run(
            (sys.executable, "-c", "import gamesvc"), cwd=elsewhere, env=environment, capture_output=True
        )
    if imported.returncode:
        # Not installed, so it has to be found in its source tree.
        environment["PYTHONPATH"] = str(CHECKOUT)
    return environment


def program(name: str) -> list[str]:
    """The command that runs a program of the environment in which the tests run."""
    if name == "python":
        return [sys.executable]
    script = os.path.join(os.path.dirname(sys.executable), name)
    if name == "gamesvc" and not os.path.exists(script):
        return [sys.executable, "-c", "import sys; from gamesvc.cli import main; sys.exit(main())"]
    return [script]


class Finished(NamedTuple):
    """What a program left that has ended: its exit status, and what it wrote."""

    status: int
    output: str
    errors: str


class Server:
    """A server that was started.

    Args:
        pid: its process.
        ports: the ports that it was told of, by the names that they have in its command.
        files: what it writes: its log, standard output, standard error.
        process: to wait for; None for a daemon, whose parent we are not.

    Attributes:
        may_fail: whether a traceback may stand in its log.
    """

    def __init__(
        self, pid: int, ports: Mapping[str, int], files: Sequence[Path], process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.pid = pid
        self.ports = dict(ports)
        self.may_fail = False
        self._files = tuple(files)
        self._process = process
        self._birth = birth(pid)

    @property
    def log(self) -> str:
        """All that it has written so far."""
        return "".join(path.read_text(errors="backslashreplace") for path in self._files if path.exists())

    @property
    def running(self) -> bool:
        """Whether its process has not ended."""
        if self._process is not None:
            return self._process.poll() is None
        return self._birth is not None and birth(self.pid) == self._birth

    def url(self, game: str = "game", port: str = "port", **query: str) -> str:
        """Where a game is.

        Args:
            game: the id, or a path that ends with it.
            port: its name in the server's command.
            query: parameters, such as ``player``.
        """
        return f"ws://{LOOPBACK}:{self.ports[port]}/{game}" + (f"?{urlencode(query)}" if query else "")

    def await_log(self, text: str) -> None:
        """Wait until something stands in the log."""
        until(lambda: text in self.log, f"{text!r} in the log")

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def stop(self) -> int | None:
        """Stop it as an operator would, and wait for its end.

        Returns:
            Its exit status, as `subprocess` has it; None for a daemon.
        """
        self.signal(signal.SIGTERM)
        return self.await_end()

    def kill(self) -> None:
        """End it at once; once more is harmless."""
        if self.running:
            self.signal(signal.SIGKILL)
        self.await_end()

    def await_end(self) -> int | None:
        """Wait for its end, and return its exit status; None for a daemon."""
        until(lambda: not self.running, "the end of the server")
        return None if self._process is None else self._process.returncode


class Operator:
    """Somebody who runs programs and servers in a directory.

    Args:
        directory: theirs; it is empty, and the current one of whatever they run.

    Attributes:
        environment: theirs, which is added to by each call's.
        servers: those that were started.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment: dict[str, str] = {}
        self.servers: list[Server] = []

    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file."""
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, name: str, *arguments: str, **environment: str) -> Finished:
        """Run a program to its end."""
        done = subprocess.run(
            (*program(name), *arguments),
            cwd=self.directory,
            env=self._variables(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=START_SECONDS,
        )
        return Finished(done.returncode, done.stdout.decode(), done.stderr.decode())

    def gamesvc(self, *arguments: str, **environment: str) -> str:
        """Run the command ``gamesvc``, which must be a success, and return what it printed."""
        done = self.run("gamesvc", *arguments, **environment)
        assert done.status == 0, done
        return done.output.strip()

    def twistd(self, *options: str, **environment: str) -> Server:
        """Start a server in the foreground, on a port of its own; see `serve`."""
        return self.serve("twistd", "-n", "--pidfile=", "gamesvc", "--port", "{port}", *options, **environment)

    def serve(self, name: str, *arguments: str, ready: str = "", **environment: str) -> Server:
        """Start a server in the foreground, and wait until it listens.

        Args:
            name: of the program.
            arguments: its arguments. What stands in braces in them, or in the environment, is the name of a port, and
                is replaced by the number of a free one.
            ready: path of the UNIX socket at which it listens.
            environment: variables.
        """
        for _ in range(_ATTEMPTS):
            server = self._start([*program(name), *arguments], ready, environment)
            if server.running:
                return server
            # Between our look and its start somebody else may have taken the port.
            if not server.ports or _IN_USE not in server.log:
                break
        raise AssertionError(f"the server ended by itself, with {server.await_end()}; it wrote:\n{server.log}")

    def daemonize(self, *options: str, launcher: Sequence[str] = ("twistd",), **environment: str) -> Server:
        """Start a server as a daemon, with the pidfile ``server.pid`` and the log ``server.log``.

        Args:
            options: of ``twistd gamesvc``.
            launcher: ``twistd``, or what takes its place.
            environment: variables.
        """
        pidfile, log = self.directory / "server.pid", self.directory / "server.log"
        for _ in range(_ATTEMPTS):
            ports = _Ports()
            arguments = (f"--pidfile={pidfile}", f"--logfile={log}", "gamesvc", "--port", "{port}", *options)
            done = self.run(*launcher, *map(ports.fill, arguments), **environment)
            if done.status == 0:
                server = Server(int(pidfile.read_text()), ports, (log,))
                self.servers.append(server)
                assert done.output == done.errors == "", done
                return server
            if _IN_USE not in log.read_text():
                break
        raise AssertionError(f"the daemon did not start: {done}")

    def close(self) -> None:
        """End whatever still runs, and hold against the servers whatever traceback they wrote."""
        for server in self.servers:
            server.kill()
        for server in self.servers:
            assert server.may_fail or "Traceback" not in server.log, f"the server wrote a traceback:\n{server.log}"

    def _start(self, command: Sequence[str], ready: str, environment: Mapping[str, str]) -> Server:
        """Start a server, and wait until it listens, or has ended."""
        ports = _Ports()
        arguments = list(map(ports.fill, command))
        variables = self._variables({name: ports.fill(value) for name, value in environment.items()})
        output, errors = (self.directory / f"{len(self.servers)}.{name}" for name in ("output", "errors"))
        with output.open("wb") as out, errors.open("wb") as err:
            process = subprocess.Popen(
                arguments, cwd=self.directory, env=variables, stdin=subprocess.DEVNULL, stdout=out, stderr=err
            )
        server = Server(process.pid, ports, (output, errors), process)
        self.servers.append(server)
        addresses = [ready] if ready else [(LOOPBACK, port) for port in ports.values()]
        try:
            until(lambda: all(map(listens, addresses)) or not server.running, "a server that listens", START_SECONDS)
        except AssertionError as failure:
            raise AssertionError(f"{failure}; it wrote:\n{server.log}") from None
        return server

    def _variables(self, more: Mapping[str, str]) -> dict[str, str]:
        environment = {**clean_environment(), **self.environment, **more}
        paths = (self.environment.get("PYTHONPATH"), clean_environment().get("PYTHONPATH"))
        if any(paths):
            environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        return environment


class _Ports(dict[str, int]):
    """Free ports, by name, each found when it is first named."""

    def fill(self, text: str) -> str:
        """Replace the names in braces."""
        return re.sub(r"\{(\w+)\}", lambda match: str(self[match[1]]), text)

    def __missing__(self, name: str) -> int:
        while (port := free_port()) in self.values():
            pass
        self[name] = port
        return port


@contextlib.contextmanager
def operator_in(directory: Path) -> Iterator[Operator]:
    """An operator, until the end of the block; then whatever they started ends too."""
    operator = Operator(directory)
    try:
        yield operator
    finally:
        operator.close()

"""Install gamesvc in each way in which people install it, and play a first game with every install.

    python tests/packaging/installs.py

A program and not a test, because it takes a minute and needs a package index. It works on a copy of the checkout, in a
directory of its own, and runs everything from elsewhere: beside the checkout even a broken install seems to work.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

CHECKOUT = Path(__file__).resolve().parents[2]
PLUGIN = "twisted/plugins/gamesvc_plugin.py"
PACKAGE_DIR = 'package_dir={"": "."},'

ANSWER_SECONDS = 180.0
"""How long a server may take from its start to its first answer, and from then on for every other."""

STOP_SECONDS = 60.0
"""How long it may take from SIGTERM to its end."""

# What a developer has set must neither help an install nor disturb the server.
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if not name.startswith(("GAMESVC_", "PYTHON", "VIRTUAL_ENV"))
}


class CheckFailed(Exception):
    """An install is not what it should be."""


def require(condition: object, complaint: str) -> None:
    if not condition:
        raise CheckFailed(complaint)


def say(text: str) -> None:
    print(text, flush=True)


def run(cwd: Path, *command: str | Path) -> str:
    """Run a command to its end, which must be a success, and return what it printed."""
    done = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    printed = done.stdout.decode(errors="replace")
    require(done.returncode == 0, f"{' '.join(map(str, command))}\nexited with {done.returncode}:\n{printed}")
    return printed


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and an empty directory from which its programs are run."""

    root: Path
    elsewhere: Path

    @classmethod
    def create(cls, directory: Path) -> Environment:
        environment = cls(directory / "venv", directory / "elsewhere")
        environment.elsewhere.mkdir(parents=True)
        # Without a pip of its own: ours installs into it just as well, and copying one takes longer than all the rest.
        run(environment.elsewhere, sys.executable, "-m", "venv", "--without-pip", environment.root)
        return environment

    def install(self, *arguments: str | Path) -> None:
        pip = (sys.executable, "-m", "pip", "--python", self.program("python"))
        # Compiling all of Twisted ahead would take longer than what is run of it here.
        run(self.elsewhere, *pip, "install", "--no-compile", *arguments)

    def program(self, name: str) -> Path:
        return self.root / "bin" / name

    def run(self, program: str, *arguments: str) -> str:
        return run(self.elsewhere, self.program(program), *arguments)

    def lists_plugin(self) -> bool:
        return re.search(r"^ +gamesvc ", self.run("twistd", "--help"), re.MULTILINE) is not None


def copy_checkout(target: Path) -> Path:
    """Copy what a fresh clone would have, so that builds neither find nor leave anything in the checkout."""
    ignored = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "_trial_temp*", "dropin.cache")
    return Path(shutil.copytree(CHECKOUT, target, ignore=ignored))


def masked_text(payload: bytes) -> bytes:
    """A WebSocket text frame as a client sends it (RFC 6455, section 5.2); short ones only."""
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[place % 4] for place, byte in enumerate(payload))
    return bytes((0x81, 0x80 | len(payload))) + mask + masked


def read_message(stream: IO[bytes]) -> dict[str, Any]:
    """The JSON object of the next frame, which must be a short, whole and unmasked text, as a server sends it."""
    header = stream.read(2)
    require(len(header) == 2 and header[0] == 0x81 and header[1] < 126, f"not a short text frame: {header!r}")
    message = json.loads(stream.read(header[1]))
    require(isinstance(message, dict), f"not a JSON object: {message!r}")
    return dict(message)


def connect(port: int, server: subprocess.Popen[bytes]) -> socket.socket:
    """Connect to a server as soon as it listens."""
    deadline = time.monotonic() + ANSWER_SECONDS
    while True:
        require(server.poll() is None, f"the server ended by itself with {server.returncode}")
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        except ConnectionRefusedError:
            require(time.monotonic() < deadline, f"the server did not listen within {ANSWER_SECONDS:.0f} s")
            time.sleep(0.1)


def say_hello(port: int, server: subprocess.Popen[bytes]) -> None:
    """Play the game of the classroom: one command, which is answered with an event and a reply."""
    key = base64.b64encode(os.urandom(16))
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    with connect(port, server) as connection, connection.makefile("rb") as stream:
        connection.sendall(
            b"GET /packaging?player=checker HTTP/1.1\r\n"
            b"Host: 127.0.0.1:%d\r\n"
            b"Upgrade: websocket\r\n"
            b"Connection: Upgrade\r\n"
            b"Sec-WebSocket-Key: %b\r\n"
            b"Sec-WebSocket-Version: 13\r\n"
            b"\r\n" % (port, key)
        )
        head = b"".join(iter(stream.readline, b"\r\n"))
        require(head.startswith(b"HTTP/1.1 101 ") and accept in head, f"the handshake was answered with {head!r}")
        connection.sendall(masked_text(b'{"command":"hello"}'))
        event, reply = read_message(stream), read_message(stream)
    require(event.get("event") == "HelloEvent", f"hello was followed by {event}")
    require(reply.get("status") == "ok", f"hello was answered with {reply}")


def play(environment: Environment, port: int) -> None:
    """Start the server, play, and stop it as an operator would."""
    log = environment.elsewhere.with_name("server.log")
    command = (environment.program("twistd"), "-n", "--pidfile=", "gamesvc", "--port", str(port))
    with log.open("wb") as output:
        server = subprocess.Popen(
            command,
            cwd=environment.elsewhere,
            env=ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        say_hello(port, server)
        server.terminate()
        code = server.wait(STOP_SECONDS)
        printed = log.read_text(errors="replace")
        # When all is shut down twistd ends itself with the signal that it was sent, for its parent to see.
        require(code == -signal.SIGTERM, f"at SIGTERM the server exited with {code}")
        require("Server Shut Down." in printed, "at SIGTERM the server did not shut down in order")
        require("Traceback" not in printed, "the server logged an exception")
    except (CheckFailed, OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise CheckFailed(f"{error}\nThe server wrote:\n{log.read_text(errors='replace')}") from error
    finally:
        if server.poll() is None:
            server.kill()
            server.wait()


def check_install(name: str, environment: Environment, port: int, *arguments: str | Path) -> None:
    """Install in one way, and hold what is there to what was promised."""
    environment.install(*arguments)
    say(f"{name}: installed")
    environment.run("python", "-c", "import twisted; twisted.__version__")
    require(environment.lists_plugin(), "twistd --help does not list gamesvc")
    environment.run("gamesvc", "--help")
    say(f"{name}: twistd knows the plugin, and Twisted is whole")
    play(environment, port)
    say(f"{name}: a game was played, and the server stopped in order")


def check_author(name: str, environment: Environment, port: int, wheel: Path) -> None:
    """Check a wheel, and do with it what an author does first: make a game, and run its tests and all tools on it."""
    check_install(name, environment, port, wheel)
    environment.install(f"{wheel}[check]", "pytest>=9")
    environment.run("gamesvc", "new", "first-game")
    game = environment.elsewhere / "first-game"
    environment.install("--no-deps", "--editable", game)
    printed = run(game, environment.program("python"), "-m", "pytest", "-q", "-p", "no:cacheprovider")
    require("passed" in printed and "warning" not in printed, f"the new game's own tests:\n{printed}")
    environment.run("gamesvc", "check", "first-game", "--seconds", "2")
    environment.run("gamesvc", "schema", "first-game", "--typescript")
    # From where it lies: mypy does not look into packages that are installed as this one is.
    run(
        game,
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--python-executable",
        environment.program("python"),
        "first_game",
    )
    say(f"{name}: a new game's tests pass, its types are right, and it is found sound")


def check_editable(name: str, environment: Environment, port: int, source: Path) -> None:
    """Check an editable install, and that without package_dir it would lack the plugin.

    When this fails because the plugin is there, setuptools has changed, and setup.py can do without package_dir.
    """
    check_install(name, environment, port, "--editable", source)
    setup = source / "setup.py"
    text = setup.read_text()
    require(PACKAGE_DIR in text, f"setup.py does not say {PACKAGE_DIR}")
    setup.write_text(text.replace(PACKAGE_DIR, ""))
    environment.install("--no-deps", "--editable", source)
    environment.run("gamesvc", "--help")
    require(not environment.lists_plugin(), "the plugin is there without package_dir too")
    say(f"{name}: without package_dir it would lack the plugin")


def check_wheel_content(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    require(PLUGIN in names, f"{wheel.name} lacks {PLUGIN}")
    require("gamesvc/py.typed" in names, f"{wheel.name} lacks gamesvc/py.typed")
    foreign = sorted(name for name in names if name.startswith("twisted/") and name != PLUGIN)
    require(not foreign, f"{wheel.name} would overwrite what is Twisted's: {foreign}")


def free_ports(count: int) -> list[int]:
    """Ports on which nobody listens; all are held until the last is found, so that no two are the same."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def main() -> int:
    # One __init__.py there, and a later install would put it in the place of Twisted's own.
    inits = sorted((CHECKOUT / "twisted").rglob("__init__.py"))
    require(not inits, f"to be removed: {inits}")
    failures = 0
    with tempfile.TemporaryDirectory(prefix="gamesvc-installs-") as directory, ThreadPoolExecutor() as pool:
        scratch = Path(directory)
        ports = free_ports(3)
        editable_source = copy_checkout(scratch / "editable-source")
        editable = pool.submit(
            lambda: check_editable("editable", Environment.create(scratch / "editable"), ports[0], editable_source)
        )
        # With neither --sdist nor --wheel, the wheel is built from the sdist: what one lacks, the other lacks too.
        run(scratch, sys.executable, "-m", "build", "--outdir", scratch / "dist", copy_checkout(scratch / "source"))
        (sdist,) = (scratch / "dist").glob("*.tar.gz")
        (wheel,) = (scratch / "dist").glob("*.whl")
        check_wheel_content(wheel)
        say(f"built {sdist.name} and {wheel.name}")
        jobs = {
            "editable": editable,
            "wheel": pool.submit(lambda: check_author("wheel", Environment.create(scratch / "wheel"), ports[1], wheel)),
            "sdist": pool.submit(
                lambda: check_install("sdist", Environment.create(scratch / "sdist"), ports[2], sdist)
            ),
        }
        for name, job in jobs.items():
            try:
                job.result()
            except CheckFailed as failure:
                failures += 1
                say(f"{name}: FAILED: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CheckFailed as failure:
        sys.exit(f"FAILED: {failure}")

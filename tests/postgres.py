"""A PostgreSQL server of the tests' own: started when first asked for, one for all tests of a process, gone at its end.

Nothing that runs elsewhere is touched: its data lie in a temporary directory, it listens on a port of its own on
loopback, and only processes that were started here are signalled.
"""

from __future__ import annotations

import atexit
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, LiteralString
from unittest import SkipTest

import psycopg
from psycopg import sql

Query = LiteralString | sql.SQL | sql.Composed

USER = "gamesvc"
READY_SECONDS = 60.0
STOP_SECONDS = 30.0
STARTS = 5
"""How often it is tried: between finding a free port and listening on it another process may take it."""

CONFIGURATION = """
listen_addresses = '127.0.0.1'
# As safe as a real one, but for the time that checkpoints take.
fsync = on
checkpoint_timeout = 1h
max_wal_size = 2GB
shared_buffers = 32MB
max_connections = 60
log_line_prefix = '%m [%p] %a '
"""

# Waits for its input to end, as it does when who started it is gone, however that came about.
CLEAN_UP = """
read -r _
if pid=$(head -n 1 "$0/data/postmaster.pid" 2>&1); then
    kill -INT "$pid"
    for _ in $(seq 100); do kill -0 "$pid" || break; sleep 0.1; done
fi 2>/dev/null
rm -rf "$0"
"""


@cache
def _binaries() -> Path | None:
    """Where initdb and postgres are: on the path, where Debian has them, or where pg_config says."""
    found = [Path(place).parent for place in (shutil.which("initdb"),) if place]
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(debian, key=lambda path: [int(number) for number in re.findall(r"\d+", str(path))], reverse=True)
    if shutil.which("pg_config"):
        asked = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        found += [Path(asked.stdout.strip())] if asked.returncode == 0 else []
    both = (place for place in found if all(os.access(place / name, os.X_OK) for name in ("initdb", "postgres")))
    return next(both, None)


def why_not() -> str | None:
    """Why tests can't have a server here; None where they can."""
    return None if _binaries() else "PostgreSQL's programs (initdb, postgres) are not installed"


def shared_server() -> PostgresServer:
    """The server of this process, running.

    Raises:
        SkipTest: there can't be one here.
        RuntimeError: there can't be one, where tests must not be skipped.
    """
    reason = why_not()
    if reason is None:
        return _started()
    if os.environ.get("CI") == "true":
        raise RuntimeError(f"{reason}, and CI skips nothing")
    raise SkipTest(reason)


@cache
def _started() -> PostgresServer:
    server = PostgresServer()
    atexit.register(server.remove)
    server.start()
    return server


def wait_until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait for something.

    Raises:
        AssertionError: it did not come to be within so many seconds.
    """
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:g} s: {what}")
        time.sleep(0.005)


class PostgresServer:
    """A cluster in a temporary directory, and its server.

    Attributes:
        port: on which it listens, on 127.0.0.1.
        password: of its user, who may do everything.
    """

    def __init__(self) -> None:
        binaries = _binaries()
        if binaries is None:
            raise RuntimeError(why_not())
        self._binaries = binaries
        self.password = secrets.token_urlsafe(12)
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._suspended: list[int] = []
        self._databases = 0
        # The server refuses to run as root.
        self._user = _unprivileged() if os.geteuid() == 0 else None
        # Sockets lie there, too, and their paths must be short.
        self._directory = Path(tempfile.mkdtemp(prefix="gamesvc-postgres-"))
        self._data = self._directory / "data"
        self._log = self._directory / "log"
        self._cleaner = subprocess.Popen(
            ["sh", "-c", CLEAN_UP, self._directory], stdin=subprocess.PIPE, start_new_session=True
        )
        try:
            self._create()
        except BaseException:
            self.remove()
            raise

    def _create(self) -> None:
        password_file = self._directory / "password"
        password_file.write_text(self.password, encoding="ascii")
        self._log.touch()
        if self._user is not None:
            for path in (self._directory, password_file, self._log):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        initdb = f"{self._binaries / 'initdb'}"
        cluster = ["--no-sync", "--encoding=UTF8", "--locale=C", f"--pgdata={self._data}"]
        access = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--username={USER}", f"--pwfile={password_file}"]
        if self._popen([initdb, *cluster, *access]).wait():
            raise RuntimeError(f"initdb failed:\n{self._said()}")
        with open(self._data / "postgresql.conf", "a", encoding="ascii") as file:
            file.write(CONFIGURATION + f"unix_socket_directories = '{self._directory}'\n")

    def _popen(self, command: list[str]) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))}
        with open(self._log, "ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self._directory,
                env=environment,
                user=self._user and self._user.pw_uid,
                group=self._user and self._user.pw_gid,
                extra_groups=self._user and [],
                # A ^C at the terminal is for the tests, which then end the server.
                start_new_session=True,
            )

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def url(self) -> str:
        """Of its own database, over TCP."""
        return self.url_of("postgres")

    def url_of(self, database: str, port: int | None = None) -> str:
        """The URL of a database.

        Args:
            database: its name.
            port: of what stands between; None where nothing does.
        """
        return f"postgresql://{USER}:{self.password}@127.0.0.1:{port or self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database. Returns its name."""
        self._databases += 1
        name = f"test_{self._databases}"
        self.ask(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, and end who is connected to it."""
        self.ask(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def ask(self, query: Query, *values: object, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run a statement on a connection of its own. Returns the rows."""
        with psycopg.connect(self.url_of(database), autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def set(self, name: str, value: str | None) -> None:
        """Change a setting of the running server; None puts it back."""
        self.ask(
            sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name))
            if value is None
            else sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value))
        )
        before = self.ask("SELECT pg_conf_load_time()")
        self.ask("SELECT pg_reload_conf()")
        wait_until(lambda: self.ask("SELECT pg_conf_load_time()") != before, "the configuration is read again")

    def start(self) -> None:
        """Start it, on the port that it had, and wait until it answers."""
        for _ in range(STARTS):
            port = self.port or _free_port()
            process = self._popen([f"{self._binaries / 'postgres'}", "-D", f"{self._data}", "-p", str(port)])
            if self._wait_ready(process):
                self._process, self.port = process, port
                return
            if self.port:
                break
        raise RuntimeError(f"PostgreSQL does not start:\n{self._said()}")

    def _wait_ready(self, process: subprocess.Popen[bytes]) -> bool:
        """Wait until the server says in its pid file that it is ready. False where it ended."""
        deadline = time.monotonic() + READY_SECONDS
        while process.poll() is None:
            try:
                lines = (self._data / "postmaster.pid").read_text(encoding="ascii").splitlines()
            except FileNotFoundError:
                lines = []
            if len(lines) >= 8 and lines[0] == str(process.pid) and lines[7].strip() == "ready":
                return True
            if time.monotonic() > deadline:
                process.send_signal(signal.SIGQUIT)
                process.wait()
            time.sleep(0.01)
        return False

    def stop(self, crash: bool = False) -> None:
        """End it, and wait until it is gone. Harmless where it is.

        Args:
            crash: at once, so that it has to recover at its next start.
        """
        self.cont()
        if (process := self._process) is None:
            return
        self._process = None
        # "Fast" and "immediate", as PostgreSQL calls them.
        process.send_signal(signal.SIGQUIT if crash else signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()

    def restart(self, crash: bool = False) -> None:
        """Stop and start it; it listens where it did."""
        self.stop(crash)
        self.start()

    def suspend(self) -> None:
        """Have it stand still, as it does where its machine has no time for it: the system still takes what is sent."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        # It first, so that it starts no more.
        self._stand_still(self._process.pid)
        for pid in _children(self._process.pid):
            self._stand_still(pid)

    def _stand_still(self, pid: int) -> None:
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:
            return
        self._suspended.append(pid)

    def cont(self) -> None:
        """Go on after `suspend`. Harmless where it was not suspended."""
        while self._suspended:
            # Its processes can't have ended, nor can their ids belong to others: they stood still.
            os.kill(self._suspended.pop(), signal.SIGCONT)

    def remove(self) -> None:
        """End it, and remove all that was made."""
        self.stop()
        self._cleaner.communicate()


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise RuntimeError("root needs a user postgres or nobody, as whom PostgreSQL runs")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _children(parent: int) -> list[int]:
    """The processes that a process has started."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = stat.read_text(encoding="utf-8", errors="replace")
        except OSError:  # it has ended
            continue
        # After the name, which is in parentheses: the state, then the parent.
        if int(text.rpartition(")")[2].split()[1]) == parent:
            found.append(int(stat.parent.name))
    return found

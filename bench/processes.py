"""A server as a process: started on its core, waited for until it accepts connections, and ended."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.servers import Places, Server

START_SECONDS = 30.0
_LOG_LINES = 12


class Failure(Exception):
    """Something could not be measured. The message says what and why."""


class Running(NamedTuple):
    """A server that accepts connections.

    Attributes:
        pid: of its process.
        port: where it listens, on 127.0.0.1.
        data: its directory.
    """

    pid: int
    port: int
    data: Path


@contextmanager
def running(places: Places, server: Server, core: int, data: Path | None = None) -> Iterator[Running]:
    """Run a server, and end it after.

    Args:
        places: where things are.
        server: which.
        core: where it is to run.
        data: the directory for its data, which stays; None: one that is made, and removed after.

    Raises:
        Failure: it did not start.
    """
    own = Path(tempfile.mkdtemp(prefix="data-", dir=places.build))
    port = _free_port()
    log = own / "log"
    try:
        with log.open("wb") as output:
            process = subprocess.Popen(
                server.command(places, port, data or own),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=own,
                env={**os.environ, "PYTHONPATH": str(places.checkout), "NODE_ENV": "production"},
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        try:
            _wait(server, process, log)
            yield Running(process.pid, port, data or own)
            if process.poll() is not None:
                raise Failure(f"{server.title} ended while it was measured:\n{_end_of(log)}")
        finally:
            _end(process, orderly=data is not None)
    finally:
        shutil.rmtree(own, ignore_errors=True)


def cpu_seconds(pid: int) -> float:
    """What a process has computed so far, with all its threads."""
    # How Linux numbers the clock of another process; Python has no function for it.
    return time.clock_gettime(~pid << 3 | 2)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while server.says.encode() not in log.read_bytes():
        if process.poll() is not None:
            raise Failure(f"{server.title} did not start, it ended with status {process.returncode}:\n{_end_of(log)}")
        if time.monotonic() > deadline:
            raise Failure(f"{server.title} did not say {server.says!r} within {START_SECONDS:g} s:\n{_end_of(log)}")
        time.sleep(0.01)


def _end(process: subprocess.Popen[bytes], orderly: bool) -> None:
    # Where nothing of it is needed any more, nobody waits for it to say goodbye.
    process.send_signal(signal.SIGTERM if orderly else signal.SIGKILL)
    try:
        process.wait(START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])

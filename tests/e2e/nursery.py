"""Servers that start quickly, because they are born with all modules loaded: see `crashing.nursery`."""

from __future__ import annotations

import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tests.e2e.crashing import Order
from tests.e2e.processes import ANSWER_SECONDS, CHECKOUT, LOOPBACK, START_SECONDS, clean_environment, listens, until


def steady_port() -> int:
    """A port on which nobody listens, of those that the system gives to nobody by itself: between the end of a server
    and the start of the next one it belongs to nobody, and clients try to connect to it."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(10_000, first)
        with socket.socket() as probe:
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


class Nursling:
    """A server that was born in a nursery.

    Args:
        pid: its process.
        nursery: where.
    """

    def __init__(self, pid: int, nursery: Nursery) -> None:
        self.pid = pid
        self.status: int | None = None
        self._nursery = nursery

    def await_end(self, seconds: float) -> bool:
        """Wait for its end, but not longer than this. Returns whether it has ended."""
        if self.status is None and self._nursery.has_news(seconds):
            self.status = int(self._nursery.read())
        return self.status is not None

    def signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        # Until its end is told of it is there, if only as a zombie.
        if not self.await_end(0):
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once, and wait for that."""
        self.signal(signal.SIGKILL)
        assert self.await_end(ANSWER_SECONDS), "a server that was killed goes on"


class Nursery:
    """One server at a time.

    Args:
        directory: the current one of the servers.
    """

    def __init__(self, directory: Path) -> None:
        path = os.pathsep.join([str(CHECKOUT), str(directory)])
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.e2e.crashing", "nursery"),
            cwd=directory,
            env={**clean_environment(), "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._child: Nursling | None = None

    def start(self, order: Order) -> Nursling:
        """Start a server. The one before must have ended."""
        assert self._process.stdin is not None
        self._process.stdin.write(msgspec.json.encode(order) + b"\n")
        self._process.stdin.flush()
        assert self.has_news(START_SECONDS), "the nursery does not answer"
        self._child = Nursling(int(self.read()), self)
        return self._child

    def has_news(self, seconds: float) -> bool:
        """Whether there is something to read, now or soon."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], seconds)[0])

    def read(self) -> bytes:
        """Read a line."""
        assert self._process.stdout is not None
        # Byte by byte: what a buffer held, `select` would not know of.
        line = b""
        while not line.endswith(b"\n"):
            byte = os.read(self._process.stdout.fileno(), 1)
            assert byte, "the nursery has ended"
            line += byte
        return line

    def close(self) -> None:
        """End it, and what was born in it."""
        if self._child is not None and self._process.poll() is None:
            self._child.kill()
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(ANSWER_SECONDS)
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()


@contextlib.contextmanager
def nursery_in(directory: Path) -> Iterator[Nursery]:
    """A nursery, to the end of the block."""
    found = Nursery(directory)
    try:
        yield found
    finally:
        found.close()


def await_listening(port: int, child: Nursling) -> None:
    """Wait until a server listens, or has ended."""
    until(lambda: child.await_end(0) or listens((LOOPBACK, port)), "a server that listens", START_SECONDS)

"""Bounds: a model that takes all the memory there is, or never comes back, is found, and does not take the machine with
it."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType

from gamesvc.testing.runs import Run

MOST_MEMORY = 512 << 20
"""Bytes that may be taken beyond what is taken already."""

MOST_SECONDS = 5.0
"""How long a step may take."""

_resource: ModuleType | None
try:
    import resource as _resource
# Windows has none.
except ImportError:
    _resource = None


class TooLong(Exception):
    """A step takes too long."""


@contextmanager
def bounded() -> Iterator[None]:
    """Bound what a model may take for a while, as far as this system can."""
    with _bounded_memory(), _bounded_time():
        yield


@contextmanager
def _bounded_memory() -> Iterator[None]:
    taken = _taken()
    if _resource is None or taken is None:
        yield
        return
    soft, hard = _resource.getrlimit(_resource.RLIMIT_AS)
    most = taken + MOST_MEMORY
    if soft != _resource.RLIM_INFINITY:
        most = min(most, soft)
    _resource.setrlimit(_resource.RLIMIT_AS, (most, hard))
    try:
        yield
    finally:
        _resource.setrlimit(_resource.RLIMIT_AS, (soft, hard))


def _taken() -> int | None:
    """Bytes of memory that are taken; None where this system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            pages = int(file.read().split()[0])
    except OSError:
        return None
    return pages * 4096


@contextmanager
def _bounded_time() -> Iterator[None]:
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def look(number: int, frame: FrameType | None) -> None:
        since = Run.busy_since
        if since is not None and time.monotonic() - since > MOST_SECONDS:
            raise TooLong(f"it takes longer than {MOST_SECONDS:.0f} s")

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS / 4, MOST_SECONDS / 4)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

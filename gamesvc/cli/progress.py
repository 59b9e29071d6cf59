"""What is said to somebody who waits, at a terminal: one line that is written over, and gone in the end."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EVERY_SECONDS = 0.2


class Progress:
    """A line on standard error, where that is a terminal; else nothing."""

    def __init__(self) -> None:
        self._shown = False
        self._last = time.monotonic()

    def tell(self, text: str) -> None:
        """Show where it stands, unless that was done just now."""
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._last >= EVERY_SECONDS:
            self._last = now
            self._shown = True
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        """Take the line away, before something else is written."""
        if self._shown:
            self._shown = False
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def meanwhile(describe: Callable[[], str]) -> Iterator[None]:
    """Tell how something goes that says nothing itself.

    Args:
        describe: what to show; called on a thread of its own.
    """
    progress, done = Progress(), threading.Event()

    def watch() -> None:
        while not done.wait(EVERY_SECONDS):
            progress.tell(describe())

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
        progress.clear()

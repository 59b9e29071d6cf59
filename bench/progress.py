"""Says what is being done, how far it is and how long it will take; on one line, where that can be written anew."""

from __future__ import annotations

import time
from typing import TextIO


class Progress:
    """How far something is.

    Args:
        output: where it is said.
        total: how many steps there are.
    """

    def __init__(self, output: TextIO, total: int) -> None:
        self._output = output
        self._total = total
        self._done = 0
        self._started = time.monotonic()
        self._is_terminal = output.isatty()

    def begin(self, what: str) -> None:
        """Say that a step begins."""
        self._write(f"[{self._done + 1}/{self._total}] {what}{self._left()}")

    def end(self, outcome: str = "") -> None:
        """Say that it has ended.

        Args:
            outcome: what came of it, if that is worth a line of its own.
        """
        self._done += 1
        if outcome:
            self.say(outcome)

    def say(self, text: str) -> None:
        """Say something that stays."""
        self.clear()
        self._output.write(f"{text}\n")
        self._output.flush()

    def clear(self) -> None:
        """Take away the line that tells how far it is."""
        if self._is_terminal:
            self._output.write("\r\x1b[K")
            self._output.flush()

    def _left(self) -> str:
        if not self._done:
            return ""
        left = (time.monotonic() - self._started) / self._done * (self._total - self._done)
        return f", {duration(left)} left"

    def _write(self, text: str) -> None:
        self._output.write(f"\r\x1b[K{text}" if self._is_terminal else f"{text}\n")
        self._output.flush()


def duration(seconds: float) -> str:
    """A span of time, for people."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {round(seconds / 60)} min"

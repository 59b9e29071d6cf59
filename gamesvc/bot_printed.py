"""Printed: what bots print goes to the log, as far as there is room for it."""

from __future__ import annotations

from gamesvc.logs import logger

log = logger(__name__)

MAX_LINES = 100
MAX_LINE = 500
"""How much of what a bot prints goes to the log: lines for each question, and characters of each."""


class Printed:
    """What is printed in one process."""

    def __init__(self) -> None:
        self._bot = ""
        self._rest = {1: b"", 2: b""}
        self._lines = 0

    def begin(self, bot: str) -> None:
        """Another question is asked.

        Args:
            bot: of whom.
        """
        self._bot = bot
        self._lines = 0

    def add(self, fd: int, data: bytes) -> None:
        """Something was printed.

        Args:
            fd: where: 1 or 2.
            data: what.
        """
        *lines, rest = (self._rest[fd] + data).split(b"\n")
        for line in lines[: MAX_LINES + 1]:
            self._tell(line)
        self._rest[fd] = rest[:MAX_LINE]

    def end(self) -> None:
        """Nothing more will be."""
        for rest in self._rest.values():
            if rest:
                self._tell(rest)

    def _tell(self, line: bytes) -> None:
        self._lines += 1
        text = line[:MAX_LINE].decode(errors="backslashreplace")
        if self._lines <= MAX_LINES:
            log.info("the bot {bot} printed: {line}", bot=self._bot, line=text)
        elif self._lines == MAX_LINES + 1:
            log.info("the bot {bot} printed more, which is left out", bot=self._bot)

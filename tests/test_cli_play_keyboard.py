"""Lines that come from a pipe; what is typed at a terminal is tried in tests/e2e/test_play.py."""

from __future__ import annotations

import asyncio

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.play_keyboard import MAX_LINE_BYTES, Pipe
from gamesvc.errors import ConfigError


def lines(*pieces: bytes) -> list[str]:
    """The lines of what comes in these pieces."""
    coming = iter([*pieces, b""])

    async def read() -> list[str]:
        found = []
        with Pipe(lambda: next(coming)) as pipe:
            while (line := await pipe.line()) is not None:
                found.append(line)
        return found

    return asyncio.run(read())


class Lines(SynchronousTestCase):
    def test_they_come_one_by_one_however_they_are_cut(self) -> None:
        self.assertEqual(lines(b"ma", b"rk 4\n\nsay ", b"h\xc3", b"\xa9\n1"), ["mark 4", "", "say h\xe9", "1"])
        self.assertEqual(lines(b"a\nb\n"), ["a", "b"])
        self.assertEqual(lines(), [])

    def test_one_that_is_no_text_is_refused(self) -> None:
        with self.assertRaises(ConfigError):
            lines(b"say \xff\n")

    def test_one_that_has_no_end_is_refused(self) -> None:
        piece = b"x" * (MAX_LINE_BYTES // 4)
        with self.assertRaises(ConfigError):
            lines(*[piece] * 6)

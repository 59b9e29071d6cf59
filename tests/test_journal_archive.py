"""A game in a file of its own."""

from __future__ import annotations

import io

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import JournalError
from gamesvc.journal.archive import About, read, write
from gamesvc.journal.records import Snapshot
from tests.plays import Play, drawing, migrated, restored, tictactoe

ABOUT = About("g1", 1_800_000_000.0, "1.2.3")


def written(play: Play, snapshot: Snapshot | None = None) -> bytes:
    file = io.BytesIO()
    size = write(file, ABOUT, snapshot, play.entries)
    assert size == len(file.getvalue())
    return file.getvalue()


class Archives(SynchronousTestCase):
    def refused(self, content: bytes) -> str:
        message = str(self.assertRaises(JournalError, read, content, "g1.game"))
        self.assertTrue(message.startswith("g1.game "), message)
        return message

    def test_what_was_written_is_read(self) -> None:
        for play, number in ((drawing(), 0), (drawing(), 6), (restored(), 12), (migrated(), 4)):
            snapshot = play.snapshot(number) if number else None
            archive = read(written(play, snapshot), "g1.game")
            self.assertEqual((archive.about, archive.snapshot, archive.entries), (ABOUT, snapshot, play.entries))

    def test_it_says_what_it_is_in_its_first_line(self) -> None:
        self.assertTrue(written(tictactoe()).startswith(b"gamesvc game 1\n"))

    def test_one_that_is_cut_off_anywhere_is_refused(self) -> None:
        content = written(tictactoe((0,)))
        for length in range(len(content)):
            self.refused(content[:length])
        self.assertIn("is cut off", self.refused(content[:-1]))

    def test_one_in_which_any_byte_was_changed_is_refused(self) -> None:
        content = written(tictactoe(()))
        for place in range(len(content)):
            self.refused(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])

    def test_one_with_something_behind_its_end_is_refused(self) -> None:
        self.assertIn("checksum", self.refused(written(tictactoe()) + b"x"))

    def test_what_is_no_such_file_or_a_newer_one_is_told_as_that(self) -> None:
        for content in (b"", b"\n", b"SQLite format 3\0", b"gamesvc game\n", b"gamesvc game x\n", b"gamesvc game 1"):
            self.assertIn("no file that `gamesvc journal export` wrote", self.refused(content))
        self.assertIn("newer gamesvc", self.refused(b"gamesvc game 2\n" + b"whatever"))

"""What bots print goes to the log, as far as there is room for it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bot_printed import MAX_LINE, MAX_LINES, Printed
from tests.wire import Logged


class PrintedTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.printed = Printed()
        self.printed.begin("search")

    @property
    def lines(self) -> list[str]:
        return [text.removeprefix("the bot search printed") for text in self.logged.texts()]

    def test_line_for_line_in_whatever_pieces_it_comes(self) -> None:
        for data in (b"on", b"e\ntwo\nth", b"ree\n\n"):
            self.printed.add(1, data)
        self.assertEqual(self.lines, [": one", ": two", ": three", ": "])

    def test_what_is_printed_in_two_places_stays_apart(self) -> None:
        self.printed.add(1, b"out")
        self.printed.add(2, b"error\xff\n")
        self.printed.add(1, b"put\n")
        self.assertEqual(self.lines, [": error\\xff", ": output"])

    def test_the_last_words_need_no_end(self) -> None:
        self.printed.add(2, b"the last\nwords")
        self.printed.end()
        self.assertEqual(self.lines, [": the last", ": words"])

    def test_a_line_is_cut_also_one_that_does_not_end(self) -> None:
        for _ in range(3):
            self.printed.add(1, b"x" * 100_000)
        self.printed.add(1, b"\n")
        self.assertEqual(self.lines, [": " + MAX_LINE * "x"])

    def test_so_many_lines_for_each_question(self) -> None:
        for _ in range(2):
            self.printed.add(1, b"x\n" * 3000)
            self.printed.add(2, b"y\n" * 3000)
            self.assertEqual(self.lines, [": x"] * MAX_LINES + [" more, which is left out"])
            self.logged.clear()
            self.printed.begin("search")

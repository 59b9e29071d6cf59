"""How sizes, times and texts are told at a terminal."""

from __future__ import annotations

import math

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli import wording
from tests.plays import NOW


class Wording(SynchronousTestCase):
    def test_sizes(self) -> None:
        for count, text in (
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (9949, "9.9 kB"),
            (9951, "10 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (12_345_678_901, "12 GB"),
            (5 * 10**16, "50000 TB"),
        ):
            self.assertEqual(wording.size(count), text)

    def test_spans(self) -> None:
        for seconds, text in (
            (-5, "0 s"),
            (0.4, "0 s"),
            (119, "119 s"),
            (120, "2 min"),
            (7199, "119 min"),
            (7200, "2 h"),
            (2 * 86400, "2 d"),
            (1e9, "11574 d"),
        ):
            self.assertEqual(wording.span(seconds), text)

    def test_ages(self) -> None:
        for text, seconds in (("90s", 90), ("45m", 2700), ("12h", 43200), ("30d", 30 * 86400), ("2w", 14 * 86400)):
            self.assertEqual(wording.parse_age(text), seconds)
        for text in ("", "d", "30", "30 d", "-1d", "1.5h", "1y", "1D", "9999999999d", "\u0663d"):
            self.assertIn("write 30d", str(self.assertRaises(ValueError, wording.parse_age, text)))

    def test_times_are_of_utc_and_any_number_is_one(self) -> None:
        self.assertEqual(wording.instant(NOW + 0.25), "2027-01-15 08:00:00.250 UTC")
        for time in (math.nan, math.inf, 1e300, -1e300):
            self.assertIn("UTC", wording.instant(time))

    def test_texts_are_cut_and_escaped(self) -> None:
        self.assertEqual(wording.cut("abcdef", 6), "abcdef")
        self.assertEqual(wording.cut("abcdef", 5), "ab...")
        self.assertEqual(wording.cut("abcdef", 2), "..")
        self.assertEqual(wording.one_line("a\tb\nc\x1b\u2028"), r"a\tb\nc\x1b\u2028")

    def test_things_are_counted(self) -> None:
        self.assertEqual(wording.many(1, "entry", "entries"), "1 entry")
        self.assertEqual(wording.many(0, "entry", "entries"), "0 entries")
        self.assertEqual(wording.many(2, "game"), "2 games")

    def test_columns_are_as_wide_as_what_is_in_them(self) -> None:
        rows = [("a", "bb", ""), ("ccc", "d", "e")]
        self.assertEqual(wording.columns(rows, right=(1,)), ["a    bb", "ccc   d  e"])

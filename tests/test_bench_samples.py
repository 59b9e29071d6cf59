"""The file of samples, and the line that tells how far the benchmark is."""

from __future__ import annotations

import io
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import samples
from bench.processes import Failure
from bench.progress import Progress, duration
from bench.samples import Sample
from tests.bench_session import rounds, session, whole


class Files(SynchronousTestCase):
    def test_what_was_saved_is_loaded(self) -> None:
        path = Path(self.mktemp()) / "deep" / "samples.json"
        made = whole({"ws": 2.0})
        samples.save(made, path)
        self.assertEqual(samples.load(path), made)

    def test_a_missing_one_says_what_to_do(self) -> None:
        with self.assertRaisesRegex(Failure, "is not there: measure first, with `make bench`"):
            samples.load(Path(self.mktemp()))

    def test_another_one_says_what_to_do(self) -> None:
        path = Path(self.mktemp())
        path.write_text('{"date": 5}')
        with self.assertRaisesRegex(Failure, "measure anew"):
            samples.load(path)

    def test_failures_are_apart(self) -> None:
        failed = Sample(1, "ask", "ws", failure="it fell over")
        made = session([*rounds("ask", "ws", "commands", 1.0), failed])
        self.assertEqual(list(made.measured("ask", "ws")), [0])
        self.assertEqual(made.failures(), [failed])


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Lines(SynchronousTestCase):
    def test_plain_lines_where_it_is_no_terminal(self) -> None:
        output = io.StringIO()
        progress = Progress(output, 2)
        progress.begin("the first")
        progress.end("done")
        progress.begin("the second")
        progress.end()
        progress.clear()
        first, done, second = output.getvalue().splitlines()
        self.assertEqual((first, done), ("[1/2] the first", "done"))
        self.assertRegex(second, r"^\[2/2\] the second, about \d+ s left$")

    def test_one_line_on_a_terminal(self) -> None:
        output = Terminal()
        progress = Progress(output, 2)
        progress.begin("the first")
        progress.end()
        progress.clear()
        self.assertEqual(output.getvalue(), "\r\x1b[K[1/2] the first\r\x1b[K")

    def test_time_is_for_people(self) -> None:
        self.assertEqual([duration(value) for value in (0.2, 60, 600)], ["about 1 s", "about 60 s", "about 10 min"])

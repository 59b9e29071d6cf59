"""The page that the benchmark writes."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench import page
from bench.processes import Failure
from bench.samples import Sample
from tests.bench_session import session, whole


class Page(SynchronousTestCase):
    def test_it_begins_with_the_result_and_says_what_is_lost(self) -> None:
        fast_peer = whole({"gamesvc": 2.0, "picows": 3.0})
        text = page.page(fast_peer, "")
        self.assertTrue(text.startswith("# Performance\n\n**The result.** "))
        head = text.partition("It is ahead of")[0]
        self.assertIn("behind in 6", head)
        self.assertIn("- Request and reply: 10 games of 10, all ask, commands per CPU second: picows (0.67x)", head)

    def test_rounds_that_do_not_agree_are_neither_won_nor_lost(self) -> None:
        level = whole({"gamesvc": 2.0, "gamesvc-sqlite": 2.0})
        for sample in level.samples:
            if sample.round == 0 and sample.server == "ws":
                sample.measured["delivery_p99"] = 1.0
        words = page.in_words(level)
        self.assertIn("behind in 0, and in 1 the rounds do not agree", words)
        self.assertIn("The rounds do not agree about:\n\n- 20,000 deliveries/s", words)

    def test_it_holds_the_notes_the_versions_and_what_could_not_be_measured(self) -> None:
        made = whole({})
        made.absent["socket.io"] = "there is no Node.js here"
        made.samples.append(Sample(1, "ask", "aiohttp", failure="it did\nnot start"))
        made.troubles.append("growth: one game, 10,000 failed: too many files")
        text = page.page(made, "## Bends\n\nIt bends at 10.\n")
        for line in (
            "## Bends",
            "| processor | a fast one |",
            "| gamesvc | 0.1.0 |",
            "- socket.io was left out: there is no Node.js here",
            "- aiohttp, Request and reply: 10 games of 10, all ask, round 2, failed: it did not start",
            "- growth: one game, 10,000 failed: too many files",
        ):
            self.assertIn(line, text.splitlines())

    def test_without_rounds_there_is_growth_alone(self) -> None:
        made = whole({})
        made.samples = []
        text = page.page(made, "")
        self.assertIn("growth.svg", text)
        self.assertNotIn("performance.svg", text)

    def test_it_is_written_with_its_charts(self) -> None:
        checkout = Path(self.mktemp())
        (checkout / "docs").mkdir(parents=True)
        (checkout / "bench").mkdir()
        (checkout / "bench" / "notes.md").write_text("Noted.\n")
        page.write(whole({}), checkout)
        self.assertEqual(
            sorted(path.name for path in (checkout / "docs").iterdir()),
            ["growth.svg", "performance.md", "performance.svg"],
        )
        self.assertIn("\nNoted.\n", (checkout / "docs" / "performance.md").read_text())

    def test_the_short_form_writes_none(self) -> None:
        with self.assertRaisesRegex(Failure, "short form"):
            page.write(session(short=True), Path(self.mktemp()))

    def test_a_part_is_not_worth_one(self) -> None:
        part = whole({})
        part.samples.pop()
        with self.assertRaisesRegex(Failure, "of a part, .* 1 are not there"):
            page.write(part, Path(self.mktemp()))

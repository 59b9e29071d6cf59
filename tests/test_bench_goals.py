"""Goals of the benchmark, and whether they are reached."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.figures import FIGURES
from bench.goals import GOALS, as_markdown, judge, sync_in_words
from bench.scenarios import BY_NAME as SCENARIOS
from bench.servers import BY_NAME as SERVERS
from tests.bench_session import rounds, session, whole


class Goals(SynchronousTestCase):
    def test_all_are_of_what_is_measured(self) -> None:
        for goal in GOALS:
            self.assertIn(goal.scenario, SCENARIOS)
            self.assertIn(goal.figure, FIGURES)
            self.assertIn(goal.peer or goal.ours, SERVERS)
            # Of a ratio at least, of a figure at most: that fits only figures of which less is better.
            self.assertTrue(goal.peer or not FIGURES[goal.figure].more_is_better)

    def test_who_is_fast_reaches_all_of_them(self) -> None:
        reached = judge(whole({"gamesvc": 20.0, "gamesvc-sqlite": 13.0}))
        self.assertEqual({each.verdict for each in reached}, {"reached"})

    def test_who_is_slow_misses_them(self) -> None:
        reached = judge(whole({"gamesvc": 0.5, "gamesvc-sqlite": 0.1}))
        self.assertEqual({each.verdict for each in reached}, {"missed"})

    def test_the_median_decides(self) -> None:
        samples = rounds("connects", "ws", "ready_seconds", 1.0, 1.0, 1.0)
        samples += rounds("connects", "gamesvc", "ready_seconds", 2.0, 0.7, 0.7)
        for sample in samples:
            sample.measured["connections"] = 2000
        (goal,) = [each for each in judge(session(samples)) if each.measured]
        self.assertEqual((goal.goal.figure, goal.verdict), ("connects", "reached"))

    def test_what_was_not_measured_is_neither(self) -> None:
        self.assertEqual({each.verdict for each in judge(session())}, {"not measured"})

    def test_the_table_shows_the_journal_beside(self) -> None:
        lines = as_markdown(whole({"gamesvc": 3.0, "gamesvc-sqlite": 2.0})).splitlines()
        self.assertEqual(len(lines), len(GOALS) + 2)
        self.assertIn(
            "| deliveries per CPU second: at least 1.4x ws | 3.00x | 3.00x to 3.00x | reached | 2.00x |", lines[2]
        )

    def test_the_disk_is_told_where_it_was_asked(self) -> None:
        self.assertIn(" 200 µs ", sync_in_words(whole({})))
        self.assertEqual(sync_in_words(session()), "")

"""Figures of the benchmark: medians over rounds, and ratios within them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.figures import FIGURES, Spread, ratio, spread
from bench.samples import Sample
from tests.bench_session import measured, rounds, session, watched


def read(sample: Sample) -> dict[str, float]:
    """The figures that a sample has."""
    return {name: value for name, figure in FIGURES.items() if (value := figure.of(sample)) is not None}


class Figures(SynchronousTestCase):
    def test_each_is_read_from_what_the_load_generator_says(self) -> None:
        sample = Sample(0, "single", "gamesvc", measured(2.0), sync_us=300.0)
        self.assertEqual(
            read(sample),
            {
                "deliveries": 20_000,
                "deliveries_per_cpu": 20_000,
                "commands": 200,
                "commands_per_cpu": 200,
                "turn_p50": 0.5,
                "turn_p99": 2.5,
                "delivery_p50": 0.4,
                "delivery_p99": 2.0,
                "connects": 4000,
                "connects_per_cpu": 5000,
                "memory": 5.0,
                "over_sync": 200,
                "sync": 300,
                "idle": 0.5,
            },
        )

    def test_those_of_state_sync_too(self) -> None:
        sample = Sample(0, "state", "gamesvc", watched(2.0))
        self.assertEqual(
            read(sample),
            {
                "traffic": 10.0,
                "updates": 20.0,
                "update_bytes": 500.0,
                "update_us": 10.0,
                "cpu": 20.0,
                "gap_p50": 50.0,
                "gap_p99": 60.0,
                "idle": 0.5,
            },
        )

    def test_what_was_not_measured_is_none(self) -> None:
        sample = Sample(0, "single", "gamesvc", {"turn_p50": None, "deliveries": 0})
        self.assertEqual({figure.of(sample) for figure in FIGURES.values()}, {None})


class Spreads(SynchronousTestCase):
    def test_the_median_with_the_lowest_and_the_highest(self) -> None:
        self.assertEqual(Spread.over([3.0, 1.0, 2.0]), Spread(2.0, 1.0, 3.0))
        self.assertEqual(Spread.over([4.0, 1.0]), Spread(2.5, 1.0, 4.0))
        self.assertIsNone(Spread.over([]))

    def test_samples_that_failed_do_not_count(self) -> None:
        samples = rounds("ask", "ws", "commands_per_second", 5.0, 7.0)
        samples.append(Sample(2, "ask", "ws", failure="it fell over"))
        self.assertEqual(spread(session(samples), "ask", "ws", "commands"), Spread(6.0, 5.0, 7.0))

    def test_who_was_not_measured_has_none(self) -> None:
        self.assertIsNone(spread(session(), "ask", "ws", "commands"))


class Ratios(SynchronousTestCase):
    def test_they_are_taken_within_the_rounds(self) -> None:
        # The ratio of the medians would be 1.
        samples = rounds("ask", "gamesvc", "commands_per_second", 10.0, 20.0, 30.0)
        samples += rounds("ask", "ws", "commands_per_second", 20.0, 10.0, 20.0)
        self.assertEqual(ratio(session(samples), "ask", "gamesvc", "ws", "commands"), Spread(1.5, 0.5, 2.0))

    def test_where_less_is_better_more_than_one_is_still_better(self) -> None:
        samples = [*rounds("steady", "gamesvc", "delivery_p99", 2.0), *rounds("steady", "ws", "delivery_p99", 3.0)]
        self.assertEqual(ratio(session(samples), "steady", "gamesvc", "ws", "delivery_p99"), Spread(1.5, 1.5, 1.5))

    def test_only_rounds_count_in_which_both_were_measured(self) -> None:
        samples = rounds("ask", "gamesvc", "commands_per_second", 10.0, 20.0)
        samples += rounds("ask", "ws", "commands_per_second", 5.0)
        self.assertEqual(ratio(session(samples), "ask", "gamesvc", "ws", "commands"), Spread(2.0, 2.0, 2.0))

    def test_with_nobody_there_is_none(self) -> None:
        samples = rounds("ask", "gamesvc", "commands_per_second", 10.0)
        self.assertIsNone(ratio(session(samples), "ask", "gamesvc", "ws", "commands"))

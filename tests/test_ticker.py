"""The ticker: as often as it is to, for as long as it may be, whatever holds it up."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.ticker import MAX_BEHIND_SECONDS, Ticker
from tests.tables import NOW


class LateClock(Clock):
    """A clock whose timers come late, as they do where a reactor is busy.

    Attributes:
        lateness: by how many seconds, each time.
    """

    lateness = 0.0

    def callLater(self, delay: float, call: Callable[..., object], *more: object, **others: object) -> object:  # type: ignore[override]  # Twisted's is of a type of its own
        return super().callLater(delay + self.lateness, call, *more, **others)


class Ticking(SynchronousTestCase):
    """One ticker."""

    def setUp(self) -> None:
        self.clock = LateClock()
        self.set_forth = 0.0
        self.times: list[float] = []
        self.after = lambda: None

    def make(self, rate: float) -> Ticker:
        def tick(time: float) -> None:
            self.times.append(time)
            self.after()

        return Ticker(
            rate,
            self.clock.callLater,  # type: ignore[arg-type]  # as above
            self.clock.seconds,
            lambda: NOW + self.clock.seconds() + self.set_forth,
            tick,
        )

    def gaps(self, rate: float) -> list[float]:
        """Between two ticks each, in periods."""
        return [(after - before) * rate for before, after in pairwise(self.times)]

    def test_in_an_hour_it_ticks_as_often_as_it_is_to_whatever_the_rate_and_however_late_its_timers_come(self) -> None:
        for rate, lateness in ((20.0, 0.0), (20.0, 0.0031), (30.0, 0.007), (7.0, 0.0001), (0.3, 0.9)):
            self.clock, self.times = LateClock(), []
            self.clock.lateness = lateness
            self.make(rate).start()
            # At such steps a reactor may turn, neither a multiple of the period.
            for _ in range(3600 * 13):
                self.clock.advance(1 / 13)
            expected = self.clock.seconds() * rate
            self.assertTrue(abs(len(self.times) - expected) <= 1 + rate / 13, (rate, len(self.times), expected))

    def test_each_is_a_period_after_the_one_before_though_it_runs_late(self) -> None:
        self.clock.lateness = 0.013
        self.make(20.0).start()
        for _ in range(4000):
            self.clock.advance(0.005)
        self.assertTrue(all(abs(gap - 1) < 1e-4 for gap in self.gaps(20.0)), self.gaps(20.0))
        self.assertAlmostEqual(self.times[0] - NOW, 0.05, 5)

    def test_what_was_missed_is_made_up_for_as_far_as_it_is_not_too_long_ago(self) -> None:
        self.make(20.0).start()
        self.clock.advance(0.2)
        self.assertEqual([round((time - NOW) * 20) for time in self.times], [1, 2, 3, 4])
        self.times.clear()
        self.clock.advance(MAX_BEHIND_SECONDS)
        self.assertEqual([round((time - NOW) * 20) for time in self.times], [5, 6, 7, 8, 9])

    def test_ticks_of_longer_ago_are_left_out_and_the_next_are_in_time_as_before(self) -> None:
        self.make(20.0).start()
        self.clock.advance(10.0)
        # Half of a second ago is too long.
        self.assertEqual([round((time - NOW) * 20) for time in self.times], [196, 197, 198, 199, 200])
        self.times.clear()
        self.clock.advance(0.05)
        self.assertEqual([round((time - NOW) * 20) for time in self.times], [201])

    def test_where_a_tick_takes_longer_than_a_period_others_have_their_turn_and_what_is_due_is_dropped(self) -> None:
        log: list[str] = []

        def takes_long() -> None:
            log.append("tick")
            self.clock.rightNow += 0.12
            if self.clock.seconds() > 10.0:
                ticker.stop()

        def other() -> None:
            log.append("other")
            self.clock.callLater(0.01, other)

        self.after = takes_long
        other()
        ticker = self.make(20.0)
        ticker.start()
        while self.clock.seconds() < 10.0:
            self.clock.advance(0.01)
        self.assertNotIn(("tick", "tick"), set(pairwise(log)))
        # Of each 0.17 seconds, 0.05 are left for others.
        self.assertIn(len(self.times), range(50, 62))
        # The game's time is that on the wall, however many were dropped.
        self.assertTrue(all(abs(gap - 0.17 * 20) < 0.3 for gap in self.gaps(20.0)), self.gaps(20.0))
        self.after = lambda: None
        self.times.clear()
        ticker.start()
        for _ in range(20):
            self.clock.advance(0.05)
        self.assertIn(len(self.times), (19, 20, 21))

    def test_of_several_that_are_made_up_for_the_rest_is_dropped_when_one_takes_long(self) -> None:
        def takes_long() -> None:
            self.clock.rightNow += 0.06 if len(self.times) < 9 else 0.0

        self.after = takes_long
        self.make(20.0).start()
        self.clock.advance(0.2)
        self.assertEqual([round((time - NOW) * 100) for time in self.times], [5])
        self.after = lambda: None
        self.clock.advance(0.05)
        self.assertEqual([round((time - NOW) * 100) for time in self.times], [5, 31])

    def test_one_that_ticks_seldom_makes_up_for_one(self) -> None:
        self.make(0.5).start()
        self.clock.advance(9.0)
        self.assertEqual([round(time - NOW) for time in self.times], [8])
        self.clock.advance(1.0)
        self.assertEqual([round(time - NOW) for time in self.times], [8, 10])

    def test_a_step_of_the_walls_clock_makes_no_difference(self) -> None:
        self.make(20.0).start()
        for step in (3600.0, -7200.0, 0.0):
            self.set_forth = step
            for _ in range(40):
                self.clock.advance(0.05)
        self.assertTrue(all(abs(gap - 1) < 1e-4 for gap in self.gaps(20.0)))
        self.assertEqual(len(self.times), 120)

    def test_stopped_it_does_not_tick_and_has_no_timer(self) -> None:
        ticker = self.make(20.0)
        self.assertFalse(ticker.runs)
        for _ in range(2):
            ticker.start()
        self.assertEqual((ticker.runs, len(self.clock.getDelayedCalls())), (True, 1))
        for _ in range(2):
            ticker.stop()
        self.clock.advance(1.0)
        self.assertEqual((ticker.runs, self.times, self.clock.getDelayedCalls()), (False, [], []))

    def test_started_again_it_begins_anew_and_makes_up_for_nothing(self) -> None:
        ticker = self.make(20.0)
        ticker.start()
        self.clock.advance(0.05)
        ticker.stop()
        self.clock.advance(30.01)
        ticker.start()
        self.clock.advance(0.05)
        self.assertEqual([round((time - NOW) * 100) for time in self.times], [5, 3011])

    def test_a_tick_may_be_the_last_one(self) -> None:
        ticker = self.make(20.0)
        self.after = ticker.stop
        ticker.start()
        self.clock.advance(0.2)
        self.assertEqual((len(self.times), ticker.runs, self.clock.getDelayedCalls()), (1, False, []))

    def test_a_tick_may_lead_to_a_new_start(self) -> None:
        ticker = self.make(20.0)

        def again() -> None:
            ticker.stop()
            ticker.start()

        self.after = again
        ticker.start()
        self.clock.advance(0.2)
        self.assertEqual(len(self.clock.getDelayedCalls()), 1)
        self.clock.advance(0.05)
        self.assertEqual([round((time - NOW) * 20) for time in self.times], [1, 5])

    def test_after_one_that_failed_it_rests_for_a_second_and_then_goes_on(self) -> None:
        ticker = self.make(20.0)
        ticker.start()
        self.after = ticker.rest
        for _ in range(100):
            self.clock.advance(0.05)
        seconds = [gap / 20 for gap in self.gaps(20.0)]
        self.assertEqual(len(seconds), 4)
        self.assertTrue(all(0.999 < each < 1.06 for each in seconds), seconds)
        self.after = lambda: None
        self.times.clear()
        for _ in range(40):
            self.clock.advance(0.05)
        self.assertTrue(all(abs(gap - 1) < 1e-4 for gap in self.gaps(20.0)))
        self.assertIn(len(self.times), (38, 39, 40))

    def test_told_to_rest_after_a_tick_it_does_not_tick_once_more_before_it_does(self) -> None:
        ticker = self.make(20.0)
        ticker.start()
        self.clock.advance(0.06)
        ticker.rest()
        for _ in range(18):
            self.clock.advance(0.05)
        self.assertEqual(len(self.times), 1)
        self.clock.advance(0.2)
        self.assertAlmostEqual(self.times[1] - NOW, 1.06, 5)

    def test_of_several_that_are_made_up_for_none_follows_one_that_failed(self) -> None:
        ticker = self.make(20.0)
        self.after = ticker.rest
        ticker.start()
        self.clock.advance(0.2)
        self.assertEqual(len(self.times), 1)

    def test_the_time_of_the_next_is_known_while_it_is_awaited_and_while_it_runs(self) -> None:
        ticker = self.make(20.0)
        seen: list[float] = []
        self.after = lambda: seen.append(ticker.next)
        ticker.start()
        self.assertAlmostEqual(ticker.next, NOW + 0.05, 6)
        self.clock.advance(0.1)
        self.assertEqual(seen, self.times)
        self.assertAlmostEqual(ticker.next, NOW + 0.15, 6)

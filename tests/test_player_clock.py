"""PlayerClock, held against sums of the time that each player took."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.context import Player
from gamesvc.player_clock import PlayerClock

PROPERTY = settings(deadline=None, database=None, max_examples=200)

ANN, BEN = Player("ann"), Player("ben")
NOW = 1_800_000_000.0


def clock_of(seconds: float = 60.0, increment: float = 0.0) -> PlayerClock:
    clock = PlayerClock()
    clock.set((ANN, BEN), seconds, increment)
    return clock


class Running(SynchronousTestCase):
    """What is left while clocks run."""

    def test_nobodys_runs_before_the_start(self) -> None:
        clock = clock_of()
        self.assertEqual((clock.running, clock.since, clock.flag_in(NOW)), (None, None, None))
        self.assertEqual((clock.left(ANN, NOW), clock.left(BEN, NOW + 100)), (60.0, 60.0))

    def test_only_the_clock_runs_that_was_started(self) -> None:
        clock = clock_of()
        clock.start(ANN, NOW)
        self.assertEqual((clock.left(ANN, NOW + 10), clock.left(BEN, NOW + 10)), (50.0, 60.0))
        self.assertEqual(clock.flag_in(NOW + 10), 50.0)

    def test_what_a_client_shows_is_what_is_left(self) -> None:
        clock = clock_of()
        clock.start(ANN, NOW)
        clock.press(BEN, NOW + 2.5)
        shown = msgspec.to_builtins(clock)
        self.assertEqual(
            shown, {"seconds": {"ann": 57.5, "ben": 60.0}, "increment": 0.0, "running": "ben", "since": NOW + 2.5}
        )
        now = NOW + 4
        self.assertEqual(shown["seconds"]["ben"] - (now - shown["since"]), clock.left(BEN, now))

    def test_whose_turn_ends_gets_the_increment_and_the_others_clock_runs(self) -> None:
        clock = clock_of(60.0, 5.0)
        clock.start(ANN, NOW)
        clock.press(BEN, NOW + 10)
        clock.press(ANN, NOW + 30)
        self.assertEqual(clock.seconds, {ANN: 55.0, BEN: 45.0})
        self.assertEqual((clock.running, clock.since), (ANN, NOW + 30))

    def test_who_takes_another_turn_at_once_gets_the_increment_too(self) -> None:
        clock = clock_of(60.0, 5.0)
        clock.start(ANN, NOW)
        clock.press(ANN, NOW + 10)
        self.assertEqual((clock.left(ANN, NOW + 11), clock.running), (54.0, ANN))

    def test_to_start_anothers_brings_no_increment(self) -> None:
        clock = clock_of(60.0, 5.0)
        clock.start(ANN, NOW)
        clock.start(BEN, NOW + 10)
        self.assertEqual((clock.seconds, clock.running), ({ANN: 50.0, BEN: 60.0}, BEN))

    def test_nobody_has_less_than_nothing(self) -> None:
        clock = clock_of(1.0)
        clock.start(ANN, NOW)
        self.assertEqual((clock.left(ANN, NOW + 99), clock.flag_in(NOW + 99)), (0.0, 0.0))
        clock.stop(NOW + 99)
        self.assertEqual(clock.seconds[ANN], 0.0)

    def test_nobody_wins_time_where_the_time_runs_backwards(self) -> None:
        clock = clock_of()
        clock.start(ANN, NOW)
        self.assertEqual(clock.left(ANN, NOW - 10), 60.0)

    def test_at_the_time_at_which_a_timer_is_due_the_time_is_up(self) -> None:
        # Of 0.1 s, today's time added and taken away again leaves some nanoseconds.
        for milliseconds in range(1, 2000, 7):
            clock = clock_of(milliseconds / 1000)
            clock.start(ANN, NOW)
            flag_in = clock.flag_in(NOW)
            assert flag_in is not None
            self.assertEqual(clock.flag_in(NOW + flag_in), 0.0)


class Standing(SynchronousTestCase):
    """Clocks that stand still."""

    def test_a_pause_costs_nobody_anything(self) -> None:
        clock = clock_of()
        clock.start(ANN, NOW)
        clock.pause(NOW + 10)
        self.assertEqual((clock.running, clock.flag_in(NOW + 99), clock.left(ANN, NOW + 99)), (ANN, None, 50.0))
        clock.pause(NOW + 50)
        clock.resume(NOW + 100)
        self.assertEqual(clock.left(ANN, NOW + 110), 40.0)

    def test_to_resume_what_runs_or_what_nobody_started_changes_nothing(self) -> None:
        clock = clock_of()
        clock.resume(NOW)
        self.assertEqual(clock, clock_of())
        clock.start(ANN, NOW)
        clock.resume(NOW + 10)
        self.assertEqual(clock.left(ANN, NOW + 10), 50.0)

    def test_what_was_stopped_does_not_resume(self) -> None:
        clock = clock_of()
        clock.start(ANN, NOW)
        clock.stop(NOW + 10)
        clock.resume(NOW + 20)
        self.assertEqual((clock.running, clock.flag_in(NOW + 30), clock.seconds[ANN]), (None, None, 50.0))


class Refused(SynchronousTestCase):
    """What is no use of a clock, and changes nothing."""

    def test_a_turn_ends_only_where_a_clock_runs(self) -> None:
        clock = clock_of()
        self.assertIn("no clock runs", str(self.assertRaises(ValueError, clock.press, ANN, NOW)))
        clock.start(ANN, NOW)
        clock.pause(NOW)
        self.assertRaises(ValueError, clock.press, BEN, NOW)

    def test_who_has_no_clock_can_not_start_it(self) -> None:
        clock = clock_of(60.0, 5.0)
        clock.start(ANN, NOW)
        for call in (clock.start, clock.press):
            self.assertIn("'cat' has no clock", str(self.assertRaises(ValueError, call, Player("cat"), NOW + 10)))
        self.assertEqual((clock.seconds, clock.running, clock.since), ({ANN: 60.0, BEN: 60.0}, ANN, NOW))

    def test_times_that_are_none(self) -> None:
        clock = clock_of()
        for seconds, increment in (
            (0.0, 0.0),
            (-1.0, 0.0),
            (float("nan"), 0.0),
            (float("inf"), 0.0),
            (60.0, -1.0),
            (60.0, float("nan")),
            (60.0, float("inf")),
        ):
            self.assertRaises(ValueError, clock.set, (ANN, BEN), seconds, increment)
        self.assertEqual(clock, clock_of())


TIMES = st.floats(0, 20).map(lambda seconds: round(seconds, 3))
STEPS: st.SearchStrategy[list[tuple[str, float]]] = st.lists(
    st.tuples(st.sampled_from(("start", "press", "pause", "resume", "stop", "wait")), TIMES), max_size=30
)


class AnyTimes(SynchronousTestCase):
    """Whatever is pressed, nobody has lost more or less time than went by while their clock ran."""

    @PROPERTY
    @given(st.floats(0.001, 100), st.floats(0, 10), STEPS)
    def test_what_is_left(self, seconds: float, increment: float, steps: list[tuple[str, float]]) -> None:
        clock = clock_of(seconds, increment)
        plain = {ANN: seconds, BEN: seconds}
        running: Player | None = None
        is_paused = False
        now = NOW
        for name, wait in steps:
            now += wait
            if running is not None and not is_paused:
                plain[running] = max(0.0, plain[running] - wait)
            other = BEN if running == ANN else ANN
            if name == "start":
                clock.start(other, now)
                running, is_paused = other, False
            elif name == "press" and running is not None and not is_paused:
                clock.press(other, now)
                plain[running] += increment
                running = other
            elif name == "pause":
                clock.pause(now)
                is_paused = True
            elif name == "resume":
                clock.resume(now)
                is_paused = False
            elif name == "stop":
                clock.stop(now)
                running = None
            if running is None:
                is_paused = False
            # It is kept to the millisecond, and rounded as often as something was pressed.
            for player, left in plain.items():
                self.assertLess(abs(clock.left(player, now) - left), 0.002 * (len(steps) + 1))
                self.assertGreaterEqual(clock.left(player, now), 0)
            self.assertEqual(clock.running, running)
            flag_in = clock.flag_in(now)
            self.assertEqual(flag_in, None if running is None or is_paused else clock.left(running, now))
            self.assertEqual(msgspec.msgpack.decode(msgspec.msgpack.encode(clock), type=PlayerClock), clock)

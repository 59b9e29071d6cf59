"""Countdowns, held against a plain list of times and calls."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.countdown import Countdown, Countdowns

PROPERTY = settings(deadline=None, database=None, max_examples=200)


class Counted(SynchronousTestCase):
    """Calls that were put off, and when they came."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.countdowns = Countdowns(self.clock)
        self.called: list[tuple[str, float]] = []

    def put_off(self, seconds: float, name: str, then: Callable[[], object] = lambda: None) -> Countdown:
        def call() -> None:
            self.called.append((name, self.clock.seconds()))
            then()

        return self.countdowns.call_later(seconds, call)

    def advance(self, seconds: float, step: float = 0.25) -> None:
        for _ in range(round(seconds / step)):
            self.clock.advance(step)

    @property
    def timers(self) -> int:
        """How many the reactor has."""
        return len(self.clock.getDelayedCalls())


class InTime(Counted):
    """When calls come."""

    def test_a_call_comes_at_its_time_and_once(self) -> None:
        self.put_off(1, "a")
        self.clock.advance(0.99)
        self.assertEqual(self.called, [])
        self.advance(3, step=0.01)
        self.assertEqual([name for name, _ in self.called], ["a"])
        self.assertAlmostEqual(self.called[0][1], 1)

    def test_each_comes_at_a_time_of_its_own_in_the_order_in_which_they_were_put_off(self) -> None:
        for name in "abc":
            self.put_off(2, name)
            self.clock.advance(0.5)
        self.put_off(2, "d")
        self.advance(5)
        self.assertEqual(self.called, [("a", 2.0), ("b", 2.5), ("c", 3.0), ("d", 3.5)])

    def test_those_of_one_time_come_together_in_order(self) -> None:
        for name in "abc":
            self.put_off(2, name)
        self.clock.advance(2)
        self.assertEqual(self.called, [("a", 2.0), ("b", 2.0), ("c", 2.0)])

    def test_different_times_do_not_wait_for_each_other(self) -> None:
        for name, seconds in (("late", 10), ("soon", 1), ("between", 2.5), ("at once", 0)):
            self.put_off(seconds, name)
        self.clock.advance(0)
        self.put_off(1, "soon, too")
        self.advance(11)
        self.assertEqual(
            self.called, [("at once", 0.0), ("soon", 1.0), ("soon, too", 1.0), ("between", 2.5), ("late", 10.0)]
        )

    def test_where_the_reactor_was_busy_all_that_became_due_meanwhile_come_at_once(self) -> None:
        for name in "abc":
            self.put_off(2, name)
            self.clock.advance(0.5)
        self.clock.advance(60)
        self.assertEqual(self.called, [("a", 61.5), ("b", 61.5), ("c", 61.5)])
        self.assertEqual(self.timers, 0)

    def test_one_timer_of_the_reactors_does_for_all_of_a_time(self) -> None:
        for number in range(1000):
            self.put_off((1, 2, 30)[number % 3], "a")
            self.clock.advance(0.0001)
        self.assertEqual(self.timers, 3)
        self.advance(2.5)
        self.assertEqual((len(self.called), self.timers), (667, 1))


class Cancelled(Counted):
    """Calls that are not wanted any more."""

    def setUp(self) -> None:
        super().setUp()
        self.waiting: list[Countdown] = []
        for name in "abcd":
            self.waiting.append(self.put_off(2, name))
            self.clock.advance(0.25)

    def test_any_of_them_is_not_called_and_the_others_are_in_time(self) -> None:
        due = [("a", 2.0), ("b", 2.25), ("c", 2.5), ("d", 2.75)]
        for gone in ((0,), (1,), (3,), (0, 1), (2, 3), (1, 2), (3, 0), (2, 1, 0), (3, 1, 2)):
            self.setUp()
            for place in gone:
                self.waiting[place].cancel()
            self.advance(4)
            self.assertEqual(self.called, [each for place, each in enumerate(due) if place not in gone], gone)

    def test_nothing_is_left_in_the_reactor_when_all_were_cancelled(self) -> None:
        for each in self.waiting:
            self.assertEqual(self.timers, 1)
            each.cancel()
        self.assertEqual(self.timers, 0)
        self.put_off(2, "e")
        self.advance(4)
        self.assertEqual(self.called, [("e", 3.0)])

    def test_nothing_is_left_in_the_reactor_when_all_were_called(self) -> None:
        self.advance(4)
        self.assertEqual((len(self.called), self.timers), (4, 0))

    def test_twice_is_harmless_and_so_it_is_after_the_call(self) -> None:
        self.waiting[0].cancel()
        self.waiting[0].cancel()
        self.advance(1.25)
        self.assertEqual(self.called, [("b", 2.25)])
        for each in self.waiting[:2]:
            each.cancel()
        self.assertEqual(self.timers, 1)
        self.advance(4)
        for each in self.waiting:
            each.cancel()
        self.assertEqual(self.called, [("b", 2.25), ("c", 2.5), ("d", 2.75)])

    def test_from_within_a_call(self) -> None:
        def cancel_all() -> None:
            for each in (first, second, other):
                each.cancel()

        first = self.put_off(5, "first", cancel_all)
        second, third = self.put_off(5, "second"), self.put_off(5, "third", lambda: last.cancel())
        other = self.put_off(6, "other")
        self.clock.advance(1)
        last = self.put_off(5, "last")
        self.advance(20)
        self.assertEqual([name for name, _ in self.called], ["a", "b", "c", "d", "first", "third"])
        self.assertEqual(self.timers, 0)
        third.cancel()

    def test_one_that_was_put_off_and_cancelled_within_a_call(self) -> None:
        self.put_off(5, "first", lambda: self.put_off(5, "never").cancel())
        self.advance(20)
        self.assertEqual(([name for name, _ in self.called], self.timers), (["a", "b", "c", "d", "first"], 0))


class PutOffWithin(Counted):
    """Calls that are put off from within a call."""

    def test_one_that_is_put_off_again_and_again_comes_each_time(self) -> None:
        def again() -> None:
            if len(self.called) < 4:
                self.put_off(1.5, "again", again)

        self.put_off(1.5, "first", again)
        self.advance(12)
        self.assertEqual([at for _, at in self.called], [1.5, 3.0, 4.5, 6.0])
        self.assertEqual(self.timers, 0)

    def test_for_no_time_it_comes_in_a_turn_of_its_own_or_this_one_and_keeps_nobody_waiting(self) -> None:
        self.put_off(0, "first", lambda: self.put_off(0, "second"))
        self.put_off(0, "other")
        for _ in range(3):
            self.clock.advance(0)
        self.assertEqual([name for name, _ in self.called], ["first", "other", "second"])

    def test_for_another_time_it_changes_nothing_for_those_who_wait(self) -> None:
        self.put_off(2, "first", lambda: self.put_off(1, "soon"))
        self.clock.advance(0.5)
        self.put_off(2, "second")
        self.advance(5)
        self.assertEqual(self.called, [("first", 2.0), ("second", 2.5), ("soon", 3.0)])

    def test_for_the_same_time_those_who_wait_already_come_in_time(self) -> None:
        self.put_off(10, "first", lambda: self.put_off(10, "again"))
        self.clock.advance(0.5)
        self.put_off(10, "second")
        self.advance(25)
        self.assertEqual(self.called, [("first", 10.0), ("second", 10.5), ("again", 20.0)])

    def test_so_they_do_where_what_was_put_off_is_cancelled_at_once(self) -> None:
        self.put_off(10, "first", lambda: self.put_off(10, "never").cancel())
        self.clock.advance(0.5)
        self.put_off(10, "second")
        self.advance(25)
        self.assertEqual(self.called, [("first", 10.0), ("second", 10.5)])


class Failing(Counted):
    """A call that fails."""

    def failing(self) -> None:
        raise RuntimeError("a bug")

    def test_the_reactor_is_told_and_those_after_it_are_called_soon_and_in_order(self) -> None:
        self.put_off(1, "a")
        self.put_off(1, "b", self.failing)
        self.put_off(1, "c")
        self.assertRaises(RuntimeError, self.clock.advance, 1)
        self.assertEqual([name for name, _ in self.called], ["a", "b"])
        self.clock.advance(0)
        self.assertEqual(self.called, [("a", 1.0), ("b", 1.0), ("c", 1.0)])

    def test_those_who_are_due_later_are_called_at_their_time(self) -> None:
        self.put_off(1, "a", self.failing)
        self.clock.advance(0.5)
        self.put_off(1, "b")
        self.assertRaises(RuntimeError, self.clock.advance, 0.5)
        self.advance(2)
        self.assertEqual(self.called, [("a", 1.0), ("b", 1.5)])

    def test_each_of_many_is_called_once(self) -> None:
        for name in "abc":
            self.put_off(1, name, self.failing)
        for _ in "abc":
            self.assertRaises(RuntimeError, self.clock.advance, 1)
        self.assertEqual(([name for name, _ in self.called], self.timers), (["a", "b", "c"], 0))

    def test_the_last_leaves_nothing_behind_and_the_next_is_called(self) -> None:
        self.put_off(1, "a", self.failing)
        self.assertRaises(RuntimeError, self.clock.advance, 1)
        self.assertEqual(self.timers, 0)
        self.put_off(1, "b")
        self.clock.advance(1)
        self.assertEqual(self.called, [("a", 1.0), ("b", 2.0)])


SECONDS = (0.0, 1.0, 2.5, 10.0)


class PutOff(NamedTuple):
    """Put something off; when it is called, it puts off what is named, cancels one, or fails."""

    seconds: float
    then: tuple[float, ...] = ()
    cancels: int | None = None
    fails: bool = False


class Cancel(NamedTuple):
    who: int


class Wait(NamedTuple):
    seconds: float


WHO = st.integers(0, 12)
STEPS = st.lists(
    st.one_of(
        st.builds(
            PutOff,
            st.sampled_from(SECONDS),
            st.lists(st.sampled_from(SECONDS), max_size=2).map(tuple),
            st.none() | WHO,
            st.sampled_from((False, False, False, True)),
        ),
        st.builds(Cancel, WHO),
        st.builds(Wait, st.sampled_from((0.0, 0.25, 1.0, 3.0))),
        st.builds(Wait, st.just(0.25)),
    ),
    max_size=40,
)


class AnySchedule(SynchronousTestCase):
    """Whatever is put off, cancelled, and fails."""

    @PROPERTY
    @given(STEPS)
    def test_each_call_comes_once_at_its_time_and_no_other_comes(self, steps: list[PutOff | Cancel | Wait]) -> None:
        clock = Clock()
        countdowns = Countdowns(clock)
        plain: list[tuple[float, int]] = []  # what waits: when it is due, and which it is
        made: list[Countdown] = []
        called: list[int] = []

        def put_off(step: PutOff) -> None:
            number = len(made)
            due = clock.seconds() + step.seconds

            def call() -> None:
                called.append(number)
                self.assertEqual(clock.seconds(), due, "not at its time")
                self.assertIn((due, number), plain, "cancelled, or called before")
                same = [each for each in plain if each[0] <= due and seconds[each[1]] == step.seconds]
                self.assertEqual(min(same)[1], number, "before one that was put off before it")
                plain.remove((due, number))
                for later in step.then:
                    put_off(PutOff(later))
                if step.cancels is not None:
                    cancel(step.cancels)
                if step.fails:
                    raise RuntimeError("a bug")

            seconds.append(step.seconds)
            plain.append((due, number))
            made.append(countdowns.call_later(step.seconds, call))

        def cancel(who: int) -> None:
            if who < len(made):
                made[who].cancel()
                plain[:] = [each for each in plain if each[1] != who]

        def wait(quarters: int) -> None:
            """In small steps, and as many turns as there are calls that fail, which end a turn."""
            for quarter in range(quarters + 1):
                turn(0.25 if quarter else 0.0)
                while any(due <= clock.seconds() for due, _ in plain):
                    before = len(called)
                    turn(0.0)
                    self.assertGreater(len(called), before, "something is due and does not come")

        def turn(pause: float) -> None:
            with contextlib.suppress(RuntimeError):
                clock.advance(pause)

        seconds: list[float] = []
        for step in steps:
            if isinstance(step, PutOff):
                put_off(step)
            elif isinstance(step, Cancel):
                cancel(step.who)
            else:
                wait(round(step.seconds * 4))
            times = {seconds[number] for _, number in plain}
            self.assertEqual(len(clock.getDelayedCalls()), len(times), "one timer for each time that is waited for")
        wait(100)
        self.assertEqual((plain, clock.getDelayedCalls()), ([], []))

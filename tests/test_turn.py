"""The end of a turn: what is put off until then, and what is left to the next."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.turn import SLICE_SECONDS, Call, Turn


class Reactor:
    """Runs in each of its turns what was asked for in those before; its clock is advanced by whoever works.

    Attributes:
        timers: what is to be called in the next turn.
        said: by `saying`, in the order in which it was said.
    """

    def __init__(self) -> None:
        self.timers: list[Call] = []
        self.clock = 100.0
        self.said: list[object] = []
        self.turn = Turn(self._later, lambda: self.clock)

    def _later(self, seconds: float, call: Call) -> None:
        assert seconds == 0, "what is put off must not wait"
        self.timers.append(call)

    def saying(self, what: object, then: Callable[[], None] = lambda: None, seconds: float = 0.0) -> Call:
        """A call that takes a while, says something, and does something more."""

        def call() -> None:
            self.clock += seconds
            self.said.append(what)
            then()

        return call

    def run_turn(self) -> None:
        """One turn. What fails in it is raised at the end."""
        timers, self.timers = self.timers, []
        failures = []
        for call in timers:
            try:
                call()
            except Exception as failure:
                failures.append(failure)
        if failures:
            raise failures[0]


class EndOfTurn(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor = Reactor()
        self.soon = self.reactor.turn.soon

    def test_nothing_is_called_before_the_end(self) -> None:
        self.soon(self.reactor.saying("a"))
        self.assertEqual(self.reactor.said, [])

    def test_what_is_put_off_is_called_in_order_and_once(self) -> None:
        for number in range(5):
            self.soon(self.reactor.saying(number))
        for _ in range(3):
            self.reactor.run_turn()
        self.assertEqual(self.reactor.said, [0, 1, 2, 3, 4])

    def test_the_same_call_may_be_put_off_twice(self) -> None:
        call = self.reactor.saying("a")
        self.soon(call)
        self.soon(call)
        self.reactor.run_turn()
        self.assertEqual(self.reactor.said, ["a", "a"])

    def test_one_timer_does_for_all(self) -> None:
        for number in range(100):
            self.soon(self.reactor.saying(number, lambda: self.soon(lambda: None)))
        self.assertEqual(len(self.reactor.timers), 1)
        self.reactor.run_turn()
        self.assertEqual(self.reactor.timers, [])

    def test_each_turn_in_which_something_is_put_off_has_its_timer(self) -> None:
        for number in range(3):
            self.soon(self.reactor.saying(number))
            self.assertEqual(len(self.reactor.timers), 1)
            self.reactor.run_turn()
            self.assertEqual(self.reactor.said, [*range(number + 1)])

    def test_what_is_put_off_meanwhile_comes_last_and_in_the_same_turn(self) -> None:
        def more() -> None:
            self.soon(self.reactor.saying("c", lambda: self.soon(self.reactor.saying("d"))))

        self.soon(self.reactor.saying("a", more))
        self.soon(self.reactor.saying("b"))
        self.reactor.run_turn()
        self.assertEqual(self.reactor.said, ["a", "b", "c", "d"])


class AFault(SynchronousTestCase):
    """A call that fails."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.soon = self.reactor.turn.soon

    def _fail(self) -> None:
        raise RuntimeError("a fault")

    def test_the_reactor_is_told_and_the_others_come_in_the_next_turn_in_order(self) -> None:
        for what in "ab":
            self.soon(self.reactor.saying(what))
        self.soon(self.reactor.saying("fails", self._fail))
        for what in "cd":
            self.soon(self.reactor.saying(what))
        with self.assertRaisesRegex(RuntimeError, "a fault"):
            self.reactor.run_turn()
        self.assertEqual((self.reactor.said, len(self.reactor.timers)), (["a", "b", "fails"], 1))
        self.reactor.run_turn()
        self.assertEqual(self.reactor.said, ["a", "b", "fails", "c", "d"])

    def test_where_it_was_the_last_the_next_one_that_is_put_off_is_called(self) -> None:
        self.soon(self._fail)
        self.assertRaises(RuntimeError, self.reactor.run_turn)
        self.assertEqual(self.reactor.timers, [])
        self.soon(self.reactor.saying("a"))
        self.reactor.run_turn()
        self.assertEqual(self.reactor.said, ["a"])

    def test_what_it_had_put_off_is_called_too(self) -> None:
        def put_off_and_fail() -> None:
            self.soon(self.reactor.saying("a"))
            self._fail()

        self.soon(put_off_and_fail)
        self.assertRaises(RuntimeError, self.reactor.run_turn)
        self.reactor.run_turn()
        self.assertEqual(self.reactor.said, ["a"])

    def test_many_faults_need_a_turn_each_and_one_timer_at_a_time(self) -> None:
        for number in range(4):
            self.soon(self.reactor.saying(number, self._fail))
        for number in range(4):
            self.assertEqual((len(self.reactor.timers), self.reactor.said), (1, [*range(number)]))
            self.assertRaises(RuntimeError, self.reactor.run_turn)
        self.assertEqual((self.reactor.timers, self.reactor.said), ([], [0, 1, 2, 3]))


class Slices(SynchronousTestCase):
    """Who sends bytes meanwhile is heard."""

    def setUp(self) -> None:
        self.reactor = Reactor()
        self.soon = self.reactor.turn.soon

    def test_when_the_slice_is_over_the_rest_is_left_to_the_next_turn(self) -> None:
        for number in range(7):
            self.soon(self.reactor.saying(number, seconds=SLICE_SECONDS * 0.4))
        self.reactor.run_turn()
        self.assertEqual((self.reactor.said, len(self.reactor.timers)), ([0, 1, 2], 1))
        self.reactor.run_turn()
        self.assertEqual((self.reactor.said, len(self.reactor.timers)), ([*range(6)], 1))
        self.reactor.run_turn()
        self.assertEqual((self.reactor.said, self.reactor.timers), ([*range(7)], []))

    def test_a_call_that_takes_longer_than_a_slice_is_one_slice(self) -> None:
        for number in range(3):
            self.soon(self.reactor.saying(number, seconds=10 * SLICE_SECONDS))
        for number in range(3):
            self.reactor.run_turn()
            self.assertEqual(self.reactor.said, [*range(number + 1)])
        self.assertEqual(self.reactor.timers, [])

    def test_calls_that_put_off_each_other_for_ever_do_not_hold_up_the_turn_for_ever(self) -> None:
        def again() -> None:
            self.soon(self.reactor.saying("again", again, SLICE_SECONDS / 10))

        again()
        for turn in range(1, 4):
            self.reactor.run_turn()
            self.assertEqual(len(self.reactor.timers), 1)
            self.assertTrue(9 * turn <= len(self.reactor.said) <= 11 * turn, len(self.reactor.said))

    def test_what_is_put_off_between_two_slices_comes_after_what_waits_and_needs_no_other_timer(self) -> None:
        for number in range(3):
            self.soon(self.reactor.saying(number, seconds=SLICE_SECONDS))
        self.reactor.run_turn()
        self.soon(self.reactor.saying("new"))
        self.assertEqual(len(self.reactor.timers), 1)
        for _ in range(3):
            self.reactor.run_turn()
        self.assertEqual(self.reactor.said, [0, 1, 2, "new"])


class AnySchedule(SynchronousTestCase):
    """Each call may put off others, fail, and take long."""

    @settings(deadline=None, database=None, max_examples=100)
    @given(
        st.lists(
            st.tuples(st.integers(0, 3), st.booleans(), st.sampled_from((0.0, 0.3, 2.0)), st.booleans()), max_size=30
        )
    )
    def test_all_is_called_once_in_the_order_in_which_it_was_put_off(
        self, steps: list[tuple[int, bool, float, bool]]
    ) -> None:
        reactor = Reactor()
        unused = list(reversed(steps))
        put_off: list[int] = []

        def put_one_off() -> None:
            if not unused:
                return
            children, fails, slices, _ = unused.pop()
            number = len(put_off)
            put_off.append(number)

            def then() -> None:
                for _ in range(children):
                    put_one_off()
                if fails:
                    raise RuntimeError("a fault")

            reactor.turn.soon(reactor.saying(number, then, slices * SLICE_SECONDS))

        while unused or reactor.timers:
            if unused and unused[-1][3]:
                put_one_off()
            self.assertLessEqual(len(reactor.timers), 1)
            if reactor.timers:
                try:
                    reactor.run_turn()
                except RuntimeError:
                    continue
            else:
                put_one_off()
        self.assertEqual(reactor.said, put_off)
        self.assertEqual(len(put_off), len(steps))

"""The bell: it rings when it was last told to."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.bell import Bell


class BellTest(SynchronousTestCase):
    """Once at a time."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.rung: list[float] = []
        self.bell = Bell(self.clock.callLater, lambda: 1000.0 + self.clock.seconds(), self.ring)

    def ring(self) -> None:
        self.rung.append(self.clock.seconds())

    def pass_time(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.advance(1)

    def test_it_rings_when_it_is_due_and_once(self) -> None:
        self.bell.set(1003.0)
        self.pass_time(2)
        self.assertEqual(self.rung, [])
        self.pass_time(5)
        self.assertEqual(self.rung, [3.0])

    def test_what_is_set_later_replaces_what_was_set_before(self) -> None:
        for due in (1003.0, 1007.0, 1005.0):
            self.bell.set(due)
        self.pass_time(10)
        self.assertEqual(self.rung, [5.0])

    def test_never_is_never(self) -> None:
        self.bell.set(1003.0)
        self.bell.set(None)
        self.pass_time(10)
        self.assertEqual((self.rung, self.clock.getDelayedCalls()), ([], []))

    def test_what_is_past_rings_at_once_and_never_from_within_the_call_that_sets_it(self) -> None:
        self.bell.set(900.0)
        self.assertEqual(self.rung, [])
        self.clock.advance(0)
        self.assertEqual(self.rung, [0.0])

    def test_to_set_the_same_again_costs_no_timer(self) -> None:
        self.bell.set(1003.0)
        (first,) = self.clock.getDelayedCalls()
        self.bell.set(1003.0)
        self.assertEqual(self.clock.getDelayedCalls(), [first])

    def test_it_can_be_set_to_the_same_again_after_it_has_rung_or_was_silenced(self) -> None:
        self.bell.set(900.0)
        self.clock.advance(0)
        self.bell.set(900.0)
        self.clock.advance(0)
        self.assertEqual(len(self.rung), 2)
        self.bell.set(1003.0)
        self.bell.silence()
        self.bell.set(1003.0)
        self.pass_time(5)
        self.assertEqual(len(self.rung), 3)

    def test_silenced_it_does_not_ring(self) -> None:
        self.bell.set(1003.0)
        self.bell.silence()
        self.bell.silence()
        self.pass_time(5)
        self.assertEqual(self.rung, [])

    def test_it_can_be_told_to_wait_for_a_while_whatever_is_due(self) -> None:
        self.bell.set(900.0, at_least=2)
        self.pass_time(1)
        self.assertEqual(self.rung, [])
        self.pass_time(1)
        self.assertEqual(self.rung, [2.0])
        self.bell.set(1010.0, at_least=2)
        self.pass_time(10)
        self.assertEqual(self.rung, [2.0, 10.0])

    def test_to_wait_for_a_while_holds_for_what_was_set_before_too(self) -> None:
        self.bell.set(1000.5)
        self.bell.set(1000.5, at_least=3)
        self.pass_time(5)
        self.assertEqual(self.rung, [3.0])

    def test_who_is_rung_may_set_it_again(self) -> None:
        def again() -> None:
            self.rung.append(self.clock.seconds())
            if len(self.rung) < 3:
                bell.set(1000.0 + self.clock.seconds() + 2)

        bell = Bell(self.clock.callLater, lambda: 1000.0 + self.clock.seconds(), again)
        bell.set(1001.0)
        self.pass_time(10)
        self.assertEqual(self.rung, [1.0, 3.0, 5.0])

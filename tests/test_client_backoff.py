"""Waits that grow."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.backoff import Backoff, backoff_seconds


class Waits(SynchronousTestCase):
    def test_they_have_a_bound_however_often(self) -> None:
        self.assertEqual([backoff_seconds(step, 1.0) for step in (0, 1, 5, 6, 10**9)], [0.25, 0.5, 8.0, 15.0, 15.0])

    def test_each_is_longer_until_it_goes_well(self) -> None:
        backoff = Backoff()
        self.assertEqual([backoff.wait(1.0) for _ in range(3)], [0.25, 0.5, 1.0])
        backoff.end()
        self.assertEqual(backoff.wait(1.0), 0.25)

    def test_a_part_of_it_is_random(self) -> None:
        backoff = Backoff()
        self.assertEqual([backoff.wait(chance) for chance in (0.0, 0.5, 0.25)], [0.0, 0.25, 0.25])

    def test_one_may_begin_with_a_longer_one(self) -> None:
        backoff = Backoff()
        self.assertEqual([backoff.wait(1.0, least=2), backoff.wait(1.0, least=2), backoff.wait(1.0)], [1.0, 1.0, 1.0])
        self.assertEqual(backoff.steps, 3)

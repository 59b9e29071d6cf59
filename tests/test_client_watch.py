"""What has to come of a connection next, and by when."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.watch import Due, Watch


class Watched(SynchronousTestCase):
    def setUp(self) -> None:
        self.watch = Watch()

    def is_due(self, what: Due, at: float) -> None:
        """It is that, and then, and nothing is before."""
        self.assertEqual(self.watch.deadline, at)
        self.assertIsNone(self.watch.due(at - 0.001))
        self.assertIs(self.watch.due(at), what)

    def test_nothing_is_due_at_first_and_after_the_end(self) -> None:
        for _ in range(2):
            self.assertIsNone(self.watch.deadline)
            self.assertIsNone(self.watch.due(1e9))
            self.watch.opens(1.0)
            self.watch.stops()

    def test_one_thing_is_due_after_the_other(self) -> None:
        self.watch.waits(1.5)
        self.is_due(Due.CONNECT, 1.5)
        self.watch.opens(2.0)
        self.is_due(Due.WELCOME, 17.0)
        self.watch.hears(3.0)
        self.is_due(Due.ASK, 28.0)
        self.watch.asks(28.0)
        self.is_due(Due.ANSWER, 38.0)
        self.watch.hears(30.0)
        self.is_due(Due.ASK, 55.0)

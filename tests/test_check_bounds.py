from __future__ import annotations

import signal
import time

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.testing import bounds
from gamesvc.testing.bounds import TooLong, bounded
from gamesvc.testing.runs import Run


class Bounds(SynchronousTestCase):
    def test_memory(self) -> None:
        with bounded():
            self.assertRaises(MemoryError, bytes, 1 << 34)

    def test_memory_is_not_bounded_any_more_afterwards(self) -> None:
        with bounded():
            pass
        self.assertEqual(len(bytes(bounds.MOST_MEMORY + 1)), bounds.MOST_MEMORY + 1)

    def test_time(self) -> None:
        self.patch(bounds, "MOST_SECONDS", 0.04)

        def spin() -> None:
            while True:
                pass

        with bounded():
            Run.busy_since = time.monotonic()
            self.addCleanup(setattr, Run, "busy_since", None)
            self.assertRaises(TooLong, spin)

    def test_time_goes_by_between_steps(self) -> None:
        self.patch(bounds, "MOST_SECONDS", 0.01)
        with bounded():
            until = time.monotonic() + 0.05
            while time.monotonic() < until:
                pass

    def test_the_signal_is_given_back(self) -> None:
        before = signal.getsignal(signal.SIGALRM)
        with bounded():
            self.assertIsNot(signal.getsignal(signal.SIGALRM), before)
        self.assertIs(signal.getsignal(signal.SIGALRM), before)
        self.assertEqual(signal.getitimer(signal.ITIMER_REAL), (0.0, 0.0))

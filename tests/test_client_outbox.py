"""Commands that have no reply yet, beyond the vectors of the session."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.outbox import MAX_WAITING, WINDOW, Outbox


class Waiting(SynchronousTestCase):
    def setUp(self) -> None:
        self.outbox = Outbox()

    def add(self, many: int) -> None:
        for number in range(many):
            self.outbox.add(f"{number}", f"text {number}")

    def test_no_more_are_on_their_way_than_may_be_and_none_twice(self) -> None:
        self.add(WINDOW + 2)
        self.assertEqual(list(self.outbox.due(0.0)), [f"text {number}" for number in range(WINDOW)])
        self.assertEqual(list(self.outbox.due(0.0)), [])
        self.assertTrue(self.outbox.settle("3"))
        self.assertFalse(self.outbox.settle("3"))
        self.assertEqual(list(self.outbox.due(0.0)), [f"text {WINDOW}"])

    def test_it_takes_so_many_and_no_more(self) -> None:
        self.add(MAX_WAITING - 1)
        self.assertFalse(self.outbox.is_full)
        self.outbox.add("last", "text")
        self.assertTrue(self.outbox.is_full)

    def test_one_that_is_put_back_goes_before_those_that_never_went(self) -> None:
        self.add(2)
        list(self.outbox.due(0.0))
        self.outbox.add("new", "new text")
        self.outbox.put_back("1", 5.0)
        self.outbox.put_back("0", 4.0)
        self.assertEqual(list(self.outbox.due(4.9)), [])
        self.assertEqual(list(self.outbox.due(5.0)), ["text 0"])
        self.assertIsNone(self.outbox.paused_until)
        self.outbox.settle("0")
        self.assertEqual(list(self.outbox.due(5.0)), ["text 1"])

    def test_more_go_together_after_some_have_succeeded(self) -> None:
        self.add(200)
        self.outbox.put_back("0", 0.0)
        together = []
        for number in range(60):
            together.append(len(list(self.outbox.due(1.0))))
            self.outbox.succeeded()
            self.outbox.settle(f"{number}")
        # One after the other, and two where there may be one more than before.
        self.assertEqual(sum(together[:8]), 8)
        self.assertEqual(sum(together), 60 + WINDOW - 1)

    def test_the_largest_is_measured_in_bytes(self) -> None:
        self.outbox.add("letters", "x" * 5)
        self.outbox.add("accents", "é" * 4)
        self.assertIsNone(self.outbox.largest())
        list(self.outbox.due(0.0))
        self.assertEqual(self.outbox.largest(), "accents")

    def test_whoever_gives_up_knows_what_it_was(self) -> None:
        self.add(3)
        list(self.outbox.due(0.0))
        self.assertEqual(self.outbox.give_up(), ["0", "1", "2"])
        self.assertEqual(len(self.outbox), 0)
        self.assertIsNone(self.outbox.oldest())

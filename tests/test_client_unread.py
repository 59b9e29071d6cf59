"""Events that nobody has read."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client import unread
from gamesvc.client.failure import GameError
from gamesvc.client.unread import Unread


class Kept(SynchronousTestCase):
    def setUp(self) -> None:
        self.unread = Unread()

    def add(self, *sizes: int) -> None:
        for size in sizes:
            self.unread.add({"size": size}, size)

    def taken(self, most: int | None = None) -> list[int]:
        return [event["size"] for event in self.unread.take(most)]

    def missed(self) -> str:
        return str(self.assertRaises(GameError, self.unread.take).code)

    def test_they_are_taken_in_order_and_once(self) -> None:
        self.add(1, 2, 3, 4)
        self.assertEqual((self.taken(1), self.taken(2), len(self.unread)), ([1], [2, 3], 1))
        self.assertEqual((self.taken(5), self.taken(), len(self.unread)), ([4], [], 0))

    def test_of_too_many_the_oldest_go_which_is_told_once(self) -> None:
        self.patch(unread, "MAX_EVENTS", 2)
        self.add(1, 2, 3, 4)
        self.assertEqual((self.missed(), self.taken()), ("missed_events", [3, 4]))

    def test_of_too_much_the_oldest_go_and_one_is_kept(self) -> None:
        self.patch(unread, "MAX_BYTES", 10)
        self.add(4, 4)
        self.assertEqual(self.taken(1), [4])
        self.add(4, 4)
        self.assertEqual((self.missed(), self.taken()), ("missed_events", [4, 4]))
        self.add(99)
        self.assertEqual(self.taken(), [99])
        self.add(1, 9, 99, 1)
        self.assertEqual((self.missed(), self.taken()), ("missed_events", [1]))

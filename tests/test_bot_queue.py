"""The questions for which no process is free."""

from __future__ import annotations

import gc
from typing import Any
from weakref import ref

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import bot_queue
from gamesvc.bot_asking import Asking
from gamesvc.bot_queue import MAX_WAIT_SECONDS, Queue
from gamesvc.repeated import Repeated
from tests.test_bot_questions import question


class Told:
    """Who waits for an answer."""

    def __init__(self) -> None:
        self.results: list[str] = []

    def __call__(self, result: Any) -> None:
        self.results.append(str(result))


class QueueTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.queue = Queue(self.clock)
        self.told = Told()

    def add(self, game: str, seed: int = 1, told: Told | None = None) -> Asking:
        asking = Asking(question("First", seed, game), told or self.told, Repeated(self.clock.seconds, lambda _: None))
        self.assertTrue(self.queue.add(asking))
        return asking

    def taken(self) -> list[tuple[str, int]]:
        """All that wait, in the order in which it is their turn."""
        taken = [self.queue.take().question for _ in range(len(self.queue))]
        return [(each.game, each.seed) for each in taken]

    def test_of_one_game_who_comes_first_is_first(self) -> None:
        for seed in range(3):
            self.add("a", seed)
        self.assertEqual(self.taken(), [("a", 0), ("a", 1), ("a", 2)])
        self.assertEqual((len(self.queue), self.clock.getDelayedCalls()), (0, []))
        self.assertRaises(LookupError, self.queue.take)

    def test_games_take_turns(self) -> None:
        for seed in range(3):
            self.add("a", seed)
        self.add("b")
        self.assertEqual(self.queue.take().question.game, "a")
        # Who comes later, and has not had a turn, is after those who wait already.
        self.add("c", 0)
        self.add("c", 1)
        self.assertEqual(self.taken(), [("b", 1), ("a", 1), ("c", 0), ("a", 2), ("c", 1)])

    def test_cancelled_it_is_gone_at_once_and_what_its_player_saw_with_it(self) -> None:
        first, second, other = self.add("a", 1, told := Told()), self.add("a", 2), self.add("b")
        gone = ref(told)
        first.cancel()
        del first, told
        gc.collect()
        self.assertIsNone(gone())
        self.assertEqual((len(self.queue), len(self.clock.getDelayedCalls())), (2, 2))
        other.cancel()
        self.assertIs(self.queue.take(), second)
        self.assertEqual((len(self.queue), self.clock.getDelayedCalls(), self.told.results), (0, [], []))
        # It is none of the queue's any more.
        second.cancel()

    def test_nobody_waits_for_ever(self) -> None:
        self.add("a", 0)
        self.clock.advance(1)
        self.add("a", 1)
        self.clock.advance(MAX_WAIT_SECONDS - 1)
        self.assertEqual(self.told.results, ["no process was free for 60 s"])
        self.assertEqual(self.taken(), [("a", 1)])
        self.clock.advance(MAX_WAIT_SECONDS)
        self.assertEqual(len(self.told.results), 1)

    def test_there_is_a_bound(self) -> None:
        self.patch(bot_queue, "MAX_WAITING", 2)
        waiting = [self.add("a") for _ in range(2)]
        refused = Asking(question("First"), self.told, Repeated(self.clock.seconds, lambda _: None))
        self.assertFalse(self.queue.add(refused))
        waiting[0].cancel()
        self.assertTrue(self.queue.add(refused))

    def test_cleared_it_is_empty_and_tells_nobody(self) -> None:
        for game in "aab":
            self.add(game)
        self.queue.clear()
        self.assertEqual((len(self.queue), self.clock.getDelayedCalls(), self.told.results), (0, [], []))

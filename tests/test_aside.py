"""Threads for models that block: the reactor goes on meanwhile, and nobody waits for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from gamesvc.aside import END_SECONDS, MAX_THREADS, Aside


class Reactor(Clock):
    """Its time is the test's, and its thread the real reactor's."""

    def callFromThread(self, call: Callable[..., object]) -> None:
        reactor.callFromThread(call)  # type: ignore[attr-defined]  # it is a module until it is installed


class AsideTest(TestCase):
    """Work that is done in threads."""

    def setUp(self) -> None:
        self.clock = Reactor()
        self.aside = Aside(self.clock)
        self.aside.start()
        self.gate = threading.Event()
        self.addCleanup(self.gate.set)

    def wait(self) -> None:
        self.gate.wait(30)

    async def test_what_follows_is_called_in_the_reactors_thread_when_the_work_is_done(self) -> None:
        threads: list[threading.Thread] = []
        done: Deferred[None] = Deferred()
        self.aside(lambda: threads.append(threading.current_thread()), lambda: done.callback(None))
        await done
        self.assertIsNot(threads[0], threading.current_thread())
        self.assertTrue(threads[0].daemon)
        await self.aside.stop()

    async def test_what_the_work_raises_goes_to_the_log_and_what_follows_is_called(self) -> None:
        for fault in (RuntimeError, SystemExit):
            done: Deferred[None] = Deferred()

            def work(fault: type[BaseException] = fault) -> None:
                raise fault("with a reason")

            self.aside(work, lambda done=done: done.callback(None))  # type: ignore[misc]  # mypy infers no defaults
            await done
            self.assertEqual(len(self.flushLoggedErrors(fault)), 1)
        await self.aside.stop()

    async def test_so_many_are_at_work_at_a_time_and_the_others_wait(self) -> None:
        begun = threading.Semaphore(0)
        finished: list[int] = []
        all_done: Deferred[None] = Deferred()

        def work() -> None:
            begun.release()
            self.wait()

        def done() -> None:
            finished.append(1)
            if len(finished) == 2 * MAX_THREADS:
                all_done.callback(None)

        for _ in range(2 * MAX_THREADS):
            self.aside(work, done)
        for _ in range(MAX_THREADS):
            self.assertTrue(begun.acquire(timeout=30))
        self.assertEqual((begun.acquire(blocking=False), finished), (False, []))
        self.gate.set()
        await all_done
        await self.aside.stop()

    def test_where_there_was_nothing_to_do_there_is_nothing_to_wait_for(self) -> None:
        self.successResultOf(self.aside.stop())
        self.assertEqual(self.clock.getDelayedCalls(), [])

    async def test_stopped_it_waits_for_what_is_at_work(self) -> None:
        done: list[str] = []
        self.aside(self.wait, lambda: done.append("done"))
        stopped = self.aside.stop()
        self.assertNoResult(stopped)
        self.gate.set()
        await stopped
        self.assertEqual((done, self.clock.getDelayedCalls()), (["done"], []))

    def test_what_stands_still_is_left_behind_after_a_while(self) -> None:
        self.aside(self.wait, lambda: None)
        stopped = self.aside.stop()
        self.clock.advance(END_SECONDS)
        self.successResultOf(stopped)

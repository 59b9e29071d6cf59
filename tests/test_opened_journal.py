"""The journal of a server, from its start to its stop."""

from __future__ import annotations

from collections.abc import Callable
from unittest import mock

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import JournalError
from gamesvc.journal.memory import MemoryJournal
from gamesvc.opened_journal import CLOSE_SECONDS, OpenedJournal


class Opened(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.did: list[str] = []
        self.closed: list[Callable[[], None]] = []
        journal = MemoryJournal(lambda call: None, self.clock.seconds)
        self.enterContext(mock.patch.object(journal, "close", self.closed.append))
        self.journal = OpenedJournal(
            journal, "here", self.clock, start=lambda: self.did.append("opened"), lock=self.lock
        )

    def lock(self) -> Callable[[], None]:
        self.did.append("locked")
        return lambda: self.did.append("unlocked")

    def stop(self) -> Deferred[None]:
        return ensureDeferred(self.journal.stop())

    def test_it_is_locked_before_it_is_opened(self) -> None:
        self.journal.start()
        self.assertEqual(self.did, ["locked", "opened"])

    def test_one_that_another_server_has_is_not_opened(self) -> None:
        with mock.patch.object(self.journal, "_lock", side_effect=JournalError("another server")):
            self.assertRaises(JournalError, self.journal.start)
        self.assertEqual(self.did, [])

    def test_others_may_use_it_when_it_is_closed_and_no_sooner(self) -> None:
        self.journal.start()
        stopped = self.stop()
        self.assertNoResult(stopped)
        self.assertEqual(self.did, ["locked", "opened"])
        self.closed[0]()
        self.successResultOf(stopped)
        self.assertEqual((self.did[2:], self.clock.getDelayedCalls()), (["unlocked"], []))

    def test_one_that_does_not_answer_is_not_waited_for_and_stays_locked(self) -> None:
        self.journal.start()
        stopped = self.stop()
        self.clock.advance(CLOSE_SECONDS - 0.1)
        self.assertNoResult(stopped)
        self.clock.advance(0.1)
        self.successResultOf(stopped)
        self.closed[0]()
        self.assertEqual(self.did, ["locked", "opened"])

    def test_there_may_be_nothing_to_open_and_nobody_to_lock_out(self) -> None:
        journal = OpenedJournal(self.journal.journal, "here", self.clock)
        journal.start()
        stopped = ensureDeferred(journal.stop())
        self.closed[0]()
        self.successResultOf(stopped)

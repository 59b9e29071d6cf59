"""The journals that need no server beside ours, held against the contract of the port."""

from __future__ import annotations

import os
import time

from gamesvc.journal import Journal
from gamesvc.journal.memory import MemoryJournal
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.store import Store
from tests.contracts.journal import DurableJournalContract, JournalContract, StoreContract, Turns, threaded


class MemoryJournalTest(JournalContract):
    """The one in memory."""

    def make_journal(self, turns: Turns) -> Journal:
        return MemoryJournal(turns.soon, time.time)


class SqliteJournalTest(DurableJournalContract):
    """The one in a file."""

    def setUp(self) -> None:
        os.makedirs(directory := self.mktemp())
        self.path = os.path.join(directory, "games.db")
        super().setUp()

    def make_journal(self, turns: Turns) -> Journal:
        return threaded(
            lambda: SqliteStore(self.path), turns, open_reader=lambda: SqliteStore(self.path, read_only=True)
        )


class SqliteStoreTest(StoreContract):
    """The store that it is made of."""

    def make_store(self) -> Store:
        os.makedirs(directory := self.mktemp())
        return SqliteStore(os.path.join(directory, "games.db"))


# Else the suites themselves would be run, too.
del JournalContract, DurableJournalContract, StoreContract

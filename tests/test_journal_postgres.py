"""Games in PostgreSQL: what becomes of a commit when the connection or the server fails, and who may write."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import SkipTest

from twisted.trial.unittest import SynchronousTestCase

import tests.postgres
from gamesvc.errors import ConfigError, Fenced, JournalError, Unavailable
from gamesvc.journal import Stored
from gamesvc.journal.postgres import READ_BYTES, PostgresStore
from gamesvc.journal.records import Counts, Entry, Opening, Published, Snapshot
from gamesvc.journal.schema import upgrades
from gamesvc.journal.store import Append, OutcomeUnknown
from gamesvc.journal.threaded import ThreadedJournal
from tests.contracts.journal import DurableJournalContract, Got, StoreContract, Turns, threaded
from tests.cutting_proxy import AtCommit, CuttingProxy
from tests.postgres import shared_server, wait_until

OPENING = Opening("greetings", 1, b"{}", "an-epoch", b"a-seed")

SHORT_PATIENCE = "?options=-c%20idle_in_transaction_session_timeout%3D2s"
"""For a URL: the server waits less long for who was cut off in a transaction. That has to be longer than anything here
may stand still by chance."""

LONG_PATIENCE = "?options=-c%20idle_in_transaction_session_timeout%3D10min"
"""For a URL: the server waits for as long as a test may take."""


def entry(number: int, size: int = 0) -> Entry:
    """An entry as a command makes it."""
    event = Published(b'{"event":"E","padding":"%b"}' % (b"x" * size))
    opening = OPENING if number == 1 else None
    return Entry(number, "command", float(number), player="ann", events=(event,), opening=opening)


def snapshot(number: int) -> Snapshot:
    """A snapshot as it is made after an entry."""
    return Snapshot(number, float(number), OPENING, {}, (), (), 0, False, Counts(), {})


class HasDatabase(SynchronousTestCase):
    """Has a database of its own, before anything else is set up."""

    def setUp(self) -> None:
        self.server = shared_server()
        self.database = self.server.new_database()
        self.addCleanup(self.server.drop_database, self.database)
        self.url = self.server.url_of(self.database)
        super().setUp()


class PostgresJournalTest(HasDatabase, DurableJournalContract):
    """A journal in PostgreSQL."""

    def make_journal(self, turns: Turns) -> ThreadedJournal:
        return threaded(
            lambda: PostgresStore(self.url), turns, open_reader=lambda: PostgresStore(self.url, read_only=True)
        )


class PostgresStoreTest(HasDatabase, StoreContract):
    """The store that it is made of."""

    def make_store(self) -> PostgresStore:
        return PostgresStore(self.url)


# Else the suites themselves would be run, too.
del DurableJournalContract, StoreContract


class PostgresTestCase(HasDatabase):
    """Has stores, and what may stand between them and the server."""

    def store(self, url: str | None = None, **options: Any) -> PostgresStore:
        """A store, which is closed at the end."""
        store = PostgresStore(url or self.url, **options)
        self.addCleanup(store.close)
        return store

    def proxy(self) -> CuttingProxy:
        """A proxy to the server, which is closed at the end."""
        proxy = CuttingProxy(self.server.port)
        self.addCleanup(proxy.close)
        return proxy

    def url_through(self, proxy: CuttingProxy) -> str:
        """The URL of the database behind a proxy."""
        return self.server.url_of(self.database, proxy.port)

    def claimed(self, store: PostgresStore, game: str = "g") -> int:
        """Claim a game, and commit that. Returns the term."""
        store.begin()
        term = store.claim(game)
        store.commit()
        return term

    def appended(self, store: PostgresStore, term: int, expected: int, game: str = "g") -> bool:
        """Append one entry, and commit that. Returns whether it was added."""
        store.begin()
        (added,) = store.append([Append(game, term, expected, [entry(expected + 1)], None)])
        store.commit()
        return added

    def numbers(self, game: str = "g") -> list[int]:
        """The numbers of the entries that are there."""
        rows = self.server.ask(
            "SELECT number FROM entries JOIN games ON key = entries.game WHERE games.game = %s ORDER BY number",
            game,
            database=self.database,
        )
        return [number for (number,) in rows]

    def wait_until_blocked(self) -> None:
        """Wait until somebody waits for somebody else's transaction in the database."""
        query = "SELECT 1 FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'"
        wait_until(lambda: self.server.ask(query, self.database), "a session waits for a lock")

    def end_who_was_cut_off(self) -> None:
        """Do what the server would do after a while: end the session that says nothing more in its transaction, and
        for which another one waits."""
        self.wait_until_blocked()
        ended = self.server.ask(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
            " WHERE datname = %s AND state = 'idle in transaction'",
            self.database,
        )
        self.assertEqual(ended, [(True,)])


class AppendTests(PostgresTestCase):
    """Who may write is judged by the database, in one go."""

    def test_round_trips(self) -> None:
        """A batch costs as many round trips as one game does: it is begun, written, and committed."""
        proxy = self.proxy()
        store = self.store(self.url_through(proxy))
        games = [f"g{place}" for place in range(100)]
        terms = {game: self.claimed(store, game) for game in games}
        for number in range(3):
            store.begin()
            before = proxy.asked
            added = store.append(
                [Append(game, terms[game], number, [entry(number + 1)], None if number == 2 else 9.0) for game in games]
            )
            # The first time, the statement has to be prepared.
            self.assertEqual(proxy.asked - before, 1 if number else 2)
            store.commit()
            self.assertEqual(proxy.asked - before, 2 if number else 3)
            self.assertEqual(added, [True] * len(games))

    def test_fenced_by_another(self) -> None:
        """Where another store has claimed a game, it alone is fenced, and the others in the batch are written."""
        ours, theirs = self.store(), self.store()
        mine, others = self.claimed(ours), self.claimed(ours, "h")
        new = self.claimed(theirs)
        ours.begin()
        added = ours.append([Append("g", mine, 0, [entry(1)], None), Append("h", others, 0, [entry(1)], None)])
        self.assertFalse(ours.save("g", mine, snapshot(5), None))
        self.assertFalse(ours.discard("g", mine))
        ours.commit()
        self.assertEqual(added, [False, True])
        self.assertTrue(self.appended(theirs, new, 0))
        self.assertEqual(self.numbers(), [1])

    def test_fenced_while_on_its_way(self) -> None:
        """A claim that is not committed yet makes an append wait, and fences it."""
        ours, theirs = self.store(), self.store()
        term = self.claimed(ours)
        theirs.begin()
        theirs.claim("g")
        appended: list[bool] = []
        thread = threading.Thread(target=lambda: appended.append(self.appended(ours, term, 0)))
        thread.start()
        self.wait_until_blocked()
        theirs.commit()
        thread.join()
        self.assertEqual(appended, [False])
        self.assertEqual(self.numbers(), [])

    def test_terms_of_forgotten_games(self) -> None:
        """Who had claimed a game that was forgotten does not pass for who claims it next."""
        store = self.store()
        first = self.claimed(store)
        store.begin()
        self.assertTrue(store.discard("g", first))
        store.commit()
        self.assertGreater(self.claimed(store), first)
        self.assertFalse(self.appended(store, first, 0))

    def test_discarded_while_an_append_is_on_its_way(self) -> None:
        """A game that is forgotten takes along the entries of a commit that it had to wait for."""
        ours, theirs = self.store(), self.store()
        term = self.claimed(ours)
        ours.begin()
        ours.append([Append("g", term, 0, [entry(1)], None)])

        def discard() -> None:
            theirs.begin()
            theirs.discard("g", term)
            theirs.commit()

        thread = threading.Thread(target=discard)
        thread.start()
        self.wait_until_blocked()
        ours.commit()
        thread.join()
        self.assertEqual(self.server.ask("SELECT count(*) FROM entries", database=self.database), [(0,)])
        self.assertEqual(list(theirs.check()), [])

    def test_needs_transaction(self) -> None:
        """What is written outside of a transaction would be committed at once: it is not written."""
        store = self.store()
        self.assertRaises(RuntimeError, store.claim, "g")
        self.assertEqual(store.position("g"), (0, 0))


class ReadingTests(PostgresTestCase):
    """What is long is read in parts."""

    def test_long_game(self) -> None:
        """Entries of many times the size of a part come all, in order, and again in another database."""
        store = self.store()
        term = self.claimed(store)
        entries = [entry(number, READ_BYTES // 3) for number in range(1, 12)]
        entries += [entry(number) for number in range(12, 3000)]
        store.begin()
        store.append([Append("g", term, 0, entries, None)])
        store.commit()
        self.assertEqual(list(store.entries("g")), entries)
        self.assertEqual(list(store.entries("g", 2990)), entries[2990:])
        self.assertEqual(store.history("g", 3000, 10**9, 10**9), entries)
        self.assertEqual(store.history("g", 3000, 10**9, 1), entries[-1:])
        self.assertEqual(store.load("g").entries, entries)
        other = self.store(self.server.url_of(self.addDatabase()))
        other.begin()
        other.restore("g", snapshot(2999), store.entries("g"), None)
        other.commit()
        self.assertEqual(list(other.entries("g")), entries)
        self.assertEqual(list(other.check()), [])
        self.assertEqual(next(other.games())._replace(size=0), next(store.games())._replace(size=0))

    def addDatabase(self) -> str:
        database = self.server.new_database()
        self.addCleanup(self.server.drop_database, database)
        return database

    def test_many_games(self) -> None:
        """All games are listed, by id, as bytes are ordered."""
        store = self.store()
        names = [f"{letter}-{number}" for letter in "aBc_" for number in range(400)]
        store.begin()
        appends = [Append(name, store.claim(name), 0, [entry(1)], None) for name in names]
        store.append(appends)
        store.claim("never-opened")
        store.commit()
        self.assertEqual([row.game for row in store.games()], sorted(names))

    def test_reader_changes_nothing(self) -> None:
        """A store that reads can't write, by the database's judgement."""
        self.claimed(self.store())
        reader = self.store(read_only=True)
        reader.begin()
        self.assertRaises(Unavailable, reader.claim, "g")
        self.assertEqual(reader.position("g")[1], 0)

    def test_clock(self) -> None:
        """It goes on within a transaction, too."""
        store = self.store()
        store.begin()
        before = store.now()
        wait_until(lambda: store.now() > before, "the clock goes on")
        self.assertLess(abs(before - time.time()), 60)


class OutcomeTests(PostgresTestCase):
    """A store says what became of a transaction, as far as that can be known."""

    def lost_at_commit(self, at: AtCommit, patience: str = LONG_PATIENCE) -> tuple[CuttingProxy, int]:
        """Lose the connection in the middle of a commit of entry 1. Returns the proxy and the term."""
        proxy = self.proxy()
        store = self.store(self.url_through(proxy) + patience)
        term = self.claimed(store)
        store.begin()
        self.assertEqual(store.append([Append("g", term, 0, [entry(1)], None)]), [True])
        proxy.at_commit = at
        self.assertRaises(OutcomeUnknown, store.commit)
        store.rollback()
        return proxy, term

    def test_lost_before(self) -> None:
        """The server never got the COMMIT: the entry is not there, and can be added again."""
        _, term = self.lost_at_commit(AtCommit.CUT_BEFORE)
        self.assertTrue(self.appended(self.store(), term, 0))
        self.assertEqual(self.numbers(), [1])

    def test_lost_after(self) -> None:
        """The server has carried the COMMIT out: the entry is there, and can't be added again."""
        _, term = self.lost_at_commit(AtCommit.CUT_AFTER)
        store = self.store()
        self.assertEqual(store.position("g"), (term, 1))
        self.assertFalse(self.appended(store, term, 0))
        self.assertEqual(self.numbers(), [1])

    def test_still_on_its_way(self) -> None:
        """The server gets the COMMIT after we are back: who adds the entry again, or asks for it, waits for that."""
        proxy, term = self.lost_at_commit(AtCommit.HOLD)
        answers: list[object] = []
        again, asking = self.store(), self.store()
        threads = [
            threading.Thread(target=lambda: answers.append(self.appended(again, term, 0))),
            threading.Thread(target=lambda: answers.append(asking.position("g"))),
        ]
        for thread in threads:
            thread.start()
        self.wait_until_blocked()
        self.assertEqual(answers, [])
        proxy.release()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answers, key=repr), [(term, 1), False])
        self.assertEqual(self.numbers(), [1])

    def test_never_comes(self) -> None:
        """The server never gets the COMMIT, and does not notice that we are gone: it does not wait for ever."""
        _, term = self.lost_at_commit(AtCommit.HOLD, SHORT_PATIENCE)
        self.assertTrue(self.appended(self.store(), term, 0))
        self.assertEqual(self.numbers(), [1])

    def test_lost_in_transaction(self) -> None:
        """A connection that is lost before COMMIT could be sent leaves nothing, and the next one is made."""
        store = self.store()
        term = self.claimed(store)
        store.begin()
        store.append([Append("g", term, 0, [entry(1)], None)])
        self.server.ask(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s", self.database
        )
        self.assertRaises(Unavailable, store.commit)
        self.assertEqual(self.numbers(), [])
        store.begin()
        store.append([Append("g", term, 0, [entry(1)], None)])
        self.server.ask(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE datname = %s", self.database
        )
        self.assertRaises(Unavailable, store.append, [Append("h", term, 0, [entry(1)], None)])
        self.assertRaises(RuntimeError, store.append, [Append("h", term, 0, [entry(1)], None)])
        store.commit()
        self.assertEqual(self.numbers(), [])
        self.assertTrue(self.appended(store, term, 0))

    def test_lost_while_idle(self) -> None:
        """A connection that was lost while nothing was done with it is made again, and nobody notices."""
        store = self.store()
        term = self.claimed(store)
        self.server.restart()
        self.assertTrue(self.appended(store, term, 0))
        self.server.restart(crash=True)
        self.assertEqual(store.position("g"), (term, 1))

    def test_refused_at_commit(self) -> None:
        """What the server says no to at the COMMIT has not happened, and the connection is as good as before."""
        store = self.store()
        term = self.claimed(store)
        self.server.ask(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = 'disk_full'; END $$;",
            database=self.database,
        )
        self.server.ask(
            "CREATE CONSTRAINT TRIGGER full_disk AFTER INSERT ON entries DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION full_disk()",
            database=self.database,
        )
        error = self.assertRaises(Unavailable, self.appended, store, term, 0)
        self.assertIn("No space left on device (53100)", str(error))
        self.server.ask("DROP TRIGGER full_disk ON entries", database=self.database)
        self.assertTrue(self.appended(store, term, 0))

    def test_lock_is_not_waited_for_for_ever(self) -> None:
        """Somebody else's lock on a game makes it unavailable, with nothing changed."""
        holder, store = self.store(), self.store(self.url + "?options=-c%20lock_timeout%3D100ms")
        term = self.claimed(store)
        holder.begin()
        holder.claim("g")
        self.assertRaises(Unavailable, self.appended, store, term, 0)
        holder.rollback()
        self.assertTrue(self.appended(store, term, 0))


class CountedTurns(Turns):
    """Counts what is to be run."""

    def __init__(self) -> None:
        super().__init__()
        self.called = 0

    def soon(self, call: Callable[[], None]) -> None:
        self.called += 1
        super().soon(call)


class JournalTests(PostgresTestCase):
    """A journal over it answers each append once, and rightly, whatever happens to the connection or the server."""

    def setUp(self) -> None:
        super().setUp()
        self.turns = CountedTurns()
        self.reported: list[str] = []
        self.fatal: list[JournalError] = []

    def journal(self, url: str) -> ThreadedJournal:
        """A journal, which is closed at the end."""
        journal = ThreadedJournal(
            lambda: PostgresStore(url),
            self.turns.soon,
            self.fatal.append,
            self.reported.append,
            open_reader=lambda: PostgresStore(url, read_only=True),
        )
        journal.start()
        self.addCleanup(self.close, journal)
        return journal

    def close(self, journal: ThreadedJournal) -> None:
        closed: list[bool] = []
        journal.close(lambda: closed.append(True))
        self.turns.run_until(lambda: closed)
        self.assertEqual(self.fatal, [])

    def answer(self, got: Got) -> Any:
        """Wait for the only answer."""
        self.turns.run_until(lambda: got.answers)
        self.assertEqual(len(got.answers), 1)
        return got.answers[0]

    def claim(self, journal: ThreadedJournal, game: str = "g") -> Stored:
        got = Got()
        journal.claim(game, got)
        stored = self.answer(got)
        assert isinstance(stored, Stored), stored
        return stored

    def append(self, journal: ThreadedJournal, term: int, expected: int, game: str = "g") -> Got:
        got = Got()
        journal.append(game, term, expected, [entry(expected + 1)], None, got)
        return got

    def test_connection_lost_at_commit(self) -> None:
        """Whether the COMMIT came to the server or not, the entry is there once, and that is what is said."""
        proxy = self.proxy()
        journal = self.journal(self.url_through(proxy) + LONG_PATIENCE)
        term = self.claim(journal).term
        lost = [AtCommit.CUT_AFTER, AtCommit.CUT_BEFORE, AtCommit.HOLD] * 2
        for expected, at in enumerate(lost):
            proxy.at_commit = at
            got = self.append(journal, term, expected)
            if at is AtCommit.HOLD:
                self.end_who_was_cut_off()
            self.assertIsNone(self.answer(got))
            self.assertEqual(proxy.at_commit, AtCommit.PASS)
            self.assertEqual(self.numbers(), list(range(1, expected + 2)))
        self.assertEqual(len(self.reported), 2 * len(lost))

    def test_commit_still_on_its_way(self) -> None:
        """While the server has not got the COMMIT yet, nothing is said; then it is."""
        proxy = self.proxy()
        journal = self.journal(self.url_through(proxy) + LONG_PATIENCE)
        term = self.claim(journal).term
        proxy.at_commit = AtCommit.HOLD
        got = self.append(journal, term, 0)
        self.wait_until_blocked()
        self.assertEqual(got.answers, [])
        proxy.release()
        self.assertIsNone(self.answer(got))
        self.assertEqual(self.numbers(), [1])
        self.assertIsNone(self.answer(self.append(journal, term, 1)))

    def test_claim_lost_at_commit(self) -> None:
        """Who claims gets the term under which the game may be written."""
        proxy = self.proxy()
        journal = self.journal(self.url_through(proxy) + LONG_PATIENCE)
        for expected, at in enumerate((AtCommit.CUT_AFTER, AtCommit.CUT_BEFORE, AtCommit.HOLD)):
            proxy.at_commit = at
            journal.claim("g", got := Got())
            if at is AtCommit.HOLD:
                self.end_who_was_cut_off()
            stored = self.answer(got)
            self.assertEqual(stored.last, expected)
            self.assertIsNone(self.answer(self.append(journal, stored.term, expected)))

    def claimed_meanwhile(self, at: AtCommit) -> object:
        """Append, lose the connection at the commit, and have another claim the game before we are back. Returns what
        is said of the append."""
        proxy = self.proxy()
        journal = self.journal(self.url_through(proxy))
        term = self.claim(journal).term
        proxy.at_commit, proxy.stalls_then = at, True
        got = self.append(journal, term, 0)
        wait_until(lambda: not proxy.flows, "the connection is cut")
        self.claimed(self.store())
        proxy.flow()
        return self.answer(got)

    def test_claimed_by_another_after_commit(self) -> None:
        """What is there is there, even if another has claimed the game before we could look."""
        self.assertIsNone(self.claimed_meanwhile(AtCommit.CUT_AFTER))
        self.assertEqual(self.numbers(), [1])

    def test_claimed_by_another_without_commit(self) -> None:
        """What is not there can't be added again when another has claimed the game before we could look."""
        self.assertIsInstance(self.claimed_meanwhile(AtCommit.CUT_BEFORE), Fenced)
        self.assertEqual(self.numbers(), [])

    def test_server_restarted(self) -> None:
        """What is asked for while the server is down is unavailable; when it is back, so is the journal."""
        journal = self.journal(self.url)
        term = self.claim(journal).term
        self.assertIsNone(self.answer(self.append(journal, term, 0)))
        for crash, expected in ((False, 1), (True, 2)):
            self.server.stop(crash)
            try:
                self.assertIsInstance(self.answer(self.append(journal, term, expected)), Unavailable)
                read = Got()
                journal.history("g", expected + 1, 1, 1, read)
                self.assertIsInstance(self.answer(read), Unavailable)
            finally:
                self.server.start()
            self.assertIsNone(self.answer(self.append(journal, term, expected)))
        self.assertEqual(self.claim(journal).last, 3)
        self.assertEqual(self.numbers(), [1, 2, 3])
        self.assertNotIn(self.server.password, "".join(self.reported))

    def test_server_killed_under_load(self) -> None:
        """What was said to be there is there after the server has crashed in the middle of it, and nothing twice."""
        journal = self.journal(self.url)
        terms = {game: self.claim(journal, game).term for game in ("a", "b", "c", "d")}
        for _ in range(3):
            asked: list[tuple[str, int, Got]] = []
            for game, term in terms.items():
                last = len(self.numbers(game))
                asked += [(game, at + 1, self.append(journal, term, at, game)) for at in range(last, last + 100)]
            self.turns.run_one()
            self.server.restart(crash=True)
            said = {(game, number): self.answer(got) for game, number, got in asked}
            for game in terms:
                there = self.numbers(game)
                self.assertEqual(there, list(range(1, len(there) + 1)))
                for (of, number), answer in said.items():
                    self.assertTrue(answer is None or isinstance(answer, Unavailable), answer)
                    if of == game:
                        self.assertEqual(number in there, answer is None)

    def test_server_stands_still(self) -> None:
        """While the server does not answer nothing is said, and who asks does not wait; then it goes on."""
        journal = self.journal(self.url)
        term = self.claim(journal).term
        self.server.suspend()
        rescued: list[str] = []

        def rescue() -> None:
            rescued.append("who asks waited for as long as the server stood still")
            self.server.cont()

        timer = threading.Timer(120, rescue)
        timer.start()
        try:
            appended, read, claimed = self.append(journal, term, 0), Got(), Got()
            journal.history("g", 1, 1, 1, read)
            journal.claim("h", claimed)
            journal.now()
            self.assertEqual(rescued, [])
            called = self.turns.called
            self.assertRaises(AssertionError, wait_until, lambda: self.turns.called > called, "an answer", 0.5)
        finally:
            timer.cancel()
            self.server.cont()
        self.assertIsNone(self.answer(appended))
        self.assertEqual(self.answer(read), [])
        self.assertIsInstance(self.answer(claimed), Stored)
        self.assertEqual(self.numbers(), [1])


class ServerTests(PostgresTestCase):
    """What a server has to be, and what is said of it."""

    def test_first_start_at_once(self) -> None:
        """Servers that start at the same time on an empty database make its tables once."""
        stores: list[PostgresStore] = []
        threads = [threading.Thread(target=lambda: stores.append(PostgresStore(self.url))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for store in stores:
            store.close()
        self.assertEqual(len(stores), 6)
        rows = self.server.ask("SELECT version FROM gamesvc_schema", database=self.database)
        self.assertEqual(rows, [(len(upgrades("postgres")),)])

    def test_other_versions(self) -> None:
        """The tables of a newer gamesvc are not touched; where there are none yet, who only reads makes none."""
        self.assertRaises(Unavailable, PostgresStore, self.url, read_only=True)
        store = self.store()
        term = self.claimed(store)
        self.server.ask("UPDATE gamesvc_schema SET version = 9999", database=self.database)
        self.assertIn("newer gamesvc", str(self.assertRaises(JournalError, PostgresStore, self.url)))
        # One that was connected before hears of it when it connects again.
        self.server.restart()
        self.assertRaises(Unavailable, self.appended, store, term, 0)

    def test_fsync_off(self) -> None:
        """A server that may lose everything is refused, unless that is wanted."""
        self.addCleanup(self.server.set, "fsync", None)
        self.server.set("fsync", "off")
        self.assertIn("fsync=off", str(self.assertRaises(JournalError, PostgresStore, self.url)))
        self.store(allow_fsync_off=True)

    def test_synchronous_commit(self) -> None:
        """It is on, whatever the database's default; and who turns it off for us is told."""
        self.server.ask(f'ALTER DATABASE "{self.database}" SET synchronous_commit = off')
        self.store()
        weak = self.url + "?options=-c%20synchronous_commit%3Dlocal"
        self.assertIn("synchronous_commit=local", str(self.assertRaises(JournalError, PostgresStore, weak)))

    def test_sessions(self) -> None:
        """The operator finds us by name; what the URL says goes before what we think."""
        self.store()
        self.store(self.url + "?application_name=node-7")
        # The server looks after its databases by itself, in sessions without a name.
        query = (
            "SELECT application_name FROM pg_stat_activity"
            " WHERE datname = %s AND backend_type = 'client backend' ORDER BY 1"
        )
        self.assertEqual(self.server.ask(query, self.database), [("gamesvc",), ("node-7",)])

    def test_no_back_up(self) -> None:
        """PostgreSQL has a tool of its own for it."""
        self.assertIn("pg_dump", str(self.assertRaises(JournalError, self.store().back_up, "file")))

    def test_damage(self) -> None:
        """What should not be in the tables is found."""
        store = self.store()
        self.appended(store, self.claimed(store), 0)
        self.assertEqual(list(store.check()), [])
        self.server.ask("UPDATE games SET last = 0", database=self.database)
        self.server.ask("INSERT INTO snapshots VALUES (77, 1, '')", database=self.database)
        found = list(store.check())
        self.assertEqual(len(found), 2)
        self.assertIn("game g: entries or a snapshot after its last number, 0", found[0])
        self.assertIn("with the key 77", found[1])


class SecretsTests(PostgresTestCase):
    """Passwords are told to nobody."""

    def assertTellsNothing(self, url: str, *secrets: str) -> None:
        """Check that a store can't be opened, and that what is said of it names no secret."""
        error = self.assertRaises((JournalError, ConfigError), PostgresStore, url)
        said = "".join(traceback.format_exception(error))
        for secret in secrets:
            self.assertNotIn(secret, said)

    def test_wrong(self) -> None:
        """Neither where the password is wrong, nor where the server is not there."""
        wrong = self.url.replace(self.server.password, "wr0ng-secret")
        self.assertTellsNothing(wrong, "wr0ng-secret")
        self.assertTellsNothing("postgresql://ann:t0p-secret@127.0.0.1:1/db", "t0p-secret")
        self.assertTellsNothing("host=127.0.0.1 port=1 user=ann password=t0p-secret", "t0p-secret")
        self.assertTellsNothing("postgresql:///t0p-secret?host=127.0.0.1&port=1&password=t0p-secret", ":t0p-secret")

    def test_not_understood(self) -> None:
        """Nor where it is written so that parts of it look like something else."""
        for url in (
            "postgresql://ann:t0p@s3cret@127.0.0.1:1/db",
            "postgresql://ann:t0p/s3cret@127.0.0.1:1/db",
            "postgresql://ann:70/s3cret@127.0.0.1:1/db",
            "postgresql://ann:t0p?s3cret/x@127.0.0.1:1/db",
            "postgresql://ann:t0p?dbname=s3cret/x@127.0.0.1:1/db",
            "postgresql://ann:t0p%s3cret@127.0.0.1:1/db",
            "postgresql://ann:t0p:s3cret@127.0.0.1:t0p/db",
            "host=127.0.0.1 password='t0p s3cret",
            "t0p s3cret",
        ):
            self.assertTellsNothing(url, "t0p", "s3cret")

    def test_in_service(self) -> None:
        """Nor where the connection is lost later."""
        store = self.store()
        self.assertNotIn(self.server.password, repr(vars(store)))
        self.server.stop()
        try:
            error = self.assertRaises(Unavailable, store.position, "g")
        finally:
            self.server.start()
        self.assertNotIn(self.server.password, "".join(traceback.format_exception(error)))

    def test_what_is_stored(self) -> None:
        """Nor is what players have done told, which the server quotes in its details."""
        store = self.store()
        term = self.claimed(store)
        self.server.ask(
            "ALTER TABLE games ADD CONSTRAINT small CHECK (last < 1 OR game <> 's3cret-game')", database=self.database
        )
        term = self.claimed(store, "s3cret-game")
        error = self.assertRaises(Unavailable, self.appended, store, term, 0, "s3cret-game")
        self.assertNotIn("s3cret", "".join(traceback.format_exception(error)))


class MissingTests(SynchronousTestCase):
    """psycopg comes with an extra."""

    def test_how_to_install(self) -> None:
        """Who does not have it is told how to get it."""
        program = (
            "import sys; sys.modules['psycopg'] = None\n"
            "from gamesvc.errors import ConfigError\n"
            "try: import gamesvc.journal.postgres\n"
            "except ConfigError as error: print(error)"
        )
        checkout = Path(__file__).parents[1]
        said = subprocess.run(
            [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=True
        ).stdout
        self.assertIn("pip install 'gamesvc[postgres]'", said)


class SkippingTests(SynchronousTestCase):
    """Who has no PostgreSQL can run the other tests; CI has it."""

    def setUp(self) -> None:
        self.patch(tests.postgres, "why_not", lambda: "it is not installed")

    def test_developer(self) -> None:
        """The reason is told."""
        self.patch(os, "environ", {})
        self.assertIn("it is not installed", str(self.assertRaises(SkipTest, shared_server)))

    def test_ci(self) -> None:
        """Nothing passes for having been tested."""
        self.patch(os, "environ", {"CI": "true"})
        self.assertRaises(RuntimeError, shared_server)

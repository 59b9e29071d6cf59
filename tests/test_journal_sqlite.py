"""The SQLite file: who may open it, what its errors mean, and that it grows old well. The rest is in the contract."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import apsw
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import JournalError, Unavailable
from gamesvc.journal import Stored, schema, sqlite, sqlite_file
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.sqlite_file import judged, lock_for_server
from gamesvc.journal.store import Append, OutcomeUnknown, SyncFailed
from tests.contracts.journal import Got, Turns, entries, entry, threaded

CHECKOUT = str(Path(__file__).parents[1])


class SqliteTestCase(SynchronousTestCase):
    """What the tests below have in common: a path in a directory of their own."""

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.path = str(self.directory / "games.db")

    def open(self, *, read_only: bool = False) -> SqliteStore:
        store = SqliteStore(self.path, read_only=read_only)
        self.addCleanup(store.close)
        return store

    def write(self, store: SqliteStore, last: int = 3, game: str = "g", size: int = 10) -> None:
        """A game with entries."""
        store.begin()
        term = store.claim(game)
        new = [entry(number, size=size) for number in range(1, last + 1)]
        self.assertEqual(store.append([Append(game, term, 0, new, None)]), [True])
        store.commit()

    def connect(self) -> apsw.Connection:
        """Look into the file by other means."""
        connection = apsw.Connection(self.path)
        self.addCleanup(connection.close, True)
        return connection

    def assert_refused(self, what: str, call: Callable[[], object]) -> None:
        error = self.assertRaises(JournalError, call)
        self.assertIn(what, str(error))
        self.assertIn(self.path, str(error))

    def run_program(self, program: str) -> subprocess.CompletedProcess[str]:
        """Run a Python program, which finds gamesvc and has the path as its argument."""
        return subprocess.run(
            [sys.executable, "-c", textwrap.dedent(program), self.path],
            env={**os.environ, "PYTHONPATH": CHECKOUT},
            capture_output=True,
            text=True,
            timeout=120,
        )


class FileTest(SqliteTestCase):
    """The file itself."""

    def test_only_its_owner_may_read_what_is_made(self) -> None:
        self.addCleanup(os.umask, os.umask(0))
        store = self.open()
        self.write(store)
        self.addCleanup(lock_for_server(self.path).release)
        store.back_up(str(self.directory / "backup.db"))
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in self.directory.iterdir()}
        names = ("games.db", "games.db-wal", "games.db-shm", "games.db-lock", "backup.db")
        self.assertEqual(found, dict.fromkeys(names, 0o600))

    def test_the_permissions_that_somebody_gave_it_stay(self) -> None:
        self.open().close()
        os.chmod(self.path, 0o640)
        self.open()
        self.assertEqual(stat.S_IMODE(os.stat(self.path).st_mode), 0o640)

    def test_a_commit_waits_for_the_disk(self) -> None:
        store = self.open()
        # Of a setting that each connection has for itself, only the connection can tell.
        self.assertEqual(store._connection.pragma("synchronous"), 2)
        self.assertEqual(store._connection.pragma("journal_mode"), "wal")

    def test_where_it_can_not_be_made_it_says_why(self) -> None:
        self.path = str(self.directory / "missing" / "games.db")
        self.assert_refused("No such file or directory", self.open)

    def test_what_is_no_database_is_refused(self) -> None:
        content = b"no database " * 1000
        Path(self.path).write_bytes(content)
        self.assert_refused("restore a backup", self.open)
        self.assertEqual(Path(self.path).read_bytes(), content)

    def test_the_database_of_another_program_is_refused(self) -> None:
        self.connect().execute("CREATE TABLE cookies (id)")
        self.assert_refused("another program", self.open)
        self.connect().execute("PRAGMA user_version = 1")
        self.assert_refused("another program", self.open)
        self.assertEqual(self.connect().pragma("journal_mode"), "delete", "it was changed")

    def test_who_only_reads_changes_nothing(self) -> None:
        self.assertRaises(JournalError, self.open, read_only=True)
        self.assertFalse(os.path.exists(self.path))
        store = self.open()
        self.write(store)
        reader = self.open(read_only=True)
        self.assertEqual(reader.load("g").entries, entries(1, 3))
        self.assertRaises(Unavailable, reader.claim, "g")
        store.close()
        reader.close()
        self.assertEqual(self.open(read_only=True).load("g").entries, entries(1, 3))

    def test_close_leaves_everything_in_the_file_itself(self) -> None:
        store = self.open()
        self.write(store)
        self.assertGreater(os.stat(f"{self.path}-wal").st_size, 0)
        store.close()
        self.assertEqual(os.stat(f"{self.path}-wal").st_size, 0)

    def test_the_log_does_not_grow_for_ever(self) -> None:
        self.patch(sqlite, "CHECKPOINT_PAGES", 50)
        store, reader = self.open(), self.open(read_only=True)
        for place in range(200):
            self.write(store, 1, f"g{place}", size=8000)
            reader.due(0.0, 1)
        self.assertGreater(os.stat(self.path).st_size, 1_000_000)
        self.assertLess(os.stat(f"{self.path}-wal").st_size, 500_000)

    def test_who_reads_for_long_holds_up_nobody(self) -> None:
        self.patch(sqlite, "CHECKPOINT_PAGES", 10)
        store, reader = self.open(), self.open(read_only=True)
        for place in range(10):
            self.write(store, 1, f"g{place}")
        rows = reader.games()
        first = next(rows)
        for place in range(10, 60):
            self.write(store, 1, f"g{place}", size=5000)
        self.assertEqual([first.game, *(row.game for row in rows)], [f"g{place}" for place in range(10)])
        self.assertEqual(len(list(reader.games())), 60)

    def test_damage_is_found(self) -> None:
        store = self.open()
        self.write(store, 50, size=2000)
        store.close()
        content = bytearray(Path(self.path).read_bytes())
        for place in range(5 * 4096, len(content), 4096):
            content[place : place + 64] = bytes(64)
        Path(self.path).write_bytes(content)
        store = self.open()
        self.assertNotEqual(list(store.check()), [])
        error = self.assertRaises(JournalError, store.load, "g")
        self.assertIn("restore a backup", str(error))

    def test_records_that_do_not_fit_together_are_found(self) -> None:
        store = self.open()
        self.write(store)
        other = self.connect()
        other.execute("UPDATE games SET last = 2")
        self.assertEqual(len(list(store.check())), 1)
        other.execute("DELETE FROM games")
        self.assertEqual(len(list(store.check())), 1)

    def test_a_damaged_record_is_told_with_its_game(self) -> None:
        store = self.open()
        self.write(store)
        self.connect().execute("UPDATE entries SET body = x'93a180' WHERE number = 2")
        for read in (
            lambda: store.load("g"),
            lambda: list(store.entries("g")),
            lambda: store.history("g", 4, 9, 9999),
        ):
            self.assert_refused("game g has a damaged record", read)

    def test_a_backup_is_made_while_others_write(self) -> None:
        store = self.open()
        self.write(store)
        store.begin()
        store.append([Append("g", store.position("g")[0], 3, [entry(4)], None)])
        backup = self.directory / "backup.db"
        self.open(read_only=True).back_up(str(backup))
        store.commit()
        self.assertEqual(store.load("g").last, 4)
        copy = SqliteStore(str(backup))
        self.addCleanup(copy.close)
        self.assertEqual(copy.load("g").entries, entries(1, 3))
        self.assertEqual(list(copy.check()), [])

    def test_a_backup_overwrites_nothing(self) -> None:
        store = self.open()
        taken = self.directory / "taken"
        taken.write_text("mine")
        self.assertIn("exists", str(self.assertRaises(JournalError, store.back_up, str(taken))))
        self.assertEqual(taken.read_text(), "mine")
        self.assertRaises(JournalError, store.back_up, str(self.directory / "missing" / "backup.db"))

    def test_batches_are_one_transaction_each(self) -> None:
        turns = Turns()
        journal = threaded(self.open, turns)
        journal.claim("g", claimed := Got())
        turns.run_until(lambda: claimed.answers)
        (stored,) = claimed.answers
        assert isinstance(stored, Stored)
        answers: list[object] = []
        for number in range(1, 501):
            journal.append("g", stored.term, number - 1, [entry(number)], None, answers.append)
        turns.run_until(lambda: len(answers) == 500)
        self.assertEqual(answers, [None] * 500)
        commits = _commits(Path(f"{self.path}-wal").read_bytes())
        self.assertIn(commits, range(2, 200), "transactions for 500 appends that were asked for at once")
        journal.close(lambda: answers.append("closed"))
        turns.run_until(lambda: answers[-1] == "closed")


class SchemaTest(SqliteTestCase):
    """From one version to the next."""

    def upgrades(self, *sql: str) -> None:
        """Let there be more upgrades than there are."""
        found = schema.upgrades("sqlite")
        found += [
            schema.Upgrade(len(found) + place, "an upgrade", statements) for place, statements in enumerate(sql, 1)
        ]
        self.patch(schema, "upgrades", lambda kind: found)

    def version(self) -> object:
        return self.connect().pragma("user_version")

    def test_a_new_file_is_made_with_the_latest(self) -> None:
        self.open()
        self.assertEqual(self.version(), len(schema.upgrades("sqlite")))
        self.assertEqual(self.connect().pragma("application_id"), sqlite_file.APPLICATION_ID)

    def test_an_older_file_is_upgraded_and_keeps_what_is_in_it(self) -> None:
        store = self.open()
        self.write(store)
        store.close()
        self.upgrades(
            "CREATE TABLE more (what TEXT) STRICT; INSERT INTO more VALUES ('a')", "CREATE INDEX i ON more (what)"
        )
        self.assert_refused("not up to date", lambda: self.open(read_only=True))
        store = self.open()
        self.assertEqual(store.load("g").entries, entries(1, 3))
        self.assertEqual(self.version(), len(schema.upgrades("sqlite")))
        self.assertEqual(self.connect().execute("SELECT what FROM more").fetchall(), [("a",)])

    def test_an_upgrade_that_fails_has_changed_nothing(self) -> None:
        self.open().close()
        before = self.version()
        self.upgrades("CREATE TABLE more (what)", "CREATE TABLE even_more (what); INSERT INTO missing VALUES (1)")
        self.assert_refused("missing", self.open)
        self.assertEqual(self.version(), int(str(before)) + 1)
        tables = [name for (name,) in self.connect().execute("SELECT name FROM sqlite_schema")]
        self.assertIn("more", tables)
        self.assertNotIn("even_more", tables)

    def test_a_newer_file_is_refused(self) -> None:
        self.open().close()
        self.connect().pragma("user_version", 99)
        for read_only in (False, True):
            self.assert_refused("newer gamesvc", lambda read_only=read_only: self.open(read_only=read_only))  # type: ignore[misc]

    def test_the_upgrades_are_numbered_without_gaps(self) -> None:
        for kind in ("sqlite", "postgres"):
            numbers = [upgrade.number for upgrade in schema.upgrades(kind)]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(schema.pending("sqlite", len(schema.upgrades("sqlite")), "x"), [])


class OneServerTest(SqliteTestCase):
    """One server at a time."""

    def test_a_second_server_is_told_who_is_the_first(self) -> None:
        lock = lock_for_server(self.path)
        self.addCleanup(lock.release)
        self.assert_refused(f"another server (pid {os.getpid()}) uses it", lambda: lock_for_server(self.path))
        other = self.run_program("import sys; from gamesvc.journal.sqlite_file import *; lock_for_server(sys.argv[1])")
        self.assertIn(f"another server (pid {os.getpid()}) uses it", other.stderr)
        lock.release()
        lock.release()
        lock_for_server(self.path).release()

    def test_a_server_that_was_killed_is_in_nobodys_way(self) -> None:
        killed = self.run_program(
            """
            import os, signal, sys
            from gamesvc.journal.sqlite_file import lock_for_server
            lock = lock_for_server(sys.argv[1])
            os.kill(os.getpid(), signal.SIGKILL)
            """
        )
        self.assertEqual(killed.returncode, -9, killed.stderr)
        lock_for_server(self.path).release()

    def test_a_command_line_may_look_into_it_meanwhile(self) -> None:
        self.addCleanup(lock_for_server(self.path).release)
        store = self.open()
        self.write(store)
        self.assertEqual(self.open().load("g").last, 3)

    def test_where_there_can_be_no_lock_it_says_why(self) -> None:
        self.path = str(self.directory / "missing" / "games.db")
        self.assert_refused("No such file or directory", lambda: lock_for_server(self.path))


class FailureTest(SqliteTestCase):
    """What errors come to."""

    def test_a_locked_file_is_unavailable_until_it_is_not(self) -> None:
        self.patch(sqlite_file, "BUSY_MILLISECONDS", 20)
        self.patch(sqlite, "BUSY_MILLISECONDS", 20)
        store = self.open()
        self.write(store)
        other = self.connect()
        other.execute("BEGIN IMMEDIATE")
        self.assertIn("locked", str(self.assertRaises(Unavailable, store.begin)))
        self.assertEqual(store.load("g").last, 3)
        other.execute("ROLLBACK")
        self.write(store, game="later")

    def test_a_full_disk_is_unavailable_until_there_is_room(self) -> None:
        done = self.run_program(
            """
            import resource, signal, sys
            from gamesvc.errors import Unavailable
            from gamesvc.journal.sqlite import SqliteStore
            from gamesvc.journal.store import Append
            from tests.contracts.journal import entry

            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            store = SqliteStore(sys.argv[1])
            store.begin()
            term = store.claim("g")
            store.commit()
            last = 0

            def append():
                global last
                store.begin()
                assert store.append([Append("g", term, last, [entry(last + 1, size=20_000)], None)]) == [True]
                store.commit()
                last += 1

            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, limits[1]))
            for _ in range(100):
                try:
                    append()
                except Unavailable as error:
                    refused = error
                    break
            assert 0 < last < 100, last
            for _ in range(3):
                try:
                    append()
                except Unavailable:
                    pass
                else:
                    raise AssertionError("no longer full")
            assert [entry.number for entry in store.load("g").entries] == list(range(1, last + 1))
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            append()
            store.close()
            print(last, refused)
            """
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        last = int(done.stdout.split()[0])
        store = self.open()
        self.assertEqual([each.number for each in store.load("g").entries], list(range(1, last + 1)))
        self.assertEqual(list(store.check()), [])

    def test_what_a_killed_process_committed_is_there(self) -> None:
        done = self.run_program(
            """
            import os, signal, sys
            from gamesvc.journal.sqlite import SqliteStore
            from gamesvc.journal.store import Append
            from tests.contracts.journal import entry

            store = SqliteStore(sys.argv[1])
            store.begin()
            term = store.claim("g")
            store.commit()
            for number in range(1, 30):
                store.begin()
                store.append([Append("g", term, number - 1, [entry(number)], None)])
                if number < 29:
                    store.commit()
            os.kill(os.getpid(), signal.SIGKILL)
            """
        )
        self.assertEqual(done.returncode, -9, done.stderr)
        self.assertEqual(self.open().load("g").entries, entries(1, 28))

    def test_what_each_error_means(self) -> None:
        # Of a commit and of anything else.
        expected = {
            apsw.SQLITE_FULL: (Unavailable, Unavailable),
            apsw.SQLITE_BUSY: (Unavailable, Unavailable),
            apsw.SQLITE_IOERR_WRITE: (Unavailable, Unavailable),
            apsw.SQLITE_READONLY_DBMOVED: (Unavailable, Unavailable),
            apsw.SQLITE_IOERR_FSYNC: (SyncFailed, SyncFailed),
            apsw.SQLITE_IOERR_DIR_FSYNC: (SyncFailed, SyncFailed),
            apsw.SQLITE_IOERR_READ: (OutcomeUnknown, Unavailable),
            apsw.SQLITE_IOERR_SHMMAP: (OutcomeUnknown, Unavailable),
            apsw.SQLITE_NOMEM: (OutcomeUnknown, Unavailable),
            apsw.SQLITE_CORRUPT: (OutcomeUnknown, JournalError),
            apsw.SQLITE_CONSTRAINT_PRIMARYKEY: (OutcomeUnknown, JournalError),
        }
        for code, (committing, otherwise) in expected.items():
            error = apsw.exception_for(code)
            assert isinstance(error, apsw.Error)
            self.assertIs(type(judged(error, "path", committing=True)), committing, code)
            self.assertIs(type(judged(error, "path")), otherwise, code)


def _commits(log: bytes) -> int:
    """How many transactions are in a write-ahead log: frames that say how large the file is after them."""
    page = int.from_bytes(log[8:12], "big")
    return sum(log[start + 4 : start + 8] != bytes(4) for start in range(32, len(log) - page, page + 24))

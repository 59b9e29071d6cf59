"""Games in a SQLite file: the journal of a server that has no other database.

What is written goes to the write-ahead log, and each commit waits until the disk has it. Checkpoints, which bring it
from there to the file proper, are made where a transaction begins, and not by SQLite itself: that would hide it where
the disk fails at one.

The thread of a store and the reactor's share Python's global lock, and for every step of a statement the lock changes
hands: to a busy reactor that is up to 5 ms each time. So what is done to many games at once, or with many entries, is
done by few statements that yield one row; JSON carries what there is to say.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import Any

import apsw
import msgspec

from gamesvc.errors import JournalError
from gamesvc.journal import Stored
from gamesvc.journal import sqlite_statements as statements
from gamesvc.journal.records import Entry, Snapshot, decode_entry, decode_snapshot, encode, stretches
from gamesvc.journal.sqlite_file import BUSY_MILLISECONDS, judged, make_private, open_file, sync
from gamesvc.journal.store import DROPPED_AT_ONCE, Append, GameRow, OutcomeUnknown, SyncFailed

CHECKPOINT_PAGES = 2000
"""How much may be in the log before it is brought to the file."""

READ_ENTRIES = 64
"""How many entries of a history to read at first; then twice as many each time."""

WRITE_ENTRIES = 500
"""How many entries of a game that is restored are written at a time."""


class SqliteStore:
    """A connection to a SQLite file: see `Store`.

    Args:
        path: of the file.
        read_only: whether it will only be read. Otherwise it is made or upgraded where that is needed.
        vfs: the name of SQLite's way to the disk; None for the usual one.
        exclusive: whether nobody else is to open the file, for a `vfs` without shared memory.
        synchronous: SQLite's setting. Anything but ``full`` loses what was acknowledged when the power fails.

    Raises:
        JournalError: the file can't be opened, made or upgraded, is no journal, or is a newer one.
    """

    def __init__(
        self,
        path: str,
        *,
        read_only: bool = False,
        vfs: str | None = None,
        exclusive: bool = False,
        synchronous: str = "full",
    ) -> None:
        self._path = path
        self._writes = not read_only
        self._connection = open_file(path, read_only, vfs, exclusive)
        self._logged = 0
        if self._writes:
            self._connection.pragma("synchronous", synchronous)
            # A server before this one may have written what it could not sync. The system has that in memory, and shows
            # it as if it were on disk. Now it is written anew, and synced.
            try:
                self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
            except SyncFailed:
                self.close()
                raise

    def now(self) -> float:
        return time.time()

    def begin(self) -> None:
        self._logged += self._connection.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE, True)[0]
        if self._logged >= CHECKPOINT_PAGES:
            self._logged = 0
            self._checkpoint(apsw.SQLITE_CHECKPOINT_PASSIVE)
        self._run("BEGIN IMMEDIATE")

    def commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except apsw.Error as error:
            raise self._failed(judged(error, self._path, committing=True)) from error

    def rollback(self) -> None:
        # Where it fails the transaction is still there: the next `begin` says so.
        with contextlib.suppress(apsw.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def claim(self, game: str) -> int:
        term = int(self._value(statements.TERM))
        self._run(statements.CLAIM, (game, term))
        return term

    def append(self, appends: Sequence[Append]) -> list[bool]:
        wanted = [(append.game, append.term, append.expected) for append in appends]
        games: list[tuple[Any, ...]] = []
        numbers: list[tuple[int, int, int, int]] = []
        bodies: list[bytes] = []
        start = 1
        added = [False] * len(appends)
        for place, key in msgspec.json.decode(self._value(statements.MATCH, (msgspec.json.encode(wanted).decode(),))):
            append = appends[place]
            added[place] = True
            last, size = append.expected, 0
            kind, finished, created, changed = None, False, None, None
            for entry in append.entries:
                last += 1
                if entry.number != last:
                    raise ValueError(f"game {append.game}: entry {entry.number} in the place of {last}")
                body = encode(entry)
                numbers.append((key, last, start, len(body)))
                bodies.append(body)
                start += len(body)
                size += len(body)
                changed = entry.time
                created = changed if created is None else created
                finished = finished or entry.finished
                if entry.opening is not None:
                    kind = entry.opening.game_kind
            games.append((key, last, size, append.wake_at, changed, created, kind, int(finished)))
        if games:
            self._run(statements.ADVANCE, (msgspec.json.encode(games).decode(),))
        if bodies:
            self._run(statements.ENTRIES, (msgspec.json.encode(numbers).decode(), b"".join(bodies)))
        return added

    def position(self, game: str) -> tuple[int, int]:
        term, last = self._row("SELECT term, last FROM games WHERE game = ?", (game,)) or (0, 0)
        return term, last

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None) -> bool:
        body = encode(snapshot)
        number, opening = snapshot.number, snapshot.opening
        row = self._row(
            statements.SAVE,
            (game, term, number, len(body), wake_at, snapshot.time, opening.game_kind, snapshot.finished),
        )
        if row is None:
            return False
        self._run(statements.SNAPSHOT, (row[0], number, body))
        if snapshot.alone:
            self._drop(row[0], snapshot.kept_after)
        return True

    def discard(self, game: str, term: int) -> bool:
        row = self._row("DELETE FROM games WHERE game = ? AND term = ? AND NOT deleted RETURNING key", (game, term))
        if row is None:
            return False
        self._clear(row[0])
        return True

    def delete(self, game: str) -> None:
        self.claim(game)
        row = self._row(
            "UPDATE games SET kind = '', last = 0, wake_at = NULL, changed = ?2, finished = 0, deleted = 1, size = 0"
            " WHERE game = ?1 RETURNING key",
            (game, self.now()),
        )
        assert row is not None, "it was claimed just now"
        self._clear(row[0])

    def load(self, game: str) -> Stored:
        row = self._row(statements.LOAD, (game,))
        if row is None:
            return Stored(0, 0, None, [])
        term, last, deleted, body, hexed = row
        with self._reading(game):
            snapshot = None if body is None else decode_snapshot(body)
            entries = [decode_entry(body) for body in _unhexed(hexed)]
        return Stored(term, last, snapshot, entries, bool(deleted))

    def history(self, game: str, before: int, events: int, size: int) -> list[Entry]:
        found: list[Entry] = []
        many = READ_ENTRIES
        while bodies := _unhexed(self._value(statements.HISTORY, (game, before, many))):
            for body in bodies:
                # A snapshot may have skipped numbers: what is before them is another stretch.
                with self._reading(game):
                    entry = decode_entry(body)
                if entry.number != before - 1:
                    return found[::-1]
                found.append(entry)
                before -= 1
                events -= len(entry.events)
                size -= len(body)
                if events <= 0 or size <= 0:
                    return found[::-1]
            # As many as are likely to be still wanted, by those that were read: entries may be large.
            read = sum(map(len, bodies))
            many = max(1, min(2 * many, 1024, size * len(bodies) // max(1, read)))
        return found[::-1]

    def due(self, now: float, limit: int) -> list[str]:
        found = self._value(
            "SELECT json_group_array(game ORDER BY wake_at, game) FROM ("
            "SELECT game, wake_at FROM games WHERE wake_at <= ? ORDER BY wake_at, game LIMIT ?)",
            (now, limit),
        )
        return msgspec.json.decode(found, type=list[str])

    def games(self) -> Iterator[GameRow]:
        for row in self._rows(statements.GAMES):
            game, kind, last, created, changed, finished, wake_at, size, deleted = row
            yield GameRow(game, kind, last, created, changed, bool(finished), wake_at, size, bool(deleted))

    def entries(self, game: str, after: int = 0) -> Iterator[Entry]:
        sql = "SELECT body FROM entries WHERE game = (SELECT key FROM games WHERE game = ?) AND number > ?"
        for (body,) in self._rows(f"{sql} ORDER BY number", (game, after)):
            with self._reading(game):
                entry = decode_entry(body)
            yield entry

    def restore(self, game: str, snapshot: Snapshot | None, entries: Iterator[Entry], wake_at: float | None) -> None:
        found = self._row("SELECT created, deleted FROM games WHERE game = ?", (game,))
        if found is not None and found[0] is not None and not found[1]:
            raise JournalError(f"{self._path}: there is a game {game}")
        term = self.claim(game)
        self._run("UPDATE games SET created = NULL, changed = NULL, deleted = 0 WHERE game = ?", (game,))
        for stretch in stretches(entries, WRITE_ENTRIES):
            before = stretch[0].number - 1
            self._run("UPDATE games SET last = ? WHERE game = ?", (before, game))
            self.append([Append(game, term, before, stretch, wake_at)])
        if snapshot is not None:
            self.save(game, term, snapshot, wake_at)

    def check(self) -> Iterator[str]:
        try:
            for (text,) in self._rows("PRAGMA integrity_check"):
                if text != "ok":
                    yield text
            for (text,) in self._rows(statements.AMISS):
                yield text
        except JournalError as error:
            yield str(error)

    def back_up(self, path: str) -> None:
        try:
            make_private(path)
        except OSError as error:
            raise JournalError(f"{path}: {error.strerror}") from error
        try:
            # It reads the database as it is at one moment, and nobody has to wait for it.
            self._run("VACUUM INTO ?", (path,))
            sync(path)
        except BaseException as error:
            with contextlib.suppress(OSError):
                os.unlink(path)
            if isinstance(error, OSError):
                raise JournalError(f"{path}: {error.strerror}") from error
            raise

    def close(self) -> None:
        with contextlib.suppress(apsw.Error, JournalError):
            if self._writes and not self._connection.in_transaction:
                self._checkpoint(apsw.SQLITE_CHECKPOINT_TRUNCATE)
        with contextlib.suppress(apsw.Error):
            self._connection.close(True)

    def _checkpoint(self, mode: int) -> None:
        # What hinders a checkpoint loses nothing: all is in the log, to which we go on writing. So it waits for nobody.
        # Unless it can't be synced; then it is not known any more what is on disk.
        self._connection.set_busy_timeout(0)
        try:
            self._connection.wal_checkpoint(mode=mode)
        except apsw.Error as error:
            reason = self._failed(judged(error, self._path))
            if isinstance(reason, SyncFailed):
                raise reason from error
        finally:
            self._connection.set_busy_timeout(BUSY_MILLISECONDS)

    def _drop(self, key: int, upto: int) -> None:
        # The pages are used again: the file does not become smaller, nor larger.
        last, size = self._row(statements.DROPPED, (key, upto, DROPPED_AT_ONCE)) or (None, 0)
        if last is not None:
            self._run(statements.DROP, (key, last))
            self._run("UPDATE games SET size = size - ? WHERE key = ?", (size, key))

    def _clear(self, key: int) -> None:
        self._run("DELETE FROM entries WHERE game = ?", (key,))
        self._run("DELETE FROM snapshots WHERE game = ?", (key,))

    def _failed(self, reason: JournalError) -> JournalError:
        if isinstance(reason, OutcomeUnknown | SyncFailed):
            # A checkpoint would take as good what the log is not known to have.
            self._writes = False
        else:
            self.rollback()
        return reason

    @contextlib.contextmanager
    def _reading(self, game: str) -> Iterator[None]:
        try:
            yield
        except msgspec.MsgspecError as error:
            raise JournalError(f"{self._path}: game {game} has a damaged record: {error}") from error

    def _run(self, sql: str, values: Sequence[Any] = ()) -> None:
        self._row(sql, values)

    def _value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        row = self._row(sql, values)
        assert row is not None, sql
        return row[0]

    def _row(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        try:
            rows = self._connection.execute(sql, values).fetchall()
        except apsw.Error as error:
            raise self._failed(judged(error, self._path)) from error
        return rows[0] if rows else None

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(sql, values)
        except apsw.Error as error:
            raise self._failed(judged(error, self._path)) from error


def _unhexed(hexed: str | None) -> list[bytes]:
    return [bytes.fromhex(body) for body in hexed.split(" ")] if hexed else []

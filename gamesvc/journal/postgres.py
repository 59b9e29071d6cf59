"""Games in PostgreSQL.

Who may write a game is judged by the database: a statement changes the game's row where the term and the last number
are as expected, and that row stays locked to the transaction's end. So it is judged rightly even where another
transaction that changes it, such as one of our own whose connection was lost, is still on its way. A statement that
has waited for a row sees the row as it is now and everything else as it was before: what depends on the row's new state
is a statement of its own.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, LiteralString

from gamesvc.errors import JournalError
from gamesvc.journal import Stored
from gamesvc.journal.postgres_connection import Int8, Server
from gamesvc.journal.postgres_session import PostgresSession
from gamesvc.journal.records import Entry, Snapshot, decode_entry, decode_snapshot, encode, stretches
from gamesvc.journal.store import DROPPED_AT_ONCE, Append, GameRow

READ_ROWS = 64
"""How many rows to read at first; then twice as many each time, up to"""
READ_ROWS_MAX = 1024
READ_BYTES = 1 << 20
"""and in no case more bytes than this at a time, unless a single row has more."""

WRITE_ENTRIES = 256
"""How many entries of a game that is restored are written at a time."""

_CLAIM: LiteralString = """
INSERT INTO games (game, term) VALUES (%s, nextval('terms'))
ON CONFLICT (game) DO UPDATE SET term = nextval('terms') RETURNING term
"""

# An array of nothing but NULL would have no type, so where there is no number it holds NaN.
_APPEND: LiteralString = """
WITH new AS (
    SELECT * FROM unnest(
        %b::text[], %b::bigint[], %b::bigint[], %b::bigint[], %b::bigint[], %b::float8[], %b::float8[], %b::float8[],
        %b::text[], %b::bool[]
    ) AS new (game, term, expected, last, size, wake_at, first, changed, kind, finished)
), moved AS (
    UPDATE games SET
        last = new.last,
        size = games.size + new.size,
        wake_at = nullif(new.wake_at, 'NaN'),
        changed = coalesce(nullif(new.changed, 'NaN'), games.changed),
        created = coalesce(games.created, nullif(new.first, 'NaN')),
        kind = coalesce(nullif(new.kind, ''), games.kind),
        finished = games.finished OR new.finished
    FROM new
    WHERE games.game = new.game AND games.term = new.term AND games.last = new.expected AND NOT games.deleted
    RETURNING games.key, games.game
), added AS (
    INSERT INTO entries (game, number, body)
    SELECT moved.key, entry.number, entry.body
    FROM unnest(%b::text[], %b::bigint[], %b::bytea[]) AS entry (game, number, body) JOIN moved USING (game)
)
SELECT game FROM moved
"""

_SAVE: LiteralString = """
WITH moved AS (
    UPDATE games SET
        last = greatest(last, %(number)s),
        size = size - snapshot_size + %(size)s,
        snapshot_size = %(size)s,
        wake_at = %(wake_at)s,
        changed = greatest(changed, %(time)s),
        created = coalesce(created, %(time)s),
        kind = %(kind)s,
        finished = finished OR %(finished)s
    WHERE game = %(game)s AND term = %(term)s AND NOT deleted
    RETURNING key
)
INSERT INTO snapshots (game, number, body)
SELECT key, %(number)s, %(body)b FROM moved
ON CONFLICT (game) DO UPDATE SET number = excluded.number, body = excluded.body
RETURNING game
"""

_DROP: LiteralString = """
WITH dropped AS (
    DELETE FROM entries
    WHERE game = %(key)s AND number IN (
        SELECT number FROM entries WHERE game = %(key)s AND number <= %(upto)s ORDER BY number LIMIT %(most)s
    )
    RETURNING octet_length(body) AS size
)
UPDATE games SET size = size - (SELECT coalesce(sum(dropped.size), 0) FROM dropped) WHERE key = %(key)s
"""

_DISCARD: LiteralString = "DELETE FROM games WHERE game = %s AND term = %s AND NOT deleted RETURNING key"

_DELETE: LiteralString = """
UPDATE games SET
    kind = '', last = 0, wake_at = NULL, changed = extract(epoch FROM clock_timestamp()), finished = false,
    deleted = true, size = 0, snapshot_size = 0
WHERE game = %s RETURNING key
"""

# All in one statement, which sees the database as it was at one moment.
_LOAD: LiteralString = """
SELECT term, last, deleted, snapshots.body, ARRAY(
    SELECT entries.body FROM entries
    WHERE entries.game = games.key AND entries.number > coalesce(snapshots.number, 0) ORDER BY entries.number
)
FROM games LEFT JOIN snapshots ON snapshots.game = games.key
WHERE games.game = %s
"""

_BEFORE: LiteralString = """
SELECT body FROM (
    SELECT number, body, sum(octet_length(body)) OVER (ORDER BY number DESC) - octet_length(body) AS read
    FROM entries WHERE game = (SELECT key FROM games WHERE game = %s) AND number < %s
    ORDER BY number DESC LIMIT %s
) AS entry
WHERE read < %s ORDER BY number DESC
"""

_AFTER: LiteralString = """
SELECT number, body FROM (
    SELECT number, body, sum(octet_length(body)) OVER (ORDER BY number) - octet_length(body) AS read
    FROM entries WHERE game = %s AND number > %s
    ORDER BY number LIMIT %s
) AS entry
WHERE read < %s ORDER BY number
"""

_DUE: LiteralString = "SELECT game FROM games WHERE wake_at <= %s ORDER BY wake_at, game LIMIT %s"

_GAMES: LiteralString = """
SELECT game, kind, last, coalesce(created, 0), coalesce(changed, 0), finished, wake_at, size, deleted
FROM games WHERE (created IS NOT NULL OR deleted) AND game > %s
ORDER BY game LIMIT %s
"""

_AMISS: LiteralString = """
SELECT 'game ' || game || ': entries or a snapshot after its last number, ' || last FROM games WHERE
    last < coalesce((SELECT max(number) FROM entries WHERE entries.game = key), 0)
    OR last < coalesce((SELECT number FROM snapshots WHERE snapshots.game = key), 0)
UNION ALL
SELECT DISTINCT 'entries or a snapshot of a game that is not there, with the key ' || game
FROM (SELECT game FROM entries UNION SELECT game FROM snapshots) AS kept
WHERE NOT EXISTS (SELECT FROM games WHERE key = kept.game)
UNION ALL
SELECT 'index ' || indexrelid::regclass || ' is not valid: REINDEX it' FROM pg_index
WHERE NOT indisvalid AND indrelid IN ('games'::regclass, 'entries'::regclass, 'snapshots'::regclass)
UNION ALL
SELECT checksum_failures || ' pages were read whose checksum was wrong' FROM pg_stat_database
WHERE datname = current_database() AND checksum_failures > 0
"""


class PostgresStore:
    """A connection to a PostgreSQL database: see `Store`.

    It is made at once, and again when it is needed after it was lost.

    Args:
        url: ``postgresql://user:password@host:port/database``, or what else libpq takes.
        read_only: whether it will only be read. Otherwise tables are made or upgraded where that is needed.
        allow_fsync_off: whether a server may be used that loses commits when its machine fails.

    Raises:
        ConfigError: the URL can't be understood.
        Unavailable: the database can't be reached.
        JournalError: it can't be trusted with games, or was written by a newer gamesvc.
    """

    def __init__(self, url: str, *, read_only: bool = False, allow_fsync_off: bool = False) -> None:
        self._read_only = read_only
        self._session = PostgresSession(Server(url, allow_fsync_off=allow_fsync_off), read_only=read_only)
        self._session.open()

    def now(self) -> float:
        return float(self._value("SELECT extract(epoch FROM clock_timestamp())::float8"))

    def begin(self) -> None:
        self._session.begin()

    def commit(self) -> None:
        self._session.commit()

    def rollback(self) -> None:
        self._session.rollback()

    def claim(self, game: str) -> int:
        return int(self._write(_CLAIM, (game,))[0][0])

    def append(self, appends: Sequence[Append]) -> list[bool]:
        games: list[tuple[Any, ...]] = []
        entries: list[tuple[str, int, bytes]] = []
        wrong: dict[str, int] = {}
        for append in appends:
            last, size, kind, finished = append.expected, 0, "", False
            for entry in append.entries:
                last += 1
                if entry.number != last:
                    wrong[append.game] = entry.number
                    break
                body = encode(entry)
                entries.append((append.game, last, body))
                size += len(body)
                finished = finished or entry.finished
                if entry.opening is not None:
                    kind = entry.opening.game_kind
            wake_at = math.nan if append.wake_at is None else append.wake_at
            times = (append.entries[0].time, append.entries[-1].time) if append.entries else (math.nan, math.nan)
            games.append((append.game, append.term, append.expected, last, size, wake_at, *times, kind, finished))
        if not games:
            return []
        values = (*_columns(games, 10), *_columns(entries, 3))
        added = {game for (game,) in self._write(_APPEND, values)}
        # Only where they are not fenced anyway.
        for game in added & wrong.keys():
            self.rollback()
            raise ValueError(f"game {game}: entry {wrong[game]} does not follow the one before it")
        return [append.game in added for append in appends]

    def position(self, game: str) -> tuple[int, int]:
        # A writer waits for a transaction that has changed the row and is not at its end yet: that may be the one that
        # this is asked about.
        rows = self._rows(
            "SELECT term, last FROM games WHERE game = %s"
            if self._read_only
            else "SELECT term, last FROM games WHERE game = %s FOR SHARE",
            (game,),
        )
        return (rows[0][0], rows[0][1]) if rows else (0, 0)

    def save(self, game: str, term: int, snapshot: Snapshot, wake_at: float | None) -> bool:
        body = encode(snapshot)
        values = {
            "game": game,
            "term": term,
            "number": snapshot.number,
            "body": body,
            "size": len(body),
            "wake_at": wake_at,
            "time": snapshot.time,
            "kind": snapshot.opening.game_kind,
            "finished": snapshot.finished,
        }
        rows = self._write(_SAVE, values)
        if rows and snapshot.alone:
            dropped = {"key": rows[0][0], "upto": snapshot.kept_after, "most": DROPPED_AT_ONCE}
            self._write(_DROP, dropped)
        return bool(rows)

    def discard(self, game: str, term: int) -> bool:
        rows = self._write(_DISCARD, (game, term))
        if rows:
            self._clear(rows[0][0])
        return bool(rows)

    def delete(self, game: str) -> None:
        self.claim(game)
        self._clear(self._write(_DELETE, (game,))[0][0])

    def load(self, game: str) -> Stored:
        rows = self._rows(_LOAD, (game,))
        if not rows:
            return Stored(0, 0, None, [])
        term, last, deleted, body, bodies = rows[0]
        snapshot = None if body is None else decode_snapshot(body)
        return Stored(term, last, snapshot, [decode_entry(body) for body in bodies], deleted)

    def history(self, game: str, before: int, events: int, size: int) -> list[Entry]:
        found: list[Entry] = []
        many = READ_ROWS
        while rows := self._rows(_BEFORE, (game, before, many, min(max(size, 1), READ_BYTES))):
            for (body,) in rows:
                # A snapshot may have skipped numbers: what is before them is another stretch.
                entry = decode_entry(body)
                if entry.number != before - 1:
                    return found[::-1]
                found.append(entry)
                before -= 1
                events -= len(entry.events)
                size -= len(body)
                if events <= 0 or size <= 0:
                    return found[::-1]
            many = min(2 * many, READ_ROWS_MAX)
        return found[::-1]

    def due(self, now: float, limit: int) -> list[str]:
        return [game for (game,) in self._rows(_DUE, (now, limit))]

    def games(self) -> Iterator[GameRow]:
        after = ""
        while rows := self._rows(_GAMES, (after, READ_ROWS_MAX)):
            for row in rows:
                yield GameRow(*row)
            after = rows[-1][0]

    def entries(self, game: str, after: int = 0) -> Iterator[Entry]:
        found = self._rows("SELECT key FROM games WHERE game = %s", (game,))
        # By the key: a game of the same id that takes the place of this one is another.
        while found and (rows := self._rows(_AFTER, (found[0][0], after, READ_ROWS_MAX, READ_BYTES))):
            for _, body in rows:
                yield decode_entry(body)
            after = rows[-1][0]

    def restore(self, game: str, snapshot: Snapshot | None, entries: Iterator[Entry], wake_at: float | None) -> None:
        term = self.claim(game)
        created, deleted = self._rows("SELECT created, deleted FROM games WHERE game = %s", (game,))[0]
        if created is not None and not deleted:
            raise JournalError(f"{self._session.name}: there is a game {game}")
        self._write("UPDATE games SET created = NULL, changed = NULL, deleted = false WHERE game = %s", (game,))
        for run in stretches(entries, WRITE_ENTRIES):
            # Where entries were skipped, the snapshot that did it is the one that comes with them.
            expected = run[0].number - 1
            self._write("UPDATE games SET last = %s WHERE game = %s", (expected, game))
            self.append([Append(game, term, expected, run, wake_at)])
        if snapshot is not None:
            self.save(game, term, snapshot, wake_at)

    def check(self) -> Iterator[str]:
        try:
            for (text,) in self._rows(_AMISS):
                yield text
        except JournalError as error:
            yield str(error)

    def back_up(self, path: str) -> None:
        raise JournalError(f"{self._session.name}: PostgreSQL has its own tool for backups; run pg_dump")

    def close(self) -> None:
        self._session.close()

    def _clear(self, key: int) -> None:
        self._write("DELETE FROM entries WHERE game = %s", (key,))
        self._write("DELETE FROM snapshots WHERE game = %s", (key,))

    def _write(self, query: LiteralString, values: Any = None) -> list[tuple[Any, ...]]:
        if not self._session.in_transaction:
            raise RuntimeError("what is written is written in a transaction")
        return self._session.run(query, values)

    def _rows(self, query: LiteralString, values: Any = None) -> list[tuple[Any, ...]]:
        return self._session.run(query, values)

    def _value(self, query: LiteralString) -> Any:
        return self._session.run(query)[0][0]


def _columns(rows: Sequence[tuple[Any, ...]], many: int) -> list[list[Any]]:
    """What rows hold, by columns. Whole numbers are marked as wide ones: by themselves they are as wide as they have to
    be, and the statement would be prepared anew for each width."""
    columns = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(many)]
    return [[Int8(value) for value in column] if column and type(column[0]) is int else column for column in columns]

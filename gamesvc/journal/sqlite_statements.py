"""What is asked of a SQLite file for many games, or for much of one, in one statement each."""

from __future__ import annotations

TERM = "UPDATE terms SET last = last + 1 RETURNING last"

CLAIM = "INSERT INTO games (game, term) VALUES (?1, ?2) ON CONFLICT (game) DO UPDATE SET term = ?2"

# Which of the appends go to a game as they expect it, and its key.
MATCH = """
SELECT json_group_array(json_array(wanted.key, games.key))
FROM json_each(?) AS wanted CROSS JOIN games ON games.game = wanted.value ->> 0
WHERE games.term = wanted.value ->> 1 AND games.last = wanted.value ->> 2 AND NOT games.deleted
"""

ADVANCE = """
UPDATE games SET
    last = new.value ->> 1,
    size = size + (new.value ->> 2),
    wake_at = new.value ->> 3,
    changed = ifnull(new.value ->> 4, changed),
    created = ifnull(created, new.value ->> 5),
    kind = ifnull(new.value ->> 6, kind),
    finished = max(finished, new.value ->> 7)
FROM json_each(?) AS new
WHERE games.key = new.value ->> 0
"""

# The bodies come as one blob, and each says where in it it is.
ENTRIES = """
INSERT INTO entries (game, number, body)
SELECT value ->> 0, value ->> 1, substr(?2, value ->> 2, value ->> 3) FROM json_each(?1)
"""

SAVE = """
UPDATE games SET
    last = max(last, ?3),
    size = size + ?4 - ifnull((SELECT length(body) FROM snapshots WHERE snapshots.game = key), 0),
    wake_at = ?5,
    changed = max(ifnull(changed, 0), ?6),
    created = ifnull(created, ?6),
    kind = ?7,
    finished = max(finished, ?8)
WHERE game = ?1 AND term = ?2 AND NOT deleted
RETURNING key
"""

# Of the entries of a game up to a number, the last one that goes with this statement and the next, and what all of them
# have.
DROPPED = """
SELECT max(number), sum(length(body)) FROM (
    SELECT number, body FROM entries WHERE game = ?1 AND number <= ?2 ORDER BY number LIMIT ?3
)
"""

DROP = "DELETE FROM entries WHERE game = ? AND number <= ?"

SNAPSHOT = "INSERT OR REPLACE INTO snapshots (game, number, body) VALUES (?, ?, ?)"

# All in one statement, which sees the database as it was at one moment.
LOAD = """
SELECT term, last, deleted, (SELECT body FROM snapshots WHERE game = games.key), (
    SELECT group_concat(hex(body), ' ' ORDER BY number) FROM entries
    WHERE game = games.key AND number > ifnull((SELECT number FROM snapshots WHERE game = games.key), 0)
)
FROM games WHERE game = ?
"""

HISTORY = """
SELECT group_concat(hex(body), ' ' ORDER BY number DESC) FROM (
    SELECT number, body FROM entries
    WHERE game = (SELECT key FROM games WHERE game = ?1) AND number < ?2
    ORDER BY number DESC LIMIT ?3
)
"""

GAMES = """
SELECT game, kind, last, ifnull(created, 0.0), ifnull(changed, 0.0), finished, wake_at, size, deleted
FROM games WHERE created IS NOT NULL OR deleted ORDER BY game
"""

AMISS = """
SELECT 'game ' || game || ': entries or a snapshot after its last number, ' || last FROM games WHERE
    last < ifnull((SELECT max(number) FROM entries WHERE entries.game = key), 0)
    OR last < ifnull((SELECT number FROM snapshots WHERE snapshots.game = key), 0)
UNION ALL
SELECT DISTINCT 'entries of a game that is not there, with the key ' || game FROM entries
WHERE game NOT IN (SELECT key FROM games)
"""

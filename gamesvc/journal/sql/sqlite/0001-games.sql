-- Games, what happened in them, and how they stood at their last snapshot.

-- The term of the last claim of any game. Terms are never used again, not even where a game was forgotten without a
-- trace: who claimed it before must not pass for who claims it next.
CREATE TABLE terms (
    last INTEGER NOT NULL
) STRICT;

INSERT INTO terms (last) VALUES (0);

CREATE TABLE games (
    key INTEGER PRIMARY KEY,
    game TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL DEFAULT '',
    term INTEGER NOT NULL,
    last INTEGER NOT NULL DEFAULT 0,
    wake_at REAL,
    created REAL, -- NULL: claimed, and never opened
    changed REAL,
    finished INTEGER NOT NULL DEFAULT 0,
    deleted INTEGER NOT NULL DEFAULT 0,
    size INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX games_to_wake ON games (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE entries (
    game INTEGER NOT NULL,
    number INTEGER NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (game, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshots (
    game INTEGER PRIMARY KEY,
    number INTEGER NOT NULL,
    body BLOB NOT NULL
) STRICT;

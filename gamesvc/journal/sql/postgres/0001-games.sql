-- Games, what happened in them, and how they stood at their last snapshot.

-- The term of the last claim of any game. Terms are never used again, not even where a game was forgotten without a
-- trace: who claimed it before must not pass for who claims it next.
CREATE SEQUENCE terms AS bigint;

-- Its rows are changed with every entry: room beside them keeps that within a page, and out of the indexes.
CREATE TABLE games (
    key bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    game text COLLATE "C" NOT NULL UNIQUE,
    kind text NOT NULL DEFAULT '',
    term bigint NOT NULL,
    last bigint NOT NULL DEFAULT 0,
    wake_at double precision,
    created double precision, -- NULL: claimed, and never opened
    changed double precision,
    finished boolean NOT NULL DEFAULT false,
    deleted boolean NOT NULL DEFAULT false,
    size bigint NOT NULL DEFAULT 0,
    snapshot_size bigint NOT NULL DEFAULT 0 -- how much of it the snapshot is
) WITH (fillfactor = 50);

CREATE INDEX games_to_wake ON games (wake_at) WHERE wake_at IS NOT NULL;

-- No foreign key: looking each game up again would cost as much as adding the entry, and nobody else writes here.
CREATE TABLE entries (
    game bigint NOT NULL,
    number bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (game, number)
);

CREATE TABLE snapshots (
    game bigint PRIMARY KEY,
    number bigint NOT NULL,
    body bytea NOT NULL
);

-- metrics.db, version 2: what was heard, so that it can be played again.

CREATE TABLE heard (
    id   INTEGER NOT NULL PRIMARY KEY,
    at   INTEGER NOT NULL,
    word TEXT    NOT NULL
) STRICT;
CREATE INDEX heard_at ON heard (at, id);

-- inbox.db, version 1: what was acknowledged and is not worked off yet. Times are INTEGER milliseconds UTC.

-- Worked off in the order of the ids; how far is kept in steward.db, in the same commit as what followed from it. An id
-- is never given out twice.
CREATE TABLE inbox (
    id   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    data TEXT    NOT NULL
) STRICT;

-- What could not be understood: the last of it, for a look.
CREATE TABLE rejected (
    id     INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    source TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    why    TEXT    NOT NULL,
    body   TEXT    NOT NULL
) STRICT;

-- inbox.db, version 2: a delivery that no start gets past is put aside.

-- The oldest of what an earlier Steward left, and how many starts have taken it up.
CREATE TABLE tried (
    id     INTEGER NOT NULL PRIMARY KEY,
    starts INTEGER NOT NULL
) STRICT;

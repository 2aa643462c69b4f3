-- steward.db, version 5: what was learned of the topology.

-- What a source says of two targets: that the first needs the other, or is another name of it.
CREATE TABLE topology_learned (
    source     TEXT NOT NULL,
    target     TEXT NOT NULL,
    relation   TEXT NOT NULL,
    other      TEXT NOT NULL,
    why        TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    PRIMARY KEY (source, target, relation, other)
) STRICT, WITHOUT ROWID;

-- When a source was read, and why the last time did not work.
CREATE TABLE topology_sources (
    source   TEXT PRIMARY KEY,
    read_at  INTEGER,
    tried_at INTEGER NOT NULL,
    problem  TEXT
) STRICT, WITHOUT ROWID;

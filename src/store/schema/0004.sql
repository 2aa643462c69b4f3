-- steward.db, version 4: silences by matchers, maintenance windows, and what was held back.

CREATE TABLE silences_4 (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    -- One of the two says what is silenced.
    target     TEXT,
    matchers   TEXT,
    kind       TEXT    NOT NULL CHECK (kind IN ('silence', 'maintenance')),
    -- The configured window that it is a turn of.
    recurring  TEXT,
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    by         TEXT    NOT NULL,
    comment    TEXT    NOT NULL,
    ended_told INTEGER NOT NULL DEFAULT 0 CHECK (ended_told IN (0, 1)),
    CHECK ((target IS NULL) <> (matchers IS NULL))
) STRICT;
INSERT INTO silences_4 (id, target, kind, starts_at, ends_at, by, comment, ended_told)
    SELECT id, target, 'silence', starts_at, ends_at, by, comment, ended_told FROM silences;
DROP TABLE silences;
ALTER TABLE silences_4 RENAME TO silences;
CREATE INDEX silences_untold ON silences (ends_at) WHERE ended_told = 0;

-- Signals that triage holds back now, and when those began to fire that a rule counts (then `rule` is NULL).
CREATE TABLE held (
    origin     TEXT    NOT NULL,
    target     TEXT    NOT NULL,
    signature  TEXT    NOT NULL,
    rule       TEXT,
    since      INTEGER NOT NULL,
    began      TEXT    NOT NULL,
    counted_at INTEGER,
    PRIMARY KEY (origin, target, signature)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_since ON held (since) WHERE rule IS NULL;

-- How often what was held back, by the hour in which it began.
CREATE TABLE held_back (
    hour      INTEGER NOT NULL,
    rule      TEXT    NOT NULL,
    target    TEXT    NOT NULL,
    signature TEXT    NOT NULL,
    source    TEXT    NOT NULL,
    summary   TEXT    NOT NULL,
    count     INTEGER NOT NULL,
    first_at  INTEGER NOT NULL,
    last_at   INTEGER NOT NULL,
    PRIMARY KEY (hour, rule, target, signature)
) STRICT, WITHOUT ROWID;

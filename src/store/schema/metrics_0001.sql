-- metrics.db, version 1: history that Steward can live without. Times are INTEGER milliseconds UTC.

CREATE TABLE runs (
    id          INTEGER NOT NULL PRIMARY KEY,
    skill       TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    outcome     TEXT    NOT NULL,
    exit        INTEGER,
    statuses    TEXT    NOT NULL
) STRICT;
CREATE INDEX runs_skill ON runs (skill, started_at);
CREATE INDEX runs_started ON runs (started_at);

CREATE TABLE series (
    id     INTEGER NOT NULL PRIMARY KEY,
    name   TEXT    NOT NULL,
    labels TEXT    NOT NULL,
    skill  TEXT    NOT NULL,
    UNIQUE (name, labels, skill)
) STRICT;

CREATE TABLE samples (
    series INTEGER NOT NULL REFERENCES series (id),
    at     INTEGER NOT NULL,
    value  REAL    NOT NULL,
    PRIMARY KEY (series, at)
) STRICT, WITHOUT ROWID;

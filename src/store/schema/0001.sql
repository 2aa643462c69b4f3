-- steward.db, version 1.
--
-- Times are INTEGER milliseconds UTC. Ids are ULIDs as TEXT. Columns named data, card, place, files and targets are
-- JSON. References have no ON DELETE action on purpose: an INSERT OR REPLACE of a parent must never take its
-- children with it; retention deletes children first, by name.

-- Every index is paid for by every signal of a storm: there is one only for what is really asked, and where there
-- is a choice, one that grows at its end.

CREATE TABLE incidents (
    id         TEXT    NOT NULL UNIQUE,
    number     INTEGER NOT NULL PRIMARY KEY,
    state      TEXT    NOT NULL,
    root       TEXT    NOT NULL,
    signature  TEXT    NOT NULL,
    severity   TEXT    NOT NULL,
    opened_at  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    closed_at  INTEGER,
    live       INTEGER NOT NULL CHECK (live IN (0, 1)),
    last_seq   INTEGER NOT NULL,
    told_seq   INTEGER NOT NULL,
    data       TEXT    NOT NULL
) STRICT;
CREATE INDEX incidents_live ON incidents (number) WHERE live = 1;
CREATE INDEX incidents_over ON incidents (changed_at) WHERE live = 0;

-- The timeline: append-only. With a rowid, here and below: without one, each row of more than 1 KB would take a page
-- of its own, and all of it would be synced.
CREATE TABLE events (
    incident TEXT    NOT NULL REFERENCES incidents (id),
    seq      INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    data     TEXT    NOT NULL,
    PRIMARY KEY (incident, seq)
) STRICT;

-- The last word of each origin on each problem.
CREATE TABLE signals (
    origin     TEXT    NOT NULL,
    target     TEXT    NOT NULL,
    signature  TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    severity   TEXT    NOT NULL,
    summary    TEXT    NOT NULL,
    incident   TEXT    REFERENCES incidents (id),
    count      INTEGER NOT NULL,
    first_seen INTEGER NOT NULL,
    last_seen  INTEGER NOT NULL,
    data       TEXT    NOT NULL,
    UNIQUE (origin, target, signature)
) STRICT;
CREATE INDEX signals_incident ON signals (incident) WHERE incident IS NOT NULL;
CREATE INDEX signals_firing ON signals (first_seen) WHERE state = 'firing';
CREATE INDEX signals_resolved ON signals (last_seen) WHERE state = 'resolved';

-- Openings and returns, counted per root for escalation.
CREATE TABLE occurrences (
    id       INTEGER NOT NULL PRIMARY KEY,
    root     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    incident TEXT    NOT NULL REFERENCES incidents (id),
    seq      INTEGER NOT NULL
) STRICT;
CREATE INDEX occurrences_at ON occurrences (at);
CREATE INDEX occurrences_incident ON occurrences (incident);

CREATE TABLE escalations (
    id       INTEGER NOT NULL PRIMARY KEY,
    incident TEXT    NOT NULL REFERENCES incidents (id),
    cause    TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX escalations_incident ON escalations (incident);
CREATE INDEX escalations_at ON escalations (at);

CREATE TABLE silences (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    target     TEXT    NOT NULL,
    starts_at  INTEGER NOT NULL,
    ends_at    INTEGER NOT NULL,
    by         TEXT    NOT NULL,
    comment    TEXT    NOT NULL,
    ended_told INTEGER NOT NULL DEFAULT 0 CHECK (ended_told IN (0, 1))
) STRICT;
CREATE INDEX silences_untold ON silences (ends_at) WHERE ended_told = 0;

CREATE TABLE remediations (
    id         TEXT    NOT NULL PRIMARY KEY,
    incident   TEXT    NOT NULL REFERENCES incidents (id),
    runbook    TEXT    NOT NULL,
    target     TEXT    NOT NULL,
    signature  TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    live       INTEGER NOT NULL CHECK (live IN (0, 1)),
    started_at INTEGER NOT NULL,
    ended_at   INTEGER,
    outcome    TEXT,
    data       TEXT    NOT NULL
) STRICT;
CREATE INDEX remediations_live ON remediations (started_at) WHERE live = 1;
CREATE INDEX remediations_started ON remediations (started_at);
CREATE INDEX remediations_incident ON remediations (incident);

-- The saga's log: append-only.
CREATE TABLE remediation_log (
    remediation TEXT    NOT NULL REFERENCES remediations (id),
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    data        TEXT    NOT NULL,
    PRIMARY KEY (remediation, seq)
) STRICT;

-- Processes which may be running; a row goes when its process is known to have ended.
CREATE TABLE executions (
    id          TEXT    NOT NULL PRIMARY KEY,
    what        TEXT    NOT NULL,
    pid         INTEGER NOT NULL,
    start_ticks INTEGER NOT NULL,
    boot_id     TEXT    NOT NULL,
    started_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE approvals (
    id           TEXT    NOT NULL PRIMARY KEY,
    number       INTEGER NOT NULL UNIQUE,
    incident     TEXT    REFERENCES incidents (id),
    state        TEXT    NOT NULL,
    requested_at INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    decided_at   INTEGER,
    decided_by   TEXT,
    data         TEXT    NOT NULL
) STRICT;
CREATE INDEX approvals_pending ON approvals (expires_at) WHERE state = 'pending';
CREATE INDEX approvals_incident ON approvals (incident) WHERE incident IS NOT NULL;

-- Messages on their way, in order within (platform, thread).
CREATE TABLE outbox (
    id         INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    platform   TEXT    NOT NULL,
    thread     TEXT    NOT NULL,
    supersedes TEXT,
    place      TEXT    NOT NULL,
    card       TEXT    NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_at    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    done_at    INTEGER,
    error      TEXT
) STRICT;
CREATE INDEX outbox_pending ON outbox (platform, thread, id) WHERE state = 'pending';
CREATE UNIQUE INDEX outbox_superseding ON outbox (platform, supersedes)
    WHERE state = 'pending' AND supersedes IS NOT NULL;
CREATE INDEX outbox_done ON outbox (done_at) WHERE done_at IS NOT NULL;

-- What each platform calls an incident's root message and thread.
CREATE TABLE chat_refs (
    platform   TEXT NOT NULL,
    incident   TEXT NOT NULL REFERENCES incidents (id),
    root_ref   TEXT,
    thread_ref TEXT,
    PRIMARY KEY (platform, incident)
) STRICT, WITHOUT ROWID;
CREATE INDEX chat_refs_incident ON chat_refs (incident);

CREATE TABLE changes (
    source      TEXT    NOT NULL,
    id          TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    author      TEXT    NOT NULL,
    summary     TEXT    NOT NULL,
    files       TEXT    NOT NULL,
    files_total INTEGER NOT NULL,
    targets     TEXT    NOT NULL,
    PRIMARY KEY (source, id)
) STRICT;
CREATE INDEX changes_at ON changes (at);

CREATE TABLE schedule (
    skill         TEXT    NOT NULL PRIMARY KEY,
    last_due      INTEGER NOT NULL,
    last_started  INTEGER,
    last_finished INTEGER,
    failures      INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE settings (
    key   TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

-- Who did what. Never pruned.
CREATE TABLE audit (
    id   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at   INTEGER NOT NULL,
    who  TEXT    NOT NULL,
    what TEXT    NOT NULL,
    data TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_at ON audit (at);

CREATE TABLE counters (
    name  TEXT    NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT;

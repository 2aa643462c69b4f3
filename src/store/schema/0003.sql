-- steward.db, version 3: the audit trail becomes a chain, and trust is earned.

-- Each row's hash covers the row and the hash before it (src/store/audit/chain.rs says how), so that a row which was
-- changed, put in or taken out is found out. Rows are only ever appended. There is no reference to an incident or a
-- remediation: those are pruned, the trail is not.
ALTER TABLE audit RENAME TO audit_before_3;
DROP INDEX audit_at;
CREATE TABLE audit (
    seq         INTEGER NOT NULL PRIMARY KEY,
    at          INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    what        TEXT    NOT NULL,
    incident    TEXT,
    remediation TEXT,
    who         TEXT,
    body        TEXT    NOT NULL,
    prev        BLOB    NOT NULL CHECK (length(prev) = 32),
    hash        BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX audit_at ON audit (at);

-- What the last row is, kept apart: a trail whose end was cut off is whole in itself.
CREATE TABLE audit_head (
    id   INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  INTEGER NOT NULL,
    hash BLOB    NOT NULL CHECK (length(hash) = 32)
) STRICT;
INSERT INTO audit_head VALUES (1, 0, zeroblob(32));

CREATE TRIGGER audit_keeps_its_rows BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever appended to'); END;
CREATE TRIGGER audit_loses_no_row BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever appended to'); END;
-- INSERT OR REPLACE would take a row out without the trigger above.
CREATE TRIGGER audit_grows_at_its_end BEFORE INSERT ON audit
WHEN NEW.seq <> (SELECT seq + 1 FROM audit_head)
BEGIN SELECT RAISE(ABORT, 'the audit trail is only ever appended to'); END;

-- What a runbook, or a kind of proposal, has earned on a class of targets.
CREATE TABLE trust (
    kind         TEXT    NOT NULL,
    class        TEXT    NOT NULL,
    written      TEXT    NOT NULL,
    clean        INTEGER NOT NULL,
    earned_since INTEGER,
    changed_at   INTEGER NOT NULL,
    why          TEXT    NOT NULL,
    PRIMARY KEY (kind, class)
) STRICT;

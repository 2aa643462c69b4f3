-- steward.db, version 6: changes with their gist, and the states that they are told from.
ALTER TABLE changes ADD COLUMN kind TEXT NOT NULL DEFAULT 'other';
ALTER TABLE changes ADD COLUMN gist TEXT NOT NULL DEFAULT '[]';
ALTER TABLE changes ADD COLUMN url TEXT;
ALTER TABLE changes ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0;

UPDATE changes SET kind = 'action' WHERE source = 'steward' OR source LIKE 'steward:%';
UPDATE changes SET kind = 'edit' WHERE source = 'files';

-- What each change touched, so that a target's changes are found newest first without looking at the others. A change
-- stands under each of its targets (exact = 1) and under all that contain them (exact = 0).
CREATE TABLE change_targets (
    target TEXT    NOT NULL,
    exact  INTEGER NOT NULL,
    at     INTEGER NOT NULL,
    source TEXT    NOT NULL,
    id     TEXT    NOT NULL,
    PRIMARY KEY (target, exact, at, source, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX change_targets_change ON change_targets (source, id);

-- rtrim() takes the last segment away: all characters from the end on that are not a slash.
INSERT OR IGNORE INTO change_targets (target, exact, at, source, id)
WITH RECURSIVE touched (target, exact, at, source, id) AS (
    SELECT t.value, 1, c.at, c.source, c.id FROM changes AS c, json_each(c.targets) AS t
    UNION
    SELECT rtrim(rtrim(target, replace(target, '/', '')), '/'), 0, at, source, id
      FROM touched WHERE instr(target, '/') > 0
)
SELECT target, exact, at, source, id FROM touched;

-- How things were when a source of states last looked: what became different since is a change.
CREATE TABLE change_states (
    source TEXT    NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    data   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

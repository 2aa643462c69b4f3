-- steward.db, version 2: every message of an incident is known by what its platform calls it, not only the root.

-- Keys: `root`, `thread`, `question:N` (the card of question N), `message:N` (number N of the outbox).
CREATE TABLE chat_messages (
    platform TEXT NOT NULL,
    incident TEXT NOT NULL REFERENCES incidents (id),
    key      TEXT NOT NULL,
    ref      TEXT NOT NULL,
    PRIMARY KEY (platform, incident, key)
) STRICT, WITHOUT ROWID;
INSERT INTO chat_messages
    SELECT platform, incident, 'root', root_ref FROM chat_refs WHERE root_ref IS NOT NULL
    UNION ALL SELECT platform, incident, 'thread', thread_ref FROM chat_refs WHERE thread_ref IS NOT NULL;
DROP TABLE chat_refs;
CREATE INDEX chat_messages_ref ON chat_messages (platform, ref);
CREATE INDEX chat_messages_incident ON chat_messages (incident);

-- An edit that waits because edits are limited does not hold up what stands behind it in its thread.
ALTER TABLE outbox ADD COLUMN aside INTEGER NOT NULL DEFAULT 0 CHECK (aside IN (0, 1));

-- A thread in which people are called goes before the quiet ones.
ALTER TABLE outbox ADD COLUMN calls INTEGER NOT NULL DEFAULT 0 CHECK (calls IN (0, 1));

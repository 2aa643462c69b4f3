-- The agent: its runs and all they said and did, its plans, what it offers, what was declined, and its goals.
CREATE TABLE agent_runs (
    id TEXT PRIMARY KEY,
    number INTEGER NOT NULL UNIQUE,
    incident TEXT NOT NULL,
    subject TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    ended_at INTEGER,
    ending TEXT,
    models TEXT NOT NULL DEFAULT '[]',
    tokens_in INTEGER NOT NULL DEFAULT 0,
    tokens_cached INTEGER NOT NULL DEFAULT 0,
    tokens_out INTEGER NOT NULL DEFAULT 0,
    micros INTEGER NOT NULL DEFAULT 0,
    conclusion TEXT
) STRICT;
CREATE INDEX agent_runs_of_incident ON agent_runs (incident, begun_at);
CREATE INDEX agent_runs_by_time ON agent_runs (begun_at);

CREATE TABLE agent_steps (
    run TEXT NOT NULL REFERENCES agent_runs (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

-- Plans of the agent, as runbooks: an approval and a repair name them.
CREATE TABLE agent_plans (
    name TEXT PRIMARY KEY,
    incident TEXT NOT NULL,
    yaml TEXT NOT NULL,
    made_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX agent_plans_of_incident ON agent_plans (incident);

CREATE TABLE offers (
    number INTEGER PRIMARY KEY,
    incident TEXT NOT NULL,
    state TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    decided_at INTEGER,
    data TEXT NOT NULL
) STRICT;
CREATE INDEX offers_that_wait ON offers (state, expires_at);
CREATE INDEX offers_of_incident ON offers (incident);

-- What a person did not want, so that it is not proposed again: by a key that stays the same over time.
CREATE TABLE declined (
    key TEXT PRIMARY KEY,
    what TEXT NOT NULL,
    by TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often a problem was there, and what worked.
CREATE INDEX incidents_by_problem ON incidents (signature, root, opened_at);
-- The agent's fixes that held: the few repairs that may become runbooks.
CREATE INDEX remediations_held ON remediations (started_at) WHERE outcome = 'held';

-- Standing goals: what the next time is counted from, by which schedule, and the last run.
CREATE TABLE goal_runs (
    name TEXT PRIMARY KEY,
    schedule TEXT,
    counted_from INTEGER NOT NULL,
    last_at INTEGER,
    incident INTEGER
) STRICT, WITHOUT ROWID;

-- What is brought into the cluster: the project as it was read (without secrets), what people decided, and how far it came.
CREATE TABLE adoptions (
    incident TEXT PRIMARY KEY,
    stage TEXT NOT NULL,
    due_at INTEGER,
    data TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX adoptions_that_go_on ON adoptions (stage) WHERE stage <> 'over';

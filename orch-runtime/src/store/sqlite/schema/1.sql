CREATE TABLE runs (
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    id             TEXT    NOT NULL UNIQUE,
    workflow       TEXT    NOT NULL,
    version        TEXT    NOT NULL,
    fingerprint    TEXT    NOT NULL,
    status         TEXT    NOT NULL,
    owner          INTEGER,
    fence          INTEGER NOT NULL,
    priority       INTEGER NOT NULL,
    ready_at       INTEGER,
    timed          INTEGER NOT NULL,
    started_at     INTEGER NOT NULL,
    ended_at       INTEGER,
    deadline       INTEGER,
    correlation_id TEXT,
    parent         TEXT,
    reason         TEXT,
    output         TEXT,
    error          TEXT
) STRICT;

-- What stands how: lists, and how many are held. Only running runs have an owner, so that all others of a workflow
-- and a status lie in the order of their keys.
CREATE INDEX runs_standing ON runs (workflow, status, owner);

-- What may be taken up: first what is ready at once, then what has a time; each by priority.
CREATE INDEX runs_ready ON runs (workflow, timed, priority, ready_at) WHERE ready_at IS NOT NULL;

-- What may be forgotten. A child goes with its parent.
CREATE INDEX runs_ended ON runs (status, ended_at) WHERE ended_at IS NOT NULL AND parent IS NULL;

CREATE INDEX runs_correlation ON runs (correlation_id) WHERE correlation_id IS NOT NULL;
CREATE INDEX runs_parent ON runs (parent) WHERE parent IS NOT NULL;

-- The names of all workflows, found by leaping from one to the next.
CREATE VIEW workflows (name) AS
    WITH RECURSIVE found (name) AS (
        SELECT min(workflow) FROM runs
        UNION ALL
        SELECT (SELECT min(workflow) FROM runs WHERE workflow > found.name) FROM found WHERE found.name IS NOT NULL
    )
    SELECT name FROM found WHERE name IS NOT NULL;

-- Apart from the runs, which are written again each time they change hands.
CREATE TABLE inputs (
    run   INTEGER PRIMARY KEY,
    value TEXT    NOT NULL
) STRICT;

CREATE TABLE entries (
    run   INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    node  TEXT    NOT NULL,
    kind  TEXT    NOT NULL,
    value TEXT,
    item  TEXT,
    at    INTEGER NOT NULL,
    PRIMARY KEY (run, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE signals (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    run    INTEGER NOT NULL,
    name   TEXT    NOT NULL,
    event  TEXT,
    value  TEXT    NOT NULL,
    at     INTEGER NOT NULL
) STRICT;

CREATE INDEX signals_of_run ON signals (run);
CREATE UNIQUE INDEX signals_once ON signals (run, name, event) WHERE event IS NOT NULL;

CREATE TABLE owners (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    process   INTEGER NOT NULL,
    port      INTEGER NOT NULL,
    token     TEXT    NOT NULL,
    joined_at INTEGER NOT NULL
) STRICT;

CREATE TABLE kept (
    space      TEXT NOT NULL,
    key        TEXT NOT NULL,
    value      TEXT NOT NULL,
    expires_at INTEGER,
    PRIMARY KEY (space, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX kept_expiry ON kept (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE artifacts (
    digest  TEXT PRIMARY KEY,
    content BLOB NOT NULL
) STRICT;

CREATE TABLE artifact_runs (
    run    INTEGER NOT NULL,
    digest TEXT    NOT NULL,
    PRIMARY KEY (run, digest)
) STRICT, WITHOUT ROWID;

CREATE INDEX artifact_runs_digest ON artifact_runs (digest);

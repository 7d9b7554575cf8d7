-- The queue: jobs, the rows of their manifests, items, attempts, runs, and the counts that are kept.
-- Times are milliseconds since the Unix epoch, money is billionths of a US dollar, lists and records are JSON.

CREATE TABLE jobs (
    id            INTEGER PRIMARY KEY,
    name          TEXT    NOT NULL UNIQUE,
    manifest      TEXT    NOT NULL,
    output        TEXT    NOT NULL,
    -- Of the manifest, in its order.
    columns       TEXT    NOT NULL DEFAULT '[]',
    -- BLAKE3 of its columns and rows: tells whether the table is another one than before.
    table_digest  BLOB,
    -- Whether something happened since the results were last written.
    results_stale INTEGER NOT NULL DEFAULT 1 CHECK (results_stale IN (0, 1)),
    -- The revision of the manifest everybody sees, and the newest one begun: above it only while a manifest is read.
    revision      INTEGER NOT NULL DEFAULT 0,
    intake        INTEGER NOT NULL DEFAULT 0,
    -- Kept, not counted.
    attempts      INTEGER NOT NULL DEFAULT 0,
    lost_attempts INTEGER NOT NULL DEFAULT 0,
    images        INTEGER NOT NULL DEFAULT 0,
    cost          INTEGER,
    CHECK (intake >= revision)
) STRICT;

CREATE TABLE runs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    -- Who: process and machine, for people.
    holder      TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    -- Until when others must believe that it lives.
    lease_until INTEGER NOT NULL,
    ended_at    INTEGER,
    ending      TEXT,
    CHECK ((ended_at IS NULL) = (ending IS NULL))
) STRICT;
CREATE INDEX runs_of_job ON runs (job_id, id);

-- The manifest as it was written.
CREATE TABLE rows (
    job_id   INTEGER NOT NULL REFERENCES jobs (id),
    revision INTEGER NOT NULL,
    position INTEGER NOT NULL,
    line     INTEGER NOT NULL,
    cells    TEXT    NOT NULL,
    -- The ids of its items.
    items    TEXT    NOT NULL,
    PRIMARY KEY (job_id, revision, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE items (
    key           INTEGER PRIMARY KEY,
    job_id        INTEGER NOT NULL REFERENCES jobs (id),
    id            TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    -- Where its row last stood.
    line          INTEGER NOT NULL,
    -- The first and the newest revision of the manifest that holds it.
    first_revision INTEGER NOT NULL,
    last_revision  INTEGER NOT NULL,
    -- Fixed once something may have been paid for it.
    request       TEXT    NOT NULL,
    digest        BLOB    NOT NULL,
    state         TEXT    NOT NULL DEFAULT 'queued',
    -- 0 while never tried; otherwise not to be claimed before.
    due_at        INTEGER,
    -- The run that claimed it last.
    claimed_by    INTEGER REFERENCES runs (id),
    -- Made, counting against the allowed number, and paid without a picture.
    attempts      INTEGER NOT NULL DEFAULT 0,
    counted       INTEGER NOT NULL DEFAULT 0,
    empty         INTEGER NOT NULL DEFAULT 0,
    -- Why it failed, or why its last attempt gave nothing.
    failure_kind  TEXT,
    failure       TEXT,
    artifact      TEXT,
    cancelled_by  TEXT,
    UNIQUE (job_id, id),
    CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    CHECK ((state = 'queued') = (due_at IS NOT NULL)),
    CHECK (state <> 'running' OR claimed_by IS NOT NULL),
    CHECK ((state = 'done') = (artifact IS NOT NULL)),
    CHECK (state <> 'failed' OR failure_kind IS NOT NULL),
    CHECK (failure_kind IN ('throttled', 'transient', 'refused', 'rejected', 'fatal', 'lost')),
    CHECK ((failure_kind IS NULL) = (failure IS NULL)),
    CHECK ((state = 'cancelled') = (cancelled_by IS NOT NULL)),
    CHECK (cancelled_by IN ('person', 'manifest')),
    CHECK (attempts >= counted AND counted >= empty AND empty >= 0),
    CHECK (length(digest) = 32)
) STRICT;
-- What may be claimed: the tried before the never tried, in the order of the manifest. Costs nothing for what is done.
CREATE INDEX items_waiting ON items (job_id, due_at DESC, key) WHERE state = 'queued';
CREATE INDEX items_claimed ON items (job_id) WHERE state = 'running';
CREATE INDEX items_failed ON items (job_id, failure_kind) WHERE state = 'failed';

-- Known items whose row reads otherwise in a revision not yet published.
CREATE TABLE edits (
    item_key INTEGER PRIMARY KEY REFERENCES items (key),
    job_id   INTEGER NOT NULL REFERENCES jobs (id),
    name     TEXT    NOT NULL,
    request  TEXT    NOT NULL,
    digest   BLOB    NOT NULL,
    requeue  INTEGER NOT NULL CHECK (requeue IN (0, 1))
) STRICT;

-- AUTOINCREMENT: an attempt's id names its files in staging, so none is ever given twice.
CREATE TABLE attempts (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id      INTEGER NOT NULL REFERENCES jobs (id),
    item_key    INTEGER NOT NULL REFERENCES items (key),
    run_id      INTEGER NOT NULL REFERENCES runs (id),
    number      INTEGER NOT NULL,
    state       TEXT    NOT NULL DEFAULT 'sent',
    sent_at     INTEGER NOT NULL,
    received_at INTEGER,
    ended_at    INTEGER,
    -- What it may cost, written before it is sent, and what it did cost.
    reserved    INTEGER,
    cost        INTEGER,
    outcome     TEXT,
    kind        TEXT,
    status      INTEGER,
    message     TEXT,
    -- The images in staging, while they are there.
    staged      TEXT,
    -- The small rest of the answer.
    reply       TEXT,
    UNIQUE (item_key, number),
    CHECK (state IN ('sent', 'received', 'settled', 'unsent', 'lost')),
    CHECK ((state IN ('sent', 'received')) = (ended_at IS NULL)),
    CHECK ((state = 'received') = (staged IS NOT NULL)),
    CHECK ((ended_at IS NULL) = (outcome IS NULL)),
    CHECK (kind IN ('throttled', 'transient', 'refused', 'rejected', 'fatal', 'lost'))
) STRICT;
CREATE INDEX attempts_open ON attempts (job_id) WHERE state IN ('sent', 'received');

-- Items of published revisions by state and, of the failed, by kind: kept by the triggers below.
CREATE TABLE tallies (
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    state  TEXT    NOT NULL,
    kind   TEXT    NOT NULL,
    items  INTEGER NOT NULL CHECK (items >= 0),
    PRIMARY KEY (job_id, state, kind)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER items_moved AFTER UPDATE OF state, failure_kind ON items
WHEN old.state <> new.state OR (new.state = 'failed' AND old.failure_kind <> new.failure_kind)
BEGIN
    UPDATE tallies SET items = items - 1
    WHERE job_id = old.job_id AND state = old.state AND kind = iif(old.state = 'failed', old.failure_kind, '');
    INSERT INTO tallies (job_id, state, kind, items)
    VALUES (new.job_id, new.state, iif(new.state = 'failed', new.failure_kind, ''), 1)
    ON CONFLICT (job_id, state, kind) DO UPDATE SET items = items + 1;
END;

-- What each job's manifest was last read from, so that an unchanged one need not be read again.

-- A job has none as long as reading the same manifest once more might change something.
CREATE TABLE readings (
    job_id      INTEGER PRIMARY KEY REFERENCES jobs (id),
    -- BLAKE3 of the manifest's bytes and of all else that shapes its rows.
    fingerprint BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    -- What reading it once more would tell: rows, and items by what the reading does to them.
    rows        INTEGER NOT NULL,
    unchanged   INTEGER NOT NULL,
    kept        INTEGER NOT NULL,
    removed     INTEGER NOT NULL,
    repeated    INTEGER NOT NULL
) STRICT;

-- The distinct files a reading checked its rows against, as they were then.
CREATE TABLE seen_files (
    job_id   INTEGER NOT NULL REFERENCES jobs (id),
    revision INTEGER NOT NULL,
    path     TEXT    NOT NULL,
    bytes    INTEGER NOT NULL,
    -- Nanoseconds since the Unix epoch.
    modified INTEGER NOT NULL,
    PRIMARY KEY (job_id, revision, path)
) STRICT, WITHOUT ROWID;

-- What a dead run left is looked for by either of its states; one index over both was never chosen for one of them.
DROP INDEX attempts_open;
CREATE INDEX attempts_sent ON attempts (job_id) WHERE state = 'sent';
CREATE INDEX attempts_received ON attempts (job_id, item_key) WHERE state = 'received';

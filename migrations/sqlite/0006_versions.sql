-- What items had that are made again, for their rows read otherwise.

CREATE TABLE versions (
    item_key INTEGER NOT NULL REFERENCES items (key),
    -- 1, 2, 3 … of its item.
    number   INTEGER NOT NULL,
    job_id   INTEGER NOT NULL REFERENCES jobs (id),
    name     TEXT    NOT NULL,
    request  TEXT    NOT NULL,
    digest   BLOB    NOT NULL CHECK (length(digest) = 32),
    sources  TEXT,
    artifact TEXT    NOT NULL,
    -- The number of the attempt that made it.
    attempt  INTEGER,
    -- Whether its files stand where they were published, for nothing has taken their place yet.
    stands   INTEGER NOT NULL DEFAULT 1 CHECK (stands IN (0, 1)),
    PRIMARY KEY (item_key, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX versions_standing ON versions (job_id) WHERE stands;

-- How many of the kept items are finished.
ALTER TABLE readings ADD COLUMN finished INTEGER NOT NULL DEFAULT 0;

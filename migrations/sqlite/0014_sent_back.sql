-- What a person sent back: as it was before, for whoever takes that back; and what its row says meanwhile.

-- What the row of an item asked for when it was read last, as a hash, where the item keeps what it has; null where it
-- asks for what its row says, or for something of a person's own.
ALTER TABLE items ADD COLUMN kept_digest BLOB CHECK (kept_digest IS NULL OR length(kept_digest) = 32);

-- The item's `row_digest`, as it was with this picture.
ALTER TABLE versions ADD COLUMN row_digest BLOB CHECK (row_digest IS NULL OR length(row_digest) = 32);
-- Whether a person sent it back: then it does not become the item's own again because a run did not come to it.
ALTER TABLE versions ADD COLUMN sent_back INTEGER NOT NULL DEFAULT 0 CHECK (sent_back IN (0, 1));

-- An item as it was before an act sent it back.
CREATE TABLE returns (
    act_id       INTEGER PRIMARY KEY REFERENCES acts (id),
    item_key     INTEGER NOT NULL REFERENCES items (key),
    -- The hash of what it asks for since.
    asked        BLOB    NOT NULL CHECK (length(asked) = 32),
    -- Its earlier version that was laid by; null where it had no picture.
    version      INTEGER,
    -- How many attempts it had: what is beyond them left since.
    attempts     INTEGER NOT NULL,
    state        TEXT    NOT NULL CHECK (state IN ('queued', 'done', 'failed')),
    due_at       INTEGER,
    request      TEXT    NOT NULL,
    digest       BLOB    NOT NULL CHECK (length(digest) = 32),
    row_digest   BLOB,
    counted      INTEGER NOT NULL,
    empty        INTEGER NOT NULL,
    failure_kind TEXT,
    failure      TEXT
) STRICT;
CREATE INDEX returns_of_item ON returns (item_key);

-- Without it, to remove an item looks at every finding.
CREATE INDEX findings_of_twin ON findings (twin_key) WHERE twin_key IS NOT NULL;

-- What persons said of pictures, what a look at them found, and what is made again because somebody sent it back.

-- One thing a person did on the review page, be it to one item or to thousands. AUTOINCREMENT: the newest is the last.
CREATE TABLE acts (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    job_id    INTEGER NOT NULL REFERENCES jobs (id),
    word      TEXT    NOT NULL,
    -- Who, as they call themselves.
    person    TEXT    NOT NULL,
    done_at   INTEGER NOT NULL,
    -- When it was taken back; null while it holds.
    undone_at INTEGER,
    CHECK (word IN ('approve', 'reject', 'clear', 'favourite', 'note', 'caption', 'send_back'))
) STRICT;
CREATE INDEX acts_of_job ON acts (job_id, id);

-- All that is said of an item since an act: whatever was said before stays below it, for whoever takes the act back.
CREATE TABLE verdicts (
    act_id    INTEGER NOT NULL REFERENCES acts (id),
    item_key  INTEGER NOT NULL REFERENCES items (key),
    decision  TEXT,
    -- The picture that was decided on: BLAKE3 of the item's first, in hexadecimal; null where it had none.
    picture   TEXT,
    -- The picture that shall stand for the product, likewise.
    favourite TEXT,
    note      TEXT,
    -- What stands in place of the model's caption.
    caption   TEXT,
    -- Whether it is what holds now.
    stands    INTEGER NOT NULL DEFAULT 1 CHECK (stands IN (0, 1)),
    PRIMARY KEY (item_key, act_id),
    CHECK (decision IN ('approved', 'rejected')),
    CHECK (decision IS NOT NULL OR picture IS NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX verdicts_standing ON verdicts (item_key) WHERE stands;
CREATE INDEX verdicts_of_act ON verdicts (act_id);

-- What the row of an item asks for, as a hash, where a person sent it back and it asks for something of its own; null
-- where it asks for what its row says.
ALTER TABLE items ADD COLUMN row_digest BLOB CHECK (row_digest IS NULL OR length(row_digest) = 32);

-- How a picture looks, whoever's it is: by BLAKE3 of its bytes, in hexadecimal.
CREATE TABLE impressions (
    blake3    TEXT    PRIMARY KEY,
    width     INTEGER NOT NULL,
    height    INTEGER NOT NULL,
    is_blank  INTEGER NOT NULL CHECK (is_blank IN (0, 1)),
    hash      INTEGER NOT NULL,
    grid      BLOB    NOT NULL CHECK (length(grid) = 192)
) STRICT, WITHOUT ROWID;

-- What strikes the eye about an item, as long as it has the picture that was looked at.
CREATE TABLE findings (
    item_key INTEGER PRIMARY KEY REFERENCES items (key),
    -- BLAKE3 of its first picture.
    picture  TEXT    NOT NULL,
    -- The checks it does not pass: a list of their names.
    found    TEXT    NOT NULL,
    -- The item whose picture is nearly the same, if one is.
    twin_key INTEGER REFERENCES items (key)
) STRICT;

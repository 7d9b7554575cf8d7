-- What an account of the attempts needs, and a mark that tells this database's files in staging from another's.

-- The model an attempt asked, and the images that came and are paid: an item's request may change between two attempts.
ALTER TABLE attempts ADD COLUMN model TEXT;
ALTER TABLE attempts ADD COLUMN images INTEGER CHECK (images >= 0);
UPDATE attempts SET model = (SELECT request ->> '$.model' FROM items WHERE key = item_key);
-- Until now every picture was counted at the only price there was.
UPDATE attempts SET images = cost / 33600000 WHERE cost IS NOT NULL;

-- One row. The mark stands in the names of staged files: where two databases share an output folder, neither takes
-- the other's answers for its own.
CREATE TABLE workspace (
    one  INTEGER PRIMARY KEY CHECK (one = 1),
    mark TEXT    NOT NULL CHECK (length(mark) = 8)
) STRICT;
INSERT INTO workspace (one, mark) VALUES (1, lower(hex(randomblob(4))));

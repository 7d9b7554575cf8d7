-- What an item's references held when its row was read: a reference that changes is a change of what is asked for.

-- A JSON list: the BLAKE3 of each reference in hexadecimal, null where it is not known; NULL where none is, as of items
-- from before.
ALTER TABLE items ADD COLUMN sources TEXT;
ALTER TABLE edits ADD COLUMN sources TEXT;

-- Every manifest is read once more, to learn what its references hold.
DELETE FROM readings;

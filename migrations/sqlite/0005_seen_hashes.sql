-- What the files held that a reading checked its rows against, so that only those that were changed are hashed anew.

-- BLAKE3 of the content. None of what was seen before there was this column: it is hashed the next time.
ALTER TABLE seen_files ADD COLUMN hash BLOB CHECK (length(hash) = 32);

-- When the files of an earlier version were removed, for a person said so; null while they lie where they were laid.
ALTER TABLE versions ADD COLUMN pruned_at INTEGER CHECK (pruned_at IS NULL OR NOT stands);

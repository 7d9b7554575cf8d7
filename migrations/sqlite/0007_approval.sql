-- When a person approved a job's pilot, so that its runs send the other items too.
ALTER TABLE jobs ADD COLUMN approved_at INTEGER;

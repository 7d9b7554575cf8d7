-- The start of its job's schedule that a run is for; null where somebody asked for it.
ALTER TABLE runs ADD COLUMN scheduled_for INTEGER;

-- Since when a person lets a job's runs send nothing; null while they may.
ALTER TABLE jobs ADD COLUMN paused_at INTEGER CHECK (paused_at >= 0);

-- A CHECK sees its own table only: no attempt of a paused job begins, whoever writes it.
CREATE TRIGGER attempts_paused BEFORE INSERT ON attempts
WHEN (SELECT paused_at FROM jobs WHERE id = new.job_id) IS NOT NULL
BEGIN
    SELECT raise(ABORT, 'the job is paused');
END;

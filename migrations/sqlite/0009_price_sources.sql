-- Whether anything of the job was ever counted with a list price; beside `price_given`, so that a sum is told as one or
-- the other only where all of it is. Of what went before it is known only where there was a single run.
ALTER TABLE jobs ADD COLUMN price_listed INTEGER NOT NULL DEFAULT 0 CHECK (price_listed IN (0, 1));

UPDATE jobs SET price_listed = 1
WHERE cost IS NOT NULL
  AND (NOT price_given OR (SELECT count(DISTINCT run_id) FROM held WHERE job_id = jobs.id) > 1);

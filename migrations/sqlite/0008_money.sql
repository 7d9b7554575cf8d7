-- What attempts cost and may cost yet, summed up, so that no cap on money needs to look at them.

-- By the run that sent them and the quarter of an hour in which they left, in whole quarters since the Unix epoch: the
-- days and months of every time zone begin at one. What attempts cost that ended; what those may cost that are on their
-- way or wait to be kept; what those may have cost that were lost. Kept by the triggers below.
CREATE TABLE held (
    run_id   INTEGER NOT NULL REFERENCES runs (id),
    quarter  INTEGER NOT NULL,
    job_id   INTEGER NOT NULL REFERENCES jobs (id),
    settled  INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    lost     INTEGER NOT NULL,
    PRIMARY KEY (run_id, quarter)
) STRICT, WITHOUT ROWID;
CREATE INDEX held_of_job ON held (job_id);
CREATE INDEX held_by_quarter ON held (quarter);

INSERT INTO held (run_id, quarter, job_id, settled, reserved, lost)
SELECT run_id, sent_at / 900000, job_id,
       sum(iif(state IN ('settled', 'unsent'), coalesce(cost, 0), 0)),
       sum(iif(state IN ('sent', 'received'), coalesce(reserved, 0), 0)),
       sum(iif(state = 'lost', coalesce(cost, reserved, 0), 0))
FROM attempts WHERE cost IS NOT NULL OR reserved IS NOT NULL
GROUP BY 1, 2;

CREATE TRIGGER attempts_begun AFTER INSERT ON attempts WHEN new.reserved IS NOT NULL
BEGIN
    INSERT INTO held (run_id, quarter, job_id, settled, reserved, lost)
    VALUES (new.run_id, new.sent_at / 900000, new.job_id, 0, new.reserved, 0)
    ON CONFLICT (run_id, quarter) DO UPDATE SET reserved = reserved + excluded.reserved;
END;

-- What is sent and then received is reserved as before.
CREATE TRIGGER attempts_ended AFTER UPDATE OF ended_at ON attempts
WHEN old.ended_at IS NULL AND new.ended_at IS NOT NULL AND (new.reserved IS NOT NULL OR new.cost IS NOT NULL)
BEGIN
    INSERT INTO held (run_id, quarter, job_id, settled, reserved, lost)
    VALUES (new.run_id, new.sent_at / 900000, new.job_id,
            iif(new.state = 'lost', 0, coalesce(new.cost, 0)),
            -coalesce(old.reserved, 0),
            iif(new.state = 'lost', coalesce(new.cost, new.reserved, 0), 0))
    ON CONFLICT (run_id, quarter) DO UPDATE SET
        settled = settled + excluded.settled, reserved = reserved + excluded.reserved, lost = lost + excluded.lost;
END;

-- Whether a run of the job ever counted with a price that a person gave, rather than with the list price.
ALTER TABLE jobs ADD COLUMN price_given INTEGER NOT NULL DEFAULT 0 CHECK (price_given IN (0, 1));

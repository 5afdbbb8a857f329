-- What seldom happens is found at once among a million runs: an end, a cause, an event that started
-- nothing.
DROP INDEX runs_not_succeeded;
CREATE INDEX runs_of_job_not_succeeded ON runs (job, run) WHERE outcome <> 'succeeded';
CREATE INDEX runs_of_outcome ON runs (outcome, run) WHERE outcome <> 'succeeded';
CREATE INDEX runs_of_cause ON runs (cause, run);
CREATE INDEX signals_idle ON signals (id) WHERE run IS NULL;
CREATE INDEX signals_idle_of_job ON signals (job, id) WHERE run IS NULL;

-- A job with half a million runs: what of them has another cause or end is found in the index alone.
DROP INDEX runs_of_job;
DROP INDEX runs_of_outcome;
DROP INDEX runs_of_job_not_succeeded;
CREATE INDEX runs_of_job ON runs (job, run, cause, outcome);
CREATE INDEX runs_of_outcome ON runs (outcome, run, cause) WHERE outcome <> 'succeeded';
CREATE INDEX runs_of_job_not_succeeded ON runs (job, run, outcome, cause)
  WHERE outcome <> 'succeeded';

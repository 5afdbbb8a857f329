-- How often a job has run by itself (max_runs), and its failures in a row (auto_pause).
ALTER TABLE job_state ADD COLUMN timed_runs INTEGER NOT NULL DEFAULT 0;
ALTER TABLE job_state ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;

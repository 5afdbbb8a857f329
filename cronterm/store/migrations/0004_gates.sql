-- What chains and gates remember. A hold and the runs that a run comes after are JSON; `result_n` and
-- `started_n` are numbers of events: they order the ends and starts of jobs that depend on each other,
-- whatever the clock says.
ALTER TABLE runs ADD COLUMN upstream_run INTEGER;
ALTER TABLE runs ADD COLUMN after TEXT;
ALTER TABLE runs ADD COLUMN hold TEXT;
ALTER TABLE job_state ADD COLUMN result_run INTEGER;
ALTER TABLE job_state ADD COLUMN result_outcome TEXT;
ALTER TABLE job_state ADD COLUMN result_at_us INTEGER;
ALTER TABLE job_state ADD COLUMN result_n INTEGER;
ALTER TABLE job_state ADD COLUMN started_n INTEGER NOT NULL DEFAULT 0;

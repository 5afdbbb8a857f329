-- One row: what the whole store knows. `n` numbers the last event, `next_run` the coming run.
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  store TEXT NOT NULL,
  n INTEGER NOT NULL,
  next_run INTEGER NOT NULL,
  boot_id TEXT NOT NULL,
  pause_by TEXT,
  pause_at_us INTEGER,
  pause_until_us INTEGER,
  pause_reason TEXT
);

-- Every job that ever was in the file; other tables name it by `key`, which keeps a million rows small.
CREATE TABLE job_state (
  key INTEGER PRIMARY KEY,
  job TEXT NOT NULL UNIQUE,
  present INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  schedule_hash TEXT NOT NULL,
  definition_hash TEXT NOT NULL,
  first_seen_us INTEGER NOT NULL,
  counts_from_us INTEGER NOT NULL,
  decided TEXT NOT NULL,          -- JSON: spans [from, to], `from` not included
  in_due_us INTEGER,              -- the instant of its @in
  in_fired INTEGER NOT NULL,
  last_end_us INTEGER,
  pause_by TEXT,
  pause_at_us INTEGER,
  pause_until_us INTEGER,
  pause_reason TEXT,
  kept_runs INTEGER NOT NULL,     -- ended runs in `runs`; the totals below leave out unstarted ones
  total_runs INTEGER NOT NULL,
  succeeded INTEGER NOT NULL,
  failed INTEGER NOT NULL,
  failed_in_a_row INTEGER NOT NULL,
  duration_sum_us INTEGER NOT NULL,
  durations INTEGER NOT NULL
);

CREATE TABLE definitions (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL REFERENCES job_state(key),
  hash TEXT NOT NULL,
  json BLOB NOT NULL,
  UNIQUE (job, hash)
);

-- `state` is null once the run has its outcome. Sums and the last attempt's values are kept here, so
-- that a list of runs reads one table.
CREATE TABLE runs (
  run INTEGER PRIMARY KEY,
  job INTEGER NOT NULL REFERENCES job_state(key),
  cause TEXT NOT NULL,
  due_at_us INTEGER,
  asked_by TEXT NOT NULL,
  scheduled_at_us INTEGER,
  queued_at_us INTEGER NOT NULL,
  ready_at_us INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  definition INTEGER REFERENCES definitions(id),
  state TEXT,
  started_at_us INTEGER,
  ended_at_us INTEGER,
  outcome TEXT,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  exit_code INTEGER,
  signal INTEGER,
  cpu_us INTEGER,
  max_rss_bytes INTEGER,
  output_bytes INTEGER NOT NULL
);
CREATE INDEX runs_of_job ON runs (job, run);
CREATE INDEX runs_by_time ON runs (queued_at_us);
CREATE INDEX runs_open ON runs (run) WHERE outcome IS NULL;
CREATE INDEX runs_not_succeeded ON runs (run) WHERE outcome <> 'succeeded';

CREATE TABLE attempts (
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  runner TEXT NOT NULL,
  claimed_at_us INTEGER NOT NULL,
  started_at_us INTEGER,
  pid INTEGER,
  ended_at_us INTEGER,
  exit_code INTEGER,
  signal INTEGER,
  start_error TEXT,
  stopped_for TEXT,
  lost TEXT,
  cpu_us INTEGER,
  max_rss_bytes INTEGER,
  output_bytes INTEGER,
  left_processes INTEGER,
  survivors TEXT,                 -- pids, separated by spaces
  PRIMARY KEY (run, attempt)
) WITHOUT ROWID;

CREATE TABLE outputs (
  run INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  packed INTEGER NOT NULL,        -- 1: zlib
  output BLOB NOT NULL,
  UNIQUE (run, attempt)
);

-- The promise: an instant of a job is decided once. A point (`is_range` 0) is the only row that may
-- have a run; a range stands for consecutive instants that started nothing, and one of them may still
-- get its point when it is caught up later. `outcome` is null while `run` is in `runs`.
CREATE TABLE decisions (
  job INTEGER NOT NULL,
  due_at_us INTEGER NOT NULL,
  is_range INTEGER NOT NULL,
  until_us INTEGER,
  count INTEGER NOT NULL,
  decided_at_us INTEGER NOT NULL,
  run INTEGER,
  cause TEXT NOT NULL,
  outcome TEXT,
  reason TEXT,
  message TEXT,
  schedule_hash TEXT,
  PRIMARY KEY (job, due_at_us, is_range)
) WITHOUT ROWID;
CREATE INDEX decisions_settled ON decisions (job, due_at_us, run) WHERE outcome IS NOT NULL;
CREATE INDEX decisions_by_time ON decisions (decided_at_us) WHERE outcome IS NOT NULL;

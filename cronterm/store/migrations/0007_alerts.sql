-- What is worth telling; `closed_at_us` is null while it goes on. `job` is empty for what cronterm
-- itself missed.
CREATE TABLE alerts (
  alert INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  job TEXT NOT NULL,
  message TEXT NOT NULL,
  count INTEGER NOT NULL,
  run INTEGER,
  due_at_us INTEGER,
  outcome TEXT,
  reason TEXT NOT NULL,
  opened_at_us INTEGER NOT NULL,
  last_at_us INTEGER NOT NULL,
  acknowledged_by TEXT NOT NULL,
  acknowledged_at_us INTEGER,
  comments TEXT NOT NULL,         -- JSON: [[by, at_us, text], ...]
  closed_at_us INTEGER,
  closed_for TEXT NOT NULL
);
CREATE INDEX alerts_open ON alerts (alert) WHERE closed_at_us IS NULL;

CREATE TABLE mutes (
  job TEXT PRIMARY KEY,
  muted_by TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL
);

-- The newest successes of a job as JSON, [[duration_us, output_bytes], ...]: what is usual.
CREATE TABLE usual (
  job INTEGER PRIMARY KEY REFERENCES job_state(key),
  successes TEXT NOT NULL
);

ALTER TABLE runs ADD COLUMN rid TEXT NOT NULL DEFAULT '';
-- Who ran or ignored a missed instant: it is not in the inbox any more.
ALTER TABLE decisions ADD COLUMN settled_by TEXT;
CREATE INDEX decisions_missed ON decisions (job, due_at_us)
  WHERE outcome = 'missed' AND reason NOT IN ('coalesced', 'no_ping') AND settled_by IS NULL;

-- What was decided about each event that a trigger saw: one started `run`, or equal ones in a row
-- (at_us to until_us) started nothing for the same reason. `signal` is JSON while its run is open.
CREATE TABLE signals (
  id INTEGER PRIMARY KEY,
  job INTEGER NOT NULL REFERENCES job_state(key),
  at_us INTEGER NOT NULL,
  until_us INTEGER NOT NULL,
  count INTEGER NOT NULL,
  trigger TEXT NOT NULL,
  text TEXT NOT NULL,
  run INTEGER,
  signal BLOB,
  outcome TEXT,
  reason TEXT NOT NULL,
  message TEXT NOT NULL
);
CREATE INDEX signals_of_job ON signals (job, id);
CREATE INDEX signals_of_run ON signals (run) WHERE run IS NOT NULL;

-- Triggers that started too many runs in a short time and start none now.
CREATE TABLE suspensions (
  job INTEGER NOT NULL,
  trigger TEXT NOT NULL,
  at_us INTEGER NOT NULL,
  PRIMARY KEY (job, trigger)
) WITHOUT ROWID;

-- Over all time, whatever history is kept: runs by the kind of their cause (scheduled, signal, ...),
-- changes of files by their kind (created, modified, deleted, moved).
CREATE TABLE counts (
  job INTEGER NOT NULL,
  what TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (job, what)
) WITHOUT ROWID;

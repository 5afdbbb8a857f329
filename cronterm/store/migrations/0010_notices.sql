-- What was told to whom, and what is still to be told: `state` is waiting, sent, given_up or dropped.
CREATE TABLE notices (
  notice INTEGER PRIMARY KEY,
  notifier TEXT NOT NULL,
  event TEXT NOT NULL,
  job TEXT NOT NULL,
  alert INTEGER,
  ready_at_us INTEGER NOT NULL,
  content TEXT NOT NULL,          -- JSON: the whole notice
  state TEXT NOT NULL,
  tries INTEGER NOT NULL DEFAULT 0,
  error TEXT NOT NULL DEFAULT '',
  queued_at_us INTEGER NOT NULL,
  done_at_us INTEGER
);
CREATE INDEX notices_waiting ON notices (notice) WHERE state = 'waiting';
CREATE INDEX notices_alert ON notices (alert) WHERE alert IS NOT NULL;

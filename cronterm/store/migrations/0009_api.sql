-- Monitors that were defined over the API, as JSON.
CREATE TABLE monitors (
  job TEXT PRIMARY KEY,
  json TEXT NOT NULL
);

-- What is known of who reported a run: a JSON object, or empty.
ALTER TABLE runs ADD COLUMN client TEXT NOT NULL DEFAULT '';

-- Every call over TCP; equal ones of an hour are one row. Those without a good token have no `what`.
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  hour_us INTEGER NOT NULL,
  peer TEXT NOT NULL,
  who TEXT NOT NULL,
  method TEXT NOT NULL,
  what TEXT NOT NULL,
  status INTEGER NOT NULL,
  first_at_us INTEGER NOT NULL,
  last_at_us INTEGER NOT NULL,
  count INTEGER NOT NULL,
  UNIQUE (hour_us, peer, who, method, what, status)
);

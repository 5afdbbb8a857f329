-- What was chosen for a run by hand: a JSON object, null where nothing was.
ALTER TABLE runs ADD COLUMN params TEXT;

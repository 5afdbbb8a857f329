-- What the rules of `success` need to be judged again after a restart.
ALTER TABLE attempts ADD COLUMN duration_us INTEGER;
ALTER TABLE attempts ADD COLUMN broken_rule TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN broken_by TEXT NOT NULL DEFAULT '';

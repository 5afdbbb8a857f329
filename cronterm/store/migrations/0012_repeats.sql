-- What a run by hand repeats, and what of its definition was changed for it alone (JSON).
ALTER TABLE runs ADD COLUMN repeat TEXT;

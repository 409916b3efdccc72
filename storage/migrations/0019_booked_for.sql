-- For which day a visit was booked (`2026-12-01`), and whose rows are whose.

ALTER TABLE callback ADD COLUMN booked_for TEXT CHECK (booked_for GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]');
CREATE INDEX callback_owner ON callback (owner, id) WHERE state = 'claimed';

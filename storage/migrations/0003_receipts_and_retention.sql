-- The one receipt of a conversation, and what is forgotten in time.

CREATE INDEX callback_last_reply ON callback (last_reply_at) WHERE last_reply_at IS NOT NULL;
CREATE INDEX callback_opened ON callback (opened_at);

CREATE VIEW untouched AS                        -- rows that no person has dealt with yet
SELECT * FROM callback c
WHERE c.state <> 'closed' AND c.reached_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM audit a WHERE a.callback_id = c.id AND a.who <> 'textback');

CREATE TABLE frozen_figure (                    -- counts of days whose rows have been deleted
    day  TEXT NOT NULL CHECK (day GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),   -- in the office's zone
    name TEXT NOT NULL,
    n    INTEGER NOT NULL CHECK (n >= 0),
    PRIMARY KEY (day, name)
) STRICT, WITHOUT ROWID;

-- What a message is for never changes; a customer who asked to be forgotten becomes a pseudonym in it (+888 and a
-- keyed hash, of which no number can be made again).
DROP TRIGGER message_keeps_its_place;
CREATE TRIGGER message_keeps_its_place BEFORE UPDATE OF kind, slot, cool_until, created_at, opt_out_id ON message
BEGIN SELECT RAISE(ABORT, 'what a message is for never changes'); END;
CREATE TRIGGER message_keeps_its_number BEFORE UPDATE OF number ON message WHEN NEW.number NOT GLOB '+888*'
BEGIN SELECT RAISE(ABORT, 'a message goes to whom it was written'); END;

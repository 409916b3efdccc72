-- A text from a staff mobile proves nothing, since senders can be spoofed: it does something only with the four digits of
-- what that person was told of.

CREATE TABLE staff_code (                       -- by which digits a person names a row in a text
    id          INTEGER PRIMARY KEY,
    person      TEXT NOT NULL,
    callback_id INTEGER NOT NULL REFERENCES callback (id) ON DELETE CASCADE,
    digits      TEXT NOT NULL CHECK (digits GLOB '[0-9][0-9][0-9][0-9]'),
    at          INTEGER NOT NULL,
    UNIQUE (person, callback_id),
    UNIQUE (person, digits)
) STRICT;

CREATE TABLE wrong_digits (                     -- digits that the person whose number sent them was never told
    id     INTEGER PRIMARY KEY,
    person TEXT NOT NULL,
    at     INTEGER NOT NULL
) STRICT;
CREATE INDEX wrong_digits_person ON wrong_digits (person, at);

-- Alerts from before this can still be taken by `1`.
ALTER TABLE alert ADD COLUMN without_digits INTEGER NOT NULL DEFAULT 0 CHECK (without_digits IN (0, 1));
UPDATE alert SET without_digits = 1;

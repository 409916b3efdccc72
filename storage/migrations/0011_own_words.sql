-- Which of a text's words are not its sender's (quotes, reactions, machines): JSON pairs of first and last character.
-- reaction: an emoji, perhaps behind "removed ". machine: no person wrote it.

ALTER TABLE reply ADD COLUMN unread TEXT NOT NULL DEFAULT '[]' CHECK (json_type(unread) = 'array');
ALTER TABLE reply ADD COLUMN reaction TEXT NOT NULL DEFAULT '';
ALTER TABLE reply ADD COLUMN machine INTEGER NOT NULL DEFAULT 0 CHECK (machine IN (0, 1));

-- What stands in an e-mail below its subject, where that is more than the subject.

ALTER TABLE email ADD COLUMN body TEXT NOT NULL DEFAULT '';

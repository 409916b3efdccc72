-- Dated changes of the weekly on-call pattern and of the automatic texts. The audit learns two more subjects, and is
-- made anew for them as in 0004.

PRAGMA legacy_alter_table = ON;
CREATE TABLE audit_next (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    who         TEXT NOT NULL,                  -- a person's name, or 'textback'
    what        TEXT NOT NULL,                  -- 'callback.claim'
    subject     TEXT NOT NULL
                CHECK (subject IN ('call', 'callback', 'part', 'reply', 'opt_out', 'contact', 'landline', 'setting',
                                   'escalation', 'duty', 'email', 'user', 'hours', 'pattern', 'words')),
    subject_id  INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    callback_id INTEGER,                        -- the row of the page on which it shows
    detail      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
    UNIQUE (subject, subject_id, version)
) STRICT;
INSERT INTO audit_next SELECT id, at, who, what, subject, subject_id, version, callback_id, detail FROM audit ORDER BY id;
DROP TABLE audit;
ALTER TABLE audit_next RENAME TO audit;
PRAGMA legacy_alter_table = OFF;
CREATE INDEX audit_callback ON audit (callback_id, id);
CREATE TRIGGER audit_is_never_rewritten
BEFORE UPDATE OF at, who, what, subject, subject_id, version ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never rewritten'); END;

CREATE TABLE pattern_change (                   -- who is on call in which week, whatever the file says
    id        INTEGER PRIMARY KEY,
    shifts    TEXT NOT NULL CHECK (json_valid(shifts)),
    branch    TEXT,                             -- NULL: every branch
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL CHECK (ends_at > starts_at),
    by        TEXT NOT NULL,
    taken_back_at INTEGER,
    version   INTEGER NOT NULL,
    subject   TEXT NOT NULL GENERATED ALWAYS AS ('pattern') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX pattern_change_in_force ON pattern_change (ends_at) WHERE taken_back_at IS NULL;
CREATE TRIGGER pattern_change_version BEFORE UPDATE ON pattern_change WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of the weekly pattern has its own version'); END;

CREATE TABLE words_change (                     -- an automatic text in other words than the file's
    id        INTEGER PRIMARY KEY,
    template  TEXT NOT NULL,
    language  TEXT NOT NULL,
    words     TEXT NOT NULL CHECK (words <> ''),
    branch    TEXT,                             -- NULL: every branch
    line      TEXT,                             -- NULL: every line
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL CHECK (ends_at > starts_at),
    by        TEXT NOT NULL,
    taken_back_at INTEGER,
    version   INTEGER NOT NULL,
    subject   TEXT NOT NULL GENERATED ALWAYS AS ('words') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX words_change_in_force ON words_change (ends_at) WHERE taken_back_at IS NULL;
CREATE TRIGGER words_change_version BEFORE UPDATE ON words_change WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a text has its own version'); END;

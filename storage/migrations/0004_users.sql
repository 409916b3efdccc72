-- Who may use the page. The audit learns one more subject, and is made anew for it as in 0002; without the legacy switch
-- SQLite would not rename it under the view that reads it (https://sqlite.org/lang_altertable.html).

PRAGMA legacy_alter_table = ON;
CREATE TABLE audit_next (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    who         TEXT NOT NULL,                  -- a person's name, or 'textback'
    what        TEXT NOT NULL,                  -- 'callback.claim'
    subject     TEXT NOT NULL
                CHECK (subject IN ('call', 'callback', 'part', 'reply', 'opt_out', 'contact', 'landline', 'setting',
                                   'escalation', 'duty', 'email', 'user')),
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

CREATE TABLE user (                             -- never deleted: the history names them
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE COLLATE NOCASE,
    role     TEXT NOT NULL CHECK (role IN ('staff', 'lead', 'admin')),
    password TEXT NOT NULL CHECK (password GLOB '$argon2id$*'),
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    version  INTEGER NOT NULL,
    subject  TEXT NOT NULL GENERATED ALWAYS AS ('user') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TRIGGER user_version BEFORE UPDATE ON user WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a user has its own version'); END;

CREATE TABLE session (                          -- a browser in which somebody is signed in
    digest   BLOB PRIMARY KEY,                  -- of what the browser holds, which is never stored
    user_id  INTEGER NOT NULL REFERENCES user (id),
    began_at INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_user ON session (user_id);

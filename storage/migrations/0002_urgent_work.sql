-- Urgent work on its way to a named person, and who is on call. The audit learns three more subjects; SQLite cannot
-- change a CHECK, so the table is made anew (https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Changes").

CREATE TABLE audit_next (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    who         TEXT NOT NULL,                  -- a person's name, or 'textback'
    what        TEXT NOT NULL,                  -- 'callback.claim'
    subject     TEXT NOT NULL
                CHECK (subject IN ('call', 'callback', 'part', 'reply', 'opt_out', 'contact', 'landline', 'setting',
                                   'escalation', 'duty', 'email')),
    subject_id  INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    callback_id INTEGER,                        -- the row of the page on which it shows
    detail      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
    UNIQUE (subject, subject_id, version)
) STRICT;
INSERT INTO audit_next SELECT id, at, who, what, subject, subject_id, version, callback_id, detail FROM audit ORDER BY id;
DROP TABLE audit;
ALTER TABLE audit_next RENAME TO audit;
CREATE INDEX audit_callback ON audit (callback_id, id);
CREATE TRIGGER audit_is_never_rewritten
BEFORE UPDATE OF at, who, what, subject, subject_id, version ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never rewritten'); END;

CREATE TABLE reader (                           -- how far somebody who follows the audit has come
    name     TEXT PRIMARY KEY,
    audit_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO reader (name, audit_id) SELECT 'escalation', ifnull(max(id), 0) FROM audit;

CREATE TABLE escalation (
    id          INTEGER PRIMARY KEY,
    callback_id INTEGER NOT NULL REFERENCES callback (id) ON DELETE CASCADE,
    cause       TEXT NOT NULL CHECK (cause IN ('hazard', 'urgent', 'voicemail', 'untextable', 'repeated')),
    why         TEXT NOT NULL CHECK (json_valid(why)),      -- the categories that made it urgent, as a list
    stage       TEXT NOT NULL CHECK (stage IN ('alerting', 'unseen', 'acknowledged', 'reminded', 'over')),
    raised_at   INTEGER NOT NULL,
    set_at      INTEGER NOT NULL,               -- when due_at was set
    due_at      INTEGER,                        -- the next step
    holder      TEXT,
    held_at     INTEGER,
    version     INTEGER NOT NULL,
    subject     TEXT NOT NULL GENERATED ALWAYS AS ('escalation') VIRTUAL,
    CHECK (stage <> 'over' OR due_at IS NULL),
    CHECK (stage NOT IN ('acknowledged', 'reminded') OR holder IS NOT NULL),
    CHECK (stage NOT IN ('alerting', 'unseen') OR holder IS NULL),
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE UNIQUE INDEX escalation_one_live ON escalation (callback_id) WHERE stage <> 'over';
CREATE INDEX escalation_due ON escalation (due_at) WHERE due_at IS NOT NULL;
CREATE TRIGGER escalation_version BEFORE UPDATE ON escalation WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of an escalation has its own version'); END;

CREATE TABLE alert (                            -- who was told of an escalation, and by which text
    id            INTEGER PRIMARY KEY,
    escalation_id INTEGER NOT NULL REFERENCES escalation (id) ON DELETE CASCADE,
    person        TEXT NOT NULL,
    at            INTEGER NOT NULL,
    message_id    INTEGER REFERENCES message (id) ON DELETE SET NULL,   -- NULL: by e-mail only, or `gathered`
    gathered      INTEGER NOT NULL DEFAULT 0 CHECK (gathered IN (0, 1))  -- waits for the next alert about all of them
) STRICT;
CREATE INDEX alert_escalation ON alert (escalation_id, id);
CREATE INDEX alert_person ON alert (person, at);
CREATE INDEX alert_message ON alert (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX alert_gathered ON alert (person) WHERE gathered = 1;

CREATE TABLE duty (                             -- dated changes of who is on call
    id        INTEGER PRIMARY KEY,
    person    TEXT NOT NULL,
    change    TEXT NOT NULL CHECK (change IN ('takes', 'away')),
    branch    TEXT,                             -- NULL: every branch
    starts_at INTEGER NOT NULL,
    ends_at   INTEGER NOT NULL CHECK (ends_at > starts_at),
    by        TEXT NOT NULL,
    taken_back_at INTEGER,
    version   INTEGER NOT NULL,
    subject   TEXT NOT NULL GENERATED ALWAYS AS ('duty') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX duty_in_force ON duty (ends_at) WHERE taken_back_at IS NULL;
CREATE TRIGGER duty_version BEFORE UPDATE ON duty WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a duty has its own version'); END;

CREATE TABLE email (                            -- beside a text to staff; may arrive twice, which a text to a customer may not
    id         INTEGER PRIMARY KEY,
    address    TEXT NOT NULL,
    text       TEXT NOT NULL,
    state      TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'failed')),
    created_at INTEGER NOT NULL,
    due_at     INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    error      TEXT NOT NULL DEFAULT '',
    callback_id INTEGER REFERENCES callback (id) ON DELETE CASCADE,
    version    INTEGER NOT NULL,
    subject    TEXT NOT NULL GENERATED ALWAYS AS ('email') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX email_due ON email (due_at, id) WHERE state = 'queued';
CREATE TRIGGER email_version BEFORE UPDATE ON email WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of an e-mail has its own version'); END;

-- Every missed call that is nobody's callback says why: three more reasons. And what the carrier vouches for (STIR/SHAKEN).
-- SQLite cannot change a CHECK, so `call` is made anew (https://sqlite.org/lang_altertable.html).

CREATE TABLE call_next (
    id             INTEGER PRIMARY KEY,
    pbx            TEXT NOT NULL,
    uniqueid       TEXT NOT NULL,
    started_at     INTEGER,
    direction      TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    linkedid       TEXT NOT NULL,
    channel        TEXT NOT NULL,
    number         TEXT CHECK (number GLOB '+[0-9]*'),      -- the other party
    digits         TEXT NOT NULL,                           -- what was shown where that is no number
    name           TEXT NOT NULL,
    withheld       INTEGER NOT NULL CHECK (withheld IN (0, 1)),
    did            TEXT NOT NULL,
    line           TEXT NOT NULL,
    branch         TEXT NOT NULL,
    verdict        TEXT NOT NULL CHECK (verdict IN ('answered', 'missed', 'answered_then_lost', 'short', 'unknown')),
    reason         TEXT CHECK (reason IN ('no_answer', 'busy', 'unreachable', 'abandoned_ringing', 'abandoned_menu',
                                          'abandoned_queue', 'voicemail', 'not_offered', 'machine')),
    ended_at       INTEGER NOT NULL,
    answered_at    INTEGER,
    answered_by    TEXT,
    rang           INTEGER,                                 -- milliseconds
    talked         INTEGER NOT NULL,                        -- milliseconds
    voicemail_left INTEGER NOT NULL CHECK (voicemail_left IN (0, 1)),
    closed         INTEGER NOT NULL CHECK (closed IN (0, 1)),           -- after hours
    late           INTEGER NOT NULL DEFAULT 0 CHECK (late IN (0, 1)),   -- found again after a gap
    attempt_id     TEXT,
    text_why       TEXT NOT NULL,                           -- 'send', or why there is no text
    filtered       TEXT CHECK (filtered IN ('staff', 'blocked', 'machine', 'refused', 'service', 'sister_office')),
    callback_id    INTEGER REFERENCES callback (id),
    version        INTEGER NOT NULL,
    subject        TEXT NOT NULL GENERATED ALWAYS AS ('call') VIRTUAL,
    mailbox        TEXT CHECK (mailbox NOT GLOB '*[^-A-Za-z0-9_.@]*' AND mailbox GLOB '?*@?*'),
    at_voicemail   INTEGER,                                 -- milliseconds
    attestation    TEXT CHECK (attestation IN ('full', 'partial', 'gateway', 'passed', 'failed')),
    CONSTRAINT every_missed_call_has_one_callback CHECK (
        direction = 'outbound' OR verdict NOT IN ('missed', 'answered_then_lost')
        OR (callback_id IS NULL) <> (filtered IS NULL)),
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
INSERT INTO call_next (id, pbx, uniqueid, started_at, direction, linkedid, channel, number, digits, name, withheld, did,
                       line, branch, verdict, reason, ended_at, answered_at, answered_by, rang, talked, voicemail_left,
                       closed, late, attempt_id, text_why, filtered, callback_id, version, mailbox, at_voicemail)
SELECT id, pbx, uniqueid, started_at, direction, linkedid, channel, number, digits, name, withheld, did,
       line, branch, verdict, reason, ended_at, answered_at, answered_by, rang, talked, voicemail_left,
       closed, late, attempt_id, text_why, filtered, callback_id, version, mailbox, at_voicemail
FROM call ORDER BY id;
DROP TABLE call;
ALTER TABLE call_next RENAME TO call;
CREATE UNIQUE INDEX call_key ON call (pbx, uniqueid, ifnull(started_at, 0));
CREATE INDEX call_number ON call (number, ended_at);
CREATE INDEX call_digits ON call (digits, ended_at) WHERE number IS NULL;
CREATE INDEX call_callback ON call (callback_id, id);
CREATE INDEX call_ended ON call (ended_at, id);
CREATE INDEX call_deferred ON call (number) WHERE text_why = 'in_call';
CREATE TRIGGER call_version BEFORE UPDATE ON call WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a call has its own version'); END;
CREATE INDEX call_held ON call (id) WHERE text_why = 'held';

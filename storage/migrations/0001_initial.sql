-- Times are UTC milliseconds. Numbers are E.164 with the plus. Booleans are 0 and 1.
--
-- Whatever has a `version` changes only together with an audit row of the same version: the deferred foreign key
-- refuses a commit without one, the unique key refuses a second one.

CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    who         TEXT NOT NULL,                  -- a person's name, or 'textback'
    what        TEXT NOT NULL,                  -- 'callback.claim'
    subject     TEXT NOT NULL
                CHECK (subject IN ('call', 'callback', 'part', 'reply', 'opt_out', 'contact', 'landline', 'setting')),
    subject_id  INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    callback_id INTEGER,                        -- the row of the page on which it shows
    detail      TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(detail)),
    UNIQUE (subject, subject_id, version)
) STRICT;
CREATE INDEX audit_callback ON audit (callback_id, id);

CREATE TRIGGER audit_is_never_rewritten
BEFORE UPDATE OF at, who, what, subject, subject_id, version ON audit
BEGIN SELECT RAISE(ABORT, 'the audit is never rewritten'); END;

CREATE TABLE setting (
    id      INTEGER PRIMARY KEY,
    key     TEXT NOT NULL UNIQUE,
    value   TEXT NOT NULL,
    version INTEGER NOT NULL,
    subject TEXT NOT NULL GENERATED ALWAYS AS ('setting') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TRIGGER setting_version BEFORE UPDATE ON setting WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a setting has its own version'); END;

CREATE TABLE contact (
    id      INTEGER PRIMARY KEY,
    number  TEXT NOT NULL UNIQUE CHECK (number GLOB '+[0-9]*'),
    name    TEXT NOT NULL DEFAULT '',
    kind    TEXT NOT NULL CHECK (kind IN ('customer', 'staff', 'supplier', 'other', 'blocked', 'shared')),
    version INTEGER NOT NULL,
    subject TEXT NOT NULL GENERATED ALWAYS AS ('contact') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TRIGGER contact_version BEFORE UPDATE ON contact WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a contact has its own version'); END;

CREATE TABLE landline (                         -- numbers that took no text, for ever
    id       INTEGER PRIMARY KEY,
    number   TEXT NOT NULL CHECK (number GLOB '+[0-9]*'),
    since    INTEGER NOT NULL,
    why      TEXT NOT NULL,
    ended_at INTEGER,                           -- it texted us after all
    version  INTEGER NOT NULL,
    subject  TEXT NOT NULL GENERATED ALWAYS AS ('landline') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE UNIQUE INDEX landline_in_force ON landline (number) WHERE ended_at IS NULL;
CREATE TRIGGER landline_version BEFORE UPDATE ON landline WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a landline has its own version'); END;

CREATE TABLE callback (
    id              INTEGER PRIMARY KEY,
    branch          TEXT NOT NULL,
    number          TEXT CHECK (number GLOB '+[0-9]*'),     -- NULL: the branch's "Number withheld"
    name            TEXT NOT NULL DEFAULT '',
    line            TEXT NOT NULL,                          -- the line rung last
    shared          INTEGER NOT NULL DEFAULT 0 CHECK (shared IN (0, 1)),
    state           TEXT NOT NULL CHECK (state IN ('open', 'claimed', 'waiting', 'closed')),
    owner           TEXT,
    until           INTEGER,
    urgency         TEXT NOT NULL DEFAULT 'routine' CHECK (urgency IN ('urgent', 'check', 'routine')),
    urgency_by      TEXT,
    rank            INTEGER NOT NULL
                    GENERATED ALWAYS AS (CASE urgency WHEN 'urgent' THEN 0 WHEN 'check' THEN 1 ELSE 2 END) VIRTUAL,
    flagged_at      INTEGER,
    acknowledged_at INTEGER,
    acknowledged_by TEXT,
    opened_at       INTEGER NOT NULL,
    missed          INTEGER NOT NULL DEFAULT 0,
    last_missed_at  INTEGER,
    unread          INTEGER NOT NULL DEFAULT 0 CHECK (unread IN (0, 1)),
    last_reply_at   INTEGER,
    address         TEXT,
    issue           TEXT,
    reached_at      INTEGER,
    reached_by      TEXT,
    closed_at       INTEGER,
    closed_by       TEXT,
    outcome         TEXT CHECK (outcome IN ('reached', 'booked', 'no_need', 'lost', 'wrong_number', 'spam')),
    version         INTEGER NOT NULL,
    subject         TEXT NOT NULL GENERATED ALWAYS AS ('callback') VIRTUAL,
    CHECK (state <> 'open' OR owner IS NULL),
    CHECK (state <> 'claimed' OR owner IS NOT NULL),
    CHECK ((state = 'waiting') = (until IS NOT NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL)),
    CHECK (outcome IS NULL OR state = 'closed'),
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE UNIQUE INDEX callback_one_open ON callback (branch, ifnull(number, '')) WHERE state <> 'closed' AND shared = 0;
CREATE INDEX callback_number ON callback (number, id);
CREATE INDEX callback_to_call ON callback (rank, opened_at, id) WHERE state IN ('open', 'claimed');
CREATE INDEX callback_waiting ON callback (until, id) WHERE state = 'waiting';
CREATE INDEX callback_closed ON callback (closed_at, id) WHERE state = 'closed';
CREATE TRIGGER callback_version BEFORE UPDATE ON callback WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a callback has its own version'); END;

CREATE TABLE call (
    id             INTEGER PRIMARY KEY,
    pbx            TEXT NOT NULL,
    uniqueid       TEXT NOT NULL,
    started_at     INTEGER,
    direction      TEXT NOT NULL CHECK (direction IN ('inbound', 'outbound')),
    linkedid       TEXT NOT NULL,
    channel        TEXT NOT NULL,
    number         TEXT CHECK (number GLOB '+[0-9]*'),      -- the other party
    digits         TEXT NOT NULL,
    name           TEXT NOT NULL,
    withheld       INTEGER NOT NULL CHECK (withheld IN (0, 1)),
    did            TEXT NOT NULL,
    line           TEXT NOT NULL,
    branch         TEXT NOT NULL,
    verdict        TEXT NOT NULL CHECK (verdict IN ('answered', 'missed', 'answered_then_lost', 'short', 'unknown')),
    reason         TEXT CHECK (reason IN ('no_answer', 'busy', 'unreachable', 'abandoned_ringing', 'abandoned_menu',
                                          'abandoned_queue', 'voicemail', 'not_offered')),
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
    filtered       TEXT CHECK (filtered IN ('staff', 'blocked')),
    callback_id    INTEGER REFERENCES callback (id),
    version        INTEGER NOT NULL,
    subject        TEXT NOT NULL GENERATED ALWAYS AS ('call') VIRTUAL,
    CONSTRAINT every_missed_call_has_one_callback CHECK (
        direction = 'outbound' OR verdict NOT IN ('missed', 'answered_then_lost')
        OR (callback_id IS NULL) <> (filtered IS NULL)),
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE UNIQUE INDEX call_key ON call (pbx, uniqueid, ifnull(started_at, 0));
CREATE INDEX call_number ON call (number, ended_at);
CREATE INDEX call_callback ON call (callback_id, id);
CREATE INDEX call_ended ON call (ended_at, id);
CREATE INDEX call_deferred ON call (number) WHERE text_why = 'in_call';
CREATE TRIGGER call_version BEFORE UPDATE ON call WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a call has its own version'); END;

CREATE TABLE attempt (
    id          INTEGER PRIMARY KEY,
    callback_id INTEGER NOT NULL REFERENCES callback (id),
    at          INTEGER NOT NULL,
    who         TEXT NOT NULL,
    result      TEXT NOT NULL CHECK (result IN ('called', 'rang_out', 'left_message', 'no_answer')),
    seconds     INTEGER,
    call_id     INTEGER REFERENCES call (id),
    UNIQUE (callback_id, call_id)
) STRICT;
CREATE INDEX attempt_callback ON attempt (callback_id, id);

CREATE TABLE note (
    id          INTEGER PRIMARY KEY,
    callback_id INTEGER NOT NULL REFERENCES callback (id),
    at          INTEGER NOT NULL,
    who         TEXT NOT NULL,
    text        TEXT NOT NULL
) STRICT;
CREATE INDEX note_callback ON note (callback_id, id);

CREATE TABLE reply (                            -- a text as people read it: parts joined
    id          INTEGER PRIMARY KEY,
    gateway     TEXT NOT NULL,
    source      TEXT NOT NULL,                  -- as the gateway wrote it
    number      TEXT CHECK (number GLOB '+[0-9]*'),
    destination TEXT NOT NULL,
    role        TEXT NOT NULL CHECK (role IN ('customer', 'staff', 'blocked', 'nobody')),
    word        TEXT NOT NULL CHECK (word IN ('none', 'stop', 'start', 'help', 'wrong_number')),
    text        TEXT NOT NULL,
    partial     INTEGER NOT NULL DEFAULT 0 CHECK (partial IN (0, 1)),
    received_at INTEGER NOT NULL,
    callback_id INTEGER REFERENCES callback (id),
    version     INTEGER NOT NULL,
    subject     TEXT NOT NULL GENERATED ALWAYS AS ('reply') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX reply_number ON reply (number, received_at);
CREATE INDEX reply_callback ON reply (callback_id, id);
CREATE TRIGGER reply_version BEFORE UPDATE ON reply WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a reply has its own version'); END;

CREATE TABLE inbound (                          -- what the gateway delivered, byte for byte, once however often it came
    id          INTEGER PRIMARY KEY,
    gateway     TEXT NOT NULL,
    kind        TEXT NOT NULL CHECK (kind IN ('text', 'part', 'receipt', 'poison')),
    digest      BLOB NOT NULL,
    source      TEXT NOT NULL DEFAULT '',
    destination TEXT NOT NULL DEFAULT '',
    text        BLOB,                           -- UTF-8; a part may hold half a surrogate pair
    reference   INTEGER,
    total       INTEGER,
    sequence    INTEGER,
    raw         BLOB NOT NULL,
    error       TEXT,
    times       INTEGER NOT NULL DEFAULT 1,
    received_at INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    reply_id    INTEGER REFERENCES reply (id),
    CHECK ((kind = 'part') = (reference IS NOT NULL AND total IS NOT NULL AND sequence IS NOT NULL))
) STRICT;
CREATE INDEX inbound_digest ON inbound (digest, last_at);
CREATE INDEX inbound_part ON inbound (source, reference, received_at) WHERE kind = 'part';
CREATE INDEX inbound_waiting ON inbound (received_at) WHERE kind = 'part' AND reply_id IS NULL;

CREATE TABLE opt_out (
    id       INTEGER PRIMARY KEY,
    number   TEXT NOT NULL CHECK (number GLOB '+[0-9]*'),
    why      TEXT NOT NULL CHECK (why IN ('stop', 'wrong_number', 'by_hand')),
    reply_id INTEGER REFERENCES reply (id),
    at       INTEGER NOT NULL,
    ended_at INTEGER,
    version  INTEGER NOT NULL,
    subject  TEXT NOT NULL GENERATED ALWAYS AS ('opt_out') VIRTUAL,
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE UNIQUE INDEX opt_out_in_force ON opt_out (number) WHERE ended_at IS NULL;
CREATE TRIGGER opt_out_version BEFORE UPDATE ON opt_out WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of an opt-out has its own version'); END;

CREATE TABLE message (
    id          INTEGER PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('first', 'receipt', 'opt_out_confirmation', 'opt_in_confirmation', 'help',
                                              'by_hand', 'staff', 'test')),
    number      TEXT NOT NULL CHECK (number GLOB '+[0-9]*'),
    source      TEXT NOT NULL,
    branch      TEXT NOT NULL,
    text        TEXT NOT NULL,
    template    TEXT NOT NULL,
    written_by  TEXT NOT NULL,                  -- a person's name, or 'textback'
    urgent      INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1)),
    slot        TEXT NOT NULL DEFAULT '' CHECK (slot IN ('', 'open', 'closed')),
    cool_until  INTEGER,                        -- no other text of this kind and slot to this number before
    created_at  INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,               -- worth nothing after
    call_id     INTEGER REFERENCES call (id),
    callback_id INTEGER REFERENCES callback (id),
    reply_id    INTEGER REFERENCES reply (id),  -- what it answers
    opt_out_id  INTEGER REFERENCES opt_out (id),
    CHECK ((kind = 'opt_out_confirmation') = (opt_out_id IS NOT NULL)),
    CHECK (kind <> 'first' OR (cool_until > created_at AND slot <> '')),
    CHECK (kind <> 'help' OR cool_until > created_at)
) STRICT;
CREATE UNIQUE INDEX message_one_confirmation ON message (opt_out_id) WHERE opt_out_id IS NOT NULL;
CREATE UNIQUE INDEX message_one_first_per_call ON message (call_id) WHERE kind = 'first';
CREATE UNIQUE INDEX message_one_receipt ON message (callback_id) WHERE kind = 'receipt';
CREATE INDEX message_number ON message (number, created_at);
CREATE INDEX message_callback ON message (callback_id, id);
CREATE INDEX message_kind ON message (kind, created_at);

CREATE TABLE message_part (
    id           INTEGER PRIMARY KEY,
    message_id   INTEGER NOT NULL REFERENCES message (id),
    sequence     INTEGER NOT NULL,
    total        INTEGER NOT NULL CHECK (sequence BETWEEN 1 AND total),
    reference    INTEGER,
    encoding     TEXT NOT NULL CHECK (encoding IN ('gsm7', 'ucs2')),
    text         TEXT NOT NULL,
    state        TEXT NOT NULL
                 CHECK (state IN ('queued', 'sending', 'submitted', 'delivered', 'failed', 'unknown', 'cancelled')),
    due_at       INTEGER NOT NULL,
    attempts     INTEGER NOT NULL DEFAULT 0,
    gateway      TEXT NOT NULL DEFAULT '',
    gateway_id   TEXT NOT NULL DEFAULT '',
    sent_at      INTEGER,                       -- handed to the gateway
    ended_at     INTEGER,                       -- delivered, failed or cancelled
    why          TEXT NOT NULL DEFAULT '',
    version      INTEGER NOT NULL,
    subject      TEXT NOT NULL GENERATED ALWAYS AS ('part') VIRTUAL,
    UNIQUE (message_id, sequence),
    FOREIGN KEY (subject, id, version) REFERENCES audit (subject, subject_id, version) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX message_part_due ON message_part (due_at, id) WHERE state = 'queued';
CREATE INDEX message_part_sending ON message_part (id) WHERE state = 'sending';
CREATE INDEX message_part_gateway_id ON message_part (gateway_id, id) WHERE gateway_id <> '';
CREATE TRIGGER part_version BEFORE UPDATE ON message_part WHEN NEW.version <> OLD.version + 1
BEGIN SELECT RAISE(ABORT, 'every change of a part has its own version'); END;

CREATE VIEW part AS
SELECT p.*, m.kind, m.number, m.source, m.urgent, m.expires_at, m.call_id, m.callback_id, m.opt_out_id
FROM message_part p JOIN message m ON m.id = p.message_id;

CREATE VIEW live_message AS                     -- what was wholly cancelled never was
SELECT * FROM message m
WHERE (SELECT min(p.state = 'cancelled') FROM message_part p WHERE p.message_id = m.id) IS NOT 1;

CREATE TABLE receipt (
    id         INTEGER PRIMARY KEY,
    inbound_id INTEGER NOT NULL UNIQUE REFERENCES inbound (id),
    part_id    INTEGER REFERENCES message_part (id),        -- NULL: the answer with its id has not come yet
    state      TEXT NOT NULL CHECK (state IN ('enroute', 'delivered', 'expired', 'deleted', 'undeliverable', 'accepted',
                                              'unknown', 'rejected')),
    error      TEXT NOT NULL,
    final      INTEGER NOT NULL CHECK (final IN (0, 1))
) STRICT;
CREATE INDEX receipt_part ON receipt (part_id, id);

CREATE TABLE receipt_name (                     -- every spelling of the message id that a receipt speaks of
    name       TEXT NOT NULL,
    receipt_id INTEGER NOT NULL REFERENCES receipt (id),
    gateway    TEXT NOT NULL,
    PRIMARY KEY (name, receipt_id)
) STRICT, WITHOUT ROWID;

-- Promises 3, 4 and 5, held also against our own mistakes.

CREATE TABLE part_move (
    old TEXT NOT NULL,
    new TEXT NOT NULL,
    PRIMARY KEY (old, new)
) STRICT, WITHOUT ROWID;
INSERT INTO part_move (old, new) VALUES
    ('queued', 'sending'), ('queued', 'cancelled'),
    ('sending', 'queued'), ('sending', 'submitted'), ('sending', 'failed'), ('sending', 'unknown'),
    ('submitted', 'delivered'), ('submitted', 'failed'),
    ('unknown', 'submitted'), ('unknown', 'delivered'), ('unknown', 'failed'),
    ('failed', 'delivered');

CREATE TRIGGER part_starts_queued BEFORE INSERT ON message_part WHEN NEW.state <> 'queued'
BEGIN SELECT RAISE(ABORT, 'a part starts queued'); END;

CREATE TRIGGER part_moves_by_the_table BEFORE UPDATE OF state ON message_part
WHEN NEW.state <> OLD.state
     AND NOT EXISTS (SELECT 1 FROM part_move WHERE old = OLD.state AND new = NEW.state)
BEGIN SELECT RAISE(ABORT, 'a part never goes back'); END;

CREATE TRIGGER no_text_after_stop BEFORE UPDATE OF state ON message_part
WHEN NEW.state = 'sending'
     AND EXISTS (SELECT 1 FROM message m JOIN opt_out o ON o.number = m.number AND o.ended_at IS NULL
                 WHERE m.id = NEW.message_id AND m.kind <> 'staff' AND m.opt_out_id IS NOT o.id)
BEGIN SELECT RAISE(ABORT, 'no text to a number that opted out'); END;

CREATE TRIGGER one_first_text_in_the_cool_down BEFORE INSERT ON message
WHEN NEW.kind IN ('first', 'help')
     AND EXISTS (SELECT 1 FROM live_message m
                 WHERE m.number = NEW.number AND m.kind = NEW.kind AND m.slot = NEW.slot AND m.cool_until > NEW.created_at)
BEGIN SELECT RAISE(ABORT, 'one first text in the cool-down'); END;

CREATE TRIGGER no_first_text_after_a_reply BEFORE INSERT ON message
WHEN NEW.kind = 'first'
     AND EXISTS (SELECT 1 FROM reply r
                 WHERE r.number = NEW.number AND r.received_at > 2 * NEW.created_at - NEW.cool_until
                 UNION ALL
                 SELECT 1 FROM callback c
                 WHERE c.number = NEW.number AND c.state <> 'closed' AND c.last_reply_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'no first text to somebody who replied'); END;

CREATE TRIGGER message_keeps_its_place BEFORE UPDATE OF kind, number, slot, cool_until, created_at, opt_out_id ON message
BEGIN SELECT RAISE(ABORT, 'what a message is for never changes'); END;

-- A new install judges and shows what it would have texted, until somebody says `resume`.
INSERT INTO setting (id, key, value, version) VALUES (1, 'paused', '1', 1);
INSERT INTO audit (at, who, what, subject, subject_id, version, detail)
VALUES (CAST(strftime('%s', 'now') AS INTEGER) * 1000, 'textback', 'setting.paused', 'setting', 1, 1, '{"value": "1"}');

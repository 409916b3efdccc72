-- What points at a row that is deleted is found by SQLite only where an index says so; else every deletion of a call, a
-- reply or a message reads the whole table that may point at it.

CREATE INDEX message_call ON message (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX message_reply ON message (reply_id) WHERE reply_id IS NOT NULL;
CREATE INDEX inbound_reply ON inbound (reply_id) WHERE reply_id IS NOT NULL;
CREATE INDEX attempt_call ON attempt (call_id) WHERE call_id IS NOT NULL;
CREATE INDEX opt_out_reply ON opt_out (reply_id) WHERE reply_id IS NOT NULL;
CREATE INDEX email_callback ON email (callback_id) WHERE callback_id IS NOT NULL;

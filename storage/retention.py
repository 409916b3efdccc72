"""What is emptied and deleted when its time is over. Opt-outs, contacts and counts stay."""

from datetime import datetime

from storage.audit import Act, Subject
from storage.database import Reader, Writer
from storage.rewriting import Rewriting, rewrite, run
from storage.values import moment

EMPTIED = (
    Rewriting(Subject.REPLY, "reply", "text <> '' AND received_at < :before", "text = ''", "callback_id"),
    Rewriting(
        Subject.PART,
        "message_part",
        "text <> '' AND state <> 'queued' AND message_id IN (SELECT id FROM message WHERE created_at < :before)",
        "text = ''",
    ),
    Rewriting(Subject.CALLBACK, "callback", "issue IS NOT NULL AND closed_at < :before", "issue = NULL", "id"),
)
"""`issue` is the customer's own words. Of an open row it stays until the row is closed."""

ALSO_EMPTIED = """
    UPDATE message SET text = '' WHERE text <> '' AND created_at < :before;
    UPDATE inbound SET text = NULL, raw = x'' WHERE length(raw) > 0 AND received_at < :before;
    UPDATE audit SET detail = json_remove(detail, '$.before.issue')
    WHERE at < :before AND json_type(detail, '$.before.issue') IS NOT NULL;
    DELETE FROM wrong_digits WHERE at < :before;
    DELETE FROM email WHERE created_at < :before AND state <> 'queued';
    DELETE FROM audit WHERE subject = 'email' AND subject_id NOT IN (SELECT id FROM email);
"""

CHOSEN = """
    CREATE TEMP TABLE old_callback AS
    SELECT id FROM callback c
    WHERE state = 'closed' AND max(closed_at, opened_at, ifnull(last_missed_at, 0), ifnull(last_reply_at, 0)) < :before
          AND NOT EXISTS (SELECT 1 FROM message m WHERE m.callback_id = c.id AND m.created_at >= :before)
          AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.callback_id = c.id AND a.at >= :before)
          AND NOT EXISTS (SELECT 1 FROM reply r JOIN opt_out o ON o.reply_id = r.id WHERE r.callback_id = c.id);

    CREATE TEMP TABLE old_message AS
    SELECT id FROM message
    WHERE created_at < :before AND (callback_id IS NULL OR callback_id IN (SELECT id FROM old_callback));

    CREATE TEMP TABLE old_reply AS
    SELECT id FROM reply r
    WHERE received_at < :before AND (callback_id IS NULL OR callback_id IN (SELECT id FROM old_callback))
          AND NOT EXISTS (SELECT 1 FROM opt_out o WHERE o.reply_id = r.id)
          AND NOT EXISTS (SELECT 1 FROM message m
                          WHERE m.reply_id = r.id AND m.id NOT IN (SELECT id FROM old_message));

    CREATE TEMP TABLE old_inbound AS
    SELECT id FROM inbound
    WHERE received_at < :before AND (reply_id IS NULL OR reply_id IN (SELECT id FROM old_reply));

    CREATE TEMP TABLE old_call AS
    SELECT id FROM call c
    WHERE ended_at < :before AND (callback_id IS NULL OR callback_id IN (SELECT id FROM old_callback))
          AND NOT EXISTS (SELECT 1 FROM attempt a
                          WHERE a.call_id = c.id AND a.callback_id NOT IN (SELECT id FROM old_callback))
          AND NOT EXISTS (SELECT 1 FROM message m
                          WHERE m.call_id = c.id AND m.id NOT IN (SELECT id FROM old_message));
"""
"""What goes. The text that opted somebody out stays, emptied, as the proof of it, and its row with it."""

DELETED = """
    DELETE FROM receipt_name
    WHERE receipt_id IN (SELECT id FROM receipt WHERE inbound_id IN (SELECT id FROM old_inbound));
    DELETE FROM receipt WHERE inbound_id IN (SELECT id FROM old_inbound);
    DELETE FROM inbound WHERE id IN (SELECT id FROM old_inbound);
    UPDATE receipt SET part_id = NULL
    WHERE part_id IN (SELECT id FROM message_part WHERE message_id IN (SELECT id FROM old_message));
    UPDATE alert SET message_id = NULL WHERE message_id IN (SELECT id FROM old_message);
    DELETE FROM alert
    WHERE escalation_id IN (SELECT id FROM escalation WHERE callback_id IN (SELECT id FROM old_callback));
    DELETE FROM escalation WHERE callback_id IN (SELECT id FROM old_callback);
    DELETE FROM email WHERE callback_id IN (SELECT id FROM old_callback);
    DELETE FROM attempt WHERE callback_id IN (SELECT id FROM old_callback);
    DELETE FROM note WHERE callback_id IN (SELECT id FROM old_callback);
    DELETE FROM message_part WHERE message_id IN (SELECT id FROM old_message);
    DELETE FROM message WHERE id IN (SELECT id FROM old_message);
    DELETE FROM reply WHERE id IN (SELECT id FROM old_reply);
    DELETE FROM call WHERE id IN (SELECT id FROM old_call);
    DELETE FROM callback WHERE id IN (SELECT id FROM old_callback);
    DELETE FROM audit
    WHERE at < :before
          AND (subject = 'call' AND subject_id NOT IN (SELECT id FROM call)
               OR subject = 'callback' AND subject_id NOT IN (SELECT id FROM callback)
               OR subject = 'part' AND subject_id NOT IN (SELECT id FROM message_part)
               OR subject = 'reply' AND subject_id NOT IN (SELECT id FROM reply)
               OR subject = 'escalation' AND subject_id NOT IN (SELECT id FROM escalation)
               OR subject = 'email' AND subject_id NOT IN (SELECT id FROM email));
"""
"""Children first."""

DONE = """
    DROP TABLE old_callback; DROP TABLE old_message; DROP TABLE old_reply; DROP TABLE old_inbound; DROP TABLE old_call;
"""


async def oldest(db: Reader) -> datetime | None:
    """When the first call or row that is still there is from."""
    row = await db.only(
        "SELECT min(at) AS at FROM (SELECT min(ended_at) AS at FROM call UNION ALL SELECT min(opened_at) FROM callback)"
    )
    at: int | None = row["at"]
    return moment(at)


async def empty_texts(tx: Writer, before: datetime, act: Act) -> int:
    """Take the words out of what was written before then; how many texts and rows had some."""
    emptied = [await rewrite(tx, what, act, before=before) for what in EMPTIED]
    await run(tx, ALSO_EMPTIED, before=before)
    return sum(emptied)


async def delete_rows(tx: Writer, before: datetime) -> int:
    """Delete what was over before then: calls, closed rows with all that stands on them; how many calls and rows."""
    await run(tx, CHOSEN, before=before)
    row = await tx.only("SELECT (SELECT count(*) FROM old_callback) + (SELECT count(*) FROM old_call) AS n")
    await run(tx, DELETED, before=before)
    await run(tx, DONE)
    return int(row["n"])

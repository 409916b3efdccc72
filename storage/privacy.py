"""Everything that is stored of one number: to show it to whoever it belongs to, and to forget it (GDPR)."""

import hmac
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.domain.callbacks.queue import TEXTBACK, CallbackState, Outcome, Verb, finish
from bridge.domain.phone import E164
from bridge.domain.words.second_number import blanked
from storage import callbacks, messages, opt_outs, replies, settings
from storage.audit import Act, Subject
from storage.database import Reader, Writer
from storage.rewriting import Rewriting, rewrite, run
from storage.values import Value, moment

Party = E164 | str
"""A number, or the digits of a caller whose number nobody can read."""

KEY = "pseudonym_key"
PREFIX = "+888"
"""A country code without a network behind it: nobody can be called or texted there."""

DIGITS = 11

ELSEWHERE = """
    SELECT id FROM callback WHERE second = :number
    UNION
    SELECT callback_id FROM audit WHERE json_extract(detail, '$.before.second') = :number
"""
RAW_EMPTIED = "UPDATE inbound SET text = NULL, raw = x'' WHERE reply_id = :reply"
TOLD_PARTS = Rewriting(
    Subject.PART,
    "message_part",
    "message_id IN (SELECT id FROM message WHERE kind = 'staff' AND callback_id = :row) AND state <> 'queued'",
    "text = ''",
)
TOLD = """
    UPDATE message SET text = '' WHERE kind = 'staff' AND callback_id = :row;
    UPDATE audit SET detail = json_remove(detail, '$.before.second', '$.before.issue')
    WHERE callback_id = :row AND json_type(detail, '$.before') = 'object';
    DELETE FROM email WHERE callback_id = :row AND state <> 'queued';
"""
"""What staff were told of a row."""

ABOUT = "number = :number OR number IS NULL AND digits = :shown"
"""Of calls and rows: that number, or the digits of a caller whose number nobody can read."""

ROWS = "SELECT id FROM callback WHERE number = :number OR number IS NULL AND digits = :shown"

EXPORTED: Mapping[str, str] = {
    "contact": "SELECT number, name, kind FROM contact WHERE number = :number",
    "landline": "SELECT number, since, why, expires_at, ended_at FROM landline WHERE number = :number",
    "opt_out": "SELECT id, number, why, at, ended_at FROM opt_out WHERE number = :number",
    "callback": "SELECT * FROM callback WHERE number = :number OR number IS NULL AND digits = :shown",
    "second_number": "SELECT id, branch, second, opened_at FROM callback WHERE second = :number",
    "call": "SELECT * FROM call WHERE number = :number OR number IS NULL AND digits = :shown",
    "attempt": """
        SELECT a.* FROM attempt a JOIN callback c ON c.id = a.callback_id
        WHERE c.number = :number OR c.number IS NULL AND c.digits = :shown
    """,
    "note": """
        SELECT n.* FROM note n JOIN callback c ON c.id = n.callback_id
        WHERE c.number = :number OR c.number IS NULL AND c.digits = :shown
    """,
    "reply": "SELECT * FROM reply WHERE number = :number OR number IS NULL AND source = :shown",
    "message": "SELECT * FROM message WHERE number = :number",
    "message_part": "SELECT p.* FROM message_part p JOIN message m ON m.id = p.message_id WHERE m.number = :number",
    "escalation": """
        SELECT e.* FROM escalation e JOIN callback c ON c.id = e.callback_id
        WHERE c.number = :number OR c.number IS NULL AND c.digits = :shown
    """,
    "audit": """
        SELECT a.* FROM audit a JOIN callback c ON c.id = a.callback_id
        WHERE c.number = :number OR c.number IS NULL AND c.digits = :shown
    """,
}
NOT_SHOWN = frozenset({"version", "subject", "rank"})
TIMES = frozenset({"at", "since", "until", "cool_until"})
"""Beside those that end in `_at`."""

PARTS = Rewriting(
    Subject.PART,
    "message_part",
    """
    message_id IN (SELECT m.id FROM message m LEFT JOIN callback c ON c.id = m.callback_id
                   WHERE m.number = :number OR c.number = :number OR c.number IS NULL AND c.digits = :shown)
    """,
    "text = ''",
)
FORGOTTEN = (
    Rewriting(
        Subject.REPLY,
        "reply",
        "number = :number OR number IS NULL AND source = :shown",
        "number = :pseudonym, source = '', text = ''",
        "callback_id",
    ),
    Rewriting(
        Subject.CALL,
        "call",
        ABOUT,
        "number = :pseudonym, digits = '', name = '', did = iif(direction = 'outbound', '', did)",
        "callback_id",
    ),
    Rewriting(Subject.OPT_OUT, "opt_out", "number = :number", "number = :pseudonym"),
    Rewriting(
        Subject.CALLBACK,
        "callback",
        ABOUT,
        "number = :pseudonym, digits = '', name = '', address = NULL, issue = NULL, second = NULL",
        "id",
    ),
    Rewriting(Subject.CALLBACK, "callback", "second = :number", "second = NULL", "id"),
)
ALSO_FORGOTTEN = """
    CREATE TEMP TABLE mine AS SELECT id FROM callback
    WHERE number = :number OR number IS NULL AND digits = :shown;
    UPDATE inbound SET text = NULL, raw = x'', source = '', digest = randomblob(32)
    WHERE source IN (:number, :digits)
          OR reply_id IN (SELECT id FROM reply WHERE number = :number OR number IS NULL AND source = :shown);
    UPDATE inbound SET raw = x''
    WHERE id IN (SELECT r.inbound_id FROM receipt r JOIN part p ON p.id = r.part_id WHERE p.number = :number);
    UPDATE audit SET detail = '{}' WHERE callback_id IN (SELECT id FROM mine);
    UPDATE message SET text = ''
    WHERE callback_id IN (SELECT id FROM mine) OR kind = 'staff' AND callback_id IS NULL;
    UPDATE message SET number = :pseudonym, text = '' WHERE number = :number;
    DELETE FROM note WHERE callback_id IN (SELECT id FROM mine);
    DELETE FROM email WHERE callback_id IN (SELECT id FROM mine) OR callback_id IS NULL AND state <> 'queued';
    UPDATE audit SET detail = '{}'
    WHERE subject = 'contact' AND subject_id IN (SELECT id FROM contact WHERE number = :number);
    DELETE FROM contact WHERE number = :number;
    DELETE FROM landline WHERE number = :number;
    DROP TABLE mine;
"""
"""Before FORGOTTEN, for it looks for the number. What was told to staff about no row may list several customers: all of
that is emptied."""


def _names(who: Party) -> dict[str, Value]:
    """The parameters of the queries here; of the two that tell who it is, one is NULL, and equals nothing."""
    if isinstance(who, E164):
        return {"number": who, "digits": who.digits, "shown": None}
    return {"number": None, "digits": who, "shown": who}


async def everything(db: Reader, who: Party) -> Mapping[str, Sequence[Mapping[str, object]]]:
    """Table by table, as plain values: times as ISO 8601, octets left out."""
    return {table: [_plain(row) for row in await db.all(query, **_names(who))] for table, query in EXPORTED.items()}


async def has_shown(db: Reader, digits: str) -> bool:
    row = await db.only(
        """
        SELECT EXISTS (SELECT 1 FROM call WHERE number IS NULL AND digits = :digits AND digits <> '')
               OR EXISTS (SELECT 1 FROM reply WHERE number IS NULL AND source = :digits) AS known
        """,
        digits=digits,
    )
    return bool(row["known"])


def _plain(row: sqlite3.Row) -> Mapping[str, object]:
    return {key: _value(key, row[key]) for key in row.keys() if key not in NOT_SHOWN}  # noqa: SIM118  a Row is no dict


def _value(key: str, value: object) -> object:
    is_time = isinstance(value, int) and (key in TIMES or key.endswith("_at"))
    return moment(value).isoformat() if is_time and isinstance(value, int) else value


async def pseudonym(tx: Writer, party: Party, who: str, now: datetime) -> E164:
    """What stands for this number from now on; the same each time. Its key is made when it is first needed."""
    if await settings.value(tx, KEY) is None:
        await settings.put(tx, KEY, secrets.token_hex(32), Act(who, "pseudonyms_begun", now))
    known = await _pseudonym(tx, party)
    if known is None:
        raise LookupError("the key of the pseudonyms is gone")
    return known


async def _pseudonym(db: Reader, party: Party) -> E164 | None:
    """None where nobody has ever been forgotten."""
    key = await settings.value(db, KEY)
    if key is None:
        return None
    digest = hmac.digest(bytes.fromhex(key), str(party).encode(), "sha256")
    return E164(f"{PREFIX}{int.from_bytes(digest) % 10**DIGITS:0{DIGITS}}")


async def recall_opt_out(tx: Writer, number: E164, now: datetime) -> None:
    """Somebody who was forgotten is back: if they had opted out, that holds under their number again."""
    alias = await _pseudonym(tx, number)
    kept = await opt_outs.in_force(tx, alias) if alias else None
    if kept is not None:
        await opt_outs.end(tx, kept.number, TEXTBACK, now)
        await opt_outs.start(tx, number, kept.why, None, TEXTBACK, now)


async def forget(tx: Writer, who: Party, alias: E164, act: Act) -> int:
    """Put `alias` in the number's place and take every word away; how many calls, texts and rows were about it."""
    await _end_what_goes_on(tx, who, act)
    names: dict[str, Value] = {**_names(who), "pseudonym": alias}
    if isinstance(who, E164):
        await _blank_for_others(tx, who, act)
    parts = await rewrite(tx, PARTS, act, **names)
    await run(tx, ALSO_FORGOTTEN, **names)
    return parts + sum([await rewrite(tx, what, act, **names) for what in FORGOTTEN])


async def _blank_for_others(tx: Writer, number: E164, act: Act) -> None:
    """Where it is, or was, the second number of somebody else: their words stay, without it."""
    rows = await tx.all(ELSEWHERE, number=number)
    for row in [await callbacks.get(tx, row["id"]) for row in rows]:
        for reply in await replies.of_callback(tx, row.id):
            text = blanked(reply.text, number)
            if text != reply.text:
                await replies.complete(tx, replace(reply, text=text), act)
                await run(tx, RAW_EMPTIED, reply=reply.id)
        issue = row.issue and blanked(row.issue, number)
        if issue != row.issue:
            await callbacks.save(tx, replace(row, issue=issue), act)
        await rewrite(tx, TOLD_PARTS, act, row=row.id)
        await run(tx, TOLD, row=row.id)


async def _end_what_goes_on(tx: Writer, who: Party, act: Act) -> None:
    """Their open rows close, which ends what is urgent about them; no text to them or about them leaves any more."""
    mine = {row["id"] for row in await tx.all(ROWS, **_names(who))}
    for row in [await callbacks.get(tx, callback_id) for callback_id in sorted(mine)]:
        if row.state is not CallbackState.CLOSED:
            done = finish(row, Outcome.NO_NEED, act.who, act.at)
            await callbacks.save(tx, done, Act(act.who, Verb.FINISH, act.at))
    for part in await messages.queued(tx):
        if part.number == who or part.callback_id in mine:
            await messages.cancel(tx, part, "forgotten", act.at, who=act.who)

"""The database holds the promises even against our own code: each test goes round the code with plain SQL."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bridge.domain.calls.calls import FilterReason
from storage.migrate import migrate

NOW = 1_800_000_000_000
DAY = 86_400_000

STATES = ("queued", "sending", "submitted", "delivered", "failed", "unknown", "cancelled")
ALLOWED = {
    ("queued", "sending"), ("queued", "cancelled"),
    ("sending", "queued"), ("sending", "submitted"), ("sending", "failed"), ("sending", "unknown"),
    ("submitted", "delivered"), ("submitted", "failed"),
    ("unknown", "submitted"), ("unknown", "delivered"), ("unknown", "failed"),
    ("failed", "delivered"),
}  # fmt: skip
WAY_TO = {
    "queued": (),
    "sending": ("sending",),
    "submitted": ("sending", "submitted"),
    "delivered": ("sending", "submitted", "delivered"),
    "failed": ("sending", "failed"),
    "unknown": ("sending", "unknown"),
    "cancelled": ("cancelled",),
}


class Raw:
    """A connection without any of our code; every change gets its audit entry unless a test leaves it out."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.db = connection

    def insert(self, table: str, **values: object) -> int:
        columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        cursor = self.db.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)
        return cursor.lastrowid or 0

    def audit(self, subject: str, subject_id: int, version: int = 1) -> None:
        self.insert("audit", at=NOW, who="x", what="x", subject=subject, subject_id=subject_id, version=version)

    def callback(self, **more: object) -> int:
        plain: dict[str, object] = {
            "branch": "main", "number": "+12025550123", "line": "main", "state": "open", "opened_at": NOW, "version": 1,
        }  # fmt: skip
        row = self.insert("callback", **plain | more)
        self.audit("callback", row)
        return row

    def call(self, **more: object) -> int:
        plain: dict[str, object] = {
            "pbx": "office", "uniqueid": "1.1", "started_at": NOW, "direction": "inbound", "linkedid": "1.1",
            "channel": "c", "number": "+12025550123", "digits": "", "name": "", "withheld": 0, "did": "1",
            "line": "main", "branch": "main", "verdict": "answered", "ended_at": NOW, "talked": 0,
            "voicemail_left": 0, "closed": 0,
            "text_why": "answered", "version": 1,
        }  # fmt: skip
        row = self.insert("call", **plain | more)
        self.audit("call", row)
        return row

    def message(self, **more: object) -> int:
        plain: dict[str, object] = {
            "kind": "first", "number": "+12025550123", "source": "+12025550100", "branch": "main", "text": "hi",
            "template": "t", "written_by": "textback", "slot": "open", "cool_until": NOW + DAY, "created_at": NOW,
            "due_at": NOW, "expires_at": NOW + 900_000,
        }  # fmt: skip
        return self.insert("message", **plain | more)

    def by_hand(self, **more: object) -> int:
        return self.message(**{"kind": "by_hand", "slot": "", "cool_until": None} | more)

    def part(self, message: int, *, state: str = "queued", sequence: int = 1) -> int:
        part = self.insert(
            "message_part", message_id=message, sequence=sequence, total=2, encoding="gsm7", text="hi", state=state,
            due_at=NOW, version=1,
        )  # fmt: skip
        self.audit("part", part)
        return part

    def move(self, part: int, state: str) -> None:
        (version,) = self.db.execute("SELECT version + 1 FROM message_part WHERE id = ?", (part,)).fetchone()
        self.db.execute("UPDATE message_part SET state = ?, version = ? WHERE id = ?", (state, version, part))
        self.audit("part", part, version)

    def reply(self, **more: object) -> int:
        plain: dict[str, object] = {
            "gateway": "g", "source": "1", "number": "+12025550123", "destination": "1", "role": "customer",
            "word": "none", "text": "hi", "received_at": NOW, "version": 1,
        }  # fmt: skip
        row = self.insert("reply", **plain | more)
        self.audit("reply", row)
        return row

    def opt_out(self, number: str = "+12025550123") -> int:
        row = self.insert("opt_out", number=number, why="stop", at=NOW, version=1)
        self.audit("opt_out", row)
        return row


@pytest.fixture
def raw(tmp_path: Path) -> Iterator[Raw]:
    path = tmp_path / "textback.db"
    migrate(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("BEGIN")
        yield Raw(connection)
        connection.execute("COMMIT")


def refused(saying: str) -> pytest.RaisesExc[sqlite3.IntegrityError]:
    return pytest.raises(sqlite3.IntegrityError, match=saying)


# --- 1: every call once, every missed call on one callback or filtered with its reason ------------------------------


def test_a_call_is_there_once(raw: Raw) -> None:
    raw.call()
    with refused("UNIQUE"):
        raw.call()


def test_a_call_without_a_start_is_there_once_too(raw: Raw) -> None:
    raw.call(started_at=None)
    with refused("UNIQUE"):
        raw.call(started_at=None)


def test_another_pbx_may_use_the_same_uniqueid(raw: Raw) -> None:
    raw.call()
    raw.call(pbx="branch")


@pytest.mark.parametrize("verdict", ["missed", "answered_then_lost"])
def test_a_missed_call_without_a_callback_is_refused(raw: Raw, verdict: str) -> None:
    with refused("every_missed_call_has_one_callback"):
        raw.call(verdict=verdict)


@pytest.mark.parametrize("reason", FilterReason)
def test_a_missed_call_is_either_filtered_with_its_reason_or_on_a_callback(raw: Raw, reason: FilterReason) -> None:
    raw.call(verdict="missed", filtered=reason)
    raw.call(verdict="missed", callback_id=raw.callback(), uniqueid="1.2")
    with refused("every_missed_call_has_one_callback"):
        raw.call(verdict="missed", filtered=reason, callback_id=1, uniqueid="1.3")


@pytest.mark.parametrize("no_reason", ["", "friends"])
def test_a_call_is_not_filtered_without_a_reason_that_has_a_name(raw: Raw, no_reason: str) -> None:
    with refused("CHECK"):
        raw.call(verdict="missed", filtered=no_reason)


def test_a_customer_has_one_open_callback_in_a_branch(raw: Raw) -> None:
    raw.callback()
    raw.callback(branch="east")
    raw.callback(state="closed", closed_at=NOW)
    with refused("UNIQUE"):
        raw.callback(state="claimed", owner="Ann")


def test_withheld_numbers_share_one_open_callback(raw: Raw) -> None:
    raw.callback(number=None)
    with refused("UNIQUE"):
        raw.callback(number=None)


def test_a_shared_number_may_have_several(raw: Raw) -> None:
    raw.callback(shared=1)
    raw.callback(shared=1)


@pytest.mark.parametrize(
    "nonsense",
    [
        {"state": "open", "owner": "Ann"},
        {"state": "claimed"},
        {"state": "waiting"},
        {"state": "open", "until": NOW},
        {"state": "closed"},
        {"state": "open", "outcome": "booked"},
        {"state": "lost"},
    ],
)
def test_a_callback_in_an_impossible_state_is_refused(raw: Raw, nonsense: dict[str, object]) -> None:
    with refused("CHECK"):
        raw.callback(**nonsense)


# --- 3: one first text ----------------------------------------------------------------------------------------------


def test_a_second_first_text_in_the_cool_down_is_refused(raw: Raw) -> None:
    raw.part(raw.message())
    with refused("one first text in the cool-down"):
        raw.message(created_at=NOW + DAY - 1, cool_until=NOW + 2 * DAY)
    raw.message(created_at=NOW + DAY, cool_until=NOW + 2 * DAY)


def test_a_clock_that_is_set_back_frees_nothing(raw: Raw) -> None:
    raw.part(raw.message())
    with refused("one first text in the cool-down"):
        raw.message(created_at=NOW - 400 * DAY, cool_until=NOW - 399 * DAY)


def test_there_is_one_text_in_open_hours_and_one_while_closed(raw: Raw) -> None:
    raw.message()
    raw.message(slot="closed")
    with refused("one first text in the cool-down"):
        raw.message(slot="closed")


@pytest.mark.parametrize("state", [state for state in STATES if state != "cancelled"])
def test_whatever_was_not_cancelled_counts(raw: Raw, state: str) -> None:
    part = raw.part(raw.message())
    for step in WAY_TO[state]:
        raw.move(part, step)
    with refused("one first text in the cool-down"):
        raw.message()


def test_what_was_wholly_cancelled_does_not_count_half_cancelled_does(raw: Raw) -> None:
    message = raw.message()
    one, two = raw.part(message), raw.part(message, sequence=2)
    raw.move(one, "cancelled")
    with refused("one first text in the cool-down"):
        raw.message()
    raw.move(two, "cancelled")
    raw.message()


def test_no_first_text_to_somebody_who_replied(raw: Raw) -> None:
    raw.reply(received_at=NOW - DAY + 1)
    with refused("no first text to somebody who replied"):
        raw.message()


def test_a_reply_older_than_the_cool_down_is_forgotten(raw: Raw) -> None:
    raw.reply(received_at=NOW - DAY)
    raw.message()


def test_no_first_text_into_an_open_conversation_however_old(raw: Raw) -> None:
    raw.callback(last_reply_at=NOW - 30 * DAY)
    with refused("no first text to somebody who replied"):
        raw.message()


def test_a_call_has_one_first_text(raw: Raw) -> None:
    call = raw.call(verdict="missed", callback_id=raw.callback())
    raw.message(call_id=call)
    with refused("UNIQUE"):
        raw.message(call_id=call, slot="closed")


def test_a_message_cannot_be_made_another_kind_afterwards(raw: Raw) -> None:
    message = raw.by_hand()
    with refused("what a message is for"):
        raw.db.execute("UPDATE message SET kind = 'staff' WHERE id = ?", (message,))


def test_one_help_answer_a_day_and_one_receipt_a_row(raw: Raw) -> None:
    raw.message(kind="help", slot="")
    with refused("cool-down"):
        raw.message(kind="help", slot="")
    row = raw.callback()
    raw.by_hand(kind="receipt", callback_id=row)
    with refused("UNIQUE"):
        raw.by_hand(kind="receipt", callback_id=row)


# --- 4: no part twice -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("old", "new"), [(old, new) for old in STATES for new in STATES if old != new])
def test_a_part_moves_by_the_table_and_never_back(raw: Raw, old: str, new: str) -> None:
    part = raw.part(raw.by_hand())
    for step in WAY_TO[old]:
        raw.move(part, step)
    if (old, new) in ALLOWED:
        raw.move(part, new)
    else:
        with refused("never goes back"):
            raw.move(part, new)


@pytest.mark.parametrize("state", [state for state in STATES if state != "queued"])
def test_a_part_starts_queued(raw: Raw, state: str) -> None:
    message = raw.by_hand()
    with refused("a part starts queued"):
        raw.part(message, state=state)


# --- 5: nothing after STOP -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["by_hand", "test", "receipt", "opt_in_confirmation"])
def test_no_part_leaves_for_a_number_that_opted_out(raw: Raw, kind: str) -> None:
    part = raw.part(raw.by_hand(kind=kind))
    raw.opt_out()
    with refused("opted out"):
        raw.move(part, "sending")


def test_the_one_confirmation_may_leave(raw: Raw) -> None:
    opt_out = raw.opt_out()
    raw.move(raw.part(raw.by_hand(kind="opt_out_confirmation", opt_out_id=opt_out)), "sending")
    with refused("UNIQUE"):
        raw.by_hand(kind="opt_out_confirmation", opt_out_id=opt_out)


def test_a_confirmation_of_an_older_opt_out_may_not(raw: Raw) -> None:
    old = raw.opt_out()
    part = raw.part(raw.by_hand(kind="opt_out_confirmation", opt_out_id=old))
    raw.db.execute("UPDATE opt_out SET ended_at = ?, version = 2 WHERE id = ?", (NOW, old))
    raw.audit("opt_out", old, 2)
    raw.opt_out()
    with refused("opted out"):
        raw.move(part, "sending")


def test_only_a_confirmation_can_name_an_opt_out(raw: Raw) -> None:
    with refused("CHECK"):
        raw.by_hand(opt_out_id=raw.opt_out())


def test_staff_are_alerted_although_they_opted_out(raw: Raw) -> None:
    part = raw.part(raw.by_hand(kind="staff"))
    raw.opt_out()
    raw.move(part, "sending")


def test_a_number_has_one_opt_out_in_force(raw: Raw) -> None:
    raw.opt_out()
    with refused("UNIQUE"):
        raw.opt_out()


# --- 10: one audit entry a change -----------------------------------------------------------------------------------


def test_a_change_without_an_audit_entry_is_not_committed(raw: Raw) -> None:
    row = raw.callback()
    raw.db.execute("COMMIT")
    raw.db.execute("BEGIN")
    raw.db.execute("UPDATE callback SET state = 'claimed', owner = 'Ann', version = 2 WHERE id = ?", (row,))
    with refused("FOREIGN KEY"):
        raw.db.execute("COMMIT")
    raw.db.execute("ROLLBACK")
    raw.db.execute("BEGIN")


def test_a_change_has_one_audit_entry(raw: Raw) -> None:
    row = raw.callback()
    with refused("UNIQUE"):
        raw.audit("callback", row)


@pytest.mark.parametrize("table", ["callback", "call", "message_part", "reply", "opt_out", "setting"])
def test_a_change_without_a_new_version_is_refused(raw: Raw, table: str) -> None:
    raw.callback()
    raw.call()
    raw.part(raw.by_hand())
    raw.reply()
    raw.opt_out()
    with refused("has its own version"):
        raw.db.execute(f"UPDATE {table} SET version = version")


def test_the_audit_is_never_rewritten(raw: Raw) -> None:
    raw.callback()
    with refused("never rewritten"):
        raw.db.execute("UPDATE audit SET who = 'Bob'")

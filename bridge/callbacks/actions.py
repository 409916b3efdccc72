"""The verbs of the queue: the same for the status page, the desk phones and the command line.

Each names the version of the row that the person saw. If the row has changed since, nothing happens and `Conflict`
says who was faster.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import TEXTBACK, Attempt, Callback, NotPossibleError, Outcome, Urgency, Verb
from bridge.domain.office.office import Office
from bridge.domain.phone import E164
from bridge.domain.texts import gsm
from bridge.domain.texts.gsm import Segments
from bridge.domain.texts.messages import MessageKind, PartState
from bridge.office.schedule_changes import office_with_changes
from storage import callbacks, messages, opt_outs
from storage.audit import Act, Subject, of_version
from storage.database import Transactions, Writer
from storage.errors import ForbiddenError
from storage.messages import NewMessage

UNDOABLE = frozenset(
    {
        Verb.CLAIM,
        Verb.RELEASE,
        Verb.NOTE,
        Verb.ATTEMPT,
        Verb.SNOOZE,
        Verb.FINISH,
        Verb.REOPEN,
        Verb.RANK,
        Verb.ACKNOWLEDGE,
        Verb.CORRECT,
        Verb.TEXT,
    }
)
OUTLIVES_A_TALK = frozenset({Verb.FINISH, Verb.NOTE, Verb.CORRECT})
"""What a person was writing down while the row closed by itself is kept: that row still takes it."""

TRY_AGAIN_AFTER = timedelta(hours=2)  # of office time
UNDO_WINDOW = timedelta(seconds=10)  # a text by hand waits so long
BY_HAND_MAX_AGE = timedelta(hours=4)
IDLE_CLAIM = timedelta(minutes=30)

Extra = Callable[[Writer], Awaitable[Mapping[str, Any]]]


class Phone(StrEnum):
    """Through what a customer was reached, or not, where that was not one of the office's phones."""

    CELL = "cell"


class ConflictError(Exception):
    """The row is not what the person saw. who, what and at tell of its last change; row is what it is now."""

    def __init__(self, callback: Callback, who: str, what: str, at: datetime) -> None:
        super().__init__(f"{who} changed this row ({what})")
        self.row, self.who, self.what, self.at = callback, who, what, at


class Callbacks:
    def __init__(self, database: Transactions, office: Office, *, split: Callable[[str], Segments] = gsm.split) -> None:
        self._database = database
        self._office = office
        self._split = split

    async def claim(self, callback_id: int, version: int, who: str, now: datetime) -> Callback:
        return await self._do(Verb.CLAIM, callback_id, version, who, now, lambda row: queue.claim(row, who, now))

    async def release(self, callback_id: int, version: int, who: str, now: datetime) -> Callback:
        return await self._do(Verb.RELEASE, callback_id, version, who, now, queue.release)

    async def acknowledge(self, callback_id: int, version: int, who: str, now: datetime) -> Callback:
        return await self._do(
            Verb.ACKNOWLEDGE, callback_id, version, who, now, lambda row: queue.acknowledge(row, who, now)
        )

    async def read(self, callback_id: int, version: int, who: str, now: datetime) -> Callback:
        """The customer's words were seen."""
        return await self._do(Verb.READ, callback_id, version, who, now, queue.read)

    async def note(self, callback_id: int, version: int, who: str, now: datetime, text: str) -> Callback:
        async def keep(tx: Writer) -> Mapping[str, Any]:
            return {"note": await callbacks.add_note(tx, callback_id, text, who, now)}

        return await self._do(Verb.NOTE, callback_id, version, who, now, queue.note, keep)

    async def attempt(
        self,
        callback_id: int,
        version: int,
        who: str,
        now: datetime,
        result: Attempt,
        until: datetime | None = None,
        *,
        by: Phone | None = None,
    ) -> Callback:
        """Tried, and not reached: the row comes back at `until`, by default after two office hours.

        by: for the history, where the PBX cannot know of the call.
        """

        async def keep(tx: Writer) -> Mapping[str, Any]:
            attempt_id = await callbacks.add_attempt(tx, callback_id, result, who, now)
            return {"attempt": attempt_id, "result": result} | _by(by)

        office = await self._office_now(now)

        def change(callback: Callback) -> Callback:
            return queue.attempt(callback, who, until or _try_again_at(office, callback, now), now)

        return await self._do(Verb.ATTEMPT, callback_id, version, who, now, change, keep)

    async def snooze(self, callback_id: int, version: int, who: str, now: datetime, until: datetime) -> Callback:
        """ValueError unless `until` lies ahead."""
        if until <= now:
            raise ValueError("a row can be snoozed only until a time that lies ahead")
        return await self._do(Verb.SNOOZE, callback_id, version, who, now, lambda row: queue.snooze(row, until))

    async def finish(
        self, callback_id: int, version: int, who: str, now: datetime, outcome: Outcome, *, by: Phone | None = None
    ) -> Callback:
        """Close the row, or say what came of one that closed by itself. by: as of an attempt."""

        async def keep(_tx: Writer) -> Mapping[str, Any]:
            return {"outcome": outcome} | _by(by)

        return await self._do(
            Verb.FINISH, callback_id, version, who, now, lambda row: queue.finish(row, outcome, who, now), keep
        )

    async def reopen(self, callback_id: int, version: int, who: str, now: datetime) -> Callback:
        return await self._do(Verb.REOPEN, callback_id, version, who, now, queue.reopen)

    async def rank(self, callback_id: int, version: int, who: str, now: datetime, urgency: Urgency) -> Callback:
        """Raise or lower the urgency."""
        return await self._do(Verb.RANK, callback_id, version, who, now, lambda row: queue.rank(row, urgency, who, now))

    async def correct(
        self,
        callback_id: int,
        version: int,
        who: str,
        now: datetime,
        *,
        address: str | None,
        issue: str | None,
        second: E164 | None,
    ) -> Callback:
        def change(callback: Callback) -> Callback:
            return queue.correct(callback, address=address, issue=issue, second=second)

        return await self._do(Verb.CORRECT, callback_id, version, who, now, change)

    async def text(self, callback_id: int, version: int, who: str, now: datetime, words: str) -> Callback:
        """A person's own words to the customer; they leave when undo is no longer possible.

        NotPossibleError for a row without a number or of a customer who opted out.
        """

        async def keep(tx: Writer) -> Mapping[str, Any]:
            row = await callbacks.get(tx, callback_id)
            if row.number is not None and await opt_outs.in_force(tx, row.number):
                raise NotPossibleError(Verb.TEXT, row.state)
            return {"message": await messages.queue(tx, self._by_hand(row, words, who, now), self._split(words))}

        return await self._do(Verb.TEXT, callback_id, version, who, now, lambda row: queue.text(row, who, now), keep)

    async def undo(self, callback_id: int, version: int, who: str, now: datetime) -> Callback:
        """Take back what this person just did, if nothing followed. NotPossibleError for what cannot be taken back."""
        async with self._database.transaction() as tx:
            row = await self._seen(tx, callback_id, version, Verb.UNDO)
            last = await of_version(tx, Subject.CALLBACK, callback_id, version)
            verb = last.what.removeprefix(f"{Subject.CALLBACK}.") if last else ""
            if last is None or last.who != who or verb not in UNDOABLE:
                raise NotPossibleError(Verb.UNDO, row.state)
            await self._take_back(tx, row, last.detail, now)
            before = replace(row, **callbacks.from_mutable(last.detail["before"]))
            act = Act(who, Verb.UNDO, now, {"undone": verb})
            return await self._save(tx, before, act)

    async def wake_due(self, now: datetime) -> None:
        """Bring back the snoozed rows whose time has come."""
        async with self._database.read() as db:
            if not await callbacks.due(db, now):
                return
        async with self._database.transaction() as tx:
            for row in await callbacks.due(tx, now):
                await callbacks.save(tx, queue.wake(row), Act(TEXTBACK, Verb.WAKE, now))

    async def release_idle(self, now: datetime) -> None:
        """Free rows that somebody claimed and left alone."""
        async with self._database.read() as db:
            if not await callbacks.idle_claims(db, now - IDLE_CLAIM):
                return
        async with self._database.transaction() as tx:
            for row in await callbacks.idle_claims(tx, now - IDLE_CLAIM):
                act = Act(TEXTBACK, Verb.RELEASE, now, {"owner": row.owner, "why": "idle"})
                await callbacks.save(tx, queue.release(row), act)

    async def _do(
        self,
        verb: Verb,
        callback_id: int,
        version: int,
        who: str,
        now: datetime,
        change: Callable[[Callback], Callback],
        extra: Extra | None = None,
    ) -> Callback:
        async with self._database.transaction() as tx:
            row = await self._seen(tx, callback_id, version, verb)
            after = change(row)
            more = await extra(tx) if extra else {}
            return await self._save(tx, after, Act(who, verb, now, {**more, "before": callbacks.mutable(row)}))

    async def _seen(self, tx: Writer, callback_id: int, version: int, verb: Verb) -> Callback:
        """The row, if it still is what the person saw, or as good as that for this verb."""
        row = await callbacks.get(tx, callback_id)
        if row.version != version and not await self._only_talked(tx, row, version, verb):
            await self._conflict(tx, row)
        return row

    async def _only_talked(self, tx: Writer, callback: Callback, version: int, verb: Verb) -> bool:
        """Has nothing happened to the row since but that the customer got through?"""
        if verb not in OUTLIVES_A_TALK or callback.version != version + 1:
            return False
        last = await of_version(tx, Subject.CALLBACK, callback.id, callback.version)
        return last is not None and last.what == f"{Subject.CALLBACK}.{Verb.TALKED}"

    async def _save(self, tx: Writer, callback: Callback, act: Act) -> Callback:
        try:
            return await callbacks.save(tx, callback, act)
        except ForbiddenError:  # the customer has another open row by now
            other = await callbacks.unfinished(tx, callback.branch, callback.number)
            return await self._conflict(tx, other or callback)

    async def _conflict(self, tx: Writer, callback: Callback) -> Callback:
        last = await of_version(tx, Subject.CALLBACK, callback.id, callback.version)
        if last is None:
            raise LookupError(f"callback {callback.id} has no history")
        raise ConflictError(callback, last.who, last.what, last.at)

    async def _take_back(self, tx: Writer, callback: Callback, detail: Mapping[str, Any], now: datetime) -> None:
        if "note" in detail:
            await callbacks.remove_note(tx, detail["note"])
        if "attempt" in detail:
            await callbacks.remove_attempt(tx, detail["attempt"])
        if "message" in detail:
            parts = await messages.parts_of(tx, detail["message"])
            if any(part.state is not PartState.QUEUED for part in parts):
                raise NotPossibleError(Verb.UNDO, callback.state)
            for part in parts:
                await messages.cancel(tx, part, "undone", now)

    async def try_again_at(self, callback: Callback, now: datetime) -> datetime:
        """After two hours of office time."""
        return _try_again_at(await self._office_now(now), callback, now)

    async def _office_now(self, now: datetime) -> Office:
        async with self._database.read() as db:
            return await office_with_changes(db, self._office, now)

    def _by_hand(self, callback: Callback, words: str, who: str, now: datetime) -> NewMessage:
        if callback.number is None or not words.strip():
            raise NotPossibleError(Verb.TEXT, callback.state)
        due_at = now + UNDO_WINDOW
        return NewMessage(
            kind=MessageKind.BY_HAND,
            number=callback.number,
            source=self._office.line_named(callback.line).sms_number,
            branch=callback.branch,
            text=words,
            template="by_hand",
            created_at=now,
            due_at=due_at,
            expires_at=due_at + BY_HAND_MAX_AGE,
            written_by=who,
            callback_id=callback.id,
        )


def _by(phone: Phone | None) -> dict[str, str]:
    return {"by": phone} if phone else {}


def _try_again_at(office: Office, callback: Callback, now: datetime) -> datetime:
    calendar = office.line_named(callback.line).calendar
    return calendar.add_office_time(now, TRY_AGAIN_AFTER) or now + TRY_AGAIN_AFTER

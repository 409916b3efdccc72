"""The verbs of the queue: the same for the status page, the desk phones and the command line.

Each names the version of the row that the person saw (optimistic locking). If the row has changed since, nothing
happens and `ConflictError` says who was faster. Here is the snooze default after a try.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import (
    TEXTBACK,
    UNDO_WINDOW,
    Attempt,
    Callback,
    NotPossibleError,
    Outcome,
    TooLateError,
    Urgency,
    Verb,
)
from bridge.domain.callbacks.tries import in_vain, urgent_again
from bridge.domain.office.office import Office
from bridge.domain.oncall import summary
from bridge.domain.oncall.summary import SummaryFacts
from bridge.domain.phone import E164
from bridge.domain.texts.messages import MessageKind, PartState
from bridge.domain.texts.rendering import Rendered
from bridge.office.composer import Composer, compose
from bridge.office.schedule_changes import office_with_changes
from storage import callbacks, messages, opt_outs
from storage.audit import Act, Subject, of_version
from storage.database import Transactions, Writer
from storage.errors import ForbiddenError
from storage.messages import NewMessage

UNDOABLE = frozenset(
    {
        Verb.CLAIM,
        Verb.ASSIGN,
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
BY_HAND_MAX_AGE = timedelta(hours=4)
JUST_CALLED = timedelta(minutes=30)
HEADS_UP = timedelta(minutes=1)
"""For so long such words are true: what could not leave by then is not sent any more."""

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


@dataclass(frozen=True, slots=True)
class Seen:
    """A row in the version that somebody saw, who that is, and when they act on it."""

    callback_id: int
    version: int
    who: str
    now: datetime

    @classmethod
    def of(cls, callback: Callback, who: str, now: datetime) -> Self:
        return cls(callback.id, callback.version, who, now)


class Callbacks:
    def __init__(self, database: Transactions, office: Office, composer: Composer | None = None) -> None:
        self._database = database
        self._office = office
        self._composer = composer or Composer()

    async def claim(self, seen: Seen, heads_up: str = "") -> Callback:
        """heads_up: words that leave at once, for who is about to be called."""

        async def keep(tx: Writer) -> Mapping[str, Any]:
            return await self._written(tx, Verb.CLAIM, seen, heads_up, HEADS_UP, seen.now) if heads_up else {}

        return await self._do(Verb.CLAIM, seen, lambda row: queue.claim(row, seen.who, seen.now), keep)

    async def assign(self, seen: Seen, to: str, *, by_text: bool = False) -> Callback:
        """Give the row to a colleague. by_text: tell them on their mobile as well, when undo is no longer possible."""
        person = self._office.person(to)

        async def keep(tx: Writer) -> Mapping[str, Any]:
            if not by_text or person is None or person.mobile is None or to == seen.who:
                return {"to": to}
            row = await callbacks.get(tx, seen.callback_id)
            told = self._composed(MessageKind.STAFF, row, person.mobile, self._given(row, seen), seen)
            return {"to": to, "message": await self._composer.queue(tx, told)}

        return await self._do(Verb.ASSIGN, seen, lambda row: queue.assign(row, to), keep)

    async def release(self, seen: Seen) -> Callback:
        return await self._do(Verb.RELEASE, seen, queue.release)

    async def acknowledge(self, seen: Seen) -> Callback:
        return await self._do(Verb.ACKNOWLEDGE, seen, lambda row: queue.acknowledge(row, seen.who, seen.now))

    async def read(self, seen: Seen) -> Callback:
        """The customer's words were seen."""
        return await self._do(Verb.READ, seen, queue.read)

    async def note(self, seen: Seen, text: str) -> Callback:
        async def keep(tx: Writer) -> Mapping[str, Any]:
            return {"note": await callbacks.add_note(tx, seen.callback_id, text, seen.who, seen.now)}

        return await self._do(Verb.NOTE, seen, queue.note, keep)

    async def attempt(
        self,
        seen: Seen,
        result: Attempt,
        until: datetime | None = None,
        *,
        by: Phone | None = None,
        at_the_page: bool = True,
        words: str = "",
    ) -> Callback:
        """Tried, and not reached: the row comes back at `until`, by default after two office hours.

        An urgent customer who does not answer is tried again sooner (`urgent_again`), which alerts nobody anew: so only
        for whoever is at the page, and sees it.

        by: for the history, where the PBX cannot know of the call. words: texted to the customer as well.
        """

        async def keep(tx: Writer) -> Mapping[str, Any]:
            attempt_id = await callbacks.add_attempt(tx, seen.callback_id, result, seen.who, seen.now)
            texted = await self._written(tx, Verb.TEXT, seen, words, JUST_CALLED) if words else {}
            return {"attempt": attempt_id, "result": result, **texted} | _by(by)

        async with self._database.read() as db:
            office = await office_with_changes(db, self._office, seen.now)
            before = in_vain([made.result for made in await callbacks.attempts(db, seen.callback_id)])

        def change(callback: Callback) -> Callback:
            urgent = callback.urgency is Urgency.URGENT and result is Attempt.NO_ANSWER
            soon = urgent_again(before) if urgent and at_the_page else None
            again_at = until or (seen.now + soon if soon else _try_again_at(office, callback, seen.now))
            return queue.attempt(callback, seen.who, again_at, seen.now)

        return await self._do(Verb.ATTEMPT, seen, change, keep)

    async def snooze(self, seen: Seen, until: datetime) -> Callback:
        """ValueError unless `until` lies ahead."""
        if until <= seen.now:
            raise ValueError("a row can be snoozed only until a time that lies ahead")
        return await self._do(Verb.SNOOZE, seen, lambda row: queue.snooze(row, until))

    async def finish(
        self, seen: Seen, outcome: Outcome, *, by: Phone | None = None, booked_for: date | None = None
    ) -> Callback:
        """Close the row, or say what came of one that closed by itself. by: as of an attempt."""

        async def keep(_tx: Writer) -> Mapping[str, Any]:
            return {"outcome": outcome} | _by(by)

        def change(callback: Callback) -> Callback:
            return queue.finish(callback, outcome, seen.who, seen.now, booked_for)

        return await self._do(Verb.FINISH, seen, change, keep)

    async def reopen(self, seen: Seen) -> Callback:
        return await self._do(Verb.REOPEN, seen, queue.reopen)

    async def rank(self, seen: Seen, urgency: Urgency) -> Callback:
        """Raise or lower the urgency."""
        return await self._do(Verb.RANK, seen, lambda row: queue.rank(row, urgency, seen.who, seen.now))

    async def correct(self, seen: Seen, *, address: str | None, issue: str | None, second: E164 | None) -> Callback:
        def change(callback: Callback) -> Callback:
            return queue.correct(callback, address=address, issue=issue, second=second)

        return await self._do(Verb.CORRECT, seen, change)

    async def text(self, seen: Seen, words: str) -> Callback:
        """A person's own words to the customer; they leave when undo is no longer possible.

        NotPossibleError for a row without a number or of a customer who opted out.
        """

        async def keep(tx: Writer) -> Mapping[str, Any]:
            return await self._written(tx, Verb.TEXT, seen, words, BY_HAND_MAX_AGE)

        return await self._do(Verb.TEXT, seen, lambda row: queue.text(row, seen.who, seen.now), keep)

    async def undo(self, seen: Seen) -> Callback:
        """Take back what this person just did, if nothing followed. NotPossibleError for what cannot be taken back."""
        async with self._database.transaction() as tx:
            row = await self._unchanged(tx, seen, Verb.UNDO)
            last = await of_version(tx, Subject.CALLBACK, seen.callback_id, seen.version)
            verb = last.what.removeprefix(f"{Subject.CALLBACK}.") if last else ""
            if last is None or last.who != seen.who or verb not in UNDOABLE:
                raise NotPossibleError(Verb.UNDO, row.state)
            if seen.now - last.at > UNDO_WINDOW:
                raise TooLateError(Verb.UNDO, row.state)
            await self._take_back(tx, row, last.detail, seen.now)
            before = replace(row, **callbacks.from_mutable(last.detail["before"]))
            act = Act(seen.who, Verb.UNDO, seen.now, {"undone": verb})
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
        seen: Seen,
        change: Callable[[Callback], Callback],
        extra: Extra | None = None,
    ) -> Callback:
        async with self._database.transaction() as tx:
            row = await self._unchanged(tx, seen, verb)
            after = change(row)
            detail = {**(await extra(tx) if extra else {}), "before": callbacks.mutable(row)}
            return await self._save(tx, after, Act(seen.who, verb, seen.now, detail))

    async def _unchanged(self, tx: Writer, seen: Seen, verb: Verb) -> Callback:
        """The row, if it still is what the person saw, or as good as that for this verb."""
        row = await callbacks.get(tx, seen.callback_id)
        if row.version != seen.version and not await self._only_talked(tx, row, seen.version, verb):
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

    async def _written(
        self, tx: Writer, verb: Verb, seen: Seen, words: str, lasts: timedelta, due_at: datetime | None = None
    ) -> Mapping[str, Any]:
        """The customer is texted with these words; NotPossibleError where that cannot be, or they opted out."""
        row = await callbacks.get(tx, seen.callback_id)
        if row.number is None or not words.strip() or await opt_outs.in_force(tx, row.number):
            raise NotPossibleError(verb, row.state)
        message = self._composed(MessageKind.BY_HAND, row, row.number, Rendered(words, "by_hand"), seen, lasts, due_at)
        return {"message": await self._composer.queue(tx, message)}

    def _composed(
        self,
        kind: MessageKind,
        row: Callback,
        to: E164,
        text: Rendered,
        seen: Seen,
        lasts: timedelta = BY_HAND_MAX_AGE,
        due_at: datetime | None = None,
    ) -> NewMessage:
        """From the row's line, in that person's name; it leaves when undo is no longer possible, or at `due_at`."""
        return compose(
            kind,
            to,
            self._office.line_named(row.line),
            text,
            seen.now,
            lasts,
            due_at=due_at or seen.now + UNDO_WINDOW,
            branch=row.branch,
            written_by=seen.who,
            callback_id=row.id,
        )

    def _given(self, row: Callback, seen: Seen) -> Rendered:
        """What a colleague who gets a row is told by text."""
        facts = SummaryFacts(
            row=row.id,
            number=row.number,
            digits=row.digits,
            waiting_since=row.opened_at,
            name=row.name,
            address=row.address,
            issue=row.issue,
        )
        lead = f"{seen.who} gave you #{row.id}: "
        return Rendered(summary.line(facts, self._office, seen.now, lead=lead), "staff.assigned")


def _by(phone: Phone | None) -> dict[str, str]:
    return {"by": phone} if phone else {}


def _try_again_at(office: Office, callback: Callback, now: datetime) -> datetime:
    calendar = office.line_named(callback.line).calendar
    return calendar.add_office_time(now, TRY_AGAIN_AFTER) or now + TRY_AGAIN_AFTER

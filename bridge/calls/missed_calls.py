"""A call ended: what it was, whose callback it belongs to, and whether it gets a text, all in one transaction.

Load what is known, plan what follows, apply it. Calls that wait together are committed together (`storage.database`).
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import structlog

from bridge.callbacks import reached as recovery
from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import TEXTBACK, Callback, CallbackState, Verb
from bridge.domain.calls.calls import Direction, EndedCall, Verdict
from bridge.domain.office.office import Line, Office
from bridge.domain.phone import E164
from bridge.domain.texts import policy
from bridge.domain.texts import rendering as texts
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.policy import (
    ContactKind,
    Decision,
    History,
    NoText,
    NoTextReason,
    SendText,
    TextRules,
)
from bridge.domain.texts.rendering import Rendered
from bridge.domain.words.lexicon import default_lexicon
from bridge.office import schedule_changes
from bridge.office.composer import Composer, compose
from bridge.ports import LiveNumbers
from bridge.texts.reader import TextReader
from storage import callbacks, calls, contacts, history, privacy, settings
from storage.audit import Act
from storage.calls import CallRow, Filing
from storage.database import Database, Reader, Writer
from storage.errors import ForbiddenError
from storage.messages import NewMessage

SEND = "send"


class FirstText(Protocol):
    def __call__(
        self, line: Line, office: Office, call: EndedCall, *, closed: bool, held: bool, now: datetime
    ) -> Rendered: ...


def shipped_first_text(
    line: Line, office: Office, call: EndedCall, *, closed: bool, held: bool, now: datetime
) -> Rendered:
    found = texts.situation(line, office, now, call, closed=closed, held=held)
    return texts.first(line, office, found)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known when a call is judged.

    office: as it is now. number: the other party, None where it cannot be told or must not be used; digits: what there
    is instead. line_known: it is certain which line was called. call: the same one, where it was stored before. live: a
    call of that number goes on. callback: the customer's open one in that branch. name: what the office calls them.
    """

    office: Office
    line: Line
    number: E164 | None
    digits: str
    line_known: bool
    closed: bool
    call: CallRow | None
    live: bool
    history: History
    callback: Callback | None
    name: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """What follows from a call. callback: opened or changed, None where it needs none. text: the first one, if any.

    refused: there should be a text, and what it says promises too much.
    """

    decision: Decision
    filing: Filing
    callback: Callback | None
    text: Rendered | None
    refused: bool = False


class MissedCalls:
    """Takes every call that ended, inbound and outbound, once each."""

    def __init__(
        self,
        database: Database,
        office: Office,
        rules: TextRules,
        live: LiveNumbers,
        *,
        first_text: FirstText = shipped_first_text,
        text_reader: TextReader | None = None,
        composer: Composer | None = None,
    ) -> None:
        self._database = database
        self._office = office
        self._rules = rules.of(office)
        self._live = live
        self._first_text = first_text
        self._text_reader = text_reader or TextReader(default_lexicon())
        self._composer = composer or Composer()
        self.unknown_dids = 0
        self._log = structlog.get_logger().bind()  # once, and not with every line

    async def ended(self, call: EndedCall, now: datetime, *, late: bool = False) -> None:
        """Record the call and do what follows from it. The same call again changes nothing.

        late: found again after a gap. A call that was `unknown` is resolved by one that knows more.
        """
        number = None if call.caller.withheld else call.caller.number
        live = number is not None and self._live.is_live(number)
        stored = await self._database.write(lambda tx: self._take(tx, call, number, live, late, now))
        if stored is None:
            return
        filing = stored.filing
        self._log.info(
            "call.ended",
            call=stored.id,
            direction=call.direction,
            verdict=filing.verdict,
            reason=call.reason,
            number=number and number.masked,
            text=filing.text_why,
        )
        if not self._is_named(call):
            self.unknown_dids += 1
            self._log.warning("did.unknown", call=stored.id, pbx=call.key.pbx, did=call.did, line=filing.line)

    def _is_named(self, call: EndedCall) -> bool:
        """Does a line name the number called?"""
        return call.direction is Direction.OUTBOUND or self._office.line_rung_by(call.key.pbx, call.did) is not None

    async def _take(
        self, tx: Writer, call: EndedCall, number: E164 | None, live: bool, late: bool, now: datetime
    ) -> CallRow | None:
        known = await calls.find(tx, call.key)
        if known is not None and not _tells_more(call, known):
            return None
        found = await self._load(tx, call, number, known, live, now)
        stored = await self._apply(tx, call, found, self._plan(call, found, late, now), now)
        if number is not None:
            await self._recover(tx, call, stored, number, now)
            if not live:
                await self._decide_deferred(tx, found.office, number, now, but=stored.id)
        return stored

    # --- load

    async def _load(
        self, tx: Writer, call: EndedCall, number: E164 | None, known: CallRow | None, live: bool, now: datetime
    ) -> _Known:
        office = await schedule_changes.office_with_changes(tx, self._office, now)
        line = office.line_for(call.key.pbx, call.did)
        began_at = call.started_at or call.ended_at or now
        closed = not line.calendar.is_open(began_at) if call.told_closed is None else call.told_closed
        digits = call.caller.unread if call.direction is Direction.INBOUND else ""
        line_known = self._is_named(call) or office.knows_line(call.key.pbx, call.did)
        if number is not None:
            await privacy.recall_opt_out(tx, number, now)
        past = await self._history(tx, number, now, but=known.id if known else None)
        callback, name = None, ""
        if policy.needs_callback(call) and past.contact is not ContactKind.SHARED:
            callback = await callbacks.unfinished(tx, line.branch, number, digits)
        if callback is None and policy.needs_callback(call):
            name = await _name(tx, call, number)
        return _Known(office, line, number, digits, line_known, closed, known, live, past, callback, name)

    async def _history(self, db: Reader, number: E164 | None, now: datetime, *, but: int | None) -> History:
        return await history.load(db, number, now, self._rules, but=but) if number else History()

    # --- plan

    def _plan(self, call: EndedCall, found: _Known, late: bool, now: datetime) -> _Plan:
        decision = policy.decide(
            call,
            found.history,
            found.live,
            self._rules,
            now,
            closed=found.closed,
            line_known=found.line_known,
            on_call=_on_call(found.office, found.line, now),
        )
        filtered = policy.filtered(call, found.history.contact, self._rules) if policy.needs_callback(call) else None
        filing = Filing(
            number=found.number,
            line=found.line.name,
            branch=found.line.branch,
            verdict=call.verdict,
            closed=found.closed,
            text_why=_word(decision),
            late=late,
            filtered=filtered,
        )
        wanted = policy.needs_callback(call) and not filtered
        callback = self._callback(call, found, now) if wanted else None
        return self._with_text(_Plan(decision, filing, callback, None), call, found.office, now)

    def _callback(self, call: EndedCall, found: _Known, now: datetime) -> Callback:
        """The customer's open one with this call on it, or one that is still to be opened."""
        line, ended_at = found.line, call.ended_at or now
        if found.callback is not None:
            return queue.missed(found.callback, line.name, ended_at)
        return Callback(
            id=0,
            branch=line.branch,
            number=found.number,
            digits=found.digits,
            line=line.name,
            opened_at=ended_at,
            version=0,
            name=found.name,
            shared=found.history.contact is ContactKind.SHARED,
            missed=1,
            last_missed_at=ended_at,
        )

    def _with_text(self, plan: _Plan, call: EndedCall, office: Office, now: datetime) -> _Plan:
        if isinstance(plan.decision, NoText):
            return plan
        line = office.line_named(plan.filing.line)
        held = self._rules.hold.was_held(call.ended_at or now, self._rules.max_age, now)
        closed = not line.calendar.is_open(now) if held else plan.filing.closed
        text = self._first_text(line, office, call, closed=closed, held=held, now=now)
        return replace(plan, text=text, refused=not self._text_reader.promises_nothing(text.text))

    # --- apply

    async def _apply(self, tx: Writer, call: EndedCall, found: _Known, plan: _Plan, now: datetime) -> CallRow:
        callback = await self._keep_callback(tx, plan, now)
        filing = replace(plan.filing, callback_id=callback.id if callback else None)
        detail = {"text": filing.text_why} | ({"consent": "pressed 1"} if call.asked_for_text else {})
        if found.call is None:
            stored = await calls.insert(tx, call, filing, Act(TEXTBACK, "ended", now, detail))
        else:
            stored = await calls.resolve(tx, found.call, call, filing, Act(TEXTBACK, "resolved", now, detail))
        await self._keep_text(tx, stored, found.office, plan, now)
        return stored

    async def _keep_callback(self, tx: Writer, plan: _Plan, now: datetime) -> Callback | None:
        if plan.callback is None:
            return None
        detail = {"line": plan.filing.line}
        if plan.callback.id:
            return await callbacks.save(tx, plan.callback, Act(TEXTBACK, Verb.MISSED, now, detail))
        return await callbacks.insert(tx, plan.callback, Act(TEXTBACK, "opened", now, detail))

    async def _keep_text(self, tx: Writer, row: CallRow, office: Office, plan: _Plan, now: datetime) -> None:
        decision = plan.decision
        if isinstance(decision, NoText):
            if decision.why is NoTextReason.BREAKER:
                await self._trip_breaker(tx, row, now)
        elif plan.refused or plan.text is None:
            tx.once_stored(self._log.error, "text.refused", call=row.id, template=plan.text and plan.text.template)
            await calls.decided(tx, row, NoTextReason.TEXT_REFUSED, Act(TEXTBACK, "text_refused", now))
        else:
            message = self._message(row, office.line_named(row.filing.line), plan.text, decision, now)
            await self._queue(tx, row, message, now)

    async def _trip_breaker(self, tx: Writer, row: CallRow, now: datetime) -> None:
        if await settings.turn(tx, settings.BREAKER, True, TEXTBACK, now):
            tx.once_stored(self._log.warning, "breaker.tripped", call=row.id)

    async def _queue(self, tx: Writer, row: CallRow, message: NewMessage, now: datetime) -> None:
        try:
            await self._composer.queue(tx, message)
        except ForbiddenError as error:  # the database knows better than our history did
            tx.once_stored(self._log.error, "text.forbidden", call=row.id, why=str(error))
            await calls.decided(tx, row, NoTextReason.COOL_DOWN, Act(TEXTBACK, "text_forbidden", now))

    def _message(self, row: CallRow, line: Line, text: Rendered, decision: SendText, now: datetime) -> NewMessage:
        number = row.filing.number
        if number is None:
            raise ValueError("a call without a number cannot be texted")
        return compose(
            MessageKind.FIRST,
            number,
            line,
            text,
            now,
            self._rules.max_age,
            due_at=max(now, min(row.call.ended_at or now, now) + self._rules.delay),
            slot=decision.slot,
            cool_until=now + self._rules.cool_down,
            call_id=row.id,
            callback_id=row.filing.callback_id,
        )

    # --- what else follows

    async def _recover(self, tx: Writer, call: EndedCall, row: CallRow, number: E164, now: datetime) -> None:
        who, branch = recovery.who_talked(call, self._office), row.filing.branch
        if call.direction is Direction.OUTBOUND:
            await recovery.customer_was_called(tx, number, who, call, row.id, now)
        elif call.verdict is Verdict.ANSWERED:
            reached = recovery.customer_had_got_through if row.filing.late else recovery.customer_got_through
            await reached(tx, number, branch, who, call.answered_at or call.ended_at or now)
        elif row.filing.late and (later := await calls.got_through_after(tx, number, branch, row.ended_at)):
            who = recovery.who_talked(later.call, self._office)
            await recovery.customer_had_got_through(tx, number, branch, who, later.ended_at)
        if call.talked or call.verdict is Verdict.ANSWERED:
            await recovery.first_text_is_moot(tx, number, "talked", now)

    async def _decide_deferred(self, tx: Writer, office: Office, number: E164, now: datetime, *, but: int) -> None:
        """Another call of this number held their text back; now that one call ended, decide again."""
        for row in await calls.deferred(tx, number):
            if row.id != but:
                await self._decide_again(tx, office, row, number, now, live=False)

    async def release_held(self, now: datetime) -> None:
        """The night is over: decide again about every call whose text waited for the morning."""
        if self._rules.hold.until(now) is not None:
            return
        async with self._database.read() as db:
            waiting = await calls.held(db)
        for row in waiting:
            if row.filing.number is not None:
                await self._release(row.id, row.filing.number, now)

    async def _release(self, call_id: int, number: E164, now: datetime) -> None:
        live = self._live.is_live(number)
        async with self._database.transaction() as tx:
            row = await calls.get(tx, call_id)
            if row.filing.text_why == NoTextReason.HELD:
                office = await schedule_changes.office_with_changes(tx, self._office, now)
                await self._decide_again(tx, office, row, number, now, live=live)

    async def _decide_again(
        self, tx: Writer, office: Office, row: CallRow, number: E164, now: datetime, *, live: bool
    ) -> None:
        """Whose callback somebody closed meanwhile needs no text any more."""
        past = await self._history(tx, number, now, but=row.id)
        decision = policy.decide(
            row.call,
            past,
            live,
            self._rules,
            now,
            closed=row.filing.closed,
            line_known=self._office.knows_line(row.call.key.pbx, row.call.did),
            on_call=_on_call(office, office.line_named(row.filing.line), now),
        )
        if isinstance(decision, SendText) and await _is_closed(tx, row):
            decision = NoText(NoTextReason.DEALT_WITH)
        word = _word(decision)
        if word == row.filing.text_why:
            return
        plan = self._with_text(_Plan(decision, row.filing, None, None), row.call, office, now)
        await calls.decided(tx, row, word, Act(TEXTBACK, "decided", now, {"text": word}))
        await self._keep_text(tx, await calls.get(tx, row.id), office, plan, now)


def _on_call(office: Office, line: Line, now: datetime) -> bool:
    return bool(office.roster.on_call(line.branch, now))


async def _is_closed(db: Reader, row: CallRow) -> bool:
    if row.filing.callback_id is None:
        return False
    return (await callbacks.get(db, row.filing.callback_id)).state is CallbackState.CLOSED


def _tells_more(call: EndedCall, known: CallRow) -> bool:
    return known.filing.verdict is Verdict.UNKNOWN and call.verdict is not Verdict.UNKNOWN


def _word(decision: Decision) -> str:
    return decision.why if isinstance(decision, NoText) else SEND


async def _name(db: Reader, call: EndedCall, number: E164 | None) -> str:
    """What the office calls them, else what the network shows; withheld means withheld."""
    contact = await contacts.get(db, number) if number else None
    if contact is not None and contact.name:
        return contact.name
    return call.caller.name if number or call.caller.unread else ""

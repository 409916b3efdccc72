"""A call ended: what it was, whose row it belongs to, and whether it gets a text, all in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from bridge.callbacks import reached as recovery
from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import TEXTBACK, Callback, Verb
from bridge.domain.calls.calls import Direction, EndedCall, Verdict
from bridge.domain.office.office import Line, Office
from bridge.domain.phone import E164
from bridge.domain.texts import gsm, policy
from bridge.domain.texts import rendering as texts
from bridge.domain.texts.gsm import Segments
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.policy import (
    ContactKind,
    Decision,
    FilterReason,
    History,
    NoText,
    NoTextReason,
    SendText,
    TextRules,
)
from bridge.domain.texts.rendering import Rendered
from bridge.domain.words.lexicon import default_lexicon
from bridge.office import schedule_changes as duties
from bridge.ports import LiveCalls
from bridge.texts.reader import TextReader
from storage import callbacks, calls, contacts, history, messages, privacy, settings
from storage.audit import Act
from storage.calls import CallRow, Filing
from storage.database import Database, Reader, Writer
from storage.errors import ForbiddenError
from storage.messages import NewMessage

SEND = "send"


class FirstText(Protocol):
    def __call__(self, line: Line, office: Office, call: EndedCall, *, closed: bool, now: datetime) -> Rendered: ...


def shipped_first_text(line: Line, office: Office, call: EndedCall, *, closed: bool, now: datetime) -> Rendered:
    found = texts.situation(line, office, now, call, closed=closed)
    return texts.first(line, office, found)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a call belongs.

    number: the other party, None where it cannot be told or must not be used; digits: what there is instead. named: a
    line names the number called. known: it is certain which line that is.
    """

    line: Line
    number: E164 | None
    closed: bool
    digits: str = ""
    named: bool = True
    known: bool = True


class MissedCalls:
    """Takes every call that ended, inbound and outbound, once each.

    split: how the gateway cuts texts.
    """

    def __init__(
        self,
        database: Database,
        office: Office,
        rules: TextRules,
        live: LiveCalls,
        *,
        first_text: FirstText = shipped_first_text,
        text_reader: TextReader | None = None,
        split: Callable[[str], Segments] = gsm.split,
    ) -> None:
        self._database = database
        self._office = office
        self._rules = rules.of(office)
        self._live = live
        self._first_text = first_text
        self._text_reader = text_reader or TextReader(default_lexicon())
        self._split = split
        self.unknown_dids = 0
        self._log = structlog.get_logger()

    async def ended(self, call: EndedCall, now: datetime, *, late: bool = False) -> None:
        """Record the call and do what follows from it. The same call again changes nothing.

        late: found again after a gap. A call that was `unknown` is resolved by one that knows more.
        """
        async with self._database.transaction() as tx:
            known = await calls.find(tx, call.key)
            if known is None or _tells_more(call, known):
                await self._take(tx, call, known, late, now)

    async def _take(self, tx: Writer, call: EndedCall, known: CallRow | None, late: bool, now: datetime) -> None:
        place = self._place(call, await duties.office_with_changes(tx, self._office, now), now)
        if place.number is not None:
            await privacy.recall_opt_out(tx, place.number, now)
        past = await self._history(tx, place.number, now, but=known.id if known else None)
        decision = self._decide(call, place, past, now)
        row = await self._row(tx, call, place, past.contact, now)
        filing = Filing(
            number=place.number,
            line=place.line.name,
            branch=place.line.branch,
            verdict=call.verdict,
            closed=place.closed,
            text_why=_word(decision),
            late=late,
            filtered=self._filtered(call, past.contact),
            callback_id=row.id if row else None,
        )
        stored = await self._store(tx, call, known, filing, now)
        await self._act_on(tx, stored, decision, now)
        if place.number is not None:
            await self._recover(tx, call, stored, place, place.number, now)
            await self._decide_deferred(tx, place.number, now, but=stored.id)
        self._log.info(
            "call.ended",
            call=stored.id,
            direction=call.direction,
            verdict=filing.verdict,
            reason=call.reason,
            number=place.number and place.number.masked,
            text=filing.text_why,
        )
        if not place.named:
            self.unknown_dids += 1
            self._log.warning("did.unknown", call=stored.id, pbx=call.key.pbx, did=call.did, line=place.line.name)

    def _place(self, call: EndedCall, office: Office, now: datetime) -> _Place:
        rung = office.line_rung_by(call.key.pbx, call.did)
        line = rung or office.line_for(call.key.pbx, call.did)
        began_at = call.started_at or call.ended_at or now
        closed = not line.calendar.is_open(began_at) if call.told_closed is None else call.told_closed
        number = None if call.caller.withheld else call.caller.number
        inbound = call.direction is Direction.INBOUND
        named = rung is not None or not inbound
        known = named or office.knows_line(call.key.pbx, call.did)
        return _Place(line, number, closed, call.caller.unread if inbound else "", named, known)

    def _decide(self, call: EndedCall, place: _Place, past: History, now: datetime) -> Decision:
        live = place.number is not None and self._live.is_live(place.number)
        return policy.decide(call, past, live, self._rules, now, closed=place.closed, line_known=place.known)

    def _filtered(self, call: EndedCall, contact: ContactKind | None) -> FilterReason | None:
        if not policy.needs_callback(call):
            return None
        return policy.filtered(call, contact, self._rules)

    async def _history(self, db: Reader, number: E164 | None, now: datetime, *, but: int | None) -> History:
        if number is None:
            return History()
        return await history.load(db, number, now, now - self._rules.neighbour_window, but=but)

    async def _row(
        self, tx: Writer, call: EndedCall, place: _Place, contact: ContactKind | None, now: datetime
    ) -> Callback | None:
        """The customer's row with this call on it; None where the call needs none."""
        if not policy.needs_callback(call) or self._filtered(call, contact):
            return None
        shared = contact is ContactKind.SHARED
        line, ended_at = place.line, call.ended_at or now
        known = None if shared else await callbacks.unfinished(tx, line.branch, place.number, place.digits)
        if known is not None:
            act = Act(TEXTBACK, Verb.MISSED, now, {"line": line.name})
            return await callbacks.save(tx, queue.missed(known, line.name, ended_at), act)
        fresh = Callback(
            id=0,
            branch=line.branch,
            number=place.number,
            digits=place.digits,
            line=line.name,
            opened_at=ended_at,
            version=0,
            name=await _name(tx, call, place.number),
            shared=shared,
            missed=1,
            last_missed_at=ended_at,
        )
        return await callbacks.insert(tx, fresh, Act(TEXTBACK, "opened", now, {"line": line.name}))

    async def _store(
        self, tx: Writer, call: EndedCall, known: CallRow | None, filing: Filing, now: datetime
    ) -> CallRow:
        detail = {"text": filing.text_why} | ({"consent": "pressed 1"} if call.asked_for_text else {})
        if known is None:
            return await calls.insert(tx, call, filing, Act(TEXTBACK, "ended", now, detail))
        return await calls.resolve(tx, known, call, filing, Act(TEXTBACK, "resolved", now, detail))

    async def _act_on(self, tx: Writer, row: CallRow, decision: Decision, now: datetime) -> None:
        if isinstance(decision, NoText):
            if decision.why is NoTextReason.BREAKER and await settings.turn(tx, settings.BREAKER, True, TEXTBACK, now):
                self._log.warning("breaker.tripped", call=row.id)
            return
        office = await duties.office_with_changes(tx, self._office, now)
        line = office.line_named(row.filing.line)
        rendered = self._first_text(line, office, row.call, closed=row.filing.closed, now=now)
        if not self._text_reader.promises_nothing(rendered.text):
            self._log.error("text.refused", call=row.id, template=rendered.template)
            await calls.decided(tx, row, NoTextReason.TEXT_REFUSED, Act(TEXTBACK, "text_refused", now))
            return
        try:
            await messages.queue(tx, self._message(row, line, rendered, decision, now), self._split(rendered.text))
        except ForbiddenError as error:  # the database knows better than our history did
            self._log.error("text.forbidden", call=row.id, why=str(error))
            await calls.decided(tx, row, NoTextReason.COOL_DOWN, Act(TEXTBACK, "text_forbidden", now))

    def _message(self, row: CallRow, line: Line, rendered: Rendered, decision: SendText, now: datetime) -> NewMessage:
        number = row.filing.number
        if number is None:
            raise ValueError("a call without a number cannot be texted")
        due_at = max(now, min(row.call.ended_at or now, now) + self._rules.delay)
        return NewMessage(
            kind=MessageKind.FIRST,
            number=number,
            source=line.sms_number,
            branch=line.branch,
            text=rendered.text,
            template=rendered.template,
            created_at=now,
            due_at=due_at,
            expires_at=due_at + self._rules.max_age,
            slot=decision.slot,
            cool_until=now + self._rules.cool_down,
            call_id=row.id,
            callback_id=row.filing.callback_id,
        )

    async def _recover(
        self, tx: Writer, call: EndedCall, row: CallRow, place: _Place, number: E164, now: datetime
    ) -> None:
        who, branch = recovery.who_talked(call, self._office), place.line.branch
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

    async def _decide_deferred(self, tx: Writer, number: E164, now: datetime, *, but: int) -> None:
        """Another call of this number held their text back; now that one call ended, decide again."""
        if self._live.is_live(number):
            return
        for row in await calls.deferred(tx, number):
            if row.id == but:
                continue
            line, known = (
                self._office.line_named(row.filing.line),
                self._office.knows_line(row.call.key.pbx, row.call.did),
            )
            place = _Place(line, number, row.filing.closed, known=known)
            past = await self._history(tx, number, now, but=row.id)
            decision = self._decide(row.call, place, past, now)
            word = _word(decision)
            await calls.decided(tx, row, word, Act(TEXTBACK, "decided", now, {"text": word}))
            await self._act_on(tx, await calls.get(tx, row.id), decision, now)


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

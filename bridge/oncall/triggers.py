"""What committed events mean for urgent work: it begins, somebody takes it, acts on it or lets it go, it ends.

Everything is read from the audit, entry by entry, so that a verb of the page, the desk phone, the command line or a
text from staff counts alike, and nothing is missed or counted twice over a restart.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta

import structlog

from bridge.domain.callbacks.queue import TEXTBACK, Callback, CallbackState, Urgency, Verb
from bridge.domain.calls.calls import Direction
from bridge.domain.office.office import Office
from bridge.domain.oncall import escalation, summary
from bridge.domain.oncall.escalation import (
    ACKNOWLEDGES,
    ACTS,
    HELD,
    UNHEARD,
    AlertCause,
    Escalation,
    EscalationRules,
    Stage,
)
from bridge.domain.texts.messages import MessageKind, PartState
from bridge.domain.texts.policy import ContactKind, NoTextReason
from bridge.domain.words.triage import Assessment, TriageLevel
from bridge.office import schedule_changes as duties
from bridge.oncall.staff_messages import StaffMessages
from bridge.texts.customer_replies import READ_TOGETHER
from bridge.texts.reader import TextReader
from storage import alerts, callbacks, calls, contacts, messages, replies, text_outcomes
from storage.alerts import Alert
from storage.audit import Act, Entry
from storage.calls import CallRow
from storage.database import Reader, Writer
from storage.replies import SenderRole

STILL_NEWS = timedelta(hours=2)
"""A call found again later than this wakes nobody."""

CANNOT_BE_TEXTED = frozenset(
    {
        NoTextReason.WITHHELD,
        NoTextReason.INTERNAL,
        NoTextReason.OWN_NUMBER,
        NoTextReason.UNKNOWN_DID,
        NoTextReason.INVALID,
        NoTextReason.LANDLINE,
        NoTextReason.OPTED_OUT,
        NoTextReason.TOLL_FREE,
        NoTextReason.PREMIUM,
        NoTextReason.REGION,
    }
)
NOT_CUSTOMERS = frozenset({ContactKind.STAFF, ContactKind.SUPPLIER, ContactKind.OTHER, ContactKind.BLOCKED})
WRITE_ON_ROWS = frozenset({SenderRole.CUSTOMER, SenderRole.NOBODY})
MAY_BEGIN = frozenset({Verb.RANK, Verb.REOPEN, Verb.UNDO})
LETS_GO = frozenset({Verb.RELEASE, Verb.UNDO})

STOPPED = (
    "Texts to missed callers have stopped: many numbers next to each other called in a row. "
    "Calls are still queued. `textback resume` turns texts on."
)
FAILING = (
    "Texts to customers fail: {numbers} numbers since {since}{code}. It is the gateway, not their phones: ask the "
    "provider. Calls are still queued, and nothing is paused: `textback pause` holds texts back."
)
ARRIVING = "Texts to customers get through again."

Handler = Callable[[Writer, Entry, datetime], Awaitable[None]]


class EscalationTriggers:
    """A follower of the audit; whoever drives it hands in each entry whose `what` is in `handlers`, in order."""

    def __init__(
        self, office: Office, rules: EscalationRules, text_reader: TextReader, staff_messages: StaffMessages
    ) -> None:
        self._office = office
        self._rules = rules
        self._text_reader = text_reader
        self._staff_messages = staff_messages
        self._log = structlog.get_logger()
        verbs = ACKNOWLEDGES | MAY_BEGIN | LETS_GO
        self.handlers: Mapping[str, Handler] = {
            "reply.received": self._replied,
            "reply.completed": self._replied,
            "call.ended": self._called,
            "call.resolved": self._called,
            "part.delivered": self._arrived,
            "part.failed": self._lost,
            "part.unknown": self._lost,
            "part.cancelled": self._lost,
            "setting.breaker_on": self._texts_stopped,
            "setting.failing_on": self._texts_fail,
            "setting.failing_off": self._texts_arrive_again,
            **{f"callback.{verb}": self._dealt_with for verb in verbs},
        }

    async def pass_on_all_of(self, tx: Writer, person: str, now: datetime) -> None:
        """What waits for this person goes on to the next at once: texts from their number change nothing now."""
        for case in await alerts.unheard_of(tx, person):
            if case.due_at is not None:
                act = Act(TEXTBACK, "passed_on", now, {"person": person, "why": "wrong digits"})
                await alerts.save(tx, escalation.due(case, now, now), act)

    # --- it begins

    async def _replied(self, tx: Writer, entry: Entry, now: datetime) -> None:
        reply = await replies.get(tx, entry.subject_id)
        if reply.callback_id is None or reply.role not in WRITE_ON_ROWS:
            return
        if not self._text_reader.is_news(reply.own_words):
            return
        row = await callbacks.get(tx, reply.callback_id)
        case = await alerts.live(tx, row.id)
        words = await replies.words_since(tx, reply.number or reply.source, now - READ_TOGETHER)
        said = self._text_reader.triage(words or [reply.own_words.text])
        unseen = row.acknowledged_at is None or said.level is TriageLevel.URGENT
        if case is not None and case.holder is not None:
            await self._more(tx, case, case.holder, row, reply.text, said, now)
        elif row.urgency is Urgency.URGENT and row.state is not CallbackState.CLOSED and unseen:
            await self._begin(tx, row, AlertCause.HAZARD if said.hazard else AlertCause.URGENT, said.categories, now)

    async def _more(
        self, tx: Writer, case: Escalation, holder: str, callback: Callback, words: str, said: Assessment, now: datetime
    ) -> None:
        """From a customer whom somebody takes care of: that person reads it. Danger asks for a new acknowledgement."""
        if said.hazard and case.cause is not AlertCause.HAZARD:
            worse = escalation.anew(case, AlertCause.HAZARD, said.categories, now)
            await alerts.save(tx, worse, Act(TEXTBACK, "worse", now, {"cause": worse.cause}))
        else:
            await self._staff_messages.send_reply(tx, callback, holder, words, now)

    async def _called(self, tx: Writer, entry: Entry, now: datetime) -> None:
        """A call while closed may be told without any reply; the alert states that fact and no more."""
        row = await calls.get(tx, entry.subject_id)
        cause = await self._told_by_itself(tx, row) if row.filing.closed else None
        if cause is not None:
            await self._tell_of_call(tx, row, cause, now)

    async def _told_by_itself(self, db: Reader, row: CallRow) -> AlertCause | None:
        call, filing = row.call, row.filing
        if call.direction is not Direction.INBOUND or filing.callback_id is None:
            return None
        facts = {
            AlertCause.VOICEMAIL: call.voicemail_left,
            AlertCause.UNTEXTABLE: filing.text_why in CANNOT_BE_TEXTED,
            AlertCause.REPEATED: await self._called_repeatedly(db, row),
        }
        return next((cause for cause, holds in facts.items() if holds and self._rules.wants(cause)), None)

    async def _called_repeatedly(self, db: Reader, row: CallRow) -> bool:
        """By one caller: of withheld numbers nobody knows whether they are the same."""
        if (
            not (row.filing.number or row.call.caller.unread)
            or row.filing.callback_id is None
            or row.call.ended_at is None
        ):
            return False
        since = row.call.ended_at - self._rules.repeated_within
        times = [other.call.ended_at for other in await calls.of_callback(db, row.filing.callback_id)]
        return sum(at is not None and at > since for at in times) >= self._rules.repeated_calls

    async def _tell_of_call(self, tx: Writer, row: CallRow, cause: AlertCause, now: datetime) -> None:
        filing, ended_at = row.filing, row.call.ended_at
        if not filing.closed or filing.callback_id is None or ended_at is None or now - ended_at > STILL_NEWS:
            return
        contact = await contacts.get(tx, filing.number) if filing.number else None
        callback = await callbacks.get(tx, filing.callback_id)
        if callback.state is CallbackState.CLOSED or (contact is not None and contact.kind in NOT_CUSTOMERS):
            return
        await self._begin(tx, callback, cause, (), now, told_at_once=True)

    async def _begin(
        self,
        tx: Writer,
        callback: Callback,
        cause: AlertCause,
        why: tuple[str, ...],
        now: datetime,
        *,
        told_at_once: bool = False,
    ) -> None:
        """Or go on with more reason."""
        office = await duties.office_with_changes(tx, self._office, now)
        is_open = not told_at_once and office.line_named(callback.line).calendar.is_open(now)
        due_at = escalation.first_due(cause, self._rules, now, is_open=is_open)
        case = await alerts.live(tx, callback.id)
        if case is None:
            fresh = Escalation(0, 0, callback.id, cause, Stage.ALERTING, now, now, due_at, why)
            await alerts.insert(tx, fresh, Act(TEXTBACK, "raised", now, {"cause": cause}))
            tx.once_stored(self._log.warning, "urgent.raised", row=callback.id, cause=cause)
            return
        pressing = escalation.pressed(case, cause, why, due_at, now)
        if pressing != case:
            await alerts.save(tx, pressing, Act(TEXTBACK, "pressed", now, {"cause": cause}))

    async def _texts_stopped(self, tx: Writer, _entry: Entry, now: datetime) -> None:
        """Many adjacent numbers called in a row, and customers get no texts until somebody looks."""
        await self._tell_each_branch(tx, STOPPED, now)

    async def _texts_fail(self, tx: Writer, _entry: Entry, now: datetime) -> None:
        burst = await text_outcomes.burst(tx, now)
        if burst is not None:
            since = summary.moment(burst.since, self._office, now)
            code = f", code {burst.code}" if burst.code else ""
            await self._tell_each_branch(tx, FAILING.format(numbers=burst.numbers, since=since, code=code), now)

    async def _texts_arrive_again(self, tx: Writer, _entry: Entry, now: datetime) -> None:
        await self._tell_each_branch(tx, ARRIVING, now)

    async def _tell_each_branch(self, tx: Writer, words: str, now: datetime) -> None:
        """Whoever is on call there, by text and by e-mail; nobody twice."""
        roster = (await duties.office_with_changes(tx, self._office, now)).roster
        branches = dict.fromkeys(line.branch for line in self._office.lines)
        for person in dict.fromkeys(person for branch in branches for person in roster.ladder(branch, now)[:1]):
            await self._staff_messages.send_notice(tx, person, words, now)

    # --- alerts arrive, or not

    async def _arrived(self, tx: Writer, entry: Entry, now: datetime) -> None:
        part = await messages.get_part(tx, entry.subject_id)
        if part.kind is not MessageKind.STAFF:
            return
        parts = await messages.parts_of(tx, part.message_id)
        if any(other.state is not PartState.DELIVERED for other in parts):
            return
        for alert in await alerts.by_message(tx, part.message_id):
            case = await self._waits_for(tx, alert)
            if case is not None and case.stage in UNHEARD:
                waiting = escalation.arrived(case, alert.at, self._rules, now)
                await alerts.save(tx, waiting, Act(TEXTBACK, "arrived", now, {"person": alert.person}))

    async def _lost(self, tx: Writer, entry: Entry, now: datetime) -> None:
        """An alert that did not, or perhaps did not, get through: the next person at once."""
        part = await messages.get_part(tx, entry.subject_id)
        if part.kind is MessageKind.FIRST and part.state is PartState.FAILED and part.call_id is not None:
            if self._rules.wants(AlertCause.UNTEXTABLE):
                await self._tell_of_call(tx, await calls.get(tx, part.call_id), AlertCause.UNTEXTABLE, now)
            return
        for alert in await alerts.by_message(tx, part.message_id) if part.kind is MessageKind.STAFF else ():
            case = await self._waits_for(tx, alert)
            if case is not None:
                act = Act(TEXTBACK, "lost", now, {"person": alert.person, "why": part.state})
                await alerts.save(tx, escalation.due(case, now, now), act)

    async def _waits_for(self, db: Reader, alert: Alert) -> Escalation | None:
        """The escalation whose next step depends on this very alert."""
        case = await alerts.get(db, alert.escalation_id)
        newest = (await alerts.alerts_of(db, case.id))[-1]
        waits = case.stage in UNHEARD or case.stage is Stage.REMINDED
        return case if waits and case.due_at is not None and newest.id == alert.id else None

    # --- somebody deals with it

    async def _dealt_with(self, tx: Writer, entry: Entry, now: datetime) -> None:
        row = await callbacks.get(tx, entry.subject_id)
        verb = Verb(entry.what.partition(".")[2])
        case = await alerts.live(tx, row.id)
        if case is not None and not _only_undoes_a_word(entry):
            await self.dealt_with(tx, case, row, verb, str(entry.detail.get("by", entry.who)), now)
        elif case is None and verb in MAY_BEGIN and row.state is not CallbackState.CLOSED and _asks_for_somebody(row):
            await self._begin(tx, row, AlertCause.URGENT, (), now)

    async def dealt_with(
        self, tx: Writer, case: Escalation, callback: Callback, verb: Verb, who: str, now: datetime
    ) -> None:
        """`who` did `verb` on the row, or talked with its customer. The same again changes nothing."""
        if callback.state is CallbackState.CLOSED or self._lowered(case, callback, verb):
            await self._end(tx, case, callback, who, verb, now)
        elif verb in ACKNOWLEDGES:
            await self._take(tx, case, callback, verb, who, now)
        elif verb in LETS_GO and case.stage in HELD and callback.owner is None and _gives_up(case, who):
            await alerts.save(tx, escalation.let_go(case, now), Act(who, "let_go", now))

    def _lowered(self, case: Escalation, callback: Callback, verb: Verb) -> bool:
        """A person looked and found it less urgent than the words."""
        return (
            verb is Verb.RANK
            and callback.urgency is not Urgency.URGENT
            and case.cause in escalation.WORDS_OF_THE_CUSTOMER
        )

    async def _take(
        self, tx: Writer, case: Escalation, callback: Callback, verb: Verb, who: str, now: datetime
    ) -> None:
        anew = case.stage in UNHEARD or (verb is Verb.CLAIM and callback.owner == who != case.holder)
        after = escalation.taken(case, who, self._rules, now) if anew else case
        if verb in ACTS:
            after = escalation.acted(after, now) if after.due_at is not None else after
        if after == case:
            return
        await alerts.save(tx, after, Act(who, "acknowledged" if anew else "acted", now, {"verb": verb}))
        if anew:
            await self._spread(
                tx,
                case,
                callback,
                f"{who} claimed #{callback.id}: {await self._staff_messages.who(tx, callback)}",
                who,
                now,
            )

    async def _end(self, tx: Writer, case: Escalation, callback: Callback, who: str, verb: Verb, now: datetime) -> None:
        await alerts.save(tx, escalation.over(case, now), Act(who, "over", now, {"verb": verb}))
        done = f"{who} took care of #{callback.id}: {await self._staff_messages.who(tx, callback)}"
        if case.holder is None:
            await self._spread(tx, case, callback, done, who, now)
        elif case.holder != who and self._staff_messages.reaches(case.holder):
            await self._staff_messages.send_news(tx, callback, case.holder, done, now)

    async def _spread(
        self, tx: Writer, case: Escalation, callback: Callback, news: str, who: str, now: datetime
    ) -> None:
        """Everybody who was told hears who has it, once; what has not left yet is taken back instead."""
        await alerts.drop_gathered(tx, case.id)
        told: dict[str, bool] = {}
        for alert in await alerts.alerts_of(tx, case.id):
            if alert.message_id is None or len(await alerts.by_message(tx, alert.message_id)) > 1:
                continue  # of an alert about many, each that is taken would be one more text
            reached = not await self._staff_messages.take_back(tx, alert.message_id, now)
            told[alert.person] = told.get(alert.person, False) or reached
        for person, reached in told.items():
            if reached and person != who:
                await self._staff_messages.send_news(tx, callback, person, news, now)


def _only_undoes_a_word(entry: Entry) -> bool:
    """A note or a correction taken back says nothing of who has the row."""
    undone = entry.detail.get("undone")
    return undone is not None and undone not in ACKNOWLEDGES


def _gives_up(case: Escalation, who: str) -> bool:
    """Whoever has it lets go of it; or they did nothing, and their claim ended by itself."""
    return who == case.holder or (who == TEXTBACK and case.due_at is not None)


def _asks_for_somebody(callback: Callback) -> bool:
    return callback.urgency is Urgency.URGENT and callback.acknowledged_at is None

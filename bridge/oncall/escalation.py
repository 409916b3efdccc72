"""Use case, escalation: urgent work -> on call -> alternate -> owner, until a named person acknowledges.

One loop follows the audit and takes the steps whose time has come. Each entry and each step is one transaction, and
what is due stands in a row: after a kill it goes on where it was, neither forgotten nor told twice.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import TEXTBACK, Callback, CallbackState, Verb
from bridge.domain.office.office import Office
from bridge.domain.office.roster import is_quiet
from bridge.domain.oncall import escalation
from bridge.domain.oncall.escalation import WORDS_OF_THE_CUSTOMER, AlertCause, Escalation, EscalationRules, Stage
from bridge.domain.words.triage import TriageLevel
from bridge.office import schedule_changes as duties
from bridge.office.composer import Composer
from bridge.oncall.resting import rests_until
from bridge.oncall.staff_commands import StaffCommands
from bridge.oncall.staff_messages import ROLL, StaffMessages
from bridge.oncall.triggers import EscalationTriggers
from bridge.ops.following import follow_commits
from bridge.ports import LiveNumbers
from bridge.texts.customer_replies import READ_TOGETHER
from bridge.texts.reader import TextReader
from storage import alerts, audit, callbacks, replies
from storage.alerts import Alert
from storage.audit import Act, Entry, Subject
from storage.database import Database, Reader, Writer
from storage.errors import StorageError
from storage.replies import SenderRole

FOLLOWER = "escalation"
WHILE_TALKING = timedelta(seconds=30)
"""So long a step waits while the customer is on the phone: somebody may be talking with them."""

AGAIN = timedelta(minutes=10)
LOOK_AGAIN = timedelta(seconds=30)
REST = timedelta(milliseconds=100)
TOGETHER = 20  # audit entries dealt with in one transaction


@dataclass(frozen=True, slots=True)
class _Due:
    """What the database says of a moment. ahead: set by a clock that was put back since. rolls: when, by person."""

    ahead: Sequence[Escalation]
    due: Sequence[Escalation]
    rolls: Mapping[str, datetime]
    next_due: datetime | None

    def is_anything(self, now: datetime) -> bool:
        return bool(self.ahead or self.due or any(at <= now for at in self.rolls.values()))


@dataclass(frozen=True, slots=True)
class _Read:
    """The audit up to this entry has been dealt with, and whether that is all of it; what is due after that."""

    up_to: int
    is_all: bool
    due: _Due


class EscalationLoop:
    """by_email: is there a mail server for those who have an address?"""

    def __init__(
        self,
        database: Database,
        office: Office,
        rules: EscalationRules,
        live: LiveNumbers,
        text_reader: TextReader,
        *,
        clock: Callable[[], datetime],
        by_email: bool = False,
        composer: Composer | None = None,
    ) -> None:
        self._database = database
        self._office = office
        self._rules = rules
        self._live = live
        self._text_reader = text_reader
        self._clock = clock
        composer = composer or Composer()
        self._staff_messages = StaffMessages(office, composer, by_email=by_email)
        self._triggers = EscalationTriggers(office, rules, text_reader, self._staff_messages)
        self._staff = StaffCommands(office, self._triggers, self._staff_messages, composer)
        self._follows = {alerts.TOLD_APART.get(what, what) for what in self._triggers.handlers} | {Subject.ESCALATION}
        self._read_up_to: int | None = None
        self._log = structlog.get_logger()

    @property
    def wrong_digits(self) -> int:
        """How many texts of staff named digits that they were not told."""
        return self._staff.wrong_digits

    async def run(self) -> None:
        """Until cancelled."""
        await follow_commits(self._database, self.run_due, name="escalation", rest=REST, of=self._follows)

    async def run_due(self) -> timedelta:
        """Deal with everything that was committed or has come due; how long nothing is due after that."""
        found = await self._catch_up()
        if found.is_anything(self._clock()):
            await self._mend_clock(found.ahead)
            await self._take_steps(found.due)
            await self._roll()
            found = await self._database.query(partial(self._look, self._clock()))
        moments = [at for at in (found.next_due, *found.rolls.values()) if at]
        return min([LOOK_AGAIN, *(at - self._clock() for at in moments)])

    async def _look(self, now: datetime, db: Reader) -> _Due:
        rolls = {person: await self._roll_at(db, person, now) for person in await alerts.gathering(db)}
        return _Due(await alerts.set_after(db, now), await alerts.due(db, now), rolls, await alerts.next_due(db))

    # --- what was committed

    async def _catch_up(self) -> _Due:
        """Deal with each entry exactly once, in one go with finding it; what is due after that."""
        while True:
            try:
                read = await self._database.write(partial(self._read_on, self._clock()))
            except StorageError:
                self._read_up_to = None
                raise
            except Exception:
                await self._one_by_one()
                continue
            self._read_up_to = read.up_to
            if read.is_all:
                return read.due

    async def _read_on(self, now: datetime, tx: Writer) -> _Read:
        newest = await audit.newest_id(tx)
        entries = await self._unread(tx)
        if entries:
            await self._handle_all(entries, now, tx)
        is_all = len(entries) < TOGETHER
        return _Read(newest if is_all else entries[-1].id, is_all, await self._look(now, tx))

    async def _unread(self, db: Reader) -> Sequence[Entry]:
        """What is for us; of the rest we know afterwards that there is nothing in it."""
        last = self._read_up_to if self._read_up_to is not None else await audit.read_up_to(db, FOLLOWER)
        return await alerts.news(db, last, self._triggers.handlers.keys(), TOGETHER)

    async def _one_by_one(self) -> None:
        """What our own code cannot digest is logged and left, else nobody would be told of anything."""
        for entry in await self._database.query(self._unread):
            try:
                await self._database.write(partial(self._handle_all, [entry], self._clock()))
            except StorageError:
                raise
            except Exception:
                self._log.exception("escalation.undigested", entry=entry.id, what=entry.what)
                await self._database.write(partial(self._leave, entry))
            self._read_up_to = entry.id

    async def _leave(self, entry: Entry, tx: Writer) -> None:
        await audit.has_read(tx, FOLLOWER, entry.id)

    async def _handle_all(self, entries: Sequence[Entry], now: datetime, tx: Writer) -> None:
        for entry in entries:
            await self._handle(tx, entry, now)
        await audit.has_read(tx, FOLLOWER, entries[-1].id)

    async def _handle(self, tx: Writer, entry: Entry, now: datetime) -> None:
        if entry.what.startswith("reply."):
            reply = await replies.get(tx, entry.subject_id)
            if reply.role is SenderRole.STAFF:
                await self._staff.received(tx, reply, now)
                return
        await self._triggers.handlers[entry.what](tx, entry, now)

    # --- what is due

    async def _mend_clock(self, ahead: Sequence[Escalation]) -> None:
        """The clock was put back: what was due in ten minutes still is."""
        for case in ahead:
            await self._database.write(partial(self._set_again, case.id, self._clock()))

    async def _set_again(self, case_id: int, now: datetime, tx: Writer) -> None:
        case = await alerts.get(tx, case_id)
        if case.due_at is not None and case.set_at > now:
            due_at = now + (case.due_at - case.set_at)
            await alerts.save(tx, escalation.due(case, due_at, now), Act(TEXTBACK, "clock_put_back", now))

    async def _take_steps(self, due: Sequence[Escalation]) -> None:
        for case in due:
            try:
                await self._database.write(partial(self._step, case.id, self._clock()))
            except StorageError:
                raise
            except Exception:
                self._log.exception("escalation.step", row=case.callback_id)
                await self._database.write(partial(self._put_off, case.id, self._clock()))

    async def _step(self, case_id: int, now: datetime, tx: Writer) -> None:
        case = await alerts.get(tx, case_id)
        if case.due_at is None or case.due_at > now:
            return
        row = await callbacks.get(tx, case.callback_id)
        if await self._on_the_phone(tx, case, row):
            act = Act(TEXTBACK, "on_the_phone", now)
            await alerts.save(tx, escalation.due(case, now + WHILE_TALKING, now), act)
        elif case.stage is Stage.ACKNOWLEDGED:
            await self._remind(tx, case, row, now)
        else:
            await self._tell_next(tx, case, row, now)

    async def _put_off(self, case_id: int, now: datetime, tx: Writer) -> None:
        case = await alerts.get(tx, case_id)
        await alerts.save(tx, escalation.due(case, now + AGAIN, now), Act(TEXTBACK, "put_off", now))

    async def _on_the_phone(self, db: Reader, case: Escalation, callback: Callback) -> bool:
        """Only the first alert waits for nobody."""
        if not any(map(self._live.is_live, callback.numbers)):
            return False
        return case.holder is not None or bool(await self._told(db, case))

    async def _told(self, db: Reader, case: Escalation) -> Sequence[Alert]:
        """Of what it is now: before it became worse does not count."""
        return [alert for alert in await alerts.alerts_of(db, case.id) if alert.at >= case.raised_at]

    async def _remind(self, tx: Writer, case: Escalation, callback: Callback, now: datetime) -> None:
        holder = case.holder or ""
        if self._staff_messages.reaches(holder):
            message_id = await self._staff_messages.remind(tx, case, callback, now)
            await alerts.add_alert(tx, case, holder, now, message_id=message_id)
        act = Act(TEXTBACK, "reminded", now, {"person": holder})
        await alerts.save(tx, escalation.reminded(case, self._rules, now), act)

    async def _tell_next(self, tx: Writer, case: Escalation, callback: Callback, now: datetime) -> None:
        """And one more at once, where this one's texts change nothing for now: an answer by text would not count."""
        office = await duties.office_with_changes(tx, self._office, now)
        ladder = self._ladder(office, case, callback, now)
        told = Counter(alert.person for alert in await self._told(tx, case))
        person = escalation.next_person(ladder, told, self._rules.rounds)
        if case.holder is not None:
            case = await self._pass_on(tx, case, callback, now)
        if person is None:
            await self._nobody_left(tx, case, office, callback, ladder, now)
            return
        unseen = escalation.everybody_knows(ladder, told)
        told_at = await self._tell(tx, case, callback, person, now)
        after = escalation.told(case, told_at, self._rules, now)
        if unseen:
            after = escalation.unseen(after)
        after = await alerts.save(tx, after, Act(TEXTBACK, "told", now, {"person": person}))
        tx.once_stored(self._log.info, "urgent.told", row=callback.id, cause=case.cause, person=person)
        told[person] += 1
        another = escalation.next_person(ladder, told, self._rules.rounds)
        if another is not None and told[another] < told[person] and await rests_until(tx, person, now):
            await self._tell_next(tx, after, callback, now)

    async def _pass_on(self, tx: Writer, case: Escalation, callback: Callback, now: datetime) -> Escalation:
        """Whoever has it was reminded and did nothing: the row is free for others."""
        if callback.state is CallbackState.CLAIMED and callback.owner == case.holder:
            detail = {"owner": callback.owner, "why": "no call or text"}
            await callbacks.save(tx, queue.release(callback), Act(TEXTBACK, Verb.RELEASE, now, detail))
        return await alerts.save(tx, escalation.let_go(case, now), Act(TEXTBACK, "passed_on", now))

    def _ladder(self, office: Office, case: Escalation, callback: Callback, now: datetime) -> Sequence[str]:
        """Whoever has the row, then who is on call, then the owner; people whom nothing reaches are left out."""
        names = dict.fromkeys((*([callback.owner] if callback.owner else []), *self._on_duty(office, callback, now)))
        by_words = case.cause in WORDS_OF_THE_CUSTOMER
        return [
            name
            for name in names
            if self._staff_messages.reaches(name) and (by_words or not self._is_quiet(office, name, now))
        ]

    def _on_duty(self, office: Office, callback: Callback, now: datetime) -> Sequence[str]:
        """By day, where the pattern names only nights and there is no owner: those of the coming night."""
        on_duty = office.roster.ladder(callback.branch, now)
        if on_duty or not office.line_named(callback.line).calendar.is_open(now):
            return on_duty
        comes = office.roster.somebody_from(callback.branch, now)
        return office.roster.ladder(callback.branch, comes) if comes else ()

    def _is_quiet(self, office: Office, name: str, now: datetime) -> bool:
        person = office.person(name)
        return person is not None and is_quiet(person.quiet, now, office.zone)

    async def _nobody_left(
        self, tx: Writer, case: Escalation, office: Office, callback: Callback, ladder: Sequence[str], now: datetime
    ) -> None:
        """Everybody was told as often as is right; or there is nobody: then whoever comes on call next is told."""
        again = None
        if not ladder:
            comes = office.roster.somebody_from(callback.branch, now)
            again = max(comes, now + AGAIN) if comes else None
        tx.once_stored(self._log.error, "urgent.unseen", row=callback.id, cause=case.cause, told=len(ladder))
        after = escalation.unseen(escalation.due(case, again, now))
        await alerts.save(tx, after, Act(TEXTBACK, "nobody_left", now))

    async def _tell(self, tx: Writer, case: Escalation, callback: Callback, person: str, now: datetime) -> datetime:
        """By an alert of its own, or in a storm by the next one about all; when they are told."""
        recent = await alerts.unanswered_since(tx, person, now - self._rules.storm_window)
        if recent >= self._rules.storm:
            await alerts.add_alert(tx, case, person, now, gathered=True)
            return await self._roll_at(tx, person, now)
        shown = await self._in_urgent_words(tx, case, callback)
        message_id = await self._staff_messages.alert(tx, case, shown, person, now)
        await alerts.add_alert(tx, case, person, now, message_id=message_id)
        return now

    async def _in_urgent_words(self, db: Reader, case: Escalation, callback: Callback) -> Callback:
        """Where what stands on the row says nothing of the urgency (`LIST`, an older one), the texts that do."""
        if case.cause not in WORDS_OF_THE_CUSTOMER or callback.number is None or self._says_why(case, callback.issue):
            return callback
        texts = await replies.words_since(db, callback.number, case.raised_at - READ_TOGETHER)
        issue = self._text_reader.extract(texts).issue
        return replace(callback, issue=issue) if self._says_why(case, issue) else callback

    def _says_why(self, case: Escalation, words: str | None) -> bool:
        said = self._text_reader.triage([words or ""])
        if case.cause is AlertCause.HAZARD:
            return said.hazard
        return said.level is TriageLevel.URGENT and (not case.why or not set(case.why).isdisjoint(said.categories))

    # --- storms

    async def _roll(self) -> None:
        for person in await self._database.query(alerts.gathering):
            await self._database.write(partial(self._roll_if_due, person, self._clock()))

    async def _roll_if_due(self, person: str, now: datetime, tx: Writer) -> None:
        if await self._roll_at(tx, person, now) <= now:
            await self._roll_for(tx, person, now)

    async def _roll_for(self, tx: Writer, person: str, now: datetime) -> None:
        waiting = await alerts.unheard_of(tx, person)
        gathered = {alert.escalation_id for alert in await alerts.gathered_for(tx, person)}
        by_pressure = sorted(waiting, key=escalation.pressure)
        message_id = await self._staff_messages.roll(tx, by_pressure, person, now)
        await alerts.hand_over(tx, person, message_id, now)
        if await rests_until(tx, person, now):
            return  # the next person was told already, and their time runs
        for case in waiting:
            if case.id in gathered and case.due_at is not None:
                act = Act(TEXTBACK, "told", now, {"person": person, "with": len(waiting)})
                await alerts.save(tx, escalation.told(case, now, self._rules, now), act)

    async def _roll_at(self, db: Reader, person: str, now: datetime) -> datetime:
        """When this person next gets an alert about all that waits."""
        staff = self._office.person(person)
        last = await alerts.last_text(db, ROLL, str(staff.mobile)) if staff and staff.mobile else None
        if last is None:
            return now
        danger = any(case.cause is AlertCause.HAZARD for case in await self._gathered(db, person))
        return max(now, last + (self._rules.roll_hazard_every if danger else self._rules.roll_every))

    async def _gathered(self, db: Reader, person: str) -> Sequence[Escalation]:
        return [await alerts.get(db, alert.escalation_id) for alert in await alerts.gathered_for(db, person)]

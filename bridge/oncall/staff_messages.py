"""Texts to staff, and e-mails beside them: queued in the transaction that decides on them.

They are outside caps, breaker, pause and at-most-once, and overtake everything else in the outbox.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bridge.domain.callbacks.queue import Callback
from bridge.domain.office.office import Line, Office, Person
from bridge.domain.oncall import summary
from bridge.domain.oncall.escalation import AlertCause, Escalation
from bridge.domain.oncall.summary import SummaryFacts
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.rendering import Rendered
from bridge.office.composer import About, Composer, compose
from bridge.oncall.resting import rests_until
from storage import alerts, emails, messages, staff_codes
from storage.database import Reader, Writer

WORTH_TELLING = timedelta(hours=4)
"""An alert that could not leave for so long is not sent any more."""

ALERT, ROLL, REMINDER, NEWS, ANSWER, HELP, DIGEST, HOW, WRONG, LIST = (
    *("alert", "alert.roll", "alert.reminder", "alert.news"),
    *("staff.answer", "staff.help", "digest"),
    *("staff.how", "staff.wrong_digits", "staff.list"),
)
"""What staff texts are, for the log of texts."""

LEADS = {
    AlertCause.HAZARD: "DANGER #{row}: ",
    AlertCause.URGENT: "URGENT #{row}: ",
    AlertCause.VOICEMAIL: "Voicemail left, #{row}: ",
    AlertCause.UNTEXTABLE: "Cannot be texted, #{row}: ",
    AlertCause.REPEATED: "Repeated calls, #{row}: ",
}
TAIL = ". Reply {digits} to claim it"
TAIL_RESTING = ". Your texts do nothing until {until}: use the page, or call"
LONGEST = 300
"""Characters of a customer's words that are passed on: about two parts."""


class StaffMessages:
    """by_email: is there a mail server to send through?"""

    def __init__(self, office: Office, composer: Composer, *, by_email: bool) -> None:
        self._office = office
        self._composer = composer
        self._by_email = by_email
        self._log = structlog.get_logger()

    def reaches(self, name: str) -> bool:
        person = self._office.person(name)
        return person is not None and (person.mobile is not None or (self._by_email and person.email is not None))

    async def alert(self, tx: Writer, case: Escalation, callback: Callback, name: str, now: datetime) -> int | None:
        """Tell this person of it, and how to claim it; the message's id, None where they have no mobile."""
        facts = await self.facts(tx, callback, case.why)
        tail = await self._resting(tx, name, now) or TAIL.format(
            digits=await staff_codes.code(tx, name, callback.id, now)
        )
        text = summary.line(facts, self._office, now, lead=LEADS[case.cause].format(row=callback.id), tail=tail)
        return await self._tell(tx, name, text, ALERT, now, callback=callback)

    async def roll(self, tx: Writer, cases: Sequence[Escalation], name: str, now: datetime) -> int | None:
        """One text about everything that waits for this person, what presses most first."""
        hazards = sum(case.cause is AlertCause.HAZARD for case in cases)
        danger = f", {hazards} with danger" if hazards else ""
        lead = f"{len(cases)} urgent rows wait{danger}: "
        resting = await self._resting(tx, name, now)
        # No more fit; each row told of has digits that somebody could guess.
        shown = [] if resting else cases[:ROLLED]
        codes = [await staff_codes.code(tx, name, case.callback_id, now) for case in shown]
        rows = [f"#{case.callback_id} {code}" for case, code in zip(shown, codes, strict=True)]
        rows += [f"#{case.callback_id}" for case in cases[len(shown) :]]
        tail = resting or ROLL_TAIL
        text = lead + summary.listed(rows, 160 - len(lead) - len(tail), ", ") + tail
        return await self._tell(tx, name, text, ROLL, now)

    async def _resting(self, db: Reader, name: str, now: datetime) -> str:
        """What an alert says where texts of this person change nothing; "" where they do."""
        until = await rests_until(db, name, now)
        return TAIL_RESTING.format(until=summary.moment(until, self._office, now)) if until else ""

    async def remind(self, tx: Writer, case: Escalation, callback: Callback, now: datetime) -> int | None:
        if case.holder is None or case.held_at is None:
            raise ValueError("nobody has it, so nobody can be reminded")
        since = summary.moment(case.held_at, self._office, now)
        lead = f"Reminder: you claimed #{callback.id}, no call or text since {since}: "
        text = summary.line(await self.facts(tx, callback, case.why), self._office, now, lead=lead)
        return await self._tell(tx, case.holder, text, REMINDER, now, callback=callback)

    async def send_notice(self, tx: Writer, name: str, what: str, now: datetime) -> None:
        """Something that is about no row."""
        await self._tell(tx, name, what, NEWS, now)

    async def digest(self, tx: Writer, name: str, what: str, page: str, now: datetime, branch: str | None) -> None:
        """The morning's list, of all or of that branch, from whose number it comes. page: all of it, for an e-mail."""
        await self._tell(tx, name, what, DIGEST, now, branch=branch, page=page)

    async def send_news(self, tx: Writer, callback: Callback, name: str, what: str, now: datetime) -> None:
        """Something about a row that this person has, or was told of."""
        await self._tell(tx, name, what, NEWS, now, callback=callback)

    async def facts(self, db: Reader, callback: Callback, why: tuple[str, ...] = ()) -> SummaryFacts:
        return SummaryFacts(
            row=callback.id,
            number=callback.number,
            digits=callback.digits,
            waiting_since=callback.opened_at,
            name=callback.name,
            address=callback.address,
            issue=callback.issue,
            why=why,
            calls=callback.missed,
            second=callback.second,
            talked_at=await alerts.talked_before(db, callback.number, callback.opened_at) if callback.number else None,
        )

    async def who(self, db: Reader, callback: Callback) -> str:
        return summary.who(await self.facts(db, callback), self._office)

    async def send_reply(self, tx: Writer, callback: Callback, name: str, words: str, now: datetime) -> None:
        """The customer's later words, for whoever has the row."""
        shown = summary.clean(words)
        cut = shown if len(shown) <= LONGEST else shown[:LONGEST].rstrip() + summary.ELLIPSIS
        await self.send_news(tx, callback, name, f'#{callback.id} {await self.who(tx, callback)} wrote: "{cut}"', now)

    async def answer(
        self, tx: Writer, person: Person, destination: str, text: str, now: datetime, template: str = ANSWER
    ) -> None:
        """To somebody's own text, from the number they wrote to."""
        line = next(iter(self._office.lines_texted_at(destination)), self._office.lines[0])
        await self._text(tx, person, line, text, template, now)

    async def take_back(self, tx: Writer, message_id: int, now: datetime) -> bool:
        """Cancel what has not left yet of an alert that is not needed any more. True if none of it had left."""
        parts = await messages.parts_of(tx, message_id)
        waiting = await messages.rest_of(tx, message_id)
        for part in waiting:
            await messages.cancel(tx, part, "acknowledged", now)
        return len(waiting) == len(parts)

    async def _tell(
        self,
        tx: Writer,
        name: str,
        text: str,
        template: str,
        now: datetime,
        *,
        callback: Callback | None = None,
        branch: str | None = None,
        page: str = "",
    ) -> int | None:
        person = self._office.person(name)
        if person is None:
            self._log.warning("staff.unknown", person=name)
            return None
        if self._by_email and person.email:
            callback_id, until = callback.id if callback else None, now + WORTH_TELLING
            await emails.queue(tx, person.email, text, callback_id, now, until, body=page)
        line = self._office.line_named(callback.line) if callback else self._office.line_of(branch)
        return await self._text(tx, person, line, text, template, now, callback=callback)

    async def _text(
        self,
        tx: Writer,
        person: Person,
        line: Line,
        text: str,
        template: str,
        now: datetime,
        *,
        callback: Callback | None = None,
    ) -> int | None:
        if person.mobile is None:
            return None
        told = Rendered(text, template)
        about: About = {"urgent": True, "callback_id": callback.id if callback else None}
        message = compose(MessageKind.STAFF, person.mobile, line, told, now, WORTH_TELLING, **about)
        return await self._composer.queue(tx, message)


ROLL_TAIL = ". LIST shows them, the 4 digits claim one"
ROLLED = 8

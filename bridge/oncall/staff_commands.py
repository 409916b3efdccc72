"""What staff can say by text: take a row, say what came of it, write to the customer in their own name.

The sender of a text proves nothing (SMS spoofing), so a command carries the four digits of an alert that was told to
that person. It is done in the transaction that marks it as read, so that it is done once, whatever happens.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

import structlog

from bridge.callbacks.actions import Callbacks, ConflictError, Seen
from bridge.domain.callbacks.queue import TEXTBACK, Attempt, Callback, CallbackState, NotPossibleError, Outcome, Verb
from bridge.domain.office.office import Office, Person
from bridge.domain.oncall import summary
from bridge.domain.oncall.escalation import UNHEARD, AlertCause, Escalation
from bridge.domain.words import honesty
from bridge.domain.words.lexicon import OptOutRequest
from bridge.office.composer import Composer
from bridge.oncall.resting import HOUR, rests_until
from bridge.oncall.staff_messages import ANSWER, HELP, HOW, LIST, WRONG, StaffMessages
from bridge.oncall.triggers import EscalationTriggers
from storage import alerts, callbacks, staff_codes
from storage.database import Reader, UnderWay, Writer
from storage.replies import Reply

USAGE = (
    "Reply an alert's 4 digits: 4821 claim, 4821 2 reached, 4821 3 no answer, T 4821 words = text the customer. LIST"
)
WHICH_ONE = "Which one? Reply its 4 digits, as in 4821 or T 4821 words. LIST shows them."
WRONG_DIGITS = "No alert of yours has the digits {digits}. LIST shows yours."
RESTING = (
    "Too many wrong digits came from your number: texts from it change nothing until {until}. Use the page, or call."
)
NO_LINKS = "Links are not sent: say it in words."
NOTHING = "Nothing is waiting for you."

AN_HOUR: Mapping[str, int] = {HELP: 1, HOW: 3, WRONG: 3, LIST: 6}
"""How often each answer is given: a phone that answers by itself must not talk with us for ever."""

LIST_ROOM = 220
"""Characters: the whole answer then is about two parts."""

LISTED = 8
"""Rows that are named with their digits: no more fit."""


class StaffCommandKind(StrEnum):
    TAKE = "1"
    REACHED = "2"
    NO_ANSWER = "3"
    TEXT = "t"
    LIST = "list"
    WITHOUT_DIGITS = "without digits"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StaffCommand:
    """digits: those of an alert. words: for the customer, as they were written.

    row: as staff named rows before alerts had digits; a sender can be spoofed and a row's number guessed.
    """

    kind: StaffCommandKind
    digits: str = ""
    words: str = ""
    row: int | None = None


_DIGITS = re.compile(r"\W*(\d{4})(?:[\W_]+([123]))?\W*", re.ASCII)
_TEXT = re.compile(r"\s*t(?:ext)?[\s:#]*(\d{4})\b[\s:]*(.+)", re.IGNORECASE | re.DOTALL | re.ASCII)
_LIST = re.compile(r"\W*list\W*", re.IGNORECASE)
_TAKE = re.compile(r"\W*1(?:[\W_]+(\d{1,9}))?\W*", re.ASCII)
_REST = re.compile(r"\W*[23](?:[\W_]+\d{1,9})?\W*|\s*t(?:ext)?(?=[\s:#\d]).+", re.IGNORECASE | re.DOTALL | re.ASCII)


def parse(text: str) -> StaffCommand:
    """`4821`, `4821 2`, `T 4821 on my way`, `t4821: on my way`, `List`; `1` and `1 7`, as before there were digits."""
    if found := _DIGITS.fullmatch(text):
        return StaffCommand(StaffCommandKind(found[2] or StaffCommandKind.TAKE), found[1])
    if _LIST.fullmatch(text):
        return StaffCommand(StaffCommandKind.LIST)
    if (found := _TEXT.fullmatch(text)) and found[2].strip():
        return StaffCommand(StaffCommandKind.TEXT, found[1], found[2].strip())
    if found := _TAKE.fullmatch(text):
        return StaffCommand(StaffCommandKind.TAKE, row=int(found[1]) if found[1] else None)
    return StaffCommand(StaffCommandKind.WITHOUT_DIGITS if _REST.fullmatch(text) else StaffCommandKind.UNKNOWN)


Code = Callable[[int], Awaitable[str]]
"""The digits by which somebody names a row."""

Obey = Callable[[Writer, Person, Callback, StaffCommand, datetime], Awaitable[str]]


class StaffCommands:
    """wrong_digits: how many came since the start."""

    def __init__(
        self,
        office: Office,
        triggers: EscalationTriggers,
        staff_messages: StaffMessages,
        composer: Composer,
    ) -> None:
        self._office = office
        self._triggers = triggers
        self._staff_messages = staff_messages
        self._composer = composer
        self._people = {person.mobile: person for person in office.people if person.mobile}
        self._obey: Mapping[StaffCommandKind, Obey] = {
            StaffCommandKind.TAKE: self._take,
            StaffCommandKind.REACHED: self._reached,
            StaffCommandKind.NO_ANSWER: self._no_answer,
            StaffCommandKind.TEXT: self._text,
        }
        self.wrong_digits = 0
        self._log = structlog.get_logger()

    async def received(self, tx: Writer, reply: Reply, now: datetime) -> None:
        """Do what the text says, and answer. A text of which a part is missing waits for it.

        Answers go to the person's own phone, whoever wrote the text: a spoofed one is seen there.
        """
        person = self._people.get(reply.number) if reply.number else None
        if person is None or reply.partial or reply.word is OptOutRequest.STOP or reply.own_words.is_bare_reaction:
            return
        command = parse(reply.own_words.text)
        template, answer = await self._answer(tx, person, command, now)
        if await self._may_say(tx, person, template, now):
            await self._staff_messages.answer(tx, person, reply.destination, answer, now, template)

    async def _answer(self, tx: Writer, person: Person, command: StaffCommand, now: datetime) -> tuple[str, str]:
        """What the answer is called, and what it says."""
        if command.kind is StaffCommandKind.UNKNOWN:
            return HELP, USAGE
        until = await rests_until(tx, person.name, now)
        resting = RESTING.format(until=summary.moment(until, self._office, now)) if until else ""
        if command.kind is StaffCommandKind.LIST:
            return LIST, f"{resting} {await self._list(tx, person, now, with_digits=not until)}".strip()
        if until:
            return WRONG, resting
        row_id = await self._row_meant(tx, person, command)
        if row_id is None and command.digits:
            return WRONG, await self._wrong(tx, person, command.digits, now)
        if row_id is None:
            return HOW, WHICH_ONE
        try:
            row = await self._open_row(tx, row_id)
            return ANSWER, await self._obey[command.kind](tx, person, row, command, now)
        except _Refused as refused:
            return ANSWER, str(refused)

    async def _may_say(self, db: Reader, person: Person, template: str, now: datetime) -> bool:
        most = AN_HOUR.get(template)
        return most is None or await alerts.texts_since(db, template, str(person.mobile), now - HOUR) < most

    # --- which row, and whether this person may name it

    async def _row_meant(self, db: Reader, person: Person, command: StaffCommand) -> int | None:
        if command.digits:
            return await staff_codes.row_of(db, person.name, command.digits)
        if command.kind is not StaffCommandKind.TAKE:
            return None
        old = [case.callback_id for case in await alerts.told_without_digits(db, person.name)]
        return next((row for row in old if command.row in (None, row)), None)

    async def _wrong(self, tx: Writer, person: Person, digits: str, now: datetime) -> str:
        tx.once_stored(self._note_wrong, person)
        await staff_codes.note_wrong(tx, person.name, now)
        until = await rests_until(tx, person.name, now)
        if until is None:
            return WRONG_DIGITS.format(digits=digits)
        tx.once_stored(self._log.error, "staff.number_rests", person=person.name, until=until.isoformat())
        said = RESTING.format(until=summary.moment(until, self._office, now))
        await self._staff_messages.send_notice(tx, person.name, said, now)
        await self._triggers.pass_on_all_of(tx, person.name, now)
        return said

    def _note_wrong(self, person: Person) -> None:
        self.wrong_digits += 1
        self._log.warning("staff.wrong_digits", person=person.name)

    async def _open_row(self, db: Reader, number: int) -> Callback:
        row = await callbacks.get(db, number)
        if row.state is CallbackState.CLOSED:
            by = row.reached_by if row.closed_by == TEXTBACK else row.closed_by
            raise _Refused(f"#{number} is done already, by {by}.")
        return row

    # --- the commands; each returns what to answer

    async def _take(self, tx: Writer, person: Person, row: Callback, _: StaffCommand, now: datetime) -> str:
        holder = _who_has(row, await alerts.live(tx, row.id))
        if holder not in (None, person.name):
            return f"{holder} claimed #{row.id}."
        await self._do(tx, Verb.CLAIM, row, person, now)
        others = [case for case in await alerts.unheard_of(tx, person.name) if case.callback_id != row.id]
        more = f" {_waits(len(others), 'more ')}: LIST." if others else ""
        facts = await self._staff_messages.facts(tx, row)
        return summary.line(facts, self._office, now, lead=f"You claimed #{row.id}: ", tail=f".{more}")

    async def _reached(self, tx: Writer, person: Person, row: Callback, _: StaffCommand, now: datetime) -> str:
        await self._do(tx, Verb.FINISH, row, person, now)
        return f"#{row.id} is done: reached."

    async def _no_answer(self, tx: Writer, person: Person, row: Callback, _: StaffCommand, now: datetime) -> str:
        after = await self._do(tx, Verb.ATTEMPT, row, person, now)
        back = summary.moment(after.until, self._office, now) if after.until else "soon"
        return f"#{row.id}: no answer, noted. It comes back at {back}."

    async def _text(self, tx: Writer, person: Person, row: Callback, command: StaffCommand, now: datetime) -> str:
        if honesty.has_link(command.words):
            raise _Refused(NO_LINKS)
        await self._do(tx, Verb.TEXT, row, person, now, command.words)
        return f"Your text goes to #{row.id} {await self._staff_messages.who(tx, row)}, in your name."

    async def _list(self, tx: Writer, person: Person, now: datetime, *, with_digits: bool) -> str:
        """Without digits while they would change nothing."""
        waiting = [case for case in await alerts.all_live(tx) if case.stage in UNHEARD]
        mine = await alerts.rows_of(tx, person.name)
        if not waiting and not mine:
            return NOTHING
        code = partial(staff_codes.code, tx, person.name, now=now) if with_digits else None
        rows = [await self._listed(tx, case, code) for case in waiting[:LISTED]]
        rows += [f"#{case.callback_id}" for case in waiting[LISTED:]]
        others = f"{_waits(len(rows))}: {summary.listed(rows, LIST_ROOM, '; ')}." if rows else ""
        named = [await _named(row, code) for row in mine[:LISTED]]
        claimed = (
            f"Claimed by you: {summary.listed([*named, *(f'#{row}' for row in mine[LISTED:])], 60, ', ')}."
            if mine
            else ""
        )
        return f"{others} {claimed}".strip()

    async def _listed(self, tx: Writer, case: Escalation, code: Code | None) -> str:
        row = await callbacks.get(tx, case.callback_id)
        danger = "DANGER " if case.cause is AlertCause.HAZARD else ""
        return f"{danger}{await _named(row.id, code)} {await self._staff_messages.who(tx, row)}"

    async def _do(
        self, tx: Writer, verb: Verb, callback: Callback, person: Person, now: datetime, words: str = ""
    ) -> Callback:
        """The verb, as the page does it, and what it means for the alerts."""
        verbs = Callbacks(UnderWay(tx), self._office, self._composer)
        seen = Seen.of(callback, person.name, now)
        does: Mapping[Verb, Callable[[], Awaitable[Callback]]] = {
            Verb.CLAIM: lambda: verbs.claim(seen),
            Verb.FINISH: lambda: verbs.finish(seen, Outcome.REACHED),
            Verb.ATTEMPT: lambda: verbs.attempt(seen, Attempt.NO_ANSWER, at_the_page=False),
            Verb.TEXT: lambda: verbs.text(seen, words),
        }
        try:
            after = await does[verb]()
        except (NotPossibleError, ConflictError):
            raise _Refused(_IMPOSSIBLE.get(verb, "That is not possible for #{row}.").format(row=callback.id)) from None
        case = await alerts.live(tx, callback.id)
        if case is not None:
            await self._triggers.dealt_with(tx, case, after, verb, person.name, now)
        return after


async def _named(row_id: int, code: Code | None) -> str:
    return f"#{row_id} {await code(row_id)}" if code else f"#{row_id}"


def _who_has(callback: Callback, case: Escalation | None) -> str | None:
    """Who deals with the row. An owner from before it became urgent does not, until they say so."""
    if case is None or case.holder is not None:
        return case.holder if case else callback.owner
    taken = callback.acknowledged_at is not None and callback.acknowledged_at >= case.raised_at
    return callback.owner if taken else None


_IMPOSSIBLE = {Verb.TEXT: "#{row} cannot be texted. Please call."}


class _Refused(Exception):  # noqa: N818  its words are an answer
    """Nothing was done; the words say why."""


def _waits(number: int, more: str = "") -> str:
    return f"{number} {more}wait{'s' if number == 1 else ''}"

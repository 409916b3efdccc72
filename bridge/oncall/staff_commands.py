"""What staff can say by text: take a row, say what came of it, write to the customer in their own name.

A command is done in the transaction that marks it as read, so that it is done once, whatever happens.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bridge.callbacks.actions import Callbacks, ConflictError, Seen
from bridge.domain.callbacks.queue import TEXTBACK, Attempt, Callback, CallbackState, NotPossibleError, Outcome, Verb
from bridge.domain.office.office import Office, Person
from bridge.domain.oncall import summary
from bridge.domain.oncall.escalation import UNHEARD, AlertCause, Escalation
from bridge.domain.words.lexicon import OptOutRequest
from bridge.office.composer import Composer
from bridge.oncall.staff_messages import ANSWER, HELP, StaffMessages
from bridge.oncall.triggers import EscalationTriggers
from storage import alerts, callbacks
from storage.database import Reader, UnderWay, Writer
from storage.replies import Reply

USAGE = "1 take, 2 reached, 3 no answer, T words = text the customer, LIST. With a row: 1 7"
ONE_USAGE_PER = timedelta(hours=1)
"""A phone that answers by itself must not talk with us for ever."""

LIST_ROOM = 220
"""Characters: the whole answer then is about two parts."""

NOTHING = "Nothing is waiting for you."


class StaffCommandKind(StrEnum):
    TAKE = "1"
    REACHED = "2"
    NO_ANSWER = "3"
    TEXT = "t"
    LIST = "list"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StaffCommand:
    """row: None where none was named. words: for the customer, as they were written."""

    kind: StaffCommandKind
    row: int | None = None
    words: str = ""


_DIGIT = re.compile(r"\W*([123])(?:[\W_]+(\d{1,9}))?\W*")
_TEXT = re.compile(r"\s*t(?:ext)?(?:\s*#\s*(\d{1,9})\b|(\d{1,9})\b|(?=[\s:]))[\s:]*(.+)", re.IGNORECASE | re.DOTALL)
_LIST = re.compile(r"\W*list\W*", re.IGNORECASE)


def parse(text: str) -> StaffCommand:
    """`1`, `1 7`, `1 #7.`, `T on my way`, `T7 on my way`, `t #7: on my way`, `List`."""
    if found := _DIGIT.fullmatch(text):
        return StaffCommand(StaffCommandKind(found[1]), int(found[2]) if found[2] else None)
    if _LIST.fullmatch(text):
        return StaffCommand(StaffCommandKind.LIST)
    if (found := _TEXT.fullmatch(text)) and found[3].strip():
        row = found[1] or found[2]
        return StaffCommand(StaffCommandKind.TEXT, int(row) if row else None, found[3].strip())
    return StaffCommand(StaffCommandKind.UNKNOWN)


class StaffCommands:
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
        self._obey: Mapping[StaffCommandKind, Callable[[Writer, Person, StaffCommand, datetime], Awaitable[str]]] = {
            StaffCommandKind.TAKE: self._take,
            StaffCommandKind.REACHED: self._reached,
            StaffCommandKind.NO_ANSWER: self._no_answer,
            StaffCommandKind.TEXT: self._text,
            StaffCommandKind.LIST: self._list,
        }

    async def received(self, tx: Writer, reply: Reply, now: datetime) -> None:
        """Do what the text says, and answer. A text of which a part is missing waits for it."""
        person = self._people.get(reply.number) if reply.number else None
        if person is None or reply.partial or reply.word is OptOutRequest.STOP or reply.own_words.is_bare_reaction:
            return
        command = parse(reply.own_words.text)
        if command.kind is StaffCommandKind.UNKNOWN:
            await self._explain(tx, person, reply, now)
            return
        try:
            answer = await self._obey[command.kind](tx, person, command, now)
        except _Refused as refused:
            answer = str(refused)
        await self._staff_messages.answer(tx, person, reply.destination, answer, now, ANSWER)

    async def _explain(self, tx: Writer, person: Person, reply: Reply, now: datetime) -> None:
        last = await alerts.last_text(tx, HELP, str(person.mobile))
        if last is None or now - last >= ONE_USAGE_PER:
            await self._staff_messages.answer(tx, person, reply.destination, USAGE, now, HELP)

    # --- the commands; each returns what to answer

    async def _take(self, tx: Writer, person: Person, command: StaffCommand, now: datetime) -> str:
        row = await self._row_to_take(tx, person, command)
        holder = _who_has(row, await alerts.live(tx, row.id))
        if holder not in (None, person.name):
            return f"{holder} has #{row.id}."
        await self._do(tx, Verb.CLAIM, row, person, now)
        others = [case for case in await alerts.unheard_of(tx, person.name) if case.callback_id != row.id]
        more = f" {_waits(len(others), 'more ')}: LIST." if others else ""
        return summary.line(
            await self._staff_messages.facts(tx, row), self._office, now, lead=f"You have #{row.id}: ", tail=f".{more}"
        )

    async def _reached(self, tx: Writer, person: Person, command: StaffCommand, now: datetime) -> str:
        row = await self._row_of(tx, person, command)
        await self._do(tx, Verb.FINISH, row, person, now)
        return f"#{row.id} is done: reached."

    async def _no_answer(self, tx: Writer, person: Person, command: StaffCommand, now: datetime) -> str:
        row = await self._row_of(tx, person, command)
        after = await self._do(tx, Verb.ATTEMPT, row, person, now)
        back = summary.moment(after.until, self._office, now) if after.until else "soon"
        return f"#{row.id}: no answer, noted. It comes back at {back}."

    async def _text(self, tx: Writer, person: Person, command: StaffCommand, now: datetime) -> str:
        row = await self._row_of(tx, person, command, sure=True)
        await self._do(tx, Verb.TEXT, row, person, now, command.words)
        return f"Your text goes to #{row.id} {await self._staff_messages.who(tx, row)}, in your name."

    async def _list(self, tx: Writer, person: Person, _command: StaffCommand, _now: datetime) -> str:
        waiting = [case for case in await alerts.all_live(tx) if case.stage in UNHEARD]
        mine = await alerts.rows_of(tx, person.name)
        if not waiting and not mine:
            return NOTHING
        rows = [await self._listed(tx, case) for case in waiting]
        others = f"{_waits(len(rows))}: {summary.listed(rows, LIST_ROOM, '; ')}." if rows else ""
        yours = f"Yours: {_named(mine)}." if mine else ""
        return f"{others} {yours}".strip()

    async def _listed(self, db: Reader, case: Escalation) -> str:
        row = await callbacks.get(db, case.callback_id)
        danger = "DANGER " if case.cause is AlertCause.HAZARD else ""
        return f"{danger}#{row.id} {await self._staff_messages.who(db, row)}"

    # --- which row, and the verb

    async def _row_to_take(self, db: Reader, person: Person, command: StaffCommand) -> Callback:
        """The one named, else the one this person was told of last."""
        if command.row is not None:
            return await self._open_row(db, command.row)
        unheard = await alerts.unheard_of(db, person.name)
        if unheard:
            return await callbacks.get(db, unheard[0].callback_id)
        last = await alerts.last_told(db, person.name)
        if last is None:
            raise _Refused(NOTHING)
        return await self._open_row(db, last.callback_id)

    async def _row_of(self, db: Reader, person: Person, command: StaffCommand, *, sure: bool = False) -> Callback:
        """The one named, else the one this person took last, else was told of last. sure: if there is but one."""
        if command.row is not None:
            return await self._open_row(db, command.row)
        rows = await alerts.rows_of(db, person.name)
        rows = rows or [case.callback_id for case in await alerts.unheard_of(db, person.name)]
        if not rows:
            raise _Refused(NOTHING)
        if sure and len(rows) > 1:
            raise _Refused(f"To whom? {_named(rows)}. For example: T{rows[0]} words")
        return await callbacks.get(db, rows[0])

    async def _open_row(self, db: Reader, number: int) -> Callback:
        try:
            row = await callbacks.get(db, number)
        except LookupError:
            raise _Refused(f"There is no row #{number}.") from None
        if row.state is CallbackState.CLOSED:
            by = row.reached_by if row.closed_by == TEXTBACK else row.closed_by
            raise _Refused(f"#{number} is done already, by {by}.")
        return row

    async def _do(
        self, tx: Writer, verb: Verb, callback: Callback, person: Person, now: datetime, words: str = ""
    ) -> Callback:
        """The verb, as the page does it, and what it means for the alerts."""
        verbs = Callbacks(UnderWay(tx), self._office, self._composer)
        seen = Seen.of(callback, person.name, now)
        does: Mapping[Verb, Callable[[], Awaitable[Callback]]] = {
            Verb.CLAIM: lambda: verbs.claim(seen),
            Verb.FINISH: lambda: verbs.finish(seen, Outcome.REACHED),
            Verb.ATTEMPT: lambda: verbs.attempt(seen, Attempt.NO_ANSWER),
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


def _named(rows: Sequence[int]) -> str:
    return summary.listed([f"#{row}" for row in rows], 60)

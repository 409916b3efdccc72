"""Use case: dated changes of who is on call ("Ann takes tonight", "Bob is away until Monday") and of the hours
("closed tomorrow", "open late today": dated hours), of the weekly on-call pattern and of the automatic texts, each
with a name. What nobody changed is as the file has it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

from bridge.domain.callbacks.queue import UNDO_WINDOW
from bridge.domain.i18n import N_, UserError
from bridge.domain.office.hours import HoursChange
from bridge.domain.office.office import Changes, Line, Office
from bridge.domain.office.roster import AHEAD, Change, OnCallGap, Override, PatternChange
from bridge.domain.office.templates import WordsChange
from storage.audit import of_version
from storage.database import Database, Reader
from storage.schedule import HOURS, ON_CALL, PATTERNS, WORDS, C, DatedChanges

LOOKED_BACK = timedelta(days=400)
"""Changes of the hours that are longer gone say nothing of an office hour ago, or of the last working day."""


DatedChange: TypeAlias = Override | HoursChange | PatternChange | WordsChange

GONE_BY = N_("that time has gone by")
SAID_ALREADY = N_("%(name)s has entered just that already")
LOCKED = N_("the configuration file locks the texts ([texts] locked)")
TOO_LONG = N_("it is longer than %(longest)s characters")
TOO_LATE = N_("It is too late to undo that.")
NO_CHANGE = N_("there is no change %(number)s, or it was taken back before")


class ScheduleChangeError(UserError):
    """This change makes no sense; the words say what would."""


async def office_with_changes(db: Reader, office: Office, now: datetime) -> Office:
    """The office with everything that people entered since its file was written."""
    changes = Changes(
        tuple(await ON_CALL.since(db, now)),
        tuple(await HOURS.since(db, now - LOOKED_BACK)),
        tuple(await PATTERNS.since(db, now)),
        tuple(await WORDS.since(db, now)),
    )
    return office.changed(changes, now)


def gaps_ahead(office: Office, now: datetime) -> Mapping[str, Sequence[OnCallGap]]:
    """By branch: when in the days ahead it is closed with nobody on call; at most the owner is told then."""
    return {branch: _gaps(office, branch, now) for branch in dict.fromkeys(line.branch for line in office.lines)}


def _gaps(office: Office, branch: str, now: datetime) -> Sequence[OnCallGap]:
    calendars = [line.calendar for line in office.lines if line.branch == branch]
    return office.roster.gaps(branch, calendars, now, now + AHEAD)


class ScheduleChanges:
    def __init__(self, database: Database, office: Office) -> None:
        self._database = database
        self._office = office

    async def enter(self, changes: DatedChanges[C], change: C, now: datetime) -> C:
        """As `enter_all`, of one."""
        (entered,) = await self.enter_all(changes, [change], now)
        return entered

    async def enter_all(self, changes: DatedChanges[C], entered: Sequence[C], now: datetime) -> Sequence[C]:
        """All of them or none; their ids are given here.

        ScheduleChangeError for somebody or a place that there is not, for a time gone by, and for what holds already.
        """
        for change in entered:
            self._check(change)
            if change.end <= now:
                raise ScheduleChangeError(GONE_BY)
        async with self._database.transaction() as tx:
            held = await changes.since(tx, now)
            for change in entered:
                if by := said_already(held, change):
                    raise ScheduleChangeError(SAID_ALREADY, name=by)
            return [await changes.insert(tx, change, now) for change in entered]

    async def take_back(self, changes: DatedChanges[C], change_id: int, who: str, now: datetime) -> C:
        """ScheduleChangeError if there is no such change any more."""
        async with self._database.transaction() as tx:
            taken_back = await changes.take_back(tx, change_id, who, now)
        if taken_back is None:
            raise ScheduleChangeError(NO_CHANGE, number=change_id)
        return taken_back

    async def put_back(self, changes: DatedChanges[C], change_id: int, version: int, who: str, now: datetime) -> C:
        """Undo that this person took it back, which made that version. ScheduleChangeError where it is too late."""
        async with self._database.transaction() as tx:
            last = await of_version(tx, changes.subject, change_id, version)
            if last is None or last.who != who or now - last.at > UNDO_WINDOW:
                raise ScheduleChangeError(TOO_LATE)
            put_back = await changes.put_back(tx, change_id, version, who, now)
            if put_back is None:
                raise ScheduleChangeError(TOO_LATE)
            return put_back

    async def hours_changes(self, now: datetime) -> Sequence[HoursChange]:
        """Those that hold now or will."""
        async with self._database.read() as db:
            return await HOURS.since(db, now)

    async def current(self, now: datetime) -> Office:
        async with self._database.read() as db:
            return await office_with_changes(db, self._office, now)

    def _check(self, change: DatedChange) -> None:
        if isinstance(change, Override | PatternChange):
            people = [change.person] if isinstance(change, Override) else _people(change)
            for person in people:
                self._check_person(person)
            self._check_branch(change.branch)
            return
        lines = lines_of(self._office, change)
        if isinstance(change, WordsChange):
            self._check_words(change, lines)

    def _check_words(self, change: WordsChange, lines: Sequence[Line]) -> None:
        if self._office.texts_locked:
            raise ScheduleChangeError(LOCKED)
        found = wording_problems(self._office, lines, change)
        if found:
            raise ScheduleChangeError(found[0].words, **found[0].values)

    def _check_person(self, name: str) -> None:
        person = self._office.person(name)
        if person is None or person.mobile is None:
            raise ScheduleChangeError(
                N_("%(name)s is not among the people with a mobile: %(known)s"),
                name=name,
                known=", ".join(person.name for person in self._office.people if person.mobile) or "–",
            )

    def _check_branch(self, name: str | None) -> None:
        branches = {line.branch for line in self._office.lines}
        if name not in {None, *branches}:
            known = ", ".join(sorted(branches))
            raise ScheduleChangeError(N_("there is no branch %(name)s; there are %(known)s"), name=name, known=known)


def lines_of(office: Office, change: HoursChange | WordsChange) -> Sequence[Line]:
    """Those that it is about. ScheduleChangeError where there are none."""
    lines = [line for line in office.lines if change.concerns(line.branch, line.name)]
    if not lines:
        raise ScheduleChangeError(N_("there is no line or branch %(name)s"), name=change.line or change.branch)
    return lines


def _people(change: PatternChange) -> Sequence[str]:
    return list(dict.fromkeys(person for shift in change.shifts for person in shift.people))


def said_already(held: Sequence[C], change: C) -> str:
    """Who entered the same for all of that time, with nothing entered since that speaks of it; "" for nobody."""
    of_then = [one for one in held if one.start < change.end and change.start < one.end and _are_of_one(one, change)]
    if not of_then:
        return ""
    last = of_then[-1]
    again = replace(change, start=last.start, end=last.end, by=last.by, id=last.id)
    return last.by if again == last and last.start <= change.start and change.end <= last.end else ""


def _are_of_one(one: DatedChange, change: DatedChange) -> bool:
    """Would the later of the two go before the earlier?"""
    if one.branch != change.branch:
        return False
    if isinstance(one, Override) and isinstance(change, Override):
        return one.person == change.person or one.change is change.change is Change.TAKES
    if isinstance(one, WordsChange) and isinstance(change, WordsChange):
        return (one.template, one.language, one.line) == (change.template, change.language, change.line)
    return getattr(one, "line", None) == getattr(change, "line", None)


def wording_problems(office: Office, lines: Sequence[Line], change: WordsChange) -> Sequence[UserError]:
    """What keeps these lines from sending those words."""
    from bridge.domain.texts import wording  # with the lexicon, which is long: most changes are none of words
    from bridge.domain.words.lexicon import default_lexicon

    if len(change.words) > wording.LONGEST:
        return [UserError(TOO_LONG, longest=wording.LONGEST)]
    for line in lines:
        found = wording.problems_here(line.saying(change), office, change.template, change.language, default_lexicon())
        if found:
            return found
    return []

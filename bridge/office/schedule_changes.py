"""Use case: dated changes of who is on call ("Ann takes tonight", "Bob is away until Monday") and of the hours
("closed tomorrow", "open late today": dated hours), each with a name. What nobody changed is as the file has it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from bridge.domain.i18n import N_, UserError
from bridge.domain.office.hours import HoursChange
from bridge.domain.office.office import Office
from bridge.domain.office.roster import AHEAD, OnCallGap, Override
from storage.database import Database, Reader
from storage.schedule import HOURS, ON_CALL, C, DatedChanges

LOOKED_BACK = timedelta(days=400)
"""Changes of the hours that are longer gone say nothing of an office hour ago, or of the last working day."""


GONE_BY = N_("that time has gone by")
NO_CHANGE = N_("there is no change %(number)s, or it was taken back before")


class ScheduleChangeError(UserError):
    """This change makes no sense; the words say what would."""


async def office_with_changes(db: Reader, office: Office, now: datetime) -> Office:
    """The office with everything that people entered since its file was written."""
    return office.changed(await ON_CALL.since(db, now), await HOURS.since(db, now - LOOKED_BACK))


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
        """Its id is given here. ScheduleChangeError for somebody or a place that there is not, or a time gone by."""
        self._check(change)
        if change.end <= now:
            raise ScheduleChangeError(GONE_BY)
        async with self._database.transaction() as tx:
            return await changes.insert(tx, change, now)

    async def take_back(self, changes: DatedChanges[C], change_id: int, who: str, now: datetime) -> C:
        """ScheduleChangeError if there is no such change any more."""
        async with self._database.transaction() as tx:
            taken_back = await changes.take_back(tx, change_id, who, now)
        if taken_back is None:
            raise ScheduleChangeError(NO_CHANGE, number=change_id)
        return taken_back

    async def hours_changes(self, now: datetime) -> Sequence[HoursChange]:
        """Those that hold now or will."""
        async with self._database.read() as db:
            return await HOURS.since(db, now)

    async def current(self, now: datetime) -> Office:
        async with self._database.read() as db:
            return await office_with_changes(db, self._office, now)

    def _check(self, change: Override | HoursChange) -> None:
        if isinstance(change, Override):
            self._check_person(change.person)
            self._check_branch(change.branch)
        elif not any(change.concerns(line.branch, line.name) for line in self._office.lines):
            raise ScheduleChangeError(N_("there is no line or branch %(name)s"), name=change.line or change.branch)

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

"""The morning's list in one text: who waits for a call, what presses most first, and how yesterday ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from bridge.domain.callbacks.queue import Callback, Urgency
from bridge.domain.office.hours import MIDNIGHT, Calendar
from bridge.domain.office.office import Office
from bridge.domain.oncall import summary
from bridge.domain.oncall.summary import SummaryFacts
from bridge.domain.reports.figures import Count, Figures

ROOM = 450
"""Characters: three parts."""

ALL_NIGHT = time(8)
"""An office that never closes has its morning then."""

LOOKED_BACK = 14
LEADS = {Urgency.URGENT: "URGENT #{row} ", Urgency.CHECK: "check #{row} ", Urgency.ROUTINE: "#{row} "}


@dataclass(frozen=True, slots=True)
class WaitingCustomer:
    """A customer who needs a call, by the row that presses most."""

    row: Callback
    facts: SummaryFacts


def due_at(calendar: Calendar, day: date, at: time | None) -> datetime | None:
    """When that day's digest is due: at opening, or at the time that the office set; None on a day it stays closed."""
    spans = calendar.spans_on(day)
    if not spans:
        return None
    opens = min(span.opens for span in spans)
    return calendar.instant(datetime.combine(day, at or (ALL_NIGHT if opens == MIDNIGHT else opens)))


def last_working_day(calendar: Calendar, day: date) -> date:
    """The day before on which the office was open."""
    days = (day - timedelta(days=back) for back in range(1, LOOKED_BACK))
    return next((before for before in days if calendar.spans_on(before)), day - timedelta(days=1))


def line(waiting: WaitingCustomer, office: Office, now: datetime) -> str:
    """`URGENT #12 Mary Poole (202) 555-0123, 4 Oak Ave: "no heat" (no heat), since 9:40 PM, with Ann`."""
    row = waiting.row
    tail = f", with {summary.clean(row.owner)}" if row.owner else ""
    return summary.line(waiting.facts, office, now, lead=LEADS[row.urgency].format(row=row.id), tail=tail)


def headline(figures: Figures) -> str:
    """`6 missed, 6 reached, 0 without a next step`."""
    missed, reached = figures.counts[Count.MISSED_CALLERS], figures.counts[Count.CALLS_RECOVERED]
    return f"{missed} missed, {reached} reached, {figures.no_next_step} without a next step"


def text(waiting: Sequence[WaitingCustomer], figures: Figures, office: Office, now: datetime) -> str:
    """On one line, for it is the subject of an e-mail too; as many rows as there is room for."""
    lead, since = _counted(waiting), _since(figures)
    if not waiting:
        return f"{lead} {since}"
    room = ROOM - len(lead) - len(since) - len("  .")
    rows = [line(one, office, now) for one in waiting]
    return f"{lead} {summary.listed(rows, room, ' / ')}. {since}"


def page(waiting: Sequence[WaitingCustomer], figures: Figures, office: Office, now: datetime) -> str:
    """All of it, for an e-mail: each row on a line of its own."""
    rows = [line(one, office, now) for one in waiting]
    return "\n".join([_counted(waiting), _since(figures), *([""] if rows else []), *rows])


def _counted(waiting: Sequence[WaitingCustomer]) -> str:
    urgent = sum(one.row.urgency is Urgency.URGENT for one in waiting)
    return f"{len(waiting)} to call{f', {urgent} urgent' if urgent else ''}." if waiting else "Nobody waits for a call."


def _since(figures: Figures) -> str:
    return f"Since {figures.first:%a}: {headline(figures)}."

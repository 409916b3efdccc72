"""The figures page: recounted from what is stored, as numbers, small charts and CSV."""

import csv
import io
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import NamedTuple

from aiohttp import web

from bridge.domain import phone
from bridge.domain.office.office import Office
from bridge.domain.reports import figures
from bridge.domain.reports.figures import Count, Counts, EventCount, Figures, Recovery
from bridge.reports import figures as use_case
from bridge.web.labels import FILTERED, duration
from bridge.web.language import N_
from bridge.web.page_context import PageContext
from storage.database import Reader

PERIODS = {"7": 7, "30": 30, "90": 90}
DAY = timedelta(days=1)
WEEK = timedelta(days=7)
ENOUGH = 2 * WEEK
"""Before that no weekday is said to be one on which calls are missed."""

HEIGHT = 64.0
"""Of a chart, in its own units; a bar's width is 1."""

FEWEST_BARS = 7
"""The width of a chart with fewer: two days are no wall."""

MOST_TICKS = 7
EVERY = (1, 2, 3, 6, 7, 14)
"""Of how many bars one has its label: the first that makes no more than so many."""

CHARTS = (
    (Count.MISSED_CALLS, N_("Missed calls")),
    (Count.CALLS_RECOVERED, N_("Calls recovered")),
    (Count.URGENT_FLAGGED, N_("Urgent")),
)

COLUMNS = {
    Count.MISSED_CALLS: N_("Missed calls"),
    Count.TEXTS_SENT: N_("Texts sent"),
    Count.TEXT_REPLIES: N_("Text replies"),
    Count.CALLBACKS_OPENED: N_("Callbacks"),
    Count.CALLS_RECOVERED: N_("Calls recovered"),
    Count.APPOINTMENTS_BOOKED: N_("Booked"),
    Count.URGENT_FLAGGED: N_("Urgent"),
}
"""Of the tables; the CSV has all."""

OF_NUMBERS = (
    *(Count.MISSED_CALLS, Count.FILTERED_CALLS, *figures.FILTERED.values()),
    *(Count.TEXTS_SENT, Count.TEXT_REPLIES),
)
"""What is known of the number that was called, and not of its line alone."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")

Table = tuple[str, Sequence[Count], Sequence[tuple[str, Counts]]]
"""What the rows are, which counts they have, and the rows."""


@dataclass(frozen=True, slots=True)
class Tile:
    """args: fill the number, where it has words, and what is said more. before: the same, of as many days before."""

    words: str
    number: str
    more: str = ""
    args: Mapping[str, object] = field(default_factory=dict)
    before: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """x, y, height: in the chart's units; was_y, was_height: of the week before. was: its count."""

    label: str
    count: int
    x: int
    y: float
    height: float
    was: int = 0
    was_y: float = HEIGHT
    was_height: float = 0.0


class Tick(NamedTuple):
    """x: of its bar's middle, in hundredths of the chart."""

    label: str
    x: float


@dataclass(frozen=True, slots=True)
class Chart:
    """most: what the axis reaches up to. width: in bars. ticks: labels of the other axis. compares: with last week."""

    words: str
    total: int
    most: int
    bars: Sequence[Bar]
    width: int
    ticks: Sequence[Tick]
    compares: bool = False


@dataclass(frozen=True, slots=True)
class Spread:
    """The same counts, spread over days, hours or lines. by: its name in the address of its CSV. rows: for a table.

    gone: how many missed calls are known only by their day, since their rows are not kept any more.
    """

    by: str
    words: str
    rows: Sequence[tuple[str, Counts]]
    charts: Sequence[Chart]
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Called:
    """One called number of a line that has several."""

    number: str
    counts: Counts


class FiguresPage:
    def __init__(self, site: PageContext) -> None:
        self._site = site

    async def show(self, request: web.Request) -> web.Response:
        """The figures of a period, on a page."""
        now, chosen, office = self._site.clock(), _chosen(request), self._site.office
        show = self._site.show(request, now)
        first, last = self._period(request)
        async with self._site.database.read() as db:
            whole = await use_case.of_period(db, office, first, last, now)
            happened = await use_case.happened(db, office, first, last)
            begun = await use_case.first_day(db, office)
            shown_from = max(first, begun) if begun and begun <= last else first
            knows_before = begun is not None and begun < first
            before = await use_case.counts_of_period(db, office, *_before(first, last)) if knows_before else None
            counted = await self._days(db, shown_from, last)
            days = [(show.day(day), counts) for day, counts in counted]
            ticks = [show.day_of_month(day) for day, _ in counted]
            week = await self._days(db, *_before(shown_from, last, WEEK)) if chosen == "7" and knows_before else []
            hours = [(show.hour(hour), counts) for hour, counts in enumerate(figures.by_hour(happened, office.zone))]
            lines = figures.by_line(happened, [line.name for line in office.lines])
            gone = whole.counts[Count.MISSED_CALLS] - sum(counts[Count.MISSED_CALLS] for _, counts in hours)
            by_day = Spread("day", N_("by day"), days, charts(days, ticks, [counts for _, counts in week]))
            by_hour = Spread("hour", N_("by hour of the day"), hours, charts(hours, [at for at, _ in hours]), gone)
            return await self._site.page(
                request,
                db,
                "figures.html",
                now,
                tiles=list(tiles(whole, before, await use_case.recovery(db, office, first, last))),
                peak=await use_case.peak(db, office, first, last) if last - shown_from >= ENOUGH else None,
                filters=[(FILTERED[why], n) for why, one in figures.FILTERED.items() if (n := whole.counts[one])],
                spreads=[by_day, by_hour] if len(days) > 1 else [by_hour],  # one day is one bar
                lines=lines,
                line_most=max([counts[Count.MISSED_CALLS] for counts in lines.values()], default=0),
                called=called(happened, office),
                gone=gone,
                columns=COLUMNS,
                chosen=chosen,
                periods=PERIODS,
                height=HEIGHT,
            )

    async def as_csv(self, request: web.Request) -> web.Response:
        """One line a day, an hour of the day, or a line of the office."""
        first, last = self._period(request)
        by = request.query.get("by", "")
        async with self._site.database.read() as db:
            heading, columns, rows = await _TABLES.get(by, FiguresPage._by_day)(self, db, first, last)
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow([heading, *columns])
        writer.writerows([guarded(name), *(counts[count] for count in columns)] for name, counts in rows)
        response = web.Response(text=out.getvalue(), content_type="text/csv", charset="utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="figures-by-{heading}-{last}.csv"'
        return response

    async def _by_day(self, db: Reader, first: date, last: date) -> Table:
        return "day", tuple(Count), [(day.isoformat(), counts) for day, counts in await self._days(db, first, last)]

    async def _by_hour(self, db: Reader, first: date, last: date) -> Table:
        happened = await use_case.happened(db, self._site.office, first, last)
        hours = enumerate(figures.by_hour(happened, self._site.office.zone))
        return "hour", figures.ADDITIVE, [(f"{hour:02d}:00", counts) for hour, counts in hours]

    async def _by_line(self, db: Reader, first: date, last: date) -> Table:
        happened = await use_case.happened(db, self._site.office, first, last)
        lines = figures.by_line(happened, [line.name for line in self._site.office.lines])
        return "line", figures.ADDITIVE, list(lines.items())

    def _period(self, request: web.Request) -> tuple[date, date]:
        """Today is its last day."""
        today = self._site.clock().astimezone(self._site.office.zone).date()
        return today - (PERIODS[_chosen(request)] - 1) * DAY, today

    async def _days(self, db: Reader, first: date, last: date) -> list[tuple[date, Counts]]:
        days = [first + n * DAY for n in range((last - first).days + 1)]
        return [(day, await use_case.counts_of_period(db, self._site.office, day, day)) for day in days]


_TABLES: Mapping[str, Callable[[FiguresPage, Reader, date, date], Awaitable[Table]]] = {
    "day": FiguresPage._by_day,
    "hour": FiguresPage._by_hour,
    "line": FiguresPage._by_line,
}


def guarded(cell: str) -> str:
    """A spreadsheet must not take it for a formula."""
    return f"'{cell}" if cell.startswith(FORMULA) else cell


def called(happened: Iterable[EventCount], office: Office) -> dict[str, list[Called]]:
    """By line, the numbers that were called where that was more than one."""
    numbers: dict[str, dict[str, dict[Count, int]]] = {}
    for one in happened:
        if one.did:
            number = phone.parse(one.did, office.country)
            name = phone.national(number, office.country) if number else one.did
            counts = numbers.setdefault(one.line, {}).setdefault(name, dict.fromkeys(OF_NUMBERS, 0))
            counts[one.count] += one.number
    return {
        line: [Called(number, counts) for number, counts in sorted(found.items())]
        for line, found in numbers.items()
        if len(found) > 1
    }


def tiles(whole: Figures, before: Counts | None, how: Recovery) -> Iterator[Tile]:
    """before: of as many days before these; None where nothing is known of them."""
    counts, times = whole.counts, whole.times
    was = {count: str(before.get(count, 0)) if before else "" for count in Count}
    yield Tile(N_("Callbacks with no next step"), str(whole.no_next_step), N_("now; meant to be 0"))
    callers = {"count": counts[Count.MISSED_CALLERS]}
    missed, words = str(counts[Count.MISSED_CALLS]), N_("%(count)s callers")
    yield Tile(N_("Missed calls"), missed, words, callers, was[Count.MISSED_CALLS])
    yield replace(_replies(whole), before=was[Count.TEXT_REPLIES])
    yield _recovered(counts, how, was[Count.CALLS_RECOVERED])
    booked = str(counts[Count.APPOINTMENTS_BOOKED])
    yield Tile(N_("Appointments booked"), booked, before=was[Count.APPOINTMENTS_BOOKED])
    acknowledged = {"count": counts[Count.URGENT_ACKNOWLEDGED], "median": _said(figures.middle(times.to_acknowledge))}
    more = N_("%(count)s acknowledged, median %(median)s")
    flagged = str(counts[Count.URGENT_FLAGGED])
    yield Tile(N_("Urgent callbacks"), flagged, more, acknowledged, was[Count.URGENT_FLAGGED])
    yield _contact(whole)


def _recovered(counts: Counts, how: Recovery, before: str) -> Tile:
    ways = {"again": how.called_again, "back": how.called_back, "text": how.after_text}
    told = {"count": counts[Count.CALLBACKS_OPENED], **ways}
    more = N_(
        "of %(count)s callbacks: %(again)s called again, %(back)s we called back (%(text)s of these had our text)"
    )
    return Tile(N_("Calls recovered"), str(counts[Count.CALLS_RECOVERED]), more, told, before)


def _contact(whole: Figures) -> Tile:
    contact, waiting = whole.times.contact, len(whole.times.waiting)
    told = {"time": _said(contact.p90), "count": waiting, "median": _said(contact.median)}
    number = N_("over %(median)s") if contact.median_at_least else told["median"]
    return Tile(N_("Time to first contact"), str(number), _slowest(whole), told)


def _slowest(whole: Figures) -> str:
    """Of who still waits only so much is known: the time until now."""
    if whole.times.contact.p90_at_least:
        return N_("one of ten waits over %(time)s; %(count)s still wait")
    if whole.times.waiting:
        return N_("nine of ten within %(time)s; %(count)s still wait")
    return N_("nine of ten within %(time)s")


def _replies(whole: Figures) -> Tile:
    share = None if whole.reply_share is None else f"{whole.reply_share:.0%}"
    told = {"share": share, "count": whole.counts[Count.TEXTS_SENT]}
    more = N_("%(share)s of %(count)s texts") if share else N_("no texts sent")
    return Tile(N_("Text replies"), str(whole.counts[Count.TEXT_REPLIES]), more, told)


def _said(time: timedelta | None) -> str:
    return "–" if time is None else duration(time)


def charts(rows: Sequence[tuple[str, Counts]], ticks: Sequence[str], before: Sequence[Counts] = ()) -> list[Chart]:
    """ticks: short labels, one a row. before: the counts of as many rows a week earlier."""
    return [
        _chart(words, [(label, counts[count]) for label, counts in rows], ticks, [counts[count] for counts in before])
        for count, words in CHARTS
    ]


def _chart(words: str, numbers: Sequence[tuple[str, int]], ticks: Sequence[str], before: Sequence[int]) -> Chart:
    most = max([*(number for _, number in numbers), *before])
    bars = [_bar(n, label, number, most) for n, (label, number) in enumerate(numbers)]
    if before:
        bars = [_beside(bar, was, most) for bar, was in zip(bars, before, strict=True)]
    total, width = sum(number for _, number in numbers), max(len(bars), FEWEST_BARS)
    return Chart(words, total, most, bars, width, _some(ticks, width), bool(before))


def _bar(n: int, label: str, number: int, most: int) -> Bar:
    height = number / most * HEIGHT if most else 0.0
    return Bar(label, number, n, HEIGHT - height, height)


def _beside(bar: Bar, was: int, most: int) -> Bar:
    height = was / most * HEIGHT if most else 0.0
    return replace(bar, was=was, was_y=HEIGHT - height, was_height=height)


def _some(ticks: Sequence[str], width: int) -> Sequence[Tick]:
    """The first, and others evenly apart."""
    step = next((step for step in EVERY if len(ticks) <= step * MOST_TICKS), len(ticks))
    return [Tick(ticks[n], round((n + 0.5) / width * 100, 1)) for n in range(0, len(ticks), step)]


def _before(first: date, last: date, by: timedelta | None = None) -> tuple[date, date]:
    """As many days before these, or these by so much earlier."""
    shift = by or (last - first + DAY)
    return first - shift, last - shift


def _chosen(request: web.Request) -> str:
    written = request.query.get("days", "")
    return written if written in PERIODS else "30"

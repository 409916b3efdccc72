"""The figures page: the definitions of PRODUCT, recounted from what is stored, as numbers, small charts and CSV."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from aiohttp import web

from bridge import figures as use_case
from bridge.domain import figures
from bridge.domain.figures import Count, Figures
from bridge.web.language import N_
from bridge.web.present import duration
from bridge.web.site import Site
from storage.database import Reader

PERIODS = {"7": 7, "30": 30, "90": 90}
DAY = timedelta(days=1)
HEIGHT = 64.0
"""Of a chart, in its own units; a bar's width is 1."""

CHARTS = (
    (Count.MISSED_CALLS, N_("Missed calls")),
    (Count.CALLS_RECOVERED, N_("Calls recovered")),
    (Count.URGENT_FLAGGED, N_("Urgent leads")),
)


@dataclass(frozen=True, slots=True)
class Tile:
    """args: fill what is said more."""

    words: str
    number: str
    more: str = ""
    args: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bar:
    """x, y, height: in the chart's units."""

    day: date
    count: int
    x: int
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    words: str
    total: int
    most: int
    bars: Sequence[Bar]


class FiguresPage:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def show(self, request: web.Request) -> web.Response:
        now, chosen = self._site.clock(), _chosen(request)
        async with self._site.database.read() as db:
            days = await self._days(db, PERIODS[chosen])
            whole = await use_case.of_period(db, self._site.office, days[0].first, days[-1].last, now)
            return await self._site.page(
                request,
                db,
                "figures.html",
                now,
                tiles=list(tiles(whole)),
                charts=[chart(words, count, days) for count, words in CHARTS],
                chosen=chosen,
                periods=PERIODS,
                whole=whole,
                height=HEIGHT,
            )

    async def as_csv(self, request: web.Request) -> web.Response:
        """One line a day."""
        async with self._site.database.read() as db:
            days = await self._days(db, PERIODS[_chosen(request)])
        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(["day", *Count])
        writer.writerows([day.first.isoformat(), *(day.counts[count] for count in Count)] for day in days)
        response = web.Response(text=out.getvalue(), content_type="text/csv", charset="utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="figures-{days[-1].last}.csv"'
        return response

    async def _days(self, db: Reader, number: int) -> list[Figures]:
        """Each day by itself, today last."""
        now, office = self._site.clock(), self._site.office
        today = now.astimezone(office.zone).date()
        days = [today - n * DAY for n in reversed(range(number))]
        return [await use_case.of_period(db, office, day, day, now) for day in days]


def tiles(whole: Figures) -> Iterator[Tile]:
    counts, times = whole.counts, whole.times
    yield Tile(N_("Leads with no next step"), str(whole.no_next_step), N_("now; meant to be 0"))
    callers = {"count": counts[Count.MISSED_CALLERS]}
    yield Tile(N_("Missed calls"), str(counts[Count.MISSED_CALLS]), N_("%(count)s callers"), callers)
    yield _replies(whole)
    opened = {"count": counts[Count.CALLBACKS_OPENED]}
    yield Tile(N_("Calls recovered"), str(counts[Count.CALLS_RECOVERED]), N_("of %(count)s callbacks"), opened)
    yield Tile(N_("Appointments booked"), str(counts[Count.APPOINTMENTS_BOOKED]))
    acknowledged = {"count": counts[Count.URGENT_ACKNOWLEDGED], "median": _said(figures.middle(times.to_acknowledge))}
    more = N_("%(count)s acknowledged, median %(median)s")
    yield Tile(N_("Urgent leads flagged"), str(counts[Count.URGENT_FLAGGED]), more, acknowledged)
    slow = {"time": _said(figures.ninetieth(times.to_contact))}
    contact = _said(figures.middle(times.to_contact))
    yield Tile(N_("Time to first contact"), contact, N_("nine of ten within %(time)s"), slow)


def _replies(whole: Figures) -> Tile:
    share = None if whole.reply_share is None else f"{whole.reply_share:.0%}"
    told = {"share": share, "count": whole.counts[Count.TEXTS_SENT]}
    more = N_("%(share)s of %(count)s texts") if share else N_("no texts sent")
    return Tile(N_("Text replies"), str(whole.counts[Count.TEXT_REPLIES]), more, told)


def _said(time: timedelta | None) -> str:
    return "–" if time is None else duration(time)


def chart(words: str, count: Count, days: Sequence[Figures]) -> Chart:
    numbers = [day.counts[count] for day in days]
    most = max(numbers)
    bars = [_bar(n, day, number, most) for n, (day, number) in enumerate(zip(days, numbers, strict=True))]
    return Chart(words, sum(numbers), most, bars)


def _bar(n: int, day: Figures, number: int, most: int) -> Bar:
    height = number / most * HEIGHT if most else 0.0
    return Bar(day.first, number, n, HEIGHT - height, height)


def _chosen(request: web.Request) -> str:
    written = request.query.get("days", "")
    return written if written in PERIODS else "30"

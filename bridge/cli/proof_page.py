"""The one page of `textback proof`: in words for a terminal or a printer, and the same for a browser to print."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from html import escape

from bridge.domain import phone
from bridge.domain.calls.calls import Reason
from bridge.domain.reports.proof import Day, MissedCaller, Proof
from bridge.ports import RecordsCoverage
from bridge.web.labels import REASONS

LISTED = 30
"""Callers by name; with more it would be no page."""

BAR = 30
STYLE = """body{font:11pt/1.35 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}
h1{font-size:16pt}h2{font-size:12pt;margin:1.2em 0 .3em}table{border-collapse:collapse}
td{padding:.1em .9em .1em 0;vertical-align:top}td:first-child{text-align:right;font-variant-numeric:tabular-nums}
.big td:first-child{font-weight:bold}footer{font-size:9pt;margin-top:1.5em}@page{margin:15mm}"""

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """One page, in words: what each of its parts says, and the whole as text or to be printed by a browser."""

    title: str
    proof: Proof
    since: datetime
    until: datetime
    zone: tzinfo
    country: str
    coverage: Sequence[RecordsCoverage] = ()

    def text(self) -> Iterator[str]:
        yield f"{self.title}, {self._day(self.since)} to {self._day(self.until)}"
        for heading, rows in self._parts():
            yield ""
            if heading:
                yield heading
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            for first, *others in rows:
                cells = [first.rjust(widths[0]), *map(str.ljust, others, widths[1:])]
                yield f"  {'  '.join(cells)}".rstrip()
        yield ""
        yield from self.doubts()
        yield FOOT

    def doubts(self) -> Iterator[str]:
        """What these records do not tell, or tell by half."""
        for one in self.coverage:
            if one.cut:
                yield "There are more records than are looked at here: of the first days calls are missing."
            if one.events_since:
                at = self._moment(one.events_since)
                yield f"The channel event log (CEL) begins {at}; before that by call records (CDR)."
            if one.events_until:
                at = self._moment(one.events_until)
                yield f"The channel event log (CEL) ends {at}; from there on by call records (CDR)."
            for pattern, calls in one.strange.items():
                yield f"Not counted: {_count(calls, 'call')} on {pattern}. If that is a trunk: --trunk '{pattern}'"

    def html(self) -> str:
        parts = "".join(
            f"<h2>{escape(heading)}</h2><table{'' if heading else ' class=big'}>{''.join(map(_cells, rows))}</table>"
            for heading, rows in self._parts()
        )
        head = f"{self.title}, {self._day(self.since)} to {self._day(self.until)}"
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(head)}</title><style>{STYLE}</style>'
            f"<h1>{escape(head)}</h1>{parts}<footer>{escape(' '.join((*self.doubts(), FOOT)))}</footer></html>\n"
        )

    def _parts(self) -> Iterator[tuple[str, Sequence[Row]]]:
        proof = self.proof
        yield "", list(self._headline())
        if proof.missed:
            yield "How those ended that nobody answered", [(str(n), _why(reason)) for reason, n in proof.why.items()]
        yield "Day by day", [self._of_day(day) for day in proof.days]
        if proof.never:
            listed = [self._caller(one) for one in proof.never[:LISTED]]
            more = len(proof.never) - len(listed)
            yield "Never called back, the latest first" + (f" ({more} more)" if more else ""), listed

    def _headline(self) -> Iterator[Row]:
        proof = self.proof
        yield str(proof.calls), f"calls came in, from {_count(proof.callers, 'caller')}"
        share = f"{100 * proof.missed / proof.calls:.0f} %"
        yield str(proof.missed), f"of them nobody answered: {share}, from {_count(proof.missed_callers, 'caller')}"
        yield str(proof.all_busy), f"of those came while {_phones(proof.phones)} busy"
        yield str(proof.got_through), "of those callers called again and got through"
        in_vain = f"; {proof.in_vain} of them did not pick up" if proof.in_vain else ""
        yield str(proof.called_back), f"of those callers the office called later{in_vain}"
        yield str(len(proof.never)), "never called back"
        if proof.hidden:
            yield str(proof.hidden), "hid the number, so that nobody could"
        if proof.lost:
            yield str(proof.lost), "more: sent on after a talk, to nobody"
        if proof.unknown:
            yield str(proof.unknown), "more: connected elsewhere, or the records do not tell"

    def _of_day(self, day: Day) -> Row:
        most = max(one.calls for one in self.proof.days)
        bar = "#" * round(BAR * day.missed / most) + "." * round(BAR * (day.calls - day.missed) / most)
        return f"{day.missed} of {day.calls}", f"{day.date:%a %b %d}", bar

    def _caller(self, one: MissedCaller) -> Row:
        number = phone.national(one.number, self.country) if one.number else _shown(one.digits, 20)
        often = "" if one.calls == 1 else f"{one.calls} calls"
        return self._moment(one.last), number, _shown(one.name, 25), often, _why(one.why)

    def _moment(self, at: datetime) -> str:
        """Where clocks are changed meanwhile, with the name of the time: one hour is there twice."""
        begin, here, end = (one.astimezone(self.zone) for one in (self.since, at, self.until))
        changed = begin.utcoffset() != end.utcoffset()
        return f"{here:%a %b %d %H:%M}" + (f" {here.tzname()}" if changed else "")

    def _day(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%a %b %d}"


FOOT = (
    "Answered means that the caller talked with a person: a greeting, a menu, a queue's music and\n"
    "voicemail answer nothing. Told by the PBX's own records; nothing was changed or sent."
)


def _why(reason: Reason | None) -> str:
    return str(REASONS[reason]) if reason else "not told"


def _shown(text: str, most: int) -> str:
    """On one line, without what a terminal would obey."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())[:most]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _phones(number: int) -> str:
    few = {0: "every phone was", 1: "the only phone was", 2: "both phones were"}
    return few.get(number, f"all {number} phones were")


def _cells(row: Row) -> str:
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>"

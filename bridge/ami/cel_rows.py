"""Rows of Asterisk's channel event logging (CEL), as its ODBC module, its CSV module or a user's format writes them.

Their times are whole seconds, mostly of the wall clock of whoever wrote them. In which zone that is nobody has to say:
a uniqueid begins with the second in which its channel was made.
"""

import json
from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from bridge.ami.cdr import UNIQUEID, first_line, read_csv
from bridge.pbx.clock import moment

NUMBERED = dict(
    enumerate(
        (
            *("CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "BRIDGE_ENTER", "BRIDGE_EXIT"),
            *("PARK_START", "PARK_END", "BLINDTRANSFER", "ATTENDEDTRANSFER", "USER_DEFINED", "LINKEDID_END"),
            *("PICKUP", "FORWARD", "LOCAL_OPTIMIZE", "LOCAL_OPTIMIZE_BEGIN", "STREAM_BEGIN", "STREAM_END", "DTMF"),
        ),
        start=1,
    )
)
"""Asterisk's enum ast_cel_event_type, as a column of numbers carries it."""
OTHERWISE = {
    "CHANNEL_START": "CHAN_START",  # as the documentation calls them
    "CHANNEL_END": "CHAN_END",
    "BRIDGE_START": "BRIDGE_ENTER",  # before Asterisk 12
    "BRIDGE_END": "BRIDGE_EXIT",
}
A_ZONE = timedelta(minutes=15)
"""What zones differ by; less is the rounding of what was written."""
LONGEST_ROW = 10_000  # characters
AN_HOUR, A_SECOND = timedelta(hours=1), timedelta(seconds=1)
LAST = datetime.max.replace(tzinfo=UTC) - AN_HOUR


@dataclass(frozen=True, slots=True)
class CelRow:
    """at: by the clock of whoever wrote it, until `in_utc` has told it. peers: who is in the bridge too. extra: what
    else was told of the event.
    """

    event: str
    at: datetime
    cid_name: str
    cid_num: str
    exten: str
    context: str
    channel: str
    application: str
    arguments: str
    uniqueid: str
    linkedid: str
    peers: tuple[str, ...]
    extra: Mapping[str, str]

    @property
    def ahead(self) -> timedelta | None:
        """How far the clock that wrote it is ahead of UTC, if it begins a channel."""
        made = _begins_at(self)
        return _ahead(self.at, made) if made else None


def row(values: Mapping[str, object]) -> CelRow | None:
    """From the columns of a table `cel`, by their names; None where it cannot be read."""
    text = {name: first_line(str(value)) for name, value in values.items() if value is not None}
    told = text.get("eventtype", "").strip().upper()
    event = NUMBERED.get(int(told), "") if told.isascii() and told.isdigit() and len(told) < 4 else told
    uniqueid = text.get("uniqueid", "")
    at = _on_a_clock(_read_time(values.get("eventtime"), made_at(uniqueid)))
    if not event or not at or not uniqueid:
        return None
    return CelRow(
        OTHERWISE.get(event, event),
        at,
        text.get("cid_name", ""),
        text.get("cid_num", ""),
        text.get("exten", ""),
        text.get("context", ""),
        text.get("channame", ""),
        text.get("appname", ""),
        text.get("appdata", ""),
        uniqueid,
        text.get("linkedid", ""),
        tuple(peer for peer in text.get("peer", "").split(",") if peer),
        _read_extra(text.get("extra") or text.get("eventextra", "")),
    )


CSV_COLUMNS = (
    *("eventtype", "eventtime", "cid_name", "cid_num", "cid_ani", "cid_rdnis", "cid_dnid", "exten", "context"),
    *("channame", "appname", "appdata", "amaflags", "accountcode", "uniqueid", "linkedid", "peer", "userfield"),
    *("userdeftype", "extra"),
)
"""As cel_custom.conf has them for Master.csv, in the versions that add no word of their own behind the first."""


def from_csv(text: str) -> Iterator[CelRow]:
    """What cel_custom wrote; or a table that was exported, under a line with the names of its columns."""
    columns: Sequence[str] = CSV_COLUMNS
    for fields in read_csv(text):
        if "eventtype" in fields and "uniqueid" in fields:
            columns = tuple(fields)
        elif (len(fields) >= len(columns)) and (
            found := row(dict(zip(columns, _plain(fields, columns), strict=False)))
        ):
            yield found


def _plain(fields: Sequence[str], columns: Sequence[str]) -> Sequence[str]:
    """Asterisk's sample of cel_custom.conf has a literal for the second column."""
    return [fields[0], *fields[2:]] if columns is CSV_COLUMNS and len(fields) == len(columns) + 1 else fields


def is_cel(text: str) -> bool:
    """Does it begin as these rows do?"""
    first = next(read_csv(text[:LONGEST_ROW]), ())
    return "eventtype" in first or bool({name.upper() for name in first[:1]} & {*NUMBERED.values(), *OTHERWISE})


@lru_cache(maxsize=10_000)
def made_at(uniqueid: str) -> datetime | None:
    """The second in which that channel was made, as its uniqueid tells it."""
    match = UNIQUEID.fullmatch(uniqueid)
    return moment(int(match[1])) if match else None


DATE_FORMATS = (
    *("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S"),
    *("%a %b %d %H:%M:%S %Y", "%b %d %H:%M:%S %Y", "%d %b %Y %H:%M:%S", "%m/%d/%y %H:%M:%S", "%d/%m/%y %H:%M:%S"),
)
"""What `dateformat` of cel.conf is set to, where it is neither empty nor ISO 8601."""


def _read_time(written: object, made: datetime | None) -> datetime | None:
    """Without a zone. Of several readings the one nearest to when the channel was made: 03/04 is March or April."""
    if isinstance(written, datetime):
        return written.replace(tzinfo=None)
    text = str(written or "").strip()[:40]
    try:
        told = datetime.fromisoformat(text)
        return (told.astimezone(UTC) if told.tzinfo else told).replace(tzinfo=None)
    except (ValueError, OverflowError):
        pass
    try:
        since_1970 = moment(float(text))
        return since_1970.replace(tzinfo=None) if since_1970 else None
    except ValueError:
        pass
    readings = [read for form in DATE_FORMATS if (read := _read_as(form, text))]
    near = made.replace(tzinfo=None) if made else None
    return min(readings, key=lambda read: abs(read - near) if near else 0, default=None)


def _on_a_clock(read: datetime | None) -> datetime | None:
    """None also for a time that no clock shows: nothing counts on it."""
    return read if read and moment(read.replace(tzinfo=UTC).timestamp()) else None


def _read_as(form: str, text: str) -> datetime | None:
    try:
        return datetime.strptime(text, form)  # noqa: DTZ007  the uniqueid tells in which zone
    except ValueError:
        return None


def _read_extra(text: str) -> Mapping[str, str]:
    """A JSON object, where a column too narrow for it has not cut it off."""
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return {key: str(value) for key, value in found.items()} if isinstance(found, dict) else {}


def in_utc(rows: Iterable[CelRow]) -> list[CelRow]:
    """In the order of their times, else as they stand. How far the wall clock is from UTC, every new channel tells."""
    rows = list(rows)
    told = [(n, made, _ahead(one.at, made)) for n, one in enumerate(rows) if (made := _begins_at(one))]
    return sorted(_in_utc(rows, told), key=lambda one: one.at) if told else []


def _in_utc(rows: Sequence[CelRow], told: Sequence[tuple[int, datetime, timedelta]]) -> Iterator[CelRow]:
    """told: which rows begin a channel, when, and how far the clock was ahead then."""
    for n, one in enumerate(rows):
        later = bisect(told, n, key=lambda start: start[0])
        _, since, ahead = told[max(later - 1, 0)]
        _, until, ahead_next = told[later] if later < len(told) else (0, LAST, ahead)
        # where the clock was changed between the two, the one that fits; set back at night, by an hour
        fits = (one.at.replace(tzinfo=UTC) - by for by in (ahead, ahead_next, ahead - AN_HOUR))
        at = next((at for at in fits if since - A_SECOND <= at <= until + A_SECOND), None)
        yield replace(one, at=at or one.at.replace(tzinfo=UTC) - ahead)


def _begins_at(one: CelRow) -> datetime | None:
    return made_at(one.uniqueid) if one.event == "CHAN_START" else None


def _ahead(at: datetime, made: datetime) -> timedelta:
    return round((at.replace(tzinfo=UTC) - made) / A_ZONE) * A_ZONE

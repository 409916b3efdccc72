"""A PBX's own records in a MariaDB or MySQL, as FreePBX keeps them: `asteriskcdrdb` with its tables `cel` and `cdr`.

Nothing is written there. The table `cel` has no index on times, so it is read from its end, by `id`.
"""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.ami import cel
from bridge.ami.cdr import Ledger, Record, ToldCall, record
from bridge.ami.cel_rows import CelRow, made_at, row
from bridge.ami.channels import ChannelNames
from bridge.ami.settings import RecordsSettings
from bridge.ami.strange_channels import strange_channels
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.settings import TrackerSettings
from bridge.ports import RecordsCoverage

CEL, CDR = "cel", "cdr"
CEL_NEEDED = frozenset({"id", "eventtype", "eventtime", "channame", "uniqueid", "linkedid"})
CEL_USED = (
    *("id", "eventtype", "eventtime", "cid_name", "cid_num", "exten", "context", "channame", "appname", "appdata"),
    *("uniqueid", "linkedid", "peer", "extra", "eventextra"),
)
CDR_USED = (
    *("src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "calldate", "duration"),
    *("billsec", "disposition", "uniqueid"),
)
CDR_NEEDED = frozenset(CDR_USED)

PAGE = 5_000
MOST = 200_000
"""Rows that are looked at, of each table: of a busy office some weeks."""

LONGEST_CALL = timedelta(hours=1)
"""So much earlier a call may have begun that is asked for."""

ANY_ZONE = timedelta(hours=14)
CONNECT_WITHIN, READ_WITHIN = 5, 30  # seconds: until it has let us in; for each thing that is asked
DENIED = frozenset({1044, 1045, 1142, 1143, 1698})  # of the server: access to database, login, table, column
NO_DATABASE, NO_TABLE = 1049, 1142
NO_ANSWER = "no answer within {} seconds"


class RecordsError(OSError):
    """Why they cannot be read, in words. code: the server's, 0 where it did not come to that."""

    def __init__(self, why: str, code: int = 0) -> None:
        super().__init__(why)
        self.code = code


Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class OpenRecords:
    """A connection. columns: of each of the tables that this account may read."""

    connection: Any
    columns: Mapping[str, Sequence[str]]

    async def ask(self, query: str, *values: object) -> Sequence[Row]:
        try:
            async with asyncio.timeout(READ_WITHIN), self.connection.cursor() as cursor:
                await cursor.execute(query, values or None)
                found: Sequence[Row] = await cursor.fetchall()
        except TimeoutError as error:
            raise RecordsError(NO_ANSWER.format(READ_WITHIN)) from error
        return found

    def tables(self, user: str) -> Sequence[str]:
        """Those with all the columns that are needed; without any such, what there is, so that it is told."""
        if not self.columns:
            raise RecordsError(f"{user} may read neither the table cel nor cdr", NO_TABLE)
        whole = [table for table, columns in self.columns.items() if NEEDED[table] <= set(columns)]
        return whole or list(self.columns)

    async def last_id(self) -> int:
        [[last]] = await self.ask("SELECT max(id) FROM cel")
        return last or 0

    async def cel(self, since: datetime) -> list[CelRow]:
        """In the order of their ids, back to where channels were made long enough before."""
        columns = self._of(CEL, CEL_NEEDED, CEL_USED)
        found: list[CelRow] = []
        below = await self.last_id() + 1
        for _ in range(MOST // PAGE):
            page = await self.ask(
                f"SELECT {', '.join(columns)} FROM cel WHERE id < %s ORDER BY id DESC LIMIT {PAGE}",  # noqa: S608  ours
                below,
            )
            found += await asyncio.to_thread(_cel_rows, columns, page)
            made = _made(page, columns.index("uniqueid"))
            if len(page) < PAGE or (made and max(made) < since - LONGEST_CALL):
                break
            below = page[-1][columns.index("id")]
        return found[::-1]

    async def cdr(self, since: datetime) -> list[Record]:
        """Of more than are looked at, the last ones."""
        columns = self._of(CDR, CDR_NEEDED, (*CDR_USED, "did"))
        found = await self.ask(
            f"SELECT {', '.join(columns)} FROM cdr WHERE calldate >= %s ORDER BY calldate DESC LIMIT {MOST}",  # noqa: S608
            _written_since(since),
        )
        return await asyncio.to_thread(_cdr_rows, columns, found[::-1])

    async def many_in_cdr(self, since: datetime) -> int:
        [[many]] = await self.ask("SELECT count(*) FROM cdr WHERE calldate >= %s", _written_since(since))
        return int(many)

    def _of(self, table: str, needed: Iterable[str], used: Iterable[str]) -> list[str]:
        there = self.columns.get(table, ())
        if lacking := sorted(set(needed) - set(there)):
            raise RecordsError(f"the table {table} has no column {', '.join(lacking)}")
        return [column for column in used if column in there]


@dataclass(frozen=True, slots=True)
class RecordsFound:
    """What `textback doctor` looks at. newest: of each table there is, when the channel of its last row was made.

    lacking: columns that are needed and not there. ahead: how far the times of `cel` are from UTC. clock: of the
    server. grants: what the account may do, as the server puts it.
    """

    newest: Mapping[str, datetime | None]
    lacking: Mapping[str, Sequence[str]]
    ahead: timedelta | None
    clock: datetime
    grants: Sequence[str]


async def look(settings: RecordsSettings) -> RecordsFound:
    """Raises RecordsError."""
    async with opened(settings) as records:
        lacking = {table: sorted(NEEDED[table] - set(there)) for table, there in records.columns.items()}
        whole = [table for table, columns in lacking.items() if not columns]
        last = {table: await records.ask(LAST_ROW[table]) for table in whole}
        [[clock]] = await records.ask("SELECT utc_timestamp()")
        grants = await records.ask("SHOW GRANTS")
    rows = (row(dict(zip(("uniqueid", "eventtime", "eventtype"), one, strict=True))) for one in last.get(CEL, ()))
    return RecordsFound(
        {table: max(_made(found, 0), default=None) for table, found in last.items()},
        {table: columns for table, columns in lacking.items() if columns},
        next((one.ahead for one in rows if one and one.ahead is not None), None),
        clock.replace(tzinfo=UTC),
        [str(one[0]) for one in grants],
    )


def _made(rows: Iterable[Row], column: int) -> list[datetime]:
    """When the channels were made that those rows name."""
    return [at for one in rows if (at := made_at(str(one[column])))]


NEEDED = {CEL: CEL_NEEDED, CDR: CDR_NEEDED}
LAST_ROW = {
    CEL: "SELECT uniqueid, eventtime, eventtype FROM cel ORDER BY id DESC LIMIT 200",
    CDR: "SELECT uniqueid FROM cdr ORDER BY calldate DESC LIMIT 1",
}


def _cel_rows(columns: Sequence[str], found: Iterable[Row]) -> list[CelRow]:
    return list(filter(None, (row(dict(zip(columns, one, strict=True))) for one in found)))


def _cdr_rows(columns: Sequence[str], found: Iterable[Row]) -> list[Record]:
    return list(filter(None, (_record(dict(zip(columns, one, strict=True))) for one in found)))


def _written_since(since: datetime) -> datetime:
    """By whatever clock they were written."""
    return (since - LONGEST_CALL - ANY_ZONE).replace(tzinfo=None)


def _record(values: Mapping[str, Any]) -> Record | None:
    text = {column: str(value) for column, value in values.items() if value is not None}
    try:
        end = values["calldate"] + timedelta(seconds=int(text["duration"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    fields = [text.get(column, "") for column in CDR_USED]
    return record(["", *fields[:9], "", str(end), *fields[9:12], "", fields[12]], text.get("did", ""))


@asynccontextmanager
async def opened(settings: RecordsSettings) -> AsyncIterator[OpenRecords]:
    """Raises RecordsError, also for what is asked inside. The driver is an extra, of which check-config speaks."""
    from asyncmy.errors import MySQLError

    try:
        connection = await _connect(settings)
        try:
            records = OpenRecords(connection, {})
            await records.ask("SET SESSION TRANSACTION READ ONLY")
            yield replace(records, columns=await _columns(records))
            await connection.ensure_closed()  # said good-bye: else its log has an aborted connection each time
        finally:
            connection.close()
    except MySQLError as error:
        code, why = (*error.args, "", "")[:2]
        raise RecordsError(str(why or code), code if isinstance(code, int) else 0) from error


async def _connect(settings: RecordsSettings) -> Any:
    import asyncmy

    try:
        async with asyncio.timeout(CONNECT_WITHIN):
            return await asyncmy.connect(**_how(settings))
    except TimeoutError as error:
        raise RecordsError(NO_ANSWER.format(CONNECT_WITHIN)) from error
    except (OSError, EOFError, RuntimeError, ValueError, IndexError, struct.error) as error:
        raise RecordsError(f"there is no answer that can be read: {error}") from error


def _how(settings: RecordsSettings) -> dict[str, Any]:
    where: dict[str, Any] = {"host": settings.host, "port": settings.port}
    if settings.host.startswith("/"):
        where = {"unix_socket": settings.host}
    elif settings.tls:
        where["ssl"] = ssl.create_default_context(cafile=settings.ca_file)
    account = {"user": settings.user, "password": settings.password, "db": settings.name}
    return where | account | {"connect_timeout": CONNECT_WITHIN, "charset": "utf8mb4"}


async def _columns(records: OpenRecords) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for table, column in await records.ask(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = database() AND table_name IN (%s, %s)
        """,
        CEL,
        CDR,
    ):
        found.setdefault(table, []).append(column)
    return found


class RecordsDatabase:
    """`ports.CallRecords` over `cel`; over `cdr` for the calls whose end `cel` does not tell.

    An office may have had the one switched off, for good or for a while, and the other not.
    """

    def __init__(self, settings: RecordsSettings, tracker: TrackerSettings, names: ChannelNames) -> None:
        self._settings, self._tracker, self._names = settings, tracker, names
        self._seen: object = None
        self._calls: Sequence[ToldCall] = ()
        self.coverage = RecordsCoverage()

    async def read(self, since: datetime, now: datetime) -> Sequence[EndedCall]:
        async with opened(self._settings) as records:
            tables = records.tables(self._settings.user)
            last = await records.last_id() if CEL in tables else 0
            seen = since, last, await records.many_in_cdr(since) if CDR in tables else 0
            if seen == self._seen:
                return self._of(since, now)
            rows = await records.cel(since) if CEL in tables else ()
            legs = await records.cdr(since) if CDR in tables else ()
        self._calls, self.coverage = await asyncio.to_thread(self._told, rows, legs, since)
        self._seen = seen
        return self._of(since, now)

    def _of(self, since: datetime, now: datetime) -> Sequence[EndedCall]:
        return [one.call for one in self._calls if one.is_of(since, now)]

    def _told(
        self, rows: Sequence[CelRow], legs: Sequence[Record], since: datetime
    ) -> tuple[Sequence[ToldCall], RecordsCoverage]:
        by_events = cel.calls(rows, self._tracker, self._names) if rows else []
        ledger = Ledger(self._tracker, self._names)
        ledger.add(legs)
        ended = {one.uniqueid for one in rows if one.event == "CHAN_END"}
        late = cel.COMES_LATE if rows else timedelta(0)  # its rows may come yet
        by_records = [replace(one, due=one.due + late) for one in ledger.calls() if one.call.key.uniqueid not in ended]
        made = [at for one in rows if (at := made_at(one.uniqueid))]
        first, last = min(made, default=None), max(made, default=None)
        began = [at for one in by_records if one.is_of(since, one.due) and (at := one.call.started_at)]
        told = sorted([*by_events, *by_records], key=lambda one: (one.due, one.call.key.uniqueid))
        coverage = RecordsCoverage(
            rows=len(rows) + len(legs),
            events_since=first if first and any(at < first for at in began) else None,
            events_until=last if last and any(at > last for at in began) else None,
            cut=len(rows) >= MOST or len(legs) >= MOST,
            strange=strange_channels(self._names, rows, legs),
        )
        return told, coverage

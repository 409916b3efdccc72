"""A PBX's own records in a MariaDB or MySQL, as FreePBX keeps them: `asteriskcdrdb` with its tables `cel` and `cdr`.

Nothing is written there. The table `cel` has no index on times, so it is read from its end, by `id`.
"""

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from bridge.ami import cel
from bridge.ami.cdr import Ledger, Record, ToldCall, record
from bridge.ami.cel_rows import CelRow, made_at, row
from bridge.ami.channels import ChannelNames
from bridge.ami.settings import RecordsSettings
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.settings import TrackerSettings

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

PAGE = 2_000
MOST = 200_000
"""Rows that are looked at: of a busy office some weeks."""

LONGEST_CALL = timedelta(hours=1)
"""So much earlier a call may have begun that is asked for."""

ANY_ZONE = timedelta(hours=14)
CONNECT_WITHIN, READ_WITHIN = 5, 30  # seconds
DENIED = frozenset({1044, 1045, 1142, 1143, 1698})  # of the server: access to database, login, table, column
NO_DATABASE = 1049


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
        async with self.connection.cursor() as cursor:
            await cursor.execute(query, values or None)
            found: Sequence[Row] = await cursor.fetchall()
            return found

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
            found += filter(None, (row(dict(zip(columns, one, strict=True))) for one in page))
            made = _made(page, columns.index("uniqueid"))
            if len(page) < PAGE or (made and max(made) < since - LONGEST_CALL):
                break
            below = page[-1][columns.index("id")]
        return found[::-1]

    async def cdr(self, since: datetime) -> list[Record]:
        columns = self._of(CDR, CDR_NEEDED, (*CDR_USED, "did"))
        found = await self.ask(
            f"SELECT {', '.join(columns)} FROM cdr WHERE calldate >= %s ORDER BY calldate LIMIT {MOST}",  # noqa: S608
            (since - LONGEST_CALL - ANY_ZONE).replace(tzinfo=None),
        )
        return list(filter(None, (_record(dict(zip(columns, one, strict=True))) for one in found)))

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
        async with asyncio.timeout(READ_WITHIN):
            connection = await _connect(settings)
            try:
                yield OpenRecords(connection, await _columns(connection))
                await connection.ensure_closed()  # said good-bye: else its log has an aborted connection each time
            finally:
                connection.close()
    except MySQLError as error:
        code, why = (*error.args, "", "")[:2]
        raise RecordsError(str(why or code), code if isinstance(code, int) else 0) from error
    except TimeoutError as error:
        raise RecordsError("no answer within some seconds") from error


async def _connect(settings: RecordsSettings) -> Any:
    import asyncmy

    try:
        return await asyncmy.connect(**_how(settings))
    except TimeoutError:
        raise
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


async def _columns(connection: Any) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    async with connection.cursor() as cursor:
        await cursor.execute("SET SESSION TRANSACTION READ ONLY")
        await cursor.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns
            WHERE table_schema = database() AND table_name IN (%s, %s)
            """,
            (CEL, CDR),
        )
        for table, column in await cursor.fetchall():
            found.setdefault(table, []).append(column)
    return found


class RecordsDatabase:
    """`ports.CallRecords` over `cel`; over `cdr` where `cel` has nothing of that time."""

    def __init__(self, settings: RecordsSettings, tracker: TrackerSettings, names: ChannelNames) -> None:
        self._settings, self._tracker, self._names = settings, tracker, names
        self._seen: object = None
        self._calls: Sequence[ToldCall] = ()

    async def read(self, since: datetime, now: datetime) -> Sequence[EndedCall]:
        async with opened(self._settings) as records:
            seen = (since, await records.last_id()) if CEL in records.columns else None
            known = seen is not None and seen == self._seen
            rows, legs = ((), ()) if known else await self._written(records, since)
        if not known:
            self._calls = await asyncio.to_thread(self._told, rows, legs)
            self._seen = seen
        return [one.call for one in self._calls if one.is_of(since, now)]

    async def _written(self, records: OpenRecords, since: datetime) -> tuple[Sequence[CelRow], Sequence[Record]]:
        """An office may have had the one switched off, and the other not."""
        rows = await records.cel(since) if CEL in records.columns else ()
        if CDR not in records.columns or any((at := made_at(one.uniqueid)) and at >= since for one in rows):
            return rows, ()
        return (), await records.cdr(since)

    def _told(self, rows: Sequence[CelRow], legs: Sequence[Record]) -> Sequence[ToldCall]:
        if rows:
            return cel.calls(rows, self._tracker, self._names)
        ledger = Ledger(self._tracker, self._names)
        ledger.add(legs)
        return ledger.calls()

"""A PBX's records in a real MariaDB, in the tables of FreePBX."""

import asyncio
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bridge.ami.records_database import RecordsDatabase, RecordsError, opened
from bridge.ami.settings import RecordsSettings
from bridge.domain.calls.calls import Direction, EndedCall, Verdict
from bridge.domain.calls.settings import TrackerSettings
from tests.ami.test_cel import ANSWERED, UNANSWERED, came_to, recorded
from tests.lab.mariadb import MariaDb, Records
from tests.recorded import NAMES

ENDED = datetime(2026, 11, 23, 13, 21, 25, tzinfo=UTC)
assert [ended for _, _, _, ended in came_to(UNANSWERED)] == [ENDED]
DAY, LATER = timedelta(days=1), ENDED + timedelta(minutes=6)
LEG = {
    "calldate": "2026-11-23 08:21:17",  # in New York
    "src": "+31612345678",
    "dst": "600",
    "dcontext": "ext-group",
    "did": "0205550110",
    "clid": '"Nina Vos" <+31612345678>',
    "channel": "PJSIP/trunk-00000004",
    "dstchannel": "PJSIP/101-00000005",
    "lastapp": "Dial",
    "duration": 6,
    "disposition": "NO ANSWER",
    "uniqueid": f"{int(ENDED.timestamp()) - 6}.4",
}


def database(records: Records) -> RecordsDatabase:
    return RecordsDatabase(records.settings, TrackerSettings(country="NL"), NAMES)


async def read(records: Records, since: datetime = ENDED - DAY) -> list[EndedCall]:
    return [call for call in await database(records).read(since, LATER) if call.direction is Direction.INBOUND]


def verdicts(calls: Iterable[EndedCall]) -> list[Verdict]:
    return [call.verdict for call in calls]


async def test_calls_are_told_by_the_table_cel(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel", "cdr")
    await records.insert("cel", [*ANSWERED, *UNANSWERED])
    await records.insert("cdr", [LEG | {"uniqueid": UNANSWERED[0]["uniqueid"]}])
    assert sorted(verdicts(await read(records))) == [Verdict.ANSWERED, Verdict.MISSED]


@pytest.mark.parametrize("tables", [("cdr",), ("cel", "cdr")])
async def test_without_rows_of_that_time_in_cel_they_are_told_by_cdr(mariadb: MariaDb, tables: tuple[str, ...]) -> None:
    records = await mariadb.new(*tables)
    await records.insert("cdr", [LEG])
    [call] = await read(records)
    assert (call.verdict, call.did, str(call.caller.number), call.ended_at) == (
        Verdict.MISSED,
        "0205550110",
        "+31612345678",
        ENDED,
    )


async def test_where_cel_stopped_calls_are_told_by_cdr_and_none_of_them_twice(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel", "cdr")
    await records.insert("cel", UNANSWERED)
    later = LEG | {"uniqueid": f"{int((ENDED + DAY).timestamp()) - 6}.9", "src": "+31687654321"}
    both = LEG | {"uniqueid": UNANSWERED[0]["uniqueid"], "channel": UNANSWERED[0]["channame"]}
    await records.insert("cdr", [both, later])
    reader = database(records)
    found = [call for call in await reader.read(ENDED - DAY, LATER + DAY) if call.direction is Direction.INBOUND]
    assert [(str(call.caller.number)[-4:], call.ended_at) for call in found[1:]] == [("4321", ENDED + DAY)]
    assert len(found) == 2
    assert reader.coverage.events_since is None
    assert reader.coverage.events_until
    assert reader.coverage.events_until <= ENDED


async def test_a_call_of_which_cel_holds_half_is_told_by_cdr(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel", "cdr")
    await records.insert("cel", UNANSWERED[:4])
    await records.insert("cdr", [LEG | {"uniqueid": UNANSWERED[0]["uniqueid"]}])
    assert verdicts(await read(records)) == [Verdict.MISSED]


async def test_a_query_may_take_its_time_however_long_the_caller_takes(
    mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = await mariadb.new("cel")
    monkeypatch.setattr("bridge.ami.records_database.READ_WITHIN", 0.5)
    async with opened(records.settings) as connection:
        with pytest.raises(RecordsError, match="no answer within"):
            await connection.ask("SELECT sleep(5)")


async def test_a_port_that_says_nothing_is_left_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.ami.records_database.CONNECT_WITHIN", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(RecordsError, match="no answer within"):
            await RecordsDatabase(RecordsSettings(port=port), TrackerSettings(), NAMES).read(ENDED, LATER)


async def test_rows_that_come_later_are_found_when_it_is_read_again(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel")
    reader = database(records)
    await records.insert("cel", UNANSWERED[:-3])
    assert await reader.read(ENDED - DAY, LATER) == []
    await records.insert("cel", UNANSWERED[-3:])
    assert verdicts(await reader.read(ENDED - DAY, LATER)) == [Verdict.MISSED]


async def test_what_ended_before_is_not_asked_for(mariadb: MariaDb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.ami.records_database.PAGE", 3)
    records = await mariadb.new("cel")
    await records.insert("cel", [*UNANSWERED, *recorded("busy")])
    assert len(await read(records, ENDED - DAY)) == 2
    assert len(await read(records, ENDED + timedelta(seconds=1))) == 1


async def test_hostile_values_change_nothing(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel", "cdr")
    hostile = ["'; DROP TABLE cel; --", "\x00\r\nEvent: Hangup", "%s%(a)s", "\U0001f525" * 60, '{"bridge_id":']
    spoiled = [
        {**UNANSWERED[1], "uniqueid": f"1.{n}", "cid_name": value, "extra": value, "channame": value, "linkedid": ""}
        for n, value in enumerate(hostile)
    ]
    await records.insert("cel", [*UNANSWERED[:3], *spoiled, *UNANSWERED[3:]])
    assert verdicts(await read(records)) == [Verdict.MISSED]


async def test_it_is_read_over_tls_too(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel")
    await records.run("SET GLOBAL require_secure_transport = ON")
    try:
        with pytest.raises(RecordsError):
            await read(records)
        assert await read(replace(records, settings=replace(records.settings, tls=True))) == []
        with pytest.raises(RecordsError, match="certificate"):
            await read(replace(records, settings=replace(records.settings, tls=True, ca_file=None)))
    finally:
        await records.run("SET GLOBAL require_secure_transport = OFF")


async def test_it_is_read_by_its_socket_too(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel")
    await records.run("CREATE USER reader IDENTIFIED BY 'r'", f"GRANT SELECT ON {records.settings.name}.cel TO reader")
    by_socket = replace(records.settings, host=str(records.socket), user="reader", password="r")
    assert await read(replace(records, settings=by_socket)) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (lambda right: replace(right, password="wrong"), "Access denied"),
        (lambda right: replace(right, name="nowhere"), "denied"),
        (lambda right: replace(right, port=9), "connect"),
        (lambda right: replace(right, host="/nowhere/socket"), "connect"),
    ],
)
async def test_what_keeps_it_from_being_read_is_said(
    mariadb: MariaDb, changed: Callable[[RecordsSettings], RecordsSettings], said: str
) -> None:
    records = await mariadb.new("cel")
    with pytest.raises(RecordsError, match=said):
        await read(replace(records, settings=changed(records.settings)))


async def test_a_table_without_a_column_that_is_needed_names_it(mariadb: MariaDb) -> None:
    records = await mariadb.new("cel")
    await records.run("ALTER TABLE cel DROP COLUMN linkedid")
    with pytest.raises(RecordsError, match="no column linkedid"):
        await read(records)


async def test_a_server_that_is_none_is_said_to_be_none() -> None:
    async def speaks_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(speaks_http, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RecordsError):
            await RecordsDatabase(RecordsSettings(port=port), TrackerSettings(), NAMES).read(ENDED, LATER)

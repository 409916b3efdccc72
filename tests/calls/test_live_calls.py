"""A real Asterisk plays, real phones ring, and every call gets its verdict: by both accounts, over cuts and restarts.

The scenarios run side by side, each on an Asterisk of its own, before the first test looks at what came of them.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from bridge.ami.pbx import AsteriskPbx
from bridge.ami.records_database import RecordsDatabase
from bridge.domain.calls.calls import Direction, EndedCall, Verdict
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.phone import E164
from tests.ami.test_cel import DIFFERS
from tests.depth import a_share
from tests.lab.asterisk import Asterisk, LabError, find_installation, running_asterisk
from tests.lab.fixtures import missing
from tests.lab.judge import EVERYTHING, LEAST, judging
from tests.lab.load import ANSWERED_DID, RINGING_DID, call_many, phones_under_load
from tests.lab.mariadb import MariaDb, Records
from tests.lab.office import open_office
from tests.lab.phone import answers_after
from tests.lab.proxy import open_proxy
from tests.lab.scenario import Scenario, ended, talk
from tests.lab.scenarios import LIVE
from tests.lab.scenarios_elsewhere import program_after_a_phone, sent_on_after_answer, taken_elsewhere
from tests.lab.scenarios_freepbx import FREEPBX, freepbx_follow_me_confirmed, freepbx_second_trunk
from tests.lab.scenarios_moved import night_switch_told, withheld_and_told
from tests.recorded import NAMES, differences, inbound

PLAYED = (
    *(*LIVE, taken_elsewhere, sent_on_after_answer, program_after_a_phone),
    *a_share((freepbx_follow_me_confirmed, freepbx_second_trunk), FREEPBX),
)
AT_ONCE = 4
CALLS, SECONDS = 1000, 20

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(240)]
Judged = dict[str, list[EndedCall]]  # by the account that listened
DAY = timedelta(days=1)
TOLD_BY_ITS_APPLICATION = ("sent_on_after_answer", "alarm_panel", "fax_line", "mailbox_from_outside")
"""By what dialplan/README.md adds to FreePBX's cel.conf, as the lab has it."""


@pytest.fixture(scope="module", autouse=True)
def real_asterisk() -> None:
    try:
        find_installation()
    except LabError as error:
        missing(str(error))


@pytest.fixture(scope="module")
def databases(real_asterisk: None, mariadb: MariaDb) -> dict[str, Records]:
    """Where each scenario's Asterisk writes its own records, by the scenario's name."""

    async def made() -> dict[str, Records]:
        return {one.name: await mariadb.new("cel") for one in PLAYED}

    return asyncio.run(made())


@pytest.fixture(scope="module")
def played(databases: dict[str, Records]) -> dict[str, Judged]:
    """What was judged of each scenario, by its name."""
    return asyncio.run(_play_all(PLAYED, databases))


async def _play_all(scenarios: Sequence[Scenario], databases: Mapping[str, Records]) -> dict[str, Judged]:
    places = asyncio.Semaphore(AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        running = {one.name: tasks.create_task(_play(one, places, databases[one.name])) for one in scenarios}
    return {name: task.result() for name, task in running.items()}


async def _play(scenario: Scenario, places: asyncio.Semaphore, records: Records) -> Judged:
    async with places:
        with running_asterisk() as asterisk:
            port = asterisk.ports.ami
            asterisk.writes_cel(records.settings)
            async with judging(port, EVERYTHING) as full, judging(port, LEAST) as least:
                async with open_office(asterisk) as office:
                    await scenario.play(office)
                    await office.idle()
                for judge in (full, least):
                    await judge.until(len(scenario.calls))
                return {"everything": full.calls, "least": least.calls}


@pytest.mark.parametrize("account", ["everything", "least"])
@pytest.mark.parametrize("scenario", PLAYED, ids=lambda scenario: scenario.name)
def test_a_call_gets_the_verdict_that_what_people_did_deserves(
    played: dict[str, Judged], scenario: Scenario, account: str
) -> None:
    calls = inbound(played[scenario.name][account])
    assert differences(calls, [call.as_json() for call in scenario.calls]) == []


@pytest.mark.parametrize("scenario", PLAYED, ids=lambda scenario: scenario.name)
async def test_what_asterisk_wrote_into_a_mariadb_itself_comes_to_the_same(
    played: dict[str, Judged], databases: dict[str, Records], scenario: Scenario
) -> None:
    if not find_installation().has_odbc:
        missing("Asterisk has no ODBC driver: python -m tests.lab.prepare")
    now, settings = datetime.now(UTC), databases[scenario.name].settings
    told = await RecordsDatabase(settings, TrackerSettings(country="NL"), NAMES).read(now - DAY, now + DAY)
    wrong = differences(inbound(told), [call.as_json() for call in scenario.calls])
    allowed = set() if scenario.name in TOLD_BY_ITS_APPLICATION else DIFFERS.get(scenario.name, set())
    assert {one.partition(":")[0] for one in wrong} <= allowed, wrong


async def test_a_call_answered_while_we_heard_nothing_is_answered(asterisk: Asterisk) -> None:
    async with open_proxy(asterisk.ports.ami) as proxy, judging(proxy.port) as judge, open_office(asterisk) as office:
        office.behave(p101=answers_after(2))
        customer = office.trunk.customer_calls("0205550101")
        await customer.ringing.wait()
        proxy.cut()
        await customer.answered.wait()
        proxy.heal()
        await talk(customer, 4)
        await judge.until(1)
    [call] = judge.calls
    assert (call.verdict, call.answered_by) == (Verdict.ANSWERED, "101")


async def test_a_call_that_ended_while_we_heard_nothing_is_unknown_and_not_guessed(asterisk: Asterisk) -> None:
    async with open_proxy(asterisk.ports.ami) as proxy, judging(proxy.port) as judge, open_office(asterisk) as office:
        customer = office.trunk.customer_calls("0205550101")
        await customer.ringing.wait()
        await judge.following()
        proxy.cut()
        customer.hang_up()
        await ended(customer)
        await office.idle()
        proxy.heal()
        await judge.until(1)
    assert [call.verdict for call in judge.calls] == [Verdict.UNKNOWN]


async def test_a_talk_that_began_and_ended_while_we_heard_nothing_makes_the_call_unknown(asterisk: Asterisk) -> None:
    async with open_proxy(asterisk.ports.ami) as proxy, judging(proxy.port) as judge, open_office(asterisk) as office:
        office.behave(p101=answers_after(1, talks=0.5))
        customer = office.trunk.customer_calls("0205550406")
        talked = await office.phones["101"].taken()
        await talked.ringing.wait()
        await judge.following()
        proxy.cut()
        await ended(talked)
        proxy.heal()
        await judge.synced()
        customer.hang_up()
        await judge.until(1)
    assert [call.verdict for call in judge.calls] == [Verdict.UNKNOWN]


async def test_a_caller_who_hides_the_number_stays_hidden_where_our_snippet_is_included(asterisk: Asterisk) -> None:
    async with judging(asterisk.ports.ami) as judge, open_office(asterisk) as office:
        await withheld_and_told.play(office)
        await judge.until(1)
    [call] = judge.calls
    assert (call.caller.withheld, call.caller.number, call.caller.digits) == (True, None, "")


async def test_a_night_switch_tells_that_the_office_is_closed(asterisk: Asterisk) -> None:
    async with judging(asterisk.ports.ami) as judge, open_office(asterisk) as office:
        await night_switch_told.play(office)
        await judge.until(1)
    assert [call.told_closed for call in judge.calls] == [True]


async def test_a_call_from_the_page_rings_the_desk_first_and_is_known_by_its_attempt(asterisk: Asterisk) -> None:
    """Through the account and the dialplan that we ship; the customer sees the line, never the words on the desk."""
    async with judging(asterisk.ports.ami) as judge, open_office(asterisk) as office:
        office.behave(p101=answers_after(0.5))
        office.trunk.manners = answers_after(0.5, talks=1)
        asked = await AsteriskPbx(judge.client).originate(
            attempt_id="attempt-7", extension="101", number=E164("+31612345678"), did="0205550100", display="Roof leak"
        )
        assert asked.accepted
        desk = await office.phones["101"].taken()
        customer = await office.trunk.taken()
        await judge.until(1)
    assert '"Roof leak"' in desk.remote
    assert "0205550100" in customer.remote
    assert "Roof" not in customer.remote
    [call] = judge.calls
    assert (call.direction, call.attempt_id) == (Direction.OUTBOUND, "attempt-7")
    assert (call.verdict, call.answered_by) == (Verdict.ANSWERED, "101")


@pytest.mark.parametrize(
    ("answering", "crash", "verdicts"),
    [
        (True, False, {Verdict.ANSWERED}),
        (False, False, {Verdict.MISSED, Verdict.UNKNOWN}),
        (False, True, {Verdict.UNKNOWN}),
    ],
    ids=["stopped while they talk", "stopped while it rings", "killed while it rings"],
)
async def test_a_restart_of_the_pbx_in_mid_call_loses_no_call(
    answering: bool, crash: bool, verdicts: set[Verdict]
) -> None:
    with running_asterisk() as asterisk:
        async with judging(asterisk.ports.ami) as judge, open_office(asterisk) as office:
            if answering:
                office.behave(p101=answers_after(0.5))
            customer = office.trunk.customer_calls("0205550101")
            await (customer.answered if answering else customer.ringing).wait()
            await asyncio.sleep(1)
            await asyncio.to_thread(asterisk.kill if crash else asterisk.stop)
            await asyncio.to_thread(asterisk.start)
            await judge.until(1)
            await judge.synced()
        assert {call.verdict for call in judge.calls} <= verdicts
        assert len(judge.calls) == 1


async def test_fifty_calls_a_second_are_each_judged_once() -> None:
    """Half of them are answered, half ring out: 1000 calls in 20 s, none lost, none doubled."""
    with running_asterisk() as asterisk:
        ports = asterisk.ports
        async with judging(ports.ami) as judge, phones_under_load(ports):
            await asyncio.gather(
                call_many(ports, ANSWERED_DID, calls=CALLS // 2, per_second=CALLS // 2 // SECONDS),
                call_many(ports, RINGING_DID, calls=CALLS // 2, per_second=CALLS // 2 // SECONDS),
            )
            await judge.until(CALLS)
    calls = inbound(judge.calls)
    assert Counter((call.did, str(call.verdict)) for call in calls) == {
        (ANSWERED_DID, "answered"): CALLS // 2,
        (RINGING_DID, "missed"): CALLS // 2,
    }
    assert len({call.key for call in calls}) == CALLS
    assert judge.client.health.reconnects == 0

"""Callers of whom the PBX shows digits that nobody can read, our own number, or a colleague's extension."""

from dataclasses import replace

import pytest

from bridge.domain.calls.calls import Caller, EndedCall, FilterReason
from bridge.domain.calls.events import CallerChanged
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.phone import E164
from storage import calls
from tests.desk import CUSTOMER, EAST, MONDAY_NOON, OFFICE, OWN, Desk, missed_call
from tests.domain.calls.pbx import TRUNK, Story

SETTINGS = TrackerSettings("office", "US", extensions=("3??", "+1202555[34]*"), own_numbers=frozenset({OWN}))


def shown(digits: str, minutes: int = 0) -> EndedCall:
    call = missed_call(at=MONDAY_NOON.replace(minute=minutes))
    return replace(call, caller=Caller(None, digits))


def called(caller: str, did: str = "2025550100", later: str = "") -> EndedCall:
    story = Story(SETTINGS)
    story.now = MONDAY_NOON
    story.calls_in(did=did, number=caller)
    if later:
        story.happens(CallerChanged, TRUNK, caller_number=later, caller_name="", restricted=None)
    story.hangs_up()
    return story.call


async def test_unreadable_digits_have_a_row_each_and_repeats_join_it(desk: Desk) -> None:
    for minute, digits in enumerate(("0000000000", "447700900123", "0000000000", "door", "0000000000")):
        await desk.call(shown(digits, minute))
    await desk.call(missed_call(None, MONDAY_NOON.replace(minute=30)))

    rows = await desk.column("SELECT digits || ' ' || missed FROM callback ORDER BY id")
    assert rows == ["0000000000 3", "447700900123 1", "door 1", " 1"]
    assert await desk.column("SELECT count(*) FROM message") == [0]


async def test_a_closed_row_of_digits_is_followed_by_a_new_one(desk: Desk) -> None:
    await desk.call(shown("0000000000"))
    async with desk.database.transaction() as tx:
        await tx.all("UPDATE callback SET state = 'closed', closed_at = 1, version = version + 1")
        await tx.all(
            "INSERT INTO audit (at, who, what, subject, subject_id, version, callback_id)"
            " SELECT 1, 'Ann', 'callback.finish', 'callback', id, version, id FROM callback"
        )
    await desk.call(shown("0000000000", 5))

    assert await desk.column("SELECT state FROM callback ORDER BY id") == ["closed", "open"]


async def test_callers_are_counted_apart_by_their_digits(desk: Desk) -> None:
    for minute, digits in enumerate(("0000000000", "447700900123", "0000000000")):
        await desk.call(shown(digits, minute))

    assert await desk.column("SELECT count(DISTINCT callback_id) FROM call") == [2]


@pytest.mark.parametrize("extension", ["301", "399", "+12025553111", "2025553111", "0012025553111", "12025554111"])
async def test_a_colleague_of_a_sister_office_is_filtered(desk: Desk, extension: str) -> None:
    await desk.call(called(extension))

    assert await desk.column("SELECT count(*) FROM callback") == [0]
    async with desk.database.read() as db:
        [listed] = await calls.filtered(db)
    assert (listed.filing.filtered, listed.filing.text_why) == (FilterReason.SISTER_OFFICE, "sister_office")


async def test_an_extension_that_no_pattern_names_is_somebody(desk: Desk) -> None:
    await desk.call(called("401"))

    assert await desk.column("SELECT digits FROM callback") == ["401"]


@pytest.mark.parametrize("account", [OWN.value, "12025550100", "sip:+12025550100@carrier", "2025550100"])
def test_our_own_number_is_nobodys_and_a_later_caller_id_replaces_it(account: str) -> None:
    assert called(account).caller == Caller(None, OWN.value)
    assert called(account, later="sip:2025550123@carrier").caller.number == CUSTOMER


def test_the_number_called_is_nobodys_either_where_no_configuration_says_whose_it_is() -> None:
    story = Story(replace(SETTINGS, own_numbers=frozenset()))
    story.calls_in(did="+12125550177;npdi;rn=+12125550000", number="2125550177")
    story.hangs_up()

    assert (story.call.did, story.call.caller) == ("+12125550177", Caller(None, "+12125550177"))


def test_a_customers_number_is_not_replaced_by_what_the_dialplan_sets_later() -> None:
    assert called("4365550123", later="2025550199").caller.number == E164("+14365550123")


async def test_our_own_number_has_a_row_and_no_text(desk: Desk) -> None:
    await desk.call(called(OWN.value))

    assert await desk.column("SELECT digits FROM callback") == [OWN.value]
    assert await desk.column("SELECT text_why FROM call") == ["own_number"]


# --- the number called


async def test_a_number_that_no_line_names_is_said_and_texts_nobody_from_a_wrong_line(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    await desk.call(missed_call(did="2025550999"))

    assert await desk.column("SELECT line || ' ' || text_why FROM call") == ["main unknown_did"]
    assert await desk.column("SELECT count(*) FROM callback") == [1]
    assert "did.unknown" in capsys.readouterr().out
    assert desk.missed_calls.unknown_dids == 1
    async with desk.database.read() as db:
        assert desk.office.on_no_line(await calls.dids_rung(db, MONDAY_NOON)) == ["2025550999"]


@pytest.mark.parametrize("did", ["+12025550200;npdi;rn=+12025551000", "2025550200@sbc", "sip:12025550200@sbc:5060"])
async def test_a_number_with_parts_of_a_uri_finds_its_line(desk: Desk, did: str) -> None:
    await desk.call(missed_call(did=did))

    assert await desk.column("SELECT line || ' ' || text_why FROM call") == [f"{EAST.name} send"]
    assert desk.missed_calls.unknown_dids == 0


async def test_where_there_is_one_line_only_its_text_goes_out_all_the_same(desk: Desk) -> None:
    alone = Desk(desk.database, office=replace(OFFICE, lines=OFFICE.lines[:1]))
    await alone.call(missed_call(did="s"))

    assert await desk.column("SELECT text_why FROM call") == ["send"]
    assert alone.missed_calls.unknown_dids == 1

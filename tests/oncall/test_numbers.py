"""From the channel of a trunk to the phone of whoever is on call, for numbers that are not in every table."""

import pytest

from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.phone import E164
from tests.desk import OWN, text
from tests.domain.calls.pbx import Story
from tests.oncall.night import Night, night

__all__ = ["night"]


async def missed_by_the_pbx(night: Night, caller: str, did: str = "2025550100") -> None:
    story = Story(TrackerSettings("office", "US"))
    story.now = night.clock.advance(minutes=1)
    story.calls_in(did=did, number=caller)
    story.dials("PJSIP/trunk-00000001", "PJSIP/101-00000002")
    story.rings("PJSIP/101-00000002")
    story.wait(20)
    story.hangs_up(caller=True)
    await night.is_missed(story.call)


@pytest.mark.parametrize("area_code", ["436", "565", "624", "729"])
async def test_gas_from_an_area_code_newer_than_our_tables_reaches_whoever_is_on_call(
    night: Night, area_code: str
) -> None:
    await missed_by_the_pbx(night, f"{area_code}5550123")
    await night.writes("I smell gas", E164(f"+1{area_code}5550123"))

    assert await night.column("SELECT number FROM message WHERE kind = 'first'") == [f"+1{area_code}5550123"]
    [(who, words)] = await night.told()
    assert who == "Ann"
    assert f'({area_code}) 555-0123: "I smell gas"' in words


async def test_two_callers_from_new_area_codes_have_a_row_each(night: Night) -> None:
    await missed_by_the_pbx(night, "+14365550123")
    await missed_by_the_pbx(night, "4365550124")

    assert await night.column("SELECT number FROM callback ORDER BY id") == ["+14365550123", "+14365550124"]
    assert OWN.value not in await night.column("SELECT number FROM message")


async def test_gas_from_digits_that_nobody_can_read_reaches_whoever_is_on_call_too(night: Night) -> None:
    for words in ("hello?", "I smell gas"):
        await night.inbox.received(text(words, "99999990123"))
        await night.look()

    assert await night.column("SELECT digits || urgency FROM callback") == ["99999990123urgent"]
    [(who, words)] = await night.told()
    assert (who, 'caller ID 99999990123: "' in words, "smell gas" in words) == ("Ann", True, True)
    assert await night.column("SELECT count(*) FROM message WHERE kind <> 'staff'") == [0]


async def test_a_stop_from_such_digits_makes_no_row(night: Night) -> None:
    await night.inbox.received(text("STOP", "99999990123"))

    assert await night.column("SELECT count(*) FROM callback") == [0]

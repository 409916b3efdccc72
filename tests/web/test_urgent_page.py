"""What the page shows of urgent work on its way to somebody."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time, timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.roster import Roster, Shift
from storage.database import Database
from tests.desk import NEW_YORK
from tests.oncall.night import AT_NIGHT, LEAK, Night, night
from tests.web.served import Client, Faults, served

__all__ = ["night"]


@pytest.fixture
async def client(night: Night) -> AsyncIterator[Client]:
    async with served(night, Faults(night)) as made:
        yield made


async def test_a_row_says_whom_the_alerts_told(night: Night, client: Client) -> None:
    await night.writes(LEAK)
    page = await (await client.get("/")).text()
    assert "Told, no answer yet: Ann" in page


async def test_a_row_that_nobody_answers_says_so(night: Night, client: Client) -> None:
    await night.writes(LEAK)
    await night.passes(minutes=40)
    page = await (await client.get("/")).text()
    assert 'class="text bad">Nobody has answered the alerts: Ann, Bob, Olga' in page


async def test_the_history_names_who_was_told_and_who_has_it(night: Night, client: Client) -> None:
    await night.writes(LEAK)
    row = await night.row()
    await night.callbacks.claim(Seen.of(row, "Bob", night.clock() + timedelta(minutes=1)))
    await night.look()
    page = await (await client.get("/callbacks/1")).text()
    assert "Told: Ann" in page
    assert "Alert answered" in page


async def test_the_strip_names_when_nobody_is_on_call(database: Database) -> None:
    nights = Calendar(NEW_YORK, ((OpeningSpan(time(17), time(9)),),) * 5 + ((), ()))
    gap = Night(database, office=replace(AT_NIGHT, roster=Roster((Shift(nights, ("Ann",)),))))
    async with served(gap, Faults(gap)) as client:
        page = await (await client.get("/")).text()
    strip = page.partition('<footer class="strip"')[2]
    assert "Nobody on call from Sat 5:00 PM" in " ".join(strip.split())
    assert "and 1 more" in strip

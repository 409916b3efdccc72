"""What a configuration is built into: the jobs that time alone brings about, and what the parts count."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bridge.config import load
from bridge.daemon.parts import Parts
from storage import settings
from storage.database import Database
from tests.desk import Clock, OnThePhone, missed_call, text
from tests.site import write

TEN_PM = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
EIGHT_AM = datetime(2026, 11, 24, 13, 0, tzinfo=UTC)


async def test_what_waited_for_the_morning_is_decided_by_the_jobs_of_the_morning(tmp_path: Path) -> None:
    config = load(write(tmp_path, rules={"hold_at_night": "21:00-08:00"}), {})
    async with await Database.open(config.database) as database:
        clock = Clock(TEN_PM)
        parts = Parts.of(config, database, OnThePhone(), clock)
        async with database.transaction() as tx:
            await settings.resume(tx, "Ann", clock())
        call = missed_call(at=TEN_PM, did="+12125550100")
        await parts.missed_calls.ended(replace(call, key=replace(call.key, pbx="pbx")), clock())

        decided = []
        for clock.now in (TEN_PM, EIGHT_AM):
            await parts.jobs.run_due()
            async with database.read() as db:
                decided.append((await db.only("SELECT text_why FROM call"))["text_why"])

    assert decided == ["held", "send"]


async def test_calls_and_texts_that_nobody_can_place_are_counted(tmp_path: Path) -> None:
    config = load(write(tmp_path), {})
    async with await Database.open(config.database) as database:
        clock = Clock(TEN_PM)
        parts = Parts.of(config, database, OnThePhone(), clock)
        await parts.missed_calls.ended(missed_call(at=TEN_PM, did="2125550999"), clock())
        await parts.inbox.received(text("STOP", "99999990123"))

    assert (parts.counts["unknown_dids"], parts.counts["texts_unplaced"]) == (1, 1)

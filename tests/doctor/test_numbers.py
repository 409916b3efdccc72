"""`textback doctor` on the numbers called: each of late stands on a line, or is named."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bridge.config import Config, load
from bridge.doctor.local import CheckResult
from bridge.doctor.numbers import LOOKED_BACK, numbers_called
from storage.database import Database
from tests.desk import MONDAY_NOON, Desk, missed_call


async def called(example: Path, *dids: str) -> Config:
    config = load(example, {})
    async with await Database.open(config.database) as database:
        for minute, did in enumerate(dids):
            call = missed_call(at=MONDAY_NOON + timedelta(minutes=minute), did=did)
            await Desk(database).call(replace(call, key=replace(call.key, pbx="pbx")))
    return config


async def test_a_number_on_no_line_is_named_with_what_to_do(example: Path) -> None:
    config = await called(example, "+12125550100;npdi", "2125550199", "2125550199")

    found = await numbers_called(config, MONDAY_NOON)
    assert (found.level, found.said) == (CheckResult.WARNING, "calls came in on '2125550199', which no line names")
    assert "dids" in found.remedy
    assert (await numbers_called(config, MONDAY_NOON + LOOKED_BACK + timedelta(days=1))).level is CheckResult.OK


async def test_where_all_stand_on_lines_it_says_so(example: Path) -> None:
    found = await numbers_called(await called(example, "2125550100@sbc", "0012125550100"), MONDAY_NOON)

    assert (found.level, found.said) == (CheckResult.OK, "every number called of late stands on a line")


async def test_before_the_first_start_and_with_a_broken_file_nothing_is_looked_at(example: Path) -> None:
    config = load(example, {})
    assert (await numbers_called(config, MONDAY_NOON)).level is CheckResult.NOT_LOOKED
    config.database.write_bytes(b"no database" * 400)
    assert (await numbers_called(config, MONDAY_NOON)).level is CheckResult.NOT_LOOKED

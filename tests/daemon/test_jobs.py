"""What time alone brings about."""

from datetime import datetime, timedelta

import pytest

from bridge.callbacks.actions import Seen
from bridge.daemon.jobs import Jobs
from bridge.domain.callbacks.queue import CallbackState
from bridge.domain.texts.messages import Concatenation
from storage.errors import StorageError
from tests.desk import MONDAY_NOON, OTHER, Desk, missed_call, text


def upkeep_of(desk: Desk) -> Jobs:
    jobs = (desk.inbox.show_incomplete, desk.callbacks.wake_due, desk.callbacks.release_idle)
    return Jobs(jobs, clock=desk.clock)


async def test_one_look_wakes_rows_frees_idle_claims_and_shows_half_texts(desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(OTHER))
    snoozed, claimed = await desk.row(), await desk.row(OTHER)
    await desk.callbacks.snooze(Seen(snoozed.id, 1, "Ann", MONDAY_NOON), MONDAY_NOON + timedelta(minutes=40))
    await desk.callbacks.claim(Seen(claimed.id, 1, "Ann", MONDAY_NOON))
    await desk.inbox.received(text("half of it", "+13125550123", part=Concatenation(9, 2, 1)))
    upkeep = upkeep_of(desk)
    await upkeep.run_due()
    assert (await desk.row()).state is CallbackState.WAITING
    desk.clock.advance(minutes=40)
    await upkeep.run_due()
    assert (await desk.row()).state is CallbackState.OPEN
    assert (await desk.row(OTHER)).owner is None
    assert await desk.column("SELECT text FROM reply") == ["half of it[…]"]


async def test_a_look_for_nothing_writes_nothing(desk: Desk) -> None:
    commits = desk.database.commits.count
    await upkeep_of(desk).run_due()
    assert desk.database.commits.count == commits


@pytest.mark.parametrize("how", ["disk", "mistake"])
async def test_a_job_that_fails_keeps_none_of_the_others_from_their_turn(desk: Desk, how: str) -> None:
    done: list[datetime] = []

    async def fails(_: datetime) -> None:
        raise StorageError(desk.database.path, "the disk is full") if how == "disk" else ZeroDivisionError

    async def works(now: datetime) -> None:
        done.append(now)

    await Jobs((fails, works), clock=desk.clock).run_due()
    assert done == [MONDAY_NOON]

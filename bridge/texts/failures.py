"""What a failed text means: a landline is learned, or it is told that the gateway fails. Nothing is paused by it."""

from datetime import datetime

import structlog

from bridge.domain.callbacks.queue import TEXTBACK
from bridge.domain.texts import failures
from bridge.domain.texts.failures import ANOTHER_DAY, LOOKED_BACK, REMEMBERED, Burst
from bridge.domain.texts.messages import MessageKind
from storage import contacts, settings, text_outcomes
from storage.database import Database, Reader, Writer
from storage.messages import Part

NO_CUSTOMER = frozenset({MessageKind.STAFF, MessageKind.TEST})

log = structlog.get_logger()


async def delivered(tx: Writer, part: Part, now: datetime) -> None:
    if part.kind in NO_CUSTOMER:
        return
    await contacts.forget_landline(tx, part.number, now)
    if await settings.is_on(tx, settings.FAILING):
        await _look(tx, now)


async def failed(tx: Writer, part: Part, why: str, now: datetime, *, for_good: bool, landline: bool) -> None:
    """for_good: trying again would end the same way. landline: the code says that the number takes no texts."""
    if part.kind in NO_CUSTOMER:
        return
    if landline:
        await contacts.learn_landline(tx, part.number, why, now, now + REMEMBERED)
    if not await _look(tx, now) and for_good and not landline and await _repeats(tx, part, now):
        await contacts.learn_landline(tx, part.number, f"repeated: {why}", now, now + REMEMBERED)


async def _repeats(db: Reader, part: Part, now: datetime) -> bool:
    times = await text_outcomes.failures_of(db, part.number, now - REMEMBERED)
    if not times or max(times) - min(times) < ANOTHER_DAY:
        return False
    return failures.is_landline(times, await text_outcomes.settled(db, min(times) - LOOKED_BACK, now, but=part.number))


async def _look(tx: Writer, now: datetime) -> Burst | None:
    """Tell when texts begin to fail and when they get through again; take back what was learned from the failures."""
    found = failures.burst(await text_outcomes.settled(tx, now - LOOKED_BACK, now))
    if found is not None:
        await contacts.take_landlines_back(tx, found.since, now)
    if await settings.turn(tx, settings.FAILING, found is not None, TEXTBACK, now):
        if found is not None:
            since = found.since.isoformat()
            tx.once_stored(log.error, "texts.failing", numbers=found.numbers, since=since, code=found.code)
        else:
            tx.once_stored(log.info, "texts.arrive_again")
    return found


class FailureWatch:
    """What time alone ends: a landline that was learned half a year ago, an alarm a day after the last failure."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_due(self, now: datetime) -> None:
        async with self._database.read() as db:
            over = await settings.is_on(db, settings.FAILING) and await text_outcomes.burst(db, now) is None
            if not over and not await contacts.landlines_expire(db, now):
                return
        async with self._database.transaction() as tx:
            await contacts.expire_landlines(tx, now)
            if over:
                await _look(tx, now)

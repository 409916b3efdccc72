"""Quiet hours for texts (hold at night): what comes of a call then waits for the morning, where the office wants it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bridge.domain.office.hours import Calendar, OpeningSpan

DAY = timedelta(days=1)
JUST_CALLED = timedelta(minutes=5)
"""Whoever called so lately is awake, and with somebody on call their answer is worth having now."""


@dataclass(frozen=True, slots=True)
class NightHold:
    """hours: wall time of the line's zone; they may pass midnight. None: nothing is ever held."""

    hours: OpeningSpan | None
    zone: ZoneInfo

    def until(self, at: datetime) -> datetime | None:
        """The end of the hold that this moment is in; None outside of one."""
        if self.hours is None:
            return None
        clock, today = Calendar(self.zone), at.astimezone(self.zone).date()
        holds = (self.hours.on(today + DAY * days) for days in (-1, 0))
        spans = ((clock.instant(start), clock.instant(end)) for start, end in holds)
        return next((end for start, end in spans if start <= at < end), None)

    def fresh_from(self, ended_at: datetime, max_age: timedelta) -> datetime:
        """From when a text after a call that ended then grows old: from the end of the hold that kept it waiting."""
        return self.until(ended_at) or self.until(ended_at + max_age) or ended_at

    def was_held(self, ended_at: datetime, max_age: timedelta, now: datetime) -> bool:
        """Is it the morning after?"""
        return ended_at < self.fresh_from(ended_at, max_age) <= now and now - ended_at > JUST_CALLED

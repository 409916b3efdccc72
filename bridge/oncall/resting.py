"""Too many wrong digits from one number (brute force), and texts from it change nothing for an hour."""

from datetime import datetime, timedelta

from storage import staff_codes
from storage.database import Reader

HOUR = timedelta(hours=1)
WRONG_AN_HOUR = 20
"""More wrong digits than these within an hour, and texts of that number change nothing for an hour."""


async def rests_until(db: Reader, person: str, now: datetime) -> datetime | None:
    """None while texts from this person's number count."""
    wrong = await staff_codes.last_wrong(db, person, WRONG_AN_HOUR + 1)
    too_many = len(wrong) > WRONG_AN_HOUR and wrong[0] - wrong[-1] < HOUR
    return wrong[0] + HOUR if too_many and now < wrong[0] + HOUR else None

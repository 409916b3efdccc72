"""The PBX's clock told in ours: a PBX whose clock is wrong must neither hold a text back nor make it too old."""

from datetime import UTC, datetime, timedelta

AGREES = timedelta(seconds=5)  # closer than that the PBX's own times are the better
RECENT = timedelta(minutes=1)  # and as long again at most
LONGEST_STALL = timedelta(minutes=2)  # a line that says nothing for so long is given up before

FIRST, LAST = datetime(2000, 1, 1, tzinfo=UTC).timestamp(), datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def moment(stamp: float) -> datetime | None:
    """Of seconds since 1970. None for one that no clock of a PBX shows, not even a wrong one: nothing counts on it."""
    return datetime.fromtimestamp(stamp, UTC) if FIRST <= stamp < LAST else None


class PbxClock:
    """One PBX's. How far its clock is from ours is the smallest recent delay: a line that stalls only adds to it.

    So what happens in a call stands apart as the PBX's own stamps do, however late they come, unless one of the clocks
    was set meanwhile.
    """

    def __init__(self) -> None:
        self._apart = timedelta(0)
        self._began: datetime | None = None
        self._smallest = self._smallest_before = timedelta.max

    def in_ours(self, told: datetime, heard: datetime) -> datetime:
        """told: when the PBX says that it was. heard: when it came, by our clock."""
        self._measure(heard - told, heard)
        apart = min(self._smallest, self._smallest_before)
        if abs(apart - self._apart) > AGREES:
            self._apart = apart if abs(apart) > AGREES else timedelta(0)
        return told + self._apart

    def _measure(self, delay: timedelta, heard: datetime) -> None:
        if self._began is None or delay - self._smallest > LONGEST_STALL:  # its clock was set back
            self._began, self._smallest, self._smallest_before = heard, delay, timedelta.max
        elif abs(heard - self._began) > RECENT:
            self._began, self._smallest, self._smallest_before = heard, delay, self._smallest
        else:
            self._smallest = min(self._smallest, delay)

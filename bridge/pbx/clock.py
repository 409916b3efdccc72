"""The PBX's clock told in ours: a PBX whose clock is wrong must neither hold a text back nor make it too old."""

from datetime import datetime, timedelta

AGREES = timedelta(seconds=5)  # what a stalled connection may cost; closer than that the PBX's own times are the better


class PbxClock:
    """One PBX's. How far its clock is from ours is learned from each event, and learned anew where either was set."""

    def __init__(self) -> None:
        self._apart = timedelta(0)

    def in_ours(self, told: datetime, heard: datetime) -> datetime:
        """told: when the PBX says that it was. heard: when it came, by our clock."""
        if abs(heard - told - self._apart) > AGREES:
            apart = heard - told
            self._apart = apart if abs(apart) > AGREES else timedelta(0)
        return told + self._apart

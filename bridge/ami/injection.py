"""Mends a stream in which a caller has planted lines of their own.

Asterisk passes `%0d%0a` in the user part of a From header on as raw line breaks (16 and 22), so lines, and whole
events, that a caller wrote can stand inside a real event, its ending glued behind the last of them. What Asterisk says
of a channel has one fixed order (`manager_channels.c`): after `CallerIDNum` come ten headers up to `Linkedid`, with
whatever prefix (`Dest`, `Parkee`, `Transferee`). What stands between them was planted, and is dropped; a caller ID is
too short to hold all ten.
"""

from collections import deque

from bridge.ami.protocol import Headers, Message

BEFORE, OPENS, CLOSES = "ChannelStateDesc", "CallerIDNum", "Linkedid"
FOLLOW = (
    "CallerIDName",
    "ConnectedLineNum",
    "ConnectedLineName",
    "Language",
    "AccountCode",
    "Context",
    "Exten",
    "Priority",
    "Uniqueid",
    CLOSES,
)
MAX_PLANTED = 8  # blocks that one broken event can hide; a caller ID is shorter than that


class InjectionRepair:
    """Feed messages in order; what comes out is what Asterisk meant. `injected` counts what was dropped."""

    def __init__(self) -> None:
        self._broken: _Reading | None = None
        self.injected = 0

    def forget(self) -> None:
        """The stream broke off: no ending will come."""
        self._broken = None

    def feed(self, message: Message) -> list[Message]:
        if self._broken is None and not message.suspicious:
            return [message]
        reading = self._broken or _Reading(message.event)
        reading.take(message.headers, message.raw_size)
        self._broken = reading if reading.expects and reading.blocks < MAX_PLANTED else None
        if reading.expects:
            return []
        self.injected += reading.injected
        return [Message(reading.event, tuple(reading.kept), reading.size, suspicious=True)]


class _Reading:
    """One event, put together from as many blocks as it was broken into."""

    def __init__(self, event: str) -> None:
        self.event = event
        self.kept: list[tuple[str, str]] = []
        self.expects: deque[str] = deque()
        self.injected = self.blocks = self.size = 0

    def take(self, headers: Headers, size: int) -> None:
        self.blocks += 1
        self.size += size
        for key, value in headers:
            if not self.expects:
                self._keep(key, value)
            elif key == self.expects[0]:
                self.expects.popleft()
                self.kept.append((key, value))
            else:
                self.injected += 1

    def _keep(self, key: str, value: str) -> None:
        prefix = key.removesuffix(OPENS)
        if key.endswith(OPENS) and self.kept and self.kept[-1][0] == prefix + BEFORE:
            self.expects.extend(prefix + follows for follows in FOLLOW)
        self.kept.append((key, value))

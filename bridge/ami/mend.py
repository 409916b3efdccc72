"""Mends a stream in which a caller has planted lines of their own.

Asterisk passes `%0d%0a` in the user part of a From header on as raw line breaks (16 and 22), so one real event can
arrive as a beginning that breaks off, any number of blocks that the caller wrote, and the real ending glued behind the
last of them. What Asterisk writes about a channel is always whole: after `CallerIDNum` comes `Linkedid` (with whatever
prefix: `Dest`, `Parkee`, `Transferee`). A message without it has been broken; all that follows up to the missing
ending was written by the caller, and is dropped.
"""

from bridge.ami.protocol import Message

OPENS, CLOSES = "calleridnum", "linkedid"
MAX_PLANTED = 8  # blocks that one broken event can hide; a caller ID is shorter than that


class Mender:
    """Feed messages in order; what comes out is what Asterisk meant. `planted` counts the dropped blocks."""

    def __init__(self) -> None:
        self._head: Message | None = None
        self._lacks: set[str] = set()
        self._between = 0
        self.planted = 0

    def feed(self, message: Message) -> list[Message]:
        if self._head is None:
            self._lacks = _missing(message)
            if not self._lacks:
                return [message]
            self._head, self._between = message, 0
            return []
        return self._after_break(self._head, message)

    def forget(self) -> None:
        """The stream broke off: no ending will come."""
        self._head = None

    def _after_break(self, head: Message, message: Message) -> list[Message]:
        self.planted += 1
        self._between += 1
        if not self._lacks <= {key.lower() for key, _ in message.headers}:
            if self._between >= MAX_PLANTED:
                self._head = None
            return []
        self._head = None
        return [_rejoin(head, message)]


def _missing(message: Message) -> set[str]:
    """The closing headers that the message owes: `destlinkedid` where there is a `DestCallerIDNum`."""
    if not message.event:
        return set()
    keys = {key.lower() for key, _ in message.headers}
    owed = {key.removesuffix(OPENS) + CLOSES for key in keys if key.endswith(OPENS)}
    return owed - keys


def _rejoin(head: Message, tail: Message) -> Message:
    """The beginning as it was, and from the glued block the last value of each header: the real ones came last."""
    known = {key.lower() for key, _ in head.headers}
    ending = {key: value for key, value in tail.headers if key.lower() not in known}
    return Message(head.event, (*head.headers, *ending.items()), head.raw_size + tail.raw_size, suspicious=True)

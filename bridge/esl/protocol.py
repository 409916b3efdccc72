"""Framing of FreeSWITCH's event socket (ESL): bytes in, blocks out. No socket, no clock, no meaning.

A block is `Key: value` lines and an empty line, then as many octets of body as `Content-Length` says. Events are
asked for as JSON: whatever a caller writes stays inside its value, line breaks too.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HEAD_END = b"\n\n"
MAX_HEAD = 64 * 1024  # the largest real one, that of `connect`, is below 8 KB
MAX_BODY = 4 * 1024 * 1024  # `show channels as json` of some 5,000 channels
LONGEST_LENGTH = 9  # digits; whoever writes more means no length

EVENT = "text/event-json"
REPLY = "command/reply"
ANSWER = "api/response"
GREETING = "auth/request"
NOTICE = "text/disconnect-notice"
REJECTION = "text/rude-rejection"

NAMED = re.compile(rb'\{"Event-Name":"([A-Z_]{1,40})"')
"""How every event begins."""

Values = Mapping[str, Any]
_JSON = json.JSONDecoder(strict=False)


@dataclass(frozen=True, slots=True)
class Message:
    """An event, or the state of a channel as `uuid_dump` tells it: names and words, as FreeSWITCH spells them."""

    values: Values

    @property
    def event(self) -> str:
        return self.get("Event-Name")

    def get(self, name: str, default: str = "") -> str:
        """Of a variable that was set more than once FreeSWITCH makes a list; the first word counts."""
        value = self.values.get(name, default)
        return value if isinstance(value, str) else _word(value)

    def variable(self, name: str) -> str:
        return self.get(f"variable_{name}")


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it came. To keep it costs its octets and little more.

    kind: its content type. raw_size: bytes on the wire, so that the sizes of all blocks add up to the stream.
    suspicious: no switch writes a block of this shape. banner: there is none; an index of blocks asks for it.
    """

    kind: str
    head: Mapping[str, str]
    body: bytes
    raw_size: int
    suspicious: bool = False
    banner: str = field(default="", init=False)

    @property
    def event(self) -> str:
        """The event's name, unread; "" of what is no event."""
        if self.kind != EVENT:
            return ""
        named = NAMED.match(self.body)
        return _text(named[1]) if named else self.read().event

    @property
    def name(self) -> str:
        """For an index of blocks."""
        return self.event or self.kind or "?"

    @property
    def reply(self) -> str:
        """What the switch says to a command: `+OK ...` or `-ERR ...`."""
        return self.head.get("Reply-Text", "")

    @property
    def text(self) -> str:
        return _text(self.body)

    def read(self) -> Message:
        """Of an event. Without any values where it is none."""
        return read(self.text)


def read(text: str) -> Message:
    """What an event or a `uuid_dump` says."""
    found = parsed(text)
    return Message(found if isinstance(found, dict) else {})


def parsed(text: str) -> object:
    """JSON of a switch, which passes control characters on as they are; None where it is none. Never raises."""
    try:
        found: object = _JSON.decode(text)
        return _whole(found) if "\\ud" in text or "\\uD" in text else found
    except (ValueError, RecursionError):
        return None


class Framer:
    """Cuts a byte stream into blocks, however it was chopped on its way.

    What is too large comes as a suspicious block without what is too large, and is not held: a head ends at the next
    empty line, a body after as many octets as were told.
    """

    def __init__(self, max_head: int = MAX_HEAD, max_body: int = MAX_BODY) -> None:
        self._max_head, self._max_body = max_head, max_body
        self._buffer = bytearray()
        self._searched = 0  # no head ends before this offset of the buffer
        self._head: _Head | None = None  # whose body is to come
        self._gone = 0  # bytes of this block that are not in the buffer any more
        self._left = 0  # bytes of its body that are not held, and still to come
        self._overlong = False

    @property
    def pending(self) -> int:
        """Bytes of a block that has not ended yet."""
        return len(self._buffer) + self._gone

    @property
    def held(self) -> int:
        """Those of them that are kept."""
        return len(self._buffer)

    def feed(self, data: bytes) -> list[Block]:
        """The blocks that `data` completes, in order. Never raises."""
        self._buffer += data
        blocks = []
        while block := self._next():
            blocks.append(block)
        return blocks

    def _next(self) -> Block | None:
        head = self._head = self._head or self._take_head()
        if head is None:
            return None
        if head.length > self._max_body:
            return self._pass_over(head)
        if len(self._buffer) < head.length:
            return None
        return self._block(head, self._take(head.length), suspicious=head.odd)

    def _take_head(self) -> "_Head | None":
        if not self._overlong:  # an empty line too many belongs to nobody
            self._take(len(self._buffer) - len(self._buffer.lstrip(b"\n")))
        end = self._buffer.find(HEAD_END, self._searched)
        if max(end, len(self._buffer) if end < 0 else 0) > self._max_head:
            self._overlong = True
        if end < 0:
            if self._overlong:
                self._take(len(self._buffer) - 1)  # what may be half of its end
            self._searched = max(0, len(self._buffer) - 1)
            return None
        octets = self._take(end + len(HEAD_END))
        head = _Head.overlong() if self._overlong else _Head.of(octets)
        self._searched, self._overlong, self._left = 0, False, head.length
        return head

    def _pass_over(self, head: "_Head") -> Block | None:
        self._left -= len(self._take(min(self._left, len(self._buffer))))
        return None if self._left else self._block(head, b"", suspicious=True)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._gone += size
        return taken

    def _block(self, head: "_Head", body: bytes, *, suspicious: bool) -> Block:
        size, self._gone, self._head = self._gone, 0, None
        return Block(head.lines.get("Content-Type", ""), head.lines, body, size, suspicious)


@dataclass(frozen=True, slots=True)
class _Head:
    lines: Mapping[str, str]
    length: int
    odd: bool

    @classmethod
    def overlong(cls) -> "_Head":
        return cls({}, 0, odd=True)

    @classmethod
    def of(cls, octets: bytes) -> "_Head":
        """The first of two lines with one name counts."""
        written = [line.partition(": ") for line in _text(octets).strip("\n").split("\n")]
        lines = {name: value for name, colon, value in reversed(written) if colon}
        length = lines.get("Content-Length", "0")
        told = length.isascii() and length.isdigit() and len(length) <= LONGEST_LENGTH
        odd = not told or len(lines) != len(written) or "Content-Type" not in lines
        return cls(lines, int(length) if told else 0, odd)


def _word(value: object) -> str:
    if isinstance(value, list):
        return next((one for one in value if isinstance(one, str)), "")
    return str(value) if isinstance(value, int | float) else ""


def _whole(found: Any) -> Any:
    """Without the halves of characters that JSON can spell and nothing can store."""
    if isinstance(found, str):
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(found, list):
        return [_whole(one) for one in found]
    return {_whole(name): _whole(one) for name, one in found.items()} if isinstance(found, dict) else found


def _text(raw: bytes) -> str:
    """A name cut in the middle of a character, or sent in no encoding at all, costs that character only."""
    return raw.decode("utf-8", "replace")

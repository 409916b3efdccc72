"""Framing of the Asterisk Manager Interface: bytes in, messages out. No socket, no clock, no meaning.

A message is `Key: value` lines ended by an empty line, all CRLF. The stream opens with one banner line of its own. What
stands in the values comes from callers: Asterisk passes line breaks in a caller's number through, so a message can
carry lines, and a stream can carry whole messages, that no PBX wrote. Framing cannot tell them; it survives them, and
marks what no PBX writes as `suspicious`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

LINE_BREAK = "\r\n"
LINE_END = LINE_BREAK.encode()
MESSAGE_END = b"\r\n\r\n"
OPENS = b"Event: "
BANNER = b"Asterisk Call Manager/"
MAX_MESSAGE = 64 * 1024  # the largest real event seen is below 4 KB

# Headers of which no event has two: a second one means that a value held a line break.
SINGLE = frozenset({"event", "privilege", "channel", "uniqueid", "linkedid", "calleridnum", "calleridname", "context"})

# What Asterisk writes about a channel is whole: behind the caller's number comes the Linkedid (CEL spells both its own
# way). A block with the one and without the other was broken by the caller, and the blocks behind it may be forged.
CALLER, CEL_CALLER = b"CallerIDNum: ", b"CallerIDnum: "
CEL = b"Event: CEL"
ENDING, CEL_ENDING = b"Linkedid: ", b"LinkedID: "
UNFILTERED = 8  # blocks behind a broken one that are all built, whatever they call themselves

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Message:
    """One block of the stream.

    event: the event's name, "" for a response, the banner or anything that does not open as an event. headers: all of
    them, in order, repeated ones too. raw_size: bytes on the wire with the closing empty line, so that the sizes of
    all messages add up to the stream. suspicious: no PBX writes a message of this shape.
    """

    event: str
    headers: Headers
    raw_size: int = 0
    suspicious: bool = False
    banner: str = ""
    _first: dict[str, str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_first", {key.lower(): value for key, value in reversed(self.headers)})

    @property
    def name(self) -> str:
        """For an index of messages."""
        return self.event or self.get("Response", "?")

    @property
    def is_plain(self) -> bool:
        """Does it repeat nothing of which Asterisk writes one?"""
        if len(self._first) == len(self.headers):
            return True
        keys = [key.lower() for key, _ in self.headers]
        return all(keys.count(key) <= 1 for key in SINGLE)

    def get(self, key: str, default: str = "") -> str:
        """The header's value, whatever its case; the first one where it is repeated."""
        return self._first.get(key.lower(), default)

    def all(self, key: str) -> list[str]:
        """Every value of a repeated header (`ChanVariable`), in order."""
        wanted = key.lower()
        return [value for name, value in self.headers if name.lower() == wanted]


@dataclass(frozen=True, slots=True)
class Block:
    """A message as it came. To keep it costs its octets and little more: a tenth of what it costs once it is read.

    suspicious: as far as can be told unread. octets: none of what is overlong, and of the banner.
    """

    event: str
    octets: bytes
    raw_size: int
    suspicious: bool = False
    banner: str = ""

    def read(self) -> Message:
        if not self.octets:
            return Message("", (), self.raw_size, self.suspicious, self.banner)
        headers, odd = _split_headers(_text(self.octets))
        message = Message(self.event, headers, self.raw_size, self.suspicious or odd)
        return message if message.is_plain else replace(message, suspicious=True)


class MessageFramer:
    """Cuts a byte stream into messages, however it was chopped on its way.

    wanted: names of the events worth building, None for all; others are dropped before anything is decoded. Responses,
    banners, odd blocks, and broken ones with what follows them, always come through. A message longer than
    `max_message` comes as a suspicious one without headers; no more than that is ever held.
    """

    def __init__(self, wanted: Iterable[str] | None = None, max_message: int = MAX_MESSAGE) -> None:
        self._wanted = None if wanted is None else frozenset(name.encode() for name in wanted)
        self._max = max_message
        self._buffer = bytearray()
        self._searched = 0  # no message ends before this offset of the buffer
        self._extra = 0  # bytes already gone that belong to the next message: empty lines, an overlong beginning
        self._overlong = False
        self._unfiltered = 0

    @property
    def pending(self) -> int:
        """Bytes of a message that has not ended yet."""
        return len(self._buffer) + self._extra

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes, in order. Never raises."""
        return [block.read() for block in self.cut(data)]

    def cut(self, data: bytes) -> list[Block]:
        """The same unread, for whoever has no time now."""
        self._buffer += data
        end = self._buffer.rfind(MESSAGE_END, self._searched)
        if end < 0:
            self._shed()
            return []
        blocks = bytes(self._buffer[:end]).split(MESSAGE_END)
        del self._buffer[: end + len(MESSAGE_END)]
        self._shed()
        return [whole for block in blocks if not self._may_drop(block) for whole in self._take(block)]

    def _may_drop(self, block: bytes) -> bool:
        """Is it, at first sight, a whole event that nobody wants? Most are, so this costs as little as can be."""
        if self._wanted is None or self._extra or self._overlong or self._unfiltered or len(block) > self._max:
            return False
        end = block.find(LINE_END)
        return block[:7] == OPENS and end > 0 and block[7:end].strip() not in self._wanted and not _is_broken(block)

    def _shed(self) -> None:
        """Let go of the beginning of a message that has grown too long; keep what may be half of its end."""
        keep = len(MESSAGE_END) - 1
        if len(self._buffer) > self._max:
            self._overlong = True
            self._extra += len(self._buffer) - keep
            del self._buffer[:-keep]
        self._searched = max(0, len(self._buffer) - keep)

    def _take(self, block: bytes) -> list[Block]:
        size = self._extra + len(block) + len(MESSAGE_END)
        overlong = self._overlong or len(block) > self._max
        self._extra, self._overlong = 0, False
        if overlong:
            return [Block("", b"", size, suspicious=True)]
        if block.startswith(LINE_END):  # an empty line too many belongs to nobody
            block = block.lstrip(LINE_END)
        if not block:
            self._extra = size
            return []
        if block.startswith(BANNER):
            return self._take_greeting(block, size)
        return self._take_message(block, size)

    def _take_greeting(self, block: bytes, size: int) -> list[Block]:
        """The banner has no empty line of its own: the first message stands right under it."""
        line, _, rest = block.partition(LINE_END)
        banner_size = size if not rest else size - len(rest) - len(MESSAGE_END)
        banner = Block("", b"", banner_size, banner=_text(line))
        return [banner, *self._take_message(rest, size - banner_size)] if rest else [banner]

    def _take_message(self, block: bytes, size: int) -> list[Block]:
        name, broken = _event_name(block), _is_broken(block)
        if self._wanted is not None and name and self._is_unwanted(name, broken, self._wanted):
            return []
        opens_well = bool(name) or block[:9].lower() == b"response:"
        return [Block(_text(name), block, size, broken or not opens_well)]

    def _is_unwanted(self, name: bytes, broken: bool, wanted: frozenset[bytes]) -> bool:
        if broken:
            self._unfiltered = UNFILTERED
            return False
        if self._unfiltered:
            self._unfiltered -= 1
            return False
        return name not in wanted


def _is_broken(block: bytes) -> bool:
    """Does it begin to speak of more channels than it finishes?"""
    if block.count(CALLER) != block.count(ENDING):
        return True
    return block[:10] == CEL and block.count(CEL_CALLER) != block.count(CEL_ENDING)


def _event_name(block: bytes) -> bytes:
    """What the first line says the event is; b"" where the block does not open as an event."""
    if not block.startswith(b"Event: ") and block[:6].lower() != b"event:":
        return b""
    end = block.find(LINE_END)
    return (block[6:] if end < 0 else block[6:end]).strip()


def _split_headers(text: str) -> tuple[Headers, bool]:
    """All headers in order, and whether a line is none or is written oddly."""
    headers: list[tuple[str, str]] = []
    odd = text.count("\n") != text.count(LINE_BREAK)
    for line in text.split(LINE_BREAK):
        key, separator, value = line.partition(": ")
        if not separator:
            key, separator, value = line.partition(":")
            odd = odd or not separator or value != ""
        if key and separator:
            headers.append((key, value))
    return tuple(headers), odd


def _text(raw: bytes) -> str:
    """A name cut in the middle of a character, or sent in no encoding at all, costs that character only."""
    return raw.decode("utf-8", "replace")

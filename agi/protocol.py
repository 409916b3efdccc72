"""AGI as text: what Asterisk says first, what we ask of it, and what it answers. Bytes and values, no sockets.

Source: res_agi.c of Asterisk 16 to 22. A connection begins with lines `agi_name: value` up to an empty one; then each
command is one line and its answer `200 result=R (note) more`. What a caller typed or is called is hostile everywhere.
"""

import re
from dataclasses import dataclass

HEAD_LIMIT = 8192  # bytes, of the head and of any line
HEAD_END = b"\n\n"
DEAD_CHANNEL = 511
ENDPOINT = re.compile(r"[A-Za-z0-9]+/([A-Za-z0-9_.-]{1,40})-[0-9a-f]{8}(;[12])?")
_REPLY = re.compile(r"(\d{3}) result=(-?[0-9*#A-Da-d]*)(?: \(([^)]*)\))?.*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class ProtocolError(Exception):
    """The other side does not speak AGI."""


class HungUpError(Exception):
    """The channel is gone, or the connection to it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """Who asks for what. path: as asked for, the token first. channel: the name that Asterisk gave it.

    caller: "" for a number that may not be shown.
    """

    path: str
    channel: str
    uniqueid: str
    caller: str

    @property
    def token(self) -> str:
        return self.path.partition("/")[0]

    @property
    def script(self) -> str:
        return self.path.partition("/")[2].partition("?")[0]

    @property
    def extension(self) -> str:
        """The desk phone: its endpoint's name, which it signed in with, not the caller ID, which it may choose."""
        found = ENDPOINT.fullmatch(self.channel)
        return found[1] if found else ""


def read_environment(head: bytes) -> Environment:
    """Read everything up to the empty line. Raises ProtocolError.

    A caller's name may break its line: what follows is no variable, or one that Asterisk has named before. That counts.
    """
    fields: dict[str, str] = {}
    for line in head.decode("utf-8", "replace").split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name, value.strip())
    if "agi_network_script" not in fields:
        raise ProtocolError("no agi_network_script")
    return Environment(
        path=fields["agi_network_script"],
        channel=fields.get("agi_channel", ""),
        uniqueid=fields.get("agi_uniqueid", ""),
        caller="" if _is_restricted(fields.get("agi_callingpres", "")) else fields.get("agi_callerid", ""),
    )


def _is_restricted(pres: str) -> bool:
    """Bits 6 and 7 of octet 3a (Q.931) are 01."""
    return pres.isascii() and pres.isdigit() and int(pres[:4]) & 0x60 == 0x20


def command(*words: str | int) -> bytes:
    """One line: the command, then its arguments, quoted. No argument can end the line or its quotes."""
    verb, *rest = (_CONTROL.sub(" ", str(word)) for word in words)
    return " ".join([verb, *map(_quoted, rest)]).encode() + b"\n"


def _quoted(word: str) -> str:
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@dataclass(frozen=True, slots=True)
class AgiResult:
    """result: digits, an ASCII code or -1, as the command has it. note: in brackets, `timeout` for example."""

    result: str
    note: str = ""


def read_reply(line: bytes) -> AgiResult | None:
    """None for a line that is no answer yet: `100 Trying`, the lines of a usage text.

    Raises HungUpError when the channel is gone, ProtocolError for an answer that says we asked for nonsense.
    """
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    if text.startswith(("HANGUP", f"{DEAD_CHANNEL} ")):
        raise HungUpError(text)
    if text.startswith("100 ") or not re.match(r"\d{3} ", text):
        return None
    found = _REPLY.fullmatch(text)
    if not found or found[1] != "200":
        raise ProtocolError(text[:80])
    return AgiResult(found[2], found[3] or "")

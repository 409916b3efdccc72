"""A voicemail as a sound file, where the PBX keeps its messages on this machine (Asterisk's voicemail spool).

Beside each message lies a text file that says which call left it: `MAILBOX/FOLDER/msg0000.txt`. Whatever names a path
came over the telephone in the end, so that nothing outside the spool, no link and no device is ever opened.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from bridge.domain.phone import E164

FOLDERS = ("INBOX", "Urgent", "Old")
MOST = 500
"""Messages looked at in one folder, newest first; Asterisk keeps 100 unless told otherwise."""

LARGEST = 24 * 2**20  # bytes; 25 minutes of telephone sound
SLACK = timedelta(seconds=3)
PLAIN = 1  # the format tag of PCM in a wav; that of wav49 is 0x31

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")
_MESSAGE = re.compile(r"msg\d{4,}\.txt")
_SAID = re.compile(r"^(callerchan|callerid|origtime)=(.*)$", re.MULTILINE)


class Unplayable(StrEnum):
    """Why a browser cannot play it."""

    GONE = "gone"
    UNREADABLE = "unreadable"
    COMPRESSED = "compressed"  # only as wav49 or gsm, which no browser knows
    TOO_LARGE = "too_large"
    NOT_AUDIO = "not_audio"


@dataclass(frozen=True, slots=True)
class LeftBy:
    """The call that left a message: its trunk channel, its caller, and from when to when it lasted."""

    mailbox: str
    channel: str
    number: E164 | None
    start: datetime
    end: datetime


def read(spool: Path, left: LeftBy) -> bytes | Unplayable:
    """The message as a wav of plain PCM, or why there is none. Reads files: not for the event loop."""
    try:
        found = _find(spool, left)
        return _sound(found) if found else Unplayable.GONE
    except FileNotFoundError:
        return Unplayable.GONE
    except OSError:
        return Unplayable.UNREADABLE


def _find(spool: Path, left: LeftBy) -> Path | None:
    """The message's text file."""
    number, _, context = left.mailbox.partition("@")
    if not (_NAME.fullmatch(number) and _NAME.fullmatch(context or "default")):
        return None
    box = (spool / (context or "default") / number).resolve(strict=True)
    if not box.is_relative_to(spool.resolve(strict=True)):
        return None
    return next((path for path in _messages(box) if _is_left_by(_text(path), left)), None)


def _messages(box: Path) -> Iterator[Path]:
    for folder in FOLDERS:
        if (box / folder).is_dir() and not (box / folder).is_symlink():
            named = [path for path in (box / folder).iterdir() if _MESSAGE.fullmatch(path.name)]
            yield from sorted(named, reverse=True)[:MOST]


def _text(path: Path) -> str:
    try:
        return _octets(path, 8192).decode("utf-8", "replace")
    except FileNotFoundError:  # moved to another folder meanwhile
        return ""


def _is_left_by(text: str, left: LeftBy) -> bool:
    said = dict(_SAID.findall(text))
    if not re.fullmatch(r"\d{1,12}", said.get("origtime", "").strip()):
        return False
    at = datetime.fromtimestamp(int(said["origtime"]), UTC)
    if not left.start - SLACK <= at <= left.end + SLACK:
        return False
    digits = re.sub(r"\D", "", said.get("callerid", "").rpartition("<")[2])
    same_number = left.number is not None and len(digits) >= 7 and left.number.digits.endswith(digits[-10:])
    return said.get("callerchan", "").strip() == left.channel or same_number


def _sound(text: Path) -> bytes | Unplayable:
    wav = text.with_suffix(".wav")
    if not wav.exists():
        others = (text.with_suffix(suffix) for suffix in (".WAV", ".gsm"))
        return Unplayable.COMPRESSED if any(other.exists() for other in others) else Unplayable.GONE
    octets = _octets(wav, LARGEST + 1)
    if len(octets) > LARGEST:
        return Unplayable.TOO_LARGE
    if len(octets) < 44 or octets[:4] != b"RIFF" or octets[8:16] != b"WAVEfmt ":
        return Unplayable.NOT_AUDIO
    return octets if int.from_bytes(octets[20:22], "little") == PLAIN else Unplayable.COMPRESSED


def _octets(path: Path, most: int) -> bytes:
    """Of a plain file only. OSError for a link, a device or a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(f"{path} is no plain file")
        return file.read(most)

"""Read the labelled texts. A third of them, chosen by hash, was kept unread while the rules were written."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bridge.domain.words.lexicon import Category

FOLDER = Path(__file__).parent / "labelled"
CATEGORIES = dict(
    zip(
        "LHAEWBCOMS",
        (
            Category.LEAK,
            Category.NO_HEAT,
            Category.NO_AC,
            Category.EMERGENCY,
            Category.WATER_DAMAGE,
            Category.BURNING_SMELL,
            Category.COMMERCIAL,
            Category.ELDERLY,
            Category.MEDICAL,
            Category.SAME_DAY,
        ),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class Reply:
    """label: u urgent, h urgent and a hazard, c check, t routine."""

    label: str
    categories: frozenset[Category]
    spanish: bool
    address: str | None
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Template:
    honest: bool
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Text:
    """asks: the value of an opt-out, "-" for none, "!start" for anything but that. sent: what we had texted before."""

    asks: str
    marks: frozenset[str]
    parts: tuple[str, ...]
    sent: tuple[str, ...]


def held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] % 3 == 0


def lines(name: str) -> Iterator[str]:
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("# "):
            yield line


def replies(name: str = "replies.txt") -> list[Reply]:
    return [_reply(line) for line in lines(name)]


def _reply(line: str) -> Reply:
    marks, address, text = (field.strip() for field in line.split("|", 2))
    label, *more = marks.split()
    letters = "".join(mark for mark in more if mark not in {"es", "-"})
    return Reply(
        label,
        frozenset(CATEGORIES[letter] for letter in letters),
        "es" in more,
        None if address == "-" else address,
        tuple(part.strip() for part in text.split(" // ")),
    )


def own_words(name: str) -> list[Text]:
    found: list[Text] = []
    sent: list[str] = []
    told_anew = True
    for line in lines(name):
        marks, _, text = line.partition(" | ")
        text = text.replace("\\n", "\n")
        if marks == "sent":
            sent = [text] if told_anew else [*sent, text]
            told_anew = False
            continue
        told_anew = True
        asks, *more = marks.split()
        found.append(Text(asks, frozenset(more), tuple(text.split(" // ")), tuple(sent)))
    return found


def opt_outs(name: str = "optout.txt") -> list[tuple[str, str]]:
    return [(kind.strip(), text.strip()) for kind, _, text in (line.partition("|") for line in lines(name))]


def addresses(name: str = "addresses.txt") -> list[tuple[str, tuple[str, ...]]]:
    """The address as it is to be given back, "-" where there is none, and the parts it stands in."""
    pairs = (line.partition("|") for line in lines(name))
    return [(wanted.strip(), tuple(part.strip() for part in text.split(" // "))) for wanted, _, text in pairs]


def templates(name: str = "templates.txt") -> list[Template]:
    return [_template(line) for line in lines(name)]


def _template(line: str) -> Template:
    label, _, text = line.partition("|")
    return Template(label.split()[0] == "ok", label.strip(), text.strip())

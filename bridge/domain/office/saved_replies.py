"""Saved replies (canned responses, macros): words that people send with few keys, each in its language.

Beside those to pick from there are two that go with a verb: "no answer, and text them", and the heads-up before a call,
since many phones do not ring for a number that they do not know. For these two there are shipped words.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter

from bridge.domain.office.templates import Language


class Purpose(StrEnum):
    PICK = "pick"
    NO_ANSWER = "no_answer"
    HEADS_UP = "heads_up"


@dataclass(frozen=True, slots=True)
class SavedReply:
    """words: with blanks, see `BLANKS`."""

    language: Language
    purpose: Purpose
    words: str


BLANKS = frozenset({"me", "business"})
"""`{me}`: who sends it."""

_BLANK = re.compile(r"({me}|{business})")

SHIPPED: Mapping[tuple[Purpose, Language], str] = {
    (Purpose.NO_ANSWER, Language.EN): (
        "This is {me} at {business}. We just tried to call you. When is a good time to reach you?"
    ),
    (Purpose.NO_ANSWER, Language.ES): (
        "Le escribe {me} de {business}. Usted no pudo contestar nuestra llamada. ¿A qué hora le encontramos?"
    ),
    (Purpose.HEADS_UP, Language.EN): "This is {me} at {business}: the call that comes now is from us.",
    (Purpose.HEADS_UP, Language.ES): "Le escribe {me} de {business}: esta llamada es de nosotros.",
}


def words_for(saved: Iterable[SavedReply], purpose: Purpose, language: Language) -> str:
    """The office's own where there are some, else the shipped ones; with their blanks."""
    own = (reply.words for reply in saved if (reply.purpose, reply.language) == (purpose, language))
    return next(own, SHIPPED[purpose, language])


def filled(words: str, me: str, business: str) -> str:
    return words.replace("{me}", me).replace("{business}", business)


def as_typed(words: str, me: str, business: str, start: int, end: int) -> str:
    """What was typed where `filled` words show start to end: a blank that was filled stands there as the blank."""
    fills, at, typed = {"{me}": me, "{business}": business}, 0, []
    for piece in _BLANK.split(words):
        behind = at + len(fills.get(piece, piece))
        if at < end and start < behind:
            typed.append(piece if piece in fills else piece[max(start - at, 0) : end - at])
        at = behind
    return "".join(typed)


def strange_blanks(words: str) -> list[str]:
    """What stands in braces and is no blank of ours, or a brace alone."""
    try:
        found = {name for _, name, _, _ in Formatter().parse(words) if name is not None}
    except ValueError:
        return ["{"]
    return sorted(found - BLANKS)

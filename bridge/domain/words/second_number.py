"""Where else a customer can be reached: the number in "call my wife at 202 555 0188".

Only digits that stand close to words about calling or about a person count, for what is found here may be called, and
a call from there closes the row. What is not found costs little: the customer's words are on the row.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from unicodedata import category

import phonenumbers
from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatch, PhoneNumberMatcher

from bridge.domain import phone
from bridge.domain.phone import E164
from bridge.domain.words.lexicon import Lexicon, default_lexicon
from bridge.domain.words.places import places_in
from bridge.domain.words.tokens import HEAD, After, Token, tokenise

MOST_LOOKED_AT = 8
"""Numbers in one text: who writes more is not telling us where to call."""

NEAR, CLOSE = (8, 6), 3
"""Words looked at: before and behind it for what it is a number of, and on both sides for what says that it is none."""

BLANK = "•••"
CUE_SIGNS = frozenset("#")
NO_NUMBER_AFTER = frozenset("$€£¥")
GLUE = frozenset("@/_=&%")
FEW = 4
"""Words beside the number, in a text that is a number and a name, or a thanks."""


@dataclass(frozen=True, slots=True)
class Expected:
    """country: how numbers without a plus are read. regions: where we call. known: numbers of the customer and ours."""

    country: str
    regions: frozenset[str]
    known: Collection[E164] = ()


def find(text: str, expected: Expected, lexicon: Lexicon | None = None) -> E164 | None:
    """The first number in the text that is one to call, and none that we know already."""
    words = lexicon or default_lexicon()
    shown = "".join(_plain(character) for character in text[:HEAD])
    tokens = words.plain(tokenise(shown))
    places = places_in(shown, tokenise(shown), words)
    for match in islice(_matches(shown, expected.country), MOST_LOOKED_AT):
        in_address = any(place.start < match.end and match.start < place.end for place in places)
        number = None if in_address else phone.parse(_as_dialled(match), expected.country)
        if number and _callable(number, expected) and _meant(shown, tokens, match, words):
            return number
    return None


def blanked(text: str, number: E164) -> str:
    """The text without that number, however it is written in it."""
    home = phonenumbers.region_code_for_country_code(phonenumbers.parse(number.value).country_code or 0)
    shown = "".join(_plain(character) for character in text)
    for match in reversed(list(_matches(shown, home))):
        if _as_dialled(match) == number.value:
            text = text[: match.start] + BLANK + text[match.end :]
    return text


def _plain(character: str) -> str:
    """Every kind of blank is a blank; what is not seen (marks of direction, NUL) cuts no number in two."""
    kind = category(character)
    return " " if kind == "Zs" or (kind in ("Cc", "Cf") and character != "\n") else character


def _matches(text: str, country: str) -> Iterator[PhoneNumberMatch]:
    return iter(PhoneNumberMatcher(text, country, leniency=Leniency.POSSIBLE, max_tries=HEAD))


def _as_dialled(match: PhoneNumberMatch) -> str:
    """Without the extension."""
    return str(phonenumbers.format_number(match.number, PhoneNumberFormat.E164))


def _callable(number: E164, expected: Expected) -> bool:
    """No premium or foreign number: a stranger's text must not run up a bill."""
    region = number.region or expected.country
    return (
        number not in expected.known
        and phone.kind(number) is not phone.NumberKind.PREMIUM
        and region in expected.regions
    )


def _meant(text: str, tokens: Sequence[Token], match: PhoneNumberMatch, lexicon: Lexicon) -> bool:
    """Do the words around say that somebody can be called there? A number that nearly stands alone says it itself."""
    if _is_glued(text, match):
        return False
    said = [token for token in tokens if not token.word.isdigit()]
    before = [token for token in said if token.end <= match.start][-NEAR[0] :]
    behind = [token for token in said if token.start >= match.end][: NEAR[1]]
    if any(token.word in lexicon.words("number_of_else") for token in (*_said_last(before), *behind[:CLOSE])):
        return False
    if _refused([token for token in tokens if token.end <= match.start][-NEAR[0] :], lexicon):
        return False
    cues = CUE_SIGNS | lexicon.words("number_cue") | lexicon.words("number_of_person")
    refuses = any(token.word in lexicon.words("number_not") for token in said)
    alone = len(said) <= FEW and not refuses and phonenumbers.is_valid_number(match.number)
    return alone or any(token.word in cues for token in (*before, *behind))


def _is_glued(text: str, match: PhoneNumberMatch) -> bool:
    """A part of a link, of a mail address or of a price."""
    before, behind = text[: match.start].rstrip(" ")[-1:], text[match.end : match.end + 1]
    touching = text[match.start - 1 : match.start] if match.start else ""
    return before in NO_NUMBER_AFTER or touching.isalnum() or touching in GLUE or behind.isalnum() or behind in GLUE


def _said_last(before: Sequence[Token]) -> Sequence[Token]:
    """The words close to it that stand in the same sentence."""
    close = before[-CLOSE:]
    stops = [index for index, token in enumerate(close) if token.after >= After.STOP]
    return close[stops[-1] + 1 :] if stops else close


def _refused(before: Sequence[Token], lexicon: Lexicon) -> bool:
    """`don't ever call me at`, `no le llame al`; `not` right before it."""
    cues, refusals, between = (lexicon.words(f"number_{name}") for name in ("cue", "not", "between"))
    if before and before[-1].word in refusals:
        return True
    for index, token in enumerate(before):
        if token.word not in refusals or token.after is not After.SPACE:
            continue
        following = next((later for later in before[index + 1 :] if later.word not in between), None)
        if following is not None and following.word in cues:
            return True
    return False

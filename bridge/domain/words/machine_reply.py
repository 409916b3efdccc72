"""What no person wrote just now: autoresponders, phones of drivers, other companies' machines, notices of networks.

Read sentence by sentence, so that a person who writes like a machine ("I can't talk right now, the basement is
flooding") is still heard: only the sentences of the machine are passed over.
"""

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from bridge.domain.words.quotes import Stretch, joined

LOOKED_AT = 1500
"""Characters: a machine says what it is at its beginning."""

_PIECE = re.compile(r".+?(?:[,()]+|(?=\b(?:and|but|y|pero|et|mais) )|$)", re.DOTALL)
_SENTENCE = re.compile(r"[^.!?;\n]+(?:[.!?;]+|\n|$)")

_OF_AN_OFFICE = re.compile(
    r"\b(?:if|for|when|during|please|we|we're|we'll|our|us|you|your|monday|mon|tuesday|weekdays|hours?|press|dial"
    r"|si|para|por|nosotros|nuestr\w+|le|su|lunes|horario|puede|estamos"
    r"|pour|nous|notre|nos|vous|votre|lundi|heures|veuillez)\b"
)
_OWN_TROUBLE = re.compile(
    r"\b(?:my|mine|i have|i've|i smell|i see|i need|i got|there'?s|there is|fix|mi|mis|tengo|necesito|huele|ma|j'ai"
    r"|il y a|mon (?=\w{4}))\b"
    r"|\b(?:is|are|esta|est)(?: \w+)? (?:flood|leak|burst|smok|spark|pour|burn|drip|inund|gotea|fuite)"
)
_CONDITION = re.compile(r"\b(?:if|for|when|in case|si|para|en caso|pour|en cas)\b")
_FILLER = re.compile(
    r"\b(?:hi|hello|hey|sorry|thanks|thank you|ok|so|but|and|please|android|auto|later|right|now|at|this|the|moment"
    r"|then|hours?|until|back|you|i|will|a|soon|as|possible|asap"
    r"|lo siento|gracias|hola|perdon|pero|y|luego|tarde|mas|en|cuanto|llegue"
    r"|pueda|desolee?|merci|bonjour|mais|et|des|que|pour|le)\b"
)
_NO_WORD = re.compile(r"[^\w]+")

_ASKED_BY_A_PERSON = re.compile(r"\b(?:i|i'll|said|says|told|your (?:text|machine|message))\b")

_TRANSCRIPT = re.compile(
    r"\b(?:(?:voice ?mail|voice message|vm)\b.{0,60}?(?:transcri\w+|to text|from [^:]{4,40})"
    r"|transcri(?:pt|ption|cion|bed)\w*(?: (?:of|de|du|del)\b[^:]{0,40})?"
    r"|buzon de voz|(?:(?:nuevo )?mensaje de voz|correo de voz|message(?:rie)? vocale?)\b[^:]{0,50})\s*:",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class MachineWords:
    """What of a text a machine says. is_machine: nobody wrote the rest of it either."""

    stretches: Sequence[Stretch]
    is_machine: bool


@dataclass(frozen=True, slots=True)
class _Patterns:
    """instructs: to whoever reads it. surely: a machine, whatever else is said. perhaps: or a person in a hurry."""

    instructs: re.Pattern[str]
    surely: re.Pattern[str]
    perhaps: re.Pattern[str]


@cache
def _patterns() -> _Patterns:
    tables = tomllib.loads(files("bridge.domain.words").joinpath("machine_words.toml").read_text(encoding="utf-8"))
    words = tables.pop("words")

    def joined_up(table: str) -> re.Pattern[str]:
        patterns = [pattern for language in tables[table].values() for pattern in language]
        whole = "|".join(f"(?:{pattern})" for pattern in patterns)
        for name, meant in words.items():
            whole = whole.replace(f"{{{name}}}", meant)
        return re.compile(whole)

    return _Patterns(joined_up("instructs"), joined_up("surely"), joined_up("perhaps"))


def heard(folded: str) -> MachineWords:
    """Read the text: see `tokens.fold`. A voicemail's transcript is what somebody said; what announces it is not."""
    begun = _transcript_begins(folded)
    if begun:
        return MachineWords([(0, begun)], is_machine=False)
    text, patterns = folded[:LOOKED_AT], _patterns()
    sentences = [match.span() for match in _SENTENCE.finditer(text)]
    sure = [span for span in sentences if patterns.surely.search(text, *span)]
    told = [span for span in sentences if _is_instruction(text, span)]
    office = [piece for span in sentences for piece in _of_an_office(text, span)] if sure or told else []
    perhaps = [match.span() for match in patterns.perhaps.finditer(text)]
    everything = joined([*told, *office, *perhaps])
    if (sure or told) and not _OWN_TROUBLE.search(_left(folded, everything)):
        return MachineWords(everything, is_machine=True)
    if everything and not (sure or told) and _says_nothing(_left(folded, everything)):
        return MachineWords(everything, is_machine=True)
    return MachineWords(joined([*told, *office]), is_machine=False)


def _transcript_begins(folded: str) -> int:
    announced = _TRANSCRIPT.search(folded, 0, 200)
    return announced.end() if announced else 0


def _is_instruction(text: str, span: Stretch) -> bool:
    """`Reply STOP to end`, but not `Do I text STOP to stop?` nor a keyword that is the whole text."""
    found = _patterns().instructs.search(text, *span)
    if not found:
        return False
    keyword_alone = _NO_WORD.sub(" ", text).strip() == _NO_WORD.sub(" ", found.group()).strip()
    bare = keyword_alone or len(text.split()) <= 3
    return not bare and not _ASKED_BY_A_PERSON.search(text, span[0], found.end())


def _of_an_office(text: str, span: Stretch) -> Iterator[Stretch]:
    """In a machine's text: the pieces of a sentence that speak for a company, and of nobody's own trouble.

    Behind an "if" or a "for" the rest of the sentence belongs to it: "for leaks, no heat, call ...".
    """
    supposed = False
    for match in _PIECE.finditer(text, *span):
        piece = match.span()
        supposed = supposed or _CONDITION.search(text, *piece) is not None
        speaks = _patterns().surely.search(text, *piece) or _OF_AN_OFFICE.search(text, *piece)
        if (supposed or speaks) and not (_OWN_TROUBLE.search(text, *piece) and not _CONDITION.search(text, *piece)):
            yield piece


def _left(folded: str, stretches: Sequence[Stretch]) -> str:
    for start, end in reversed(stretches):
        folded = f"{folded[:start]} {folded[end:]}"
    return folded


def _says_nothing(folded: str) -> bool:
    return not _FILLER.sub("", _NO_WORD.sub(" ", folded)).strip()

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
from typing import TYPE_CHECKING

from bridge.domain.words.quotes import Stretch, joined
from bridge.domain.words.tokens import tokenise

if TYPE_CHECKING:
    from bridge.domain.words.lexicon import Lexicon

LOOKED_AT = 1500
"""Characters: a machine says what it is at its beginning."""

_TROUBLES = frozenset({"leak", "no heat", "no AC", "water damage", "electrical burning smell"})
_PIECE = re.compile(r".+?(?:[,()]+|(?=\b(?:and|but|y|pero|et|mais) )|$)", re.DOTALL)
_SENTENCE = re.compile(r"[^.!?;\n]+(?:[.!?;]+|\n|$)")

_OWN_AFFAIR = re.compile(
    r"\b(?:my(?! (?:car|phone|cell|mobile|watch|desk|calendar)\b)|mine"
    r"|i have|i've|i smell|i see|i need|i got|there'?s|there is|fix|can you|could you|do you|burst|leaking"
    r"|flood(?:ed|ing)|no heat|water damage|stop(?! to\b| 2|\W+which)|(?:remove|take) (?:me|us|this)|wrong number"
    r"|do not (?:text|contact|call) (?:me|us)|mi|mis"
    r"|tengo|necesito|necesitamos|quiero|queremos|je veux|j'aimerais|huele|fuga|ma|j'ai|il y a|fuite|mon (?=\w{4}))\b"
    r"|\b(?:pouring|gushing|spraying|burning|burnt|sparks?|sparking|smoking|smell(?:s|ing)?|smoke|fire|carbon monoxide"
    r"|humo|chispas|quemado|fumee|brule|incendi[oe])\b"
    r"|\b(?:is|are|esta|est)(?: \w+)? (?:leak|smok|spark|pour|burn|drip|inund|gotea|clog|broken|stuck|backed)"
    r"|\b(?:we|i) (?:still |also |do |just |really )?(?:need|want)\b(?! to (?:know|confirm|thank|hear|reply))"
    r"|\bneed (?:an? |the |some )?(?:new )?(?:estimate|quote|bid|price|plumber|electrician|roofer)\b"
    r"|\bneed (?:a repair|someone|somebody)\b"
)
_CONDITION = re.compile(
    r"(?<!thanks )(?<!thank you )(?<!thx )(?<!merci )\b(?:(?:if|for|when)(?! (?:i|we|it|\d+|a|about|over|days|hours)\b)"
    r"|in case|si|para|en caso|pour|en cas)\b"
)
_FOR_THE_READER = re.compile(r"\bfor (?:you|your)\b")
_FILLER = re.compile(
    r"\b(?:hi|hello|hey|sorry|thanks|thank you|ok|so|but|and|please|android|auto|later|right|now|at|this|the|moment"
    r"|then|hours?|until|back|you|i|will|a|soon|as|possible|asap"
    r"|lo siento|gracias|hola|perdon|pero|y|luego|tarde|mas|en|cuanto|este|momento|llegue"
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
    """instructs: to whoever reads it. surely: a machine, whatever else is said. perhaps: or a person in a hurry.

    beside: what a machine that says so adds to it.
    """

    instructs: re.Pattern[str]
    surely: re.Pattern[str]
    perhaps: re.Pattern[str]
    beside: re.Pattern[str]


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

    return _Patterns(joined_up("instructs"), joined_up("surely"), joined_up("perhaps"), joined_up("beside"))


def heard(folded: str, lexicon: "Lexicon", *, alone: bool = True) -> MachineWords:
    """Read the text: see `tokens.fold`. A voicemail's transcript is what somebody said; what announces it is not.

    alone: nothing was taken out of the text, so that `STOP to end` may be all that somebody wrote.
    """
    begun = _transcript_begins(folded)
    if begun:
        return MachineWords([(0, begun)], is_machine=False)
    text, patterns = folded[:LOOKED_AT], _patterns()
    sentences = [match.span() for match in _SENTENCE.finditer(text)]
    sure = [span for span in sentences if patterns.surely.search(text, *span) and "?" not in text[slice(*span)]]
    told = [span for span in sentences if _is_instruction(text, span, alone=alone)]
    perhaps = [match.span() for match in patterns.perhaps.finditer(text)]
    rest = _without(text, [*told, *perhaps])
    pieces = [piece for span in sentences for piece in _pieces(rest, span)]
    affairs = [piece for piece in pieces if _is_own_affair(rest, piece, lexicon)]
    if (sure or told) and not affairs:
        return MachineWords([(0, len(text))], is_machine=True)
    if perhaps and not (sure or told) and _is_only_filler(rest):
        return MachineWords(perhaps, is_machine=True)
    announced = [piece for piece in pieces if patterns.surely.search(text, *piece) and piece not in affairs]
    return MachineWords(joined([*told, *announced]) if sure or told else (), is_machine=False)


def _is_only_filler(rest: str) -> bool:
    """Any other word is a person's: an address, a wish, a thing and what is wrong with it."""
    return not _FILLER.sub("", _NO_WORD.sub(" ", _patterns().beside.sub(" ", rest))).strip()


def _transcript_begins(folded: str) -> int:
    announced = _TRANSCRIPT.search(folded, 0, 200)
    return announced.end() if announced else 0


def _is_instruction(text: str, span: Stretch, *, alone: bool) -> bool:
    """`Reply STOP to end`, but not `Do I text STOP to stop?` nor a keyword that is the whole text."""
    found = _patterns().instructs.search(text, *span)
    if not found or "?" in text[slice(*span)]:
        return False
    keyword_alone = _NO_WORD.sub(" ", text).strip() == _NO_WORD.sub(" ", found.group()).strip()
    bare = alone and "=" not in found.group() and (keyword_alone or len(text.split()) <= 3)
    return not bare and not _ASKED_BY_A_PERSON.search(text, span[0], found.end())


def _pieces(text: str, span: Stretch) -> Iterator[Stretch]:
    """What stands between commas and "and"s. Behind an "if" or a "for" all is one: "for leaks, no heat, call ..."."""
    start = span[0]
    for match in _PIECE.finditer(text, *span):
        if _CONDITION.search(text, start, match.end()):
            yield start, span[1]
            return
        yield match.span()
        start = match.end()


def _is_own_affair(text: str, piece: Stretch, lexicon: "Lexicon") -> bool:
    """Does it tell of somebody's own trouble or wish? A company's name ("Leak Detection") does not.

    An "if" or a "for" in front makes it everybody's; behind, it says what is wished ("an estimate for gutters").
    """
    affair = _OWN_AFFAIR.search(text, *piece)
    if _FOR_THE_READER.search(text, *piece) or _CONDITION.search(
        text, piece[0], affair.start() if affair else piece[1]
    ):
        return False
    return affair is not None or (
        not _patterns().surely.search(text, *piece) and _tells_trouble(text[slice(*piece)], lexicon)
    )


def _tells_trouble(words: str, lexicon: "Lexicon") -> bool:
    found = lexicon.trigger_book.find(lexicon.corrected(tokenise(words)))
    return any(match.value.category in _TROUBLES or match.value.strength == "hazard" for match in found)


def _without(folded: str, stretches: Sequence[Stretch]) -> str:
    for start, end in stretches:
        folded = folded[:start] + " " * (end - start) + folded[end:]
    return folded

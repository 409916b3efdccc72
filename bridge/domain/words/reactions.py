"""Reactions that phones send as a text: tapbacks of iMessage, and what RCS, Google and Samsung Messages fall back to.

`Liked “...”`, `👍 to “...”`, `Le gustó “...”`, `A aimé « ... »`: a verb or an emoji, then what it is about, which
somebody else may have written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_EMOJI = (
    r"(?:!!|\?!|[\u2190-\u21ff\u2300-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff])"
    r"(?:\s?[\u2640\u2642\U0001f000-\U0001faff])*"
)
_VERBS = {
    "👎": r"disliked|no (?:le |les |te |me )?(?:ha )?gust(?:o|a|ado)|n'a pas aime",
    "👍": (
        r"liked|(?:le |les |te |me )?(?:ha )?(?:dio|dado) (?:un )?me gusta(?: a)?"
        r"|(?:le |les |te |me )?(?:ha )?gust(?:o|a|ado)|(?:a )?aime|j'aime|a mis j'aime"
    ),
    "❤️": r"loved|hearted|(?:le |les |te |me )?(?:ha )?encant(?:o|a|ado)|(?:a )?adore|j'adore",
    "😂": (
        r"laughed(?: at)?|(?:le |les )?(?:dio|da|causo|hizo|ha hecho) (?:risa|gracia)"
        r"|(?:se )?(?:rio|ha reido|rie) (?:de|con)|a ri(?:gole)?(?: a| de)?|a trouve (?:ca |cela )?drole"
    ),
    "‼️": (
        r"emphasi[sz]ed|(?:ha )?(?:enfatiz|destac|resalt|exclam)(?:o|ado)|puso enfasis en"
        r"|a (?:souligne|accentue|insiste sur)|a mis (?:l'accent sur|en avant|en evidence)|s'est exclame"
    ),
    "❓": (
        r"questioned|(?:ha )?(?:cuestion|interrog)(?:o|ado)|(?:ha )?pregunt(?:o|ado) (?:por|sobre)|puso en duda"
        r"|a (?:questionne|interroge)|a (?:re)?mis en (?:doute|question)|s'(?:est )?interroge sur"
    ),
}
_NAMED = {
    "👎": r"dislike|thumbs down|no me gusta|je n'aime pas",
    "👍": r"like|thumbs up|me gusta|j'aime",
    "❤️": r"heart|love|me encanta|corazon|coeur|j'adore",
    "😂": r"laugh|haha|jaja|risa|rire",
    "‼️": r"exclamation|emphasis|exclamacion|enfasis",
    "❓": r"question|pregunta|interrogacion|interrogation",
}
_SOME_VERB = "|".join(_VERBS.values())
_REMOVED = (
    r"removed (?P<gone>[^\"“«„]{1,40}?) (?:from|to)"
    r"|(?:se |ha )?(?:quit|elimin|retir|borr)(?:o|ado) (?P<gone_es>[^\"“„]{1,40}?) (?:de|a|del)"
    r"|a (?:retire|supprime|enleve|annule) (?P<gone_fr>[^\"“„]{1,40}?) (?:de|du|a|sur)"
    rf"|(?P<gone_e>{_EMOJI}) ?(?:was )?(?:removed from|(?:se )?(?:eliminado|quitado|quito) de|(?:retire|supprime) de)"
)
_REACTED = (
    rf"(?P<named_behind>(?:has )?reacted to|(?:ha )?reacciono a|a reagi a)(?=\s*[\"“«„'])"
    rf"|(?:has )?reacted (?:with )?(?:an? )?(?P<e_en>{_EMOJI})(?: to| on)?"
    rf"|(?:ha )?reaccion(?:o|ado) (?:con )?(?:un )?(?P<e_es>{_EMOJI})(?: a| en)?"
    rf"|a reagi (?:avec |par )?(?:un )?(?P<e_fr>{_EMOJI})(?: a| au| sur)?"
    rf"|(?P<e>{_EMOJI})(?: (?:to|on|a|al|para|en|sur|pour|em|su|zu|auf|op|till?))?"
)
_NOT_A_NAME = r"(?:i|we|you|he|she|they|it|my|our|your|the|just|really|not|and|but|so|me|yo|mi|el|la|je|nous|mon|ma)"
_WHO = rf"(?:(?:a )?(?!{_NOT_A_NAME} )[a-z][\w.'-]*,? (?:(?!{_NOT_A_NAME} )[a-z][\w.'-]* )?)??"
_LEAD = re.compile(
    rf"[\s\[(]*{_WHO}(?:{_REMOVED}|{_REACTED}|{_SOME_VERB})(?: (?:el|tu|su|your|the|this) mens(?:aje|sage))?[\s:\])]*"
)
_THING = re.compile(
    r"(?:an?|the|your|this|una?|une|el|la|le|su|tu|un|votre|ton|ta|\d+)\s(?:new )?"
    r"(?:image|photo|picture|movie|video|gif|sticker|link|location|contact|file|attachment|message|text|(?:audio|voice)"
    r"(?: message| memo| note)?|imagen|foto|pelicula|mensaje|archivo(?: adjunto)?|adjunto|enlace|ubicacion|nota de voz"
    r"|film|piece jointe|lien|position|note vocale|message (?:vocal|audio)|autocollant|pegatina)s?\s*(?=[.!?\n,;]|$)"
)
_CLOSING = {"“": "”", "„": "“”", "«": "»", "”": "”", "'": "'", '"': '"', "‹": "›"}
_BEHIND = re.compile(rf"\s*(?:with|con|avec) (?:an? |un )?({_EMOJI})")
MAX_LEAD = 120
_REMOVED_WORD = "removed"


@dataclass(frozen=True, slots=True)
class Reaction:
    """mark: the emoji, of a tapback the one that stands for it; "" where the phone did not say which was removed."""

    mark: str
    removed: bool = False

    def __str__(self) -> str:
        return f"{_REMOVED_WORD} {self.mark}".strip() if self.removed else self.mark

    @classmethod
    def parse(cls, text: str) -> "Reaction | None":
        """What `str` made of it; None of an empty text."""
        mark = text.removeprefix(_REMOVED_WORD)
        return cls(mark.strip(), removed=mark != text) if text else None


@dataclass(frozen=True, slots=True)
class Frame:
    """A reaction, and how far it goes: from the beginning of the text to `end`."""

    reaction: Reaction
    end: int


def frame(folded: str) -> Frame | None:
    """The reaction that a text begins with. folded: see `tokens.fold`."""
    lead = _LEAD.match(folded, 0, MAX_LEAD)
    if lead is None:
        return None
    end = quote_end(folded, lead.end())
    behind = _BEHIND.match(folded, end) if end and lead["named_behind"] else None
    if behind:
        return Frame(Reaction(behind[1]), behind.end())
    if end is None and (thing := _THING.match(folded, lead.end())):
        end = thing.end()
    return Frame(_reaction(lead), end) if end is not None else None


def to_unmarked(folded: str, quoted: Sequence[tuple[int, int]]) -> Reaction | None:
    """The reaction that stands right before a quotation without marks. quoted: where our own words are repeated."""
    lead = _LEAD.match(folded, 0, MAX_LEAD)
    if lead is None or not any(start <= lead.end() < end for start, end in quoted):
        return None
    return _reaction(lead)


def quote_end(folded: str, start: int) -> int | None:
    """Where the quotation ends that begins at `start`: behind its closing mark, or with the text if it was cut."""
    if start >= len(folded) or folded[start] not in _CLOSING:
        return None
    depth = 0
    for at, opens in _marks(folded, start):
        depth += 1 if opens else -1
        if depth == 0:
            return at + 1
    return None if folded[start] == "'" else len(folded)


def _marks(folded: str, start: int) -> Iterator[tuple[int, bool]]:
    """The quotation marks of the kind that stands at `start`, and whether each opens."""
    opening, closing = folded[start], _CLOSING[folded[start]]
    for at in range(start, len(folded)):
        if opening == closing and folded[at] == opening:
            after = folded[at + 1 : at + 2]
            yield at, at == start or (folded[at - 1].isspace() and bool(after) and not after.isspace())
        elif folded[at] == opening:
            yield at, True
        elif folded[at] in closing:
            yield at, False


def _reaction(lead: re.Match[str]) -> Reaction:
    said = lead.groupdict()
    gone = next((said[name] for name in ("gone", "gone_es", "gone_fr", "gone_e") if said[name]), None)
    if gone is not None:
        emoji = re.search(_EMOJI, gone)
        return Reaction(emoji.group() if emoji else _first(_NAMED, gone), removed=True)
    emoji_said = next((said[name] for name in ("e_en", "e_es", "e_fr", "e") if said[name]), None)
    return Reaction(emoji_said.replace(" ", "") if emoji_said else _first(_VERBS, lead.group()))


def _first(marks: dict[str, str], words: str) -> str:
    return next((mark for mark, pattern in marks.items() if re.search(rf"(?<![a-z])(?:{pattern})(?![a-z])", words)), "")

"""Which of the words in a text are its sender's own: not a quotation of ours, nor a reaction's, nor a machine's.

Nothing else may be read for STOP, urgency, address or issue: an iPhone's "Liked" carries our own "STOP" and "urgent".
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bridge.domain.words import machine_reply, quotes, reactions
from bridge.domain.words.quotes import Stretch, joined
from bridge.domain.words.reactions import Reaction
from bridge.domain.words.tokens import fold

if TYPE_CHECKING:  # whoever only keeps what was read need not load the words
    from bridge.domain.words.lexicon import Lexicon

LOOKED_AT = 4_000  # characters


@dataclass(frozen=True, slots=True)
class OwnWords:
    """text: the words themselves, each where it stood, with line breaks in place of all others.

    unread: the stretches that are not the sender's, in characters of the original. machine: no person wrote this.
    """

    text: str
    unread: tuple[Stretch, ...] = ()
    reaction: Reaction | None = None
    machine: bool = False

    @classmethod
    def of(cls, text: str, unread: Sequence[Stretch], reaction: Reaction | None, *, machine: bool) -> "OwnWords":
        """As they were read before."""
        return cls(without(text, unread), tuple(unread), reaction, machine)

    @property
    def says_nothing(self) -> bool:
        """Is nothing left of a text but what is not its sender's?"""
        return bool(self.unread) and not any(character.isalnum() for character in self.text)

    @property
    def is_bare_reaction(self) -> bool:
        return self.reaction is not None and self.says_nothing


def read(text: str, lexicon: "Lexicon", sent: Sequence[str] = ()) -> OwnWords:
    """sent: what we texted that number of late, oldest first."""
    folded, origin = fold(text[:LOOKED_AT])
    frame = reactions.frame(folded)
    framed = [(0, frame.end)] if frame else []
    framed += quotes.carried(folded)
    repeated = quotes.repeats(folded, (*quotes.shipped(), *sent))
    left = folded if _is_anothers(folded, framed, repeated, sent) else without(folded, [*framed, *repeated])
    heard = machine_reply.heard(left, lexicon, alone=not (framed or repeated))
    reaction = frame.reaction if frame else reactions.to_unmarked(folded, repeated)
    unread = [*framed, *repeated, *heard.stretches]
    spans = tuple((origin[start], origin[end - 1] + 1) for start, end in joined(unread))
    own = OwnWords(without(text, spans), spans, reaction)
    repeats_all = own.says_nothing and _opens(folded, repeated) and not framed
    return replace(own, machine=reaction is None and (heard.is_machine or repeats_all))


def _is_anothers(folded: str, framed: Sequence[Stretch], repeated: Sequence[Stretch], sent: Sequence[str]) -> bool:
    """Does a sentence that we too would send ("Reply STOP to opt out") end what another machine wrote?"""
    return bool(repeated) and not framed and not _opens(folded, repeated) and not quotes.repeats(folded, sent)


def _opens(folded: str, stretches: Sequence[Stretch]) -> bool:
    return any(not folded[:start].strip() for start, _ in stretches)


def without(text: str, stretches: Sequence[Stretch]) -> str:
    """The same length, so that every place in it is one in the text."""
    for start, end in stretches:
        end = min(end, len(text))
        text = text[:start] + "\n" * (end - start) + text[end:]
    return text

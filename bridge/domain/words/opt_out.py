"""Does a text opt out (STOP, TCPA), opt in, ask who we are, or say that we have the wrong number?

Words are compared as written but for case, accents, width and punctuation; there is no tolerance for typos here.
"""

from collections.abc import Iterator, Sequence

from bridge.domain.words.lexicon import Lexicon, OptOutRequest, default_lexicon
from bridge.domain.words.phrases import PhraseMatch
from bridge.domain.words.tokens import After, Clause, Token, clauses, tokenise

_KEYWORDS = ((OptOutRequest.STOP, "stop_word"), (OptOutRequest.START, "start_word"), (OptOutRequest.HELP, "help_word"))
_FIRST_TO_COUNT = (OptOutRequest.STOP, OptOutRequest.START, OptOutRequest.WRONG_NUMBER)
_REFUSALS = frozenset({"do", "no", "never"})

__all__ = ["OptOutRequest", "read"]


def read(text: str, lexicon: Lexicon | None = None) -> OptOutRequest:
    """What the text asks of us; a STOP wins over everything else that it says."""
    words = lexicon or default_lexicon()
    tokens = words.joined(tokenise(text))
    return _keyword(tokens, words) or _plainly(tokens, words)


def _keyword(tokens: Sequence[Token], lexicon: Lexicon) -> OptOutRequest | None:
    """A keyword that is the whole text but for a please or thanks, or a strong one between two commas or stops."""
    polite = lexicon.words("polite")
    said = [token for token in tokens if token.word not in polite and token.word.isalnum()] or tokens
    spoken_of = bool(tokens) and tokens[0].word in lexicon.words("spoken_of")
    for kind, name in _KEYWORDS:
        if said and not spoken_of and all(token.word in lexicon.words(name) for token in said):
            return kind
    pieces = ([token for token in piece if token.word not in polite] for piece in _pieces(tokens))
    said_alone = any(_is_strong(piece, lexicon) for piece in pieces)
    return OptOutRequest.STOP if said_alone or _is_cross(tokens, lexicon) else None


def _is_strong(words: Sequence[Token], lexicon: Lexicon) -> bool:
    return bool(words) and all(token.word in lexicon.words("strong_stop_word") for token in words)


def _is_cross(tokens: Sequence[Token], lexicon: Lexicon) -> bool:
    """`stop i will report you`, `STOP you people`: no comma stands where one belongs."""
    return len(tokens) > 1 and _is_strong(tokens[:1], lexicon) and tokens[1].word in lexicon.words("after_stop")


def _pieces(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """What stands between commas and stops."""
    begun = 0
    for at, token in enumerate(tokens, 1):
        if token.after > After.SPACE or at == len(tokens):
            yield tokens[begun:at]
            begun = at


def _plainly(tokens: Sequence[Token], lexicon: Lexicon) -> OptOutRequest:
    """Plain wording ("please stop texting me"), clause by clause."""
    meant = {kind for clause in clauses(tokens, lexicon.words("turning")) for kind in _in_clause(clause, lexicon)}
    return next((kind for kind in _FIRST_TO_COUNT if kind in meant), OptOutRequest.NONE)


def _in_clause(clause: Clause, lexicon: Lexicon) -> set[OptOutRequest]:
    found = lexicon.opt_out_book.find(clause.tokens)
    excused = [match for match in found if match.value is OptOutRequest.NONE]
    return {
        match.value
        for match in found
        if not any(_overlap(match, excuse) for excuse in excused) and not _narrowed(clause, match, lexicon)
    }


def _overlap(one: PhraseMatch[OptOutRequest], other: PhraseMatch[OptOutRequest]) -> bool:
    return one.first <= other.last and other.first <= one.last


def _narrowed(clause: Clause, match: PhraseMatch[OptOutRequest], lexicon: Lexicon) -> bool:
    """`don't text me while I drive`, `don't text my husband`: not a wish to hear no more."""
    refuses = clause.tokens[match.first].word in _REFUSALS
    behind = clause.tokens[match.first : match.last + 4]
    return (
        match.value is OptOutRequest.STOP
        and refuses
        and any(token.word in lexicon.words("narrowed") for token in behind)
    )

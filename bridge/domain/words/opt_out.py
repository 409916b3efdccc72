"""Does a text opt out (STOP, TCPA), opt in, ask who we are, or say that we have the wrong number?

A keyword alone is the plainest way; around it may stand a please, a name, a signature, a curse. Everything else is read
as a sentence: an act ("stop", "do not", "take me off"), what it is about, and whom; an act that is denied, about the
work, about when or about somebody else asks for nothing. Any reasonable wording counts (FCC 24-24), in English, Spanish
and French. Words are compared but for case, accents, width, lookalike letters and punctuation.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from rapidfuzz.distance import OSA

from bridge.domain.words.lexicon import Lexicon, OptOutPhrase, OptOutRequest, Scope, default_lexicon
from bridge.domain.words.phrases import PhraseMatch
from bridge.domain.words.tokens import After, Clause, Token, clauses, tokenise

LONG = 8  # letters: of so long a keyword one may be wrong
MAX_BESIDE = 3  # words of a name beside a keyword
OPEN = 20  # words: a text so short may be the beginning of the next one
MAX_NAMED = 4  # words of a thing and whose it is
PHONE = 7  # digits

STOP_SIGNS = "🛑⛔🚫"

_KEYWORDS = ((OptOutRequest.STOP, "stop_word"), (OptOutRequest.START, "start_word"), (OptOutRequest.HELP, "help_word"))
_FIRST_TO_COUNT = (OptOutRequest.STOP, OptOutRequest.START, OptOutRequest.WRONG_NUMBER)
_AWAY_FROM = frozenset({"from", "off", "out"})
_REFUSALS = frozenset({"do", "no", "never"})
_HELD_DOWN = re.compile(r"(.)\1{2,}|(.)\2+$")
_ELISION = re.compile(r"(?:[dlmnjst]|qu)'(?=\w)")
_ELLIPSIS = ("..", "…")
_THINGS = ("thing", "fixture", "heating", "cooling", "machine", "electrical", "wetpart", "cosa")
_DIGITS_FOR_LETTERS = str.maketrans("015", "ois")

__all__ = ["OptOutRequest", "read"]


def read(text: str, lexicon: Lexicon | None = None, *, before: str = "") -> OptOutRequest:
    """What the text asks of us; a STOP wins over everything else that it says.

    before: what the same customer wrote right before, perhaps the beginning of it ("the water wont", then "stop").
    """
    words = lexicon or default_lexicon()
    reader = _Reader(text, words)
    asked = reader.keyword() or reader.plainly()
    goes_on = asked is not OptOutRequest.NONE and _goes_on(before, text, words)
    if before and (goes_on or _is_torn(before, text, words)):
        return _Reader(f"{before} {text}", words).plainly()
    return asked


def _is_torn(before: str, text: str, lexicon: Lexicon) -> bool:
    """Does a keyword of two words end the one text and begin the other ("un", then "subscribe")?"""
    across = [token for token in lexicon.joined(tokenise(f"{before} {text}")) if token.start < len(before) < token.end]
    return any(token.word in lexicon.words(name) for token in across for _, name in _KEYWORDS)


def _goes_on(before: str, text: str, lexicon: Lexicon) -> bool:
    """Is the text one word that goes on with a sentence which was left open?"""
    begun = lexicon.joined(tokenise(before))
    unfinished = before.rstrip().endswith(_ELLIPSIS)
    said = tokenise(text)
    if not begun or len(begun) > OPEN or len(said) != 1 or (begun[-1].after > After.SPACE and not unfinished):
        return False
    clause = clauses(begun, frozenset())[-1].tokens
    strong = said[0].word in lexicon.words("strong_stop_word")
    return _waits(clause, lexicon) or (not strong and _is_only_named(clause, lexicon))


def _waits(said: Sequence[Token], lexicon: Lexicon) -> bool:
    """`the water wont`, `call and`, `where do i`, `make it`, `when does the job`: a word must follow."""
    *others, last = (token.word for token in said)
    if last in lexicon.words("leaves_open") or any(word in lexicon.words("makes") for word in others[-2:]):
        return True
    before, asks = others[-1:], lexicon.words("auxiliary")
    if last == "it" and (not before or before[0] in lexicon.words("conjunction")):
        return True
    if last in lexicon.words("asked") and any(
        before[0] in words for words in (asks, lexicon.words("has_done")) if before
    ):
        return True
    asked = [at for at, word in enumerate(others, 1) if word in asks]
    return any(_is_only_named(said[at:], lexicon) for at in asked)


def _is_only_named(said: Sequence[Token], lexicon: Lexicon) -> bool:
    """`my sump pump`, `furnace just`: nothing is said of it yet. What texts are about is no such thing."""
    words = [token.word for token in said]
    end = len(words)
    while end and words[end - 1] in lexicon.words("meanwhile"):
        end -= 1
    named = words[:end]
    begun = named[:1] and (named[0] in lexicon.words("of_whom") or any(named[-1] in lexicon.words(n) for n in _THINGS))
    beside = ("told_of", "texting", "mine", "your_list", "polite")
    spoken = any(word in lexicon.words(name) for word in named[1:] for name in beside)
    if not named:
        return True
    return bool(begun) and len(named) <= MAX_NAMED and named[-1] not in lexicon.words("of_whom") and not spoken


class _Reader:
    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._text = text
        self._lexicon = lexicon
        tokens = lexicon.joined(_spelled_out(_without_elision(tokenise(text)), lexicon))
        self._tokens = [self._named(token) for token in tokens]

    # --- a keyword

    def keyword(self) -> OptOutRequest | None:
        """A keyword that is all but for what changes nothing, or a strong one between two commas or stops."""
        if self._is_stop_sign():
            return OptOutRequest.STOP
        said = self._telling(self._unsigned(), "polite") or list(self._tokens)
        spoken_of = bool(self._tokens) and self._is(self._tokens[0], "spoken_of")
        for kind, name in _KEYWORDS:
            if said and not spoken_of and all(self._is_keyword(token, name) for token in said):
                return kind
        return OptOutRequest.STOP if self._is_strong() else None

    def _unsigned(self) -> list[Token]:
        """Without names in the lines behind the first."""
        behind = False
        kept = []
        for token in self._tokens:
            if not (behind and token.alias == _NAME):
                kept.append(token)
            behind = behind or token.after >= After.STOP
        return kept

    def _is_strong(self) -> bool:
        return (
            any(self._is_strong_alone(piece) for piece in _pieces(self._tokens))
            or self._is_cross()
            or self._is_asked_for()
            or self._is_beside_a_name()
        )

    def _is_strong_alone(self, piece: Sequence[Token]) -> bool:
        said = self._telling(piece, "polite")
        subject = self._is(piece[0], "spoken_of")
        return not subject and bool(said) and all(self._is_keyword(token, "strong_stop_word") for token in said)

    def _is_cross(self) -> bool:
        """`stop i will report you`, `STOP you people`: no comma stands where one belongs."""
        tokens = self._tokens
        begins = len(tokens) > 1 and self._is_keyword(tokens[0], "strong_stop_word")
        return begins and self._is(tokens[1], "after_stop")

    def _is_asked_for(self) -> bool:
        """`can you stop`, `I already said STOP`, `do I text STOP to stop?`; but `will it stop` is about something."""
        said = self._telling(self._tokens, "polite", "asks_to", "saying")
        strong = any(self._is_keyword(token, "strong_stop_word") for token in said)
        if not strong or not all(self._is_keyword(token, "stop_word") for token in said):
            return False
        first = next(at for at, token in enumerate(self._tokens) if token in said)
        return not any(
            self._is(token, "spoken_of") or token.word == "not" for token in self._tokens[:first]
        ) and not self._is(self._tokens[-1], "leaves_open")

    def _is_beside_a_name(self) -> bool:
        """`Stop Acme Plumbing`, `Acme stop`: names and trades are all that stands beside it."""
        said = self._telling(self._tokens, "polite")
        stops = [at for at, token in enumerate(said) if self._is_keyword(token, "strong_stop_word")]
        if len(stops) != 1 or stops[0] not in (0, len(said) - 1) or not 1 < len(said) <= MAX_BESIDE + 1:
            return False
        beside = [token for at, token in enumerate(said) if at not in stops]
        about = any(self._is(token, "thing_to_stop") or self._is(token, "kind_of_stop") for token in beside)
        named = [token for token in beside if token.alias == _NAME]
        return not about and bool(named) and all(token in named or self._is(token, "business_word") for token in beside)

    def _is_stop_sign(self) -> bool:
        marks = [token.word for token in self._tokens]
        return bool(marks) and all(mark in STOP_SIGNS for mark in marks)

    def _is_keyword(self, token: Token, name: str) -> bool:
        keywords, texting = self._lexicon.words(name), self._lexicon.words("texting")
        return _keyword(token.word, keywords, texting, exact=name not in ("stop_word", "strong_stop_word"))

    def _telling(self, tokens: Sequence[Token], *fillers: str) -> list[Token]:
        """Without what changes nothing: politeness, emoji, numbers."""
        return [
            token
            for token in tokens
            if (token.word.isalpha() or token.word == "@") and not any(self._is(token, name) for name in fillers)
        ]

    def _is(self, token: Token, name: str) -> bool:
        return token.word in self._lexicon.words(name)

    def _named(self, token: Token) -> Token:
        """Words with a capital that stand nowhere in the lexicon are names, and found by phrases as such."""
        is_name = self._text[token.start : token.start + 1].isupper() and not self._lexicon.knows(token.word)
        return replace(token, alias=_NAME) if is_name else token

    # --- a sentence

    def plainly(self) -> OptOutRequest:
        """Plain wording ("please stop texting me"), clause by clause."""
        spoken = clauses(self._tokens, self._lexicon.words("turning"))
        meant = {kind for clause in spoken for kind in self._in_clause(clause)}
        meant |= {kind for piece in _pieces(self._tokens) for kind in self._all_of(piece, Scope.SENTENCE)}
        meant |= self._all_of(self._tokens, Scope.TEXT)
        if OptOutRequest.WRONG_NUMBER in meant and self._is_a_customer():
            meant.remove(OptOutRequest.WRONG_NUMBER)
        return next((kind for kind in _FIRST_TO_COUNT if kind in meant), OptOutRequest.NONE)

    def _in_clause(self, clause: Clause) -> set[OptOutRequest]:
        found = [match for match in self._find(clause.tokens) if match.value.scope is Scope.ANYWHERE]
        excused = [match for match in found if match.value.kind is OptOutRequest.NONE]
        return {
            match.value.kind
            for match in found
            if not any(_overlap(match, excuse) for excuse in excused) and not self._is_taken_back(clause.tokens, match)
        }

    def _find(self, tokens: Sequence[Token]) -> list[PhraseMatch[OptOutPhrase]]:
        return self._lexicon.opt_out_book.find(tokens)

    def _all_of(self, tokens: Sequence[Token], scope: Scope) -> set[OptOutRequest]:
        """The phrases of that scope that are all that is said, but for what changes nothing."""
        found = [match for match in self._find(tokens) if match.value.scope is scope]
        around = [(match, (*tokens[: match.first], *tokens[match.last + 1 :])) for match in found]
        return {match.value.kind for match, rest in around if not self._telling(rest, "polite", "asks_to")}

    def _is_a_customer(self) -> bool:
        """Whoever called: somebody here tells of a trouble or wants something."""
        wanted = OptOutPhrase(OptOutRequest.NONE, Scope.TEXT)
        found = self._find(self._tokens)
        denied = [match for match in found if match.value.kind is OptOutRequest.WRONG_NUMBER]
        wishes = [match for match in found if match.value == wanted]
        return any(not any(_overlap(wish, wrong) for wrong in denied) for wish in wishes) or any(
            self._lexicon.trigger_book.find(self._tokens)
        )

    def _is_taken_back(self, tokens: Sequence[Token], match: PhraseMatch[OptOutPhrase]) -> bool:
        if match.value.kind is OptOutRequest.STOP:
            denied = self._is_denied(tokens, match) or self._is_narrowed(tokens, match)
            return denied or self._is_moved(tokens, match)
        if match.value.kind is OptOutRequest.START:
            before = tokens[max(match.first - 6, 0) : match.first]
            wonders = any(self._is(token, "wonders") for token in before)
            return (
                wonders
                or self._hinges(tokens[match.last + 1 :])
                or self._is_about_another(tokens[match.last : match.last + 4])
            )
        return tokens[match.first].word == "wrong" and tokens[match.first].after > After.SPACE

    def _hinges(self, behind: Sequence[Token]) -> bool:
        """`texts again when you have the part`: about when."""
        return bool(behind) and self._is(behind[0], "hinges")

    def _is_denied(self, tokens: Sequence[Token], match: PhraseMatch[OptOutPhrase]) -> bool:
        """`do not stop texting me`, `never unsubscribe me`, `my sister won't stop calling`; not `you won't stop`."""
        if tokens[match.first].word in _REFUSALS and any(
            self._is(token, "cease") for token in tokens[match.first : match.last]
        ):
            return True
        at = match.first - 1
        while at >= 0 and self._is(tokens[at], "please"):
            at -= 1
        if at < 0 or not self._is(tokens[at], "not_ever") or tokens[at].word == "no":
            return False
        imperative = at == 0 or tokens[at - 1].word in ("do", "to") or self._is(tokens[at - 1], "please")
        return imperative or not any(self._is(token, "you") for token in tokens[:at])

    def _is_narrowed(self, tokens: Sequence[Token], match: PhraseMatch[OptOutPhrase]) -> bool:
        """`don't text me while I drive`, `don't text my husband`: not a wish to hear no more."""
        if tokens[match.first].word not in _REFUSALS:
            return False
        behind = tokens[match.first : match.last + 4]
        return any(self._is(token, "narrowed") for token in behind) or self._is_about_another(behind)

    def _is_moved(self, tokens: Sequence[Token], match: PhraseMatch[OptOutPhrase]) -> bool:
        """`remove me from the 3pm slot`: from what is said behind, and what that is decides."""
        at = match.last + (tokens[match.last].word not in _AWAY_FROM)
        behind = [token for token in tokens[at + 1 :] if not self._is(token, "polite")]
        return self._is(tokens[match.first], "drop") and bool(behind) and tokens[at].word in _AWAY_FROM

    def _is_about_another(self, tokens: Sequence[Token]) -> bool:
        for owner, owned in pairwise(tokens):
            ours = self._is(owned, "mine") or self._is(owned, "texting") or self._is(owned, "polite")
            if self._is(owner, "their") and not ours and not self._is(owned, "please"):
                return True
        return False


_NAME = "aname"


def _keyword(word: str, keywords: frozenset[str], texting: frozenset[str], *, exact: bool) -> bool:
    """Is the word one of them: with letters held down, with what it is about joined on, or, if long, with one slip?"""
    if word in keywords:
        return True
    if exact:
        return False
    if word.startswith("stop") and word.removeprefix("stop") in texting:
        return True
    once = _HELD_DOWN.sub(lambda held: held.group(1) or held.group(2), word)
    return once in keywords or any(
        len(keyword) >= LONG and OSA.distance(once, keyword, score_cutoff=1) <= 1 for keyword in keywords
    )


def _without_elision(tokens: Sequence[Token]) -> Iterator[Token]:
    """French: `m'envoyer` is `m envoyer`."""
    for token in tokens:
        elided = _ELISION.match(token.word)
        if elided and token.word.count("'") == 1 and token.word[elided.end() :] not in ("t", "s", "d", "m", "ll", "re"):
            yield Token(token.word[: elided.end() - 1], token.start, token.start + elided.end(), part=token.part)
            yield replace(token, word=token.word[elided.end() :])
        else:
            yield token


def _spelled_out(tokens: Iterator[Token], lexicon: Lexicon) -> list[Token]:
    """`S T O P` and `ST0P` are one word."""
    found: list[Token] = []
    pieces = list(tokens)
    at = 0
    while at < len(pieces):
        end = at + 1
        while end < len(pieces) and _goes_together(pieces[end - 1], pieces[end]):
            end += 1
        word = "".join(piece.word for piece in pieces[at:end]).translate(_DIGITS_FOR_LETTERS)
        if end - at > 1 and any(word in lexicon.words(name) for _, name in _KEYWORDS):
            found.append(replace(pieces[end - 1], word=word, start=pieces[at].start))
            at = end
        else:
            found.append(pieces[at])
            at += 1
    return found


def _goes_together(one: Token, other: Token) -> bool:
    return one.end == other.start or (len(one.word) == len(other.word) == 1 and one.word.isalpha())


def _pieces(tokens: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """What stands between commas and stops."""
    begun = 0
    for at, token in enumerate(tokens, 1):
        if token.after > After.SPACE or at == len(tokens):
            yield tokens[begun:at]
            begun = at


def _overlap(one: PhraseMatch[OptOutPhrase], other: PhraseMatch[OptOutPhrase]) -> bool:
    return one.first <= other.last and other.first <= one.last

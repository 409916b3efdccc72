"""`[words]`: what this site's customers call urgent, and what only sounds like it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import StringConstraints

from bridge.config.problems import Problems

if TYPE_CHECKING:  # the lexicon is long, and most commands read no text: whoever does imports it
    from bridge.domain.words.lexicon import Lexicon

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=80)]


@dataclass(frozen=True, slots=True)
class WordsSection:
    """What your customers call urgent, over the words that are shipped.

    add: phrases by category, as in `{ leak = ["drip drip"] }`. mute: phrases that shall flag nothing ("leak detector").
    """

    add: dict[str, tuple[Phrase, ...]] = field(default_factory=dict)
    mute: tuple[Phrase, ...] = ()

    def lexicon(self) -> "Lexicon":
        """The shipped words with the site's own. LexiconError names a phrase that cannot be taken."""
        from bridge.domain.words.lexicon import default_lexicon

        return default_lexicon().with_site(self.add, self.mute)


def read_words(problems: Problems, raw: Any) -> WordsSection:
    """A phrase that the lexicon cannot take is named by its dotted path."""
    section = problems.take(WordsSection, raw, "words") or WordsSection()
    for category, phrases in section.add.items():
        for n, phrase in enumerate(phrases):
            _check_fits(problems, f"words.add.{category}[{n}]", WordsSection({category: (phrase,)}))
    for n, phrase in enumerate(section.mute):
        _check_fits(problems, f"words.mute[{n}]", WordsSection(mute=(phrase,)))
    return section


def _check_fits(problems: Problems, path: str, words: WordsSection) -> None:
    from bridge.domain.words.lexicon import LexiconError

    try:
        words.lexicon()
    except LexiconError as error:
        problems.add(path, f"{error.word!r}: {error.why}")

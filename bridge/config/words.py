"""`[words]`: what this site's customers call urgent, and what only sounds like it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import StringConstraints

from bridge.config.problems import Problems
from bridge.domain.words.lexicon import Lexicon, LexiconError, default_lexicon

Phrase = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=80)]


@dataclass(frozen=True, slots=True)
class WordsSection:
    """add: phrases by category (`leak = ["drip drip"]`). mute: phrases that shall flag nothing ("leak detector")."""

    add: dict[str, tuple[Phrase, ...]] = field(default_factory=dict)
    mute: tuple[Phrase, ...] = ()


def lexicon(problems: Problems, raw: Any) -> Lexicon:
    """The shipped words with the site's own; a phrase that cannot be taken is named by its dotted path."""
    section = problems.take(WordsSection, raw, "words") or WordsSection()
    shipped = default_lexicon()
    added = {
        category: [p for n, p in enumerate(phrases) if _fits(problems, f"words.add.{category}[{n}]", {category: [p]})]
        for category, phrases in section.add.items()
    }
    muted = [phrase for n, phrase in enumerate(section.mute) if _fits(problems, f"words.mute[{n}]", mute=[phrase])]
    return shipped.with_site({category: phrases for category, phrases in added.items() if phrases}, muted)


def _fits(
    problems: Problems, path: str, add: Mapping[str, Sequence[str]] | None = None, mute: Sequence[str] = ()
) -> bool:
    try:
        default_lexicon().with_site(add, mute)
    except LexiconError as error:
        problems.add(path, f"{error.word!r}: {error.why}")
        return False
    return True

"""May an automatic text be worded so? What the file and the page ask before they take a site's own words."""

import re
from collections.abc import Iterator

from bridge.domain.i18n import N_, UserError
from bridge.domain.office.office import Line, Office
from bridge.domain.office.templates import NOBODY_ON_CALL, Language, Template, mistakes
from bridge.domain.texts import rendering
from bridge.domain.words import honesty
from bridge.domain.words.lexicon import Lexicon

LONGEST = 700  # characters
ASKS_URGENCY = re.compile(r"urgen|emergen", re.IGNORECASE)


def problems(template: Template, words: str, lexicon: Lexicon) -> Iterator[UserError]:
    """Everything that keeps these words from being sent, each as a sentence."""
    yield from mistakes(template, words)
    yield from promises(words, lexicon)
    if template in NOBODY_ON_CALL and ASKS_URGENCY.search(words):
        yield UserError(N_("is sent while nobody is on call, so it must not ask about urgency; closed_on_call may ask"))


def promises(text: str, lexicon: Lexicon) -> Iterator[UserError]:
    """One sentence for each advice, whatever number of words it is about."""
    said: dict[str, list[str]] = {}
    for promise in honesty.check(text, lexicon):
        said.setdefault(promise.suggestion, []).append(promise.words)
    for instead, words in said.items():
        yield UserError(N_('"%(said)s" promises too much. %(instead)s'), said='", "'.join(words), instead=instead)


def problems_here(
    line: Line, office: Office, template: Template, language: Language, lexicon: Lexicon
) -> list[UserError]:
    """Those of this line's own words; else of what comes of them, with everything filled in."""
    found = list(problems(template, line.texts.words(template, language), lexicon))
    return found or list(promises(rendering.example(line, office, template, language).text, lexicon))

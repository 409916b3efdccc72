"""The words of triage, honesty and opt-out, as TOML per language: data, not code."""

from bridge.domain.words.keywords import OptOutRequest
from bridge.domain.words.lexicon.entries import (
    Category,
    Excuse,
    LexiconError,
    OptOutPhrase,
    Promise,
    ReleaseKind,
    Rule,
    Scope,
    Strength,
    Trigger,
)
from bridge.domain.words.lexicon.lexicon import Lexicon
from bridge.domain.words.lexicon.loader import Source, build, default_lexicon, shipped, source

__all__ = [
    "Category",
    "Excuse",
    "Lexicon",
    "LexiconError",
    "OptOutPhrase",
    "OptOutRequest",
    "Promise",
    "ReleaseKind",
    "Rule",
    "Scope",
    "Source",
    "Strength",
    "Trigger",
    "build",
    "default_lexicon",
    "shipped",
    "source",
]

"""Texts that only say thanks or ok: nobody has to do anything about them."""

import re

from bridge.domain.plain import plain

_MEANT = """
    cool excelente fine gracias great k kk listo ok oka okay okey okie perfect perfecto roger sure
    thank thanks thankyou thanx thx ty tysm vale
"""
_AROUND = "all and bien bueno bye good got it much muchas muchisimas nice so sounds very you"

MEANT = frozenset(_MEANT.split())
WORDS = MEANT | frozenset(_AROUND.split())
"""A text of nothing but these, one of MEANT among them, is a courtesy. Short on purpose: a miss only reopens a row."""

THUMBS = "👍👌🙏❤😊🙂"
MAX_WORDS = 8

_WORD = re.compile(r"\w+")


def is_courtesy(text: str) -> bool:
    """Nothing but thanks or agreement? A question never is."""
    words = _WORD.findall(plain(text[:200]).casefold())
    if "?" in text or len(words) > MAX_WORDS:
        return False
    if not words:
        return any(character in THUMBS for character in text)
    return all(word in WORDS for word in words) and any(word in MEANT for word in words)

"""Words without what they are dressed in: accents off, ligatures apart (Unicode NFKD)."""

import re
from unicodedata import normalize

_LEFT = dict(zip("øłđðıħŧ‘“”«»", 'olddiht\'""""', strict=True)) | {"æ": "ae", "œ": "oe", "þ": "th"}
"""Letters that NFKD leaves as they are, and quotes."""

_DRESSED = re.compile(f"[\u0300-\u036f{''.join(_LEFT)}]")
"""Those, and the marks over a letter."""


def plain(text: str) -> str:
    """Nothing but ASCII left."""
    return normalize("NFKD", text).encode("ascii", "ignore").decode()


def folded(text: str) -> str:
    """As people search: without case, accents and typographic quotes (`Muñoz`, `O’Brien`); other scripts stay."""
    low = text.casefold().replace("’", "'")  # what most texts have that are not ASCII
    return low if low.isascii() else _DRESSED.sub(lambda dressed: _LEFT.get(dressed[0], ""), normalize("NFKD", low))

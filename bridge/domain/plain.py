"""Words without what they are dressed in: accents off, ligatures apart (Unicode NFKD), nothing but ASCII left."""

from unicodedata import normalize


def plain(text: str) -> str:
    return normalize("NFKD", text).encode("ascii", "ignore").decode()

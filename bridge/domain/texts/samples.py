"""Does a text read as one of the samples that were registered with the carriers (10DLC campaign)?"""

import re
from collections.abc import Iterable

_BLANK = re.compile(r"\\{\w+\\}|_{2,}|\\\[[^\]]*\\\]")
"""What stands in a sample for what differs from text to text: {opens}, ____ or [time], as `re.escape` writes it."""


def is_registered(text: str, samples: Iterable[str]) -> bool:
    """Is it one of them, whatever stands in their blanks?"""
    wanted = _plain(text)
    return any(re.fullmatch(_BLANK.sub(".{1,60}", re.escape(_plain(sample))), wanted) for sample in samples)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()

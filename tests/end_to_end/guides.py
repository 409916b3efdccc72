"""The shell blocks of a guide, in their order."""

import re
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"\n\n( {4}\S[^\n]*)")
SHELL, UNDO = "sh", "sh undo"
LANGUAGES = {SHELL, UNDO, "toml", "nginx", "caddy", "sql", "text"}


@dataclass(frozen=True, slots=True)
class Block:
    language: str
    text: str

    @property
    def is_shell(self) -> bool:
        return self.language in (SHELL, UNDO)


def blocks(guide: Path) -> list[Block]:
    return [Block(language, text) for language, text in FENCE.findall(guide.read_text())]


def escaped(guide: Path) -> list[str]:
    """What looks like a block, and is none of the languages that are looked at."""
    text = guide.read_text()
    unknown = [language for language, _ in FENCE.findall(text) if language not in LANGUAGES]
    return [*unknown, *INDENTED.findall(FENCE.sub("", text))]


class Reader:
    """Follows a guide from top to bottom, without leaving out a block; then its undo blocks from bottom to top."""

    def __init__(self, guide: Path) -> None:
        self.text = guide.read_text()
        shell = [block for block in blocks(guide) if block.is_shell]
        self._down = [block.text for block in shell if block.language == SHELL]
        self._up = [block.text for block in shell if block.language == UNDO]

    def next(self, words: str) -> str:
        """The next block, word by word. words: what stands in it, so that a test says where it is."""
        return _with(words, self._down.pop(0))

    def undo(self, words: str) -> str:
        return _with(words, self._up.pop())

    @property
    def left(self) -> list[str]:
        return self._down + self._up


def the_block(guide: Path, words: str) -> str:
    """The first to be typed in which these words are."""
    return next(block.text for block in blocks(guide) if block.language == SHELL and words in block.text)


def _with(words: str, text: str) -> str:
    assert words in text, f"{words!r} is not in:\n{text}"
    return text

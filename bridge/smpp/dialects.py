"""What a gateway means by the codes and words of its receipts (DLR); `dialects.toml` is the table, with its sources."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

from bridge.domain.texts.messages import ReceiptState

USUAL = "usual"
_BETWEEN_WORDS = re.compile(r"[- ]+")


@dataclass(frozen=True, slots=True)
class Dialect:
    """landline: codes that say of the number that it takes no texts, and in which words; by `code`.

    states: the beginning of a word behind `stat:`, in lower case, to what it means.
    """

    landline: Mapping[str, str] = field(default_factory=dict)
    states: Mapping[str, ReceiptState] = field(default_factory=dict)

    def says_landline(self, codes: Iterable[str]) -> bool:
        return any(self.landline.get(code(written)) for written in codes if written)

    def state(self, word: str) -> ReceiptState:
        """The longest beginning that is known; `unknown`, which is not final, for any other word."""
        plain = _BETWEEN_WORDS.sub("_", word.casefold())
        known = [beginning for beginning in self.states if plain.startswith(beginning)]
        return self.states[max(known, key=len)] if known else ReceiptState.UNKNOWN

    def with_own(self, landline: Mapping[str, str], states: Mapping[str, ReceiptState]) -> "Dialect":
        """A site's own over these; a code that means "" there is not one of them."""
        return Dialect(
            {**self.landline, **{code(written): meaning for written, meaning in landline.items()}},
            {**self.states, **{word.casefold(): state for word, state in states.items()}},
        )


def code(written: str) -> str:
    """One spelling for `045` and `45`, for `0x0000000B` and `0x0b`."""
    plain = written.strip().casefold()
    if plain.startswith("0x"):
        return f"0x{plain[2:].lstrip('0') or '0'}"
    return plain.lstrip("0") or "0" if plain.isascii() and plain.isdigit() else plain


def command_status(status: int) -> str:
    """How a refused submit stands among the codes."""
    return f"0x{status:x}"


@cache
def dialects() -> Mapping[str, Dialect]:
    """By name; each has what is usual as well."""
    tables = tomllib.loads(files("bridge.smpp").joinpath("dialects.toml").read_text(encoding="utf-8"))
    usual = _over(Dialect(), tables[USUAL])
    return {name: _over(usual, table) for name, table in tables.items()}


def _over(dialect: Dialect, table: Mapping[str, Mapping[str, str]]) -> Dialect:
    states = {word: ReceiptState(state) for word, state in table.get("states", {}).items()}
    return dialect.with_own(table.get("landline", {}), states)

"""Putting the parts of a customer's long text together again (concatenated SMS, reassembly)."""

from collections.abc import Iterable
from dataclasses import dataclass

from bridge.domain.texts.messages import Concatenation, InboundText

GAP = "[…]"


@dataclass(frozen=True, slots=True)
class PartsKey:
    """Which parts belong together: two senders may use one reference, and one sender reuses it for a later text."""

    gateway: str
    source: str
    destination: str
    reference: int
    total: int


@dataclass(frozen=True, slots=True)
class Joined:
    """The text as far as it came; a missing stretch shows as `[…]`."""

    text: str
    complete: bool


def key(text: InboundText) -> PartsKey | None:
    """None for a text that came whole."""
    if text.part is None:
        return None
    return PartsKey(text.gateway, text.source, text.destination, text.part.reference, text.part.total)


def join(parts: Iterable[tuple[Concatenation, str]]) -> Joined:
    """Join parts of one `PartsKey` in any order; of a repeated part the first one counts."""
    by_sequence: dict[int, str] = {}
    total = 0
    for part, text in parts:
        by_sequence.setdefault(part.sequence, text)
        total = max(total, part.total)
    missing = [number for number in range(1, total + 1) if number not in by_sequence]
    shown = sorted([*by_sequence.items(), *((number, GAP) for number in _first_of_runs(missing))])
    return Joined("".join(text for _, text in shown), complete=not missing)


def _first_of_runs(numbers: list[int]) -> list[int]:
    return [number for number in numbers if number - 1 not in numbers]

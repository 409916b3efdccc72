"""Where a setting belongs that stands in the wrong table, as one that was added to the end of the file."""

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

FILE = "_file"  # of a secret in a file of its own


def belongs(key: str) -> str:
    """`[rules]`, or `[rules] or [web]`, "" for what is a setting nowhere. Asked only where somebody was wrong."""
    return " or ".join(
        place for place, kind in _tables() if key.removesuffix(FILE) in {one.name for one in fields(kind)}
    )


def _tables() -> Iterator[tuple[str, Any]]:
    from bridge.config import daily, phones, sections
    from bridge.smpp.settings import SmppSettings

    yield "the top of the file, above the first table", sections.OfficeSection
    yield "[[pbx]]", sections.PbxSection
    yield "[[line]]", sections.LineSection
    yield "[[person]]", sections.PersonSection
    yield "[[shift]]", sections.ShiftSection
    yield "[on_call]", sections.OnCallSection
    yield "[smpp]", SmppSettings
    yield "[email]", sections.EmailSection
    yield "[rules]", sections.RulesSection
    yield "[texts]", sections.TextsSection
    yield "[web]", sections.WebSection
    yield "[phones]", phones.PhonesSection
    yield "[digest]", daily.DigestSection
    yield "[retention]", daily.RetentionSection
    yield "[storage]", sections.StorageSection
    yield "[log]", sections.LogSection

"""Every table of textback.toml and the settings in it; where one belongs that stands in the wrong table."""

from collections.abc import Mapping
from dataclasses import fields

TOP = "the top of the file, above the first table"
FILE = "_file"  # of a secret in a file of its own


def belongs(key: str) -> str:
    """`[rules]`, or `[rules] or [web]`, "" for what is a setting nowhere. Asked only where somebody was wrong."""
    return " or ".join(
        place for place, kind in tables().items() if key.removesuffix(FILE) in {one.name for one in fields(kind)}
    )


def tables() -> Mapping[str, type]:
    """Dataclasses by their place in the file."""
    from bridge.config import daily, phones, sections, words  # these import this module
    from bridge.smpp.settings import SmppSettings

    return {
        TOP: sections.OfficeSection,
        "[[pbx]]": sections.PbxSection,
        "[pbx.database]": sections.RecordsSection,
        "[[line]]": sections.LineSection,
        "[[person]]": sections.PersonSection,
        "[[shift]]": sections.ShiftSection,
        "[on_call]": sections.OnCallSection,
        "[texts]": sections.OfficeTextsSection,
        "[words]": words.WordsSection,
        "[rules]": sections.RulesSection,
        "[smpp]": SmppSettings,
        "[web]": sections.WebSection,
        "[phones]": phones.PhonesSection,
        "[email]": sections.EmailSection,
        "[digest]": daily.DigestSection,
        "[retention]": daily.RetentionSection,
        "[storage]": sections.StorageSection,
        "[log]": sections.LogSection,
    }

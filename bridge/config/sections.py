"""The tables of textback.toml as they are written. What they mean together, `load` says."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bridge.ami.settings import AmiSettings
from bridge.config.values import Country, Days, Duration, Hours, Name, OneSpan, Spans, Zone, between
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.office.hours import ALL_DAY
from bridge.domain.office.templates import Language, Template
from bridge.domain.oncall import escalation
from bridge.domain.texts.policy import TextRules
from bridge.notify.settings import Security

Number = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{0,8}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=700)]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]
Cap = Annotated[int, Field(ge=1, le=100_000)]

DEFAULTS = TextRules()
ALERTS = escalation.EscalationRules()
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class OfficeSection:
    """The keys above the first table. holidays: a country, or one with its part: `US`, `US-NY`."""

    business: Name
    country: Country
    zone: Zone
    regions: tuple[Country, ...] = ()
    emergency: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")] | None = None
    holidays: str | None = None


@dataclass(frozen=True, slots=True)
class PbxSection(AmiSettings):
    """One `[[pbx]]`: how to reach it, and how to read what it tells.

    cdr: where it writes its own records of calls, as `cdr_csv` does; what ended while we were away is looked for there.
    """

    name: Name = "pbx"
    trunks: tuple[Name, ...] = ()
    outside_prefix: Digits = ""
    cdr: Path | None = None

    def tracker(self, country: str, min_ring: timedelta) -> TrackerSettings:
        return TrackerSettings(self.name, self.trunks, country, self.outside_prefix, min_ring)


@dataclass(frozen=True, slots=True)
class TextsSection:
    """Own words by language over the shipped ones; hint: how to opt out, "" for none."""

    language: Language | None = None
    hint: Annotated[str, StringConstraints(max_length=80)] | None = None
    en: dict[Template, Words] = field(default_factory=dict)
    es: dict[Template, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LineSection:
    """carrier_replies: the network confirms STOP and START to this number by itself, as toll-free ones do in the US."""

    sms_number: Number
    dids: Annotated[tuple[Number, ...], Field(min_length=1)]
    name: Name = "main"
    branch: Name | None = None
    pbx: Name | None = None
    texts: TextsSection = TextsSection()
    hours: Hours | None = None
    carrier_replies: bool | None = None


@dataclass(frozen=True, slots=True)
class PersonSection:
    name: Name
    mobile: Number | None = None
    extension: Digits | None = None
    email: Email | None = None
    quiet: OneSpan | None = None
    on_call: bool = False


@dataclass(frozen=True, slots=True)
class ShiftSection:
    """One `[[shift]]`: people, first to last, on these days in these hours; without a branch, in every branch."""

    people: Annotated[tuple[Name, ...], Field(min_length=1)]
    days: Days = tuple(range(7))
    hours: Spans = (ALL_DAY,)
    branch: Name | None = None


@dataclass(frozen=True, slots=True)
class OnCallSection:
    """How urgent work is passed on; `escalation.Rules` holds the defaults."""

    owner: Name | None = None
    ack_within: Annotated[Duration, between(2 * MINUTE, 2 * HOUR)] = ALERTS.ack_within
    office_first: Annotated[Duration, between(timedelta(0), HOUR)] = ALERTS.office_first
    remind_after: Annotated[Duration, between(5 * MINUTE, 4 * HOUR)] = ALERTS.remind_after
    voicemail: bool = ALERTS.voicemail
    untextable: bool = ALERTS.untextable
    repeated: bool = ALERTS.repeated


@dataclass(frozen=True, slots=True)
class EmailSection:
    host: Name
    sender: Email
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class RulesSection:
    """When a missed call gets a text; `policy.Rules` holds the defaults."""

    min_ring: Annotated[Duration, between(timedelta(0), timedelta(minutes=1))] = DEFAULTS.min_ring
    cool_down: Annotated[Duration, between(HOUR, 720 * HOUR)] = DEFAULTS.cool_down
    max_age: Annotated[Duration, between(timedelta(minutes=1), 24 * HOUR)] = DEFAULTS.max_age
    delay: Annotated[Duration, between(timedelta(0), timedelta(minutes=2))] = DEFAULTS.delay
    text_lost_after_talk: bool = DEFAULTS.text_lost_after_talk
    receipt: bool = DEFAULTS.receipt
    cap_hour: Cap = DEFAULTS.cap_hour
    cap_day: Cap = DEFAULTS.cap_day
    neighbours: Annotated[int, Field(ge=2, le=100)] = DEFAULTS.neighbours
    neighbour_window: Annotated[Duration, between(timedelta(minutes=1), 24 * HOUR)] = DEFAULTS.neighbour_window
    text_new_area_codes: bool = DEFAULTS.text_new_area_codes
    live_only: tuple[Number, ...] = ()


@dataclass(frozen=True, slots=True)
class WebSection:
    """certificate, key: PEM files, for https. language: of the page; else each browser's."""

    listen: str = "127.0.0.1:8080"
    hosts: tuple[Name, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class StorageSection:
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class LogSection:
    level: Literal["debug", "info", "warning", "error"] = "info"

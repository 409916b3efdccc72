"""The tables of textback.toml as they are written. What they mean together, `load` says.

The docstrings are read by people twice: here, and in `bridge/deploy/CONFIGURATION.md`, which `make docs` makes of
them. So each setting is in them, as `name: what it sets.` (`name, other: ...` for two).
"""

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from bridge.ami.settings import AmiSettings, RecordsSettings
from bridge.config.values import (
    Country,
    Days,
    Duration,
    Hours,
    Name,
    Network,
    OneSpan,
    Port,
    Proxies,
    Spans,
    Zone,
    between,
)
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.office.hours import ALL_DAY
from bridge.domain.office.templates import Language, Template
from bridge.domain.oncall import escalation
from bridge.domain.phone import E164
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
    """The office as a whole.

    business: as customers know it; stands in every text. country: how numbers without a plus are read; texts go there.
    zone: the office's time, as in `America/New_York`. regions: countries that texts may go to, instead of the one.
    emergency: who to call in danger, in the one text that says so; else 911 or 112, by the country.
    holidays: a country whose public holidays are closed, or one with its part: `US`, `US-NY`.
    """

    business: Name
    country: Country
    zone: Zone
    regions: tuple[Country, ...] = ()
    emergency: Annotated[str, StringConstraints(pattern=r"^[0-9]{2,6}$")] | None = None
    holidays: str | None = None


class NumberForm(StrEnum):
    """How a number is written that the PBX is to dial."""

    E164 = "e164"
    DIGITS = "digits"
    NATIONAL = "national"


@dataclass(frozen=True, slots=True)
class RecordsSection(RecordsSettings):
    """Where a PBX keeps its own records of calls in a MariaDB or MySQL, as FreePBX does, instead of in a file (`cdr`):
    what ended while we were away is looked for in its table `cel`, and in `cdr` what that does not tell. Needs the
    extra `mariadb`.

    host: its name or address, or the path of its socket. port: there. name: of the database. user: may read those two
    tables, and nothing else. password: of that user; needed. tls: speak TLS. ca_file: who may vouch for its
    certificate, the machine's own authorities where there is none.
    """

    host: Name = "127.0.0.1"
    port: Port = 3306
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_$-]{1,64}$")] = "asteriskcdrdb"
    user: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.$-]{1,80}$")] = "textback"


@dataclass(frozen=True, slots=True)
class PbxSection(AmiSettings):
    """How to reach a PBX, and how to read what it tells. Times are seconds.

    name: of this PBX, where there are several. outside_prefix: digits that are dialled before outside numbers.
    number_form: how customers are dialled, in the files of `textback dialplan`: `e164` is `+12125550142`, `digits` is
    `12125550142`, `national` is as people dial in the office's country; else `e164` by a trunk and `national` by
    FreePBX's outbound routes. extensions: patterns such as `3??` or `+1202555*`: what colleagues of a sister office
    call from, over a trunk; their missed calls are listed as filtered. voicemail: the folder in which its messages lie,
    where it runs on this machine: the page then plays them.
    """

    name: Name = "pbx"
    port: Port = 5038
    trunks: tuple[Name, ...] = ()
    machines: tuple[Name, ...] = ()
    ignore_contexts: tuple[Name, ...] = ()
    outside_prefix: Digits = ""
    number_form: NumberForm | None = None
    extensions: tuple[Name, ...] = ()
    database: RecordsSection | None = None
    voicemail: Path | None = None

    def tracker(self, country: str, min_ring: timedelta, own_numbers: frozenset[E164] = frozenset()) -> TrackerSettings:
        return TrackerSettings(self.name, country, self.outside_prefix, min_ring, self.extensions, own_numbers)


@dataclass(frozen=True, slots=True)
class TextsSection:
    """A line's own words over those of `[texts]`; what each says, stands there."""

    language: Language | None = None
    hint: Annotated[str, StringConstraints(max_length=80)] | None = None
    unaccented: tuple[Language, ...] | None = None
    en: dict[Template, Words] = field(default_factory=dict)
    es: dict[Template, Words] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OfficeTextsSection(TextsSection):
    """Your own words, by language, in the place of the shipped ones; `textback check-config` shows every text.

    language: of first texts; an answer is in the customer's. hint: how to opt out, "" for none.
    unaccented: languages whose automatic texts go without accents that the GSM alphabet lacks (á, í, ó, ú) where that
    saves a part. en, es: words by the name of the text; what promises too much is refused.
    locked: only this file changes the texts; what admins changed on the page does not hold.
    samples: of texts, as they are registered with the carriers; page and `check-config` tell which texts differ. What
    stands in braces or brackets, or is underlined (____), may be anything.
    """

    locked: bool = False
    samples: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class LineSection:
    """Numbers that ring the office, and the number that texts their callers.

    sms_number: texts come from here, and replies arrive here. dids: numbers that ring here, as the PBX writes them.
    name: of the line, where there are several. branch: which office it belongs to; else the business.
    pbx: which PBX rings it, where there are several. texts: as `[texts]`, for this line alone, as `[line.texts]`.
    hours: as `[hours]`, for this line alone, as `[line.hours]`.
    carrier_replies: the network confirms STOP and START to this number by itself; else toll-free ones do.
    """

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
    """Somebody who works here.

    name: as people know them; a user of the page with that name has their desk phone. mobile: alerts go to it, and what
    is texted from it are their commands.
    extension: their desk phone. email: alerts go there as well; needs `[email]`.
    quiet: quiet hours, such as `22:00-07:00`: no texts but those of urgent work.
    on_call: told of urgent work at all hours, where there is no `[[shift]]`.
    """

    name: Name
    mobile: Number | None = None
    extension: Digits | None = None
    email: Email | None = None
    quiet: OneSpan | None = None
    on_call: bool = False


@dataclass(frozen=True, slots=True)
class ShiftSection:
    """Who is on call when.

    people: names, first to last. days: such as `mon-fri` or `"sat,sun"`. hours: such as `17:00-08:00`; else all day.
    branch: of which the shift is; else of every branch.
    """

    people: Annotated[tuple[Name, ...], Field(min_length=1)]
    days: Days = tuple(range(7))
    hours: Spans = (ALL_DAY,)
    branch: Name | None = None


@dataclass(frozen=True, slots=True)
class OnCallSection:
    """How urgent work is passed on, from the first on call to the next: escalation.

    owner: who is told last. ack_within: so long somebody has to acknowledge, then the next is told.
    office_first: so long the page is alone with it while the office is open.
    remind_after: acknowledged, and so long neither call, text nor outcome: one reminder, then the next person.
    voicemail: told, while closed, of a voicemail too. untextable: of a caller who cannot be texted.
    repeated: of a caller who called 3 times in 15 minutes.
    """

    owner: Name | None = None
    ack_within: Annotated[Duration, between(2 * MINUTE, 2 * HOUR)] = ALERTS.ack_within
    office_first: Annotated[Duration, between(timedelta(0), HOUR)] = ALERTS.office_first
    remind_after: Annotated[Duration, between(5 * MINUTE, 4 * HOUR)] = ALERTS.remind_after
    voicemail: bool = ALERTS.voicemail
    untextable: bool = ALERTS.untextable
    repeated: bool = ALERTS.repeated


@dataclass(frozen=True, slots=True)
class EmailSection:
    """A mail server, for mail to staff beside the texts.

    host: its name. sender: the address that alerts come from. port: of the server.
    security: `starttls` (587), `tls` from the first byte (465), or `none` for a server on this machine.
    username: "" where the server asks for none. password: of that user.
    """

    host: Name
    sender: Email
    port: Port = 587
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class RulesSection:
    """When a missed call gets a text; the defaults are safe.

    min_ring: who hung up sooner is counted as `short` and gets no text. cool_down: one first text a number in this
    time, by open and closed hours. max_age: a text that could not go out for so long is dropped. delay: wait before
    the first text. text_lost_after_talk: also who was talked with, put on hold, and gave up. receipt: answer a
    customer's text once, by "we have your text". cap_hour, cap_day: first texts over all numbers. neighbours: so
    many other callers from adjacent numbers trip the breaker. neighbour_window: within this time. hold_at_night:
    quiet hours, such as `21:00-08:00`: first texts wait for their end, but for who called in the last 5 minutes
    while somebody is on call. text_new_area_codes: also numbers at home that our tables cannot place. live_only: on
    trial: the only numbers that get texts by themselves; empty: all. spam_names: who is shown by a name with one of
    these words or phrases gets no text.
    """

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
    hold_at_night: OneSpan | None = DEFAULTS.hold_at_night
    text_new_area_codes: bool = DEFAULTS.text_new_area_codes
    live_only: tuple[Number, ...] = ()
    spam_names: tuple[Name, ...] = DEFAULTS.spam_names


MapLink = Annotated[str, Field(pattern=r"^(https?://[^\s{}]+\{address\}[^\s{}]*)?$")]


@dataclass(frozen=True, slots=True)
class WebSection:
    """The page. Beyond this machine only once `textback users add NAME --role admin` was run.

    listen: address and port. hosts: names that the page is asked for by, beside the address; any other is refused.
    certificate, key: PEM files, for https. language: of the page; else each browser's. trusted_proxies: addresses or
    networks of proxies in front, whose word counts on who asks, by which name and path, and whether over https
    (X-Forwarded-For, -Host, -Prefix, -Proto, or Forwarded); such headers from anybody else are ignored. metrics_from:
    who may read `/metrics` and `/healthz`, of this machine too (`127.0.0.1`); without it, and without a token, whoever
    reaches the page. metrics_token: lets in whoever sends it (`Authorization: Bearer`): `openssl rand -hex 16`.
    text_assigned: whoever is given a row by a colleague is told on their mobile too. map_link: where an address on the
    page leads to, with `{address}` in it (`https://maps.example/?q={address}`): that site then learns where
    the customer lives; else addresses lead nowhere.
    """

    listen: str = "127.0.0.1:8080"
    hosts: tuple[Name, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    language: Language | None = None
    trusted_proxies: tuple[Proxies, ...] = ()
    metrics_from: tuple[Network, ...] = ()
    metrics_token: str = field(default="", repr=False)
    text_assigned: bool = False
    map_link: MapLink = ""


@dataclass(frozen=True, slots=True)
class StorageSection:
    """The database.

    path: of its file; else `textback.db` in the service's state directory (/var/lib/textback).
    """

    path: Path | None = None


@dataclass(frozen=True, slots=True)
class LogSection:
    """What the log tells; customers' words and whole numbers never stand in it.

    level: the least that is told.
    """

    level: Literal["debug", "info", "warning", "error"] = "info"

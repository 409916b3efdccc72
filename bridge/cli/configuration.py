"""`textback check-config`: what this configuration would do, before anything is started."""

import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from unicodedata import name

import typer

from bridge.cli import on_call
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config, load
from bridge.doctor.doubts import doubts
from bridge.domain.office.hours import Calendar
from bridge.domain.office.office import Line, Office
from bridge.domain.office.roster import AHEAD
from bridge.domain.office.templates import BY_REASON, Language, Template
from bridge.domain.texts import gsm, samples
from bridge.domain.texts import rendering as texts
from bridge.domain.texts.gsm import Alphabet
from bridge.domain.texts.rendering import Rendered, Situation
from bridge.office.schedule_changes import office_with_changes
from bridge.smpp.settings import SmppSettings
from bridge.web.forwarded import WRITES_IT_ITSELF
from bridge.web.settings import WebSettings, is_loopback
from storage.database import Database
from storage.migrate import is_current

DAYS_SHOWN = 7
COSTLY_SHOWN = 3


def register(app: typer.Typer) -> None:
    app.command("check-config")(check_config)


def check_config(config: ConfigPath = CONFIG) -> None:
    """Check the configuration, and show its texts, its hours and who is on call. Nothing is started or sent."""
    settings, now = load(config, os.environ), datetime.now(UTC)
    for row in report(settings, now, asyncio.run(_office_now(settings, now))):
        print(row)
    found = list(doubts(settings))
    for path, why in found:
        print(f"{path}: {why}", file=sys.stderr)
    if found:
        raise typer.Exit(1)


async def _office_now(config: Config, now: datetime) -> Office:
    """With what people have changed since, where there is a database of this version."""
    if not is_current(config.database):
        return config.office
    async with await Database.open(config.database) as database, database.read() as db:
        return await office_with_changes(db, config.office, now)


def report(config: Config, now: datetime, office: Office | None = None) -> Iterator[str]:
    """What would happen, row by row; numbers are whole: this goes to whoever may read the file.

    office: with its dated changes, else as the file has it.
    """
    office = office or config.office
    yield from _connections(config)
    for line in office.lines:
        yield ""
        yield f"Line {line.name}: {', '.join(line.dids)} on {line.pbx}; texts from {line.sms_number}"
        yield from _texts(line, office, config, now)
        yield from _other_words(line, config.office.line_named(line.name))
        yield from hours_ahead(line.calendar, now)
    yield ""
    yield from on_call.report(office, now)
    yield from on_call.changes(office)


def _connections(config: Config) -> Iterator[str]:
    office = config.office
    yield f"{office.business}, {office.country}, {office.zone}; texts go to {', '.join(sorted(office.regions))}"
    for pbx in config.pbxs:
        trunks = ", ".join(pbx.trunks) or "the usual contexts"
        yield f"PBX {pbx.name}: {pbx.username} at {pbx.host}:{pbx.port}; calls come in on {trunks}"
    for smpp in config.gateways:
        yield f"SMS gateway: {smpp.system_id} at {smpp.host}:{smpp.port}, {smpp.rate:g} texts a second at most"
    if not config.gateways:
        yield "SMS gateway: none yet; calls are judged and queued, and nobody is texted"
    if hold := config.rules.hold_at_night:
        yield f"Night: first texts after calls from {hold} wait for its end, unless somebody is on call when they call"
    yield f"Page: {config.web.address}"
    if proxies := ", ".join(map(str, config.web.trusted_proxies)):
        yield f"Proxies: {proxies} say who asks; {WRITES_IT_ITSELF}"
    yield f"Machines: /metrics and /healthz are for {_machines(config.web)}"
    yield f"Database: {config.database}"


def _machines(web: WebSettings) -> str:
    who = [*map(str, web.metrics_from), *["whoever has the token"] * bool(web.metrics_token)]
    if not who:
        return "whoever reaches the page; [web] metrics_from or metrics_token_file says who may"
    unproven = any(is_loopback(str(one.network_address)) for one in web.metrics_from) and not web.trusted_proxies
    warned = "; so for whom a proxy on this machine asks, as [web] trusted_proxies names none" * unproven
    return f"{', '.join(who)}, and textback status{warned}"


def _texts(line: Line, office: Office, config: Config, now: datetime) -> Iterator[str]:
    """Every text this line can send, as it would be sent now, with what it costs."""
    held = _held(line, office, now) if config.rules.hold_at_night else ()
    for what, rendered in (*renderings(line, office, now), *held):
        unknown = bool(office.samples) and not samples.is_registered(rendered.text, office.samples)
        yield f"  {what}: {_cost(rendered.text, config.smpp)}{', none of texts.samples' if unknown else ''}"
        yield f"    {rendered.text}"


def _other_words(line: Line, in_file: Line) -> Iterator[str]:
    """Where the page has changed what the file says."""
    for (template, language), words in line.texts.own.items():
        if words != (says := in_file.texts.words(template, language)):
            yield f"  changed on the page: {template} ({language}) says: {words}"
            yield f"    the file: {says}"


def renderings(line: Line, office: Office, now: datetime) -> Iterator[tuple[str, Rendered]]:
    """The first texts that can be sent, whatever the hour, then the answers in every language."""
    opens = line.calendar.opens_at(now)
    closes = (False,) if line.calendar.never_closes else (False, True)
    for closed in closes:
        for voicemail, told in product((False, True), _on_call(line, office, now) if closed else (True,)):
            situation = Situation(now, closed, told, voicemail, opens)
            label = f"missed while {'closed' if closed else 'open'}{', after a voicemail' if voicemail else ''}"
            yield label + ("" if told else ", nobody on call"), texts.first(line, office, situation)
    for reason, template in BY_REASON.items():
        if line.texts.missed(reason) is template:
            label = f"missed while open, {reason.replace('_', ' ')}"
            yield label, texts.first(line, office, Situation(now, reason=reason))
    for language in Language:
        yield f"receipt ({language})", texts.receipt(line, office, language, ask_address=True, danger=True)
        for template in (Template.OPT_OUT, Template.OPT_IN, Template.HELP, Template.NO_PICTURES):
            yield f"{template.replace('_', ' ')} ({language})", texts.answer(line, office, template, language)


def _held(line: Line, office: Office, now: datetime) -> Iterator[tuple[str, Rendered]]:
    """First texts that waited for the morning."""
    opens = line.calendar.opens_at(now)
    for voicemail in (False, True):
        label = f"held at night{', after a voicemail' if voicemail else ''}"
        yield label, texts.first(line, office, Situation(now, voicemail=voicemail, held=True))
    if not line.calendar.never_closes:
        closed = Situation(now, closed=True, opens_at=opens, held=True)
        yield "held at night, closed and nobody on call", texts.first(line, office, closed)


def _on_call(line: Line, office: Office, now: datetime) -> Sequence[bool]:
    """Is somebody on call while this line is closed: always, never, or sometimes."""
    gaps = office.roster.gaps(line.branch, [line.calendar], now, now + AHEAD)
    never = replace(office.roster, owner=None).somebody_from(line.branch, now) is None
    return (False,) if never else (True, False) if gaps else (True,)


def _cost(text: str, smpp: SmppSettings | None) -> str:
    """As the gateway cuts it; of a text that needs UCS-2 the characters whose fault that is."""
    alphabet = smpp.default_alphabet if smpp else Alphabet.GSM7
    segments = gsm.split(text, reference_bits=smpp.reference_bits if smpp else 8, alphabet=alphabet)
    length = gsm.units(text, segments.encoding)
    count = len(segments.parts)
    costly = [f'"{char}" ({name(char, "nameless")})' for char in gsm.costly(text, alphabet)[:COSTLY_SHOWN]]
    because = f", since the short alphabet lacks {', '.join(costly)}" if costly else ""
    return f"{count} part{'s' if count > 1 else ''}, {length} characters of {segments.encoding.upper()}{because}"


def hours_ahead(calendar: Calendar, now: datetime) -> Iterator[str]:
    if calendar.never_closes:
        yield "  always open: no [hours] are configured"
        return
    for n in range(DAYS_SHOWN):
        day = calendar.day_start(now, days=n).astimezone(calendar.zone).date()
        spans = ", ".join(str(span) for span in calendar.spans_on(day)) or "closed"
        yield f"  {day:%a %Y-%m-%d}  {spans}"

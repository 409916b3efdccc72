"""The office out of its tables: lines, people, words and hours, and what they must not contradict."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from bridge.config.calendars import Calendars
from bridge.config.on_call import read_roster
from bridge.config.problems import Problems
from bridge.config.sections import (
    LineSection,
    OfficeSection,
    OfficeTextsSection,
    PbxSection,
    PersonSection,
    TextsSection,
)
from bridge.config.values import Hours
from bridge.domain import phone
from bridge.domain.office.office import Line, Office, Person
from bridge.domain.office.roster import Roster
from bridge.domain.office.templates import Language, Template, Texts
from bridge.domain.phone import E164

DIAL_911 = frozenset({"US", "CA", "PR", "VI", "GU", "MX"})
EUROPEAN_EMERGENCY = "112"
SHORT_CODE = re.compile(r"[0-9]{3,8}")


def read_office(
    problems: Problems, keys: Mapping[str, Any], tables: Mapping[str, Any], pbxs: Sequence[PbxSection]
) -> Office | None:
    """keys: what stands above the first table. None where these are wrong; the tables are read all the same."""
    section = problems.take(OfficeSection, keys, "")
    texts = problems.take(OfficeTextsSection, tables.get("texts", {}), "texts") or OfficeTextsSection()
    hours = problems.take(Hours, tables.get("hours", {}), "hours") or {}
    lines = problems.take_all(LineSection, tables.get("line"), "line")
    people = problems.take_all(PersonSection, tables["person"], "person") if "person" in tables else []
    _check_lines(problems, lines, pbxs, section.country if section else "")
    for where, words in [("texts", texts), *((f"{where}.texts", line.texts) for where, line in lines)]:
        _check_words(problems, where, words)
    if section is None:
        return None
    calendars = Calendars(problems, section, hours)
    return _office(
        problems,
        section,
        tuple(_line(problems, where, line, section, pbxs, texts, calendars) for where, line in lines),
        [(where, _person(problems, where, person, section.country)) for where, person in people],
        read_roster(problems, tables, people, [line.branch or section.business for _, line in lines], section),
        texts,
    )


def _office(
    problems: Problems,
    section: OfficeSection,
    lines: tuple[Line, ...],
    people: Sequence[tuple[str, Person]],
    roster: Roster,
    texts: OfficeTextsSection,
) -> Office:
    problems.add_repeated("name", [(where, person.name) for where, person in people])
    own = _own_numbers(lines, section.country)
    for where, person in people:
        if person.mobile in own:
            problems.add(f"{where}.mobile", "is a number of the office itself; a person needs one of their own")
    return Office(
        business=section.business,
        country=section.country,
        zone=section.zone,
        regions=frozenset(section.regions or (section.country,)),
        lines=lines,
        people=tuple(person for _, person in people),
        own_numbers=own,
        roster=roster,
        emergency=section.emergency or ("911" if section.country in DIAL_911 else EUROPEAN_EMERGENCY),
        texts_locked=texts.locked,
        samples=texts.samples,
    )


def _own_numbers(lines: Sequence[Line], country: str) -> frozenset[E164]:
    written = [number for line in lines for number in (line.sms_number, *line.dids)]
    return frozenset(number for raw in written if (number := phone.parse(raw, country)))


def _line(
    problems: Problems,
    where: str,
    line: LineSection,
    section: OfficeSection,
    pbxs: Sequence[PbxSection],
    texts: TextsSection,
    calendars: Calendars,
) -> Line:
    sms_number = _sms_number(problems, f"{where}.sms_number", line.sms_number, section.country)
    return Line(
        name=line.name,
        pbx=line.pbx or (pbxs[0].name if pbxs else ""),
        dids=line.dids,
        branch=line.branch or section.business,
        sms_number=sms_number,
        texts=_merged(texts, line.texts),
        calendar=calendars.everyday if line.hours is None else calendars.of(line.hours, f"{where}.hours"),
        carrier_replies=_is_toll_free(sms_number) if line.carrier_replies is None else line.carrier_replies,
    )


def _is_toll_free(sms_number: str) -> bool:
    number = phone.parse(sms_number, None)
    return number is not None and phone.kind(number) is phone.NumberKind.TOLL_FREE


def _sms_number(problems: Problems, where: str, written: str, country: str) -> str:
    number = phone.parse(written, country)
    if number:
        return str(number)
    if not SHORT_CODE.fullmatch(written):
        problems.add(where, f'"{written}" is no number that can get replies; write it with its country: "+1..."')
    return written


def _person(problems: Problems, where: str, person: PersonSection, country: str) -> Person:
    mobile = phone.parse(person.mobile, country) if person.mobile else None
    if person.mobile and not mobile:
        problems.add(f"{where}.mobile", f'"{person.mobile}" is no valid number; write it with its country: "+1..."')
    if person.on_call and not person.mobile:
        problems.add(f"{where}.mobile", "is missing; whoever is on call is told by text")
    return Person(person.name, mobile, person.extension or None, person.email, person.quiet)


def _check_lines(
    problems: Problems, lines: Sequence[tuple[str, LineSection]], pbxs: Sequence[PbxSection], country: str
) -> None:
    names = [pbx.name for pbx in pbxs]
    problems.add_repeated("name", [(where, line.name) for where, line in lines])
    problems.add_repeated("dids", [(where, did) for where, line in lines for did in _on_its_pbx(line, country)])
    for where, line in lines:
        if line.pbx is None and len(set(names)) > 1:
            problems.add(f"{where}.pbx", f"is missing; which PBX rings it: {', '.join(names)}")
        if line.pbx is not None and names and line.pbx not in names:
            problems.add(f"{where}.pbx", f'there is no PBX called "{line.pbx}"; there are {", ".join(names)}')


def _on_its_pbx(line: LineSection, country: str) -> list[str]:
    """However they are written. The same number may ring on two PBXs, so where one is named it is part of what must
    not repeat.
    """
    read = [str(phone.parse(did, country or None) or did) for did in line.dids]
    return [f"{did} on {line.pbx}" if line.pbx else did for did in dict.fromkeys(read)]


def _merged(office: TextsSection, line: TextsSection) -> Texts:
    own = _own(office) | _own(line)
    hint = office.hint if line.hint is None else line.hint
    unaccented = office.unaccented if line.unaccented is None else line.unaccented
    return Texts(line.language or office.language or Language.EN, own, hint, frozenset(unaccented or ()))


def _own(section: TextsSection) -> dict[tuple[Template, Language], str]:
    languages = ((Language.EN, section.en), (Language.ES, section.es))
    return {(template, language): words for language, own in languages for template, words in own.items()}


def _check_words(problems: Problems, where: str, section: TextsSection) -> None:
    own = _own(section)
    if not own:
        return
    from bridge.domain.texts import wording  # the lexicon is long, and most offices send the shipped texts
    from bridge.domain.words.lexicon import default_lexicon

    for (template, language), words in own.items():
        for problem in wording.problems(template, words, default_lexicon()):
            problems.add(f"{where}.{language}.{template}", str(problem))

"""Who is told of urgent work: `[[shift]]`, `[on_call]` and `[email]`, and what they must not contradict."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from bridge.config.problems import Problems
from bridge.config.secrets import Secrets
from bridge.config.sections import EmailSection, OfficeSection, OnCallSection, PersonSection, ShiftSection
from bridge.config.typed import why_no_host
from bridge.domain.office.hours import Calendar
from bridge.domain.office.roster import Roster, Shift
from bridge.domain.oncall.escalation import EscalationRules
from bridge.notify.settings import EmailSettings

Written = Sequence[tuple[str, PersonSection]]


def read_roster(
    problems: Problems, tables: Mapping[str, Any], people: Written, branches: Sequence[str], office: OfficeSection
) -> Roster:
    """The weekly pattern; without any `[[shift]]` whoever has `on_call = true` is on call at all hours."""
    shifts = problems.take_all(ShiftSection, tables["shift"], "shift") if "shift" in tables else []
    section = problems.take(OnCallSection, tables.get("on_call", {}), "on_call") or OnCallSection()
    named = [(f"{where}.people", name) for where, shift in shifts for name in shift.people]
    named += [("on_call.owner", section.owner)] if section.owner else []
    for path, name in named:
        _check_reachable(problems, path, name, people)
    for where, person in people:
        if person.email and "email" not in tables:
            problems.add(f"{where}.email", "needs an [email] table that says through which server")
    for where, shift in shifts:
        if shift.branch and shift.branch not in branches:
            known = ", ".join(dict.fromkeys(branches))
            problems.add(f"{where}.branch", f'there is no branch called "{shift.branch}"; there are {known}')
    return Roster(_shifts(shifts, people, office), section.owner)


def _shifts(shifts: Sequence[tuple[str, ShiftSection]], people: Written, office: OfficeSection) -> tuple[Shift, ...]:
    if shifts:
        return tuple(Shift(_hours(shift, office), shift.people, shift.branch) for _, shift in shifts)
    always = tuple(person.name for _, person in people if person.on_call)
    return (Shift(Calendar(office.zone), always),) if always else ()


def _hours(shift: ShiftSection, office: OfficeSection) -> Calendar:
    return Calendar(office.zone, tuple(shift.hours if day in shift.days else () for day in range(7)))


def _check_reachable(problems: Problems, path: str, name: str, people: Written) -> None:
    person = next((person for _, person in people if person.name == name), None)
    if person is None:
        known = ", ".join(person.name for _, person in people) or "nobody; add a [[person]]"
        problems.add(path, f'there is no person called "{name}"; there is {known}')
    elif not person.mobile:
        problems.add(path, f'"{name}" has no mobile; whoever is on call is told by text')


def alert_rules(raw: Any) -> EscalationRules:
    """The rest of `[on_call]`. What is wrong with it, `read_roster` has noted."""
    values = asdict(Problems().take(OnCallSection, raw, "") or OnCallSection())
    del values["owner"]
    return EscalationRules(**values)


def email(problems: Problems, secrets: Secrets, raw: Any) -> EmailSettings | None:
    """`[email]`; its credential is called `email.password`. None where there is no such table, or it is wrong."""
    if isinstance(raw, dict) and raw.get("username"):
        raw = secrets.filled(raw, "password", "email", "email.password")
    section = problems.take(EmailSection, raw, "email") if raw is not None else None
    if section and (why := why_no_host(section.host)):
        problems.add("email.host", why)
    return EmailSettings(**asdict(section)) if section else None

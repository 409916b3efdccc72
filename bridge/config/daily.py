"""What happens once a day: `[digest]`, who gets the morning's list, and `[retention]`, what is kept how long."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Annotated, Any

from bridge.config.problems import Problems
from bridge.config.values import ClockTime, Duration, Name, between
from bridge.domain.office.office import Office
from bridge.reports.settings import DigestSettings, RetentionSettings

DAY = timedelta(days=1)
KEPT = RetentionSettings()


@dataclass(frozen=True, slots=True)
class DigestSection:
    """The morning's list of who waits for a call.

    people: by name, who get that of the whole office. at: instead of the opening.
    branches: who get that of one, as in `{ east = ["Ann"] }`.
    """

    people: tuple[Name, ...] = ()
    at: ClockTime | None = None
    branches: dict[Name, tuple[Name, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RetentionSection:
    """What is forgotten in time; counts and opt-outs stay.

    bodies: how long words are kept, customers' and ours. rows: calls, callbacks and their history.
    """

    bodies: Annotated[Duration, between(7 * DAY, 3650 * DAY)] = KEPT.bodies
    rows: Annotated[Duration, between(30 * DAY, 3650 * DAY)] = KEPT.rows


def digest(problems: Problems, raw: Any, office: Office | None) -> DigestSettings:
    section = problems.take(DigestSection, raw, "digest") or DigestSection()
    branches = list(dict.fromkeys(line.branch for line in office.lines)) if office else list(section.branches)
    _check_people(problems, "digest.people", section.people, office)
    for branch, people in section.branches.items():
        _check_people(problems, f"digest.branches.{branch}", people, office)
        if branch not in branches:
            known = ", ".join(branches)
            problems.add(f"digest.branches.{branch}", f'there is no branch called "{branch}"; there are {known}')
    return DigestSettings(section.people, section.at, section.branches)


def _check_people(problems: Problems, path: str, names: Sequence[str], office: Office | None) -> None:
    reachable = [person.name for person in office.people if person.mobile or person.email] if office else names
    for name in names:
        if name not in reachable:
            known = ", ".join(reachable) or "nobody; add a [[person]]"
            problems.add(path, f'"{name}" is no person with a mobile or an e-mail address; there is {known}')


def retention(problems: Problems, raw: Any) -> RetentionSettings:
    section = problems.take(RetentionSection, raw, "retention") or RetentionSection()
    if section.rows < section.bodies:
        problems.add("retention.rows", "should not be shorter than retention.bodies: words go with their rows")
    return RetentionSettings(**asdict(section))

"""What happens once a day: `[digest]`, who gets the morning's list, and `[retention]`, what is kept how long."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Annotated, Any

from bridge.config.problems import Problems
from bridge.config.values import ClockTime, Duration, Name, between
from bridge.digest import DigestSettings
from bridge.domain.office import Person
from bridge.retention import RetentionSettings

DAY = timedelta(days=1)
KEPT = RetentionSettings()


@dataclass(frozen=True, slots=True)
class DigestSection:
    """people: by name. at: instead of the opening."""

    people: tuple[Name, ...] = ()
    at: ClockTime | None = None


@dataclass(frozen=True, slots=True)
class RetentionSection:
    bodies: Annotated[Duration, between(7 * DAY, 3650 * DAY)] = KEPT.bodies
    rows: Annotated[Duration, between(30 * DAY, 3650 * DAY)] = KEPT.rows


def digest(problems: Problems, raw: Any, people: Sequence[Person]) -> DigestSettings:
    section = problems.take(DigestSection, raw, "digest") or DigestSection()
    reachable = [person.name for person in people if person.mobile or person.email]
    for name in section.people:
        if name not in reachable:
            known = ", ".join(reachable) or "nobody; add a [[person]]"
            problems.add("digest.people", f'"{name}" is no person with a mobile or an e-mail address; there is {known}')
    return DigestSettings(section.people, section.at)


def retention(problems: Problems, raw: Any) -> RetentionSettings:
    section = problems.take(RetentionSection, raw, "retention") or RetentionSection()
    if section.rows < section.bodies:
        problems.add("retention.rows", "should not be shorter than retention.bodies: words go with their rows")
    return RetentionSettings(**asdict(section))

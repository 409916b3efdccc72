"""What happens once a day, as the configuration says it: who gets the digest, and what is kept how long."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta


@dataclass(frozen=True, slots=True)
class DigestSettings:
    """people: who gets that of the whole office, by name. at: a time of day instead of the opening.

    branches: who gets that of one branch alone.
    """

    people: tuple[str, ...] = ()
    at: time | None = None
    branches: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def audiences(self) -> list[tuple[str | None, tuple[str, ...]]]:
        """Every digest there is with whom it goes to; None is that of the whole office."""
        return [(branch, people) for branch, people in ((None, self.people), *self.branches.items()) if people]


@dataclass(frozen=True, slots=True)
class RetentionSettings:
    """bodies: what customers and we wrote. rows: calls, callbacks and their history. Counts are kept for ever."""

    bodies: timedelta = timedelta(days=90)
    rows: timedelta = timedelta(days=365)

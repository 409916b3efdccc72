"""Opening hours out of `[hours]`, or out of a line's own `hours`."""

from collections.abc import Container
from datetime import date

from bridge.config.problems import Problems
from bridge.config.sections import OfficeSection
from bridge.config.values import DAYS, Hours
from bridge.domain.office.hours import Calendar, OpeningSpan


class Calendars:
    """Makes calendars of one office: one zone, one set of holidays. everyday: for lines without hours of their own."""

    def __init__(self, problems: Problems, office: OfficeSection, hours: Hours) -> None:
        self._problems = problems
        self._zone = office.zone
        self._holidays = self._read_holidays(office.holidays)
        self.everyday = self.of(hours, "hours")

    def of(self, hours: Hours, path: str) -> Calendar:
        """Days that are not named are closed; where none is named, the office never closes."""
        exceptions = {day: spans for day, spans in hours.items() if isinstance(day, date)}
        week: dict[int, tuple[OpeningSpan, ...]] = {}
        for days, spans in hours.items():
            for day in days if isinstance(days, tuple) else ():
                if day in week:
                    self._problems.add(path, f"{DAYS[day]} is named twice")
                week[day] = spans
        if not week:
            return Calendar(self._zone, exceptions=exceptions, holidays=self._holidays)
        return Calendar(self._zone, tuple(week.get(day, ()) for day in range(7)), exceptions, self._holidays)

    def _read_holidays(self, written: str | None) -> Container[date]:
        if written is None:
            return frozenset()
        import holidays  # a quarter of a second; most commands of most offices do without

        country, _, part = written.partition("-")
        try:
            return holidays.country_holidays(country.upper(), subdiv=part.upper() or None)
        except NotImplementedError:
            self._problems.add(
                "holidays", f'no holidays are known for "{written}"; write a country, or US-NY for a part'
            )
            return frozenset()

"""When the morning's digest is due, and what it says in the room there is."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from bridge.domain.callbacks.queue import Callback, Urgency
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.oncall.summary import SummaryFacts
from bridge.domain.reports.digest import ROOM, WaitingCustomer, due_at, last_working_day, page, text
from bridge.domain.reports.figures import Count, Figures, ResponseTimes
from tests.desk import CUSTOMER, NEW_YORK, OFFICE

WEEKDAYS = Calendar(NEW_YORK, ((OpeningSpan(time(9), time(12)), OpeningSpan(time(13), time(17))),) * 5 + ((),) * 2)
MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 22)
MORNING = datetime(2026, 11, 23, 14, tzinfo=UTC)


def figures(missed: int = 6, reached: int = 6, left: int = 0) -> Figures:
    counts = dict.fromkeys(Count, 0) | {Count.MISSED_CALLERS: missed, Count.CALLS_RECOVERED: reached}
    return Figures(date(2026, 11, 20), MONDAY, counts, ResponseTimes(), left)


def waiting(row_id: int, urgency: Urgency = Urgency.ROUTINE, **facts: Any) -> WaitingCustomer:
    opened_at = MORNING - timedelta(hours=11)
    row = Callback(row_id, "main", CUSTOMER, "main", opened_at, 1, urgency=urgency)
    return WaitingCustomer(row, SummaryFacts(row_id, CUSTOMER, opened_at, **facts))


@pytest.mark.parametrize(
    ("calendar", "day", "at", "hour"),
    [
        (WEEKDAYS, MONDAY, None, 14),
        (WEEKDAYS, MONDAY, time(7), 12),
        (WEEKDAYS, SUNDAY, None, None),
        (Calendar(NEW_YORK), SUNDAY, None, 13),
    ],
    ids=["at opening", "at a time of its own", "not on a closed day", "at eight where nobody ever closes"],
)
def test_it_is_due(calendar: Calendar, day: date, at: time | None, hour: int | None) -> None:
    expected = None if hour is None else datetime(day.year, day.month, day.day, hour, tzinfo=UTC)
    assert due_at(calendar, day, at) == expected


def test_on_monday_it_looks_back_to_friday() -> None:
    assert last_working_day(WEEKDAYS, MONDAY) == date(2026, 11, 20)
    assert last_working_day(Calendar(NEW_YORK, ((),) * 7), MONDAY) == SUNDAY


def test_a_good_morning_is_one_sentence_and_the_count() -> None:
    said = text([], figures(), OFFICE, MORNING)
    assert said == "Nobody waits for a call. Since Fri: 6 missed, 6 reached, 0 without a next step."


def test_rows_come_in_their_order_with_what_makes_them_urgent() -> None:
    rows = [waiting(4, Urgency.URGENT, name="Mary", address="4 Oak Ave", issue="no heat"), waiting(2)]
    assert text(rows, figures(3, 1, 1), OFFICE, MORNING) == (
        '2 to call, 1 urgent. URGENT #4 Mary (202) 555-0123, 4 Oak Ave: "no heat", since Sun 10 PM'
        " / #2 (202) 555-0123, since Sun 10 PM. Since Fri: 3 missed, 1 reached, 1 without a next step."
    )


def test_an_email_has_room_for_every_row() -> None:
    said = page([waiting(n, issue="x" * 200) for n in range(300)], figures(), OFFICE, MORNING).splitlines()
    assert said[:3] == ["300 to call.", "Since Fri: 6 missed, 6 reached, 0 without a next step.", ""]
    assert [row.split()[0] for row in said[3:]] == [f"#{n}" for n in range(300)]


def test_an_email_of_a_good_morning_is_two_lines() -> None:
    assert len(page([], figures(), OFFICE, MORNING).splitlines()) == 2


@pytest.mark.parametrize("count", [5, 50, 5000])
def test_what_does_not_fit_is_counted(count: int) -> None:
    said = text([waiting(n, issue="x" * 200) for n in range(count)], figures(), OFFICE, MORNING)
    assert len(said) <= ROOM
    assert said.startswith(f"{count} to call. #0 ")
    assert " more. Since Fri: " in said

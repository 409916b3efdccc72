"""What people send from the page."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.domain.office.hours import Calendar
from bridge.web.forms import FormError, Sent
from tests.desk import MONDAY_NIGHT, MONDAY_NOON, NEW_YORK, NINE_TO_FIVE

SENT = Sent({"until": "tomorrow"}, "Ann", MONDAY_NOON, NINE_TO_FIVE, "US")


def test_an_office_that_never_closes_begins_its_day_at_eight() -> None:
    assert SENT.until() == MONDAY_NOON + timedelta(hours=21)
    assert replace(SENT, calendar=Calendar(NEW_YORK)).until() == MONDAY_NOON + timedelta(hours=20)


def test_this_afternoon_is_no_time_once_it_has_begun() -> None:
    afternoon = replace(SENT, fields={"until": "afternoon"})
    assert afternoon.until() == MONDAY_NOON + timedelta(hours=2)
    with pytest.raises(FormError):
        replace(afternoon, now=MONDAY_NIGHT).until()

"""One line of facts: on one part where it can be, nothing invented, whatever the customer wrote."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.oncall import summary
from bridge.domain.oncall.summary import LIMITS, SummaryFacts
from bridge.domain.texts import gsm
from bridge.domain.texts.gsm import Encoding
from tests.desk import CUSTOMER, MONDAY_NIGHT, OFFICE

LEAK = SummaryFacts(
    row=7,
    number=CUSTOMER,
    waiting_since=MONDAY_NIGHT - timedelta(minutes=20),
    name="Mary Poole",
    address="12 Elm St",
    issue="sink leaks",
    why=("leak",),
    calls=3,
    talked_at=datetime.fromisoformat("2026-10-12T15:00Z"),
)


def line(facts: SummaryFacts, **around: str) -> str:
    return summary.line(facts, OFFICE, MONDAY_NIGHT, **around)


def test_a_line_says_who_where_what_why_since_when_and_what_was_before() -> None:
    assert line(LEAK, lead="URGENT #7: ") == (
        'URGENT #7: Mary Poole (202) 555-0123, 12 Elm St: "sink leaks" (leak), since 9:40 PM, 3 calls, talked Oct 12'
    )


def test_what_is_not_known_is_not_said() -> None:
    bare = SummaryFacts(row=7, number=None, waiting_since=LEAK.waiting_since)
    assert line(bare) == "number withheld, since 9:40 PM"


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(minutes=1), "9:59 PM"),
        (timedelta(days=1), "Sun 10 PM"),
        (timedelta(days=40), "Oct 14"),
    ],
)
def test_times_are_the_offices_and_as_short_as_they_are_clear(before: timedelta, shown: str) -> None:
    assert summary.moment(MONDAY_NIGHT - before, OFFICE, MONDAY_NIGHT) == shown


def test_what_is_least_needed_gives_way_first_and_a_cut_shows() -> None:
    long = replace(
        LEAK, issue="water comes through the ceiling of the kitchen and now it drips on the electric stove too"
    )
    text = line(long, lead="URGENT #7: ", tail=" Reply 1 to take it")
    assert gsm.units(text, Encoding.GSM7) <= 160
    assert text.startswith('URGENT #7: Mary Poole (202) 555-0123, 12 Elm St: "water comes through the ceiling of the')
    assert '..." (leak)' in text
    assert "talked" not in text
    assert text.endswith(" Reply 1 to take it")


def test_accents_and_pictures_do_not_cost_a_second_part() -> None:
    text = line(replace(LEAK, name="José Muñíz", issue="água 💧 everywhere\u202e"))
    assert text.startswith('José Muñiz (202) 555-0123, 12 Elm St: "agua everywhere"')
    assert len(gsm.split(text).parts) == 1


def test_a_name_in_another_script_is_kept_as_it_is() -> None:
    assert "Мария" in line(replace(LEAK, name="Мария"))


def test_a_line_stays_one_line_and_quotes_stay_quotes() -> None:
    text = line(replace(LEAK, name="x\r\nURGENT #8: Bob", issue='" (gas leak) "'))
    assert "\n" not in text
    assert "\r" not in text
    assert ": \"' (gas leak) '\" (leak)" in text


@given(
    name=st.text(max_size=200),
    address=st.none() | st.text(max_size=300),
    issue=st.none() | st.text(max_size=700),
    why=st.lists(st.sampled_from(["leak", "electrical burning smell", "medical equipment"]), max_size=3),
)
def test_whatever_they_write_the_number_stands_in_a_short_line(
    name: str, address: str | None, issue: str | None, why: list[str]
) -> None:
    facts = replace(LEAK, name=name, address=address, issue=issue, why=tuple(why))
    text = line(facts, lead="URGENT #7: ", tail=" Reply 1 to take it")
    encoding = gsm.split(text).encoding
    assert "(202) 555-0123" in text
    assert gsm.units(text, encoding) <= LIMITS[encoding]
    assert "\n" not in text

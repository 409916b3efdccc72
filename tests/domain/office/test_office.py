"""Which line a call rings."""

from dataclasses import replace
from zoneinfo import ZoneInfo

from bridge.domain.office.hours import Calendar
from bridge.domain.office.office import Line, Office
from bridge.domain.office.templates import Texts

ZONE = ZoneInfo("America/New_York")


def line(name: str, pbx: str, *dids: str) -> Line:
    return Line(name, pbx, dids, name, "+12125550100", Texts(), Calendar(ZONE))


SALES, SERVICE, DEPOT = line("sales", "town", "100"), line("service", "town", "200"), line("depot", "depot", "100")
OFFICE = Office("Ace", "US", ZONE, frozenset({"US"}), (SALES, SERVICE, DEPOT))


def test_a_number_finds_its_line_on_the_pbx_that_it_rang() -> None:
    assert OFFICE.line_for("town", "200") is SERVICE
    assert OFFICE.line_for("depot", "100") is DEPOT


def test_a_number_finds_its_line_however_the_pbx_writes_it() -> None:
    written = line("written", "town", "212-555-0142")
    office = Office("Ace", "US", ZONE, frozenset({"US"}), (SALES, written))
    for did in ("+12125550142", "12125550142", "2125550142", "(212) 555-0142"):
        assert office.line_for("town", did) is written


def test_a_number_that_no_line_names_goes_to_the_first_line_of_that_pbx() -> None:
    assert OFFICE.line_for("town", "999") is SALES
    assert OFFICE.line_for("depot", "999") is DEPOT


def test_the_number_a_customer_wrote_to_finds_its_lines_however_the_gateway_writes_it() -> None:
    short = replace(DEPOT, sms_number="72975")
    office = replace(OFFICE, lines=(SALES, SERVICE, short))
    for address in ("+12125550100", "12125550100", "2125550100", "(212) 555-0100"):
        assert office.lines_texted_at(address) == [SALES, SERVICE]
    assert office.lines_texted_at("72975") == [short]
    assert office.lines_texted_at("12125550199") == []

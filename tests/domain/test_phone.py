"""Who a number is, in every writing of trunks and gateways: tables of what was written and the right value."""

import pytest

from bridge.domain import phone
from bridge.domain.phone import E164, NumberKind

NEW_AREA_CODES = ("+14365550123", "+15655550123", "+16245550123", "+17295550123", "+12355550123", "+18615550147")
"""In service, or free to be: none is valid by tables that are older."""


@pytest.mark.parametrize("number", NEW_AREA_CODES)
@pytest.mark.parametrize("writing", ["{n}", "1{d}", "{d}", "({d:.3}) {d}", "sip:{n}@trunk;user=phone", "tel:{n}"])
def test_an_area_code_newer_than_our_tables_is_somebody(number: str, writing: str) -> None:
    national = number[2:]
    written = writing.replace("{d:.3}) {d}", f"{national[:3]}) {national[3:6]}-{national[6:]}")
    written = written.replace("{n}", number).replace("{d}", national)

    assert phone.parse(written, "US") == E164(number)


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+12025550200;npdi;rn=+12025551000", "+12025550200"),
        ("+12025550200;npdi;rn=+12025551000@10.0.0.1:5060;user=phone", "+12025550200"),
        ("2025550200@sbc.example.net", "+12025550200"),
        ("sip:+12025550200@sbc.example.net:5060;transport=udp", "+12025550200"),
        ("SIPS:+12025550200@sbc", "+12025550200"),
        ("sip:2025550200:secret@sbc", "+12025550200"),
        ('"Ann, of 12 Elm" <sip:+12025550200@sbc;user=phone>;tag=9', None),
        ('"Ann, of 12 Elm" <sip:+12025550200@sbc;user=phone>', "+12025550200"),
        ("<tel:+1-202-555-0200>", "+12025550200"),
        ("tel:+1-202-555-0200;ext=17", "+12025550200"),
        ("tel:5550200;phone-context=+1202", "+12025550200"),
        ("tel:202-555-0200;phone-context=+1", "+12025550200"),
        ("tel:+12025550200;phone-context=+44", "+12025550200"),
        ("%2B12025550200", "+12025550200"),
        ("SALES:2025550200", "+12025550200"),
        ("Line 2:2025550200", "+12025550200"),
        ("sms:+12025550200?body=hello", "+12025550200"),
        ("+1 202\u00a0555\u20110200", "+12025550200"),
        ("0012025550200", "+12025550200"),
        ("+0012025550200", "+12025550200"),
        ("01112025550200", "+12025550200"),
        ("+442071838750", "+442071838750"),
        ("00442071838750", "+442071838750"),
        ("%0d%0aEvent: Hangup", None),
        ("2025550200%0d%0aEvent: Hangup", None),
        ("5550200", None),
        ("101", None),
        ("911", None),
        ("72975", None),
        ("0000000000", None),
        ("1234567890", None),
        ("+447700900123", None),
        ("20255502001234", None),
        ("2" * 400, None),
        ("", None),
    ],
)
def test_what_is_written_for_a_number_is_read_the_same_wherever_it_stands(written: str, number: str | None) -> None:
    assert phone.parse(written, "US") == (number and E164(number))


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("030123456", "DE", "+4930123456"),
        ("49301234567", "DE", "+49301234567"),
        ("10123", "DE", None),  # an extension there, though a number may be as short
        ("0612345678", "NL", "+31612345678"),
        ("07700 900123", "GB", "+447700900123"),  # set aside for films: possible, not valid
        ("7729 555 0123", "US", None),
        ("787 555 0100", "PR", "+17875550100"),
        ("436 555 0100", "CA", "+14365550100"),
        ("436 555 0100", None, None),
        ("+14365550100", None, None),
        ("+12025550100", None, "+12025550100"),
    ],
)
def test_home_decides_what_is_possible(written: str, country: str | None, number: str | None) -> None:
    assert phone.parse(written, country) == (number and E164(number))


@pytest.mark.parametrize(
    "written",
    ["", " ", "anonymous", "Anonymous", "<unknown>", "anonymous@anonymous.invalid", "sip:anonymous@anonymous.invalid",
     "Restricted", "Private Number", "No Caller ID", "Unavailable", "OUT OF AREA", "+",
     '"Anonymous" <sip:unknown@host>'],
)  # fmt: skip
def test_withheld_is_what_the_network_does_not_show(written: str) -> None:
    assert phone.is_withheld(written)


@pytest.mark.parametrize(
    "written",
    [
        "0000000000",
        "+14365550123",
        "101",
        "1",
        "99999",
        "alice",
        "sip:door@gate",
        "unknown1",
        "7",
        "*98",
        "'; DROP TABLE call",
        "; DROP TABLE call",
    ],
)
def test_digits_that_nobody_can_read_are_not_withheld(written: str) -> None:
    assert not phone.is_withheld(written)


@pytest.mark.parametrize(
    ("sender", "name"),
    [("ACME", True), ("Ace24", True), ("", True), ("+", True), ("12025550123", False), ("+1 202 555 0123", False),
     ("tel:+12025550123", False), ("+12025550123;npdi", False), ("72975", False), ("2025550123@mms.example", False)],
)  # fmt: skip
def test_a_sender_with_letters_is_a_name(sender: str, name: bool) -> None:
    assert phone.is_name(sender) is name


OURS = E164("+12025550123")


@pytest.mark.parametrize(
    "written",
    ["+12025550123", "12025550123", "2025550123", "0012025550123", "+0012025550123", "01112025550123", "02025550123",
     "012025550123", "00 1 202 555 0123", "tel:+1-202-555-0123", "sip:+12025550123@gw", "+1 (202) 555-0123",
     "+2025550123", "000012025550123", "+12025550123;npdi", "1 202 555 0123", "9912025550123", "112025550123"],
)  # fmt: skip
def test_whom_we_texted_is_found_by_the_last_digits_in_every_writing(written: str) -> None:
    assert OURS in (*phone.readings(written, "US"), *phone.by_last_digits(written, "US", frozenset({"US", "CA"})))


@pytest.mark.parametrize(
    "written",
    ["+442025550123", "72975", "5550123", "025550123", "+12025550124", "ACME", "", "2025550123999"],
)  # fmt: skip
def test_who_only_looks_alike_is_somebody_else(written: str) -> None:
    assert OURS not in (*phone.readings(written, "US"), *phone.by_last_digits(written, "US", frozenset({"US", "CA"})))


@pytest.mark.parametrize(
    ("written", "country", "number"),
    [
        ("004915112345678", "DE", "+4915112345678"),
        ("015112345678", "DE", "+4915112345678"),
        ("15112345678", "DE", "+4915112345678"),
        ("4915112345678", "DE", "+4915112345678"),
        ("49015112345678", "DE", "+4915112345678"),
        ("0031612345678", "NL", "+31612345678"),
        ("612345678", "NL", "+31612345678"),
        ("4365550123", "US", "+14365550123"),
        ("+4365550123", "US", "+14365550123"),
        ("14365550123", "US", "+14365550123"),
        ("0014365550123", "US", "+14365550123"),
    ],
)
def test_last_digits_count_in_other_plans_too(written: str, country: str, number: str) -> None:
    assert E164(number) in (
        *phone.readings(written, country),
        *phone.by_last_digits(written, country, frozenset({country})),
    )


@pytest.mark.parametrize(
    ("sender", "first"),
    [("12025550123", "+12025550123"), ("442071838750", "+442071838750"), ("4365550123", "+14365550123"),
     ("0012025550123", "+12025550123"), ("+4365550123", "+4365550123")],
)  # fmt: skip
def test_a_sender_whom_nobody_knows_is_read_the_likeliest_way(sender: str, first: str) -> None:
    assert phone.readings(sender, "US")[0] == E164(first)


def test_what_our_tables_do_not_know_has_no_region_and_no_kind() -> None:
    new = E164("+14365550123")

    assert (new.region, phone.kind(new), phone.is_valid(new)) == (None, NumberKind.OTHER, False)
    assert phone.is_at_home(new, "US")
    assert E164("+18765551234").region == "JM"

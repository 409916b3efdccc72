import pytest

from bridge.domain.words.address import AddressAndIssue, find


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("water at 214 Walnut St, hurry", "214 Walnut St"),
        ("19 W 43rd St Apt 5B disposal jammed", "19 W 43rd St Apt 5B"),
        ("2200 Main Street, Springfield IL 62701-1234", "2200 Main Street, Springfield IL 62701-1234"),
        ("we are at the corner of 5th and Main", "corner of 5th and Main"),
        ("12850 Hwy 90 W, septic", "12850 Hwy 90 W"),
        ("4411 County Road 210", "4411 County Road 210"),
        ("vivo en Calle Hidalgo 45", "Calle Hidalgo 45"),
        ("450 Calle Sol, goteando", "450 Calle Sol"),
        ("37-15 82nd St #3C", "37-15 82nd St #3C"),
        ("1200 Broadway", "1200 Broadway"),
        ("77 old mill rd no heat", "77 old mill rd"),
        ("4510 N Highway 89, fence", "4510 N Highway 89"),
        ("7700 I-35 N", "7700 I-35 N"),
        ("500 N Lake Shore Drive #1204", "500 N Lake Shore Drive #1204"),
        ("33 Elm St, 1st floor", "33 Elm St, 1st floor"),
        ("unit 12, 450 Pine Street", "450 Pine Street"),
        ("that room, 450 Cedar Ridge Dr", "450 Cedar Ridge Dr"),
        ("toilet clogged, 1212 Broad", "1212 Broad"),
        ("come by 908 Magnolia thanks", "908 Magnolia"),
        ("sink clogged 14 Wisteria", "14 Wisteria"),
        ("Hello, 77 W Larchmont, no heat", "77 W Larchmont"),
        ("space 22 Whispering Oaks", "space 22 Whispering Oaks"),
        ("job is 4410 Ferncliff", "4410 Ferncliff"),
        ("we're at RR 3 Box 118, red barn", "RR 3 Box 118"),
        ("HC 64 Box 12B", "HC 64 Box 12B"),
        ("Rural Route 5, Box 210", "Rural Route 5, Box 210"),
        ("1420 Calle Ocho Apt 5, fuga", "1420 Calle Ocho Apt 5"),
        ("1600 Pennsylvania Ave NW, Washington DC 20500", "1600 Pennsylvania Ave NW, Washington DC 20500"),
    ],
)
def test_an_address_is_given_back_as_it_was_written(text: str, address: str) -> None:
    assert find([text]).address == address


@pytest.mark.parametrize(
    "text",
    [
        "240V AC outlet",
        "2 leaks in 3 bathrooms",
        "a 15 year old unit",
        "555 201 3344",
        "$300 way too much",
        "between 8 and 10 am",
        "a 1965 ranch, 1800 sq ft",
        "PO Box 1180",
        "the price is 2200 total",
        "number is 4471 now",
        "count is 12 Tuesday",
        "need quote Model 12 Kohler",
        "lot 5 Water Leak",
    ],
)
def test_other_numbers_are_no_address(text: str) -> None:
    assert find([text]).address is None


@pytest.mark.parametrize(
    ("parts", "address"),
    [
        (["250", "Birch St", "no heat"], "250 Birch St"),
        (["leak at 19 Elm St", "Apt 4, kitchen"], "19 Elm St Apt 4"),
        (["19 Elm Street.", "Apt 4 downstairs has no water"], "19 Elm Street"),
        (["call me at 5", "Main line is clogged"], None),
    ],
)
def test_an_address_may_go_on_in_the_next_text(parts: list[str], address: str | None) -> None:
    assert find(parts).address == address


def test_an_address_over_two_texts_is_no_part_of_the_issue() -> None:
    assert find(["250", "Birch St, sink clogged"]) == AddressAndIssue("250 Birch St", "sink clogged")


def test_the_issue_is_what_remains_in_the_customers_words() -> None:
    assert find(["Hi, yes urgent. 12 Oak St, kitchen sink is clogged"]) == AddressAndIssue(
        "12 Oak St", "kitchen sink is clogged"
    )
    assert find(["no", "heat"]).issue == "no heat"
    assert find(["yes please"]) == AddressAndIssue(None, None)


def test_a_long_issue_is_cut_at_a_word() -> None:
    issue = find(["the disposal hums and hums and will not grind anything at all " * 4]).issue
    assert issue is not None
    assert len(issue) <= 101
    assert issue.endswith("…")

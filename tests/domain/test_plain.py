"""Words as people search for them."""

import pytest

from bridge.domain.plain import folded


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("José", "jose"),
        ("Mun\u0303oz", "MUÑOZ"),
        ("O’Brien", "o'brien"),
        ("Søren Łukasz", "soren lukasz"),
        ("Straße", "STRASSE"),
        ("Nguyễn", "nguyen"),
        ("ИВАН", "иван"),
        ("water heater", "Water Heater"),
    ],
)
def test_what_people_take_for_the_same_is_folded_to_the_same(written: str, typed: str) -> None:
    assert folded(written) == folded(typed) == folded(folded(written))


@pytest.mark.parametrize(("one", "other"), [("Иван", "Олег"), ("水", "火"), ("nino", "nina")])
def test_what_is_another_word_stays_another(one: str, other: str) -> None:
    assert folded(one) != folded(other)

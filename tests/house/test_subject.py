"""How a commit is named."""

import pytest

from tests.house.subject import mistake


@pytest.mark.parametrize(
    "subject",
    ["web: keep a half-typed note", "agi, simulator: long answers", "Merge branch 'main'", 'Revert "web: keep"'],
)
def test_a_subject_that_names_its_area_passes(subject: str) -> None:
    assert mistake(f"{subject}\n\nThe why.\n") == ""


@pytest.mark.parametrize(
    ("subject", "said"),
    [
        ("Keep a half-typed note", "area: what it does"),
        ("web: keep a half-typed note.", "full stop"),
        ("web: ", "area: what it does"),
        (f"web: {'a' * 68}", "73 characters"),
    ],
)
def test_any_other_is_refused_with_what_is_wrong(subject: str, said: str) -> None:
    assert said in mistake(f"{subject}\n")

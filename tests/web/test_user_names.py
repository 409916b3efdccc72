"""Names that people cannot tell apart (homoglyphs) do not both get in."""

import pytest

from bridge.web.user_names import is_name, looks_like


@pytest.mark.parametrize(
    "name", ["Ann", "Zoë Müller", "José O'Neill-Ruiz", "Анна", "Ελένη", "李雷", "山田 たろう", "Anna Анна", "bob2"]
)
def test_people_are_called_as_they_are(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize("name", ["Аnn", "Boβ", "Jοhn", "", "  ", "a" * 81, "A\u200bnn", "A\tB"])
def test_a_word_of_two_scripts_is_no_name(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize("name", ["textback", "TextBack", "теxтвасk", "ｔextback", "t e x t b a c k", "textbасk"])
def test_nobody_looks_like_the_machine(name: str) -> None:
    assert not is_name(name)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Асе", "Ace"),
        ("ΡΟΕ", "Poe"),
        ("Bi11", "Bill"),
        ("BiII", "Bill"),
        ("Zoe", "Zoë"),
        ("Ａnn", "Ann"),
        ("B0b", "Bob"),
        ("Amold", "Arnold"),
    ],
)
def test_a_look_alike_of_somebody_known_is_told(name: str, known: str) -> None:
    assert looks_like(name, ["Carla", known]) == known


@pytest.mark.parametrize("name", ["Ann", "ann", "Anna", "Bob", "Ян"])
def test_other_names_and_the_same_one_are_no_look_alikes(name: str) -> None:
    assert looks_like(name, ["Ann", "Bill", "Rob"]) is None

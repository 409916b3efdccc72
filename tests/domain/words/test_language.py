"""Which of our languages a customer wrote in; the line's own where the words do not tell."""

import pytest

from bridge.domain.office.templates import Language
from bridge.domain.words import language


@pytest.mark.parametrize(
    "words",
    [
        "my sink is clogged",
        "No heat at 418 El Camino Real",
        "the AC at 12 La Mesa Dr, Los Angeles is broken",
        "hola, can you come to the house today?",
    ],
)
def test_english_is_told_by_its_small_words(words: str) -> None:
    assert language.of([words], Language.ES) is Language.EN


@pytest.mark.parametrize(
    "words",
    [
        "no hay agua caliente",
        "la puerta del garaje no abre",
        "Necesito una cita para hoy",
        "¿Cuánto cuesta?  Es en Main St",
        "MI BAÑO SE INUNDA",
    ],
)
def test_spanish_too_with_and_without_accents(words: str) -> None:
    assert language.of([words], Language.EN) is Language.ES


@pytest.mark.parametrize("words", ["", "418 El Camino Real", "12 Elm St", "???", "日本"])
def test_what_tells_nothing_is_of_the_line(words: str) -> None:
    assert language.of([words], Language.EN) is Language.EN
    assert language.of([words], Language.ES) is Language.ES


def test_several_texts_are_read_together() -> None:
    assert language.of(["ok", "mi calefaccion no funciona", "please"], Language.EN) is Language.ES

from bridge.domain.words.phrases import PhraseBook, PhraseMatch, parse
from bridge.domain.words.tokens import tokenise


def found(phrase: str, text: str) -> list[PhraseMatch[str]]:
    return PhraseBook([(parse(phrase, {}), "found")]).find(tokenise(text))


def test_a_point_stands_where_a_comma_or_the_end_does() -> None:
    assert found("heat is not .", "the heat is not")
    assert found("heat is not .", "the heat is not, the AC is")
    assert not found("heat is not .", "the heat is not broken")


def test_a_match_ends_with_the_last_word_before_the_point() -> None:
    (match,) = found("heat is not .", "the heat is not, the AC is")
    assert (match.first, match.last) == (1, 3)

import pytest

from bridge.domain.words.lexicon import LexiconError, build, default_lexicon, shipped, source
from bridge.domain.words.lexicon.spelling import Speller
from bridge.domain.words.triage import TriageLevel, assess

HEAD = '[[trigger]]\ncategory = "leak"\n'


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        (HEAD + 'phrases = ["leak*",\n  "Tröpfeln"]', 4, "Tröpfeln"),
        (HEAD + 'phrases = ["drip @nowhere"]', 3, "drip @nowhere"),
        (HEAD + 'phrases = ["~3 leak"]', 3, "~3 leak"),
        (HEAD + 'phrases = ["leak ~9 wall"]', 3, "leak ~9 wall"),
        (HEAD + 'phrases = ["#80 degrees"]', 3, "#80 degrees"),
        ('[[trigger]]\ncategory = "leeks"\nphrases = ["leak"]', 2, "leeks"),
        ('[[release]]\nkind = "gone"\nphrases = ["x"]', 2, "gone"),
        ("[[triggers]]\nphrases = []", 1, "triggers"),
        (HEAD + "phrases = [leak]", 3, "phrases = [leak]"),
        (HEAD + 'phrases = "leak"', 3, "phrases"),
    ],
)
def test_a_mistake_is_told_with_its_file_line_and_word(text: str, line: int, word: str) -> None:
    with pytest.raises(LexiconError) as caught:
        build([*shipped(), source("site.toml", text)])
    assert (caught.value.file, caught.value.line, caught.value.word) == ("site.toml", line, word)
    assert str(caught.value).startswith(f"site.toml, line {line}: ")


def test_a_site_category_that_does_not_exist_is_told() -> None:
    with pytest.raises(LexiconError, match="no such category"):
        default_lexicon().with_site(add={"flood": ["x"]})


def test_a_site_phrase_may_be_written_with_capitals_and_accents() -> None:
    site = default_lexicon().with_site(add={"leak": ["Está Húmedo"]})
    assert assess(["el piso esta humedo"], site).level is TriageLevel.URGENT


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("emergancy", "emergency"),
        ("leeaaking", "leaking"),
        ("floodin", "flooding"),
        ("laek", "leak"),
        ("heather", ""),
        ("tap", ""),
    ],
)
def test_slips_are_corrected_and_words_are_left_alone(written: str, meant: str) -> None:
    speller = Speller(["emergency", "leaking", "flooding", "leak", "heater"], known=["heather"])
    assert speller.correct(written) == meant

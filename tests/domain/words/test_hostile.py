"""Whatever a telephone can send is read without an exception, in time that grows with its length and no faster."""

from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.domain.words import address, honesty, own_words, triage
from bridge.domain.words import opt_out as optout
from bridge.domain.words.lexicon import default_lexicon
from bridge.domain.words.tokens import HEAD, tokenise

LEXICON = default_lexicon()
PIECES = [
    "leak ",
    "no ",
    "is not ",
    "12 Oak St ",
    "if ",
    "and ",
    "will call you ",
    "🔥",
    "\u202e",
    "\x00",
    "\ud800",
    "ﷺ",
    "1",
    "'",
    ".",
    "A/C ",
    "smell of the gas ",
    "Liked “",
    "> ",
    '"',
    "Reply STOP to ",
    "if this is urgent ",
    "S T O P ",
]
LENGTHS = (400, 1_600, 10_000)

any_text = st.text(alphabet=st.characters(codec=None), max_size=300) | st.lists(
    st.sampled_from(PIECES), max_size=60
).map("".join)


def read_all(text: str) -> None:
    triage.assess([text, text[:20]], LEXICON)
    address.find([text])
    optout.read(text, before=text[:40])
    heard = own_words.read(text, LEXICON, [text[:120], "Ace: Sorry we missed you. Reply STOP to opt out."])
    assert len(heard.text) == len(text)
    assert all(0 <= start < end <= len(text) for start, end in heard.unread)
    honesty.check(text, LEXICON)


@given(any_text)
@settings(max_examples=150, deadline=None)
def test_nothing_raises(text: str) -> None:
    read_all(text)


@given(st.lists(any_text, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_every_span_lies_in_its_text(texts: list[str]) -> None:
    found = triage.assess(texts, LEXICON)
    places = [(span.part, span.start, span.end, span.text) for span in found.spans]
    places += [(release.part, release.start, release.end, release.text) for release in found.released_by]
    for part, start, end, shown in places:
        assert texts[part][start:end] == shown != ""
    for text in texts:
        assert all(text[problem.start : problem.end] == problem.words for problem in honesty.check(text, LEXICON))
        assert all(0 <= token.start < token.end <= len(text) for token in tokenise(text))


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("length", LENGTHS)
def test_long_repetitions_are_read(piece: str, length: int) -> None:
    read_all((piece * length)[:length])


@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join))
@settings(max_examples=15, deadline=None)
def test_time_grows_no_faster_than_length(piece: str) -> None:
    """Four times the text may take four times the time, with room for a busy machine; a quadratic reader takes 16."""
    short, long = ((piece * HEAD)[:length] for length in (HEAD // 4, HEAD))
    assert _seconds(long) < 12 * _seconds(short) + 0.05


def _seconds(text: str) -> float:
    begun = process_time()
    read_all(text)
    return process_time() - begun


def test_of_a_long_text_the_beginning_and_the_end_are_read() -> None:
    words = [token.word for token in tokenise("first " + "word " * 300 + "last")]
    assert (words[0], words[-1]) == ("first", "last")
    assert [token.word for token in tokenise("." * 5_000 + "last")] == ["last"]

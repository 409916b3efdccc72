"""A data_coding that the octets contradict is not believed, and one that they bear out is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.texts.gsm import Alphabet
from bridge.domain.words.lexicon import OptOutRequest, default_lexicon
from bridge.domain.words.opt_out import read
from bridge.smpp.alphabets import ASCII, DEFAULT, UCS2, decode_text

LATIN1 = 3
ENGLISH = [
    *("STOP", "Stop", "stop", "QUIT", "quit", "HELP", "ALTO", "END", "YES", "no", "OK", "leak", "LEAK", "fuga"),
    *("no heat", "Gas smell!", "12 Elm St, 2nd floor", "Call me: 202-555-0123 (after 5)", "it's the A/C again"),
]
ACCENTED = ["está goteando", "¿Mañana?", "café 2 años", "Sí"]
ELSEWHERE = [
    *("漏水了", "你好", "谢谢", "是", "请给我打电话", "家里没有暖气，很冷", "热水器坏了，今天可以来吗？"),
    *("お湯が出ません", "はい", "ください", "水漏れ", "물이 새요", "네", "감사합니다"),
    *("да", "стоп", "Не работает отопление!", "вода 2 дня", "ναι, διαρροή", "تسرب مياه", "כן", "ไม่", "हाँ"),
    *("👍", "no 😀", "‘ya’ – mañana…", "Đường ống bị vỡ"),
]


def read_as(data_coding: int, octets: bytes) -> str | None:
    return decode_text(data_coding, octets, Alphabet.GSM7)


@pytest.mark.parametrize("text", [*ENGLISH, *ACCENTED])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_one_octet_a_character_called_ucs2_is_read_as_such(text: str, encoding: str) -> None:
    assert read_as(UCS2, text.encode(encoding)) == text


@pytest.mark.parametrize("text", [*ENGLISH, *ACCENTED, "请给我打电话", "стоп", "no 😀"])
def test_little_endian_ucs2_needs_no_byte_order_mark(text: str) -> None:
    assert read_as(UCS2, text.encode("utf-16-le")) == text


@pytest.mark.parametrize("text", [*ENGLISH, *ACCENTED, "请给我打电话，谢谢"])
@pytest.mark.parametrize("encoding", ["utf-16-be", "utf-16-le"])
@pytest.mark.parametrize("data_coding", [DEFAULT, ASCII, LATIN1])
def test_utf16_called_seven_or_eight_bits_is_read_as_utf16(data_coding: int, encoding: str, text: str) -> None:
    assert read_as(data_coding, text.encode(encoding)) == text


@pytest.mark.parametrize("text", ["café mañana", "请给我打电话", "no 😀"])
@pytest.mark.parametrize("data_coding", [DEFAULT, ASCII, LATIN1, UCS2])
def test_utf8_is_read_as_utf8_whatever_it_is_called(data_coding: int, text: str) -> None:
    assert read_as(data_coding, text.encode()) == text


@pytest.mark.parametrize("text", [*ENGLISH, *ACCENTED, *ELSEWHERE])
def test_what_is_truly_ucs2_stays_as_it_is(text: str) -> None:
    assert read_as(UCS2, text.encode("utf-16-be")) == text


@pytest.mark.parametrize("octets", [b"STOP", b"stop", b"S\0T\0O\0P\0", b"\0S\0T\0O\0P", b"Stop texting me"])
@pytest.mark.parametrize("data_coding", [UCS2, 0x18, 0xE0])
def test_stop_is_an_opt_out_however_it_was_coded(data_coding: int, octets: bytes) -> None:
    assert read(read_as(data_coding, octets) or "", default_lexicon()) is OptOutRequest.STOP


def one_of(low: str, high: str) -> st.SearchStrategy[str]:
    """Words of one script, in which no letter comes twice: octets that all say the same say nothing."""
    letters = st.characters(min_codepoint=ord(low), max_codepoint=ord(high), categories=["Lu", "Ll", "Lo"])
    return st.lists(letters, min_size=5, max_size=70, unique=True).map("".join)


CHINESE = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年漏水停电请快修"
"""Letters of every day: five rare ones in a row can be told from no coding else."""

SCRIPTS = st.one_of(
    st.lists(st.sampled_from(CHINESE), min_size=5, unique=True).map("".join),
    one_of("ぁ", "ヺ"),
    one_of("가", "힣"),
    one_of("А", "я"),
    one_of("ء", "ي"),
    one_of("α", "ω"),
    one_of("ก", "ฮ"),
)


@given(SCRIPTS)
def test_any_words_of_another_script_stay_as_they_are(text: str) -> None:
    assert read_as(UCS2, text.encode("utf-16-be")) == text


@given(st.lists(st.sampled_from(ENGLISH), min_size=1, max_size=6).map(" ".join))
def test_any_english_words_are_read_in_every_coding(text: str) -> None:
    codings = {"ascii": (DEFAULT, ASCII, LATIN1, UCS2), "utf-16-be": (DEFAULT, UCS2), "utf-16-le": (DEFAULT, UCS2)}
    for encoding, announced in codings.items():
        for data_coding in announced:
            assert read_as(data_coding, text.encode(encoding)) == text


@given(st.binary(max_size=140), st.sampled_from([DEFAULT, ASCII, LATIN1, UCS2]))
def test_octets_that_mean_nothing_are_still_some_text(octets: bytes, data_coding: int) -> None:
    assert read_as(data_coding, octets) is not None


def test_a_long_text_that_was_cut_in_the_middle_of_a_character_is_not_taken_for_something_else() -> None:
    octets = "no heat, help 😀".encode("utf-16-be")
    assert read_as(UCS2, octets[:-2]) == "no heat, help \ud83d"

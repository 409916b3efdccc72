import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.texts.gsm import (
    BASIC,
    ESCAPE,
    EXTENSION,
    Alphabet,
    Encoding,
    costly,
    decode_gsm7,
    encode_gsm7,
    fits,
    fits_gsm7,
    split,
    transliterate,
    units,
    without_accents,
)

GSM_CHARS = "".join(BASIC.replace(ESCAPE, "")) + "".join(EXTENSION)


def test_the_basic_table_has_128_different_characters() -> None:
    assert len(BASIC) == len(set(BASIC)) == 128


@pytest.mark.parametrize(
    ("char", "octets"),
    [
        ("@", "00"),
        ("£", "01"),
        ("$", "02"),
        ("_", "11"),
        ("Ξ", "1a"),
        ("É", "1f"),
        (" ", "20"),
        ("¤", "24"),
        ("?", "3f"),
        ("¡", "40"),
        ("A", "41"),
        ("Ä", "5b"),
        ("§", "5f"),
        ("¿", "60"),
        ("a", "61"),
        ("à", "7f"),
        ("\n", "0a"),
        ("€", "1b65"),
        ("{", "1b28"),
        ("\\", "1b2f"),
        ("|", "1b40"),
        ("^", "1b14"),
        ("~", "1b3d"),
        ("[", "1b3c"),
    ],
)
def test_characters_have_the_codes_of_the_standard(char: str, octets: str) -> None:
    assert encode_gsm7(char).hex() == octets
    assert decode_gsm7(bytes.fromhex(octets)) == char


@pytest.mark.parametrize("char", ["`", "ç", "á", "’", "😀", "\x1b", "\x00", "\t"])
def test_what_the_alphabet_lacks_is_refused_and_named(char: str) -> None:
    assert not fits_gsm7(char)
    with pytest.raises(ValueError, match="not in the GSM"):
        encode_gsm7(f"a{char}")


@pytest.mark.parametrize(
    ("octets", "text"),
    [("1b", " "), ("611b", "a "), ("1b1b61", " a"), ("1b61", "a"), ("80", "\ufffd"), ("1bff", "\ufffd"), ("", "")],
)
def test_octets_that_mean_nothing_are_shown_as_the_standard_says(octets: str, text: str) -> None:
    assert decode_gsm7(bytes.fromhex(octets)) == text


@given(st.binary(max_size=300))
def test_any_octets_decode(data: bytes) -> None:
    assert len(decode_gsm7(data)) <= len(data)


@given(st.text(alphabet=GSM_CHARS, max_size=400))
def test_what_is_encoded_decodes_to_the_same(text: str) -> None:
    assert decode_gsm7(encode_gsm7(text)) == text


@pytest.mark.parametrize(
    ("text", "bits", "encoding", "lengths"),
    [
        ("a" * 160, 8, Encoding.GSM7, [160]),
        ("a" * 161, 8, Encoding.GSM7, [153, 8]),
        ("a" * 161, 16, Encoding.GSM7, [152, 9]),
        ("a" * 161, 0, Encoding.GSM7, [161]),
        ("á" * 70, 8, Encoding.UCS2, [70]),
        ("á" * 71, 8, Encoding.UCS2, [67, 4]),
        ("á" * 71, 16, Encoding.UCS2, [66, 5]),
        ("€" * 80, 8, Encoding.GSM7, [80]),
        ("€" * 81, 8, Encoding.GSM7, [76, 5]),
        ("", 8, Encoding.GSM7, [0]),
    ],
)
def test_a_text_is_cut_where_the_standard_ends_a_part(
    text: str, bits: int, encoding: Encoding, lengths: list[int]
) -> None:
    segments = split(text, reference_bits=bits)
    assert (segments.encoding, [len(part) for part in segments.parts]) == (encoding, lengths)


def test_an_escape_pair_is_never_cut() -> None:
    assert split("a" * 152 + "€" + "b" * 20).parts == ("a" * 152, "€" + "b" * 20)


def test_a_surrogate_pair_is_never_cut() -> None:
    assert split("á" * 66 + "😀" + "b" * 20).parts == ("á" * 66, "😀" + "b" * 20)


@given(st.text(max_size=1000), st.sampled_from([8, 16]))
def test_parts_are_short_enough_and_lose_nothing(text: str, bits: int) -> None:
    segments = split(text, reference_bits=bits)
    assert "".join(segments.parts) == text
    single = 160 if segments.encoding is Encoding.GSM7 else 70
    header = {8: 7, 16: 8}[bits] if segments.encoding is Encoding.GSM7 else {8: 3, 16: 4}[bits]
    limit = single if len(segments.parts) == 1 else single - header
    assert all(units(part, segments.encoding) <= limit for part in segments.parts)


def test_a_text_of_more_than_255_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="257 parts"):
        split("a" * 153 * 257)


@pytest.mark.parametrize(
    ("text", "alphabet", "possible"),
    [
        ("é", Alphabet.LATIN1, True),
        ("€", Alphabet.LATIN1, False),
        ("Δ", Alphabet.LATIN1, False),
        ("á", Alphabet.LATIN1, False),
        ("é", Alphabet.ASCII, False),
        ("{@", Alphabet.ASCII, True),
        ("`", Alphabet.ASCII, False),
        ("Δ€", Alphabet.GSM7, True),
    ],
)
def test_a_gateway_with_another_default_alphabet_takes_less(text: str, alphabet: Alphabet, possible: bool) -> None:
    assert fits(text, alphabet) is possible
    assert split(text, alphabet=alphabet).encoding is (Encoding.GSM7 if possible else Encoding.UCS2)


def test_typography_becomes_what_a_phone_keyboard_has() -> None:
    written = "We’ll call — “today”… at\u00a0noon – or\u200b later"
    assert transliterate(written) == 'We\'ll call - "today"... at noon - or later'
    assert fits_gsm7(transliterate(written))


def test_accents_stay_and_are_composed() -> None:
    assert transliterate("Jose\u0301 está") == "José está"


@pytest.mark.parametrize(
    ("written", "bare"),
    [("Plomería García", "Plomeria Garcia"), ("¿Mañana? é ü à", "¿Mañana? é ü à"), ("Łódź 漏 😀", "Łodz 漏 😀")],
)
def test_only_accents_that_the_alphabet_lacks_are_left_out(written: str, bare: str) -> None:
    assert without_accents(written) == bare


def test_the_characters_that_cost_are_named_once_each() -> None:
    assert costly("García’s 😀 María’s") == ("í", "’", "😀")
    assert costly("¿Mañana? {€}") == ()
    assert costly("mañana", Alphabet.ASCII) == ("ñ",)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.texts.gsm import Alphabet, Encoding
from bridge.smpp.alphabets import decode_text, encode_text
from storage.values import whole


@pytest.mark.parametrize(
    ("data_coding", "octets", "text"),
    [
        (0x00, "00 6c65616b 1b65", "@leak€"),
        (0x01, "6c65616b 40 24 5f", "leak@$_"),
        (0x03, "e9f1bf 40", "éñ¿@"),
        (0x08, "0068 00e9 d83d de00", "hé😀"),
        (0x08, "feff 0068 00e9", "hé"),
        (0x08, "fffe 6800 e900", "hé"),
        (0x06, "b1b2", "БВ"),
        (0x07, "e0", "א"),
        (0x0E, "b0a1", "가"),
        (0x10, "00 41", "@A"),
        (0x18, "0068", "h"),
        (0xC0, "00 41", "@A"),
        (0xD8, "00 41", "@A"),
        (0xE0, "0068", "h"),
        (0xF0, "00 41", "@A"),
        (0xF2, "00 41", "@A"),
    ],
)
def test_data_codings(data_coding: int, octets: str, text: str) -> None:
    assert decode_text(data_coding, bytes.fromhex(octets), Alphabet.GSM7) == text


@pytest.mark.parametrize("data_coding", [0x02, 0x04, 0x14, 0x20, 0x34, 0x9F, 0xBF, 0xF4, 0xF6, 0xFF])
def test_binary_has_no_text(data_coding: int) -> None:
    assert decode_text(data_coding, b"abc", Alphabet.GSM7) is None


@pytest.mark.parametrize(
    ("default", "octets", "text"),
    [(Alphabet.GSM7, "05 40", "é¡"), (Alphabet.LATIN1, "e9 40", "é@"), (Alphabet.ASCII, "65 40", "e@")],
)
def test_data_coding_0_is_whatever_the_gateway_says(default: Alphabet, octets: str, text: str) -> None:
    assert decode_text(0, bytes.fromhex(octets), default) == text


@pytest.mark.parametrize(
    ("octets", "text"),
    [
        (b"\x00 home", "@ home"),
        (b"ma}ana", "mañana"),
        (b"`hoy?", "¿hoy?"),
        (b"{x} [1] a | b? ~5 _", "{x} [1] a | b? ~5 _"),
        (b"tab\there\r\n", "tab\there\r\n"),
    ],
)
def test_gsm_7_bit_that_calls_itself_ascii_is_recognised_by_what_no_ascii_text_has(octets: bytes, text: str) -> None:
    assert decode_text(1, octets, Alphabet.GSM7) == text


@pytest.mark.parametrize("data_coding", [0, 1])
@pytest.mark.parametrize(("octets", "text"), [(b"\xc3\xa9", "é"), (b"caf\xe9", "café")])
def test_eight_bits_announced_as_seven_are_still_readable(data_coding: int, octets: bytes, text: str) -> None:
    assert decode_text(data_coding, octets, Alphabet.GSM7) == text


def test_an_odd_octet_of_ucs2_is_marked_and_no_error() -> None:
    assert decode_text(8, b"\0h\0", Alphabet.GSM7) == "h\ufffd"


def test_a_character_cut_between_two_parts_comes_together_again() -> None:
    first, second = (decode_text(8, half, Alphabet.GSM7) or "" for half in (b"\0h\xd8\x3d", b"\xde\x00\0i"))
    assert whole(first + second) == "h😀i"


@pytest.mark.parametrize(
    ("text", "encoding", "default", "expected"),
    [
        ("é@", Encoding.GSM7, Alphabet.GSM7, (0, b"\x05\x00")),
        ("é@", Encoding.GSM7, Alphabet.LATIN1, (0, b"\xe9@")),
        ("e@", Encoding.GSM7, Alphabet.ASCII, (0, b"e@")),
        ("é😀", Encoding.UCS2, Alphabet.GSM7, (8, "é😀".encode("utf-16-be"))),
    ],
)
def test_encoding(text: str, encoding: Encoding, default: Alphabet, expected: tuple[int, bytes]) -> None:
    assert encode_text(text, encoding, default) == expected


@pytest.mark.parametrize("default", list(Alphabet))
def test_what_the_alphabet_lacks_is_refused_and_never_replaced(default: Alphabet) -> None:
    with pytest.raises(ValueError, match=r"not|ordinal"):
        encode_text("’", Encoding.GSM7, default)


@given(st.integers(0, 255), st.binary(max_size=200), st.sampled_from(Alphabet))
def test_any_octets_in_any_data_coding_are_readable_or_binary(data_coding: int, data: bytes, default: Alphabet) -> None:
    text = decode_text(data_coding, data, default)
    assert text is None or whole(text).encode("utf-8") is not None

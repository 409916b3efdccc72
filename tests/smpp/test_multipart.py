import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.texts.messages import Concatenation
from bridge.smpp.codec import Tag
from bridge.smpp.multipart import from_sar, sar, take_header, udh8, udh16

PARTS = st.integers(2, 255).flatmap(
    lambda total: st.builds(Concatenation, st.integers(0, 255), st.just(total), st.integers(1, total))
)


@pytest.mark.parametrize(
    ("octets", "part"),
    [
        ("050003 4d0302", Concatenation(0x4D, 3, 2)),
        ("060804 12340302", Concatenation(0x1234, 3, 2)),
        ("0a 050b84 2 3f0000 0003 070201".replace(" 2 3f0000", "23f0"), None),
        ("0b 0504 0b8423f0 0003 070201", Concatenation(7, 2, 1)),
        ("0a 0003 010201 0003 020202", Concatenation(2, 2, 2)),
        ("07 2401 01 0003 0702", None),
        ("00", None),
        ("03 000301", None),
        ("050003 4d0300", None),
        ("050003 4d0304", None),
        ("050003 4d0101", None),
        ("050003 4d0001", None),
        ("040003 4d03", None),
    ],
)
def test_user_data_headers(octets: str, part: Concatenation | None) -> None:
    assert take_header(bytes.fromhex(octets) + b"hello") == (part, b"hello")


@pytest.mark.parametrize("octets", ["", "05", "ff0003", "0a4142"])
def test_a_header_longer_than_the_data_is_text(octets: str) -> None:
    data = bytes.fromhex(octets)
    assert take_header(data) == (None, data)


@given(PARTS, st.binary(max_size=134))
def test_what_is_written_is_read_back(part: Concatenation, text: bytes) -> None:
    assert take_header(udh8(part) + text) == (part, text)
    assert take_header(udh16(part) + text) == (part, text)
    assert from_sar(sar(part)) == part


def test_sar_tlvs_may_have_other_lengths() -> None:
    tlvs = {Tag.SAR_MSG_REF_NUM: b"\x07", Tag.SAR_TOTAL_SEGMENTS: b"\0\x02", Tag.SAR_SEGMENT_SEQNUM: b"\0\0\0\x01"}
    assert from_sar({int(tag): value for tag, value in tlvs.items()}) == Concatenation(7, 2, 1)


@pytest.mark.parametrize("absent", [Tag.SAR_MSG_REF_NUM, Tag.SAR_TOTAL_SEGMENTS, Tag.SAR_SEGMENT_SEQNUM])
def test_sar_needs_all_three_tlvs(absent: Tag) -> None:
    tlvs = sar(Concatenation(7, 2, 1))
    del tlvs[absent]
    assert from_sar(tlvs) is None


@given(st.binary(max_size=160))
def test_any_user_data_is_read(data: bytes) -> None:
    part, text = take_header(data)
    assert len(text) <= len(data)
    assert part is None or 0 < part.sequence <= part.total


@given(st.dictionaries(st.sampled_from([int(tag) for tag in Tag]), st.binary(max_size=6)))
def test_any_sar_tlvs_are_read(tlvs: dict[int, bytes]) -> None:
    part = from_sar(tlvs)
    assert part is None or 0 < part.sequence <= part.total

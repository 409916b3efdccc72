from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.texts.messages import Concatenation, InboundText
from bridge.domain.texts.multipart import Joined, PartsKey, join, key


def part(sequence: int, text: str, total: int = 3) -> tuple[Concatenation, str]:
    return Concatenation(reference=7, total=total, sequence=sequence), text


def test_parts_join_in_their_order_whatever_order_they_came_in() -> None:
    assert join([part(3, "c"), part(1, "a"), part(2, "b")]) == Joined("abc", complete=True)


def test_a_repeated_part_changes_nothing() -> None:
    assert join([part(1, "a"), part(2, "b"), part(2, "b"), part(3, "c"), part(1, "x")]) == Joined("abc", complete=True)


def test_missing_parts_are_shown_as_a_gap_and_the_text_as_partial() -> None:
    assert join([part(2, "b", total=5)]) == Joined("[…]b[…]", complete=False)


def test_nothing_joins_to_nothing() -> None:
    assert join([]) == Joined("", complete=True)


def test_two_senders_with_one_reference_are_two_texts() -> None:
    one, other = (
        InboundText("gw", source, "+1555", "x", b"", part=Concatenation(7, 2, 1)) for source in ("+1202", "+1303")
    )
    assert key(one) == PartsKey("gw", "+1202", "+1555", 7, 2)
    assert key(one) != key(other)


def test_a_whole_text_has_no_key() -> None:
    assert key(InboundText("gw", "+1202", "+1555", "x", b"")) is None


@given(
    st.lists(
        st.tuples(
            st.builds(Concatenation, st.integers(0, 65535), st.integers(1, 255), st.integers(1, 255)),
            st.text(max_size=5),
        ),
        max_size=40,
    )
)
def test_any_parts_join(parts: list[tuple[Concatenation, str]]) -> None:
    assert len(join(parts).text) <= 5 * 40 + 3 * 256

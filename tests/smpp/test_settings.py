import pytest

from bridge.smpp import status
from bridge.smpp.settings import Concat, Disposition, Numbering
from tests.smpp.support import SETTINGS, with_settings


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"password": "123456789"}, "password is longer than the 8"),
        ({"password": "a\0b"}, "password may hold only"),
        ({"system_id": "x" * 16}, "system_id is longer than the 15"),
        ({"system_id": ""}, "must not be empty"),
        ({"system_type": "x" * 13}, "system_type is longer"),
        ({"host": ""}, "must not be empty"),
        ({"port": 0}, "port must be"),
        ({"port": 65536}, "port must be"),
        ({"window": 0}, "window must be more than 0"),
        ({"rate": 0.0}, "rate must be more than 0"),
        ({"error_map": {"hello": Disposition.TEMPORARY}}, "'hello' is not a command_status"),
    ],
)
def test_what_the_protocol_would_cut_or_cannot_say_is_refused_at_once(changes: dict[str, object], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        with_settings(**changes)


def test_a_password_is_never_shown() -> None:
    settings = with_settings(password="hunter22")
    assert "hunter22" not in repr(settings)
    with pytest.raises(ValueError, match="password") as refused:
        with_settings(password="hunter2222")
    assert "hunter2222" not in str(refused.value)


@pytest.mark.parametrize(
    ("concat", "bits"), [(Concat.UDH8, 8), (Concat.UDH16, 16), (Concat.SAR, 8), (Concat.PAYLOAD, 0)]
)
def test_the_way_of_concatenation_decides_where_texts_are_cut(concat: Concat, bits: int) -> None:
    assert with_settings(concat=concat).reference_bits == bits


def test_ton_and_npi_fit_an_octet() -> None:
    with pytest.raises(ValueError, match="ton and npi"):
        Numbering(256, 1)


def test_the_error_map_goes_before_what_we_think_and_reads_hex() -> None:
    dispositions = with_settings(error_map={"0x4a1": Disposition.TEMPORARY, "88": Disposition.PERMANENT}).dispositions
    assert not status.refusal(0x4A1, dispositions).permanent
    assert status.refusal(0x58, dispositions).permanent
    assert status.refusal(0x4A2, dispositions).permanent
    assert SETTINGS.dispositions == {}

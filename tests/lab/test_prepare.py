"""What cannot be installed is said, and is a failure only where real parts are required."""

import pytest

from tests.lab import prepare
from tests.lab.asterisk import LabError
from tests.lab.fixtures import REQUIRED


def cannot() -> None:
    raise LabError("no network here")


@pytest.fixture
def one_part_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prepare, "STEPS", {"Asterisk": cannot, "the SMPP server": lambda: None})


@pytest.mark.parametrize(("required", "code"), [("1", 1), ("", 0)])
def test_a_missing_part_is_named_and_fails_only_where_it_is_required(
    one_part_missing: None,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    required: str,
    code: int,
) -> None:
    monkeypatch.setenv(REQUIRED, required)
    assert prepare.main() == code
    said = capsys.readouterr().out
    assert "Asterisk: not available" in said
    assert "no network here" in said
    assert "the SMPP server: ready" in said

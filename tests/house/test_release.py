"""A release: a version that comes later, and a changelog that says what is in it."""

from datetime import date

import pytest

from tests.house.release import ReleaseError, released, versioned
from tests.lab.asterisk import REPOSITORY

PYPROJECT = '[project]\nname = "missed-call-textback"\nversion = "0.9.1"\n\n[tool]\nversion = "1"\n'
TODAY = date(2026, 11, 30)
CHANGELOG = """\
# Changelog

## Unreleased

- Something new.

## 0.9.1 (2026-10-01)

- Something old.
"""


@pytest.mark.parametrize("version", ["0.9.2", "0.10.0", "1.0.0"])
def test_a_later_version_takes_the_place_of_the_earlier(version: str) -> None:
    assert versioned(PYPROJECT, version) == PYPROJECT.replace("0.9.1", version)


@pytest.mark.parametrize(
    ("version", "said"), [("0.9.1", "does not come after 0.9.1"), ("0.9.0", "after"), ("v1", "1.2.3"), ("", "1.2.3")]
)
def test_any_other_is_refused(version: str, said: str) -> None:
    with pytest.raises(ReleaseError, match=said):
        versioned(PYPROJECT, version)


def test_what_was_unreleased_stands_under_the_version_and_its_day() -> None:
    changelog, news = released(CHANGELOG, "0.10.0", TODAY)
    assert news == "## 0.10.0 (2026-11-30)\n\n- Something new.\n"
    assert changelog == CHANGELOG.replace("## Unreleased\n", f"## Unreleased\n\n{news}").replace(
        f"{news}\n- Something new.\n", news
    )


@pytest.mark.parametrize("changelog", ["# Changelog\n", released(CHANGELOG, "0.10.0", TODAY)[0]])
def test_a_release_of_nothing_is_refused(changelog: str) -> None:
    with pytest.raises(ReleaseError, match="Unreleased"):
        released(changelog, "0.11.0", TODAY)


def test_our_own_files_can_be_released() -> None:
    versioned((REPOSITORY / "pyproject.toml").read_text(), "999.0.0")
    assert "\n## Unreleased\n" in (REPOSITORY / "CHANGELOG.md").read_text()

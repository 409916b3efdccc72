"""`textback doctor` against a running Asterisk whose account, dialplan or general section is not right."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.cli.dialplan import rendered
from bridge.config import Config, Pbx, load
from bridge.doctor import Finding, Level
from bridge.doctor_links import pbx_checks
from tests.cli.test_configuration import example
from tests.lab.asterisk import Asterisk, LabError, running_asterisk
from tests.lab.fixtures import missing

__all__ = ["example"]

pytestmark = pytest.mark.asterisk


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    """One of its own: its account is broken again and again."""
    try:
        with running_asterisk() as asterisk:
            yield asterisk
    except LabError as error:
        missing(str(error))


@pytest.fixture
def config(example: Path, pbx: Asterisk) -> Config:
    text = example.read_text().replace("[[pbx]]", f"[[pbx]]\nport = {pbx.ports.ami}")
    token = '\n[phones]\ntoken = "0123456789abcdef"\n'
    example.write_text(text + token)
    example.chmod(0o600)
    return load(example, {})


def install(pbx: Asterisk, config: Config, old: str = "", new: str = "") -> Pbx:
    """Render the snippets and load them, with this in the account changed."""
    for name, text in rendered(config, config.pbxs[0], freepbx=False, secrets=True):
        assert old in text or not name.startswith("manager")
        (pbx.home / "etc" / name).write_text(text.replace(old, new) if name.startswith("manager") else text)
    pbx.cli("manager reload")
    pbx.cli("dialplan reload")
    return config.pbxs[0]


async def examined(pbx: Pbx) -> list[Finding]:
    return list(await pbx_checks(pbx, phones=True))


async def worst(pbx: Pbx) -> list[str]:
    return [finding.said for finding in await examined(pbx) if finding.level in (Level.PROBLEM, Level.WARNING)]


async def test_what_we_ship_is_found_right(pbx: Asterisk, config: Config) -> None:
    found = await examined(install(pbx, config))
    assert [finding for finding in found if finding.level in (Level.PROBLEM, Level.WARNING)] == []
    said = " ".join(finding.said for finding in found)
    assert "Asterisk 22" in said
    assert "does what is needed and no more" in said.replace("may do", "does")
    assert "[textback-say] is in the dialplan" in said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("write = originate,reporting", "write = originate", "the account may not CoreShowChannels"),
        ("write = originate,reporting", "write = reporting", "the account may not Originate"),
        ("write = originate,reporting", "write = originate,reporting,command", "more than is needed: command"),
        ("write = originate,reporting", "write = all", "the account may do more than is needed"),
        ("read = call,agent,system,user,dialplan", "read = call,agent,user", "does not hear system"),
        ("permit = 127.0.0.1/255.255.255.255", "permit = 192.0.2.1/255.255.255.255", "login refused"),
        ("secret = hunter2", "secret = another", "login refused"),
    ],
)
async def test_an_account_that_is_too_wide_too_narrow_or_shut_is_told(
    pbx: Asterisk, config: Config, old: str, new: str, said: str
) -> None:
    found = await worst(install(pbx, config, old, new))
    assert any(said in row for row in found), found


async def test_a_dialplan_without_our_contexts_is_told(pbx: Asterisk, config: Config) -> None:
    settings = install(pbx, config)
    etc = pbx.home / "etc"
    for name in ("extensions_textback.conf", "extensions_textback_phones.conf"):
        (etc / name).write_text("")
    pbx.cli("dialplan reload")
    found = await worst(settings)
    assert "[textback-codes] is not in the dialplan" in found
    assert any(row.startswith("[textback-say] is not in the dialplan: a caller who hides") for row in found)


async def test_every_finding_that_is_not_fine_says_what_to_type(pbx: Asterisk, config: Config) -> None:
    settings = install(pbx, config, "write = originate,reporting", "write = all")
    assert all(found.remedy for found in await examined(settings) if found.level is Level.WARNING)

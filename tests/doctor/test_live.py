"""`textback doctor` against a running Asterisk whose account, dialplan or general section is not right."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.cli.dialplan import DialplanSite, rendered
from bridge.config import Config, load
from bridge.doctor.asterisk import stamps
from bridge.doctor.links import link_checks
from bridge.doctor.local import CheckResult, Finding
from tests.lab.asterisk import Asterisk, LabError, running_asterisk
from tests.lab.fixtures import missing

TOKEN = "0123456789abcdef"

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
    text = re.sub(r"\[\[pbx\]\]\nport = \d+", f"[[pbx]]\nport = {pbx.ports.ami}", example.read_text())
    phones = f'\n[phones]\ntoken = "{TOKEN}"\nlisten = "127.0.0.1:{pbx.ports.agi}"\n'
    example.write_text(text + phones)
    example.chmod(0o600)
    return load(example, {})


def install(pbx: Asterisk, config: Config, old: str = "", new: str = "", file: str = "manager") -> Config:
    """Render the snippets and load them, with this changed in the account, or in another file."""
    for name, text in rendered(config, config.pbxs[0], DialplanSite(), secrets=True):
        changed = name.startswith(file)
        assert old in text or not changed
        (pbx.home / "etc" / name).write_text(text.replace(old, new) if changed else text)
    pbx.cli("manager reload")
    pbx.cli("dialplan reload")
    return config


async def examined(config: Config, *, running: bool = False) -> list[Finding]:
    found = await link_checks(config, ["smpp"], running=running)
    return [finding for finding in found if not finding.check.startswith("sms")]


def bad(found: list[Finding]) -> list[Finding]:
    return [finding for finding in found if finding.level in (CheckResult.PROBLEM, CheckResult.WARNING)]


async def worst(config: Config) -> list[str]:
    return [finding.said for finding in bad(await examined(config))]


async def test_what_we_ship_is_found_right(pbx: Asterisk, config: Config) -> None:
    found = await examined(install(pbx, config))
    assert bad(found) == []
    said = " ".join(finding.said for finding in found)
    assert "Asterisk 22" in said
    assert "does what is needed and no more" in said.replace("may do", "does")
    assert "[textback-say] is in the dialplan" in said
    assert "the PBX asked for a script at 127.0.0.1" in said


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
    assert all(found.remedy for found in await examined(settings) if found.level is CheckResult.WARNING)


def test_events_without_a_time_of_their_own_are_told(pbx: Asterisk, config: Config) -> None:
    """Whatever manager.conf says before: what we ship comes last."""
    manager = pbx.home / "etc" / "manager.conf"
    manager.write_text(manager.read_text().replace("timestampevents = yes", "timestampevents = no"))
    install(pbx, config)
    assert list(stamps("pbx", pbx.cli("manager show settings"))) == []
    install(pbx, config, "timestampevents = yes", "")
    [found] = stamps("pbx", pbx.cli("manager show settings"))
    assert (found.level, "textback dialplan --out" in found.remedy) == (CheckResult.WARNING, True)


# --- scripts, as the PBX reaches them ---------------------------------------------------------------------------------


async def test_a_pbx_that_looks_for_our_scripts_elsewhere_is_told(
    pbx: Asterisk, config: Config, unused_tcp_port: int
) -> None:
    install(pbx, config, f":{pbx.ports.agi}/", f":{unused_tcp_port}/", "extensions_textback_phones")
    (found,) = bad(await examined(config))
    assert (found.level, "cannot connect to our scripts" in found.said) == (CheckResult.PROBLEM, True)
    assert f"to any port {pbx.ports.agi}" in found.remedy


async def test_a_pbx_with_another_token_is_told(pbx: Asterisk, config: Config) -> None:
    install(pbx, config, TOKEN, "0000000000000000", "extensions_textback_phones")
    (found,) = bad(await examined(config))
    assert "its token is not ours" in found.said
    assert "textback dialplan --out" in found.remedy


async def test_scripts_that_the_running_daemon_serves_are_not_served_twice(pbx: Asterisk, config: Config) -> None:
    """Said to run although it does not: nobody answers there."""
    (found,) = bad(await examined(install(pbx, config), running=True))
    assert "cannot connect to our scripts" in found.said


async def test_a_port_that_another_program_has_is_told_by_the_call_too(pbx: Asterisk, config: Config) -> None:
    async def says_nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(says_nothing, "127.0.0.1", pbx.ports.agi):
        (found,) = bad(await examined(install(pbx, config)))
    assert "turned away" in found.said


async def test_an_account_that_hears_no_answer_of_ours_is_told(pbx: Asterisk, config: Config) -> None:
    install(pbx, config, "eventfilter = Event: UserEvent\n", "")
    (found,) = bad(await examined(config))
    assert found.said == "the PBX did not say whether it reached our scripts"
    assert "manager reload" in found.remedy


async def test_manager_that_is_off_is_told_with_where_to_switch_it_on(config: Config, unused_tcp_port: int) -> None:
    off = replace(config, pbxs=(replace(config.pbxs[0], port=unused_tcp_port),), phones=None)
    (found,) = await examined(off)
    assert found.is_problem
    assert "enabled = yes in manager.conf" in found.remedy

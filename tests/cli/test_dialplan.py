"""`textback dialplan`: what it renders, a real Asterisk loads without a word."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.cli.dialplan import MANAGER, PHONES, TRUNK, DialplanSite, rendered
from bridge.config import Config, load
from tests.lab.asterisk import Asterisk, LabError, running_asterisk
from tests.lab.fixtures import missing
from tests.lab.office import open_office
from tests.lab.phone import answers_after
from tests.site import run

TOKEN = "0123456789abcdef"
THEIRS = """
[from-pstn]
exten => _X.,1,Hangup()
exten => s,1,Hangup()
[from-internal]
exten => _X.,1,Hangup()
include => textback-codes
"""


@pytest.fixture
def config(example: Path) -> Path:
    """With desk phones, a secret that Asterisk could misread, and names of their own."""
    text = example.read_text().replace("[[line]]", '[[line]]\npbx = "one"')
    text = text.replace('["PJSIP/trunk-*"]', '["PJSIP/carrier-*"]\nname = "one"\nusername = "missed"')
    more = '[[pbx]]\nname = "two"\nsecret_file = "two"\n[phones]\ntoken_file = "token"\nlisten = "127.0.0.1:4599"\n'
    example.write_text(f"{text}\n{more}")
    for name, secret in (("ami.secret", "hunter;2"), ("two", "second"), ("token", TOKEN)):
        (example.parent / name).write_text(secret)
        (example.parent / name).chmod(0o600)
    return example


def files(config: Config, *, freepbx: bool = False, secrets: bool = True) -> dict[str, str]:
    return dict(rendered(config, config.pbxs[0], DialplanSite(freepbx), secrets=secrets))


def test_names_ports_and_ways_out_are_those_of_the_site(config: Path) -> None:
    made = files(load(config, {}))
    assert "[missed]\nsecret = hunter\\;2\n" in made[MANAGER]
    assert "permit = 127.0.0.1/255.255.255.255" in made[MANAGER]
    assert f"AGI(agi://127.0.0.1:4599/{TOKEN}/${{ARG1}})" in made[PHONES]
    assert "Dial(PJSIP/+${ARG1}@carrier,60,g)" in made[PHONES]


def test_freepbx_dials_by_its_own_routes_and_its_trunk_enters_our_context_first(config: Path) -> None:
    made = files(load(config, {}), freepbx=True)
    assert "Dial(Local/${ARG1}@from-internal/n,60,g)" in made[PHONES]
    assert "displayconnects = no" in made[MANAGER]
    assert "[from-internal-custom]\ninclude => textback-codes\n" in made[PHONES]
    other = dict(
        rendered(load(config, {}), load(config, {}).pbxs[0], DialplanSite(freepbx=True, trunk="from-my-trunk"))
    )
    assert "include => from-my-trunk" in other[TRUNK]
    assert "from-pstn" not in other[TRUNK]


def test_on_a_plain_asterisk_only_contexts_that_are_named_get_ours(config: Path) -> None:
    assert TRUNK not in files(load(config, {}))
    named = dict(
        rendered(load(config, {}), load(config, {}).pbxs[0], DialplanSite(trunk="from-trunk", phones="internal"))
    )
    assert "include => from-trunk\n" in named[TRUNK]
    assert "[internal]\ninclude => textback-codes\n" in named[PHONES]


def test_lines_that_are_there_are_not_asked_for_again(example: Path, tmp_path: Path) -> None:
    (tmp_path / "manager.conf").write_text('#tryinclude "manager_textback.conf"\n')
    told = run("dialplan", "--out", str(tmp_path), "--config", str(example)).stdout
    assert "/etc/asterisk/manager.conf" not in told
    assert "echo '#tryinclude \"extensions_textback.conf\"' >> /etc/asterisk/extensions.conf" in told


@pytest.mark.parametrize("name", ["from trunk", "x]\n[y", "a;b"])
def test_what_is_no_name_of_a_context_is_refused(example: Path, name: str) -> None:
    assert run("dialplan", "--trunk-context", name, "--config", str(example)).returncode == 2


def test_what_is_shown_holds_no_secret(config: Path) -> None:
    shown = run("dialplan", "--config", str(config)).stdout
    assert TOKEN not in shown
    assert "hunter" not in shown
    assert "secret = CHANGE-ME" in shown


def test_without_phones_there_is_nothing_for_them(example: Path) -> None:
    shown = run("dialplan", "--config", str(example)).stdout
    assert "textback-codes" not in shown
    assert "give textback.toml a [phones] table" in shown


def test_written_files_are_not_for_everybody(config: Path, tmp_path: Path) -> None:
    done = run("dialplan", "--freepbx", "--pbx", "two", "--out", str(tmp_path), "--config", str(config))
    assert '#tryinclude "extensions_textback_trunk.conf"' in done.stdout
    account = tmp_path / MANAGER
    assert account.stat().st_mode & 0o777 == 0o640
    assert "secret = second" in account.read_text()


@pytest.fixture
def pbx() -> Iterator[Asterisk]:
    try:
        with running_asterisk() as asterisk:
            yield asterisk
    except LabError as error:
        missing(str(error))


@pytest.mark.asterisk
@pytest.mark.parametrize("freepbx", [False, True])
def test_a_real_asterisk_loads_every_file_without_a_warning(pbx: Asterisk, config: Path, freepbx: bool) -> None:
    etc, log = pbx.home / "etc", pbx.home / "log" / "messages"
    made = files(load(config, {}), freepbx=freepbx)
    for name, text in made.items():
        (etc / name).write_text(text)
    includes = "".join(f'#tryinclude "{name}"\n' for name in made if name != MANAGER)
    (etc / "extensions.conf").write_text(THEIRS + includes)
    before = log.stat().st_size
    pbx.cli("dialplan reload")
    pbx.cli("manager reload")
    account = pbx.cli("manager show user missed")
    rights = {kind: set(row.split(",")) for kind, row in re.findall(r"(read|write) perm: (\S+)", account)}
    assert rights == {
        "read": {"call", "agent", "system", "user", "dialplan"},
        "write": {"originate", "reporting"},
    }
    assert "textback-codes" in pbx.cli("dialplan show textback-codes")
    assert "*251@textback-codes" in pbx.cli("core show hints").replace(" ", "")
    if freepbx:
        assert "Include" in pbx.cli("dialplan show from-trunk-textback")
    said = log.read_bytes()[before:].decode("utf-8", "replace")
    assert [row for row in said.splitlines() if re.search(r"\b(WARNING|ERROR)\b", row)] == []


@pytest.mark.asterisk
async def test_calls_go_through_the_context_in_front_as_they_did_without_it(pbx: Asterisk, config: Path) -> None:
    """A trunk whose Context field names ours: known numbers are answered, unknown ones are refused as before."""
    in_front(pbx, load(config, {}))
    messages = pbx.home / "log" / "messages"
    before = len(messages.read_text())
    async with open_office(pbx) as office:
        office.behave(p101=answers_after(0.2))
        served = office.trunk.customer_calls("0205550101", headers=[("P-Attestation-Indicator", "B")])
        await served.answered.wait()
        served.hang_up()
        unknown = office.trunk.customer_calls("0205559999")
        await unknown.ended.wait()
        assert (unknown.status[:3], unknown.answered.is_set()) == ("404", False)
        hidden = office.trunk.withheld_calls("0205550101", "+31612345678")
        await hidden.answered.wait()
        hidden.hang_up()
    said = messages.read_text()[before:]
    assert "Pres: prohib" in said
    assert "Attestation: B" in said
    assert [row for row in said.splitlines() if re.search(r"\b(WARNING|ERROR)\b.*(func|header)", row)] == []


def in_front(pbx: Asterisk, config: Config) -> None:
    etc = pbx.home / "etc"
    made = dict(rendered(config, config.pbxs[0], DialplanSite(trunk="from-trunk")))
    with (etc / "extensions.conf").open("a") as file:
        file.write("\n" + made[TRUNK])
    trunk = (etc / "pjsip.conf").read_text()
    (etc / "pjsip.conf").write_text(trunk.replace("context=from-trunk", "context=from-trunk-textback"))
    pbx.cli("dialplan reload")
    pbx.cli("module reload res_pjsip.so")

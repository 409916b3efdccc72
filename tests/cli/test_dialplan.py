"""`textback dialplan`: what it renders, a real Asterisk loads without a word."""

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bridge.ami import console
from bridge.ami.contexts import front
from bridge.cli.dialplan import MANAGER, PHONES, TRUNK, DialplanSite, passed_on, rendered
from bridge.config import Config, load
from bridge.config.sections import NumberForm
from tests.lab.asterisk import CONFIG as LAB_CONFIG
from tests.lab.asterisk import Asterisk, LabError, running_asterisk
from tests.lab.fixtures import missing
from tests.lab.office import open_office
from tests.lab.phone import answers_after
from tests.site import run

TOKEN = "0123456789abcdef"
NOT_THERE = "There is no existence of '{}' context\n"


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


def files(config: Config, site: DialplanSite | None = None, **pbx: object) -> dict[str, str]:
    """pbx: settings of the first one, instead of the configuration's."""
    return dict(rendered(config, replace(config.pbxs[0], **pbx), site or DialplanSite(), secrets=True))  # type: ignore[arg-type]


def test_names_ports_and_ways_out_are_those_of_the_site(config: Path) -> None:
    made = files(load(config, {}))
    assert "[missed]\nsecret = hunter\\;2\n" in made[MANAGER]
    assert "permit = 127.0.0.1/255.255.255.255" in made[MANAGER]
    assert f"AGI(agi://127.0.0.1:4599/{TOKEN}/${{ARG1}})" in made[PHONES]
    assert "Dial(PJSIP/+${ARG1}@carrier,60,g)" in made[PHONES]


def test_freepbx_dials_by_its_own_routes_and_its_trunk_enters_our_context_first(config: Path) -> None:
    made = files(load(config, {}), DialplanSite(freepbx=True))
    assert "Dial(Local/${IF($[" in made[PHONES]
    assert "@from-internal/n,60,g)" in made[PHONES]
    assert "displayconnects = no" in made[MANAGER]
    assert "[from-internal-custom]\ninclude => textback-codes\n" in made[PHONES]
    other = files(load(config, {}), DialplanSite(freepbx=True, trunks=("from-my-trunk",)))
    assert "include => from-my-trunk" in other[TRUNK]
    assert "from-pstn" not in other[TRUNK]


def test_on_a_plain_asterisk_only_contexts_that_are_named_get_ours(config: Path) -> None:
    assert TRUNK not in files(load(config, {}))
    named = files(load(config, {}), DialplanSite(trunks=("from-trunk",), phones="internal"))
    assert "include => from-trunk\n" in named[TRUNK]
    assert "[internal]\ninclude => textback-codes\n" in named[PHONES]


@pytest.mark.parametrize(
    ("trunks", "dialled"),
    [
        (("PJSIP/carrier-*",), "PJSIP/+${ARG1}@carrier"),
        (("PJSIP/*", "PJSIP/carrier-????????"), "PJSIP/+${ARG1}@carrier"),
        (("SIP/carrier-*",), "SIP/carrier/+${ARG1}"),
        (("IAX2/my-peer-*",), "IAX2/my-peer/+${ARG1}"),
        (("DAHDI/i2/*",), "DAHDI/i2/{national}"),
        (("DAHDI/4-*",), "DAHDI/4/{national}"),
        (("DAHDI/*",), "DAHDI/g0/{national}"),
        ((), "PJSIP/+${ARG1}@trunk"),
    ],
)
def test_customers_are_dialled_as_the_trunks_own_technology_does_it(
    config: Path, trunks: tuple[str, ...], dialled: str
) -> None:
    national = '${IF($["${ARG1:0:1}" = "1"]?1${ARG1:1}:011${ARG1})}'
    made = files(load(config, {}), trunks=trunks)
    assert f"Dial({dialled.format(national=national, ARG1='{ARG1}')},60,g)" in made[PHONES]


@pytest.mark.parametrize(
    ("form", "dialled"),
    [(NumberForm.E164, "9+${ARG1}"), (NumberForm.DIGITS, "9${ARG1}"), (None, "9${IF($[")],
)
def test_the_form_of_numbers_is_a_setting(config: Path, form: NumberForm | None, dialled: str) -> None:
    made = files(load(config, {}), DialplanSite(freepbx=True), number_form=form, outside_prefix="9")
    assert f"Dial(Local/{dialled}" in made[PHONES]


def test_a_trunk_that_no_pattern_names_is_told(config: Path) -> None:
    config.write_text(config.read_text().replace('["PJSIP/carrier-*"]', "[]"))
    assert "write yours for the 'trunk' of [textback-out]" in run("dialplan", "--config", str(config)).stdout


# --- the context in front ------------------------------------------------------------------------------------------


def test_every_trunk_context_gets_one_in_front_of_it(example: Path, tmp_path: Path) -> None:
    """FreePBX counts the calls of a trunk in a context of its own."""
    own = ("--trunk-context", "from-pstn", "--trunk-context", "from-trunk-sip-telnyx")
    told = run("dialplan", "--freepbx", *own, "--out", str(tmp_path), "--config", str(example)).stdout
    made = (tmp_path / TRUNK).read_text()
    assert re.findall(r"^\[(.+)\]$", made, re.MULTILINE) == ["from-trunk-textback", "from-trunk-textback-sip-telnyx"]
    assert passed_on(tmp_path / TRUNK) == ("from-pstn", "from-trunk-sip-telnyx")
    assert "; a trunk whose context is from-trunk-sip-telnyx: from-trunk-textback-sip-telnyx from now on" in told


def test_contexts_that_were_named_once_stay_until_others_are(example: Path, tmp_path: Path) -> None:
    again = ("dialplan", "--freepbx", "--out", str(tmp_path), "--config", str(example))
    run(*again, "--trunk-context", "from-trunk", "--trunk-context", "from-digital")
    run(*again)
    assert passed_on(tmp_path / TRUNK) == ("from-trunk", "from-digital")
    run(*again, "--trunk-context", "from-digital", "--trunk-context", "from-trunk")
    assert passed_on(tmp_path / TRUNK) == ("from-trunk", "from-digital")  # each keeps its own of ours
    assert "; from-trunk-textback-from-digital is gone" in run(*again, "--trunk-context", "from-trunk").stdout
    told = run(*again, "--trunk-context", "from-digital").stdout
    assert "; from-trunk-textback passes calls on to from-digital from now on, before to from-trunk" in told


def test_a_file_that_puts_ours_in_front_of_itself_is_mended(example: Path, tmp_path: Path) -> None:
    """As earlier versions wrote it."""
    broken = files(load(example, {}), DialplanSite(trunks=("from-trunk-textback",)))[TRUNK]
    assert "include => from-trunk-textback" in broken
    (tmp_path / TRUNK).write_text(broken)
    run("dialplan", "--freepbx", "--out", str(tmp_path), "--config", str(example))
    assert passed_on(tmp_path / TRUNK) == ("from-pstn",)
    assert "include => from-trunk-textback" not in (tmp_path / TRUNK).read_text()


def test_each_context_in_front_has_a_name_of_its_own() -> None:
    contexts = ("from-pstn", "from-trunk-sip", "sip", "from-digital")
    assert len({front(one, contexts) for one in contexts}) == len(contexts)


@pytest.mark.parametrize(
    "ours", ["from-trunk-textback", "from-trunk-textback-sip-telnyx", "textback-callback", "FROM-TRUNK-TEXTBACK"]
)
def test_a_context_of_ours_is_not_put_in_front_of_itself(example: Path, tmp_path: Path, ours: str) -> None:
    """Every inbound call would go round in circles."""
    asked = ("--trunk-context", "from-pstn", "--trunk-context", ours)
    done = run("dialplan", *asked, "--out", str(tmp_path), "--config", str(example))
    assert (done.returncode, (tmp_path / TRUNK).exists()) == (2, False)
    assert "mostly from-pstn" in " ".join(re.sub("[│╭╮╰╯─]", " ", done.stderr).split())


@pytest.mark.parametrize(
    "inside", ["from-internal", "From-Internal-xfer", "outrt-1", "cos-all", "outbound-allroutes", ""]
)
def test_where_phones_dial_no_call_from_outside_is_sent(example: Path, tmp_path: Path, inside: str) -> None:
    """Callers would dial out on the office's bill: toll fraud."""
    done = run("dialplan", "--freepbx", "--trunk-context", inside, "--out", str(tmp_path), "--config", str(example))
    assert (done.returncode, (tmp_path / TRUNK).exists()) == (2, False)


def test_a_folder_that_is_not_there_is_told_first(example: Path) -> None:
    done = run("dialplan", "--out", "/nowhere", "--config", str(example))
    assert (done.returncode, "mkdir /nowhere" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ("  Include =>        'outbound-allroutes'  [pbx_config]\n", "dial out"),
        ("  Include =>        'from-trunk-textback'  [pbx_config]\n", "circles"),
        (NOT_THERE.format("from-pstm"), "no context"),
    ],
)
def test_what_the_pbx_itself_knows_of_a_context_is_heeded(
    example: Path, monkeypatch: pytest.MonkeyPatch, shown: str, said: str
) -> None:
    monkeypatch.setattr("bridge.ami.console.ask", lambda _: shown)
    done = run("dialplan", "--trunk-context", "from-pstm", "--config", str(example))
    assert (done.returncode, said in done.stderr) == (2, True)


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


# --- loaded and called through -------------------------------------------------------------------------------------

THEIRS = """
[from-pstn]
exten => 0205550101,1,Dial(PJSIP/101,20)
 same => n,Hangup()
[from-trunk]
include => from-pstn
[from-trunk-sip-lab]
exten => _[+0-9].,1,Set(GROUP()=OUT_1)
 same => n,Goto(from-trunk,${EXTEN},1)
[from-circle]
include => from-trunk-textback
[from-internal]
include => from-internal-custom
exten => _[+0-9].,1,Dial(PJSIP/${EXTEN}@trunk,20)
[from-internal-custom]
exten => 999,1,Hangup()
[internal]
exten => _1XX,1,Dial(PJSIP/${EXTEN},20)
"""
"""Per trunk a context that counts its calls, as FreePBX has it, for `_.` (core/functions.inc.php)."""


@dataclass(frozen=True)
class Set:
    """One way to render everything. front: what the trunk enters. dialled: how +31612345678 is, None where this lab has
    no such trunk.
    """

    name: str
    site: DialplanSite
    front: str = "from-trunk-textback"
    pbx: Mapping[str, object] = field(default_factory=dict)
    dialled: str | None = None


FREEPBX_OWN = DialplanSite(freepbx=True, trunks=("from-pstn", "from-trunk-sip-lab"))
PLAIN = DialplanSite(trunks=("from-trunk",), phones="internal")
SETS = (
    Set("plain", PLAIN, dialled="+31612345678"),
    Set("digits", PLAIN, pbx={"number_form": NumberForm.DIGITS}, dialled="31612345678"),
    Set("sip", PLAIN, pbx={"trunks": ("SIP/carrier-*",)}),
    Set("iax", PLAIN, pbx={"trunks": ("IAX2/carrier-*",)}),
    Set("dahdi", PLAIN, pbx={"trunks": ("DAHDI/i1/*",)}),
    Set("freepbx", DialplanSite(freepbx=True), dialled="01131612345678"),
    Set(
        "own", FREEPBX_OWN, front="from-trunk-textback-sip-lab", pbx={"outside_prefix": "9"}, dialled="901131612345678"
    ),
    Set("circle", DialplanSite(trunks=("from-trunk", "from-circle")), front="from-trunk-textback-from-circle"),
)


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    """One for all sets."""
    try:
        with running_asterisk() as asterisk:
            yield asterisk
    except LabError as error:
        missing(str(error))


def install(pbx: Asterisk, config: Config, one: Set, theirs: str = THEIRS) -> list[str]:
    """What Asterisk complains of when it loads the set, and has its trunk enter the context in front."""
    etc, log = pbx.home / "etc", pbx.home / "log" / "messages"
    made = files(config, one.site, **{"trunks": ("PJSIP/trunk-*",), **one.pbx})
    for name, text in made.items():
        (etc / name).write_text(text)
    includes = "".join(f'#tryinclude "{name}"\n' for name in made if name != MANAGER)
    (etc / "extensions.conf").write_text(theirs + includes)
    pjsip = re.sub(r"context=from-trunk[\w-]*", f"context={one.front}", (etc / "pjsip.conf").read_text())
    (etc / "pjsip.conf").write_text(pjsip)
    before = log.stat().st_size
    for command in ("dialplan reload", "manager reload"):
        pbx.cli(command)
    said = log.read_bytes()[before:].decode("utf-8", "replace")
    pbx.cli("module reload res_pjsip.so")
    return [row for row in said.splitlines() if re.search(r"\b(WARNING|ERROR)\b", row)]


@pytest.mark.asterisk
@pytest.mark.parametrize("one", SETS, ids=lambda one: one.name)
async def test_every_set_is_loaded_by_a_real_asterisk_and_calls_go_through_it(
    pbx: Asterisk, config: Path, one: Set
) -> None:
    """Known numbers are answered, unknown ones refused as before, and customers are dialled as the site does it."""
    assert install(pbx, load(config, {}), one) == []
    assert "*251@textback-codes" in pbx.cli("core show hints").replace(" ", "")
    async with open_office(pbx) as office:
        office.behave(p101=answers_after(0))
        unknown = office.trunk.customer_calls("0205559999")
        async with asyncio.timeout(10):
            await unknown.ended.wait()
        assert not unknown.answered.is_set()
        served = office.trunk.customer_calls("0205550101", headers=[("P-Attestation-Indicator", "B")])
        async with asyncio.timeout(10):
            await served.answered.wait()
        assert ("OUT_1" in await office.cli("group show channels")) is one.front.endswith("sip-lab")
        served.hang_up()
        if one.dialled:
            await office.cli("channel originate Local/31612345678@textback-callback application Wait 1")
            async with asyncio.timeout(10):
                assert (await office.trunk.incoming.get()).number == one.dialled


@pytest.mark.asterisk
async def test_who_hides_and_what_is_vouched_for_is_told_by_the_context_in_front(pbx: Asterisk, config: Path) -> None:
    install(pbx, load(config, {}), SETS[0])
    messages = pbx.home / "log" / "messages"
    before = messages.stat().st_size
    async with open_office(pbx) as office:
        office.behave(p101=answers_after(0))
        for customer in (
            office.trunk.withheld_calls("0205550101", "+31612345678"),
            office.trunk.customer_calls("0205550101", headers=[("P-Attestation-Indicator", "B")]),
        ):
            async with asyncio.timeout(10):
                await customer.answered.wait()
            customer.hang_up()
    said = messages.read_bytes()[before:].decode()
    assert "Pres: prohib" in said
    assert "Attestation: B" in said


@pytest.mark.asterisk
def test_the_account_is_what_a_real_asterisk_makes_of_it(pbx: Asterisk, config: Path) -> None:
    install(pbx, load(config, {}), SETS[0])
    account = pbx.cli("manager show user missed")
    rights = {kind: set(row.split(",")) for kind, row in re.findall(r"(read|write) perm: (\S+)", account)}
    assert rights == {
        "read": {"call", "agent", "system", "user", "dialplan"},
        "write": {"originate", "reporting"},
    }


@pytest.mark.asterisk
def test_what_freepbx_leaves_unsaid_of_the_manager_is_said(pbx: Asterisk, config: Path) -> None:
    """Its manager.conf (framework/amp_conf/astetc/manager.conf) sets neither, and reads manager_custom.conf last."""
    theirs = pbx.home / "etc" / "manager.conf"
    text = theirs.read_text()
    theirs.write_text(re.sub(r"^(timestampevents|allowmultiplelogin).*\n", "", text, flags=re.MULTILINE))
    install(pbx, load(config, {}), next(one for one in SETS if one.name == "freepbx"))
    settings = pbx.cli("manager show settings")
    theirs.write_text(text)
    assert re.search(r"Timestamp events:\s+Yes", settings)
    assert re.search(r"Allow multiple login:\s+Yes", settings)


@pytest.mark.asterisk
async def test_customers_see_the_line_that_they_called_also_by_a_trunk_with_a_number_of_its_own(
    pbx: Asterisk, config: Path
) -> None:
    """By the outbound routes of an office as FreePBX writes it."""
    generated = (LAB_CONFIG / "extensions_freepbx.conf").read_text()
    install(pbx, load(config, {}), next(one for one in SETS if one.name == "freepbx"), generated)
    async with open_office(pbx) as office:
        await office.cli("dialplan set global TEXTBACK_DID 0205550101")
        await office.cli("channel originate Local/31612345678@textback-callback application Wait 1")
        async with asyncio.timeout(10):
            call = await office.trunk.incoming.get()
    assert (call.number, "0205550101" in call.remote) == ("01131612345678", True)


@pytest.mark.asterisk
def test_the_console_of_a_real_asterisk_tells_of_contexts(pbx: Asterisk, config: Path) -> None:
    install(pbx, load(config, {}), SETS[0])
    assert console.includes("from-circle", pbx.cli("dialplan show from-circle")) == {"from-trunk-textback"}
    assert console.has_no_context(pbx.cli("dialplan show from-pstm"))

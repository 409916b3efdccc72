"""The guides, word by word: every shell block is typed as it stands, on a clean machine with a running Asterisk."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shlex import quote

import pytest
import pytest_asyncio

from tests.end_to_end.guides import Reader, blocks, escaped, the_block
from tests.lab.archive import MAKE, archive
from tests.lab.asterisk import CONFIG, REPOSITORY, LabError
from tests.lab.fixtures import missing
from tests.lab.machine import SIP, TRUNK, Machine, booted, with_pbx
from tests.lab.smsc.server import NodeSmsc
from tests.lab.trunk import Trunk

__all__ = ["archive"]

README = REPOSITORY / "README.md"
GUIDES = (README, REPOSITORY / "dialplan" / "README.md", REPOSITORY / "bridge" / "deploy" / "README.md")
OFFICE, MOBILE, STRANGER = "2125550100", "+12125550142", "+12025550123"
PASSWORD = b"correct horse battery staple\n"
DIALPLAN = f"""
[from-trunk]
exten => {OFFICE},1,Dial(PJSIP/101,5)
 same => n,Hangup()
[from-trunk-sip-second]
include => from-trunk
[internal]
exten => _10X,1,Dial(PJSIP/${{EXTEN}},8)
 same => n,Hangup()
"""
LISTENING = """
textback dialplan --out /etc/asterisk
echo '#tryinclude "manager_textback.conf"' >> /etc/asterisk/manager.conf
asterisk -rx 'manager reload'
"""
CLEAN = """
systemctl disable --now textback textback-backup.timer || true
rm -rf /etc/systemd/system/textback* /etc/textback
[ ! -d /var/lib/textback ] || find /var/lib/textback -mindepth 1 -delete
find /etc/asterisk -name '*textback*' -delete
cp -a as-it-was/. /etc/asterisk
systemctl daemon-reload
systemctl restart asterisk
until asterisk -rx 'core waitfullybooted'; do sleep 0.1; done
"""
INSTALLED = "command -v textback || (tar -xzf textback-offline.tar.gz && ./textback/install.sh)"
THEIRS = "cd /etc/asterisk && sha256sum $(ls | grep -v textback | grep conf)"

pytestmark = [pytest.mark.asterisk, pytest.mark.smsc, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def booted_machine(archive: Path) -> Iterator[Machine]:
    """Asterisk runs; the archive has been carried over, and there is a name for the gateway's address."""
    try:
        with booted() as one:
            with_pbx(one, DIALPLAN)
            one.writes("/root/textback-offline.tar.gz", archive.read_bytes())
            one.types("echo '127.0.0.1 smsc.example.net' >> /etc/hosts; cp -a /etc/asterisk /root/as-it-was")
            yield one
    except LabError as error:
        missing(str(error))


@pytest.fixture
def machine(booted_machine: Machine) -> Iterator[Machine]:
    """Afterwards nobody has heard of Textback there."""
    yield booted_machine
    booted_machine.types(CLEAN)


class Place:
    """The machine's PBX with a provider behind it, and its SMS gateway."""

    def __init__(self, machine: Machine, trunk: Trunk, smsc: NodeSmsc) -> None:
        self._machine, self._trunk, self.smsc = machine, trunk, smsc

    async def types(self, script: str, *, stdin: bytes = b"") -> str:
        return await asyncio.to_thread(self._machine.types, script, stdin=stdin)

    async def misses(self, caller: str) -> None:
        await self._trunk.customer_calls(OFFICE, caller).ended.wait()

    async def misses_somebody_who_hides(self) -> None:
        await self._trunk.withheld_calls(OFFICE, STRANGER).ended.wait()

    async def queue_says(self, words: str) -> str:
        while words not in (said := await self.types("textback queue")):  # noqa: ASYNC110  a person looks again
            await asyncio.sleep(0.2)
        return said

    async def has_started(self, times: int) -> None:
        """Since systemd started it: once, and once more with each configuration that it was told to read."""
        log = "journalctl -o cat _SYSTEMD_INVOCATION_ID=$(systemctl show -P InvocationID textback)"
        await self.types(f"until [ $({log} | grep -c daemon.started) = {times} ]; do sleep 0.1; done")

    async def is_ready(self) -> None:
        ready = "until curl -sf http://127.0.0.1:8080/readyz; do sleep 0.1; done"
        await self.types(f"timeout 30 bash -c '{ready}'")


@pytest_asyncio.fixture
async def place(machine: Machine) -> AsyncIterator[Place]:
    trunk = Trunk(("127.0.0.1", SIP))
    with machine.network():
        async with NodeSmsc.start(system_id="ace", password="secret", port=2775) as smsc:
            await trunk.open(TRUNK)
            try:
                yield Place(machine, trunk, smsc)
            finally:
                await trunk.close()


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: str(guide.relative_to(REPOSITORY)))
def test_no_block_escapes(guide: Path) -> None:
    assert escaped(guide) == []
    assert any(block.is_shell for block in blocks(guide))


def in_the_checkout(*command: str, **environ: str) -> str:
    """As somebody who types there: with none of the settings of the tests that run."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=REPOSITORY, env=clean | environ, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_make_demo_shows_a_page(tmp_path: Path) -> None:
    """In a network of its own, where port 8080 is free; what it installs was installed before."""
    if os.geteuid() != 0 or not shutil.which("unshare"):
        missing("a network of its own needs root and unshare")
    block = Reader(README).next("make demo").strip()
    in_the_checkout("make", ".venv/installed")
    said = tmp_path / "said"
    link = f"$(grep -so 'http:.*/link/.*' {said} || echo nowhere)"
    looks = f"until curl -sfL -b '' {link} | grep -q 'Ace Plumbing'; do sleep 0.3; done"
    script = f"ip link set lo up; ({block}) > {said} & timeout 90 bash -c {quote(looks)}"
    shell = ("unshare", "--net", "--pid", "--fork", "--kill-child", "bash", "-ec", script)
    in_the_checkout(*shell, TMPDIR=str(tmp_path))
    told = said.read_text()
    assert "the page is at http://127.0.0.1:8080/" in told
    (log,) = tmp_path.glob("textback-demo-*.log")
    assert f"tail -f {log}" in told
    assert "daemon.started" in log.read_text()


def test_what_the_readme_types_to_test_is_what_decides_whether_a_change_lands() -> None:
    """So it is run as it stands, once, and not inside itself."""
    readme = Reader(README)
    readme.next("make demo")
    assert readme.next("make test").strip() in (REPOSITORY / ".ci" / "run").read_text().splitlines()


async def test_the_readme_takes_a_clean_machine_to_would_have_texted_to_a_real_text_and_back(place: Place) -> None:
    readme = Reader(README)
    for elsewhere in ("make demo", "make test"):  # from a checkout: see below
        readme.next(elsewhere)
    assert readme.next("make dist") == MAKE
    before = await place.types(THEIRS)
    assert "next: textback init" in await place.types(readme.next("install.sh"))

    listening = await place.types(readme.next("textback init"))
    assert "[ ok ] pbx pbx: logged in" in listening
    await place.is_ready()
    await place.misses(STRANGER)
    link = (await place.types(readme.next("textback page-link"))).splitlines()[0]
    assert "Would have texted" in await place.types(f"curl -sfL -b '' {link}")
    assert "Would have texted" in await place.types(readme.next("textback queue"))
    assert await place.smsc.submitted(0) == []

    assert "accepted" in await place.types(readme.next("send-test"))
    assert "texts go out" in await place.types(readme.next("textback resume"))
    await place.is_ready()
    await place.misses(STRANGER)
    await place.misses(MOBILE)
    _, text = await place.smsc.submitted(2)
    assert (text["destination"], text["source"]) == (MOBILE.lstrip("+"), "12125550100")
    assert "Sorry we missed you" in text["text"]

    await place.types(readme.next("live_only"))
    await place.has_started(2)
    await place.misses("+12025550177")
    assert (await place.smsc.submitted(3))[2]["destination"] == "12025550177"

    await place.types(readme.next("users add"), stdin=PASSWORD)
    await place.is_ready()
    told = await place.types(readme.next("phones.token"))
    assert "192.0.2.7:8080 answers" in told
    assert "Password" in await place.types("curl -sf http://192.0.2.7:8080/sign-in")
    assert "the PBX asked for a script at 127.0.0.1:4574 and got it" in told
    assert "textback-codes" in await place.types("asterisk -rx 'dialplan show internal'")
    await place.is_ready()
    await place.misses_somebody_who_hides()
    assert "withheld" in (await place.queue_says("withheld")).lower()

    await place.types(readme.undo("extensions_textback"))
    await place.types(readme.undo("textback pause"))
    await place.types(readme.undo("systemctl disable"))
    assert readme.left == []
    assert await place.types(THEIRS) == before
    assert "textback" not in await place.types("asterisk -rx 'dialplan show'; asterisk -rx 'manager show users'")


FWCONSOLE = """
#!/bin/sh
# What `fwconsole reload` comes to on a system whose GUI has nothing new to write.
[ "$1" = reload ] && exec asterisk -rx 'core reload'
""".lstrip()
GENERATED = (CONFIG / "extensions_freepbx.conf").read_text()
FREEPBX_DIALPLAN = f"""{GENERATED}
[ext-did-0002]
exten => {OFFICE},1,Goto(from-did-direct,101,1)
#include "extensions_custom.conf"
"""
IN_THE_GUI = "sed -i s/context={0}$/context={1}/ /etc/asterisk/pjsip.conf; asterisk -rx 'module reload res_pjsip.so'"
FRONTS = {"from-pstn": "from-trunk-textback", "from-trunk-sip-second": "from-trunk-textback-sip-second"}


async def test_the_guide_for_freepbx_leads_from_nothing_to_a_first_text_and_back(place: Place) -> None:
    """FreePBX itself is not here: its contexts, its custom files, what its reload does and what its GUI changes are."""
    guide = Reader(REPOSITORY / "dialplan" / "README.md")
    await place.types("touch /etc/asterisk/extensions_custom.conf /etc/asterisk/manager_custom.conf")
    await place.types("echo '#include \"manager_custom.conf\"' >> /etc/asterisk/manager.conf")
    await place.types("cat > /etc/asterisk/extensions.conf", stdin=FREEPBX_DIALPLAN.encode())
    await place.types("cat > /usr/sbin/fwconsole; chmod 755 /usr/sbin/fwconsole", stdin=FWCONSOLE.encode())
    await place.types(IN_THE_GUI.format("internal", "from-internal"))
    await place.types(IN_THE_GUI.format("from-trunk", "from-pstn"))
    before = await place.types(THEIRS)
    await place.types(INSTALLED)

    listening = await place.types(guide.next("textback init"))
    assert "trunk PJSIP/trunk-second-*, whose calls enter from-trunk-sip-second" in listening
    assert "[ ok ] pbx pbx: logged in" in listening
    await place.is_ready()
    await place.misses(STRANGER)
    assert "Would have texted" in await place.queue_says("202")

    await place.types(the_block(README, "send-test"))
    told = await place.types(guide.next("phones.token"))
    assert "FAIL" not in told
    assert "got it" in told
    assert "PJSIP/trunk enters [from-pstn], where nobody tells who hides" in told
    assert "textback-codes" in await place.types("asterisk -rx 'dialplan show from-internal-custom'")

    named = " ".join(f"--trunk-context {context}" for context in FRONTS)
    assert named.replace("second", "telnyx") in guide.text
    await place.types(f"textback dialplan --freepbx {named} --out /etc/asterisk; fwconsole reload")
    for theirs, ours in FRONTS.items():
        await place.types(IN_THE_GUI.format(theirs, ours))
    assert "where nobody tells who hides" not in await place.types("textback doctor")
    await place.types(the_block(README, "textback resume"))
    await place.is_ready()
    await place.misses(MOBILE)
    [_, text] = await place.smsc.submitted(2)
    assert (text["destination"], "Sorry we missed you" in text["text"]) == (MOBILE.lstrip("+"), True)
    await place.misses_somebody_who_hides()
    assert "withheld" in (await place.queue_says("withheld")).lower()

    for theirs, ours in FRONTS.items():
        await place.types(IN_THE_GUI.format(ours, theirs))
    await place.types(guide.undo("fwconsole reload"))
    assert guide.left == []
    assert await place.types(THEIRS) == before


async def test_the_guide_for_running_it_keeps_copies_brings_them_back_and_upgrades(place: Place) -> None:
    guide = Reader(REPOSITORY / "bridge" / "deploy" / "README.md")
    await place.types(INSTALLED)
    await place.types("mkdir -p /root/secrets && echo secret > /root/secrets/sms", stdin=b"")
    gateway = "--smpp-host smsc.example.net --system-id ace --smpp-password-file /root/secrets/sms"
    await place.types(f"textback init --yes --business Ace --zone America/New_York --number {OFFICE} {gateway}")
    await place.types(LISTENING)

    await place.types(guide.next("textback unit"))
    await place.is_ready()
    await place.misses(STRANGER)
    await place.queue_says("202")
    assert "Ace" in await place.types(guide.next("check-config"))
    await place.has_started(2)

    assert "checked" in await place.types(guide.next("textback backup"))
    await place.types("systemctl start textback-backup.service")  # as its user, after root made the first
    assert (await place.types("ls /var/lib/textback/backups | wc -l")).strip() == "2"
    assert "Would have texted" in await place.types(guide.next("textback restore"))
    assert "texts go out" in await place.types(guide.next("textback resume"))

    upgraded = await place.types(guide.next("status --wait"))
    assert "TEXTBACK OK" in upgraded
    await place.misses(MOBILE)
    [text] = await place.smsc.submitted(1)
    assert text["destination"] == MOBILE.lstrip("+")

    await place.types(guide.undo("systemctl disable"))
    assert guide.left == []


async def test_systemd_restarts_what_stands_still_and_hears_of_every_state(place: Place) -> None:
    await place.types(INSTALLED)
    await place.types(f"textback init --yes --business Ace --zone America/New_York --number {OFFICE}")
    await place.types("textback unit --out /etc/systemd/system")
    await place.types("mkdir -p /etc/systemd/system/textback.service.d")
    impatient = b"[Service]\nWatchdogSec=3\nRestartSec=0\n"
    await place.types("cat > /etc/systemd/system/textback.service.d/impatient.conf", stdin=impatient)
    await place.types("systemctl daemon-reload; systemctl start textback")
    assert "page on http://127.0.0.1:8080/" in await place.types("systemctl show -P StatusText textback")

    await place.types("sed -i s/America/Amerika/ /etc/textback/textback.toml; systemctl reload textback")
    await place.types("until systemctl show -P StatusText textback | grep -q refused; do sleep 0.1; done")
    assert "active" in await place.types(
        "sed -i s/Amerika/America/ /etc/textback/textback.toml; systemctl is-active textback"
    )

    await place.types("systemctl kill --signal=STOP textback")
    await place.types("until [ $(systemctl show -P NRestarts textback) = 1 ]; do sleep 0.2; done")
    await place.types("until systemctl is-active textback; do sleep 0.2; done")
    assert "watchdog" in (await place.types("journalctl -u textback -o cat")).lower()

    await place.types("systemctl stop textback")
    assert (await place.types("systemctl show -P Result textback")).strip() == "success"


async def test_what_uninstall_prints_leaves_nothing_of_us(place: Place) -> None:
    await place.types(INSTALLED)
    await place.types(f"textback init --yes --business Ace --zone America/New_York --number {OFFICE}")
    await place.types(f"{LISTENING}\ntextback unit --out /etc/systemd/system\nsystemctl daemon-reload")
    await place.types("systemctl enable --now textback textback-backup.timer; textback backup")
    await place.types("textback uninstall > gone")
    assert "# /etc/asterisk/manager.conf, line" in await place.types("cat gone")
    await place.types("sed -i '/manager_textback.conf/d' /etc/asterisk/manager.conf; bash -e gone")
    left = "ls -d /opt/textback /var/lib/textback /usr/local/bin/textback /etc/textback 2>/dev/null || true"
    assert await place.types(left) == ""
    assert await place.types("getent passwd textback || true") == ""
    assert await place.types("ls /etc/systemd/system /etc/asterisk | grep textback || true") == ""
    assert "SQLite" in await place.types("head -c 15 textback-last.db")

"""Who may be at a channel, by its name: held against the channel drivers of a real Asterisk."""

import re
from pathlib import Path

import pytest

from bridge.ami.channels import MACHINES, RELAY, ChannelNames, party, pattern
from bridge.domain.calls.events import ChannelKind
from tests.lab.asterisk import CHROOT, Asterisk

SOMEBODY = {"PJSIP", "IAX2", "Motif", "USTM", "Console"}
"""Technologies of the lab's drivers that may have a person behind them."""

MODULES = CHROOT / "usr/lib/x86_64-linux-gnu/asterisk/modules"
NAMES = ChannelNames(("PJSIP/trunk-*", "DAHDI/i1/*"), ("PJSIP/bot-*", "PJSIP/trunk-fax-*"))
A_NAME = re.compile(rb"\0([A-Z][A-Za-z0-9]+)/%[^\0]*\0")
"""What drivers print a channel's name by: `MulticastRTP/%s-%p`."""


def sorted_out(technology: str) -> bool:
    return technology in SOMEBODY | MACHINES | {RELAY}


def test_every_technology_of_a_running_asterisk_is_known_to_be_somebody_or_nobody(asterisk: Asterisk) -> None:
    rows = asterisk.cli("core show channeltypes").splitlines()[2:]
    found = {row.split()[0] for row in rows if row[:1].isalpha()}
    assert {"PJSIP", "Local", "AudioSocket"} <= found
    assert [technology for technology in sorted(found) if not sorted_out(technology)] == []


@pytest.mark.skipif(not MODULES.exists(), reason="no Asterisk in .lab/: run `python -m tests.lab.prepare` as root")
@pytest.mark.parametrize("driver", sorted(MODULES.glob("chan_*.so")), ids=lambda path: path.stem)
def test_every_name_that_a_driver_gives_is_known_to_be_somebody_or_nobody(driver: Path) -> None:
    found = {name.decode() for name in A_NAME.findall(driver.read_bytes())}
    assert [technology for technology in sorted(found) if not sorted_out(technology)] == []


@pytest.mark.parametrize(
    "name",
    [
        "AudioSocket/127.0.0.1:8090-0549ec21-a181-4339-8ae7-f935be7bb040",
        "WebSocket/receptionist/0x7f3c2c01b7f0",
        "MulticastRTP/224.0.1.75:5000-0x7f3c2c01b7f0",
        "UnicastRTP/127.0.0.1:4000-0x7f3c2c01b7f0",
        "Snoop/1796023808.4-00000001",
        "Surrogate/PJSIP/101-00000005",
        "CBAnn/office-00000001;1",
        "DAHDI/pseudo-1204786719",
        "PJSIP/bot-00000005",
        "PJSIP/trunk-fax-00000005",
    ],
)
def test_a_program_or_a_loudspeaker_is_nobody_and_has_no_name(name: str) -> None:
    endpoint = NAMES.endpoint(name)
    assert endpoint.kind is ChannelKind.MACHINE
    assert not re.search(r"[.:]|0x", endpoint.party)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("PJSIP/trunk-00000005", ChannelKind.TRUNK),
        ("DAHDI/i1/0612345678-2", ChannelKind.TRUNK),
        ("DAHDI/3-1", ChannelKind.PHONE),
        ("SIP/101-00000005", ChannelKind.PHONE),
        ("Local/101@queue-00000005;1", ChannelKind.RELAY),
    ],
)
def test_patterns_say_which_are_trunks_and_what_is_left_may_be_somebody(name: str, kind: ChannelKind) -> None:
    assert NAMES.endpoint(name).kind is kind


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("PJSIP/101-00000005", "101"),
        ("PJSIP/front-desk-00000005", "front-desk"),
        ("IAX2/101-4127", "101"),
        ("USTM/101@000ae4ffffff-0x7f3c2c01b7f0", "101"),
        ("Motif/ann@example.com-1a2b", "ann"),
        ("DAHDI/3-1", "DAHDI/3"),
        ("SIP/192.0.2.7-00000005", ""),
        ("PJSIP/[2001:db8::7]-00000005", ""),
        ("OOH323/192.0.2.7:1720-5", ""),
        ("PJSIP/sbc.example.net-00000005", ""),
        ("PJSIP/sip.provider.nl-00000005", ""),
        ("PJSIP/provider.nl-00000005", ""),
        ("SIP/localhost-00000005", ""),
        ("Skinny/0x7f3c2c01b7f0", ""),
        ("PJSIP/ann.jones-00000005", "ann.jones"),
        ("SIP/0xford-00000005", "0xford"),
    ],
)
def test_a_party_is_who_the_pbx_names_and_never_an_address_a_host_or_a_pointer(name: str, who: str) -> None:
    assert party(name) == who


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("PJSIP/telnyx-00000005", "PJSIP/telnyx-*"),
        ("PJSIP/my-provider-00000005", "PJSIP/my-provider-*"),
        ("DAHDI/i1/0612345678-2", "DAHDI/i1/*"),
        ("IAX2/provider-4127", "IAX2/provider-*"),
        ("Console/dsp", "Console/dsp"),
    ],
)
def test_a_channel_tells_the_pattern_that_means_all_like_it(name: str, means: str) -> None:
    assert pattern(name) == means
    assert ChannelNames((means,)).is_trunk(name)

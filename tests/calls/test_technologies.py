"""Calls over lines that the lab has no card and no phone for: recorded ones, with the names that such channels have.

By construction: each driver names its channels in its own way (`SIP/trunk-0000000a`, `DAHDI/i1/0612345678-1`), and all
else that Asterisk tells of a call is the core's.
"""

import re
from collections.abc import Callable

import pytest

from bridge.ami.channels import ChannelNames
from bridge.ami.recording import events
from bridge.domain.calls.calls import EndedCall
from bridge.pbx.recording import read_times
from tests.recorded import FOLDER, Recording, differences, inbound, track

CALLS = ("answered_one_phone", "noanswer_one_phone", "ringgroup_one_answers", "queue_abandoned", "voicemail_message")
TRUNK, PHONE = re.compile(rb"PJSIP/trunk-([0-9a-f]{8})"), re.compile(rb"PJSIP/(\d{3})-([0-9a-f]{8})")
Named = Callable[[int], str]

TRUNKS: dict[str, tuple[str, Named]] = {
    "chan_sip": ("SIP/provider-*", lambda n: f"SIP/provider-{n:08x}"),
    "IAX2": ("IAX2/provider-*", lambda n: f"IAX2/provider-{n + 1000}"),
    "DAHDI, a span": ("DAHDI/i1/*", lambda n: f"DAHDI/i1/0612345678-{n:x}"),
    "DAHDI, a line": ("DAHDI/1-1", lambda _: "DAHDI/1-1"),
    "mISDN": ("mISDN/*", lambda n: f"mISDN/1-u{n}"),
    "a mobile": ("Mobile/gsm-*", lambda n: f"Mobile/gsm-{n:04x}"),
    "a dongle": ("Dongle/dongle0-*", lambda n: f"Dongle/dongle0-{n:010d}"),
    "a console": ("Console/*", lambda _: "Console/dsp"),
}
PHONES = (
    "SIP/{extension}-{serial:08x}",
    "IAX2/{extension}-{serial}",
    "SCCP/{extension}-{serial:08x}",
    "DAHDI/{port}-1",
)


def recording(name: str) -> Recording:
    return Recording(FOLDER / "22.10.1" / f"{name}.ami")


def judged(raw: bytes, of: Recording, pattern: str) -> list[EndedCall]:
    times = read_times(of.path.with_suffix(".idx.jsonl"))
    return inbound(track(events(raw, times, ChannelNames((pattern,)))))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("pattern", "named"), TRUNKS.values(), ids=TRUNKS)
def test_a_call_over_another_kind_of_line_is_judged_alike(call: str, pattern: str, named: Named) -> None:
    of = recording(call)
    raw = TRUNK.sub(lambda found: named(int(found[1], 16)).encode(), of.path.read_bytes())
    assert differences(judged(raw, of, pattern), of.expected["calls"]) == []


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("named", PHONES)
def test_whatever_a_phone_is_called_it_is_told_by_its_extension(call: str, named: str) -> None:
    of = recording(call)

    def renamed(found: re.Match[bytes]) -> bytes:
        extension, serial = found[1].decode(), int(found[2], 16)
        return named.format(extension=extension, serial=serial, port=int(extension) - 98).encode()

    assert (
        differences(judged(PHONE.sub(renamed, of.path.read_bytes()), of, "PJSIP/trunk-*"), of.expected["calls"]) == []
    )


def test_a_line_that_tells_no_number_that_was_called_is_a_call_all_the_same() -> None:
    """An analogue line rings, and its dialplan begins at `s`."""
    of = recording("noanswer_one_phone")
    did = of.expected["calls"][0]["did"].encode()
    raw = TRUNK.sub(b"DAHDI/1-1", of.path.read_bytes()).replace(b"Exten: " + did, b"Exten: s")
    [call] = judged(raw, of, "DAHDI/1-1")
    assert (call.verdict, call.reason) == ("missed", "no_answer")

"""`textback doctor` on the patterns of trunks, held against what a PBX's own console prints."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.ami.channels import ChannelNames
from bridge.ami.contexts import KNOWN, KnownPbx
from bridge.ami.found_trunks import found_trunks
from bridge.config import PbxSection, load
from bridge.doctor.local import CheckResult
from bridge.doctor.trunks import silent_pbxs, trunk_checks
from bridge.domain.calls.events import ChannelKind
from storage.database import Database
from tests.desk import MONDAY_NOON, Desk, missed_call
from tests.lab.asterisk import Asterisk

PJSIP = """
 Endpoint:  <Endpoint/CID.....................................>  <State.....>  <Channels.>
==========================================================================================

 Endpoint:  101/101                                              Not in use    0 of inf
     InAuth:  auth101/101
 Endpoint:  telnyx                                               Not in use    0 of inf
   Identify:  telnyx/telnyx
        Match: 192.0.2.1/32
"""
SIP = """Name/username             Host                                    Dyn Forcerport Comedia    ACL Port
old-provider/acme         192.0.2.9                                   Yes        Yes            5060
102/102                   198.51.100.7                             D  Yes        Yes            5060
2 sip peers [Monitored: 0 online, 0 offline Unmonitored: 2 online, 0 offline]
"""
IAX = """Name/Username    Host                                      Mask                       Port          Status
branch/branch    192.0.2.40                               (S)  255.255.255.255      4569          Unmonitored
103              198.51.100.8                             (D)  255.255.255.255      4569          OK (9 ms)
2 iax2 peers [1 online, 0 offline, 1 unmonitored]
"""
DAHDI = """   Chan Extension       Context         Language   MOH Interpret        Blocked    In Service Alarms
 pseudo                 default                    default                         No         Yes        OK
      1                 from-digital    en         default                         No         Yes        OK
      2                 from-digital    en         default                         No         Yes        OK
     25                 from-analog     en         default                         No         Yes        OK
     26 126             from-internal   en         default                         No         Yes        OK
"""
SHOWN = {
    "pjsip show endpoints": PJSIP,
    "pjsip show endpoint telnyx": " context                            : from-pstn\n",
    "sip show peers": SIP,
    "sip show peer old-provider": "  Context      : from-trunk-sip-old-provider\n",
    "dialplan show from-pstn": "  1. Gosub(textback-say,presentation,1)\n",
    "dialplan show from-trunk-sip-old-provider": "  1. UserEvent(Textback,Pres: ${CALLERID(pres)})\n",
}


def says(command: str) -> str:
    return SHOWN.get(command, "")


def says_also(**shown: str) -> Callable[[str], str]:
    """By the command, with blanks as underscores."""
    return lambda command: shown.get(command.replace(" ", "_").replace("-", "_"), says(command))


def found(
    *trunks: str, machines: tuple[str, ...] = (), host: str = "127.0.0.1", ask: Callable[[str], str] | None = says
) -> list[tuple[CheckResult, str]]:
    pbx = PbxSection(secret="s", trunks=trunks, machines=machines, host=host)
    return [(finding.level, finding.said) for finding in trunk_checks(pbx, ask)]


def test_patterns_that_name_what_the_pbx_has_are_right() -> None:
    assert found("PJSIP/telnyx-*", "SIP/old-*") == [(CheckResult.OK, "every pattern names something that the PBX has")]


@pytest.mark.parametrize(("setting", "level"), [("trunks", CheckResult.PROBLEM), ("machines", CheckResult.PROBLEM)])
def test_a_pattern_with_a_slip_of_the_pen_is_told(setting: str, level: CheckResult) -> None:
    slip = {"trunks": ("PJSIP/telnix-*",), "machines": ("PJSIP/paging-*",)}[setting]
    trunks, machines = (slip, ()) if setting == "trunks" else (("PJSIP/telnyx-*",), slip)
    assert (level, f"{slip[0]} matches nothing that the PBX has") in found(*trunks, machines=machines)


def test_a_trunk_that_no_pattern_names_is_told() -> None:
    [(level, said)] = found("SIP/old-*")
    assert level is CheckResult.WARNING
    assert said.startswith("PJSIP/telnyx looks like a trunk")


def test_a_driver_that_told_nothing_leaves_its_patterns_alone() -> None:
    assert found("PJSIP/telnyx-*", "SIP/old-*", "IAX2/other-*", "DAHDI/i1/*")[0][0] is CheckResult.OK


def test_a_pattern_that_can_never_match_is_told_without_asking_the_pbx() -> None:
    [(level, said)] = found("pjsip/telnyx-*", ask=None)
    assert (level, said.split(":")[0]) == (CheckResult.PROBLEM, "trunks[0]")


@pytest.mark.parametrize(("host", "ask"), [("192.0.2.30", says), ("127.0.0.1", None)])
def test_a_pbx_elsewhere_cannot_be_seen_from_here(host: str, ask: Callable[[str], str] | None) -> None:
    [(level, said)] = found("PJSIP/telnyx-*", host=host, ask=ask)
    assert level is CheckResult.NOT_LOOKED
    assert said.endswith("cannot be seen from here")


def test_trunks_of_every_technology_are_found_with_what_their_calls_enter() -> None:
    seen = found_trunks(says_also(iax2_show_peers=IAX, dahdi_show_channels=DAHDI))
    assert [(one.pattern, one.context) for one in seen] == [
        ("PJSIP/telnyx-*", "from-pstn"),
        ("SIP/old-provider-*", "from-trunk-sip-old-provider"),
        ("IAX2/branch-*", ""),
        ("DAHDI/1-*", "from-digital"),
        ("DAHDI/2-*", "from-digital"),
        ("DAHDI/25-*", "from-analog"),
    ]
    spans = says_also(dahdi_show_channels=DAHDI, pri_show_spans="PRI span 1/0: Up, Active\nPRI span 3/0: Up, Active\n")
    assert [one.pattern for one in found_trunks(spans)][2:] == ["DAHDI/i1/*", "DAHDI/i3/*", "DAHDI/25-*"]


@pytest.mark.parametrize("pbx", KNOWN, ids=lambda pbx: pbx.name)
def test_the_contexts_of_every_known_pbx_have_a_source_and_tell_a_call_from_outside(pbx: KnownPbx) -> None:
    assert pbx.source
    assert all(ChannelNames().in_context("PJSIP/x-1", f"{one}1").kind is ChannelKind.TRUNK for one in pbx.trunks)
    assert not pbx.trunk or pbx.trunk in pbx.trunks


def test_without_patterns_a_trunk_that_enters_no_usual_context_is_told() -> None:
    here = says_also(pjsip_show_endpoint_telnyx=" context : incoming\n", dialplan_show_incoming="textback-say")
    [(level, said)] = found(ask=here)
    assert (level, "it enters incoming: its calls are not judged" in said) == (CheckResult.WARNING, True)
    assert found(ask=says)[0][0] is CheckResult.NOT_LOOKED


def test_a_trunk_in_whose_context_nobody_tells_who_hides_is_told() -> None:
    silent = says_also(dialplan_show_from_pstn="[ Context 'from-pstn' created by 'pbx_config' ]\n")
    pbx = PbxSection(secret="s", trunks=("PJSIP/telnyx-*", "SIP/old-*"))
    [finding] = trunk_checks(pbx, silent)
    assert (finding.level, "PJSIP/telnyx enters [from-pstn], where nobody" in finding.said) == (
        CheckResult.WARNING,
        True,
    )
    assert finding.remedy.startswith("textback dialplan --trunk-context from-pstn --out /etc/asterisk")


def test_who_hides_may_be_told_in_a_context_that_is_included() -> None:
    """And two that include each other are looked at once."""
    custom = says_also(
        dialplan_show_from_pstn="  Include =>        'from-pstn-custom'          [pbx_config]\n",
        dialplan_show_from_pstn_custom="  Include => 'from-pstn' [pbx_config]\n 1. Gosub(textback-say,closed,1)\n",
    )
    assert found("PJSIP/telnyx-*", "SIP/old-*", ask=custom)[0][0] is CheckResult.OK


def test_a_trunk_that_enters_a_context_that_is_gone_is_a_problem() -> None:
    """No call gets through: the file of ours was taken away, and the trunk still names it."""
    gone = says_also(
        pjsip_show_endpoint_telnyx=" context : from-trunk-textback\n",
        dialplan_show_from_trunk_textback="There is no existence of 'from-trunk-textback' context\n",
    )
    [(level, said)] = found("PJSIP/telnyx-*", "SIP/old-*", ask=gone)
    assert (level, said.endswith("no call gets through")) == (CheckResult.PROBLEM, True)


@pytest.mark.asterisk
def test_the_console_of_a_real_asterisk_is_understood(asterisk: Asterisk) -> None:
    """Of its trunks the second enters a context of its own, where nobody tells who hides."""
    assert {one.pattern: one.context for one in found_trunks(asterisk.cli)} == {
        "PJSIP/trunk-*": "from-trunk",
        "PJSIP/trunk-second-*": "from-trunk-sip-second",
    }
    [(level, said)] = found("PJSIP/trunk-*", ask=asterisk.cli)
    assert (level, said.startswith("PJSIP/trunk-second enters")) == (CheckResult.WARNING, True)
    assert (CheckResult.PROBLEM, "PJSIP/trnk-* matches nothing that the PBX has") in found(
        "PJSIP/trnk-*", ask=asterisk.cli
    )


async def test_a_working_day_without_a_call_from_outside_is_told(example: Path) -> None:
    config = load(example, {})
    async with await Database.open(config.database) as database:
        call = missed_call(at=MONDAY_NOON, did="2125550100")
        await Desk(database).call(replace(call, key=replace(call.key, pbx="pbx")))
    assert await silent_pbxs(config, MONDAY_NOON + timedelta(hours=5)) == []
    [silent] = await silent_pbxs(config, MONDAY_NOON + timedelta(hours=26))
    assert silent.level is CheckResult.WARNING
    assert "no call from outside was judged since 2026-11-23" in silent.said


async def test_a_weekend_without_a_call_is_none(example: Path) -> None:
    config, friday = load(example, {}), MONDAY_NOON + timedelta(days=4, hours=10)
    async with await Database.open(config.database) as database:
        call = missed_call(at=friday, did="2125550100")
        await Desk(database).call(replace(call, key=replace(call.key, pbx="pbx")))
    assert await silent_pbxs(config, friday + timedelta(days=2)) == []

"""`textback doctor` on the patterns of trunks, held against what a PBX's own console prints."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.config import PbxSection, load
from bridge.doctor.local import CheckResult
from bridge.doctor.trunks import silent_pbxs, trunk_checks
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
1 sip peers [Monitored: 0 online, 0 offline Unmonitored: 1 online, 0 offline]
"""


def says(command: str) -> str:
    return {"pjsip show endpoints": PJSIP, "sip show peers": SIP}.get(command, "")


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
    assert found("PJSIP/telnyx-*", "IAX2/other-*", "DAHDI/i1/*")[0][0] is CheckResult.OK


def test_a_pattern_that_can_never_match_is_told_without_asking_the_pbx() -> None:
    [(level, said)] = found("pjsip/telnyx-*", ask=None)
    assert (level, said.split(":")[0]) == (CheckResult.PROBLEM, "trunks[0]")


@pytest.mark.parametrize(("host", "ask"), [("192.0.2.30", says), ("127.0.0.1", None)])
def test_a_pbx_elsewhere_cannot_be_seen_from_here(host: str, ask: Callable[[str], str] | None) -> None:
    [(level, said)] = found("PJSIP/telnyx-*", host=host, ask=ask)
    assert level is CheckResult.NOT_LOOKED
    assert said.endswith("cannot be seen from here")


@pytest.mark.asterisk
def test_the_console_of_a_real_asterisk_is_understood(asterisk: Asterisk) -> None:
    assert [level for level, _ in found("PJSIP/trunk-*", ask=asterisk.cli)] == [CheckResult.OK]
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

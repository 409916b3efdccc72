"""Calls as the PBX's own records tell them, held against what the events of the same calls said."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.ami.cdr import Ledger, read_csv, record, records
from bridge.ami.channels import ChannelNames
from bridge.ami.records_file import RecordsFile
from bridge.domain.calls.calls import Direction, EndedCall, FilterReason, Reason, Verdict
from bridge.domain.calls.settings import TrackerSettings
from tests.recorded import NAMES, Recording, recordings

SETTINGS = TrackerSettings(country="NL")
CALLER = "+31612345678"
TIME = "2026-11-23 13:21:0"
STARTED = datetime.fromtimestamp(1795440069, UTC)
HOUR = timedelta(hours=1)
LATER = STARTED + timedelta(minutes=5)

NO_RECORDS = {"after_hours_early_media", "pbx_crash_ringing", "unregistered_all"}
"""Calls that a PBX writes nothing about."""

NOT_TOLD = {"attended_transfer_semi_noanswer": Verdict.ANSWERED, "hangup_ringing_2s": Verdict.MISSED}
"""What came after that talk stands under a colleague's channel only; who hung up, nowhere."""


def written(recording: Recording) -> list[EndedCall]:
    path = recording.path.with_suffix(".cdr.csv")
    return told(path.read_text("utf-8", "replace"), recording.names, TrackerSettings())


def told(text: str, names: ChannelNames = NAMES, settings: TrackerSettings = SETTINGS) -> list[EndedCall]:
    ledger = Ledger(settings, names)
    ledger.add(records(text))
    return [one.call for one in ledger.calls() if one.call.direction is Direction.INBOUND]


def test_without_patterns_a_did_tells_a_trunk_and_the_trunk_who_was_called_out_by_it() -> None:
    ledger = Ledger(SETTINGS, ChannelNames())
    came = {"context": "ext-group", "channel": "PJSIP/telnyx-00000001", "uniqueid": f"{STARTED.timestamp():.0f}.1"}
    went = {
        "channel": "PJSIP/101-00000002",
        "dstchannel": "PJSIP/telnyx-00000003",
        "dst": "90687654321",
        "data": "PJSIP/31687654321@telnyx,300,T",
        "context": "from-internal",
    }
    [first], [second] = records(row(**came)), records(row(**went))
    ledger.add([replace(first, did="0205550101"), second])
    [inbound, outbound] = sorted((one.call for one in ledger.calls()), key=lambda call: call.direction)
    assert (inbound.did, inbound.offered) == ("0205550101", ("101",))
    assert (outbound.direction, str(outbound.caller.number)) == (Direction.OUTBOUND, "+31687654321")


def at(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def row(**values: str) -> str:
    """One leg: 101 rang for six seconds and nobody answered, unless it is said otherwise."""
    found = {
        "account": "",
        "src": CALLER,
        "dst": "0205550101",
        "context": "from-trunk",
        "clid": f'"Nina Vos" <{CALLER}>',
        "channel": "PJSIP/trunk-00000004",
        "dstchannel": "PJSIP/101-00000005",
        "lastapp": "Dial",
        "data": "PJSIP/101,20",
        "start": f"{TIME}0",
        "answer": "",
        "end": f"{TIME}6",
        "duration": "6",
        "billsec": "0",
        "disposition": "NO ANSWER",
        "flags": "DOCUMENTATION",
        "uniqueid": "1795440069.4",
        "userfield": "",
    } | values
    return ",".join('"{}"'.format(value.replace('"', '""')) for value in found.values()) + "\n"


RECORDED = [one for one in recordings() if one.path.with_suffix(".cdr.csv").exists()]


@pytest.mark.parametrize("recording", RECORDED, ids=str)
def test_records_come_to_the_verdict_that_the_events_of_the_same_call_came_to(recording: Recording) -> None:
    wanted = recording.expected["calls"]
    found = written(recording)
    if recording.path.stem in NO_RECORDS:
        assert found == []
        return
    assert len(found) == len(wanted)
    if len(wanted) > 1:  # in the records they stand by their end
        found = sorted(found, key=lambda call: [want["did"] for want in wanted].index(call.did))
    for call, want in zip(found, wanted, strict=True):
        told_otherwise = NOT_TOLD.get(recording.path.stem)
        known = {want["verdict"], *want.get("also_ok", {}).get("verdict", [])}
        assert call.verdict in ({told_otherwise} if told_otherwise else known) or known == {Verdict.UNKNOWN}
        if call.verdict is Verdict.ANSWERED and want["answered_by"]:
            assert call.answered_by == want["answered_by"]


def test_a_leg_that_nobody_answered_is_a_missed_call_at_the_time_of_its_uniqueid() -> None:
    [call] = told(row())
    assert (call.verdict, call.reason, call.answered_by) == (Verdict.MISSED, Reason.NO_ANSWER, None)
    assert (call.started_at, call.ended_at) == (STARTED, STARTED + timedelta(seconds=6))
    assert (str(call.caller.number), call.caller.name, call.did) == (CALLER, "Nina Vos", "0205550101")


def test_the_zone_that_the_records_are_written_in_does_not_matter() -> None:
    [call] = told(row(start="2026-11-24 02:21:00", end="2026-11-24 02:21:06"))
    assert (call.started_at, call.ended_at) == (STARTED, STARTED + timedelta(seconds=6))


def test_the_name_that_the_carrier_showed_is_told() -> None:
    """It may say that the call is spam."""
    [call] = told(row(clid='"SPAM LIKELY" <+31612345678>'))
    assert call.names == ("SPAM LIKELY",)


def test_a_voicemail_that_answered_is_a_missed_call() -> None:
    mailbox = row(
        dstchannel="", lastapp="VoiceMail", start=f"{TIME}6", end=f"{TIME}9", billsec="3", disposition="ANSWERED"
    )
    [call] = told(row() + mailbox)
    assert (call.verdict, call.reason) == (Verdict.MISSED, Reason.VOICEMAIL)


def test_a_mailbox_behind_a_local_channel_is_nobody() -> None:
    local = "Local/200@people-00000001"
    member = row(dstchannel=f"{local};1", billsec="6", disposition="ANSWERED")
    mailbox = row(
        channel=f"{local};2",
        dstchannel="",
        lastapp="VoiceMail",
        billsec="6",
        disposition="ANSWERED",
        uniqueid="1795440069.6",
    )
    person = row(channel=f"{local};2", billsec="6", disposition="ANSWERED", uniqueid="1795440069.6")
    assert [call.verdict for call in told(member + mailbox)] == [Verdict.MISSED]
    assert [call.answered_by for call in told(member + person)] == ["101"]


def test_local_channels_that_lead_to_each_other_end_somewhere() -> None:
    local = "Local/200@people-00000001"
    loop = row(channel=f"{local};2", dstchannel=f"{local};1", billsec="6", disposition="ANSWERED")
    assert [
        call.verdict for call in told(row(dstchannel=f"{local};1", billsec="6", disposition="ANSWERED") + loop)
    ] == [Verdict.MISSED]


SPRING, AUTUMN = 1772953080, 1793512500
"""Seconds before New York sets its clocks forward, and back."""


@pytest.mark.parametrize(
    ("begun", "start", "end", "duration"),
    [
        (SPRING, "2026-03-08 01:58:00", "2026-03-08 03:01:30", 210),
        (AUTUMN, "2026-11-01 01:55:00", "2026-11-01 01:10:00", 900),
    ],
)
def test_a_call_during_which_the_clock_is_changed_lasts_as_long_as_it_did(
    begun: int, start: str, end: str, duration: int
) -> None:
    [call] = told(row(start=start, end=end, duration=str(duration), uniqueid=f"{begun}.7"))
    assert (call.started_at, call.ended_at) == (at(begun), at(begun + duration))
    assert (call.verdict, call.reason) == (Verdict.MISSED, Reason.NO_ANSWER)


@pytest.mark.parametrize(
    ("begun", "legs", "lasted"),
    [
        (SPRING, [("01:58:00", "03:01:30", 210), ("03:01:30", "03:01:50", 20)], 230),
        (SPRING, [("01:58:00", "01:59:30", 90), ("03:00:10", "03:00:30", 20)], 150),
        (AUTUMN, [("01:55:00", "01:10:00", 900), ("01:10:00", "01:10:20", 20)], 920),
        (AUTUMN, [("01:55:00", "01:59:50", 290), ("01:00:10", "01:00:30", 20)], 330),
        (AUTUMN, [("01:55:00", "01:10:00", 900), ("01:55:00", "01:55:01", 1)], 900),
    ],
)
def test_legs_before_and_after_the_change_stand_in_their_order(
    begun: int, legs: list[tuple[str, str, int]], lasted: int
) -> None:
    day = "2026-03-08" if begun == SPRING else "2026-11-01"
    rows = [
        row(start=f"{day} {start}", end=f"{day} {end}", duration=str(duration), uniqueid=f"{begun}.7")
        for start, end, duration in legs
    ]
    [call] = told("".join(rows))
    assert (call.started_at, call.ended_at) == (at(begun), at(begun + lasted))


def test_a_caller_whom_the_dialplan_handed_away_is_unknown() -> None:
    [call] = told(row(lastapp="Transfer", dstchannel="", disposition="ANSWERED", billsec="1"))
    assert (call.verdict, call.elsewhere) == (Verdict.UNKNOWN, True)


def test_a_program_that_took_the_call_is_nobody() -> None:
    [call] = told(row(dstchannel="AudioSocket/127.0.0.1:8090-0549ec21", disposition="ANSWERED", billsec="55"))
    assert (call.verdict, call.answered_by) == (Verdict.MISSED, None)


def test_a_call_that_the_office_made_names_who_made_it_and_to_whom() -> None:
    ledger = Ledger(SETTINGS, NAMES)
    ledger.add(records(row(channel="PJSIP/101-00000005", dstchannel="PJSIP/trunk-00000004", dst="0612345678")))
    [call] = [one.call for one in ledger.calls()]
    assert (call.direction, call.answered_by, str(call.caller.number)) == (Direction.OUTBOUND, "101", CALLER)


def test_the_number_called_is_told_beside_where_the_dialplan_took_it() -> None:
    """FreePBX's table has a column for it, and the ring group where its number stands elsewhere."""
    ledger, written = Ledger(SETTINGS, NAMES), next(read_csv(row(dst="600", context="ext-group")))
    ledger.add(filter(None, [record(written, "0205550101")]))
    assert [one.call.did for one in ledger.calls()] == ["0205550101"]


def test_without_trunk_patterns_the_context_tells_who_called_in() -> None:
    rows = row(context="from-pstn") + row(context="from-internal", uniqueid="1795440070.1")
    assert len(told(rows, ChannelNames())) == 1


@pytest.mark.parametrize(
    "broken",
    [
        "\n",
        "nonsense\n",
        row(uniqueid=""),
        row(uniqueid="1795440069"),
        row(start="yesterday"),
        row(billsec="six"),
        row(billsec="9" * 30),
        row(end=f"2026-11-22 {TIME[-7:]}1"),
        row(start="0001-01-01 00:00:00"),
        row(start="9999-12-31 23:59:59"),
        row(end="9999-12-31 23:59:59+14:00"),
        row(uniqueid="99999999999.4"),
        row(uniqueid="000000001.4"),
        '"' + row()[:40] + "\n",
        "\0" * 50 + "\n",
        '"' * 3 + "\n",
    ],
)
def test_what_is_no_record_is_passed_over(broken: str) -> None:
    assert len(told(row() + broken + "\n")) == 1


def test_a_row_that_a_caller_wrote_into_their_name_is_no_row() -> None:
    forged = row(uniqueid="1795440001.1", billsec="6", disposition="ANSWERED").replace('"', "")
    [call] = told(row(clid=f'"x\r\n{forged}" <{CALLER}>'))
    assert (call.key.uniqueid, call.verdict) == ("1795440069.4", Verdict.MISSED)


def test_what_a_caller_planted_behind_a_line_break_is_no_part_of_the_number() -> None:
    [call] = told(row(src=f"{CALLER}\r\nEvent: Hangup\r\nCause: 11"))
    assert str(call.caller.number) == CALLER


async def test_a_file_is_read_from_its_end_with_what_was_rotated_away(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(row(uniqueid="1795440069.4"))
    (tmp_path / "Master.csv.1").write_text(row(uniqueid="1795440060.1"))
    assert [call.key.uniqueid for call in await RecordsFile(path, SETTINGS, NAMES).read(STARTED - HOUR, LATER)] == [
        "1795440060.1",
        "1795440069.4",
    ]


async def test_a_call_whose_legs_may_not_all_be_written_yet_waits(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(row())
    assert await RecordsFile(path, SETTINGS, NAMES).read(STARTED, STARTED + timedelta(seconds=10)) == []
    assert len(await RecordsFile(path, SETTINGS, NAMES).read(STARTED, STARTED + timedelta(seconds=11))) == 1


async def test_of_a_huge_file_the_end_is_enough(tmp_path: Path) -> None:
    path = tmp_path / "Master.csv"
    path.write_text("".join(row(uniqueid=f"1795440{n:03}.1") for n in range(100)))
    found = [call.key.uniqueid for call in await RecordsFile(path, SETTINGS, NAMES, 2000).read(STARTED - HOUR, LATER)]
    assert 3 < len(found) < 10
    assert found[-1] == "1795440099.1"


# --- callers who are no customers

NOBODY = {"dstchannel": "", "disposition": "ANSWERED", "billsec": "6"}


@pytest.mark.parametrize(
    ("values", "reason", "filtered"),
    [
        ({"lastapp": "ReceiveFAX"}, Reason.MACHINE, FilterReason.MACHINE),
        ({"lastapp": "AlarmReceiver"}, Reason.MACHINE, FilterReason.MACHINE),
        ({"lastapp": "Wait", "dst": "fax"}, Reason.MACHINE, FilterReason.MACHINE),
        ({"lastapp": "VoiceMailMain", "data": "101@default"}, Reason.ABANDONED_MENU, FilterReason.SERVICE),
        ({"lastapp": "DISA", "data": "no-password,out"}, Reason.NOT_OFFERED, FilterReason.SERVICE),
        ({"lastapp": "DISA", "data": "4321,out"}, Reason.ABANDONED_MENU, None),
        ({"lastapp": "Playback", "context": "app-blacklist-check"}, Reason.NOT_OFFERED, FilterReason.REFUSED),
        ({"lastapp": "Playback", "context": "blocked-callers"}, Reason.NOT_OFFERED, FilterReason.REFUSED),
        (
            {"lastapp": "Wait", "context": "app-blackhole", "dst": "zapateller"},
            Reason.NOT_OFFERED,
            FilterReason.REFUSED,
        ),
        ({"lastapp": "Hangup", "src": "301"}, Reason.NOT_OFFERED, FilterReason.SISTER_OFFICE),
        ({"lastapp": "Hangup"}, Reason.NOT_OFFERED, None),
    ],
)
def test_who_is_no_customer_is_told_by_records_too(
    values: dict[str, str], reason: Reason, filtered: FilterReason | None
) -> None:
    names, settings = ChannelNames(("PJSIP/trunk-*",), ignored=("blocked-*",)), replace(SETTINGS, extensions=("3??",))
    [call] = told(row(**NOBODY | values), names, settings)
    assert (call.verdict, call.reason, call.filtered) == (Verdict.MISSED, reason, filtered)


@pytest.mark.parametrize(
    ("seconds", "reason", "filtered"), [(5, Reason.NO_ANSWER, None), (40, Reason.MACHINE, FilterReason.MACHINE)]
)
def test_of_a_line_for_voice_and_fax_only_who_stays_with_the_tone_is_a_machine(
    seconds: int, reason: Reason, filtered: FilterReason | None
) -> None:
    fax = {"lastapp": "ReceiveFAX", "start": f"{TIME}6", "duration": str(seconds), "billsec": str(seconds)}
    [call] = told(row() + row(**NOBODY | fax))
    assert (call.verdict, call.reason, call.filtered) == (Verdict.MISSED, reason, filtered)


def test_a_fax_machine_on_a_desk_that_takes_a_fax_is_no_person() -> None:
    [call] = told(row(dst="fax", disposition="ANSWERED", billsec="6", dstchannel="PJSIP/fax-00000005"))
    assert (call.verdict, call.reason, call.answered_by) == (Verdict.MISSED, Reason.MACHINE, None)

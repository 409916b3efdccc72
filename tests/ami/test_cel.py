"""Calls as CEL tells them, held against what the events of the same calls came to."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.ami.cdr import SETTLED_AFTER
from bridge.ami.cel import COMES_LATE, calls
from bridge.ami.cel_rows import CSV_COLUMNS, CelRow, from_csv, is_cel, row
from bridge.ami.channels import ChannelNames
from bridge.ami.records_file import RecordsFile
from bridge.domain.calls.calls import EndedCall, Reason, Verdict
from bridge.domain.calls.settings import TrackerSettings
from tests.recorded import NAMES, Recording, differences, inbound, recordings

HURT = {"ami_cut_call_survives", "ami_cut_midcall", "hostile_hangup", "hostile_whole_events", "hostile_bare_event"}
"""There the stream that brought the rows was cut or forged, which happens to no table."""

SHORT, REASON, CALLER, FILTERED = {"verdict", "reason"}, {"reason"}, {"caller"}, {"filtered"}
DIFFERS = {
    "hangup_ringing_2s": SHORT,
    "pbx_crash_ringing": {"0 calls instead"},  # it wrote no end
    "held_for_another_customer": {"verdict"},  # of being put on hold
    "sent_on_after_answer": {"verdict", "reason"},  # of Transfer(), unless cel.conf names it
    "alarm_panel": REASON | FILTERED,  # and of the applications there
    "fax_line": REASON | FILTERED,
    "mailbox_from_outside": FILTERED,
    "16.28.0/after_hours_night_switch": REASON,
    "16.28.0/ivr_timeout": REASON,
    "16.28.0/queue_timeout_voicemail": REASON,
    "moved_to_a_busy_phone": REASON,
    "withheld_and_told": CALLER,  # of what a UserEvent said
    "pilot_number_in_from": CALLER,
    "blocked_by_the_dialplan": FILTERED,
    "vouched_for": {"attestation"},
}
"""What rows do not tell, by what is told otherwise then."""


def rows_of(recording: Recording) -> list[CelRow]:
    return [found for written in recording.cel if (found := row(written))]


LOGGED = [one for one in recordings() if one.cel and one.path.stem.removesuffix("_least") not in HURT]


def told(rows: Iterable[CelRow], names: ChannelNames = NAMES) -> list[EndedCall]:
    return inbound(one.call for one in calls(rows, TrackerSettings(), names))


@pytest.mark.parametrize("recording", LOGGED, ids=str)
def test_rows_come_to_what_the_events_of_the_same_call_came_to(recording: Recording) -> None:
    wanted = recording.expected["calls"]
    dids = [call["did"] for call in wanted]
    found = sorted(told(rows_of(recording), recording.names), key=lambda call: dids.index(call.did))
    wrong = {one.partition(":")[0].partition(" of ")[0] for one in differences(found, wanted)}
    assert wrong == DIFFERS.get(recording.path.stem, DIFFERS.get(str(recording), set()))


# --- the same rows, written otherwise


def recorded(name: str) -> list[dict[str, str]]:
    return next(one for one in LOGGED if str(one) == f"22.10.1/{name}").cel


def came_to(written: Iterable[dict[str, str]]) -> list[tuple[Verdict, Reason | None, str | None, datetime | None]]:
    rows = filter(None, map(row, written))
    return [(call.verdict, call.reason, call.answered_by, call.ended_at) for call in told(rows)]


ANSWERED, UNANSWERED = recorded("ringgroup_local_one_answers"), recorded("ringgroup_noanswer")
NUMBERS = ("", "CHAN_START", "CHAN_END", "HANGUP", "ANSWER", "APP_START", "APP_END", "BRIDGE_ENTER", "BRIDGE_EXIT")


@pytest.mark.parametrize("written", [ANSWERED, UNANSWERED])
@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d %H:%M:%S.%f",
        "%s.000000",
        "%m/%d/%Y %H:%M:%S",
        "%d.%m.%Y %H:%M:%S",
        "%a %b %d %H:%M:%S %Y",
        "%FT%T+0000",
    ],
)
def test_a_date_format_of_somebodys_own_is_read(written: list[dict[str, str]], form: str) -> None:
    def again(one: dict[str, str]) -> dict[str, str]:
        at = datetime.fromisoformat(one["eventtime"]).replace(tzinfo=UTC)
        return one | {"eventtime": at.strftime(form.replace("%s", str(int(at.timestamp()))))}

    assert came_to(map(again, written)) == came_to(written)


@pytest.mark.parametrize("written", [ANSWERED, UNANSWERED])
def test_event_types_may_be_numbers_or_have_their_names_in_the_documentation(written: list[dict[str, str]]) -> None:
    by_number = [
        one | {"eventtype": str(NUMBERS.index(one["eventtype"]))} for one in written if one["eventtype"] in NUMBERS
    ]
    as_documented = [one | {"eventtype": one["eventtype"].replace("CHAN_", "CHANNEL_")} for one in written]
    assert came_to(by_number) == came_to(as_documented) == came_to(written)


@pytest.mark.parametrize("written", [ANSWERED, UNANSWERED])
@pytest.mark.parametrize("hours", [-5, 5.5, 13, 0])
def test_the_zone_that_they_are_written_in_does_not_matter(written: list[dict[str, str]], hours: float) -> None:
    assert came_to(moved(written, timedelta(hours=hours))) == came_to(written)


def moved(written: Iterable[dict[str, str]], by: timedelta) -> list[dict[str, str]]:
    return [one | {"eventtime": str(datetime.fromisoformat(one["eventtime"]) + by)} for one in written]


@pytest.mark.parametrize("by", [timedelta(hours=1), timedelta(hours=-1)])
@pytest.mark.parametrize("calls_after", [True, False])
def test_a_call_during_which_the_clock_is_changed_lasts_as_long_as_it_did(by: timedelta, *, calls_after: bool) -> None:
    """Clocks go forward in spring; nothing but the next call tells that they did."""
    later = recorded("busy") if calls_after else []
    ended = came_to(UNANSWERED)[0][3]
    half = len(UNANSWERED) // 2
    found = came_to([*UNANSWERED[:half], *moved([*UNANSWERED[half:], *later], by)])
    assert found[0][3] == ended or (by > timedelta(0) and not calls_after)


def test_rows_may_be_numbered_in_another_order_than_that_of_their_times() -> None:
    """Within a second the order is as they are numbered."""
    seconds = sorted({one["eventtime"] for one in ANSWERED})
    random.Random(7).shuffle(seconds)
    mixed = [one for second in seconds for one in ANSWERED if one["eventtime"] == second]
    assert came_to(mixed) == came_to(ANSWERED)


def test_a_call_of_which_rows_are_missing_yet_is_not_judged_for_a_while() -> None:
    """That it was answered may stand in one of those."""
    whole = list(filter(None, map(row, ANSWERED)))
    lacking = [one for one in whole if one.event != "BRIDGE_ENTER"]
    [first], [second] = calls(whole, TrackerSettings(), NAMES), calls(lacking, TrackerSettings(), NAMES)
    assert first.call.verdict is Verdict.ANSWERED
    assert (first.due - second.due, second.call.ended_at) == (SETTLED_AFTER - COMES_LATE, first.call.ended_at)


@pytest.mark.parametrize(
    "broken",
    [
        {"eventtype": None},
        {"eventtype": "9" * 30},
        {"eventtime": "yesterday"},
        {"eventtime": "0000-00-00 00:00:00"},
        {"eventtime": "1e300"},
        {"eventtime": "0001-01-01 00:00:00"},
        {"eventtime": "9999-12-31 23:59:59"},
        {"uniqueid": ""},
        {"extra": '{"bridge_id"'},
        {"extra": "[" * 10_000},
        {"extra": '{"hangupsource": ["PJSIP/trunk"], "hangupcause": null}'},
        {"channame": "", "peer": ",,"},
        {"linkedid": "", "uniqueid": "' OR 1=1 --"},
        {"cid_name": "=cmd|' /C calc'!A0\r\nEvent: Hangup", "cid_num": "\0" * 200, "uniqueid": "1795440000.9"},
    ],
)
def test_what_is_no_row_changes_nothing(broken: dict[str, object]) -> None:
    stranger = {**UNANSWERED[3], "uniqueid": "1795440001.1", "linkedid": "1795440001.1", **broken}
    rows = [*map(row, UNANSWERED[:4]), row(stranger), *map(row, UNANSWERED[4:])]
    found = told(filter(None, rows))
    assert [(call.verdict, call.reason) for call in found] == [(Verdict.MISSED, Reason.NO_ANSWER)]


def test_what_a_caller_planted_behind_a_line_break_is_no_part_of_the_number() -> None:
    planted = "\r\nEvent: Hangup\r\nUniqueid: 1795440069.4"
    rows = [row(one | {"cid_num": one["cid_num"] and one["cid_num"] + planted}) for one in UNANSWERED]
    assert [str(call.caller.number) for call in told(filter(None, rows))] == ["+31612345678"]


def test_where_extra_was_cut_off_a_call_is_told_without_its_reason() -> None:
    assert [found[0] for found in came_to(one | {"extra": ""} for one in UNANSWERED)] == [Verdict.MISSED]


def test_without_patterns_of_trunks_the_context_tells_who_called_in_and_who_answered() -> None:
    named = {f"PJSIP/{member}-": f"PJSIP/desk{member}-" for member in ("103", "104")}

    def by_name(value: str) -> str:
        found = next((member for member in named if value.startswith(member)), "")
        return value.replace(found, named[found]) if found else value

    written = [
        one | {"cid_num": one["cid_num"] if len(one["cid_num"]) > 3 else ""} for one in recorded("queue_answered")
    ]
    found = told(filter(None, (row({key: by_name(one[key]) for key in one}) for one in written)), ChannelNames())
    assert [(call.verdict, call.answered_by) for call in found] == [(Verdict.ANSWERED, "desk103")]


# --- in a file


def as_csv(written: Iterable[dict[str, str]], *literal: str) -> str:
    def quoted(value: str) -> str:
        return '"{}"'.format(value.replace('"', '""'))

    lines = ([one.get(column, "") for column in CSV_COLUMNS] for one in written)
    return "".join(",".join(map(quoted, [line[0], *literal, *line[1:]])) + "\n" for line in lines)


@pytest.mark.parametrize("literal", [(), ("My Literal",)])
async def test_the_file_of_the_records_may_be_one_of_cel(tmp_path: Path, literal: tuple[str, ...]) -> None:
    path = tmp_path / "Master.csv"
    path.write_text(as_csv([*ANSWERED, *UNANSWERED], *literal))
    ended = came_to(UNANSWERED)[0][3]
    assert ended
    found = await RecordsFile(path, TrackerSettings(), NAMES).read(ended - timedelta(days=1), ended + COMES_LATE)
    assert {call.verdict for call in found} == {Verdict.ANSWERED, Verdict.MISSED}


def test_a_table_that_was_exported_is_read_by_the_names_of_its_columns() -> None:
    names = ["id", "uniqueid", "linkedid", "eventtime", "eventtype", "channame", "exten", "context", "cid_num", "extra"]
    lines = [",".join('"{}"'.format(one.get(name, "").replace('"', '""')) for name in names) for one in UNANSWERED]
    text = "\n".join([",".join(names), *lines])
    assert is_cel(text)
    assert [call.verdict for call in told(from_csv(text))] == [Verdict.MISSED]

"""What each key does to the queue, and what silence, other keys and a hang-up do not."""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from agi import desk as agi_desk
from agi.desk import PinLock
from agi.routes import FOR_STAFF, routes
from agi.server import AgiServer
from agi.settings import AgiSettings
from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import CallbackState, Outcome, Urgency
from storage import settings
from tests.agi.caller import HANG_UP, Caller, calling
from tests.desk import CUSTOMER, MONDAY_NOON, OTHER, OWN, Desk, missed_call

TOKEN, PIN = "token", "2468"
ANN, STRANGER = "PJSIP/101-00000001", "PJSIP/reception-0000000a"
Presses = Mapping[str, str | Sequence[str]]


class Phone:
    def __init__(self, desk: Desk, port: int, lock: PinLock) -> None:
        self.desk, self.port, self.lock = desk, port, lock

    async def dials(self, script: str, presses: Presses, *, channel: str = ANN, caller: str = "101") -> Caller:
        async with calling(self.port) as call:
            call.head(f"{TOKEN}/{script}", channel, caller)
            await call.listen(presses)
        return call


@pytest.fixture
async def phone(desk: Desk) -> AsyncIterator[Phone]:
    lock = PinLock(PIN)
    work = agi_desk.Desk(desk.database, desk.office, desk.callbacks, lock, desk.clock, trunks=["PJSIP/trunk-*"])
    server = AgiServer(AgiSettings(TOKEN, port=0), routes(work))
    async with server.serving() as port:
        yield Phone(desk, port, lock)
    assert server.figures.scripts_failed == 0


async def flag(desk: Desk) -> None:
    row = await desk.row()
    await desk.callbacks.rank(Seen.of(row, "Bob", desk.clock()), Urgency.URGENT)


# --- next callback


async def test_the_queue_is_read_urgent_first(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call(OTHER))
    await desk.call(missed_call(CUSTOMER))
    await flag(desk)
    call = await phone.dials("next", {"beep": ["2", "2"]})
    said = [one for one in call.said if one not in ("vm-tocallnum", "beep")]
    assert said == [
        *("vm-youhave", "2", "vm-messages"),
        *("vm-Urgent", "vm-num-i-have", "2025550123"),
        *("vm-num-i-have", "2025557788"),
        *("vm-nomore", "vm-goodbye"),
    ]


async def test_1_takes_the_row_and_has_the_dialplan_dial_as_the_line_that_was_called(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call())
    call = await phone.dials("next", {"beep": "1"})
    assert call.variables == {"TEXTBACK_DID": OWN.value, "TEXTBACK_TO": CUSTOMER.digits}
    assert ((await desk.row()).state, (await desk.row()).owner) == (CallbackState.CLAIMED, "Ann")


async def test_3_snoozes_for_two_office_hours(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call())
    await phone.dials("next", {"beep": "3"})
    assert (await desk.row()).until == MONDAY_NOON + timedelta(hours=2)


async def test_a_row_without_a_number_is_not_dialled_but_can_be_closed(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call(None))
    call = await phone.dials("next", {"beep": ["1", "4", "2"]})
    assert "vm-sorry" in call.said
    assert not call.variables
    assert (await desk.row(None)).outcome is Outcome.REACHED


async def test_a_row_that_somebody_else_took_is_passed_over(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.claim(Seen.of(row, "Bob", desk.clock()))
    call = await phone.dials("next", {})
    assert call.said == ["vm-youhave", "1", "vm-messages", "vm-nomore", "vm-goodbye"]


async def test_a_row_that_somebody_takes_while_it_is_read_stays_theirs(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call())
    async with calling(phone.port) as call:
        call.head(f"{TOKEN}/next", ANN)
        while "beep" not in await call.asked():
            call.send(b"200 result=0\n")
        row = await desk.row()
        await desk.callbacks.claim(Seen.of(row, "Bob", desk.clock()))
        call.send(b"200 result=49\n")
        await call.listen({})
    assert call.said == ["is-in-use", "vm-nomore", "vm-goodbye"]
    assert (await desk.row()).owner == "Bob"


@pytest.mark.parametrize("key", ["", "9", "#", HANG_UP])
@pytest.mark.parametrize("prompt", ["vm-youhave", "vm-messages", "vm-num-i-have", "2025550123", "vm-tocallnum", "beep"])
async def test_nothing_but_its_own_keys_changes_a_row(desk: Desk, phone: Phone, prompt: str, key: str) -> None:
    await desk.call(missed_call())
    before = await desk.row()
    call = await phone.dials("next", {prompt: key})
    assert await desk.row() == before
    assert not call.variables


# --- outcome


@pytest.mark.parametrize(
    ("key", "outcome", "state"),
    [
        ("1", Outcome.BOOKED, CallbackState.CLOSED),
        ("2", Outcome.REACHED, CallbackState.CLOSED),
        ("3", None, CallbackState.WAITING),
        ("4", None, CallbackState.WAITING),
        ("5", Outcome.WRONG_NUMBER, CallbackState.CLOSED),
    ],
)
async def test_the_key_says_what_came_of_the_row_taken_last(
    desk: Desk, phone: Phone, key: str, outcome: Outcome | None, state: CallbackState
) -> None:
    await desk.call(missed_call())
    await phone.dials("next", {"beep": "1"})
    call = await phone.dials("outcome", {"beep": key})
    assert ((await desk.row()).outcome, (await desk.row()).state) == (outcome, state)
    assert call.variables == {"TEXTBACK_DONE": "1"}


@pytest.mark.parametrize("key", ["", "6", "0", HANG_UP])
async def test_an_outcome_that_is_none_changes_nothing(desk: Desk, phone: Phone, key: str) -> None:
    await desk.call(missed_call())
    await phone.dials("next", {"beep": "1"})
    before = await desk.row()
    call = await phone.dials("outcome", {"beep": key})
    assert await desk.row() == before
    assert not call.variables


async def test_who_took_nothing_has_nothing_to_say(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call())
    await phone.dials("next", {"beep": "1"})
    call = await phone.dials("outcome", {"beep": "1"}, channel=STRANGER)
    assert call.said == ["vm-nomore", "vm-goodbye"]
    assert (await desk.row()).state is CallbackState.CLAIMED


async def test_a_phone_without_a_person_acts_by_its_own_name(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call())
    await phone.dials("next", {"beep": "1"}, channel=STRANGER)
    assert (await desk.row()).owner == "reception"


async def test_a_channel_that_is_no_phone_acts_as_some_phone(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call())
    await phone.dials("next", {"beep": "1"}, channel="Local/101@from-internal-00000001;2")
    assert (await desk.row()).owner == agi_desk.SOME_PHONE


# --- acknowledge


async def test_the_urgent_row_flagged_last_is_acknowledged(desk: Desk, phone: Phone) -> None:
    await desk.call(missed_call())
    await flag(desk)
    call = await phone.dials("acknowledge", {})
    assert (await desk.row()).acknowledged_by == "Ann"
    assert "2025550123" in call.said


async def test_with_nothing_urgent_it_says_so(desk: Desk, phone: Phone) -> None:
    call = await phone.dials("acknowledge", {})
    assert call.said == ["vm-youhave", "vm-no", "vm-Urgent", "vm-messages", "vm-goodbye"]


# --- text-back on and off


async def paused(desk: Desk) -> bool:
    async with desk.database.read() as db:
        return await settings.is_on(db, settings.PAUSED)


async def test_text_back_goes_off_and_on_with_the_pin(desk: Desk, phone: Phone) -> None:
    await phone.dials("switch", {"agent-pass": PIN, "beep": "2"})
    assert await paused(desk)
    await phone.dials("switch", {"agent-pass": "1", "auth-incorrect": PIN, "beep": "1"})
    assert not await paused(desk)


@pytest.mark.parametrize("pin", ["", "1", "24680", "2" * 40, HANG_UP])
async def test_without_the_pin_nothing_is_switched(desk: Desk, phone: Phone, pin: str) -> None:
    await phone.dials("switch", {"agent-pass": pin, "beep": "2"})
    assert not await paused(desk)


async def test_where_there_is_no_pin_nobody_switches(desk: Desk, phone: Phone) -> None:
    phone.lock.pin = ""
    call = await phone.dials("switch", {"agent-pass": "", "beep": "2"})
    assert call.said == ["feature-not-avail-line"]


def test_five_wrong_pins_shut_the_lock_to_that_phone_for_a_while() -> None:
    lock = PinLock(PIN)
    for _ in range(agi_desk.WRONG_PINS):
        assert not lock.opens("0000", "102", MONDAY_NOON)
    assert not lock.opens(PIN, "102", MONDAY_NOON)
    assert lock.opens(PIN, "101", MONDAY_NOON)
    assert lock.opens(PIN, "102", MONDAY_NOON + agi_desk.LOCKED_FOR)


def test_wrong_pins_from_many_phones_shut_it_to_all() -> None:
    lock = PinLock(PIN)
    for extension in range(agi_desk.WRONG_PINS_IN_ALL):
        assert not lock.opens("0000", f"{100 + extension}", MONDAY_NOON)
    assert not lock.opens(PIN, "999", MONDAY_NOON)
    assert lock.opens(PIN, "999", MONDAY_NOON + agi_desk.LOCKED_FOR)


@pytest.mark.parametrize("script", sorted(FOR_STAFF))
async def test_no_code_for_staff_works_for_a_caller_on_a_trunk(desk: Desk, phone: Phone, script: str) -> None:
    await desk.call(missed_call())
    presses = {"agent-pass": PIN, "beep": "2"}
    call = await phone.dials(script, presses, channel="PJSIP/trunk-0000000b", caller=CUSTOMER.value)
    assert call.said == ["feature-not-avail-line"]
    assert not await paused(desk)
    assert (await desk.row()).version == 1


# --- text me


async def test_a_caller_confirms_the_number_that_is_shown(phone: Phone) -> None:
    call = await phone.dials("text-me", {"if-correct-press": "1"}, caller=CUSTOMER.value)
    assert "2025550123" in call.said
    assert call.told == [f"Textback,Number: {CUSTOMER},Consent: yes"]


async def test_a_caller_without_a_number_types_one_and_hears_it(phone: Phone) -> None:
    presses = {"privacy-prompt": "2025557788", "if-correct-press": "1"}
    call = await phone.dials("text-me", presses, caller="unknown")
    assert "2025557788" in call.said
    assert call.told == [f"Textback,Number: {OTHER},Consent: yes"]


async def test_a_number_that_was_mistyped_is_typed_again(phone: Phone) -> None:
    presses = {"privacy-prompt": ["2025550199", OTHER.digits], "if-correct-press": ["2", "1"]}
    call = await phone.dials("text-me", presses, caller="anonymous")
    assert call.told == [f"Textback,Number: {OTHER},Consent: yes"]


@pytest.mark.parametrize("typed", ["", "1", "911", "999999999999999", "*#*#", HANG_UP])
async def test_what_is_no_number_is_never_texted(phone: Phone, typed: str) -> None:
    call = await phone.dials("text-me", {"privacy-prompt": [typed] * 3, "if-correct-press": ["1"] * 3}, caller="")
    assert call.told == []


def test_wrong_pins_leave_a_trace_and_no_pin() -> None:
    lock = PinLock("471123")
    with capture_logs() as logs:
        for n in range(8):
            lock.opens(f"00000{n}", "101", datetime(2026, 11, 23, tzinfo=UTC))
    assert [(entry["event"], entry["phone"], entry["times"]) for entry in logs] == [("desk.wrong_pin", "101", 1)]
    assert "00000" not in str(logs)

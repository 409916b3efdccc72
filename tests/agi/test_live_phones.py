"""Desk phones at a real Asterisk: they dial the codes, press keys, and the queue changes."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.domain.callbacks.queue import CallbackState, Outcome
from storage import settings
from tests.agi.phones import LINE_DID, NINA, OMAR, PIN, Phones, closed, ended, hearing, open_phones, shown_name
from tests.agi.process import daemon
from tests.lab import sip
from tests.lab.office import Office
from tests.lab.phone import answers_after, only_rings

NEXT, OUTCOME, ACKNOWLEDGE, SWITCH = "*251", "*252", "*253", "*254"
DISPLAYED, TEXT_ME, WITH_MOBILE = "0205550240", "0205550242", "0205550243"

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(90)]


@pytest_asyncio.fixture
async def phones(office: Office, tmp_path: Path) -> AsyncIterator[Phones]:
    async with open_phones(office, tmp_path) as opened:
        yield opened


async def test_a_receptionist_with_a_handset_only_empties_the_queue(phones: Phones) -> None:
    await phones.opens(OMAR)
    await phones.flags(await phones.opens(NINA))
    phones.lab.trunk.manners = answers_after(0.3, talks=0.5)

    call = await phones.asks(NEXT)
    await phones.heard.until("vm-num-i-have")
    await call.press("1")
    first = await phones.lab.trunk.taken()
    await phones.heard.until("info-about-last-call")
    await call.press("1")
    await phones.heard.until("0687654321")
    await call.press("1")
    second = await phones.lab.trunk.taken()
    await phones.heard.until("info-about-last-call", 2)
    await call.press("2")
    await phones.heard.until("vm-nomore")
    await ended(call)

    assert [first.number, second.number] == [NINA.value, OMAR.value]
    assert first.invite is not None
    assert sip.user_of(sip.uri_of(first.invite.get("from"))) == LINE_DID
    assert (await phones.row(NINA)).outcome is Outcome.BOOKED
    assert (await phones.row(OMAR)).outcome is Outcome.REACHED
    assert (await phones.row(NINA)).closed_by == "Ann"
    said = phones.heard.sounds
    assert said[:3] == ["vm-youhave", "2", "vm-messages"]
    assert said.index("vm-Urgent") < said.index("0687654321")
    assert phones.heard.results == {"Success"}


async def test_what_a_handset_does_shows_on_the_page(
    office: Office, tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    async with daemon(office, tmp_path, unused_tcp_port_factory) as textback, hearing(office.asterisk.ports) as heard:
        await textback.shows("/", "06 12345678")
        call = office.phones["101"].call(NEXT)
        await heard.until("vm-num-i-have")
        await call.press("4")
        await heard.until("info-about-last-call")
        await call.press("2")
        await textback.shows("/done", "06 12345678")


async def test_rows_are_skipped_and_snoozed_and_one_that_hides_its_number_is_closed_by_hand(phones: Phones) -> None:
    for number in (NINA, OMAR, None):
        await phones.opens(number)

    call = await phones.asks(NEXT)
    await phones.heard.until("0612345678")
    await call.press("2")
    await phones.heard.until("0687654321")
    await call.press("3")
    await phones.heard.until("vm-unknown-caller")
    await call.press("4")
    await phones.heard.until("info-about-last-call")
    await call.press("2")
    await ended(call)

    assert (await phones.row(NINA)).state is CallbackState.OPEN
    assert (await phones.row(OMAR)).state is CallbackState.WAITING
    assert closed(await phones.row(None))


@pytest.mark.parametrize(
    ("code", "prompt"),
    [
        (NEXT, "vm-youhave"),
        (NEXT, "0612345678"),
        (OUTCOME, "info-about-last-call"),
        (SWITCH, "agent-pass"),
    ],
)
async def test_hanging_up_at_a_prompt_changes_nothing(phones: Phones, code: str, prompt: str) -> None:
    before = await phones.claims(await phones.opens())
    call = await phones.asks(code)
    await phones.heard.until(prompt)
    call.hang_up()
    await phones.lab.idle()
    assert await phones.row() == before
    assert phones.server.figures.scripts_failed == 0


@pytest.mark.parametrize(
    ("key", "outcome", "state"),
    [
        ("3", None, CallbackState.WAITING),
        ("4", None, CallbackState.WAITING),
        ("5", Outcome.WRONG_NUMBER, CallbackState.CLOSED),
    ],
    ids=["left message", "no answer", "wrong number"],
)
async def test_the_outcome_code_asks_about_the_row_that_was_taken_last(
    phones: Phones, key: str, outcome: Outcome | None, state: CallbackState
) -> None:
    await phones.claims(await phones.opens())
    call = await phones.asks(OUTCOME)
    await phones.heard.until("info-about-last-call")
    await call.press(key)
    await ended(call)
    after = await phones.row()
    assert (after.outcome, after.state) == (outcome, state)


async def test_the_newest_urgent_alert_is_acknowledged_by_whose_phone_it_is(phones: Phones) -> None:
    await phones.flags(await phones.opens())
    call = await phones.asks(ACKNOWLEDGE)
    await phones.heard.until("0612345678")
    call.hang_up()
    assert (await phones.row()).acknowledged_by == "Ann"
    assert phones.heard.sounds == ["vm-Urgent", "vm-num-i-have", "0612345678"]


async def test_text_back_is_switched_only_with_the_pin(phones: Phones) -> None:
    assert await phones.is_on(settings.PAUSED)
    call = await phones.asks(SWITCH)
    await phones.heard.until("agent-pass")
    await call.press("1111#", 0.15)
    await phones.heard.until("auth-incorrect")
    await call.press(f"{PIN}#", 0.15)
    await phones.heard.until("de-activated")
    await call.press("1")
    await ended(call)
    assert not await phones.is_on(settings.PAUSED)
    assert phones.heard.sounds[-1] == "activated"


async def test_a_caller_who_hides_the_number_is_texted_at_the_one_they_enter(phones: Phones) -> None:
    await phones.resume()
    caller = phones.lab.trunk.withheld_calls(TEXT_ME)
    await caller.answered.wait()
    await phones.heard.until("privacy-prompt")
    await caller.press("0612345678#", 0.15)
    await phones.heard.until("0612345678")
    await caller.press("1")
    await ended(caller)
    row = await phones.until_row(lambda row: row.missed == 1)
    async with phones.database.read() as db:
        texts = await db.all("SELECT number FROM message WHERE kind = 'first' AND callback_id = :id", id=row.id)
        consents = await db.all("SELECT 1 FROM audit WHERE json_extract(detail, '$.consent') = 'pressed 1'")
    assert [text["number"] for text in texts] == [NINA.value]
    assert len(consents) == 1


@pytest.mark.parametrize("talks", [None, 3], ids=["stays on the line", "hangs up while it is asked"])
async def test_a_mobile_that_answers_without_pressing_1_leaves_the_call_missed(
    phones: Phones, talks: float | None
) -> None:
    phones.lab.behave(p102=only_rings)
    phones.lab.trunk.manners = answers_after(0.2, talks)
    caller = phones.lab.trunk.customer_calls(WITH_MOBILE, NINA.value)
    await ended(caller)
    row = await phones.until_row(lambda row: row.missed == 1)
    assert row.state is CallbackState.OPEN


async def test_a_mobile_that_presses_1_has_answered(phones: Phones) -> None:
    await phones.opens()
    phones.lab.trunk.manners = answers_after(0.2)
    caller = phones.lab.trunk.customer_calls(WITH_MOBILE, NINA.value)
    mobile = await phones.lab.trunk.taken()
    await mobile.press("1")
    await caller.answered.wait()
    mobile.hang_up()
    await ended(caller)
    assert closed(await phones.until_row(closed))


async def test_a_call_from_the_page_rings_the_phone_then_the_customer_who_sees_the_line(phones: Phones) -> None:
    phones.lab.behave(p101=answers_after(0.2))
    phones.lab.trunk.manners = answers_after(0.2, talks=0.3)
    done = await phones.pbx.originate(
        attempt_id="attempt-1", extension="101", number=NINA, did=LINE_DID, display="URGENT leak"
    )
    assert done.accepted, done.error
    desk_phone = await phones.lab.phones["101"].taken()
    customer = await phones.lab.trunk.taken()
    assert shown_name(desk_phone) == "URGENT leak"
    assert customer.invite is not None
    assert customer.number == NINA.value
    assert sip.user_of(sip.uri_of(customer.invite.get("from"))) == LINE_DID
    await ended(customer)

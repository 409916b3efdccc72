"""A morning at the office, on a real database: what the page is looked at with."""

from datetime import timedelta

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Attempt, Outcome
from bridge.domain.phone import E164
from bridge.domain.texts.messages import ReceiptState
from bridge.domain.texts.policy import ContactKind
from storage import contacts
from storage.contacts import Contact
from tests.desk import MONDAY_NOON, OWN, Desk, answered_call, missed_call, receipt, text

LEAK = E164("+12125550142")
HEAT = E164("+16465550177")
SMELL = E164("+17185550118")
QUIET = E164("+13475550163")
STOPPED = E164("+19175550185")
SNOOZED = E164("+12125550121")
BOOKED = E164("+12125550134")
REACHED = E164("+12125550156")
NAMES = {
    LEAK: "José Alvarez",
    QUIET: "Bartholomew Featherstonehaugh-Cholmondeley of the Riverside Condominium Association",
    BOOKED: "Marta Lindqvist",
}
HOSTILE = '<script>alert(1)</script> & "quotes" \u202egnp.exe'
MORNING = MONDAY_NOON - timedelta(hours=3)


async def play(desk: Desk) -> None:
    """Nine callers by noon, of whom most wrote something."""
    desk.clock.now = MORNING
    async with desk.database.transaction() as tx:
        for number, name in NAMES.items():
            await contacts.put(tx, Contact(number, name, ContactKind.CUSTOMER), "Ann", MORNING)
    async with desk.sending():
        await _missed(desk)
    await _written(desk)
    await _worked(desk)


async def _missed(desk: Desk) -> None:
    for n, number in enumerate((BOOKED, REACHED, SNOOZED, LEAK, STOPPED, QUIET, HEAT, SMELL)):
        await desk.call(missed_call(number, MORNING + timedelta(minutes=18 * n)))
        await desk.until_parts_are(*["submitted"] * (n + 1))
    await desk.call(missed_call(LEAK, desk.clock.advance(minutes=2)))
    await desk.call(missed_call(None, desk.clock.advance(minutes=3)))


async def _written(desk: Desk) -> None:
    for part in range(1, 7):
        await desk.inbox.received(receipt(ReceiptState.DELIVERED, f"id-{part}"))
    for number, words in (
        (BOOKED, "Hi, can you quote a water heater for 12 Oak Lane? No rush"),
        (LEAK, "Water is pouring through the kitchen ceiling at 84 Pine St, please hurry"),
        (HEAT, "no heat since last night and my mother is 84, 310 W 95th St apt 4B"),
        (STOPPED, "STOP"),
        (SMELL, f"burning smell from the panel {HOSTILE}"),
    ):
        desk.clock.advance(minutes=1)
        await desk.inbox.received(text(words, number.value, to=OWN.value))


async def _worked(desk: Desk) -> None:
    now = desk.clock.advance(minutes=4)
    heat = await desk.row(HEAT)
    await desk.callbacks.claim(Seen.of(heat, "Ann", now))
    snoozed = await desk.row(SNOOZED)
    snoozed = await desk.callbacks.note(Seen.of(snoozed, "Bob", now), "Ring after lunch, she is teaching")
    await desk.callbacks.attempt(Seen.of(snoozed, "Bob", now), Attempt.LEFT_MESSAGE)
    booked = await desk.row(BOOKED)
    await desk.callbacks.finish(Seen.of(booked, "Ann", now), Outcome.BOOKED)
    await desk.call(answered_call(REACHED, desk.clock.advance(minutes=1)))

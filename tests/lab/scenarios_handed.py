"""Callers in good hands or out of them: held for others, asked about, sent on, joined, and taken back."""

import asyncio

from tests.lab.office import Office
from tests.lab.phone import Call, answers_after, only_rings
from tests.lab.scenario import Expected, ended, scenario, talk
from tests.lab.scenarios import MOBILE
from tests.lab.scenarios_moved import answered_by_101

OTHER_CUSTOMER = "+31687654321"
BY_101 = Expected("0205550101", "answered", answered_by="101")
LOST_BY_101 = Expected("0205550101", "answered_then_lost", answered_by="101")


@scenario(
    "101 puts the caller on hold for another caller; the first gives up",
    LOST_BY_101,
    Expected("0205550101", "answered", answered_by="101", caller=OTHER_CUSTOMER),
)
async def held_for_another_customer(office: Office) -> None:
    customer, first = await answered_by_101(office)
    office.behave(p101=only_rings)
    other = office.trunk.customer_calls("0205550101", OTHER_CUSTOMER)
    second = await office.phones["101"].incoming.get()
    await second.ringing.wait()
    first.hold()
    await asyncio.sleep(0.5)
    second.answer()
    await asyncio.sleep(2)
    customer.hang_up()
    await talk(other, 1)


@scenario("101 asks 102, comes back to the caller, and they go on talking", BY_101)
async def asked_and_taken_back(office: Office) -> None:
    office.behave(p102=answers_after(0.5))
    customer, first = await answered_by_101(office)
    second = await _asks(office, first, "102")
    await asyncio.sleep(1)
    second.hang_up()
    first.hold(False)
    await talk(customer, 2)


@scenario("101 asks a mobile and connects the two", BY_101)
async def asked_mobile_and_connected(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    customer, first = await answered_by_101(office)
    second = await _asks(office, first, MOBILE)
    await asyncio.sleep(0.5)
    first.transfer_to(second)
    await asyncio.sleep(1.5)
    first.hang_up()
    second.hang_up()
    await talk(customer, 2)


@scenario("101 calls the queue and puts the caller through into it, where nobody answers", LOST_BY_101)
async def put_through_into_queue_abandoned(office: Office) -> None:
    customer, first = await answered_by_101(office)
    second = await _asks(office, first, "130")
    await asyncio.sleep(1)
    first.transfer_to(second)
    await asyncio.sleep(1)
    first.hang_up()
    second.hang_up()
    await talk(customer, 6)


@scenario("101 connects the caller with 102 while it still rings there; 102 answers", BY_101)
async def connected_while_ringing_answered(office: Office) -> None:
    office.behave(p102=answers_after(4))
    customer, first = await answered_by_101(office)
    first.hold()
    second = office.phones["101"].call("102")
    await second.ringing.wait()
    await asyncio.sleep(1)
    first.transfer_to(second)
    await office.phones["102"].taken()
    await talk(customer, 2)
    first.hang_up()


@scenario("101 sends the caller to the ring group, 103 answers", BY_101)
async def sent_to_ring_group_answered(office: Office) -> None:
    office.behave(p103=answers_after(2))
    customer = await _sent_on_by_101(office, "110")
    await talk(customer, 4)


@scenario("101 sends the caller into the menu, who hangs up there", LOST_BY_101)
async def sent_into_menu_abandoned(office: Office) -> None:
    customer = await _sent_on_by_101(office, "120")
    await talk(customer, 4)


@scenario("101 sends the caller to a number that does not exist, and goes on talking", BY_101)
async def sent_nowhere(office: Office) -> None:
    customer, first = await answered_by_101(office)
    first.transfer("999")
    await talk(customer, 3)


@scenario(
    "the queue's agent sends the caller to 101, who rings out",
    Expected("0205550131", "answered_then_lost", answered_by="103"),
)
async def agent_sends_on_to_nobody(office: Office) -> None:
    office.behave(p103=answers_after(1))
    customer = office.trunk.customer_calls("0205550131")
    agent = await office.phones["103"].taken()
    office.behave(p103=only_rings)
    await asyncio.sleep(1.5)
    agent.transfer("101")
    await asyncio.sleep(1)
    agent.hang_up()
    await ended(customer)


@scenario(
    "a mobile sends the caller to 101 with ##, who answers", Expected("0205550305", "answered", answered_by=MOBILE)
)
async def mobile_sends_on_answered(office: Office) -> None:
    office.behave(p101=answers_after(1))
    customer = await _sent_on_by_mobile(office)
    await office.phones["101"].taken()
    await talk(customer, 2)


@scenario(
    "a mobile sends the caller to 101 with ##, who rings out",
    Expected("0205550305", "answered_then_lost", answered_by=MOBILE),
)
async def mobile_sends_on_to_nobody(office: Office) -> None:
    await ended(await _sent_on_by_mobile(office))


@scenario("101 parks the caller, it comes back to 101, and 104 takes it with *8", BY_101)
async def parked_comes_back_picked_up(office: Office) -> None:
    customer = await _sent_on_by_101(office, "700")
    ringing = await office.phones["101"].incoming.get()
    await ringing.ringing.wait()
    await asyncio.sleep(1)
    office.phones["104"].call("*8")
    await talk(customer, 2)


@scenario("three in a conference; the office leaves first", Expected("0205550200", "answered", answered_by="101"))
async def conference_of_three(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550200")
    await customer.answered.wait()
    await asyncio.sleep(1.5)
    first = office.phones["101"].call("620")
    await first.answered.wait()
    await asyncio.sleep(4)
    second = office.phones["102"].call("620")
    await second.answered.wait()
    await asyncio.sleep(3)
    first.hang_up()
    await asyncio.sleep(1)
    second.hang_up()
    await asyncio.sleep(0.5)
    customer.hang_up()


@scenario("a supervisor whispers to 101 while they talk", BY_101)
async def whispered_to(office: Office) -> None:
    customer, _ = await answered_by_101(office)
    supervisor = office.phones["102"].call("651")
    await supervisor.answered.wait()
    await talk(customer, 3)
    supervisor.hang_up()


@scenario("the customer puts us on hold, and hangs up there", BY_101)
async def customer_holds_us(office: Office) -> None:
    customer, _ = await answered_by_101(office)
    customer.hold()
    await talk(customer, 2)


@scenario(
    "101 asks 102 with *2, leaves 102 with *1, and has the caller back",
    Expected("0205550195", "answered", answered_by="101"),
)
async def asked_with_keys_and_taken_back(office: Office) -> None:
    customer, first = await _asks_102_with_keys(office)
    await first.press("*1", 0.25)
    await talk(customer, 3)


@scenario(
    "101 asks 102 with *2, makes it a conference with *3, and leaves the two",
    Expected("0205550195", "answered", answered_by="101"),
)
async def asked_with_keys_and_joined(office: Office) -> None:
    customer, first = await _asks_102_with_keys(office)
    await first.press("*3", 0.25)
    await asyncio.sleep(2)
    first.hang_up()
    await talk(customer, 2)


@scenario(
    "101 asks 102 with *2, who is busy; the caller has not waited for 101 to come back",
    Expected("0205550195", "answered_then_lost", answered_by="101", also_ok={"verdict": ["answered"]}),
)
async def gave_up_while_102_was_asked(office: Office) -> None:
    office.behave(p101=answers_after(0.5), p102=only_rings)
    customer = office.trunk.customer_calls("0205550195")
    first = await office.phones["101"].taken()
    await asyncio.sleep(1)
    await first.press("*2", 0.25)
    await asyncio.sleep(2)
    await first.press("102", 0.5)
    ringing = await office.phones["102"].incoming.get()
    await ringing.ringing.wait()
    await talk(customer, 1)


async def _asks(office: Office, first: Call, number: str) -> Call:
    """101 holds the caller and calls a colleague on another line; who has answered when this returns."""
    first.hold()
    await asyncio.sleep(0.5)
    second = office.phones["101"].call(number)
    await second.answered.wait()
    return second


async def _sent_on_by_101(office: Office, number: str) -> Call:
    customer, first = await answered_by_101(office)
    office.behave(p101=only_rings)
    first.transfer(number)
    await asyncio.sleep(1)
    first.hang_up()
    return customer


async def _sent_on_by_mobile(office: Office) -> Call:
    office.trunk.manners = answers_after(1)
    customer = office.trunk.customer_calls("0205550305")
    mobile = await office.trunk.taken()
    await asyncio.sleep(1.5)
    await mobile.press("##", 0.25)
    await asyncio.sleep(2)
    office.trunk.start(mobile.press("101", 0.4))  # it is cut off before the last key has ended
    return customer


async def _asks_102_with_keys(office: Office) -> tuple[Call, Call]:
    office.behave(p101=answers_after(0.5), p102=answers_after(0.5))
    customer = office.trunk.customer_calls("0205550195")
    first = await office.phones["101"].taken()
    await asyncio.sleep(1)
    await first.press("*2", 0.25)
    await asyncio.sleep(2)
    await first.press("102", 0.5)
    await office.phones["102"].taken()
    await asyncio.sleep(1.5)
    return customer, first


HANDED = (
    held_for_another_customer,
    asked_and_taken_back,
    asked_mobile_and_connected,
    put_through_into_queue_abandoned,
    connected_while_ringing_answered,
    sent_to_ring_group_answered,
    sent_into_menu_abandoned,
    sent_nowhere,
    agent_sends_on_to_nobody,
    mobile_sends_on_answered,
    mobile_sends_on_to_nobody,
    parked_comes_back_picked_up,
    conference_of_three,
    whispered_to,
    customer_holds_us,
    asked_with_keys_and_taken_back,
    asked_with_keys_and_joined,
    gave_up_while_102_was_asked,
)

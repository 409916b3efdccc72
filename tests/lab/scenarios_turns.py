"""Calls that turn: back to where they were, or on to where nobody expected them."""

import asyncio

from tests.lab.office import Office
from tests.lab.phone import answers_after, only_rings, sends_on_to
from tests.lab.scenario import Expected, ended, scenario, talk
from tests.lab.scenarios import MOBILE
from tests.lab.scenarios_moved import answered_by_101


@scenario("the PBX ends the talk after three seconds", Expected("0205550260", "answered", answered_by="101"))
async def talk_limited_by_pbx(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await ended(office.trunk.customer_calls("0205550260"))


@scenario("the queue's phone sends the call on to a mobile", Expected("0205550261", "answered", answered_by=MOBILE))
async def queue_member_forwards_answered(office: Office) -> None:
    office.behave(p104=sends_on_to(MOBILE))
    office.trunk.manners = answers_after(1)
    await talk(office.trunk.customer_calls("0205550261"), 5)


@scenario(
    "1 in the menu rings out, the menu comes back, and the caller hangs up in it",
    Expected("0205550262", "missed", "no_answer", also_ok={"reason": ["abandoned_menu"]}),
)
async def menu_again_abandoned(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550262")
    await customer.answered.wait()
    await asyncio.sleep(1.5)
    await customer.press("1")
    await asyncio.sleep(6)
    customer.hang_up()


@scenario("the caller leaves voicemail with 0, 101 answers", Expected("0205550263", "answered", answered_by="101"))
async def voicemail_left_for_reception(office: Office) -> None:
    office.behave(p101=answers_after(1))
    customer = office.trunk.customer_calls("0205550263")
    await customer.answered.wait()
    await asyncio.sleep(2)
    await customer.press("0")
    await office.phones["101"].taken()
    await asyncio.sleep(2)
    customer.hang_up()


@scenario(
    "the caller leaves voicemail with 0, 101 rings out",
    Expected("0205550263", "missed", "no_answer", also_ok={"reason": ["voicemail"]}),
)
async def voicemail_left_and_nobody(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550263")
    await customer.answered.wait()
    await asyncio.sleep(2)
    await customer.press("0")
    await ended(customer)


@scenario(
    "the agent is still being told who calls when the caller hangs up",
    Expected("0205550264", "missed", "abandoned_queue", also_ok={"reason": ["no_answer"]}),
)
async def gave_up_before_the_agent_was_through(office: Office) -> None:
    office.behave(p103=answers_after(1))
    await talk(office.trunk.customer_calls("0205550264"), 4)


@scenario("101 rings, 104 takes the call by its mark", Expected("0205550265", "answered", answered_by="104"))
async def pickup_by_mark(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550265")
    await customer.ringing.wait()
    await asyncio.sleep(1)
    office.phones["104"].call("*7")
    await talk(customer, 2)


@scenario(
    "101 answers and sends the caller into a conference, where nobody comes",
    Expected("0205550101", "answered_then_lost", answered_by="101"),
)
async def transferred_to_empty_conference(office: Office) -> None:
    customer, first = await answered_by_101(office)
    first.transfer("620")
    await asyncio.sleep(1)
    first.hang_up()
    await talk(customer, 5)


@scenario(
    "101 answers and sends the caller into a conference, where 102 joins",
    Expected("0205550101", "answered", answered_by="101"),
)
async def transferred_to_conference_joined(office: Office) -> None:
    customer, first = await answered_by_101(office)
    first.transfer("620")
    await asyncio.sleep(1)
    first.hang_up()
    colleague = office.phones["102"].call("620")
    await colleague.answered.wait()
    await talk(customer, 5)
    await asyncio.sleep(0.5)
    colleague.hang_up()


@scenario(
    "101 parks the caller, it times out, comes back, and 101 answers again",
    Expected("0205550101", "answered", answered_by="101"),
)
async def parked_comes_back_answered(office: Office) -> None:
    customer, first = await answered_by_101(office)
    first.transfer("700")
    await asyncio.sleep(1)
    first.hang_up()
    await office.phones["101"].taken()
    await talk(customer, 2)


@scenario(
    "101 asks 102 with *2, who rings out, and gets the caller back",
    Expected("0205550195", "answered", answered_by="101"),
)
async def asked_in_vain_and_taken_back(office: Office) -> None:
    office.behave(p101=answers_after(0.5), p102=only_rings)
    customer = office.trunk.customer_calls("0205550195")
    first = await office.phones["101"].taken()
    await asyncio.sleep(1)
    await first.press("*2", 0.25)
    await asyncio.sleep(2)
    await first.press("102", 0.5)
    await talk(customer, 12)


TURNS = (
    talk_limited_by_pbx,
    queue_member_forwards_answered,
    menu_again_abandoned,
    voicemail_left_for_reception,
    voicemail_left_and_nobody,
    gave_up_before_the_agent_was_through,
    pickup_by_mark,
    transferred_to_empty_conference,
    transferred_to_conference_joined,
    parked_comes_back_answered,
    asked_in_vain_and_taken_back,
)

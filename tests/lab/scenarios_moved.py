"""Callers who are moved about: pools, redirects, Local channels in Local channels, transfers; and what we are told."""

import asyncio

from tests.lab.office import Office
from tests.lab.phone import Call, answers_after, only_rings
from tests.lab.scenario import Expected, ended, scenario, talk
from tests.lab.scenarios import MOBILE
from tests.lab.trunk import CUSTOMER


@scenario("an agent is logged in to a pool and gets the call", Expected("0205550230", "answered", answered_by="104"))
async def agent_pool_answered(office: Office) -> None:
    agent = office.phones["104"].call("631")
    await agent.answered.wait()
    await asyncio.sleep(8)  # a new login is on probation for 5 s
    await talk(office.trunk.customer_calls("0205550230"), 5)
    await asyncio.sleep(0.5)
    agent.hang_up()


@scenario("a Local channel inside a Local channel, 101 answers", Expected("0205550231", "answered", answered_by="101"))
async def nested_local_answered(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await talk(office.trunk.customer_calls("0205550231"), 2)


@scenario("the same, optimised away, 101 answers", Expected("0205550232", "answered", answered_by="101"))
async def nested_local_optimised_answered(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await talk(office.trunk.customer_calls("0205550232"), 3)


@scenario("a Local channel inside a Local channel rings out", Expected("0205550231", "missed", "no_answer"))
async def nested_local_no_answer(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550231"))


@scenario("the queue's member is a mobile, which answers", Expected("0205550233", "answered", answered_by=MOBILE))
async def queue_mobile_member_answered(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    await talk(office.trunk.customer_calls("0205550233"), 4)


@scenario("101 talks and hangs up, then a survey is played", Expected("0205550234", "answered", answered_by="101"))
async def survey_after_the_talk(office: Office) -> None:
    office.behave(p101=answers_after(1, talks=2))
    await talk(office.trunk.customer_calls("0205550234"), 4)


@scenario("the caller hears music while 101 rings out", Expected("0205550235", "missed", "no_answer"))
async def music_while_it_rings(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550235"))


@scenario(
    "an operator moves the caller from the queue to 101, who answers",
    Expected("0205550131", "answered", answered_by="101"),
)
async def redirected_from_queue_answered(office: Office) -> None:
    office.behave(p101=answers_after(1))
    customer = office.trunk.customer_calls("0205550131")
    await customer.answered.wait()
    await asyncio.sleep(2)
    await redirect_trunk(office, "internal,101,1")
    await talk(customer, 4)


@scenario(
    "101 talks, an operator moves the caller to 102, who rings out",
    Expected("0205550101", "answered_then_lost", answered_by="101"),
)
async def redirected_to_nobody(office: Office) -> None:
    office.behave(p101=answers_after(0.5))
    customer = office.trunk.customer_calls("0205550101")
    await office.phones["101"].taken()
    await asyncio.sleep(2)
    await redirect_trunk(office, "internal,102,1")
    await ended(customer)


async def redirect_trunk(office: Office, target: str) -> None:
    listed = await office.cli("core show channels concise")
    channel = next(line.split("!")[0] for line in listed.splitlines() if line.startswith("PJSIP/trunk"))
    await office.cli(f"channel redirect {channel} {target}")


@scenario(
    "a supervisor listens in on a caller who waits in the queue and gives up",
    Expected("0205550131", "missed", "abandoned_queue"),
)
async def listened_in_queue_abandoned(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550131")
    await customer.answered.wait()
    supervisor = office.phones["102"].call("650")
    await supervisor.answered.wait()
    await talk(customer, 4)
    supervisor.hang_up()


@scenario(
    "101 answers and puts the caller on hold, who hangs up there",
    Expected("0205550101", "answered_then_lost", answered_by="101", also_ok={"verdict": ["answered"]}),
)
async def gave_up_on_hold(office: Office) -> None:
    office.behave(p101=answers_after(0.5))
    customer = office.trunk.customer_calls("0205550101")
    first = await office.phones["101"].taken()
    await asyncio.sleep(2)
    first.hold()
    await talk(customer, 4)


@scenario(
    "101 answers, holds, comes back, and they go on talking", Expected("0205550101", "answered", answered_by="101")
)
async def held_and_taken_back(office: Office) -> None:
    office.behave(p101=answers_after(0.5))
    customer = office.trunk.customer_calls("0205550101")
    first = await office.phones["101"].taken()
    await asyncio.sleep(1)
    first.hold()
    await asyncio.sleep(2)
    first.hold(False)
    await talk(customer, 2)


@scenario(
    "101 answers and transfers the caller to voicemail",
    Expected("0205550101", "answered_then_lost", answered_by="101", also_ok={"verdict": ["answered"]}),
)
async def transferred_to_voicemail(office: Office) -> None:
    customer, first = await answered_by_101(office)
    first.transfer("640")
    await asyncio.sleep(1)
    first.hang_up()
    await talk(customer, 5)


@scenario(
    "101 answers and transfers the caller to a mobile, which answers",
    Expected("0205550101", "answered", answered_by="101"),
)
async def transferred_to_mobile_answered(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    customer, first = await answered_by_101(office)
    first.transfer(MOBILE)
    await asyncio.sleep(1)
    first.hang_up()
    await talk(customer, 4)


@scenario(
    "101 answers and transfers the caller to a mobile, which rings until the caller gives up",
    Expected("0205550101", "answered_then_lost", answered_by="101"),
)
async def transferred_to_mobile_no_answer(office: Office) -> None:
    office.trunk.manners = only_rings
    customer, first = await answered_by_101(office)
    first.transfer(MOBILE)
    await asyncio.sleep(1)
    first.hang_up()
    await talk(customer, 4)


@scenario(
    "the caller hides a number that the provider tells us, and the dialplan says so",
    Expected("0205550250", "missed", "no_answer", caller="anonymous"),
)
async def withheld_and_told(office: Office) -> None:
    await ended(office.trunk.withheld_calls("0205550250", asserted=CUSTOMER))


@scenario(
    "the dialplan says that the office is closed, and plays a message",
    Expected("0205550251", "missed", "not_offered", also_ok={"reason": ["abandoned_menu"]}),
)
async def night_switch_told(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550251"), 3)


async def answered_by_101(office: Office) -> tuple[Call, Call]:
    office.behave(p101=answers_after(0.5))
    customer = office.trunk.customer_calls("0205550101")
    first = await office.phones["101"].taken()
    await asyncio.sleep(1.5)
    return customer, first


MOVED = (
    agent_pool_answered,
    nested_local_answered,
    nested_local_optimised_answered,
    nested_local_no_answer,
    queue_mobile_member_answered,
    survey_after_the_talk,
    music_while_it_rings,
    redirected_from_queue_answered,
    redirected_to_nobody,
    listened_in_queue_abandoned,
    gave_up_on_hold,
    held_and_taken_back,
    transferred_to_voicemail,
    transferred_to_mobile_answered,
    transferred_to_mobile_no_answer,
    withheld_and_told,
    night_switch_told,
)

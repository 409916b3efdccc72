"""Calls that the shared recordings lack, or that the live tests play: each a few lines of what people do."""

import asyncio
from urllib.parse import quote

from tests.lab.office import Office
from tests.lab.phone import answers_after, only_rings, refuses
from tests.lab.scenario import Expected, ended, give_up, scenario, talk
from tests.lab.trunk import ADDRESS

MOBILE = "0655500001"
# A caller left alone by the PBX, where the vocabulary has no word of its own for the place.
ALONE = {"reason": ["not_offered", "abandoned_menu", "abandoned_queue", "no_answer"]}


@scenario("one phone, nobody answers", Expected("0205550102", "missed", "no_answer"))
async def no_answer(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550102"))


@scenario("one phone, answered", Expected("0205550101", "answered", answered_by="101"))
async def answered(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await talk(office.trunk.customer_calls("0205550101"), 2)


@scenario("ring group of three, nobody answers", Expected("0205550110", "missed", "no_answer"))
async def ring_group_nobody(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550110"))


@scenario("ring group of three, the second answers", Expected("0205550110", "answered", answered_by="102"))
async def ring_group_one(office: Office) -> None:
    office.behave(p102=answers_after(1))
    await talk(office.trunk.customer_calls("0205550110"), 2)


@scenario("the caller gives up in the queue", Expected("0205550131", "missed", "abandoned_queue"))
async def queue_abandoned(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550131"), 4)


@scenario(
    "101 answers, asks 102, and connects the two: the Linkedid changes",
    Expected("0205550101", "answered", answered_by="101"),
)
async def attended_transfer(office: Office) -> None:
    office.behave(p101=answers_after(0.5), p102=answers_after(0.5))
    customer = office.trunk.customer_calls("0205550101")
    first = await office.phones["101"].taken()
    first.hold()
    await asyncio.sleep(0.5)
    second = office.phones["101"].call("102")
    await second.answered.wait()
    await asyncio.sleep(0.5)
    first.transfer_to(second)
    await asyncio.sleep(1.5)
    first.hang_up()
    second.hang_up()
    await talk(customer, 0.5)


@scenario("101 rings, 104 takes the call with *8", Expected("0205550101", "answered", answered_by="104"))
async def pickup(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550101")
    await customer.ringing.wait()
    await asyncio.sleep(0.5)
    office.phones["104"].call("*8")
    await talk(customer, 2)


@scenario("101 rings, 104 takes the call with a SIP Replaces", Expected("0205550101", "answered", answered_by="104"))
async def pickup_replaces(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550101")
    ringing = await office.phones["101"].incoming.get()
    await ringing.ringing.wait()
    await asyncio.sleep(1)
    dialog = f"{ringing.call_id};to-tag={ringing.remote_tag};from-tag={ringing.local_tag}"
    office.phones["104"].call("101", headers=[("Require", "replaces"), ("Replaces", dialog)])
    await talk(customer, 2)


@scenario("alone in a conference room", Expected("0205550200", "missed", "abandoned_menu", also_ok=ALONE))
async def conference_alone(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550200"), 6)


@scenario("101 joins the caller in a conference room", Expected("0205550200", "answered", answered_by="101"))
async def conference_two(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550200")
    await customer.answered.wait()
    await asyncio.sleep(2)
    colleague = office.phones["101"].call("620")
    await colleague.answered.wait()
    await asyncio.sleep(4)
    customer.hang_up()
    await asyncio.sleep(1)
    colleague.hang_up()


@scenario("101 answers and parks, 102 retrieves", Expected("0205550101", "answered", answered_by="101"))
async def parked_retrieved_by_another(office: Office) -> None:
    office.behave(p101=answers_after(0.5))
    customer = office.trunk.customer_calls("0205550101")
    first = await office.phones["101"].taken()
    await asyncio.sleep(1)
    first.transfer("700")
    await asyncio.sleep(1)
    first.hang_up()
    await asyncio.sleep(1)
    office.phones["102"].call("701")
    await talk(customer, 3)


@scenario("the dialplan parks the caller, 103 retrieves", Expected("0205550201", "answered", answered_by="103"))
async def parked_by_dialplan_retrieved(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550201")
    await customer.answered.wait()
    await asyncio.sleep(3)
    office.phones["103"].call("701")
    await talk(customer, 3)


@scenario(
    "the dialplan parks the caller, who hangs up there",
    Expected("0205550201", "missed", "abandoned_queue", also_ok=ALONE),
)
async def parked_by_dialplan_abandoned(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550201"), 3)


@scenario("the queue times out, then 101 answers", Expected("0205550202", "answered", answered_by="101"))
async def queue_timeout_answered_elsewhere(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await talk(office.trunk.customer_calls("0205550202"), 9)


@scenario("the queue times out, then 101 rings out", Expected("0205550202", "missed", "no_answer"))
async def queue_timeout_then_no_answer(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550202"))


@scenario("follow-me, 102 answers", Expected("0205550203", "answered", answered_by="102"))
async def follow_me_answered(office: Office) -> None:
    office.behave(p102=answers_after(1))
    await talk(office.trunk.customer_calls("0205550203"), 5)


@scenario("follow-me asks, 102 presses 1", Expected("0205550204", "answered", answered_by="102"))
async def follow_me_confirmed(office: Office) -> None:
    office.behave(p102=answers_after(1))
    customer = office.trunk.customer_calls("0205550204")
    taken = await office.phones["102"].taken()
    await asyncio.sleep(4)  # until it has said what to press
    await taken.press("1")
    await talk(customer, 8)


@scenario("follow-me asks, whoever answers presses nothing", Expected("0205550204", "missed", "no_answer"))
async def follow_me_never_confirmed(office: Office) -> None:
    office.behave(p102=answers_after(1, talks=6))
    await ended(office.trunk.customer_calls("0205550204"), 60)


@scenario("out again over the same trunk, the mobile answers", Expected("0205550205", "answered", answered_by=MOBILE))
async def hairpin_answered(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    await talk(office.trunk.customer_calls("0205550205"), 3)


@scenario("out again over the same trunk, the mobile rings out", Expected("0205550205", "missed", "no_answer"))
async def hairpin_no_answer(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550205"))


@scenario("the dialplan puts SALES: before the number", Expected("0205550206", "missed", "no_answer"))
async def caller_id_prefix(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550206"))


@scenario("the dialplan calls every caller Reception <100>", Expected("0205550209", "missed", "no_answer"))
async def caller_id_rewritten(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550209"))


@scenario(
    "101 answers and sends the caller blindly into a queue, 103 answers",
    Expected("0205550101", "answered", answered_by="101"),
)
async def blind_transfer_to_queue_answered(office: Office) -> None:
    office.behave(p101=answers_after(0.5), p103=answers_after(2))
    await _sent_into_queue(office, 7)


@scenario(
    "101 answers and sends the caller blindly into a queue, where nobody answers",
    Expected("0205550101", "answered_then_lost", answered_by="101"),
)
async def blind_transfer_to_queue_abandoned(office: Office) -> None:
    office.behave(p101=answers_after(0.5))
    await _sent_into_queue(office, 5)


async def _sent_into_queue(office: Office, stays: float) -> None:
    customer = office.trunk.customer_calls("0205550101")
    first = await office.phones["101"].taken()
    await asyncio.sleep(1.5)
    office.behave(p101=only_rings)
    first.transfer("130")
    await asyncio.sleep(1)
    first.hang_up()
    await talk(customer, stays)


@scenario("do not disturb: busy, and no phone was dialled", Expected("0205550207", "missed", "busy"))
async def do_not_disturb(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550207"))


@scenario("an agent waits on an open line and is bridged", Expected("0205550208", "answered", answered_by="104"))
async def agent_in_bridge_application(office: Office) -> None:
    agent = office.phones["104"].call("630")
    await agent.answered.wait()
    await asyncio.sleep(1)
    customer = office.trunk.customer_calls("0205550208")
    await talk(customer, 3)
    await asyncio.sleep(0.5)
    agent.hang_up()


@scenario("a mobile in the ring group answers, but nobody presses 1", Expected("0205550210", "missed", "no_answer"))
async def mobile_never_confirmed(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    await ended(office.trunk.customer_calls("0205550210"))


@scenario("one phone after the other, then voicemail", Expected("0205550211", "missed", "voicemail"))
async def hunt_then_voicemail(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550211"), 5)


@scenario(
    "the queue's only member is an announcement",
    Expected("0205550212", "missed", "abandoned_queue", also_ok={"reason": ["no_answer", "not_offered"]}),
)
async def queue_answered_by_a_machine(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550212"), 5)


@scenario("both phones of a hunt group refuse", Expected("0205550113", "missed", "busy"))
async def hunt_all_busy(office: Office) -> None:
    office.behave(p101=refuses(), p102=refuses())
    await ended(office.trunk.customer_calls("0205550113"))


@scenario(
    "a customer calls twice, the second time somebody answers",
    Expected("0205550101", "missed", "abandoned_ringing"),
    Expected("0205550101", "answered", answered_by="101"),
)
async def redial_answered(office: Office) -> None:
    await give_up(office.trunk.customer_calls("0205550101"), 5)
    await asyncio.sleep(0.5)
    office.behave(p101=answers_after(1))
    await talk(office.trunk.customer_calls("0205550101"), 2)


def _planted(number: str, lines: str) -> str:
    """A From header whose user part carries line breaks; Asterisk passes them on raw."""
    return f'"x" <sip:{number}{quote(lines, safe="")}@{ADDRESS}>'


HOSTILE = Expected("0205550102", "missed", "no_answer", also_ok={"caller": [""]})


@scenario("a number with a Hangup planted in it", HOSTILE)
async def hostile_hangup(office: Office) -> None:
    shown = _planted("+31612345678", "\r\nEvent: Hangup\r\nUniqueid: 1.1")
    await ended(office.trunk.customer_calls("0205550102", shown=shown))


@scenario("a number with whole events planted in it", HOSTILE)
async def hostile_whole_events(office: Office) -> None:
    planted = "\r\n\r\nEvent: Shutdown\r\nRestart: False\r\n\r\nEvent: Foo\r\nA: b"
    await ended(office.trunk.customer_calls("0205550102", shown=_planted("+31612345678", planted)))


@scenario("a number with a line that reads only Event", HOSTILE)
async def hostile_bare_event(office: Office) -> None:
    shown = _planted("+31612345678", "\r\nEvent\r\nBridgeUniqueid: x")
    await ended(office.trunk.customer_calls("0205550102", shown=shown))


LIVE = (
    no_answer,
    answered,
    ring_group_nobody,
    ring_group_one,
    queue_abandoned,
    attended_transfer,
    pickup,
    hostile_hangup,
    hostile_whole_events,
)
OWN = (
    pickup_replaces,
    conference_alone,
    conference_two,
    parked_retrieved_by_another,
    parked_by_dialplan_retrieved,
    parked_by_dialplan_abandoned,
    queue_timeout_answered_elsewhere,
    queue_timeout_then_no_answer,
    follow_me_answered,
    follow_me_confirmed,
    follow_me_never_confirmed,
    hairpin_answered,
    hairpin_no_answer,
    caller_id_prefix,
    caller_id_rewritten,
    blind_transfer_to_queue_answered,
    blind_transfer_to_queue_abandoned,
    do_not_disturb,
    agent_in_bridge_application,
    mobile_never_confirmed,
    hunt_then_voicemail,
    queue_answered_by_a_machine,
    hunt_all_busy,
    redial_answered,
    hostile_hangup,
    hostile_whole_events,
    hostile_bare_event,
)

"""Ways through an office that are no plain Dial: pages, mailboxes in groups, ranked agents, gateways, questions."""

import asyncio

from tests.lab.office import Office
from tests.lab.phone import Call, answers_after, only_rings, sends_on_to
from tests.lab.scenario import Expected, ended, give_up, scenario, talk
from tests.lab.scenarios import ALONE, MOBILE


@scenario("a page that no phone takes", Expected("0205550300", "missed", "no_answer", also_ok=ALONE))
async def page_nobody(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550300"), 8)


@scenario("a ring group with a mailbox in it: the mailbox answers", Expected("0205550301", "missed", "voicemail"))
async def mailbox_in_ring_group(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550301"), 5)


@scenario(
    "the first agent does not answer and is paused, the one of lower rank answers",
    Expected("0205550302", "answered", answered_by="104"),
)
async def lower_rank_answers(office: Office) -> None:
    office.behave(p104=answers_after(1))
    await talk(office.trunk.customer_calls("0205550302"), 9)


@scenario(
    "the caller leaves the queue with 1, hears a word, and the PBX hangs up",
    Expected("0205550303", "missed", "abandoned_queue", also_ok=ALONE),
)
async def left_queue_with_a_key(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550303")
    await customer.answered.wait()
    await asyncio.sleep(3)
    await customer.press("1")
    await ended(customer)


@scenario("101 answers and meets the caller in a room", Expected("0205550304", "answered", answered_by="101"))
async def met_in_a_room(office: Office) -> None:
    office.behave(p101=answers_after(1))
    customer = office.trunk.customer_calls("0205550304")
    first = await office.phones["101"].taken()
    await talk(customer, 7)  # whoever comes first hears that they are alone
    first.hang_up()


@scenario("a mobile beside a desk phone presses 1", Expected("0205550162", "answered", answered_by=MOBILE))
async def mobile_confirmed(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    customer = office.trunk.customer_calls("0205550162")
    taken = await office.trunk.taken()
    await asyncio.sleep(1.5)
    await taken.press("1")
    await talk(customer, 2)


@scenario("the call is recorded, and 101 rings out", Expected("0205550307", "missed", "no_answer"))
async def recorded_no_answer(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550307"))


@scenario("a word before anybody answers, then 101 does", Expected("0205550308", "answered", answered_by="101"))
async def early_word_answered(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await talk(office.trunk.customer_calls("0205550308"), 2)


@scenario("out over another trunk, the mobile answers", Expected("0205550309", "answered", answered_by=MOBILE))
async def forwarded_over_another_trunk(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    await talk(office.trunk.customer_calls("0205550309"), 2)


@scenario(
    "out over a gateway that nobody calls a trunk, the mobile answers",
    Expected("0205550310", "answered", answered_by=MOBILE),
)
async def forwarded_over_a_gateway(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    await talk(office.trunk.customer_calls("0205550310"), 2)


@scenario(
    "forwarded to the office's own number: the provider sends it back in, and 101 answers",
    Expected("0205550306", "answered", answered_by="0205550101"),
    Expected("0205550101", "answered", answered_by="101"),
)
async def looped_answered(office: Office) -> None:
    office.behave(p101=answers_after(1))
    office.trunk.manners = _sent_back_in
    await talk(office.trunk.customer_calls("0205550306"), 3)


@scenario(
    "forwarded to the office's own number: the provider sends it back in, and the caller gives up",
    Expected("0205550306", "missed", "abandoned_ringing"),
    Expected("0205550101", "missed", "abandoned_ringing"),
)
async def looped_abandoned(office: Office) -> None:
    office.trunk.manners = _sent_back_in
    await give_up(office.trunk.customer_calls("0205550306"), 6)


async def _sent_back_in(forwarded: Call) -> None:
    """The provider rings the number it is asked for, which is ours, and joins the two."""
    trunk = forwarded.phone
    back = trunk.call(forwarded.number, caller=f"<sip:+31612345678@{trunk.ip}>")
    waits = [asyncio.create_task(back.answered.wait()), asyncio.create_task(forwarded.ended.wait())]
    forwarded.ring()
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    forwarded.answer()
    await forwarded.ended.wait()
    back.hang_up()


@scenario("rings out, a word, rings again, 101 answers", Expected("0205550311", "answered", answered_by="101"))
async def answered_at_the_second_try(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550311")
    first = await office.phones["101"].incoming.get()
    await first.ended.wait()
    office.behave(p101=answers_after(1))
    await office.phones["101"].taken()
    await talk(customer, 2)


@scenario(
    "101 still hears an announcement when the caller gives up",
    Expected("0205550312", "missed", "no_answer", also_ok={"reason": ["abandoned_ringing"]}),
)
async def gave_up_during_the_announcement(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await give_up(office.trunk.customer_calls("0205550312"), 6)


@scenario(
    "101 is asked whether to take the call and presses nothing",
    Expected("0205550313", "missed", "no_answer", also_ok={"reason": ["abandoned_ringing"]}),
)
async def never_taken_when_asked(office: Office) -> None:
    office.behave(p101=answers_after(1))
    customer = office.trunk.customer_calls("0205550313")
    asked = await office.phones["101"].taken()
    await asyncio.sleep(4)
    customer.hang_up()
    await asyncio.sleep(1)
    asked.hang_up()  # until then the PBX goes on asking


@scenario("voicemail behind a Local channel that is optimised", Expected("0205550314", "missed", "voicemail"))
async def mailbox_behind_a_local(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550314"), 5)


@scenario(
    "nobody answers, and the caller leaves a message that is no voicemail",
    Expected("0205550315", "missed", "no_answer", also_ok={"reason": ["voicemail", "abandoned_menu"]}),
)
async def recorded_message(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550315"), 6)


@scenario(
    "agents ring for the queue, 101 takes the call with *8", Expected("0205550131", "answered", answered_by="101")
)
async def queue_call_picked_up(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550131")
    ringing = await office.phones["103"].incoming.get()
    await ringing.ringing.wait()
    await asyncio.sleep(1)
    office.phones["101"].call("*8")
    await talk(customer, 5)


@scenario(
    "a ring group of Local channels rings, 104 takes the call with *8",
    Expected("0205550111", "answered", answered_by="104"),
)
async def local_ring_group_picked_up(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550111")
    await customer.ringing.wait()
    await asyncio.sleep(1)
    office.phones["104"].call("*8")
    await talk(customer, 2)


@scenario("101 sends on to 102, who sends on to 103: answered", Expected("0205550101", "answered", answered_by="103"))
async def forwarded_twice(office: Office) -> None:
    office.behave(p101=sends_on_to("102"), p102=sends_on_to("103"), p103=answers_after(1))
    await talk(office.trunk.customer_calls("0205550101"), 2)


@scenario(
    "two phones of a group answer in the same moment",
    Expected("0205550110", "answered", answered_by="101", also_ok={"answered_by": ["102"]}),
)
async def two_answer_at_once(office: Office) -> None:
    office.behave(p101=answers_after(1), p102=answers_after(1))
    await talk(office.trunk.customer_calls("0205550110"), 2)


@scenario("101 answers and hangs up at once", Expected("0205550101", "answered", answered_by="101"))
async def answered_for_a_moment(office: Office) -> None:
    office.behave(p101=answers_after(1, talks=0.2))
    await ended(office.trunk.customer_calls("0205550101"))


@scenario("101 refuses, 102 rings, the caller gives up", Expected("0205550113", "missed", "abandoned_ringing"))
async def hunted_and_gave_up(office: Office) -> None:
    office.behave(p102=only_rings)
    await give_up(office.trunk.customer_calls("0205550113"), 7)


ROUTES = (
    page_nobody,
    mailbox_in_ring_group,
    lower_rank_answers,
    left_queue_with_a_key,
    met_in_a_room,
    mobile_confirmed,
    recorded_no_answer,
    early_word_answered,
    forwarded_over_another_trunk,
    forwarded_over_a_gateway,
    looped_answered,
    looped_abandoned,
    answered_at_the_second_try,
    gave_up_during_the_announcement,
    never_taken_when_asked,
    mailbox_behind_a_local,
    recorded_message,
    queue_call_picked_up,
    local_ring_group_picked_up,
    forwarded_twice,
    two_answer_at_once,
    answered_for_a_moment,
    hunted_and_gave_up,
)

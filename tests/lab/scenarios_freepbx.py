"""Calls through an office as FreePBX 17 writes it (`config/extensions_freepbx.conf`): what people do, and what that is.

Where its sources write each context: from-pstn, from-trunk and from-did-direct in core/etc/extensions.conf; ext-did,
ext-local, from-trunk-sip-NAME, sub-user-callerid, sub-dialout-trunk and sub-outbound-callerid in
core/functions.inc.php; sub-dial, sub-dial-one and sub-confirm in core/Dialplan/; ext-group in ringgroups, ext-queues
and from-queue-exten-only in queues, ext-findmefollow with FMPR- and FMGL- in findmefollow, ivr-1 in ivr,
timeconditions, app-announcement-1 in announcement, disa and app-blacklist-check in modules of these names.
"""

import asyncio

from tests.lab.office import Office
from tests.lab.phone import answers_after
from tests.lab.scenario import Expected, ended, give_up, scenario, talk
from tests.lab.scenarios import MOBILE
from tests.lab.trunk import CUSTOMER, SECOND, Trunk


@scenario("an extension rings out, and its mailbox begins", Expected("0205550500", "missed", "voicemail"))
async def freepbx_extension_then_mailbox(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550500"), 3)


@scenario("an extension answers", Expected("0205550500", "answered", answered_by="101"))
async def freepbx_extension_answers(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await talk(office.trunk.customer_calls("0205550500"), 2)


@scenario("a ring group, the second answers", Expected("0205550501", "answered", answered_by="102"))
async def freepbx_ring_group_answers(office: Office) -> None:
    office.behave(p102=answers_after(1))
    await talk(office.trunk.customer_calls("0205550501"), 2)


@scenario("a ring group rings out into an announcement", Expected("0205550501", "missed", "no_answer"))
async def freepbx_ring_group_then_announcement(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550501"), 3)


@scenario("the caller of a ring group gives up", Expected("0205550501", "missed", "abandoned_ringing"))
async def freepbx_ring_group_given_up(office: Office) -> None:
    await give_up(office.trunk.customer_calls("0205550501"), 5)


@scenario("a member of the queue answers", Expected("0205550502", "answered", answered_by="104"))
async def freepbx_queue_answers(office: Office) -> None:
    office.behave(p104=answers_after(2))
    await talk(office.trunk.customer_calls("0205550502"), 5)


@scenario("the caller gives up in the queue", Expected("0205550502", "missed", "abandoned_queue"))
async def freepbx_queue_given_up(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550502"), 5)


@scenario("the queue times out into a mailbox", Expected("0205550502", "missed", "voicemail"))
async def freepbx_queue_then_mailbox(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550502"), 16)


@scenario("follow-me: the desk phone answers", Expected("0205550503", "answered", answered_by="101"))
async def freepbx_follow_me_desk(office: Office) -> None:
    office.behave(p101=answers_after(1))
    await talk(office.trunk.customer_calls("0205550503"), 2)


@scenario("follow-me: the mobile answers", Expected("0205550503", "answered", answered_by=MOBILE))
async def freepbx_follow_me_mobile(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    await talk(office.trunk.customer_calls("0205550503"), 2)


@scenario("follow-me asks, and the mobile presses 1", Expected("0205550504", "answered", answered_by=MOBILE))
async def freepbx_follow_me_confirmed(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    customer = office.trunk.customer_calls("0205550504")
    mobile = await office.trunk.taken()
    await asyncio.sleep(2)  # until it has asked
    await mobile.press("1")
    await talk(customer, 2)


@scenario("follow-me asks, and the mobile's mailbox answers", Expected("0205550504", "missed", "no_answer"))
async def freepbx_follow_me_unconfirmed(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    await ended(office.trunk.customer_calls("0205550504"))


@scenario("a ring group whose mobile has to confirm, and does not", Expected("0205550509", "missed", "no_answer"))
async def freepbx_ring_group_unconfirmed(office: Office) -> None:
    office.trunk.manners = answers_after(1)
    await ended(office.trunk.customer_calls("0205550509"))


@scenario("the caller gives up in the menu", Expected("0205550505", "missed", "abandoned_menu"))
async def freepbx_menu_given_up(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550505"), 3)


@scenario("the caller presses 1 in the menu, 103 answers", Expected("0205550505", "answered", answered_by="103"))
async def freepbx_menu_then_ring_group(office: Office) -> None:
    office.behave(p103=answers_after(1))
    customer = office.trunk.customer_calls("0205550505")
    await customer.answered.wait()
    await asyncio.sleep(2)
    await customer.press("1")
    await office.phones["103"].taken()
    await talk(customer, 2)


@scenario("outside its hours: an announcement", Expected("0205550506", "missed", "not_offered"))
async def freepbx_closed(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550506"))


@scenario(
    "on the blacklist",
    Expected("0205550500", "missed", "not_offered", filtered="refused", also_ok={"reason": ["abandoned_menu"]}),
)
async def freepbx_blacklisted(office: Office) -> None:
    await office.cli(f"database put blacklist {CUSTOMER} 1")
    await ended(office.trunk.customer_calls("0205550500"))


async def _at_disa(office: Office, *keys: str) -> None:
    customer = office.trunk.customer_calls("0205550507")
    await customer.answered.wait()
    for typed in keys:
        await asyncio.sleep(2)
        await customer.press(typed)
    await asyncio.sleep(4)
    customer.hang_up()
    await ended(customer)


@scenario(
    "the owner has the PIN of the line out, dials 101, and gives up",
    Expected("0205550507", "missed", "abandoned_ringing", filtered="service"),
)
async def freepbx_disa(office: Office) -> None:
    await _at_disa(office, "4321#", "101#")


@scenario("a wrong PIN at the line out", Expected("0205550507", "missed", "abandoned_menu"))
async def freepbx_disa_wrong_pin(office: Office) -> None:
    await _at_disa(office, "9999#")


@scenario("a mailbox at once", Expected("0205550508", "missed", "voicemail"))
async def freepbx_mailbox(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550508"), 3)


@scenario(
    "the second trunk, whose context counts its calls: nobody answers, then 102 does",
    Expected("0205550510", "missed", "abandoned_ringing"),
    Expected("0205550510", "answered", answered_by="102"),
)
async def freepbx_second_trunk(office: Office) -> None:
    second = Trunk(office.trunk.pbx, SECOND)
    await second.open(office.asterisk.ports.trunk)
    try:
        await give_up(second.customer_calls("0205550510"), 5)
        office.behave(p102=answers_after(1))
        await talk(second.customer_calls("0205550510"), 2)
    finally:
        await second.close()


FREEPBX = (
    freepbx_extension_then_mailbox,
    freepbx_extension_answers,
    freepbx_ring_group_answers,
    freepbx_ring_group_then_announcement,
    freepbx_ring_group_given_up,
    freepbx_queue_answers,
    freepbx_queue_given_up,
    freepbx_queue_then_mailbox,
    freepbx_follow_me_desk,
    freepbx_follow_me_mobile,
    freepbx_follow_me_confirmed,
    freepbx_follow_me_unconfirmed,
    freepbx_ring_group_unconfirmed,
    freepbx_menu_given_up,
    freepbx_menu_then_ring_group,
    freepbx_closed,
    freepbx_blacklisted,
    freepbx_disa,
    freepbx_disa_wrong_pin,
    freepbx_mailbox,
    freepbx_second_trunk,
)

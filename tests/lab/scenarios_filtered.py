"""Callers who are no customers: machines, who is turned away, who comes for a mailbox or a line. And attestations."""

import asyncio

from tests.lab.office import Office
from tests.lab.scenario import Expected, ended, scenario, talk
from tests.lab.trunk import ADDRESS, CUSTOMER


@scenario("a fax line", Expected("0205550320", "missed", "machine", filtered="machine"))
async def fax_line(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550320"), 3)


@scenario(
    "a line for voice and fax: 101 rings out, and the caller hangs up on the squeal",
    Expected("0205550321", "missed", "no_answer"),
)
async def squeal_after_ringing(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550321"), 7)


@scenario("an alarm panel reports", Expected("0205550323", "missed", "machine", filtered="machine"))
async def alarm_panel(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550323"), 4)


async def _with_a_pin(office: Office, did: str, keys: str, *, then: str = "", seconds: float = 4) -> None:
    customer = office.trunk.customer_calls(did)
    await customer.answered.wait()
    await asyncio.sleep(2)
    await customer.press(keys)
    if then:
        await asyncio.sleep(2)
        await customer.press(then)
    await asyncio.sleep(seconds)
    customer.hang_up()
    await ended(customer)


@scenario(
    "the owner listens to the mailbox",
    Expected("0205550324", "missed", "abandoned_menu", filtered="service"),
)
async def mailbox_from_outside(office: Office) -> None:
    await _with_a_pin(office, "0205550324", "1234#")


@scenario("a wrong PIN at the mailbox", Expected("0205550324", "missed", "abandoned_menu"))
async def mailbox_wrong_pin(office: Office) -> None:
    await _with_a_pin(office, "0205550324", "9999#")


@scenario(
    "a mailbox without a PIN",
    Expected("0205550325", "missed", "abandoned_menu", filtered="service"),
)
async def mailbox_without_pin(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550325"), 3)


@scenario("101 by DISA, nobody there", Expected("0205550327", "missed", "no_answer", filtered="service"))
async def disa_to_a_phone(office: Office) -> None:
    await _with_a_pin(office, "0205550327", "4321#", then="101", seconds=9)


@scenario("a wrong PIN at DISA", Expected("0205550327", "missed", "abandoned_menu"))
async def disa_wrong_pin(office: Office) -> None:
    await _with_a_pin(office, "0205550327", "9999#", seconds=3)


@scenario("on the blacklist of a FreePBX 17", Expected("0205550328", "missed", "not_offered", filtered="refused"))
async def blacklisted_in_freepbx(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550328"))


@scenario("looked up in the blacklist, and not on it", Expected("0205550329", "missed", "no_answer"))
async def not_blacklisted_in_freepbx(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550329"))


@scenario("the dialplan says that it blocks", Expected("0205550330", "missed", "not_offered", filtered="refused"))
async def blocked_by_the_dialplan(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550330"))


@scenario(
    "carriers vouch for the number, each in its way",
    Expected("0205550331", "missed", "no_answer", attestation="partial"),
    Expected("0205550331", "missed", "no_answer", attestation="failed"),
    Expected("0205550331", "missed", "no_answer", attestation="failed"),
    Expected("0205550331", "missed", "no_answer", attestation="full"),
)
async def vouched_for(office: Office) -> None:
    asserted = f"<sip:{CUSTOMER}@{ADDRESS}>;verstat=TN-Validation-"
    for header in (
        ("P-Asserted-Identity", f"{asserted}Passed-B"),
        ("P-Asserted-Identity", f'"a, Blocked: yes" {asserted}Failed'),
        ("P-Asserted-Identity", f'"{"TN-Validation-Passed-A " * 20}" {asserted}Failed'),
        ("P-Attestation-Indicator", "A"),
    ):
        await ended(office.trunk.customer_calls("0205550331", headers=[header]))


FILTERED = (
    fax_line,
    squeal_after_ringing,
    alarm_panel,
    mailbox_from_outside,
    mailbox_wrong_pin,
    mailbox_without_pin,
    disa_to_a_phone,
    disa_wrong_pin,
    blacklisted_in_freepbx,
    not_blacklisted_in_freepbx,
    blocked_by_the_dialplan,
    vouched_for,
)

import asyncio

import pytest

from bridge.cli.sms import SendTest
from bridge.simulator.smsc import Smsc
from bridge.simulator.smsc_script import Behaviour, Ids, Script, When
from bridge.smpp.settings import IdBase, SmppSettings
from tests.smpp.peer import until_submitted
from tests.smpp.support import CUSTOMER, OFFICE, with_settings


async def send(settings: SmppSettings, text: str = "This is a test.", wait: float = 5.0) -> tuple[bool, list[str]]:
    said: list[str] = []
    fine = await SendTest(settings, OFFICE, CUSTOMER, text, wait, said.append).run()
    return fine, [line[11:] for line in said]


@pytest.mark.parametrize("when", [When.AFTER_ANSWER, When.BEFORE_ANSWER])
async def test_the_bind_the_answer_and_the_receipt_are_shown_as_they_happen(when: When) -> None:
    script = Script(default=Behaviour(receipt=when), ids=Ids.HEX_THEN_DECIMAL)
    async with Smsc(script).serve() as smsc:
        fine, said = await send(with_settings(port=smsc.port, id_base=IdBase.HEX_DEC))
    assert fine
    assert said == [
        f"connecting to 127.0.0.1:{smsc.port} as textback",
        "bound",
        "part 1 of 1 (gsm7): accepted, id 1",
        "receipt for 1: delivered, error 000",
    ]


async def test_a_receipt_that_says_no_is_a_problem() -> None:
    async with Smsc(Script(default=Behaviour(state="UNDELIV"))).serve() as smsc:
        fine, said = await send(with_settings(port=smsc.port))
    assert (fine, said[-1]) == (False, "receipt for 1: undeliverable, error 034")


async def test_every_part_of_a_long_text_is_shown() -> None:
    async with Smsc().serve() as smsc:
        fine, said = await send(with_settings(port=smsc.port), text="x" * 161)
    assert fine
    assert [line for line in said if line.startswith("part")] == [
        "part 1 of 2 (gsm7): accepted, id 1",
        "part 2 of 2 (gsm7): accepted, id 2",
    ]


async def test_no_receipt_in_time_is_said_and_is_no_problem() -> None:
    async with Smsc(Script(default=Behaviour(receipt=When.NEVER))).serve() as smsc:
        fine, said = await send(with_settings(port=smsc.port), wait=0.05)
    assert (fine, said[-1]) == (True, "no receipt within 0.05 s; the gateway has accepted the text")


@pytest.mark.parametrize(
    ("behaviour", "last"),
    [
        (Behaviour(status=0x0B), "part 1 of 1 (gsm7): refused with 0x0b, for good"),
        (Behaviour(status=0x58), "part 1 of 1 (gsm7): refused with 0x58, for now"),
        (Behaviour(dropped=True), "part 1 of 1 (gsm7): may have been sent: the SMSC closed the connection"),
    ],
)
async def test_what_went_wrong_is_said(behaviour: Behaviour, last: str) -> None:
    async with Smsc(Script(default=behaviour)).serve() as smsc:
        fine, said = await send(with_settings(port=smsc.port))
    assert (fine, said[-1]) == (False, last)


async def test_a_wrong_password_is_said_and_not_tried_again() -> None:
    async with Smsc().serve() as smsc:
        fine, said = await send(with_settings(port=smsc.port, password="wrong"))
    assert (fine, said[-2]) == (False, "not bound: bind refused with 0x0e")
    assert said[-1] == "-> the password is wrong: look at password_file under [smpp]"
    assert smsc.binds.total() == 1


async def test_a_customers_reply_meanwhile_is_left_at_the_gateway_for_the_daemon() -> None:
    async with Smsc(Script(default=Behaviour(delay=0.1))).serve() as smsc, asyncio.TaskGroup() as group:
        sending = group.create_task(send(with_settings(port=smsc.port)))
        await until_submitted(smsc, 1)
        assert await smsc.deliver(CUSTOMER.value, OFFICE, "the roof leaks") == [0x64]
    assert sending.result()[0]

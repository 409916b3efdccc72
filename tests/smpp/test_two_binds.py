"""Two binds of one account at a gateway we did not write: whatever comes over either of them is one world."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

import pytest
import pytest_asyncio

from bridge.domain.phone import E164
from bridge.smpp.client import SmppClient
from bridge.smpp.failover import Failover
from bridge.texts.outbox import Outbox, OutboxSettings
from tests.desk import CUSTOMER, OTHER, OWN, Desk, missed_call
from tests.lab.smsc.server import NodeSmsc
from tests.smpp.support import running, with_settings

pytestmark = pytest.mark.smsc

LONG = "The pipe under the sink in the kitchen is leaking. " * 4
ONE_ACCOUNT, TWO_ACCOUNTS = ("", "first"), ("", "")


@asynccontextmanager
async def bind(desk: Desk, smsc: NodeSmsc, name: str, account: str) -> AsyncIterator[SmppClient]:
    settings = with_settings(port=smsc.port, name=name, account=account)
    async with running(SmppClient(settings, desk.inbox, clock=desk.clock)) as client:
        await client.wait_ready()
        yield client


@asynccontextmanager
async def two_binds(
    desk: Desk, smsc: NodeSmsc, accounts: tuple[str, str] = ONE_ACCOUNT
) -> AsyncIterator[list[SmppClient]]:
    async with bind(desk, smsc, "first", accounts[0]) as first, bind(desk, smsc, "second", accounts[1]) as second:
        await smsc.bound(sessions=2)
        yield [first, second]


async def sends(desk: Desk, clients: Sequence[SmppClient], *states: str) -> None:
    """What waits in the outbox goes out, by the first client that can; until the parts are so."""
    outbox = Outbox(desk.database, Failover(clients), desk.live, OutboxSettings(), clock=desk.clock)
    sending = asyncio.create_task(outbox.run())
    try:
        await desk.until_parts_are(*states)
    finally:
        sending.cancel()
        with suppress(asyncio.CancelledError):
            await sending


def delivered(number: E164, message_id: str) -> dict[str, object]:
    """The fields of a receipt."""
    text = f"id:{message_id} sub:001 dlvrd:001 submit date:2611231200 done date:2611231200 stat:DELIVRD err:000 text:"
    return {"source_addr": number.digits, "destination_addr": OWN.digits, "esm_class": 4, "short_message": text}


@pytest_asyncio.fixture
async def smsc() -> AsyncIterator[NodeSmsc]:
    async with NodeSmsc.start() as smsc:
        yield smsc


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("over", ["same", "other"])
async def test_a_receipt_may_come_over_either_bind(desk: Desk, smsc: NodeSmsc, when: str, over: str) -> None:
    await smsc.behave(every=[{"receipt": when, "over": over}])
    async with two_binds(desk, smsc) as clients:
        await desk.call(missed_call())
        await sends(desk, clients, "delivered")


async def test_a_bind_that_is_gone_leaves_its_receipts_to_the_other_one(desk: Desk, smsc: NodeSmsc) -> None:
    await smsc.behave(every=[{"receipt": "none", "id": "7"}])
    async with bind(desk, smsc, "second", "first"):
        async with bind(desk, smsc, "first", "") as first:
            await desk.call(missed_call())
            await sends(desk, [first], "submitted")
        await smsc.bound(sessions=1)
        await smsc.inject_pdu(**delivered(CUSTOMER, "7"))
    assert await desk.column("SELECT state FROM message_part") == ["delivered"]


async def test_the_parts_of_a_reply_may_come_over_both_binds_in_any_order(desk: Desk, smsc: NodeSmsc) -> None:
    async with two_binds(desk, smsc):
        await desk.call(missed_call())
        await smsc.inject(source=CUSTOMER.value, destination=OWN.value, text=LONG, over=[0, 1], reverse=True)
    assert await desk.column("SELECT text FROM reply") == [LONG]


async def test_a_text_brought_again_over_the_other_bind_is_stored_once(desk: Desk, smsc: NodeSmsc) -> None:
    async with two_binds(desk, smsc):
        await desk.call(missed_call())
        for over in (0, 1, 0):
            assert await smsc.inject(source=CUSTOMER.value, destination=OWN.value, text="sink leaks", over=over) == [0]
    assert await desk.column("SELECT text FROM reply") == ["sink leaks"]
    assert await desk.column("SELECT times FROM inbound") == [3]


async def test_a_stop_over_one_bind_keeps_a_text_from_leaving_over_the_other(desk: Desk, smsc: NodeSmsc) -> None:
    async with two_binds(desk, smsc) as clients:
        await desk.call(missed_call())
        await smsc.inject(source=CUSTOMER.value, destination=OWN.value, text="STOP", over=1)
        await sends(desk, clients, "cancelled", "delivered")
    (submit,) = await smsc.submitted(1)
    assert "START" in submit["text"]


async def test_ids_of_two_accounts_stay_apart(desk: Desk, smsc: NodeSmsc) -> None:
    """Both gave one part the id 7: the receipt of the second one says nothing of the first one's part."""
    await smsc.behave(every=[{"receipt": "none", "id": "7"}])
    async with two_binds(desk, smsc, TWO_ACCOUNTS) as clients:
        await desk.call(missed_call())
        await sends(desk, clients, "submitted")
        await desk.call(missed_call(OTHER))
        await sends(desk, clients[::-1], "submitted", "submitted")
        await smsc.inject_pdu(**delivered(CUSTOMER, "7"), over=0)
    assert await desk.column("SELECT state FROM message_part ORDER BY id") == ["delivered", "submitted"]

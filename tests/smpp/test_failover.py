import asyncio
from contextlib import AsyncExitStack

import pytest

from bridge.domain.texts.messages import Accepted, NotWritten, Refused, Unanswered
from bridge.simulator.smsc import Smsc
from bridge.simulator.smsc_script import Behaviour, Script, When
from bridge.smpp.client import SmppClient
from bridge.smpp.failover import Failover
from tests.smpp.support import NOON, Receiver, a_part, bound, with_settings

QUIET = Script(default=Behaviour(receipt=When.NEVER))


def unbound_client() -> SmppClient:
    return SmppClient(with_settings(name="first"), Receiver(), clock=lambda: NOON)


async def test_the_first_gateway_is_preferred() -> None:
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(Smsc(QUIET).serve()) for _ in range(2)]
        clients = [await stack.enter_async_context(bound(smsc.port)) for smsc in (first, second)]
        assert isinstance(await Failover(clients).submit(a_part()), Accepted)
        assert (len(first.submitted), len(second.submitted)) == (1, 0)


async def test_the_second_takes_over_while_the_first_is_down() -> None:
    async with Smsc(QUIET).serve() as smsc, bound(smsc.port, name="second") as second:
        gateways = Failover([unbound_client(), second])
        await gateways.wait_ready()
        assert gateways.ready
        assert await gateways.submit(a_part()) == Accepted("1", gateway="second")


@pytest.mark.parametrize("status", [0x58, 0x14, 0x08])
async def test_a_refusal_that_lies_with_the_gateway_goes_to_the_second(status: int) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Smsc(Script(default=Behaviour(status=status))).serve())
        second = await stack.enter_async_context(Smsc(QUIET).serve())
        clients = [await stack.enter_async_context(bound(smsc.port)) for smsc in (first, second)]
        assert isinstance(await Failover(clients).submit(a_part()), Accepted)


@pytest.mark.parametrize(
    ("behaviour", "outcome"),
    [(Behaviour(dropped=True), Unanswered), (Behaviour(status=0x0B), Refused)],
    ids=["may_have_been_sent", "permanent"],
)
async def test_what_may_have_been_sent_or_never_can_be_stays_with_the_first(
    behaviour: Behaviour, outcome: type
) -> None:
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(Smsc(Script(default=behaviour)).serve())
        second = await stack.enter_async_context(Smsc(QUIET).serve())
        clients = [await stack.enter_async_context(bound(smsc.port)) for smsc in (first, second)]
        assert isinstance(await Failover(clients).submit(a_part()), outcome)
        assert second.submitted == []


async def test_with_no_gateway_bound_nothing_is_written() -> None:
    gateways = Failover([unbound_client(), unbound_client()])
    assert not gateways.ready
    assert await gateways.submit(a_part()) == NotWritten("not bound")


async def test_waiting_for_a_gateway_can_be_given_up() -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Failover([unbound_client(), unbound_client()]).wait_ready(), 0.05)

"""Callers who are connected somewhere else, whom a program takes, or whom an operator moves while it rings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.lab.office import Office
from tests.lab.phone import Call, answers_after, only_rings, refuses
from tests.lab.scenario import Expected, ended, scenario, talk
from tests.lab.scenarios import ALONE
from tests.lab.scenarios_moved import redirect_trunk

NOBODYS = {"reason": ["not_offered", "no_answer", "abandoned_menu", "abandoned_queue"]}


@scenario("the network's other end answered it (Q.850 cause 26)", Expected("0205550101", "unknown"))
async def taken_elsewhere(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550101")
    await customer.ringing.wait()
    await asyncio.sleep(3)
    customer.hang_up('Q.850;cause=26;text="Answered elsewhere"')


@scenario("the same of a ring group, in the queue of nobody", Expected("0205550110", "unknown"))
async def taken_elsewhere_from_ring_group(office: Office) -> None:
    customer = office.trunk.customer_calls("0205550110")
    await customer.ringing.wait()
    await asyncio.sleep(3)
    customer.hang_up("Q.850;cause=26")


@scenario("the dialplan sends the caller on before it answers (302)", Expected("0205550400", "unknown"))
async def sent_on_before_answer(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550400"))


@scenario("the dialplan sends the caller on after a while (REFER)", Expected("0205550401", "unknown"))
async def sent_on_after_answer(office: Office) -> None:
    await ended(office.trunk.customer_calls("0205550401"))


@asynccontextmanager
async def program(office: Office) -> AsyncIterator[None]:
    """An AudioSocket server that listens and says nothing."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        await office.cli(f"dialplan set global PROGRAM {port}")
        yield


@scenario("101 rings out and a program takes the call", Expected("0205550402", "missed", "no_answer", also_ok=NOBODYS))
async def program_after_a_phone(office: Office) -> None:
    async with program(office):
        await talk(office.trunk.customer_calls("0205550402"), 3)


@scenario("a program takes the call at once", Expected("0205550403", "missed", "not_offered", also_ok=NOBODYS))
async def program_at_once(office: Office) -> None:
    async with program(office):
        await talk(office.trunk.customer_calls("0205550403"), 3)


@scenario(
    "the queue runs out, a program takes the call", Expected("0205550405", "missed", "no_answer", also_ok=NOBODYS)
)
async def program_after_the_queue(office: Office) -> None:
    async with program(office):
        await talk(office.trunk.customer_calls("0205550405"), 9)


@scenario("a loudspeaker takes the call", Expected("0205550404", "missed", "not_offered", also_ok=NOBODYS))
async def loudspeaker(office: Office) -> None:
    await talk(office.trunk.customer_calls("0205550404"), 3)


async def moved_while_it_rings(office: Office, target: str) -> Call:
    office.behave(p101=only_rings)
    customer = office.trunk.customer_calls("0205550101")
    await customer.ringing.wait()
    await asyncio.sleep(2)
    await redirect_trunk(office, f"later,{target},1")
    return customer


@scenario("101 rings, the caller is moved to 102, who rings out", Expected("0205550101", "missed", "no_answer"))
async def moved_to_nobody(office: Office) -> None:
    await ended(await moved_while_it_rings(office, "102"))


@scenario("101 rings, the caller is moved to 102, who is busy", Expected("0205550101", "missed", "busy"))
async def moved_to_a_busy_phone(office: Office) -> None:
    office.behave(p102=refuses())
    await ended(await moved_while_it_rings(office, "102"))


@scenario("101 rings, the caller is moved to 102 and gives up", Expected("0205550101", "missed", "abandoned_ringing"))
async def moved_and_gave_up(office: Office) -> None:
    office.behave(p102=only_rings)
    customer = await moved_while_it_rings(office, "102")
    await asyncio.sleep(3)
    customer.hang_up()


@scenario("101 rings, the caller is moved to 102, who answers", Expected("0205550101", "answered", answered_by="102"))
async def moved_and_answered(office: Office) -> None:
    office.behave(p102=answers_after(1))
    await talk(await moved_while_it_rings(office, "102"), 2)


@scenario("101 rings, the caller is moved to voicemail", Expected("0205550101", "missed", "voicemail"))
async def moved_to_voicemail(office: Office) -> None:
    await talk(await moved_while_it_rings(office, "voicemail"), 3)


@scenario("101 rings, the caller is moved into a queue and leaves", Expected("0205550101", "missed", "abandoned_queue"))
async def moved_into_a_queue(office: Office) -> None:
    await talk(await moved_while_it_rings(office, "queue"), 4)


@scenario(
    "101 rings, the caller is moved to a closed message", Expected("0205550101", "missed", "not_offered", also_ok=ALONE)
)
async def moved_to_a_message(office: Office) -> None:
    await ended(await moved_while_it_rings(office, "closed"))


ELSEWHERE = (
    taken_elsewhere,
    taken_elsewhere_from_ring_group,
    sent_on_before_answer,
    sent_on_after_answer,
    program_after_a_phone,
    program_at_once,
    program_after_the_queue,
    loudspeaker,
    moved_to_nobody,
    moved_to_a_busy_phone,
    moved_and_gave_up,
    moved_and_answered,
    moved_to_voicemail,
    moved_into_a_queue,
    moved_to_a_message,
)

"""Against npm's `smpp`, which knows nothing of our reading of the specification."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bridge.domain.texts.gsm import split
from bridge.domain.texts.messages import (
    Accepted,
    Concatenation,
    InboundText,
    Poison,
    Receipt,
    ReceiptState,
    Refused,
    Unanswered,
)
from bridge.domain.texts.multipart import join
from bridge.smpp.client import SmppClient
from bridge.smpp.settings import BindMode, Concat
from storage.values import whole
from tests.lab.smsc.server import NodeSmsc
from tests.smpp.support import CUSTOMER, NOON, OFFICE, Receiver, a_part, bound, eventually, running, with_settings

pytestmark = pytest.mark.smsc

LONG = "Sorry we missed you. €{}[] " * 12
EMOJI = "Perdón 😀 no pudimos contestar. " * 5


@pytest_asyncio.fixture
async def smsc() -> AsyncIterator[NodeSmsc]:
    async with NodeSmsc.start() as smsc:
        yield smsc


async def test_a_text_arrives_as_it_was_written_with_its_numbers_and_its_validity(smsc: NodeSmsc) -> None:
    async with bound(smsc.port) as client:
        outcome = await client.submit(a_part(text="@£$ {€} ñ", valid_for=timedelta(minutes=15)))
    (submit,) = await smsc.submitted(1)
    assert outcome == Accepted("00000001", gateway="sms")
    assert (submit["source"], submit["source_ton"]) == (OFFICE[1:], 1)
    assert (submit["destination"], submit["destination_ton"]) == (CUSTOMER.digits, 1)
    assert submit["text"] == "@£$ {€} ñ"
    assert submit["registered_delivery"] == 1
    assert submit["validity_period"]


@pytest.mark.parametrize("text", [LONG, EMOJI], ids=["gsm7", "ucs2"])
@pytest.mark.parametrize("concat", list(Concat))
async def test_a_long_text_arrives_whole_by_every_way_of_concatenation(
    smsc: NodeSmsc, concat: Concat, text: str
) -> None:
    async with bound(smsc.port, concat=concat) as client:
        segments = split(text, reference_bits=client.settings.reference_bits)
        for sequence, part in enumerate(segments.parts, start=1):
            submission = a_part(
                text=part, encoding=segments.encoding, reference=77, sequence=sequence, total=len(segments.parts)
            )
            assert isinstance(await client.submit(submission), Accepted)
    submits = await smsc.submitted(len(segments.parts))
    assert "".join(submit["text"] for submit in submits) == text
    marks = {
        Concat.UDH8: [f"00034d{len(submits):02x}{n + 1:02x}" for n in range(len(submits))],
        Concat.UDH16: [f"0804004d{len(submits):02x}{n + 1:02x}" for n in range(len(submits))],
    }
    if concat in marks:
        assert [submit["udh"][0] for submit in submits] == marks[concat]
    if concat is Concat.SAR:
        assert [submit["sar"] for submit in submits] == [[77, len(submits), n + 1] for n in range(len(submits))]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_receipt_comes_before_or_after_the_answer(smsc: NodeSmsc, when: str) -> None:
    receiver = Receiver()
    await smsc.behave(every=[{"receipt": when, "state": "UNDELIV"}])
    async with bound(smsc.port, receiver) as client:
        outcome = await client.submit(a_part())
        await receiver.until(lambda receiver: bool(receiver.inbound))
    (receipt,) = receiver.inbound
    assert isinstance(outcome, Accepted)
    assert isinstance(receipt, Receipt)
    assert receipt.message_ids == (outcome.message_id,)
    assert receipt.state is ReceiptState.UNDELIVERABLE


@pytest.mark.parametrize(
    "text",
    ["the roof leaks", "mañana a las 5", "goteras en el techo, ¿hoy?", "水が漏れています", "😀" * 40, LONG, "@ {x} €"],
)
async def test_a_reply_arrives_as_it_was_written(smsc: NodeSmsc, text: str) -> None:
    receiver = Receiver()
    async with bound(smsc.port, receiver):
        statuses = await smsc.inject(source=CUSTOMER.value, destination=OFFICE, text=text)
    assert set(statuses) == {0}
    parts = [inbound for inbound in receiver.inbound if isinstance(inbound, InboundText)]
    assert {(part.source, part.destination) for part in parts} == {(CUSTOMER.value, OFFICE)}
    joined = join((part.part or Concatenation(0, 1, 1), part.text or "") for part in parts)
    assert (whole(joined.text), joined.complete) == (text, True)


@pytest.mark.parametrize(
    ("status", "permanent", "throttled"), [(0x58, False, True), (0x14, False, True), (0x0B, True, False)]
)
async def test_refusals(smsc: NodeSmsc, status: int, permanent: bool, throttled: bool) -> None:
    await smsc.behave(**{CUSTOMER.digits: [{"status": status}]})
    async with bound(smsc.port) as client:
        assert await client.submit(a_part()) == Refused(status, permanent=permanent, throttled=throttled)


async def test_a_dropped_link_and_a_late_answer(smsc: NodeSmsc) -> None:
    receiver = Receiver()
    await smsc.behave(every=[{"drop": True}, {"delay": 0.3, "receipt": "none"}])
    async with bound(smsc.port, receiver, response_timeout=0.1) as client:
        assert isinstance(await client.submit(a_part(1)), Unanswered)
        await client.wait_ready()
        assert isinstance(await client.submit(a_part(2)), Unanswered)
        await receiver.until(lambda receiver: bool(receiver.late))
    assert receiver.late[0].part_id == 2
    assert len(await smsc.submitted(2)) == 2


async def test_an_unbind_and_a_cut_are_both_survived(smsc: NodeSmsc) -> None:
    async with bound(smsc.port) as client:
        await smsc.unbind()
        await eventually(lambda: client.snapshot.binds == 2)
        assert isinstance(await client.submit(a_part()), Accepted)
        await smsc.drop()
        await eventually(lambda: client.snapshot.binds == 3)
        assert isinstance(await client.submit(a_part()), Accepted)


async def test_a_poison_pdu_is_shelved_and_the_next_text_arrives(smsc: NodeSmsc) -> None:
    receiver = Receiver()
    async with bound(smsc.port, receiver):
        await smsc.inject_octets(bytes.fromhex("00000018 00000005 00000000 00000007 ffffffffffffffff"))
        assert await smsc.inject(source=CUSTOMER.value, destination=OFFICE, text="hello") == [0]
    assert [type(inbound) for inbound in receiver.inbound] == [Poison, InboundText]


async def test_two_binds(smsc: NodeSmsc) -> None:
    receiver = Receiver()
    async with bound(smsc.port, receiver, bind=BindMode.TX_RX) as client:
        await smsc.bound()
        assert isinstance(await client.submit(a_part()), Accepted)
        assert await smsc.inject(source=CUSTOMER.value, destination=OFFICE, text="hello") == [0]


async def test_tls_with_a_certificate_of_our_own(tmp_path: Path) -> None:
    async with (
        NodeSmsc.start(tls_in=tmp_path) as smsc,
        bound(smsc.port, host="localhost", tls=True, ca_file=str(smsc.ca_file)) as client,
    ):
        assert isinstance(await client.submit(a_part()), Accepted)


@pytest.mark.parametrize(("host", "trusted"), [("127.0.0.1", True), ("localhost", False)])
async def test_tls_to_another_host_or_a_stranger_is_refused(tmp_path: Path, host: str, trusted: bool) -> None:
    async with NodeSmsc.start(tls_in=tmp_path) as smsc:
        ca_file = str(smsc.ca_file) if trusted else None
        settings = with_settings(port=smsc.port, host=host, tls=True, ca_file=ca_file)
        client = SmppClient(settings, Receiver(), clock=lambda: NOON)
        async with running(client):
            await eventually(lambda: bool(client.health.last_error))
        assert "certificate verify failed" in client.health.last_error

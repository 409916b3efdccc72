import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio
from structlog.testing import capture_logs

from bridge.domain.texts.messages import (
    Accepted,
    Concatenation,
    InboundText,
    NotWritten,
    Poison,
    Receipt,
    ReceiptState,
    Refused,
    Stored,
    Unanswered,
)
from bridge.simulator.smsc import Smsc
from bridge.simulator.smsc_script import Behaviour, Ids, ReceiptForm, Script, When
from bridge.smpp.client import SmppClient
from bridge.smpp.codec import Address, CommandId, PduFramer, ShortMessage, decode_message, encode, encode_message
from bridge.smpp.health import BindState
from bridge.smpp.session import SmppSession
from bridge.smpp.settings import BindMode, Concat, IdBase
from tests.smpp.peer import deliver_octets, unbind_all, until_submitted
from tests.smpp.support import CUSTOMER, NOON, OFFICE, SETTINGS, Receiver, a_part, bound, eventually, running

SILENT = Behaviour(receipt=When.NEVER)
TO_CUSTOMER = CUSTOMER.digits


def accepted(message_id: str) -> Accepted:
    return Accepted(message_id, gateway="sms")


def scripted(*behaviours: Behaviour, **script: object) -> Script:
    return Script(default=SILENT, by_destination={TO_CUSTOMER: behaviours}, **script)  # type: ignore[arg-type]


@pytest_asyncio.fixture
async def smsc() -> AsyncIterator[Smsc]:
    async with Smsc(Script(default=SILENT)).serve() as smsc:
        yield smsc


async def test_a_part_is_submitted_and_its_message_id_returned(smsc: Smsc) -> None:
    async with bound(smsc.port) as client:
        assert await client.submit(a_part(valid_for=timedelta(minutes=15))) == accepted("1")
    (submitted,) = smsc.submitted
    assert (submitted.source, submitted.destination, submitted.text) == (
        OFFICE[1:],
        TO_CUSTOMER,
        "Sorry we missed you.",
    )
    assert submitted.message.validity_period == "000000001500000R"
    assert submitted.message.registered_delivery == 1


async def test_the_window_is_used_and_not_exceeded(smsc: Smsc) -> None:
    smsc.script = Script(default=Behaviour(delay=0.02, receipt=When.NEVER))
    async with bound(smsc.port, window=3) as client:
        async with asyncio.TaskGroup() as group:
            for part_id in range(9):
                group.create_task(client.submit(a_part(part_id)))
            await until_submitted(smsc, 3)
            assert client.snapshot.window_used == 3
            assert client.snapshot.waiting == 6
            assert not client.ready
        assert client.snapshot.outcomes == {"Accepted": 9}


async def test_an_urgent_part_overtakes_the_ones_that_wait(smsc: Smsc) -> None:
    smsc.script = Script(default=Behaviour(delay=0.02, receipt=When.NEVER))
    async with bound(smsc.port, window=1) as client, asyncio.TaskGroup() as group:
        for text in ("first", "second", "third"):
            group.create_task(client.submit(a_part(text=text)))
        await until_submitted(smsc, 1)
        group.create_task(client.submit(a_part(text="urgent", urgent=True)))
    assert [submitted.text for submitted in smsc.submitted] == ["first", "urgent", "second", "third"]


async def test_a_throttled_part_is_refused_for_now_and_the_bind_rests() -> None:
    async with Smsc(scripted(Behaviour(status=0x58), SILENT)).serve() as smsc, bound(smsc.port) as client:
        assert await client.submit(a_part()) == Refused(0x58, permanent=False, throttled=True)
        assert not client.ready
        assert await client.submit(a_part(2)) == NotWritten("throttled")
        await client.wait_ready()
        assert await client.submit(a_part()) == accepted("2")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x14, Refused(0x14, permanent=False, throttled=True)),
        (0x08, Refused(0x08, permanent=False, gateway_fault=True)),
        (0x64, Refused(0x64, permanent=False)),
        (0x0A, Refused(0x0A, permanent=True)),
        (0x0B, Refused(0x0B, permanent=True)),
        (0x45, Refused(0x45, permanent=True)),
        (0x400, Refused(0x400, permanent=False)),
        (0x401, Refused(0x401, permanent=True)),
    ],
)
async def test_a_refusal_says_whether_trying_again_helps(status: int, outcome: Refused) -> None:
    async with (
        Smsc(scripted(Behaviour(status=status))).serve() as smsc,
        bound(smsc.port, error_map={"0x400": "temporary"}) as client,
    ):
        assert await client.submit(a_part()) == outcome


async def test_no_answer_in_time_is_unanswered_and_the_late_one_is_still_recorded() -> None:
    receiver = Receiver()
    async with (
        Smsc(scripted(Behaviour(delay=0.3, receipt=When.NEVER))).serve() as smsc,
        bound(smsc.port, receiver, response_timeout=0.1) as client,
    ):
        assert await client.submit(a_part(7)) == Unanswered("no answer in time")
        await receiver.until(lambda receiver: bool(receiver.late))
    (late,) = receiver.late
    assert (late.part_id, late.outcome, late.at) == (7, accepted("1"), NOON)


async def test_an_answer_that_nobody_waits_for_any_more_is_recorded_as_a_late_one() -> None:
    receiver = Receiver()
    async with (
        Smsc(scripted(Behaviour(delay=0.05, receipt=When.NEVER))).serve() as smsc,
        bound(smsc.port, receiver) as client,
    ):
        submitting = asyncio.create_task(client.submit(a_part(7)))
        await until_submitted(smsc, 1)
        submitting.cancel()
        await receiver.until(lambda receiver: bool(receiver.late))
    assert receiver.late[0].outcome == accepted("1")


async def test_a_link_dropped_before_the_answer_leaves_the_part_unanswered_and_comes_back() -> None:
    async with Smsc(scripted(Behaviour(dropped=True), SILENT)).serve() as smsc, bound(smsc.port) as client:
        assert isinstance(await client.submit(a_part()), Unanswered)
        await client.wait_ready()
        assert await client.submit(a_part(2)) == accepted("2")
        assert client.snapshot.binds == 2
    assert len(smsc.submitted) == 2


async def test_without_a_bind_nothing_is_written() -> None:
    client = SmppClient(SETTINGS, Receiver(), clock=lambda: NOON)
    assert not client.ready
    assert await client.submit(a_part()) == NotWritten("not bound")


@pytest.mark.parametrize("when", [When.BEFORE_ANSWER, When.AFTER_ANSWER])
@pytest.mark.parametrize("dialect", list(ReceiptForm))
async def test_receipts_arrive_before_or_after_the_answer_in_every_dialect(when: When, dialect: ReceiptForm) -> None:
    receiver = Receiver()
    script = scripted(Behaviour(receipt=when, state="UNDELIV"), dialect=dialect, ids=Ids.HEX_THEN_DECIMAL)
    async with Smsc(script).serve() as smsc, bound(smsc.port, receiver, id_base=IdBase.HEX_DEC) as client:
        for _ in range(11):
            outcome = await client.submit(a_part())
        await receiver.until(lambda receiver: len(receiver.inbound) == 11)
    assert outcome == accepted("B")
    receipt = receiver.inbound[-1]
    assert isinstance(receipt, Receipt)
    assert receipt.message_ids[0] == "11"
    assert "B" in receipt.message_ids
    assert (receipt.state, receipt.final) == (ReceiptState.UNDELIVERABLE, True)


async def test_a_reply_is_stored_before_it_is_acknowledged(smsc: Smsc) -> None:
    receiver = Receiver()
    receiver.block = asyncio.Event()
    async with bound(smsc.port, receiver):
        delivering = asyncio.create_task(smsc.deliver(CUSTOMER.value, OFFICE, "the roof leaks"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(delivering), 0.1)
        receiver.block.set()
        assert await delivering == [0]
    (text,) = receiver.inbound
    assert isinstance(text, InboundText)
    assert (text.source, text.destination, text.text) == (CUSTOMER.value, OFFICE, "the roof leaks")


async def test_a_slow_disk_does_not_delay_the_answer_to_a_submit(smsc: Smsc) -> None:
    receiver = Receiver()
    receiver.block = asyncio.Event()
    async with bound(smsc.port, receiver) as client, asyncio.TaskGroup() as group:
        group.create_task(smsc.deliver(CUSTOMER.value, OFFICE, "hello"))
        assert await client.submit(a_part()) == accepted("1")
        assert receiver.inbound == []
        receiver.block.set()


@pytest.mark.parametrize("trouble", [Stored.TRY_AGAIN, OSError("disk full")])
async def test_what_cannot_be_stored_gets_a_temporary_error(smsc: Smsc, trouble: Stored | Exception) -> None:
    receiver = Receiver(trouble)
    async with bound(smsc.port, receiver) as client:
        assert await smsc.deliver(CUSTOMER.value, OFFICE, "hello") == [0x64]
        assert await smsc.deliver(CUSTOMER.value, OFFICE, "hello") == [0]
        assert client.snapshot.put_off == 1
    assert len(receiver.inbound) == 1


async def test_a_full_queue_asks_the_smsc_to_keep_its_texts(smsc: Smsc) -> None:
    receiver = Receiver()
    receiver.block = asyncio.Event()
    async with bound(smsc.port, receiver, backlog=2), asyncio.TaskGroup() as group:
        deliveries = [group.create_task(smsc.deliver(CUSTOMER.value, OFFICE, f"text {n}")) for n in range(5)]
        await asyncio.wait(deliveries, return_when=asyncio.FIRST_COMPLETED)
        receiver.block.set()
    statuses = [status for delivery in deliveries for status in delivery.result()]
    assert statuses.count(0x64) == 5 - len(receiver.inbound)
    assert 2 <= len(receiver.inbound) <= 3


async def test_a_long_reply_arrives_as_numbered_parts(smsc: Smsc) -> None:
    receiver = Receiver()
    async with bound(smsc.port, receiver):
        assert await smsc.deliver(CUSTOMER.value, OFFICE, "a" * 153 + "b" * 20) == [0, 0]
    parts = [(text.part, text.text) for text in receiver.inbound if isinstance(text, InboundText)]
    assert parts == [(Concatenation(1, 2, 1), "a" * 153), (Concatenation(1, 2, 2), "b" * 20)]


async def test_a_poison_pdu_is_stored_raw_and_acknowledged_once(smsc: Smsc) -> None:
    receiver = Receiver()
    poison = bytes.fromhex("00000014 00000005 00000000 00000063 01020304")
    async with bound(smsc.port, receiver) as client:
        await deliver_octets(smsc, poison)
        await receiver.until(lambda receiver: bool(receiver.inbound))
        assert await client.submit(a_part()) == accepted("1")
    assert receiver.inbound == [Poison("sms", poison, "deliver_sm has fields that do not fit into its length")]


@pytest.mark.parametrize("length", [0, 15, 65537, 0xFFFFFFFF])
async def test_an_impossible_length_drops_the_link_with_a_word_and_it_comes_back(smsc: Smsc, length: int) -> None:
    with capture_logs() as logs:
        async with bound(smsc.port) as client:
            await deliver_octets(smsc, length.to_bytes(4, "big") + bytes(12))
            await smsc.until(lambda smsc: smsc.binds.total() == 2)
            await client.wait_ready()
            assert await client.submit(a_part()) == accepted("1")
    assert f"a PDU of {length} octets was announced" in [line.get("why") for line in logs]


async def test_an_unbind_of_the_smsc_is_answered_and_the_client_binds_again(smsc: Smsc) -> None:
    async with bound(smsc.port):
        await unbind_all(smsc)
        await smsc.until(lambda smsc: smsc.binds.total() == 2)


async def test_after_an_unbind_of_the_smsc_nothing_new_is_submitted_but_answers_are_heard(smsc: Smsc) -> None:
    smsc.script = Script(default=Behaviour(delay=0.1, receipt=When.NEVER))
    async with bound(smsc.port, reconnect_after=60.0) as client:
        submitting = asyncio.create_task(client.submit(a_part()))
        await until_submitted(smsc, 1)
        await unbind_all(smsc)
        assert not client.ready
        assert await client.submit(a_part(2)) == NotWritten("not bound")
        assert await submitting == accepted("1")


async def test_a_mistake_of_ours_costs_the_link_and_not_the_client(smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    async with bound(smsc.port) as client:
        with monkeypatch.context() as patched:
            patched.setattr(SmppSession, "_received", lambda *_: 1 / 0)
            with capture_logs() as logs, suppress(ConnectionError):
                await smsc._bound_receiver().request(lambda number: encode(CommandId.ENQUIRE_LINK, number))
        await client.wait_ready()
        assert await client.submit(a_part()) == accepted("1")
    assert "smpp.link_failed" in [line["event"] for line in logs]


async def test_an_unknown_command_is_answered_with_generic_nack(smsc: Smsc) -> None:
    async with bound(smsc.port) as client:
        status = await smsc._bound_receiver().request(
            lambda number: bytes.fromhex("00000010 00009999 00000000") + number.to_bytes(4, "big")
        )
        assert status == 0x03
        assert client.snapshot.odd == 1


async def test_the_smsc_may_ask_whether_we_live(smsc: Smsc) -> None:
    async with bound(smsc.port):
        ask = smsc._bound_receiver().request(lambda number: encode(CommandId.ENQUIRE_LINK, number))
        assert await ask == 0


async def test_a_refused_password_is_told_and_tried_again_only_slowly(smsc: Smsc) -> None:
    settings = replace(SETTINGS, port=smsc.port, password="wrong")
    client = SmppClient(settings, Receiver(), clock=lambda: NOON)
    with capture_logs() as logs:
        async with running(client):
            await smsc.until(lambda smsc: smsc.binds.total() == 1)
            await smsc.until(lambda smsc: smsc.links == 0)
    assert client.health.last_error == "bind refused with 0x0e"
    assert next(line["seconds"] for line in logs if line["event"] == "smpp.reconnect") >= 15
    assert "wrong" not in str(logs)


async def test_stopping_waits_for_the_answers_under_way_and_unbinds(smsc: Smsc) -> None:
    smsc.script = Script(default=Behaviour(delay=0.1, receipt=When.NEVER))
    async with bound(smsc.port) as client:
        submitting = asyncio.create_task(client.submit(a_part()))
        await until_submitted(smsc, 1)
    assert submitting.done()
    assert submitting.result() == accepted("1")
    assert client.health.state is BindState.STOPPED
    await smsc.until(lambda smsc: smsc.links == 0)


async def test_stopping_stores_and_acknowledges_what_has_arrived(smsc: Smsc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.smpp.client.TOGETHER", 1)
    receiver = Receiver()
    receiver.block = asyncio.Event()
    async with asyncio.TaskGroup() as group, bound(smsc.port, receiver) as client:
        deliveries = [group.create_task(smsc.deliver(CUSTOMER.value, OFFICE, "one"))]
        await eventually(lambda: receiver.asked == 1)
        deliveries.append(group.create_task(smsc.deliver(CUSTOMER.value, OFFICE, "two")))
        await eventually(lambda: client.snapshot.backlog == 1)
        asyncio.get_running_loop().call_later(0.05, receiver.block.set)
    assert [delivery.result() for delivery in deliveries] == [[0], [0]]


async def test_stopping_is_bounded_when_an_answer_never_comes() -> None:
    async with Smsc(scripted(Behaviour(answered=False))).serve() as smsc, bound(smsc.port, drain_timeout=0.1) as client:
        submitting = asyncio.create_task(client.submit(a_part()))
        await until_submitted(smsc, 1)
    assert isinstance(submitting.result(), Unanswered)


async def test_two_binds_where_a_gateway_wants_one_to_send_and_one_to_receive(smsc: Smsc) -> None:
    receiver = Receiver()
    async with bound(smsc.port, receiver, bind=BindMode.TX_RX) as client:
        await smsc.until_bound()
        assert smsc.binds == {"bind_transmitter": 1, "bind_receiver": 1}
        assert await client.submit(a_part()) == accepted("1")
        assert await smsc.deliver(CUSTOMER.value, OFFICE, "hello") == [0]
    assert len(receiver.inbound) == 1


async def test_a_part_that_smpp_cannot_carry_never_reaches_the_wire(smsc: Smsc) -> None:
    async with bound(smsc.port) as client:
        outcome = await client.submit(a_part(source="A Sender Name Far Too Long"))
        assert outcome == Refused(0x01, permanent=True)
    assert smsc.submitted == []


async def test_what_is_called_not_written_never_reaches_the_smsc_and_the_rest_does() -> None:
    """The SMSC binds us and stops reading until we have given up; then it reads all that had left us."""
    given_up, texts = asyncio.Event(), asyncio.Queue[list[str]]()

    async def bind_then_stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.read(200)
        writer.write(encode(CommandId.BIND_TRANSCEIVER_RESP, int.from_bytes(request[12:16], "big"), system_id="x"))
        await given_up.wait()
        framer = PduFramer()
        framer.feed(await reader.read(-1))
        submits = [pdu for pdu in iter(framer.next, None) if pdu.command_id == CommandId.SUBMIT_SM]
        texts.put_nowait([decode_message(CommandId.SUBMIT_SM, pdu).user_data.decode() for pdu in submits])
        writer.close()

    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    async with await asyncio.start_server(bind_then_stall, sock=listening, limit=1):
        async with (
            bound(
                listening.getsockname()[1],
                concat=Concat.PAYLOAD,
                window=1000,
                enquire_interval=1.0,
                response_timeout=1.0,
                reconnect_after=60.0,
            ) as client,
            asyncio.TaskGroup() as group,
        ):
            submits = {
                text: group.create_task(client.submit(a_part(text=text)))
                for text in (f"{n:040000}" for n in range(250))
            }
        given_up.set()
        received = set(await texts.get())
    outcomes = {text: type(submit.result()) for text, submit in submits.items()}
    assert received
    assert outcomes.keys() - received
    assert received == {text for text, outcome in outcomes.items() if outcome is Unanswered}
    assert outcomes.keys() - received == {text for text, outcome in outcomes.items() if outcome is NotWritten}


async def test_mutated_pdus_never_stop_the_reader(smsc: Smsc) -> None:
    """Whatever one PDU holds, those after it are read, and the client never dies of it."""
    chance = random.Random(20261123)
    message = ShortMessage(Address(CUSTOMER.digits, 1, 1), Address(OFFICE[1:], 1, 1), b"the roof leaks", esm_class=0x40)
    with capture_logs() as logs:
        async with bound(smsc.port) as client:
            for number in range(500):
                octets = bytearray(encode_message(CommandId.DELIVER_SM, number, message))
                for _ in range(chance.randint(1, 6)):
                    octets[chance.randrange(4, len(octets))] = chance.randrange(256)
                with suppress(ConnectionError):
                    await deliver_octets(smsc, bytes(octets))
            await client.wait_ready()
            assert await client.submit(a_part()) == accepted("1")
    assert "smpp.link_failed" not in [line["event"] for line in logs]
    assert "smpp.not_stored" not in [line["event"] for line in logs]


async def test_random_octets_cost_the_link_and_nothing_else(smsc: Smsc) -> None:
    chance = random.Random(20261123)
    async with bound(smsc.port) as client:
        for binds in range(2, 12):
            await deliver_octets(smsc, chance.randbytes(chance.randrange(16, 3000)))
            await smsc.until(lambda smsc, binds=binds: smsc.binds.total() >= binds)  # type: ignore[misc]
            await client.wait_ready()
        assert await client.submit(a_part()) == accepted("1")


async def test_ipv6() -> None:
    async with Smsc(Script(default=SILENT)).serve(host="::1") as smsc, bound(smsc.port, host="::1") as client:
        assert await client.submit(a_part()) == accepted("1")


async def test_a_peer_that_takes_the_connection_and_says_nothing_is_given_up() -> None:
    """Here it is the TLS handshake that never comes."""
    hold = asyncio.Event()

    async def say_nothing(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hold.wait()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        settings = replace(SETTINGS, port=port, tls=True, connect_timeout=0.1)
        client = SmppClient(settings, Receiver(), clock=lambda: NOON)
        async with running(client):
            await eventually(lambda: client.health.state is BindState.DOWN)
        hold.set()
    assert client.health.last_error == "no connection: TimeoutError"


async def test_stopping_says_nothing_of_trouble(smsc: Smsc) -> None:
    with capture_logs() as logs:
        async with bound(smsc.port):
            pass
    assert [line["event"] for line in logs] == ["smpp.bound"]


async def test_a_trace_shows_fields_but_no_number_text_or_password(smsc: Smsc) -> None:
    with capture_logs() as logs:
        async with bound(smsc.port, trace=True) as client:
            await client.submit(a_part(text="confidential words"))
    traced = [line for line in logs if line["event"] == "smpp.pdu"]
    assert [line["command"] for line in traced][:4] == [
        "bind_transceiver",
        "bind_transceiver_resp",
        "submit_sm",
        "submit_sm_resp",
    ]
    assert traced[2]["destination"] == "1202•••0123/1.1"
    for secret in (TO_CUSTOMER, "confidential", "secret"):
        assert secret not in str(traced)

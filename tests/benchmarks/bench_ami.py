"""`python -m tests.benchmarks.bench_ami`: our framing beside panoramisk's, and how soon a Hangup has its verdict.

Ratios within one run: machines are noisy. bench_tracker has the way from bytes to verdicts.
"""

import asyncio
import time
from datetime import UTC, datetime
from statistics import median, quantiles

from bridge.ami.client import AmiClient
from bridge.ami.decode import WANTED
from bridge.ami.line import AmiLine
from bridge.ami.protocol import MessageFramer
from bridge.ami.settings import AmiSettings
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from bridge.pbx.listener import Listener
from bridge.simulator.pbx import SimulatedPbx
from bridge.simulator.tape import Tape, TapeStep
from tests.benchmarks.bench_tracker import ROUNDS, chunks, dispatched, seconds, stream
from tests.recorded import NAMES

CALLS = 2000
AT_ONCE = 50


def framed(data: bytes) -> int:
    framer = MessageFramer()
    return sum(len(framer.feed(chunk)) for chunk in chunks(data))


def filtered(data: bytes) -> int:
    framer = MessageFramer(WANTED)
    return sum(len(framer.feed(chunk)) for chunk in chunks(data))


def throughput() -> None:
    data = stream()
    events = data.count(b"\nEvent: ")
    rounds = [(seconds(dispatched, data), seconds(framed, data), seconds(filtered, data)) for _ in range(ROUNDS)]
    print(f"{events} events, {filtered(data)} of them wanted")
    print(f"panoramisk, framing and dispatch: {events / median(p for p, _, _ in rounds):9.0f} events/s")
    print(f"our framing, every event:         {median(p / f for p, f, _ in rounds):9.2f} times that")
    print(f"our framing, wanted events only:  {median(p / w for p, _, w in rounds):9.2f} times that")


async def decisions() -> None:
    """Many calls at once over TCP: client, mender, decoder and tracker, with the time each spends in a queue."""
    written: dict[str, float] = {}
    took: list[float] = []
    tape = _without_pauses(Tape.named("noanswer_one_phone"))

    async def ended(call: EndedCall, _now: datetime) -> None:
        took.append((time.perf_counter() - written[call.caller.digits or str(call.caller.number)]) * 1000)

    async with SimulatedPbx(clock=_now, secret="bench") as pbx:
        client = AmiClient(AmiSettings("bench", port=pbx.port, secret="bench"), clock=_now, wanted=WANTED)
        tracker = Tracker(TrackerSettings(country="NL"))
        listener = Listener(AmiLine(client, NAMES), tracker, ended, _now)
        running = [asyncio.create_task(work) for work in (client.run(), listener.run())]
        while client.health.synced_at is None:  # noqa: ASYNC110  # health has no event
            await asyncio.sleep(0.01)
        for number in range(0, CALLS, AT_ONCE):
            callers = [f"+3161{n:07d}" for n in range(number, number + AT_ONCE)]
            await asyncio.gather(*(_play(pbx, tape, caller, written) for caller in callers))
        while len(took) < CALLS:  # noqa: ASYNC110  # the last are being judged
            await asyncio.sleep(0.01)
        for task in running:
            task.cancel()
        await asyncio.wait(running)
    print(f"{CALLS} calls, {AT_ONCE} at once: from the Hangup's bytes to its verdict")
    print(f"median {median(took):.2f} ms, p99 {quantiles(took, n=100)[98]:.2f} ms")


async def _play(pbx: SimulatedPbx, tape: Tape, caller: str, written: dict[str, float]) -> None:
    await pbx.play(tape, caller=caller)
    written[caller] = time.perf_counter()


def _without_pauses(tape: Tape) -> Tape:
    return Tape(tuple(TapeStep(0.0, step.headers) for step in tape.steps))


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    throughput()
    asyncio.run(decisions())

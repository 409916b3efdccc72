"""What `textback doctor` and `send-test` find out of an SMS gateway (SMPP): does it take us, and if not, what to do."""

import asyncio
import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

from bridge.doctor.local import Finding, ok, problem
from bridge.doctor.peers import SMPP, diagnosis
from bridge.domain.texts.messages import Inbound, LateAnswer, Stored
from bridge.smpp.client import SmppClient
from bridge.smpp.health import BindState
from bridge.smpp.settings import SmppSettings

LOOK = 0.1  # seconds
PATIENCE = 3.0
BOUND_WITHIN = 8.0


class _LeavesThem:
    """Whatever arrives while we look is asked to be kept for the daemon."""

    async def received(self, _what: Inbound) -> Stored:
        return Stored.TRY_AGAIN

    async def answered_late(self, _answer: LateAnswer) -> None:
        """Nothing was sent."""


async def sms_checks(settings: SmppSettings) -> Finding:
    """Bind once, and leave."""
    check = f"sms {settings.name}"
    client = SmppClient(settings, _LeavesThem(), clock=lambda: datetime.now(UTC))
    running = asyncio.create_task(client.run())
    try:
        why = await _why_not_bound_in_time(client)
    finally:
        running.cancel()
        await asyncio.wait([running])
    if why:
        return problem(check, f"not bound: {why[0]}", why[1])
    return ok(check, f"bound at {settings.host}:{settings.port} as {settings.system_id}")


async def _why_not_bound_in_time(client: SmppClient) -> tuple[str, str] | None:
    try:
        async with asyncio.timeout(BOUND_WITHIN):
            return await why_not_bound(client)
    except TimeoutError:
        return f"no answer to the bind within {BOUND_WITHIN:.0f} seconds", ELSE


async def why_not_bound(client: SmppClient, say: Callable[[str], None] | None = None) -> tuple[str, str] | None:
    """Until it is bound: None; or is not: why, and what to do. Who is silent for a while is looked at more closely, and
    that is said, for somebody who watches.
    """
    settings, waiting = client.settings, asyncio.ensure_future(client.wait_ready())
    where, patient_until = (settings.host, settings.port), time.monotonic() + PATIENCE
    while not waiting.done() and client.health.state is not BindState.DOWN:
        await asyncio.wait([waiting], timeout=LOOK)
        if time.monotonic() > patient_until and not waiting.done():
            patient_until = math.inf
            if say:
                say(SILENT)
            more, remedy = await diagnosis(SMPP, SILENT, where, tls=settings.tls)
            if remedy and not waiting.done():
                waiting.cancel()
                return SILENT + more, remedy
    if not waiting.cancel():
        return None
    error = client.health.last_error
    if known := sms_remedy(error):
        return error, known
    more, remedy = await diagnosis(SMPP, error, where, tls=settings.tls)
    return error + more, remedy or ELSE


REMEDIES = (
    ("0x0d", "the gateway refuses the bind: ask the provider whether this address may connect"),
    ("0x0e", "the password is wrong: look at password_file under [smpp]"),
    ("0x0f", "the system_id is wrong: look at [smpp]"),
    ("0x05", "another session is bound: stop what else uses this account, or ask for a second one"),
)
SILENT = "no answer to the bind yet"
ELSE = "host and port under [smpp]; is this machine's address allowed at the provider?"


def sms_remedy(error: str) -> str:
    """By the status of a refused bind, "" for anything else."""
    return next((remedy for mark, remedy in REMEDIES if mark in error), "")

"""What `textback doctor` asks of every PBX and of every SMS gateway. It changes nothing there, and sends nothing."""

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack

from bridge.config import Config
from bridge.doctor.agi import answering
from bridge.doctor.asterisk import pbx_checks
from bridge.doctor.gateway import sms_checks
from bridge.doctor.local import Finding, not_looked, ok
from bridge.smpp.settings import SmppSettings


async def link_checks(config: Config, bound: Collection[str], *, running: bool) -> Sequence[Finding]:
    """running: the daemon is. bound: gateways that it holds; a second session could push its own out."""
    told = await asyncio.gather(_pbxs(config, running=running), *(_gateway(one, bound) for one in config.gateways))
    none_yet = not_looked("sms", "there is no gateway yet, so nobody is texted", "[smpp] in the configuration")
    return [*(finding for findings in told for finding in findings), *[none_yet] * (not config.gateways)]


async def _pbxs(config: Config, *, running: bool) -> Sequence[Finding]:
    async with AsyncExitStack() as stack:
        if config.phones is not None:
            await stack.enter_async_context(answering(config.phones, running=running))
        return [finding for pbx in config.pbxs for finding in await pbx_checks(pbx, config.phones)]


async def _gateway(settings: SmppSettings, bound: Collection[str]) -> Sequence[Finding]:
    held = ok(f"sms {settings.name}", "the running textback is bound")
    return [held if settings.name in bound else await sms_checks(settings)]

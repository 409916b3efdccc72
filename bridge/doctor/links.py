"""What `textback doctor` asks of every PBX and of every SMS gateway. It changes nothing there, and sends nothing."""

from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack

from bridge.config import Config
from bridge.doctor.agi import answering
from bridge.doctor.asterisk import pbx_checks
from bridge.doctor.gateway import sms_checks
from bridge.doctor.local import Finding, not_looked, ok


async def link_checks(config: Config, bound: Collection[str], *, running: bool) -> Sequence[Finding]:
    """running: the daemon is. bound: gateways that it holds; a second session could push its own out."""
    async with AsyncExitStack() as stack:
        if config.phones is not None:
            await stack.enter_async_context(answering(config.phones, running=running))
        findings = [finding for pbx in config.pbxs for finding in await pbx_checks(pbx, config.phones)]
    if not config.gateways:
        findings.append(
            not_looked("sms", "there is no gateway yet, so nobody is texted", "[smpp] in the configuration")
        )
    for settings in config.gateways:
        held = ok(f"sms {settings.name}", "the running textback is bound")
        findings.append(held if settings.name in bound else await sms_checks(settings))
    return findings

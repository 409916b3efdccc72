"""Two gateways as one (failover): the second one takes over while the first cannot."""

import asyncio
from collections.abc import Sequence

from bridge.domain.texts.messages import NotWritten, Outcome, Refused, Submission
from bridge.ports import Gateway, Wanted, always


class Failover:
    """gateways: in order of preference. Only what was certainly not accepted goes to the next one."""

    def __init__(self, gateways: Sequence[Gateway]) -> None:
        self._gateways = gateways

    @property
    def ready(self) -> bool:
        return any(gateway.ready for gateway in self._gateways)

    async def wait_ready(self) -> None:
        """Never where there is no gateway."""
        if not self._gateways:
            await asyncio.Event().wait()
        waiting = [asyncio.ensure_future(gateway.wait_ready()) for gateway in self._gateways]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for waiter in waiting:
                waiter.cancel()

    async def submit(self, part: Submission, wanted: Wanted = always) -> Outcome:
        outcome: Outcome = NotWritten("no gateway is bound")
        for gateway in self._gateways:
            outcome = await gateway.submit(part, wanted)
            if not _may_go_elsewhere(outcome):
                return outcome
        return outcome


def _may_go_elsewhere(outcome: Outcome) -> bool:
    """Not written, or refused for a reason that lies with that gateway. Never what may have been sent."""
    return isinstance(outcome, NotWritten) or (
        isinstance(outcome, Refused) and not outcome.permanent and (outcome.throttled or outcome.gateway_fault)
    )

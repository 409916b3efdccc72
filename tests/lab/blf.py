"""A desk phone with a lamp key: it subscribes to an extension's state (RFC 4235) and sees it change. Lab only."""

import asyncio
import re

from tests.lab import sip
from tests.lab.phone import Call, Phone
from tests.lab.sip import SipMessage

# what a dialog-info document says of the dialog, and what a lamp makes of it
LAMPS = {"terminated": "dark", "confirmed": "on", "early": "blinking"}


class LampPhone(Phone):
    """`lamp` is what the key shows now, "" before the first NOTIFY."""

    def __init__(self, user: str, password: str, ip: str, pbx: tuple[str, int]) -> None:
        super().__init__(user, password, ip, pbx)
        self.lamp = ""
        self._watching: Call | None = None
        self._changed = asyncio.Condition()

    def watch(self, extension: str) -> None:
        call = Call(
            self,
            sip.token(20),
            number=extension,
            local=f"<sip:{self.user}@{self.pbx[0]}>",
            remote=f"<sip:{extension}@{self.pbx[0]}>",
            target=f"sip:{extension}@{self.pbx_address}",
        )
        self._watching = call
        self._subscribe(call)

    async def shows(self, lamp: str, seconds: float = 15) -> None:
        """Wait until the key looks so. Raises TimeoutError."""
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: self.lamp == lamp)

    async def close(self) -> None:
        if self._watching:
            self._watching.media.close()
        await super().close()

    def _subscribe(self, call: Call, authorization: list[tuple[str, str]] | None = None) -> None:
        wanted = [("Event", "dialog"), ("Accept", "application/dialog-info+xml"), ("Expires", "600")]
        call.request("SUBSCRIBE", [*wanted, *(authorization or [])])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = sip.parse(data.decode("utf-8", "replace"))
        if message.is_response and message.method == "SUBSCRIBE":
            self._on_subscribed(message)
        else:
            super().datagram_received(data, addr)

    def _on_subscribed(self, message: SipMessage) -> None:
        call = self._watching
        if call and message.status == 401 and not call.authorized:
            call.authorized = True
            challenge = message.get("www-authenticate")
            self._subscribe(call, [("Authorization", self._authorize(challenge, "SUBSCRIBE", call.target))])

    def _answer_stranger(self, request: SipMessage) -> None:
        super()._answer_stranger(request)
        found = re.search(r"<state>(\w+)</state>", request.body)
        if request.method == "NOTIFY" and found:
            self.start(self._show(LAMPS.get(found[1], found[1])))

    async def _show(self, lamp: str) -> None:
        async with self._changed:
            self.lamp = lamp
            self._changed.notify_all()

"""What we ask of a PBX: ring a colleague's phone, then the customer or a mailbox; in our own contexts, with checked
values.
"""

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.ami.client import AmiClient
from bridge.domain.calls.calls import MAILBOX
from bridge.domain.phone import E164
from bridge.pbx.line import LinkError
from bridge.ports import Originated

EXTENSION = re.compile(r"[0-9]{1,8}")
ATTEMPT_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
DID = re.compile(r"\+?[0-9]{2,15}")
LISTEN = "textback-listen"  # in dialplan/extensions_textback_phones.conf
MAX_DISPLAY = 40
NOT_SHOWN = re.compile(r'[\x00-\x1f\x7f"<>\\]')


@dataclass(frozen=True, slots=True)
class OriginateSettings:
    """phone: the desk phone's channel. context: the dialplan context that calls the customer (shipped in dialplan/).

    ring_seconds: how long the desk phone rings before the attempt is over.
    """

    phone: str = "PJSIP/{extension}"
    context: str = "textback-callback"
    ring_seconds: int = 30


class AsteriskPbx:
    """`ports.Pbx` over AMI. `write=originate` allows nearly everything, so nothing others wrote enters an action."""

    def __init__(self, client: AmiClient, settings: OriginateSettings | None = None) -> None:
        self._client = client
        self._settings = settings or OriginateSettings()

    async def originate(self, *, attempt_id: str, extension: str, number: E164, did: str, display: str) -> Originated:
        """Ring `extension` showing `display`, then dial `number` with `did` as our number.

        The channel's Uniqueid is `attempt_id`. Accepted says only that the PBX took the request.
        """
        variable = f"__TEXTBACK_DID={did}"
        there = {"Context": self._settings.context, "Exten": number.digits, "Variable": variable}
        checks = ((EXTENSION, extension), (ATTEMPT_ID, attempt_id), (DID, did))
        return await self._ring(checks, attempt_id, extension, there | _shows(display, number.value))

    async def listen(self, *, attempt_id: str, extension: str, mailbox: str, display: str) -> Originated:
        """The dialplan asks for no password: whoever rings is signed in on the page."""
        there = {"Context": LISTEN, "Exten": "s", "Variable": f"TEXTBACK_MAILBOX={mailbox}"}
        checks = ((EXTENSION, extension), (ATTEMPT_ID, attempt_id), (MAILBOX, mailbox))
        return await self._ring(checks, attempt_id, extension, there | _shows(display, mailbox.partition("@")[0]))

    async def _ring(
        self, checks: Iterable[tuple[re.Pattern[str], str]], attempt_id: str, extension: str, there: Mapping[str, str]
    ) -> Originated:
        """there: where the phone goes once it is picked up, and what it shows until then."""
        if wrong := [text for pattern, text in checks if not pattern.fullmatch(text)]:
            return Originated(False, f"not a valid extension, attempt, line number or mailbox: {wrong[0]!r}")
        headers = {
            "Async": "true",
            "ActionID": f"{attempt_id}.{secrets.token_hex(8)}",  # as it comes back when the phone was not picked up
            "Channel": self._settings.phone.format(extension=extension),
            "ChannelId": attempt_id,
            "Priority": "1",
            "Timeout": str(self._settings.ring_seconds * 1000),
            **there,
        }
        try:
            reply = await self._client.action("Originate", headers)
        except LinkError as error:
            return Originated(False, str(error))
        return Originated(reply.ok, "" if reply.ok else reply.text)


def _shows(display: str, number: str) -> dict[str, str]:
    return {"CallerID": f'"{NOT_SHOWN.sub(" ", display)[:MAX_DISPLAY]}" <{number}>'}

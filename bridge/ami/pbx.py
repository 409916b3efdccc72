"""What we ask of a PBX: ring a colleague's phone, then the customer; in our own context, with checked digits."""

import re
import secrets
from dataclasses import dataclass

from bridge.ami.client import AmiClient
from bridge.ami.session import LinkError
from bridge.domain.phone import E164
from bridge.ports import Originated

EXTENSION = re.compile(r"[0-9]{1,8}")
ATTEMPT_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
DID = re.compile(r"\+?[0-9]{2,15}")
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
        checks = ((EXTENSION, extension), (ATTEMPT_ID, attempt_id), (DID, did))
        if wrong := [text for pattern, text in checks if not pattern.fullmatch(text)]:
            return Originated(False, f"not a valid extension, attempt or line number: {wrong[0]!r}")
        try:
            reply = await self._client.action("Originate", self._headers(attempt_id, extension, number, did, display))
        except LinkError as error:
            return Originated(False, str(error))
        return Originated(reply.ok, "" if reply.ok else reply.text)

    def _headers(self, attempt_id: str, extension: str, number: E164, did: str, display: str) -> dict[str, str]:
        return {
            "Async": "true",
            "ActionID": f"{attempt_id}.{secrets.token_hex(8)}",  # as it comes back when the phone was not picked up
            "Channel": self._settings.phone.format(extension=extension),
            "ChannelId": attempt_id,
            "Context": self._settings.context,
            "Exten": number.digits,
            "Priority": "1",
            "Timeout": str(self._settings.ring_seconds * 1000),
            "CallerID": f'"{NOT_SHOWN.sub(" ", display)[:MAX_DISPLAY]}" <{number.value}>',
            "Variable": f"__TEXTBACK_DID={did}",
        }

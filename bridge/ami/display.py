"""Desk phones' lamp and labels: set by our own dialplan context, so that `write=originate` is right enough."""

import re
from collections.abc import Sequence
from datetime import datetime

from bridge.ami.client import AmiClient
from bridge.domain.callbacks.desk_label import Lamp
from bridge.pbx.line import LinkError
from bridge.ports import Originated

CONTEXT = "textback-keep"  # in dialplan/extensions_textback_phones.conf
DEVICE_STATES = {Lamp.EMPTY: "NOT_INUSE", Lamp.WAITING: "INUSE", Lamp.URGENT: "RINGING"}
SECONDS = 10
SPELLING = re.compile(r"[0-9]{5,24}")
LABEL = re.compile(r"[A-Za-z0-9 .#/-]{0,60}(:[A-Za-z0-9 .#/-]{1,30})?")  # label:name
MAX_LABELS = 900  # characters of them in one line; Asterisk reads 1024
OVERHEAD = 20  # the name of a variable


class AsteriskDisplay:
    """`ports.Display` over AMI. Whatever comes from callers was cleaned before, and is checked here again."""

    def __init__(self, client: AmiClient) -> None:
        self._client = client

    @property
    def connected_since(self) -> datetime | None:
        """A PBX that boots takes requests before it has a dialplan, so that its boot counts as a new connection."""
        health = self._client.health
        return (health.booted_at or health.connected_since) if health.synced_at else None

    async def show(
        self, lamp: Lamp, labels: Sequence[tuple[Sequence[str], str]], *, forget: bool = False
    ) -> Originated:
        """Asterisk's lines have an end: labels that do not fit one are set by another request."""
        for number, line in enumerate(_lines(labels)):
            switches = [f"TEXTBACK_LAMP={DEVICE_STATES[lamp]}", f"TEXTBACK_FORGET={forget and number == 0:d}"]
            done = await self._run([*switches, *(f"TEXTBACK_LABEL_{n}={value}" for n, value in enumerate(line, 1))])
            if not done.accepted:
                return done
        return Originated(True)

    async def _run(self, variables: Sequence[str]) -> Originated:
        headers = {
            "Async": "true",
            "Channel": f"Local/set@{CONTEXT}/n",
            "Application": "Hangup",
            "Timeout": str(SECONDS * 1000),
            "Variable": ",".join(variables),
        }
        try:
            reply = await self._client.action("Originate", headers)
        except LinkError as error:
            return Originated(False, str(error))
        return Originated(reply.ok, "" if reply.ok else reply.text)


def _lines(labels: Sequence[tuple[Sequence[str], str]]) -> list[list[str]]:
    """`31612345678&0612345678:Callback x3`, as many together as fit one line; at least one line, be it empty.

    Raises ValueError for what is no label or no number.
    """
    lines: list[list[str]] = [[]]
    for spellings, label in labels:
        if not LABEL.fullmatch(label) or not all(map(SPELLING.fullmatch, spellings)):
            raise ValueError("not a label, or not digits")
        value = f"{'&'.join(spellings)}:{label}"
        if sum(len(other) + OVERHEAD for other in [*lines[-1], value]) > MAX_LABELS:
            lines.append([])
        lines[-1].append(value)
    return lines

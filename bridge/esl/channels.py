"""Who is at a channel of FreeSWITCH: a phone, a trunk, one half of a loopback; and which numbers it is about.

A phone has said who it is (`user_name`), or was dialled as a user (`dialed_user`, which stands on the caller's channel
too, once it has dialled one). Of the others the sofia profile, the gateway or the context of the dialplan tells.
"""

import fnmatch
import re
from collections.abc import Sequence

from bridge.domain import phone
from bridge.domain.calls.events import ChannelKind, Endpoint
from bridge.esl.protocol import Message

LOOPBACK = "loopback"
PUBLIC = ("public", "public[.@-]*")
"""Contexts in which calls from outside begin, unless told otherwise."""

MACHINES = frozenset({"null", "error", "portaudio", "alsa", "pulseaudio"})
"""Kinds of channels with nobody behind them."""

NOBODY = Endpoint("", ChannelKind.MACHINE)
NUMBER = re.compile(r"\+?[0-9]{2,}")
BY_A_GATEWAY = "gw+"  # how the request line begins of what comes in over a registered gateway
SAME_END = 7
"""So many last digits of two spellings are those of one number."""


class ChannelNames:
    """trunks: fnmatch patterns on sofia profiles and gateways over which calls come in; of what is no SIP, on its kind
    (`freetdm`). contexts: patterns of the dialplan contexts in which they begin, where one profile carries phones too.
    machines: patterns on extensions, gateways and profiles behind which nobody is. domain: that of this office, on a
    switch of several; "" where all are ours.
    """

    def __init__(
        self,
        trunks: Sequence[str] = (),
        contexts: Sequence[str] = (),
        machines: Sequence[str] = (),
        domain: str = "",
    ) -> None:
        self._trunk, self._machine = _any_of(trunks), _any_of(machines)
        self._context = _any_of(contexts or (() if trunks else PUBLIC))
        self._any_gateway = not trunks
        self._domain = domain

    def endpoint(self, told: Message) -> Endpoint:
        name = told.get("Channel-Name")
        tech, _, rest = name.partition("/")
        if tech == LOOPBACK:
            return Endpoint(name, ChannelKind.RELAY, twin=_pair(told))
        if not name or tech in MACHINES:
            return Endpoint(name, ChannelKind.MACHINE)
        way = rest.partition("/")[0] if tech == "sofia" else tech
        gateway, user = _gateway(told), self._user(told)
        pattern, party = gateway or way, user or own_number(told)
        if any(self._machine.match(one) for one in (way, gateway, user) if one):
            return Endpoint(name, ChannelKind.MACHINE, party, pattern=pattern)
        if self._is_trunk(told, (way, gateway), user):
            return Endpoint(name, ChannelKind.TRUNK, pattern, pattern=pattern)
        return Endpoint(name, ChannelKind.PHONE, party, pattern=pattern)

    def is_of_others(self, told: Message) -> bool:
        """Has the dialplan sent a call from outside to another office of the switch?"""
        return self._domain != "" and told.variable("domain_name") not in ("", self._domain)

    def _is_trunk(self, told: Message, ways: tuple[str, str], user: str) -> bool:
        known = any(self._trunk.match(way) for way in ways if way)
        if is_dialled(told):
            through_one = bool(ways[1])
            return (known or (self._any_gateway and through_one)) and (through_one or not user)
        return not user and (known or self._context.match(told.get("Caller-Context")) is not None)

    def _user(self, told: Message) -> str:
        """Whose phone it is, if it is one; `101@other.example` of another office."""
        who, where = ("dialed_user", "dialed_domain") if is_dialled(told) else ("user_name", "domain_name")
        user, domain = told.variable(who), told.variable(where)
        return f"{user}@{domain}" if user and self._domain and domain not in ("", self._domain) else user


def is_dialled(told: Message) -> bool:
    """Did the switch make it? A desk phone that dials is inbound too, as a switch sees it."""
    return told.get("Call-Direction") == "outbound"


def begins_outside(told: Message) -> bool:
    """Does it begin where calls from outside usually do?"""
    return not told.variable("user_name") and PUBLIC_CONTEXT.match(told.get("Caller-Context")) is not None


def own_number(told: Message) -> str:
    """Of a leg that was dialled; its caller ID is the caller's. Of another one whom it shows."""
    if not is_dialled(told):
        return told.get("Caller-Orig-Caller-ID-Number") or told.get("Caller-Caller-ID-Number")
    return told.variable("dialed_user") or told.get("Caller-Callee-ID-Number") or dialled_number(told)


def dialled_number(told: Message) -> str:
    return told.get("Caller-Destination-Number").removeprefix("sip:").partition("@")[0]


def number_called(told: Message, first: str = "") -> str:
    """The number of ours that a call from outside is for. first: what it asked for when it began, where that is told;
    it asks for extensions later.

    Over a registered gateway that is the account, unless the switch or the carrier was told better: then only the To
    header says it.
    """
    asked, to = first or _asked_first(told), told.variable("sip_to_user")
    if not told.variable("sip_gateway") or not NUMBER.fullmatch(to):
        return asked
    one, other = phone.digits_of(asked), phone.digits_of(to)
    if one[-SAME_END:] == other[-SAME_END:] and NUMBER.fullmatch(asked):
        return asked
    return to if not NUMBER.fullmatch(asked) or len(other) > len(one) else asked


def _asked_first(told: Message) -> str:
    """Of a call that we may have met in the middle: what its INVITE said."""
    request = told.variable("sip_req_user")
    begins = told.event == "CHANNEL_CREATE" or not request or request.startswith(BY_A_GATEWAY)
    return told.get("Caller-Destination-Number") if begins else request


def _gateway(told: Message) -> str:
    return told.variable("sip_gateway_name" if is_dialled(told) else "sip_gateway")


def _pair(told: Message) -> str:
    """What both halves of a loopback have in common."""
    other = told.variable("other_loopback_leg_uuid")
    return "+".join(sorted((told.get("Unique-ID"), other))) if other else ""


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """Matches what one of them does; nothing where there are none."""
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)")


PUBLIC_CONTEXT = _any_of(PUBLIC)

"""What Asterisk's names of channels say: `TECH/endpoint-serial`; the halves of a Local pair end in `;1` and `;2`.

And its names of contexts where callers are turned away, as by a blacklist.
"""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from bridge.ami.contexts import TRUNK_CONTEXTS
from bridge.domain.calls.events import ChannelKind, Endpoint

MACHINES = frozenset(
    {
        *("AudioSocket", "WebSocket", "UnicastRTP"),  # media to a program: an AI receptionist, a recorder
        *("MulticastRTP", "NBS"),  # loudspeakers
        *("Announcer", "Recorder", "CBAnn", "CBRec"),  # what a conference plays, and what records it
        *("Snoop", "ARI"),  # what listens in
        *("Surrogate", "AsyncGoto", "Message", "Calendar", "OutgoingSpoolFailed"),  # stand-ins of Asterisk's own
    }
)
"""Channel technologies with nobody behind them; `tests/ami/test_channels.py` holds them against Asterisk's drivers."""

PSEUDO = re.compile(r"(?:DAHDI|Zap)/pseudo")
"""What mixes a conference in a telephony card."""

RELAY = "Local"
PORTS = frozenset({"DAHDI", "Zap", "mISDN", "Console", "Mobile", "Dongle", "Phone", "Vpb"})
"""Technologies that name a port of this machine, and nobody who is there."""

TURNING_AWAY = ("app-blacklist-check*", "app-allowlist-check*")
"""Where FreePBX and Issabel look whether a caller may come in: whoever is answered there, or ends there, may not."""

FOR_ROBOTS = ("app-blackhole,zapateller",)
"""Where FreePBX 17 sends those then, unless told otherwise."""

ADDRESS = re.compile(r"\[?(?:[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9a-fA-F]*:[0-9a-fA-F:]+)\]?(?::[0-9]+)?")
POINTER = re.compile(r"(?:.*[-/@])?0x[0-9a-fA-F]{4,}")
HOST = re.compile(
    r"localhost|(?:[\w-]+\.){2,}[\w-]+\.?"
    r"|[\w-]+\.(?:[a-z]{2}|com|net|org|info|local|lan|internal|example|test)",
    re.IGNORECASE,
)
"""`sbc.example.net`, and not `ann.jones`."""

REMEMBERED = 10_000  # names
NOBODY = Endpoint("", ChannelKind.MACHINE)


class ChannelNames:
    """trunks: fnmatch patterns on the names of channels on which calls come in; without any, contexts tell.

    machines: patterns of those behind which nobody is, though they look like phones or trunks. ignored: patterns of
    contexts, or of `context,extension`: calls that begin or end there are nobody's, as on a blacklist.
    """

    def __init__(self, trunks: Sequence[str] = (), machines: Sequence[str] = (), ignored: Sequence[str] = ()) -> None:
        self._trunk, self._machine = _any_of(trunks), _any_of(machines)
        self._by_context = not trunks
        self._away, self._ignored = _places(TURNING_AWAY), _places((*TURNING_AWAY, *FOR_ROBOTS, *ignored))
        self.endpoint = lru_cache(REMEMBERED)(self._endpoint)
        self.turns_away = lru_cache(REMEMBERED)(self._turns_away)
        self.ignores = lru_cache(REMEMBERED)(self._ignores)

    def is_trunk(self, name: str) -> bool:
        return self._trunk.match(name) is not None

    def in_context(self, name: str, context: str, did: str = "") -> Endpoint:
        """Of a channel that begins in that dialplan context. did: a number of ours that it called from outside."""
        found = self.endpoint(name)
        if self._by_context and found.kind is ChannelKind.PHONE and (did or context.startswith(TRUNK_CONTEXTS)):
            return replace(found, kind=ChannelKind.TRUNK)
        return found

    def _turns_away(self, context: str) -> bool:
        """Is whoever is answered there turned away?"""
        return self._away.match(f"{context},") is not None

    def _ignores(self, context: str, exten: str) -> bool:
        """Is whoever begins or ends there turned away?"""
        return self._ignored.match(f"{context},{exten}") is not None

    def _endpoint(self, name: str) -> Endpoint:
        if not name:
            return NOBODY
        twin = name[:-2] if name.endswith((";1", ";2")) else ""
        return Endpoint(name, self._kind(name), party(name), twin, pattern(name))

    def _kind(self, name: str) -> ChannelKind:
        tech = name.partition("/")[0]
        if tech == RELAY:
            return ChannelKind.RELAY
        if tech in MACHINES or PSEUDO.match(name) or self._machine.match(name):
            return ChannelKind.MACHINE
        return ChannelKind.TRUNK if self.is_trunk(name) else ChannelKind.PHONE


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """Matches what one of them does; nothing where there are none."""
    return re.compile("|".join(map(fnmatch.translate, patterns)) or r"(?!)")


def _places(patterns: Sequence[str]) -> re.Pattern[str]:
    return _any_of([pattern if "," in pattern else f"{pattern},*" for pattern in patterns])


def pattern(name: str) -> str:
    """`PJSIP/telnyx-*` of `PJSIP/telnyx-00000005`, `DAHDI/i1/*` of `DAHDI/i1/0612345678-2`: the channels like it."""
    tech, _, rest = name.partition("/")
    group, slash, _ = rest.partition("/")
    if slash:
        return f"{tech}/{group}/*"
    return f"{tech}/{rest.rpartition('-')[0]}-*" if "-" in rest else name


def party(name: str) -> str:
    """`101` of `PJSIP/101-00000005`, `desk-2` of `PJSIP/desk-2-00000005`; never an address, a host or a pointer."""
    tech, _, rest = name.partition("/")
    who = rest.rpartition("-")[0] or rest
    if tech in PORTS:
        return f"{tech}/{who}"
    if tech in MACHINES:
        return ""
    shown = who if tech == RELAY else who.partition("@")[0]
    return "" if any(no_name.fullmatch(shown) for no_name in (ADDRESS, HOST, POINTER)) else shown


def dialled_number(dial_string: str) -> str:
    """The number in what a dialplan dialled: `0655500001@trunk`, `trunk/0655500001`, `PJSIP/t/sip:+31655@host`.

    The longest run that is nothing but digits (and a plus), "" where there is none. What a phone wrote behind its
    address (`sip:101@host;rinstance=123456`) is no number.
    """
    tokens = re.split(r"[^0-9A-Za-z+*#.]+", dial_string[:200].partition(";")[0])
    return max((token for token in tokens if re.fullmatch(r"\+?[0-9]+", token)), key=len, default="")


def number_dialled(dial_string: str, by: str) -> str:
    """Of `PJSIP/101&PJSIP/0655500001@trunk,20` what was dialled by that trunk, which may itself be called a number."""
    of = next((one for one in dial_string.split(",")[0].split("&") if by and by in one), "")
    return dialled_number(of.replace(by, "", 1)) or dialled_number(of)

"""Which trunks an Asterisk has, and what their calls enter: told by its own console (`asterisk -rx`), never guessed.

PJSIP endpoints that are known by their address or that we log in at; SIP and IAX2 peers at a fixed address; spans of
DAHDI, and its lines in a context in which calls from outside begin.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bridge.ami import console
from bridge.ami.contexts import is_from_outside

Ask = Callable[[str], str]

SHOWN_BY = {"PJSIP": "pjsip show endpoint", "SIP": "sip show peer", "IAX2": "iax2 show peer"}
DAHDI_CHANNELS, PRI_SPANS = "dahdi show channels", "pri show spans"
CONTEXT = re.compile(r"^\s*context\s*:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
NAME = re.compile(r"[\w.@+-]+")
SERIAL = "0000000a"


@dataclass(frozen=True, slots=True)
class FoundTrunk:
    """pattern: of its channels. context: that its calls enter, "" where that is not told."""

    pattern: str
    context: str = ""

    @property
    def name(self) -> str:
        return self.pattern.removesuffix("/*").removesuffix("-*")

    @property
    def channel(self) -> str:
        """One that it could have."""
        return self.pattern.replace("*", SERIAL)


def found_trunks(ask: Ask) -> Sequence[FoundTrunk]:
    """ask: Asterisk's console, "" for what it does not know."""
    named = [("PJSIP", name) for name in console.trunks(ask(console.ENDPOINTS))]
    named += [("SIP", name) for name in console.fixed_sip_peers(ask(console.PEERS["SIP"]))]
    named += [("IAX2", name) for name in console.fixed_iax_peers(ask(console.PEERS["IAX2"]))]
    found = [FoundTrunk(f"{tech}/{name}-*", _context(ask, tech, name)) for tech, name in named]
    return [*found, *_dahdi(ask(DAHDI_CHANNELS), ask(PRI_SPANS))]


def _context(ask: Ask, technology: str, name: str) -> str:
    shown = ask(f"{SHOWN_BY[technology]} {name}") if NAME.fullmatch(name) else ""
    found = CONTEXT.search(shown)
    return found[1] if found else ""


def _dahdi(channels: str, spans: str) -> Iterator[FoundTrunk]:
    """`dahdi show channels`: channel, extension (mostly none), context. Channels of a span are called by the span."""
    at = channels.find("Context")
    rows = [(row[:at].split(), row[at:].split()) for row in channels.splitlines()[1:]] if at >= 0 else []
    told = [(first[0], rest[0]) for first, rest in rows if first and rest and first[0].isdigit()]
    outside = [(number, context) for number, context in told if is_from_outside(context)]
    digital = re.findall(r"^PRI span (\d+)/", spans, re.MULTILINE)
    carried = outside[0][1] if digital and outside else ""
    yield from (FoundTrunk(f"DAHDI/i{span}/*", carried) for span in digital)
    yield from (FoundTrunk(f"DAHDI/{number}-*", context) for number, context in outside if context != carried)

"""In which dialplan contexts calls from outside begin, by the PBX that writes them; those that stand in front; and
those in which phones dial out, where no such call may get (toll fraud).

One table (FreePBX, Issabel, VitalPBX, plain Asterisk) for all who have to know: what tells such a call where no pattern
does, `textback init`, `doctor`, `dialplan`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownPbx:
    """trunks: how the contexts begin in which trunks do. trunk, phones: those to take where nobody says another; ""
    where there is no usual one. dials_out: those in which phones dial, and from which there is a way out; what follows
    a hyphen does not matter. source: where that was read.
    """

    name: str
    trunks: tuple[str, ...]
    source: str
    dials_out: tuple[str, ...]
    trunk: str = ""
    phones: str = ""


FREEPBX_OUT = ("from-internal", "outbound-allroutes", "outrt", "macro-dialout", "macro-dialout-trunk")
FREEPBX = KnownPbx(
    "FreePBX",
    ("from-pstn", "from-trunk", "from-did", "from-digital", "from-analog", "from-dahdi", "from-sip-external"),
    "FreePBX 17: core/etc/extensions.conf; from-trunk-TECH-NAME, outrt-ID: core/functions.inc.php",
    FREEPBX_OUT,
    trunk="from-pstn",
    phones="from-internal-custom",
)
ISSABEL = KnownPbx(
    "Issabel",
    ("from-pstn", "from-trunk", "from-zaptel", "from-dahdi"),
    "Issabel 4, whose dialplan is FreePBX 2.11's: amp_conf/astetc/extensions.conf",
    FREEPBX_OUT,
    trunk="from-pstn",
    phones="from-internal-custom",
)
VITALPBX = KnownPbx(
    "VitalPBX", ("trk-",), "what its console shows of a call: DID@trk-NUMBER-in; its sources are not open", ("cos",)
)
PLAIN = KnownPbx(
    "Asterisk",
    ("from-external", "from-trunk"),
    "the samples and the book; what it is called is the site's",
    ("from-internal", "internal", "phones", "users", "local", "longdistance", "international", "outgoing", "outbound"),
)
KNOWN = (FREEPBX, ISSABEL, VITALPBX, PLAIN)
TRUNK_CONTEXTS = tuple(dict.fromkeys(context for pbx in KNOWN for context in pbx.trunks))

STRANGERS = "from-sip-external"
"""Mostly met by scanners."""

FRONT = "from-trunk-textback"
"""Ours, in front of the one that a trunk entered before; see `dialplan/extensions_textback_trunk.conf`."""


def front(context: str, of: tuple[str, ...]) -> str:
    """Ours in front of that one, where there is one for each `of` these; each has a name of its own."""
    if context == of[0]:
        return FRONT
    alike = [other for other in of if _short(other) == _short(context)]
    return f"{FRONT}-{_short(context) if len(alike) == 1 else context}"


def _short(context: str) -> str:
    return context.removeprefix("from-trunk-")


def is_ours(context: str) -> bool:
    return context.lower().startswith((FRONT, "textback-"))


def dials_out(context: str) -> bool:
    """Do phones dial there? Calls from outside that entered it could dial out on the office's bill: toll fraud."""
    named = f"{context.lower()}-"
    return any(named.startswith(f"{one}-") for pbx in KNOWN for one in pbx.dials_out)


def is_from_outside(context: str) -> bool:
    """Is that one of the contexts in which trunks usually begin, and not the one for strangers?"""
    return context.startswith(TRUNK_CONTEXTS) and not context.startswith(STRANGERS)

"""Channels that may be trunks, though no pattern names them and they enter none of the usual contexts: somebody with a
whole number called on them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from bridge.ami.cdr import Record
from bridge.ami.cel_rows import CelRow
from bridge.ami.channels import ChannelNames, pattern
from bridge.ami.contexts import dials_out
from bridge.domain.calls.events import ChannelKind
from bridge.domain.phone import LEAST_DIGITS, digits_of


def strange_channels(names: ChannelNames, rows: Iterable[CelRow], legs: Iterable[Record]) -> Mapping[str, int]:
    """Their patterns, and how many calls began there."""
    begun = {
        one.uniqueid: (one.channel, one.context, one.cid_num, "")
        for one in rows
        if one.event == "CHAN_START" and one.uniqueid == one.linkedid
    }
    begun = {leg.uniqueid: (leg.channel, leg.context, leg.src, leg.did) for leg in legs} | begun
    return Counter(
        pattern(channel)
        for channel, context, number, did in begun.values()
        if len(digits_of(number)) >= LEAST_DIGITS
        and not dials_out(context)
        and _is_nobody_of_ours(names, channel)
        and names.in_context(channel, context, did).kind is not ChannelKind.TRUNK
    )


def _is_nobody_of_ours(names: ChannelNames, channel: str) -> bool:
    """A phone is mostly called by its extension."""
    there = names.endpoint(channel)
    return there.kind is ChannelKind.PHONE and not there.party.isdigit()

"""What one call came to: a pure function from what was seen of it to verdict and reason.

Answered means that the caller shared media with a person. What the dialplan answers, a DialEnd ANSWER, hang-up causes
and queue events decide nothing: each was wrong on real calls.
"""

from collections.abc import Set
from dataclasses import dataclass
from datetime import timedelta

from bridge.domain.calls.calls import Caller, FilterReason, Reason, Verdict
from bridge.domain.calls.events import DialStatus, Doing, Ended

WITH_A_MACHINE = frozenset(Doing) - {Doing.DIAL, Doing.OTHER}
PROMPTS = frozenset({Doing.MENU, Doing.MAILBOX_LOGIN, Doing.DIAL_LOGIN})
"""What asks the caller for keys."""

NOT_THERE = frozenset({Ended.NO_ROUTE, Ended.ABSENT})


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What was seen of an inbound call, when its trunk channel is gone.

    waited: from the call's start until the caller gave up, or the end; None where no times are known. statuses: how
    the legs ended that the caller's own channel dialled. doing: the last that the dialplan did with the caller.
    lost: handed on after a talk, and then nobody. unsure: part of the call happened while we were not
    listening. elsewhere: they were connected somewhere else, or so asked for. machine: one called. message_left: in a
    mailbox, so whatever else may have come of the call, somebody waits to hear from us.
    """

    talked: bool = False
    lost: bool = False
    unsure: bool = False
    elsewhere: bool = False
    machine: bool = False
    caller_hung_up: bool = False
    ringing: bool = False
    ever_rang: bool = False
    waited: timedelta | None = None
    statuses: Set[DialStatus] = frozenset()
    offered: bool = False
    in_queue: bool = False
    voicemail: bool = False
    message_left: bool = False
    doing: Doing = Doing.OTHER
    menu: bool = False
    dialplan_dialled: bool = False
    busy_tone: bool = False
    up: bool = False
    ended: Ended = Ended.OTHER


def judge(facts: CallFacts, min_ring: timedelta) -> tuple[Verdict, Reason | None]:
    if facts.talked:
        return _after_a_talk(facts), None
    if facts.machine:
        return Verdict.MISSED, Reason.MACHINE
    if (facts.unsure or facts.elsewhere) and not facts.message_left:
        return Verdict.UNKNOWN, None
    if _is_short(facts, min_ring):
        return Verdict.SHORT, None
    return Verdict.MISSED, _reason(facts)


def _after_a_talk(facts: CallFacts) -> Verdict:
    if not facts.lost:
        return Verdict.ANSWERED
    return Verdict.UNKNOWN if facts.unsure else Verdict.ANSWERED_THEN_LOST


def _is_short(facts: CallFacts, min_ring: timedelta) -> bool:
    """A caller who first heard a welcome or a queue's music gave the office its chance, however short the last ring."""
    gave_up_ringing = facts.caller_hung_up and facts.ringing
    return gave_up_ringing and facts.waited is not None and facts.waited < min_ring


def _reason(facts: CallFacts) -> Reason:
    if facts.voicemail:
        return Reason.VOICEMAIL
    return _why_caller_left(facts) if facts.caller_hung_up else _why_pbx_ended(facts)


def _why_caller_left(facts: CallFacts) -> Reason:
    if facts.in_queue:
        return Reason.ABANDONED_QUEUE
    if facts.ringing:
        return Reason.ABANDONED_RINGING
    if facts.doing in PROMPTS:
        return Reason.ABANDONED_MENU
    if facts.busy_tone or facts.statuses == {DialStatus.BUSY}:
        return Reason.BUSY
    if facts.offered:
        return Reason.NO_ANSWER if facts.ever_rang else _why_nobody_rang(facts)
    if facts.doing is Doing.ANNOUNCEMENT or not facts.up:
        return Reason.NOT_OFFERED
    return Reason.ABANDONED_MENU


def _why_pbx_ended(facts: CallFacts) -> Reason:
    if facts.ever_rang or facts.statuses & {DialStatus.NOANSWER, DialStatus.CANCEL}:
        return Reason.NO_ANSWER
    if facts.offered or facts.statuses:
        return _why_nobody_rang(facts)
    if facts.busy_tone or facts.ended is Ended.BUSY:
        return Reason.BUSY
    if facts.dialplan_dialled or facts.ended in NOT_THERE:
        return Reason.UNREACHABLE
    return Reason.ABANDONED_MENU if facts.menu else Reason.NOT_OFFERED


def _why_nobody_rang(facts: CallFacts) -> Reason:
    if DialStatus.BUSY in facts.statuses or facts.busy_tone:
        return Reason.BUSY
    if facts.statuses & {DialStatus.CONGESTION, DialStatus.CHANUNAVAIL}:
        return Reason.UNREACHABLE
    return Reason.NOT_OFFERED if DialStatus.ANSWER in facts.statuses else Reason.NO_ANSWER  # a machine answered


def why_filtered(caller: Caller, reason: Reason | None, *, refused: bool, served: bool) -> FilterReason | None:
    """Why a call is nobody's callback, whoever the number belongs to; the first reason that holds."""
    reasons = (
        (refused, FilterReason.REFUSED),
        (reason is Reason.MACHINE, FilterReason.MACHINE),
        (served, FilterReason.SERVICE),
        (caller.colleague, FilterReason.SISTER_OFFICE),
    )
    return next((why for holds, why in reasons if holds), None)

"""The calls of one PBX that live now: opened, offered to phones, and in the end put into words."""

import fnmatch
from collections.abc import Iterable
from datetime import datetime

from bridge.domain import phone
from bridge.domain.calls.calls import Caller, CallKey, Direction, EndedCall, Reason, Talk, Verdict
from bridge.domain.calls.channels import Channel
from bridge.domain.calls.events import DialStatus, Ended
from bridge.domain.calls.live_call import Leg, LiveCall
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.verdicts import judge, why_filtered
from bridge.domain.phone import E164


class LiveCalls:
    def __init__(self, settings: TrackerSettings) -> None:
        self._settings = settings
        self._calls: dict[str, LiveCall] = {}  # by the trunk channel's uniqueid
        self._offered: dict[str, LiveCall] = {}  # by the uniqueid of a leg

    def __len__(self) -> int:
        return len(self._calls)

    def all(self) -> list[LiveCall]:
        return list(self._calls.values())

    def all_inbound(self) -> list[LiveCall]:
        return [call for call in self._calls.values() if call.direction is Direction.INBOUND]

    def of(self, uniqueid: str) -> LiveCall | None:
        """The call whose trunk channel this is."""
        return self._calls.get(uniqueid)

    def inbound(self, uniqueid: str) -> LiveCall | None:
        call = self._calls.get(uniqueid)
        return call if call and call.direction is Direction.INBOUND else None

    def outbound(self, uniqueid: str) -> LiveCall | None:
        call = self._calls.get(uniqueid)
        return call if call and call.direction is Direction.OUTBOUND else None

    def offering(self, uniqueid: str) -> LiveCall | None:
        """The call that was offered to this channel."""
        return self._offered.get(uniqueid)

    def with_customer(self, number: E164) -> bool:
        """Also asked from the database's thread, while calls come and go here."""
        return any(call.caller.number == number for call in tuple(self._calls.values()))

    def talks(self) -> dict[E164, Talk]:
        """Every customer there is a call with, and who of us has it."""
        calls = ((call.caller.number, call) for call in self._calls.values())
        return {
            number: Talk(call.answered_by or "", bool(call.participants), call.talking_since)
            for number, call in calls
            if number
        }

    # --- opening

    def open_inbound(self, channel: Channel, number: str, name: str, at: datetime | None) -> LiveCall:
        did = phone.bare(channel.exten) or channel.exten
        call = LiveCall(channel, Direction.INBOUND, at, self.read_caller(number, name, did), did)
        call.shows(call.caller.name)
        call.note(at, f"{channel.label} called {channel.exten or 'in'}")
        self._calls[channel.uniqueid] = call
        return call

    def open_outbound(
        self, channel: Channel, origin: Channel | None, by: str, dialled: str, at: datetime | None
    ) -> None:
        """origin: what began it. by: who of us; "" where that is to turn out, when somebody talks."""
        call = LiveCall(channel, Direction.OUTBOUND, at, self.read_dialled(dialled), dialled)
        call.origin = origin.uniqueid if origin else ""
        call.answered_by = by or None
        call.note(at, f"{call.answered_by or 'the PBX'} dialled {dialled} over {channel.label}")
        self._calls[channel.uniqueid] = call

    def read_caller(self, number: str, name: str, did: str = "") -> Caller:
        """Some carriers put the account in From: our own numbers say nothing of who calls. did: the number called."""
        if phone.is_withheld(number):
            return Caller(None, "", name)
        read, shown = phone.parse(number, self._settings.country), phone.as_shown(number)
        spellings = (shown, read.value) if read else (shown,)
        colleague = any(fnmatch.fnmatchcase(one, own) for one in spellings for own in self._settings.extensions)
        if read and not colleague and self._is_ours(read, did):
            shown, read = read.value, None
        is_name = phone.digits_of(name) != phone.digits_of(number) or not phone.digits_of(name)
        return Caller(read, "" if read else shown, name if is_name else "", colleague=colleague)

    def read_dialled(self, dialled: str) -> Caller:
        """The customer of an outbound call."""
        return Caller(self._outside_number(dialled), dialled)

    def is_from_outside(self, number: str, asked: str, *, usual: bool) -> bool:
        """Does somebody call the office? asked: what they called; usual: where calls from outside usually begin."""
        if phone.is_withheld(number):
            return usual
        calls_us = phone.parse(asked, self._settings.country) in self._settings.own_numbers
        outside = len(phone.digits_of(number)) >= phone.LEAST_DIGITS
        read = phone.parse(number, self._settings.country)
        return outside and (usual or calls_us) and not (read and self._is_ours(read, ""))

    def _is_ours(self, number: E164, did: str) -> bool:
        return number in self._settings.own_numbers or number == phone.parse(did, self._settings.country)

    def _outside_number(self, dialled: str) -> E164 | None:
        """With the outside prefix if somebody has that number, else without: a dialplan may have cut it off already."""
        written, prefix = phone.bare(dialled), self._settings.outside_prefix
        whole = phone.parse(written, self._settings.country)
        if (whole and phone.is_valid(whole)) or not prefix or not written.startswith(prefix):
            return whole
        return phone.parse(written.removeprefix(prefix), self._settings.country) or whole

    def offer(self, call: LiveCall, uniqueid: str, leg: Leg) -> None:
        call.offer(uniqueid, leg)
        self._offered[uniqueid] = call

    def drop_guess(self, uniqueid: str) -> None:
        """What we took for somebody calling in is being dialled."""
        call = self.inbound(uniqueid)
        if call and not call.certain:
            self._forget_call(uniqueid)

    # --- closing

    def decide(self, call: LiveCall, at: datetime | None, ended: Ended) -> EndedCall:
        """The trunk channel hung up."""
        facts = call.facts(at, ended)
        if call.direction is Direction.OUTBOUND:
            verdict, reason = _judge_outbound(call, ended)
        else:
            verdict, reason = judge(facts, self._settings.min_ring)
        call.note(at, f"{call.channel.label} hung up")
        return self._ended(call, verdict, reason, at, caller_hung_up=facts.caller_hung_up)

    def lose(self, call: LiveCall) -> EndedCall:
        """It is gone and we did not see how. A talk that was seen is still a talk; anything else is not guessed."""
        call.note(None, "its end was not seen")
        talked = call.answered and not call.handed_on
        return self._ended(call, Verdict.ANSWERED if talked else Verdict.UNKNOWN, None, None, caller_hung_up=False)

    def forget(self, uniqueids: Iterable[str]) -> None:
        for uniqueid in uniqueids:
            self._forget_call(uniqueid)
            self._offered.pop(uniqueid, None)

    def _forget_call(self, uniqueid: str) -> None:
        call = self._calls.pop(uniqueid, None)
        for leg in call.legs if call else ():
            self._offered.pop(leg, None)

    def _ended(
        self, call: LiveCall, verdict: Verdict, reason: Reason | None, at: datetime | None, *, caller_hung_up: bool
    ) -> EndedCall:
        return EndedCall(
            key=CallKey(self._settings.pbx, call.channel.uniqueid, call.started_at),
            direction=call.direction,
            linkedid=call.channel.linkedid,
            channel=call.channel.label,
            caller=call.caller,
            did=call.did,
            verdict=verdict,
            reason=reason,
            started_at=call.started_at,
            ended_at=at,
            answered_at=call.answered_at,
            answered_by=call.answered_by,
            rang=call.rang(at),
            talked=call.talked,
            caller_hung_up=caller_hung_up,
            voicemail_left=call.voicemail_left,
            mailbox=call.mailbox,
            at_voicemail=call.at_voicemail,
            told_closed=call.told_closed,
            asked_for_text=call.asked_for_text,
            elsewhere=verdict is Verdict.UNKNOWN and (call.handed_away or call.taken_elsewhere),
            filtered=why_filtered(call.caller, reason, refused=call.refused, served=call.served),
            attestation=call.attestation,
            names=tuple(call.names),
            offered=tuple(dict.fromkeys(leg.label for leg in call.legs.values() if leg.ours)),
            attempt_id=call.origin or None,
            why=tuple(call.why),
        )


def _judge_outbound(call: LiveCall, ended: Ended) -> tuple[Verdict, Reason | None]:
    """A number that nobody has ends as NOANSWER; there only the end tells."""
    if call.answered:
        return Verdict.ANSWERED, None
    if call.unsure:
        return Verdict.UNKNOWN, None
    if ended in NO_SUCH_NUMBER:
        return Verdict.MISSED, Reason.UNREACHABLE
    return Verdict.MISSED, REFUSED.get(call.refused_as, Reason.NO_ANSWER)


NO_SUCH_NUMBER = frozenset({Ended.NO_SUCH_NUMBER, Ended.NO_ROUTE})
REFUSED: dict[DialStatus | None, Reason] = {
    DialStatus.BUSY: Reason.BUSY,
    DialStatus.CONGESTION: Reason.UNREACHABLE,
    DialStatus.CHANUNAVAIL: Reason.UNREACHABLE,
}

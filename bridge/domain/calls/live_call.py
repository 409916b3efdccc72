"""One call while it lives: what was seen of it so far. The tracker feeds it, `verdicts.judge` reads its facts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.domain import phone
from bridge.domain.calls.calls import MAILBOX, Attestation, Caller, DecidingFact, Direction
from bridge.domain.calls.channels import Channel
from bridge.domain.calls.events import ChannelState, DialStatus, Doing, Ended
from bridge.domain.calls.verdicts import PROMPTS, CallFacts

LISTENS_TO_A_TONE = timedelta(seconds=20)  # no person does for so long
AT_ONCE = timedelta(milliseconds=200)  # what one hang-up sets off arrives within this
MAX_WHY = 80
MAX_NAMES = 8
REFUSALS = frozenset({DialStatus.BUSY, DialStatus.CONGESTION, DialStatus.CHANUNAVAIL})


@dataclass(slots=True)
class Leg:
    """Somebody whom the call was offered to.

    own: dialled by the caller's channel itself, not behind a relay. real: somebody may be there. ours: at a phone of
    the office. taken_at: when it was picked up there, which need not mean that the two were joined. withdrawn: the
    caller was moved on while it rang, and offered to somebody else.
    """

    label: str
    own: bool
    real: bool
    ours: bool
    began_at: datetime | None
    ringing_at: datetime | None = None
    rang: bool = False
    taken: bool = False
    taken_at: datetime | None = None
    ended: bool = False
    ended_at: datetime | None = None
    status: DialStatus | None = None
    withdrawn: bool = False

    @property
    def answered_at(self) -> datetime | None:
        """When it was picked up and, as far as is known, is to be joined with the caller."""
        return self.ended_at if self.status is DialStatus.ANSWER else None if self.status else self.taken_at

    def told_at(self, at: datetime | None) -> bool:
        """Do we know how it ended? One that only hung up may still be told of, unless that was long ago.

        Of one that was picked up and then still held back (an announcement, a question) nothing more is told.
        """
        if not self.ended or self.status is not None:
            return self.ended
        return not together(self.ended_at, at) or (self.taken and not together(self.taken_at, at))


@dataclass(slots=True, eq=False)
class LiveCall:
    channel: Channel
    direction: Direction
    started_at: datetime | None
    caller: Caller
    did: str
    origin: str = ""
    certain: bool = True  # False while a phone-less guess may still turn out to be a dialled leg
    told_closed: bool | None = None
    asked_for_text: bool = False
    legs: dict[str, Leg] = field(default_factory=dict)
    why: list[DecidingFact] = field(default_factory=list)

    participants: list[Channel] = field(default_factory=list)
    talking_since: datetime | None = None
    talked: timedelta = timedelta(0)
    answered: bool = False
    answered_at: datetime | None = None
    answered_by: str | None = None
    spoke_with: str = ""  # while nobody listened, as the PBX says
    handed_on: str = ""
    left_on_hold: bool = False

    queued: bool = False
    queue_left: bool = False
    queue_left_at: datetime | None = None
    doing: Doing = Doing.OTHER
    menu: bool = False
    dialplan_dialled: bool = False
    busy_tone: bool = False
    refused_as: DialStatus | None = None  # outbound: how the dial ended
    voicemail: bool = False
    voicemail_left: bool = False
    voicemail_since: datetime | None = None
    mailbox: str | None = None
    at_voicemail: timedelta | None = None

    caller_hung_up: bool = False
    pbx_hung_up: bool = False
    pbx_hung_up_at: datetime | None = None
    hung_up_at: datetime | None = None
    handed_away: bool = False
    taken_elsewhere: bool = False
    machine: bool = False
    at_machine_since: datetime | None = None
    refused: bool = False
    ends_refused: bool = False  # the dialplan was where callers are turned away when the end was asked for
    login: Doing | None = None  # by which they are asked for a PIN
    served: bool = False
    had_pin: bool = False
    own_mailbox: bool = False  # if they are at any, it is to hear messages
    attestation: Attestation | None = None
    names: list[str] = field(default_factory=list)
    unsure: bool = False

    def note(self, at: datetime | None, text: str) -> None:
        if len(self.why) < MAX_WHY:
            self.why.append(DecidingFact(at, text))

    def shows(self, name: str) -> None:
        """That name stands for the caller now."""
        if name and name not in self.names and len(self.names) < MAX_NAMES:
            self.names.append(name)

    def withhold(self, at: datetime | None) -> None:
        if not self.caller.withheld:
            self.caller = Caller(None, "", "", withheld=True)
            self.note(at, "the caller asked not to be shown")

    def learns_who_calls(self, other: Caller) -> bool:
        """Is that the caller, though another number was shown first?

        Carriers that show the office's own number, or its account, tell the caller in a header (P-Asserted-Identity),
        from which the dialplan sets it before it rings anybody. What is set for those who are rung is no caller's.
        """
        shown = self.caller
        if shown.number is None:
            return not shown.colleague
        if other.number is None or self.legs or other.number == shown.number:
            return False
        account = not phone.is_possible(shown.number) and phone.is_possible(other.number)
        return account or phone.are_neighbours(shown.number.value, self.did)

    # --- offering it to somebody

    def offer(self, uniqueid: str, leg: Leg) -> None:
        if uniqueid in self.legs:
            return
        self._withdraw_cancelled()
        self.legs[uniqueid] = leg
        self.handed_away = False
        if self.login is Doing.DIAL_LOGIN:
            self.serve("let in to dial out", leg.began_at, pin=True)
        self.login = None
        self._moved_on("dialled again")
        self.note(leg.began_at, f"dialled {leg.label}")

    def _withdraw_cancelled(self) -> None:
        if any(leg.own and leg.status is DialStatus.CANCEL for leg in self.legs.values()):
            for leg in self.legs.values():
                leg.withdrawn = leg.withdrawn or (leg.ended and leg.status in (DialStatus.CANCEL, None))

    def rings(self, uniqueid: str, at: datetime | None) -> None:
        leg = self.legs.get(uniqueid)
        if leg and not leg.rang and not leg.ended:
            leg.rang, leg.ringing_at = True, at
            self.served = self.served and (self.had_pin or not leg.ours)
            self.note(at, f"{leg.label} rang")

    def taken(self, uniqueid: str, at: datetime | None) -> None:
        leg = self.legs.get(uniqueid)
        if leg and not leg.taken:
            leg.taken, leg.taken_at = True, at

    def leg_ended(self, uniqueid: str, status: DialStatus | None, at: datetime | None) -> None:
        """The first end counts, since queues send a second one; an answer always counts."""
        leg = self.legs.get(uniqueid)
        if not leg or (leg.status and status is not DialStatus.ANSWER):
            return
        leg.ended, leg.status = True, status
        leg.ended_at = leg.ended_at or at
        if status:
            self.note(at, f"{leg.label} ended: {status}")

    # --- talking

    def participants_changed(
        self, participants: Sequence[Channel], label: str, at: datetime | None, *, on_hold: bool
    ) -> None:
        """`participants` is who shares media with the caller now; `label` says who the first of them is.

        on_hold: those who shared it until now had put the caller on hold.
        """
        if participants and not self.participants:
            self.talking_since, self.handed_on, self.left_on_hold, self.unsure = at, "", False, False
            if not self.answered and not self.machine:
                by = self.answered_by or self.spoke_with or label or None
                self.answered, self.answered_at, self.answered_by = True, at, by
            self.note(at, f"shares media with {label or 'somebody'}: a person")
        elif self.participants and not participants:
            self._stop_talking(at, on_hold)
            self.note(at, "shares media with nobody any more" + (", was on hold" if self.left_on_hold else ""))
        self.participants = list(participants)

    def _stop_talking(self, at: datetime | None, on_hold: bool) -> None:
        self.left_on_hold = on_hold
        if at and self.talking_since:
            self.talked += max(at - self.talking_since, timedelta(0))
        self.talking_since = None

    def hand_on(self, how: str, at: datetime | None) -> None:
        """After a talk the caller was sent somewhere; whoever talks with them next takes it back."""
        if self.answered:
            self.handed_on = how
            self.note(at, how)

    def _moved_on(self, how: str) -> None:
        if self.answered and not self.participants:
            self.handed_on = self.handed_on or how

    # --- what the dialplan did with the caller

    def join_queue(self, queue: str, at: datetime | None) -> None:
        if not self.queued or self.queue_left:
            self.queued, self.queue_left = True, False
            self._moved_on("sent into a queue")
            self.note(at, f"entered queue {queue}")

    def leave_queue(self, queue: str, at: datetime | None) -> None:
        if self.queued and not self.queue_left:
            self.queue_left, self.queue_left_at = True, at
            self.note(at, f"left queue {queue}")

    def enter_application(self, doing: Doing, name: str, at: datetime | None) -> None:
        self.doing = doing
        self.menu = self.menu or doing in PROMPTS
        self.busy_tone = self.busy_tone or doing is Doing.BUSY_TONE
        self.dialplan_dialled = self.dialplan_dialled or doing is Doing.DIAL
        if self.queue_left:
            self.queued = False
        if doing is not Doing.OTHER:
            self.handed_away = doing is Doing.TRANSFER
        if doing is Doing.VOICEMAIL:
            self.reach_voicemail(at)
        elif doing in (Doing.MENU, Doing.ANNOUNCEMENT):
            self.note(at, f"heard {name}")
        elif doing is Doing.TRANSFER:
            self.note(at, "handed away to another number")
        elif doing in (Doing.MACHINE, Doing.FAX_TONE):
            self._reach_machine(doing, name, at)
        elif doing in (Doing.SERVICE, Doing.MAILBOX_LOGIN, Doing.DIAL_LOGIN):
            self._reach_service(doing, name, at)

    def _reach_machine(self, doing: Doing, name: str, at: datetime | None) -> None:
        """Where phones rang first, whoever hears a fax's tone in the end may be somebody who wanted those."""
        if self.answered:
            return
        asked_for = not any(leg.ours for leg in self.legs.values())
        self.machine = self.machine or asked_for or doing is Doing.FAX_TONE
        self.at_machine_since = self.at_machine_since or at
        self.note(at, "a fax tone was heard" if doing is Doing.FAX_TONE else f"connected to {name}")

    def _is_machine(self, at: datetime | None) -> bool:
        since = self.at_machine_since
        return self.machine or bool(since and at and at - since >= LISTENS_TO_A_TONE)

    def _reach_service(self, doing: Doing, name: str, at: datetime | None) -> None:
        self.own_mailbox = True
        if doing is Doing.SERVICE:
            self.serve(f"let in to {name}", at, pin=False)
        else:
            self.login = doing
            self.note(at, f"asked for a PIN by {name}")

    def serve(self, how: str, at: datetime | None, *, pin: bool) -> None:
        """They came for what the PBX does by itself. pin: and are of the office, also where they ring a phone next."""
        if not self.served:
            self.note(at, how)
        self.served, self.had_pin = True, self.had_pin or pin

    def attest(self, attestation: Attestation, at: datetime | None) -> None:
        """A failure stays, whatever else is said of the same call."""
        if self.attestation is not Attestation.FAILED:
            self.attestation = attestation
            self.note(at, f"the number's attestation: {attestation}")

    def refuse(self, at: datetime | None) -> None:
        if not self.refused:
            self.refused = True
            self.note(at, "the dialplan turned the caller away")

    def reach_voicemail(self, at: datetime | None, *, left: bool = False) -> None:
        if left and not self.voicemail_left:
            self.voicemail_left = True
            self.note(at, "left a message")
        if not self.voicemail:
            self.voicemail = True
            self._moved_on("sent to voicemail")
            self.note(at, "reached voicemail")

    def enter_voicemail(self, at: datetime | None) -> None:
        """Now, as opposed to having been seen there."""
        self.own_mailbox = False
        self.reach_voicemail(at)
        self.voicemail_since = at

    def leave_message(self, mailbox: str, at: datetime | None) -> None:
        """Of several the first counts. Told too when whoever listened to their messages is done."""
        if self.own_mailbox:
            self.serve("let in to a mailbox", at, pin=self.login is not None)
            return
        self.reach_voicemail(at, left=True)
        if self.mailbox is None and MAILBOX.fullmatch(mailbox):
            self.mailbox = mailbox
        if self.at_voicemail is None and at and self.voicemail_since and not self.unsure:
            self.at_voicemail = max(at - self.voicemail_since, timedelta(0))

    def ask_hangup(self, at: datetime | None, ended: Ended, *, by_peer: bool) -> None:
        if by_peer and not self.caller_hung_up:
            self.caller_hung_up, self.hung_up_at = True, at
            self.note(at, "the caller hung up" if ended is not Ended.ELSEWHERE else "taken elsewhere")
            self.taken_elsewhere = ended is Ended.ELSEWHERE
            self.handed_away = self.handed_away or self._was_sent_on(at)
        if not by_peer and not self.pbx_hung_up:
            self.pbx_hung_up, self.pbx_hung_up_at = True, at

    def _was_sent_on(self, at: datetime | None) -> bool:
        """Does the other end leave because the PBX sent them on, and rang nobody (SIP 302 or REFER)?

        Told to go, they say nothing; sent on, they end the call themselves, right behind our own end.
        """
        return self.pbx_hung_up and not self.legs and together(self.pbx_hung_up_at, at)

    # --- the end

    def complete_at(self, at: datetime | None) -> bool:
        """Has everything come that is told before the hang-up: a request for it, the end of every dial?"""
        if self.direction is Direction.OUTBOUND:
            return True
        asked = self.caller_hung_up or self.pbx_hung_up
        waiting = self.queued and not self.queue_left
        return asked and not waiting and all(leg.told_at(at) for leg in self.legs.values() if leg.own)

    def facts(self, at: datetime | None, ended: Ended) -> CallFacts:
        left, standing = self._caller_left(at), self._standing()
        asked_at = self.hung_up_at or at
        return CallFacts(
            talked=self.answered,
            lost=bool(self.handed_on) or self.left_on_hold,
            unsure=self.unsure,
            elsewhere=self.handed_away or self.taken_elsewhere,
            machine=self._is_machine(asked_at),
            caller_hung_up=left,
            ringing=left and self._ringing_until(asked_at),
            ever_rang=any(leg.rang for leg in standing),
            waited=asked_at - self.started_at if asked_at and self.started_at else None,
            statuses=frozenset(leg.status for leg in standing if leg.own and leg.status),
            offered=bool(self.legs),
            in_queue=self._in_queue_until(asked_at),
            voicemail=self.voicemail,
            message_left=self.voicemail_left,
            doing=self.doing,
            menu=self.menu,
            dialplan_dialled=self.dialplan_dialled,
            busy_tone=self.busy_tone or self.channel.state is ChannelState.BUSY,
            up=self.channel.state is ChannelState.UP,
            ended=ended,
        )

    def _standing(self) -> Sequence[Leg]:
        """The legs that tell why nobody talked: where a caller was moved on while it rang, what came of that."""
        later = [leg for leg in self.legs.values() if not leg.withdrawn]
        tells = any(leg.rang or leg.status in REFUSALS for leg in later)
        return later if tells else list(self.legs.values())

    def _caller_left(self, at: datetime | None) -> bool:
        """They asked for the hang-up; or, where no such event is let through, it cut short a dial or a queue."""
        if self.caller_hung_up or self.pbx_hung_up:
            return self.caller_hung_up
        cut_short = any(
            leg.own and (not leg.ended or (leg.status is DialStatus.CANCEL and together(leg.ended_at, at)))
            for leg in self.legs.values()
        )
        return cut_short or (self.queued and not self.queue_left)

    def _in_queue_until(self, at: datetime | None) -> bool:
        return self.queued and (not self.queue_left or together(self.queue_left_at, at))

    def _ringing_until(self, at: datetime | None) -> bool:
        return any(
            not leg.ended or (leg.status in (DialStatus.CANCEL, None) and together(leg.ended_at, at))
            for leg in self.legs.values()
            if not leg.taken
        )

    def rang(self, until: datetime | None) -> timedelta | None:
        """How long phones rang in all, overlaps once; a phone that never said so counts from its dial."""
        known = [leg for leg in self.legs.values() if leg.rang] or list(self.legs.values())
        spans = [
            (begin, min(leg.ended_at or until, until))
            for leg in known
            if until and (begin := leg.ringing_at or leg.began_at)
        ]
        if not spans:
            return None
        total, reached = timedelta(0), min(begin for begin, _ in spans)
        for begin, end in sorted(spans):
            total += max(end - max(begin, reached), timedelta(0))
            reached = max(reached, end)
        return total


def together(one: datetime | None, other: datetime | None) -> bool:
    """Did one hang-up set off both? Without times the order has to do."""
    return one is None or other is None or abs(one - other) <= AT_ONCE

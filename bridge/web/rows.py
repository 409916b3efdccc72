"""What one row of the page shows, gathered from what is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import ClassVar, NamedTuple

from bridge.callbacks.voicemail import LISTEN
from bridge.domain.callbacks.queue import TEXTBACK, Attempt, Callback, CallbackState, Outcome, Urgency, Verb
from bridge.domain.callbacks.tries import URGENT_AGAIN, in_vain
from bridge.domain.calls.calls import Attestation, Direction, Reason
from bridge.domain.oncall.escalation import Stage
from bridge.domain.texts.messages import MessageKind, PartState
from bridge.domain.texts.policy import ContactKind, NoTextReason
from bridge.web.labels import NOT_CALLED, TEXT_STATES, WHY_NO_TEXT
from bridge.web.language import N_
from bridge.web.quotes import Mark, Quote, quotes, telling
from storage import alerts, audit, callbacks, calls, contacts, conversations, opt_outs
from storage.audit import Entry
from storage.callbacks import AttemptMade, CallbackNote
from storage.calls import CallRow
from storage.conversations import Said
from storage.database import Reader

ORDINARY = frozenset({Reason.NO_ANSWER, Reason.ABANDONED_RINGING})
"""Why calls are missed day by day."""

NOT_SAID = frozenset({NoTextReason.COOL_DOWN, NoTextReason.REPLIED, NoTextReason.CONTACT})
"""Why there is no text, where the row says it in other words, or need not."""

NONE_OF_OURS = frozenset({Outcome.SPAM, Outcome.WRONG_NUMBER})
YEAR = timedelta(days=365)
LAST_WORDS = 20  # texts of the conversation looked at for a row


class TextStatus(NamedTuple):
    """tone: `good`, `bad`, `wait` or `none`, for the colour beside the words. names: whom it is about."""

    words: str
    tone: str
    names: str = ""

    @property
    def is_news(self) -> bool:
        """Not the ordinary: that a text waits, went out and arrived, nobody needs to read in a list."""
        return self.tone in ("bad", "none")


@dataclass(frozen=True, slots=True)
class Row:
    """quotes: what the customer wrote last, and what made the row urgent. alarm: whom alerts told.

    picture: one was sent on this row, which nobody here can see. second_of: open rows whose second number this is.
    news: what the machine did to the row last, where people should know. listened: who had the last voicemail played.
    in_vain: how often nobody answered us. called: how often they called within a year. before: their last row of which
    somebody said what came of it.
    """

    callback: Callback
    calls: Sequence[CallRow]
    quotes: Sequence[Quote]
    text: TextStatus | None
    alarm: TextStatus | None
    attempt: AttemptMade | None
    in_vain: int
    notes: Sequence[CallbackNote]
    textable: bool
    kind: ContactKind | None
    news: TextStatus | None
    picture: bool = False
    second_of: Sequence[Callback] = ()
    listened: Entry | None = None
    called: int = 0
    before: Callback | None = None
    unchanged: ClassVar[bool] = False

    @property
    def last_call(self) -> CallRow | None:
        return self.calls[-1] if self.calls else None

    @property
    def reason(self) -> Reason | None:
        """Why the last call was missed, where that is more than that nobody answered in time."""
        why = self.last_call.call.reason if self.last_call else None
        return None if why in ORDINARY else why

    @property
    def doubted(self) -> Attestation | None:
        """What the network does not vouch for, of the last call."""
        said = self.last_call.call.attestation if self.last_call else None
        return None if said in (Attestation.FULL, Attestation.PASSED) else said

    @property
    def asks(self) -> AttemptMade | None:
        """A call to the customer of which nobody has said yet what came of it."""
        attempt, waits = self.attempt, self.callback.state in (CallbackState.OPEN, CallbackState.CLAIMED)
        return attempt if attempt and waits and attempt.result in (Attempt.CALLED, Attempt.RANG_OUT) else None

    @property
    def asks_to_decide(self) -> bool:
        """An urgent customer did not answer as often as it makes sense to try soon."""
        waits = self.callback.state in (CallbackState.OPEN, CallbackState.CLAIMED)
        return waits and self.callback.urgency is Urgency.URGENT and self.in_vain >= len(URGENT_AGAIN)

    @property
    def may_be_blocked(self) -> bool:
        """Somebody said that this caller is none of ours: remember the number?"""
        row = self.callback
        return row.number is not None and row.outcome in NONE_OF_OURS and self.kind is not ContactKind.BLOCKED

    @property
    def voicemail(self) -> CallRow | None:
        """The last call in which a message was left."""
        left = [made for made in self.calls if made.call.voicemail_left]
        return max(left, key=lambda made: made.ended_at, default=None)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A row that the page already shows as it is: it is told only where in the list it stands."""

    callback: Callback
    unchanged: ClassVar[bool] = True


async def read_row(db: Reader, callback: Callback, mark: Mark) -> Row:
    said = await conversations.thread(db, callback.number, limit=LAST_WORDS) if callback.number else ()
    missed = [row for row in await calls.of_callback(db, callback.id) if row.call.direction is Direction.INBOUND]
    attempts = await callbacks.attempts(db, callback.id)
    mine = [text for text in said if text.callback_id == callback.id]
    never = await _never_text(db, callback)
    contact = await contacts.get(db, callback.number) if callback.number else None
    row = Row(
        callback=callback,
        calls=missed,
        quotes=telling(quotes(mine, mark)),
        text=never or _text_status(mine, missed),
        alarm=await _alarm(db, callback),
        attempt=attempts[-1] if attempts else None,
        in_vain=in_vain([made.result for made in attempts]),
        notes=await callbacks.notes(db, callback.id),
        textable=callback.number is not None and never is None,
        picture=any(text.picture for text in mine),
        second_of=await _second_of(db, callback),
        kind=contact.kind if contact else None,
        news=await _news(db, callback),
        called=await calls.count_from(db, callback.number, callback.opened_at - YEAR) if callback.number else 0,
        before=await callbacks.finished_before(db, callback) if callback.number else None,
    )
    return replace(row, listened=await _listened(db, row.voicemail)) if row.voicemail else row


async def _listened(db: Reader, left: CallRow) -> Entry | None:
    last = await audit.of_version(db, audit.Subject.CALL, left.id, left.version)
    return last if last and last.what == f"{audit.Subject.CALL}.{LISTEN}" else None


async def _second_of(db: Reader, callback: Callback) -> Sequence[Callback]:
    about = await callbacks.unfinished_about(db, callback.number) if callback.number else ()
    return [row for row in about if row.second == callback.number]


async def _alarm(db: Reader, callback: Callback) -> TextStatus | None:
    case = await alerts.live(db, callback.id)
    told = await alerts.alerts_of(db, case.id) if case else ()
    names = ", ".join(dict.fromkeys(alert.person for alert in told))
    if case is None or case.stage not in ALARMS or not (names or case.stage is Stage.UNSEEN):
        return None
    words, tone = ALARMS[case.stage]
    return TextStatus(words, tone, names)


async def _news(db: Reader, callback: Callback) -> TextStatus | None:
    """Of the last thing that happened to the row, where that was the machine's doing and people should know.

    The desk phone of whoever wanted to call was not picked up; or whoever had the row left it alone for too long.
    """
    last = await audit.of_version(db, audit.Subject.CALLBACK, callback.id, callback.version)
    verb = last.what.removeprefix(f"{audit.Subject.CALLBACK}.") if last else ""
    if last and verb == Verb.NOT_CALLED and callback.owner:
        return TextStatus(NOT_CALLED[Reason(last.detail["why"])], "bad")
    if last and verb == Verb.ASSIGN:
        return TextStatus(GIVEN_BY, "given", last.who)
    if last and verb == Verb.RELEASE and last.who == TEXTBACK:
        return TextStatus(LEFT_ALONE, "wait", str(last.detail.get("owner", "")))
    return None


LEFT_ALONE = N_("Released, since nothing was done for too long")
GIVEN_BY = N_("Given by")


ALARMS = {
    Stage.ALERTING: (N_("Told, no answer yet"), "wait"),
    Stage.UNSEEN: (N_("Nobody has answered the alerts"), "bad"),
    Stage.REMINDED: (N_("Claimed, but no call or text yet"), "bad"),
}


async def _never_text(db: Reader, callback: Callback) -> TextStatus | None:
    if callback.number is None:
        return None
    if await opt_outs.in_force(db, callback.number):
        return TextStatus(WHY_NO_TEXT[NoTextReason.OPTED_OUT], "bad")
    if await contacts.is_landline(db, callback.number):
        return TextStatus(WHY_NO_TEXT[NoTextReason.LANDLINE], "bad")
    return None


_TONES = {
    PartState.DELIVERED: "good",
    PartState.SUBMITTED: "good",
    PartState.FAILED: "bad",
    PartState.UNKNOWN: "bad",
    PartState.CANCELLED: "none",
}


def text_state(state: PartState) -> TextStatus:
    return TextStatus(TEXT_STATES[state], _TONES.get(state, "wait"))


def _text_status(said: Sequence[Said], missed: Sequence[CallRow]) -> TextStatus | None:
    """What became of our last text to the customer, else why there is none."""
    ours = next((text for text in said if text.kind in (MessageKind.FIRST, MessageKind.BY_HAND)), None)
    if ours and ours.state:
        return text_state(ours.state)
    why = missed[-1].filing.text_why if missed else ""
    words = WHY_NO_TEXT.get(NoTextReason(why)) if why in set(NoTextReason) - NOT_SAID else None
    return TextStatus(words, "none") if words else None

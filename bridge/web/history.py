"""The history of a row, and what was just done to it, in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bridge.callbacks.actions import Phone
from bridge.callbacks.voicemail import LISTEN
from bridge.calls.filtered import REFILED
from bridge.domain.callbacks.queue import Attempt, Callback, Outcome, Verb
from bridge.domain.calls.calls import Reason
from bridge.domain.texts.messages import PartState
from bridge.web.labels import NOT_CALLED, OUTCOMES, TEXT_STATES, Show, attempted
from bridge.web.language import N_
from storage.audit import Entry, Subject

WORDS: dict[str, str] = {
    "callback.missed": N_("Missed call"),
    "callback.reply": N_("Customer texted"),
    "callback.thanks": N_("Customer said thanks"),
    "callback.talked": N_("Talked with the customer: done by itself"),
    "callback.called": N_("Called the customer"),
    "callback.not_called": N_("Not called"),
    "callback.wake": N_("Back from snooze"),
    "callback.claim": N_("Claimed"),
    "callback.assign": N_("Given to"),
    "callback.release": N_("Released"),
    "callback.note": N_("Note"),
    "callback.attempt": N_("Tried"),
    "callback.snooze": N_("Snoozed"),
    "callback.finish": N_("Done"),
    "callback.reopen": N_("Reopened"),
    "callback.rank": N_("Urgency changed"),
    "callback.acknowledge": N_("Acknowledged"),
    "callback.correct": N_("Facts corrected"),
    "callback.read": N_("Read"),
    "callback.text": N_("Text by hand"),
    "callback.undo": N_("Undone"),
    "callback.opened": N_("Row opened"),
    "callback.called second": N_("Called the second number"),
    "callback.talked second": N_("Talked on the second number: done by itself"),
    f"{Subject.CALL}.{LISTEN}": N_("Asked to hear the voicemail"),
    f"{Subject.CALL}.{REFILED}": N_("Taken out of Filtered"),
    "callback.unmissed": N_("Call put back among the filtered ones"),
    "escalation.told": N_("Told"),
    "escalation.lost": N_("Alert did not arrive"),
    "escalation.acknowledged": N_("Alert answered"),
    "escalation.reminded": N_("Reminded"),
    "escalation.passed_on": N_("No call or text since: passed on"),
    "escalation.nobody_left": N_("Nobody left to tell"),
}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    at: datetime
    who: str
    words: str
    more: str
    by_cell: bool = False


@dataclass(frozen=True, slots=True)
class Toast:
    """What was just done, with what its undo must send.

    undo: where to. query: what in an address shows it again. left: for so many ms it can be undone. block: where to
    send that the number is to be blocked. sent: where the form went that did it. rows: with their versions,
    where it was done to several.
    """

    version: int
    words: str
    undo: str
    query: str
    left: int
    block: str = ""
    sent: str = ""
    rows: tuple[str, ...] = ()


PARTS = {
    f"part.{state}": words for state, words in TEXT_STATES.items() if state not in (PartState.QUEUED, PartState.SENDING)
}


def history(entries: Iterable[Entry]) -> list[HistoryEntry]:
    """What people want to know of a row's past; what has no words here only repeats another entry."""
    known = WORDS | PARTS
    told = [(entry, _what(entry)) for entry in entries]
    return [
        HistoryEntry(entry.at, entry.who, known[what], _more(entry), entry.detail.get("by") == Phone.CELL)
        for entry, what in told
        if what in known
    ]


def _what(entry: Entry) -> str:
    """Of a call also which of the row's numbers it was."""
    return f"{entry.what} {entry.detail['number']}" if entry.detail.get("number") else entry.what


def _more(entry: Entry) -> str:
    """What came of a call or a row, whom an alert told, or whose row it was that was released."""
    result, why = entry.detail.get("result"), entry.detail.get("why")
    if result:
        return attempted(Attempt(result), Reason(why) if why else None)
    if entry.what == f"{Subject.CALLBACK}.{Verb.NOT_CALLED}":
        return NOT_CALLED[Reason(str(why))]
    if entry.what == f"{Subject.CALLBACK}.{Verb.FINISH}" and entry.detail.get("outcome"):
        return OUTCOMES[Outcome(entry.detail["outcome"])]
    if entry.what == f"{Subject.CALLBACK}.{Verb.RELEASE}":
        return str(entry.detail.get("owner") or "")
    return str(entry.detail.get("person") or entry.detail.get("to") or "")


def done_words(last: Entry, callback: Callback, show: Show) -> str:
    """What the person just did, for the moment in which it can be undone."""
    who, say, verb = show.number(callback.number), show.words.say, last.what.removeprefix(f"{Subject.CALLBACK}.")
    if verb == Verb.FINISH and callback.outcome:
        return f"{who}: {show.outcome(callback)}"
    if verb in (Verb.SNOOZE, Verb.ATTEMPT) and callback.until:
        back = say("back %(time)s", time=show.time(callback.until))
        texted = f", {say('Text by hand').lower()}" if "message" in last.detail else ""
        return f"{who}: {back}{texted}"
    if verb == Verb.ASSIGN:
        return f"{who}: {say('Given to').lower()} {callback.owner}"
    return f"{who}: {say(WORDS.get(f'callback.{verb}', verb)).lower()}"

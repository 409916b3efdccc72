"""The history of a row, and what was just done to it, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.messages import PartState
from bridge.domain.queue import Attempt, Callback, Outcome, Verb
from bridge.web.present import ATTEMPTS, OUTCOMES, TEXT_STATES, Show
from storage.audit import Entry

WORDS: dict[str, str] = {
    "callback.missed": "Missed call",
    "callback.reply": "Customer texted",
    "callback.thanks": "Customer said thanks",
    "callback.talked": "Talked with the customer: closed by itself",
    "callback.called": "Called the customer",
    "callback.wake": "Back from snooze",
    "callback.claim": "Claimed",
    "callback.release": "Released",
    "callback.note": "Note",
    "callback.attempt": "Tried",
    "callback.snooze": "Snoozed",
    "callback.finish": "Closed",
    "callback.reopen": "Reopened",
    "callback.rank": "Urgency changed",
    "callback.acknowledge": "Acknowledged",
    "callback.correct": "Address or issue corrected",
    "callback.read": "Read",
    "callback.text": "Text by hand",
    "callback.undo": "Undone",
    "callback.opened": "Row opened",
    "escalation.told": "Told",
    "escalation.lost": "Alert did not arrive",
    "escalation.acknowledged": "Has it",
    "escalation.reminded": "Reminded",
    "escalation.passed_on": "No call or text since: passed on",
    "escalation.nobody_left": "Nobody left to tell",
}


@dataclass(frozen=True, slots=True)
class Happened:
    at: datetime
    who: str
    words: str


@dataclass(frozen=True, slots=True)
class Toast:
    """What was just done, with what its undo must send."""

    id: int
    version: int
    words: str


PARTS = {
    f"part.{state}": words for state, words in TEXT_STATES.items() if state not in (PartState.QUEUED, PartState.SENDING)
}


def history(entries: Iterable[Entry]) -> list[Happened]:
    """What people want to know of a row's past; what has no words here only repeats another entry."""
    known = WORDS | PARTS
    return [Happened(entry.at, entry.who, _words(entry, known)) for entry in entries if entry.what in known]


def _words(entry: Entry, known: Mapping[str, str]) -> str:
    result, person = entry.detail.get("result"), entry.detail.get("person")
    more = ATTEMPTS[Attempt(result)] if result else person
    return f"{known[entry.what]}: {more}" if more else known[entry.what]


def done_words(verb: str, row: Callback, show: Show) -> str:
    """What the person just did, for the moment in which it can be undone."""
    who = show.number(row.number)
    if verb == Verb.FINISH and row.outcome:
        return f"{who}: {OUTCOMES[Outcome(row.outcome)]}"
    if verb in (Verb.SNOOZE, Verb.ATTEMPT) and row.until:
        return f"{who}: back {show.time(row.until)}"
    return f"{who}: {WORDS.get(f'callback.{verb}', verb).lower()}"

"""The history of a row, and what was just done to it, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.domain.messages import PartState
from bridge.domain.queue import Attempt, Callback, Outcome, Verb
from bridge.web.present import ATTEMPTS, OUTCOMES, TEXT_STATES, Show
from storage.audit import Entry

WORDS: Mapping[str, str] = {
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
    "call.missed": "Missed call recorded",
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


def happened(entry: Entry) -> Happened:
    return Happened(entry.at, entry.who, _words(entry))


def _words(entry: Entry) -> str:
    known = WORDS.get(entry.what) or _of_part(entry) or entry.what.replace(".", " ").replace("_", " ").capitalize()
    result = entry.detail.get("result")
    return f"{known}: {ATTEMPTS[Attempt(result)]}" if result else known


def _of_part(entry: Entry) -> str | None:
    """Of a text's part, what became of it."""
    subject, _, state = entry.what.partition(".")
    return TEXT_STATES.get(PartState(state)) if subject == "part" and state in set(PartState) else None


def done_words(verb: str, row: Callback, show: Show) -> str:
    """What the person just did, for the moment in which it can be undone."""
    who = show.number(row.number)
    if verb == Verb.FINISH and row.outcome:
        return f"{who}: {OUTCOMES[Outcome(row.outcome)]}"
    if verb in (Verb.SNOOZE, Verb.ATTEMPT) and row.until:
        return f"{who}: back {show.time(row.until)}"
    return f"{who}: {WORDS.get(f'callback.{verb}', verb).lower()}"

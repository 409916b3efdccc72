"""`textback replay`: what every call of a recording came to, and why. A dry run; nothing is sent."""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge import pbxs
from bridge.config import Config, load
from bridge.domain.calls.calls import Direction, EndedCall, FilterReason
from bridge.domain.calls.events import Event
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from bridge.domain.phone import E164
from bridge.domain.texts import policy
from bridge.domain.texts.policy import History, SendText, Slot
from bridge.pbx.recording import RecordingError

PROBLEM_FOUND = 1
SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)  # when calls of which no time is known happened, all at once


def register(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    files: Annotated[
        list[Path], typer.Argument(help="recordings (`textback record`), .ami or .esl", exists=True, dir_okay=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
    why: Annotated[bool, typer.Option("--why", help="the events that decided, in plain words")] = False,
    config: Annotated[Path | None, typer.Option(help="this office's numbers, hours and rules")] = None,
    trunk: Annotated[
        list[str] | None,
        typer.Option(help="channels of trunks, as PJSIP/trunk-*; of a FreeSWITCH sofia profiles or gateways; repeats"),
    ] = None,
) -> None:
    """Judge every inbound call of these recordings."""
    office = load(config, os.environ, stores=False) if config else None
    settings, pbxs_known = tracker_settings(office), office.pbxs if office else ()
    trunks = trunk or [pattern for pbx in pbxs_known for pattern in pbx.trunks]
    machines = [pattern for pbx in pbxs_known for pattern in pbx.machines]
    ignored = [pattern for pbx in pbxs_known for pattern in pbx.ignore_contexts]
    dry_run = DryRun(office)
    wrong = False
    for file in files:
        try:
            recorded = pbxs.recorded(file, trunks, machines, ignored)
            calls = judged(recorded.events(), replace(settings, moment=recorded.moment))
            if not calls:
                typer.echo(f"{file}: no call came in. Are these the trunks? --trunk {recorded.trunk_example}", err=True)
            for call in calls:
                said = dry_run.says(call, why=why)
                sys.stdout.write(f"{json.dumps(said, ensure_ascii=False)}\n" if as_json else in_words(said))
        except RecordingError as error:
            wrong = True
            typer.echo(f"{file}: {error}", err=True)
            continue
        if recorded.times.unreadable:
            wrong = True
            typer.echo(f"{file}: lines of its index that cannot be read: {recorded.times.unreadable}", err=True)
        if recorded.times.odd_stamps:
            wrong = True
            typer.echo(f"{file}: times in it that no clock shows: {recorded.times.odd_stamps}", err=True)
    if wrong:
        raise typer.Exit(PROBLEM_FOUND)


def tracker_settings(config: Config | None) -> TrackerSettings:
    """As the first PBX of the configuration."""
    return config.tracker(config.pbxs[0]) if config else TrackerSettings()


def judged(events: Iterable[Event], settings: TrackerSettings) -> list[EndedCall]:
    """The inbound calls of one recording in the order in which they began."""
    tracker = Tracker(settings)
    ended = [call for event in events for call in tracker.feed(event)] + tracker.finish()
    inbound = [call for call in ended if call.direction is Direction.INBOUND]
    never = datetime.max.replace(tzinfo=UTC)
    return sorted(inbound, key=lambda call: call.started_at or never)


class DryRun:
    """What Textback would have said and done, were this office's history no more than the recording."""

    def __init__(self, config: Config | None) -> None:
        self._config = config
        self._texted: dict[tuple[E164, Slot], datetime] = {}

    def says(self, call: EndedCall, *, why: bool) -> dict[str, Any]:
        closed = self._closed(call)
        said = {
            "uniqueid": call.key.uniqueid,
            "linkedid": call.linkedid,
            "caller": shown_caller(call),
            "did": call.did,
            "started_at": iso(call.started_at),
            "ended_at": iso(call.ended_at),
            "verdict": call.verdict,
            "reason": call.reason,
            "answered_by": call.answered_by,
            "after_hours": closed,
            "text": self._text(call, closed),
        }
        if filtered := self._filtered(call):
            said["filtered"] = filtered
        return said | {"why": [f"{iso(fact.at) or ''} {fact.text}".strip() for fact in call.why]} if why else said

    def _filtered(self, call: EndedCall) -> FilterReason | None:
        """Why it is nobody's callback, as far as this configuration tells."""
        rules = self._config.rules if self._config else policy.TextRules()
        return policy.filtered(call, None, rules) if policy.needs_callback(call) else None

    def _closed(self, call: EndedCall) -> bool | None:
        if self._config is None:
            return None
        if call.told_closed is not None:
            return call.told_closed
        line = self._config.office.line_for(call.key.pbx, call.did)
        return None if call.started_at is None else not line.calendar.is_open(call.started_at)

    def _text(self, call: EndedCall, closed: bool | None) -> dict[str, Any] | None:
        if self._config is None:
            return None
        now = call.ended_at or call.started_at or SOME_DAY
        rules, office = self._config.rules, self._config.office
        decision = policy.decide(
            call,
            self._history(call),
            False,
            rules,
            now,
            closed=bool(closed),
            line_known=office.knows_line(call.key.pbx, call.did),
            on_call=bool(office.roster.on_call(office.line_for(call.key.pbx, call.did).branch, now)),
        )
        if isinstance(decision, SendText):
            if call.caller.number:
                self._texted[call.caller.number, decision.slot] = now + rules.cool_down
            return {"send": True, "why": decision.slot}
        return {"send": False, "why": decision.why}

    def _history(self, call: EndedCall) -> History:
        number = call.caller.number
        until = {slot: self._texted.get((number, slot)) if number else None for slot in Slot}
        return History(cool_until_open=until[Slot.OPEN], cool_until_closed=until[Slot.CLOSED])


def shown_caller(call: EndedCall) -> str | None:
    """E.164 where it can be, else the digits, None if withheld."""
    if call.caller.withheld:
        return None
    return call.caller.number.value if call.caller.number else call.caller.digits or None


def iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def in_words(said: dict[str, Any]) -> str:
    """One line a call, the deciding facts under it."""
    reason = f" ({said['reason']})" if said["reason"] else ""
    by = f" by {said['answered_by']}" if said["answered_by"] else ""
    filtered = f", filtered: {said['filtered']}" if "filtered" in said else ""
    text = said["text"]
    texted = (
        "" if text is None else f"; would be texted ({text['why']})" if text["send"] else f"; no text: {text['why']}"
    )
    head = (
        f"{said['started_at'] or '-'}  {said['caller'] or 'withheld'} -> {said['did']}: {said['verdict']}{reason}{by}"
    )
    return "\n".join([head + filtered + texted, *(f"    {fact}" for fact in said.get("why", ()))]) + "\n"

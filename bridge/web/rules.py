"""The numbers that the office runs by, in words: for the settings page."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from bridge.domain.office.office import Office
from bridge.domain.oncall.escalation import EscalationRules
from bridge.domain.texts.policy import TextRules
from bridge.reports.settings import DigestSettings, RetentionSettings
from bridge.web.labels import Show
from bridge.web.language import N_

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says beside the office itself."""

    texts: TextRules = field(default_factory=TextRules)
    alerts: EscalationRules = field(default_factory=EscalationRules)
    digest: DigestSettings = field(default_factory=DigestSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)


@dataclass(frozen=True, slots=True)
class Sentence:
    """values: fill the words."""

    words: str
    values: Mapping[str, object] = field(default_factory=dict)


def in_words(rules: Rules, office: Office, show: Show) -> Sequence[tuple[str, Sequence[Sentence]]]:
    """By heading."""
    return [
        (N_("Who is texted, and when"), [*_texts(rules.texts, show)]),
        (N_("Urgent work"), [*_alerts(rules.alerts, office)]),
        (N_("The morning, and what is kept"), [*_daily(rules, show)]),
    ]


def span(time: timedelta) -> str:
    """`4 s`, `15 min`, `24 h`, `90 d`: in the largest unit that is whole, hours up to two days."""
    for unit, size, least in (("d", DAY, 3), ("h", timedelta(hours=1), 1), ("min", timedelta(minutes=1), 1)):
        if time >= size * least and not time % size:
            return f"{time // size} {unit}"
    return f"{time.total_seconds():g} s"


def _texts(rules: TextRules, show: Show) -> Iterator[Sentence]:
    yield Sentence(
        N_("A caller who hangs up within %(time)s of ringing is not texted."), {"time": span(rules.min_ring)}
    )
    if rules.delay:
        yield Sentence(N_("The first text waits %(time)s after the call."), {"time": span(rules.delay)})
    else:
        yield Sentence(N_("The first text goes out at once."))
    yield Sentence(
        N_("One first text per number in %(time)s, one more while closed; none once they have replied."),
        {"time": span(rules.cool_down)},
    )
    caps = {"hour": rules.cap_hour, "day": rules.cap_day}
    yield Sentence(N_("Over all numbers at most %(hour)s first texts an hour and %(day)s a day."), caps)
    storm = {"count": rules.neighbours + 1, "time": span(rules.neighbour_window)}
    yield Sentence(
        N_("When %(count)s neighbouring numbers call within %(time)s, texts stop and staff are told."), storm
    )
    yield Sentence(N_("A first text older than %(time)s is not sent any more."), {"time": span(rules.max_age)})
    if rules.hold_at_night:
        hours = show.spans([rules.hold_at_night])
        yield Sentence(N_("After calls from %(hours)s first texts wait for the morning."), {"hours": hours})
    if rules.live_only:
        yield Sentence(N_("On trial: only %(count)s numbers are texted."), {"count": len(rules.live_only)})
    receipt = N_("A reply gets one receipt at most.") if rules.receipt else N_("Replies get no receipt.")
    yield Sentence(receipt)


def _alerts(rules: EscalationRules, office: Office) -> Iterator[Sentence]:
    first = {"time": span(rules.office_first)}
    yield Sentence(
        N_("While open, the page alone has urgent work for %(time)s, then people are texted; hazards at once."), first
    )
    yield Sentence(N_("After %(time)s without an answer the next person is told."), {"time": span(rules.ack_within)})
    yield Sentence(
        N_("Whoever claims it and neither calls, texts nor says that it is done is reminded after %(time)s."),
        {"time": span(rules.remind_after)},
    )
    repeated = {"count": rules.repeated_calls, "time": span(rules.repeated_within)}
    causes: Sequence[tuple[bool, str, Mapping[str, object]]] = (
        (rules.voicemail, N_("While closed, a voicemail is told too."), {}),
        (rules.untextable, N_("While closed, a caller who cannot be texted is told too."), {}),
        (rules.repeated, N_("While closed, %(count)s calls within %(time)s are told too."), repeated),
    )
    yield from (Sentence(words, values) for wanted, words, values in causes if wanted)
    if office.roster.owner:
        yield Sentence(N_("At last %(name)s is told."), {"name": office.roster.owner})


def _daily(rules: Rules, show: Show) -> Iterator[Sentence]:
    for branch, people in rules.digest.audiences:
        if people:
            values = {"people": ", ".join(people), "branch": branch or show.office.business}
            yield Sentence(N_("The digest of %(branch)s goes to %(people)s."), values)
    kept = {"bodies": _days(rules.retention.bodies, show), "rows": _days(rules.retention.rows, show)}
    yield Sentence(N_("Words of texts are kept for %(bodies)s, rows for %(rows)s, counts and opt-outs for good."), kept)


def _days(time: timedelta, show: Show) -> str:
    """`365 days`"""
    whole = time >= DAY and not time % DAY
    return show.words.count("%(num)s day", "%(num)s days", time // DAY) if whole else span(time)

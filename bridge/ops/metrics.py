"""Prometheus metrics, made anew from what is known at each scrape. No number and no name of a caller is in a label."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bridge.domain.reports.figures import Figures
from bridge.ops.health import Health


@dataclass(frozen=True, slots=True)
class MetricsSnapshot:
    """callbacks: rows that wait, by list; switches: paused and breaker. today: the figures of the day so far.
    failing: numbers whose texts failed one after the other, 0 while texts get through.

    Empty, and None, while the database cannot be read.
    """

    health: Health
    callbacks: Mapping[str, int]
    switches: Mapping[str, bool]
    today: Figures | None
    failing: int = 0


def exposition(snapshot: MetricsSnapshot) -> bytes:
    """The text format that Prometheus reads."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_OnDemand(snapshot))
    return generate_latest(registry)


class _OnDemand(Collector):
    def __init__(self, snapshot: MetricsSnapshot) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterable[Metric]:
        health = self._snapshot.health
        up = GaugeMetricFamily("textback_link_up", "1 while the connection stands", labels=["kind", "name"])
        counted = CounterMetricFamily(
            "textback_link_events", "What a connection counted", labels=["kind", "name", "what"]
        )
        for link in health.links:
            up.add_metric([link.kind, link.name], float(link.since is not None))
            for what, count in link.counts.items():
                counted.add_metric([link.kind, link.name, what], count)
        yield from (up, counted)
        yield _by_label("textback_callbacks", "Callbacks that wait, by list", "list", self._snapshot.callbacks)
        yield _by_label("textback_switch", "1 while texts are held back", "switch", self._snapshot.switches)
        fail = "Numbers whose texts failed one after the other, 0 while texts get through"
        yield GaugeMetricFamily("textback_texts_failing", fail, value=self._snapshot.failing)
        if self._snapshot.today is not None:
            yield from _figures(self._snapshot.today)
        yield _by_label("textback_count", "What the daemon counted since it started", "what", health.counts)
        yield GaugeMetricFamily("textback_ready", "1 while calls are seen and texts go out", value=float(health.ready))
        recording = float(health.recording)
        yield GaugeMetricFamily("textback_recording", "1 while what happens is on disk within seconds", value=recording)
        yield _seconds("textback_unwritten_seconds", "Since the last commit", health.unwritten_for)
        yield _seconds(
            "textback_call_waits_seconds", "How long the oldest ended call waits to be stored", health.calls.oldest
        )
        yield _seconds(
            "textback_text_overdue_seconds", "How long the oldest text is due and not sent", health.texts.oldest
        )
        copied = health.copied_at.timestamp() if health.copied_at else 0.0
        yield GaugeMetricFamily("textback_copied_timestamp_seconds", "When the newest copy was made", value=copied)
        yield GaugeMetricFamily("textback_disk_free_bytes", "Free where the database is", value=health.disk_free)


def _figures(today: Figures) -> Iterable[Metric]:
    counts = {str(count): float(number) for count, number in today.counts.items()}
    yield _by_label("textback_today", "The figures of the day so far", "figure", counts)
    yield GaugeMetricFamily(
        "textback_leads_without_next_step",
        "Open callbacks, one office hour old, that nobody has and nobody put off",
        value=today.no_next_step,
    )


def _seconds(name: str, words: str, span: timedelta) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=span.total_seconds())


def _by_label(name: str, words: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in values.items():
        family.add_metric([value], float(number))
    return family

"""What Prometheus reads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.domain.reports.figures import Count, Figures, ResponseTimes
from bridge.ops.health import Backlog, Health, LinkHealth, LinkKind
from bridge.ops.metrics import MetricsSnapshot, exposition

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UP = LinkHealth(LinkKind.PBX, "pbx", NOON, counts={"events": 7})
DOWN = LinkHealth(LinkKind.SMS, "smpp", None, "connection refused")


def test_links_queue_switches_and_disk_are_told() -> None:
    health = Health((UP, DOWN), disk_free=5, disk_total=10, counts={"malformed_http": 2})
    today = Figures(NOON.date(), NOON.date(), {Count.MISSED_CALLS: 6}, ResponseTimes(), no_next_step=2)
    snapshot = MetricsSnapshot(health, {"to_call": 3}, {"paused": True}, today, failing=7)
    lines = exposition(snapshot).decode().splitlines()
    assert set(lines) > {
        'textback_link_up{kind="pbx",name="pbx"} 1.0',
        'textback_link_up{kind="sms",name="smpp"} 0.0',
        'textback_link_events_total{kind="pbx",name="pbx",what="events"} 7.0',
        'textback_callbacks{list="to_call"} 3.0',
        'textback_switch{switch="paused"} 1.0',
        "textback_texts_failing 7.0",
        'textback_count{what="malformed_http"} 2.0',
        'textback_today{figure="missed_calls"} 6.0',
        "textback_leads_without_next_step 2.0",
        "textback_ready 0.0",
        "textback_disk_free_bytes 5.0",
    }


def test_ready_means_that_calls_are_seen_texts_go_out_and_both_are_recorded() -> None:
    bound = replace(DOWN, since=UP.since)
    assert Health((UP, bound)).ready
    assert not Health((UP, DOWN)).ready
    assert not Health((replace(UP, since=None), bound)).ready
    assert not Health((UP, bound), database="the disk is full").ready


@pytest.mark.parametrize(
    "late",
    [
        {"unwritten_for": timedelta(seconds=11)},
        {"calls": Backlog(1, timedelta(seconds=11))},
        {"texts": Backlog(1, timedelta(minutes=3))},
    ],
)
def test_what_waits_too_long_is_not_ready(late: dict[str, Any]) -> None:
    bound = replace(DOWN, since=UP.since)
    assert not Health((UP, bound), **late).ready
    assert Health((UP, bound), unwritten_for=timedelta(seconds=3), calls=Backlog(9, timedelta(seconds=3))).ready


def test_how_long_it_waits_is_a_metric() -> None:
    health = Health(
        unwritten_for=timedelta(seconds=11), calls=Backlog(2, timedelta(seconds=12)), texts=Backlog(1, HOUR)
    )
    lines = exposition(MetricsSnapshot(health, {}, {}, None)).decode().splitlines()
    assert set(lines) > {
        "textback_recording 0.0",
        "textback_unwritten_seconds 11.0",
        "textback_call_waits_seconds 12.0",
        "textback_text_overdue_seconds 3600.0",
    }


def test_one_gateway_of_two_is_enough() -> None:
    assert Health((UP, DOWN, replace(DOWN, since=UP.since))).ready


def test_less_than_a_twentieth_of_the_disk_is_low() -> None:
    assert Health(disk_free=4, disk_total=100).disk_low
    assert not Health(disk_free=5, disk_total=100).disk_low

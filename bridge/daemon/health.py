"""How the daemon does, gathered from its parts."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path

from agi.server import AgiServer
from bridge.calls.late_calls import Backfill
from bridge.daemon.watch import DatabaseWatch
from bridge.ops.health import Backlog, Health, HealthNote, LinkHealth, LinkKind, instance_of
from bridge.pbx.line import Line
from bridge.pbx.listener import Listener
from bridge.smpp.client import SmppClient
from bridge.smpp.health import BindState
from storage import backup

CALLS_TO_TELL = 5
NONE = timedelta(0)
DAY = timedelta(days=1)


def gathered(
    lines: Sequence[Line],
    gateways: Sequence[SmppClient],
    listeners: Sequence[Listener],
    scripts: AgiServer | None,
    *,
    database: Path,
    watch: DatabaseWatch | None,
    counts: Mapping[str, int],
    backfills: Sequence[Backfill],
    now: datetime,
) -> Health:
    """watch: None before the database is open. counts: what the use cases counted."""
    free, total = _disk(database)
    no_trunk = {name: count for one in listeners for name, count in one.unmatched(now - DAY).items()}
    return Health(
        links=(*map(_pbx_link, lines), *map(_sms_link, gateways)),
        disk_free=free,
        disk_total=total,
        database=watch.fault if watch else "",
        instance=instance_of(database),
        unwritten_for=watch.unwritten_for if watch else timedelta(0),
        calls=Backlog(sum(one.waiting for one in listeners), max((one.waits_for for one in listeners), default=NONE)),
        texts=watch.texts if watch else Backlog(),
        notes=_notes(listeners),
        no_trunk=no_trunk,
        unreadable={one.pbx: one.unreadable for one in backfills if one.unreadable},
        copied_at=backup.newest_made_at(database),
        counts={
            "calls_judged": sum(listener.judged for listener in listeners),
            "calls_waiting": sum(listener.waiting for listener in listeners),
            "calls_on_no_trunk": sum(no_trunk.values()),
            "blocks_planted": sum(listener.injected for listener in listeners),
            **counts,
            **(asdict(scripts.figures) if scripts else {}),
        },
    )


def _disk(database: Path) -> tuple[int, int]:
    """Free and in all; nothing is known of a directory that is gone, which is told elsewhere."""
    try:
        found = shutil.disk_usage(database.parent)
    except OSError:
        return 0, 0
    return found.free, found.total


def _notes(listeners: Sequence[Listener]) -> tuple[HealthNote, ...]:
    """A snippet counts as missing once a few calls said nothing."""
    silent = (one.judged >= CALLS_TO_TELL and not one.presentation_told for one in listeners)
    return (HealthNote.NO_SNIPPET,) if any(silent) else ()


def _pbx_link(line: Line) -> LinkHealth:
    health = line.health
    counts = {
        "events": health.events,
        "dropped": health.dropped,
        "paused": health.paused,
        "suspicious": health.suspicious,
        "reconnects": health.reconnects,
    }
    return LinkHealth(LinkKind.PBX, line.name, health.connected_since, health.last_error, counts)


def _sms_link(gateway: SmppClient) -> LinkHealth:
    health, figures = gateway.health, gateway.snapshot
    bound = health.state is BindState.BOUND
    counts = {
        **{f"out_{name.lower()}": count for name, count in figures.outcomes.items()},
        **{f"in_{name.lower()}": count for name, count in figures.arrivals.items()},
        "late": figures.late,
        "put_off": figures.put_off,
        "odd": figures.odd,
        "binds": figures.binds,
        "backlog": figures.backlog,
    }
    error = "" if bound else health.last_error or health.state
    return LinkHealth(LinkKind.SMS, gateway.settings.name, health.since if bound else None, error, counts)

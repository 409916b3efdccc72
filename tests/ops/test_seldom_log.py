"""A flood of one event is a line a minute."""

from structlog.testing import capture_logs

from bridge.ops.seldom_log import SeldomLog

ANN, BOB = "192.0.2.1", "198.51.100.7"


def test_a_flood_is_a_line_a_minute_with_its_count() -> None:
    now = 0.0
    warn = SeldomLog("page.crowded", lambda: now)
    with capture_logs() as logs:
        for _ in range(3):
            warn(remote=ANN)
        now = 61.0
        warn(remote=BOB)
    assert [(entry["times"], entry["remote"]) for entry in logs] == [(1, ANN), (3, BOB)]

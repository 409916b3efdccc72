"""The alert rules, as Prometheus itself judges them: each fires for what it is about, none fires while all is well."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

import bridge
from tests.lab.fixtures import missing
from tests.lab.prepare import PROMTOOL

RULES = Path(bridge.__file__).parent / "deploy" / "textback.rules.yml"
PBX, SMS = 'kind="pbx",name="office"', 'kind="sms",name="smpp"'
STEP = 10  # minutes
HOURS, LONG = 6, 4 * 24
"""How long it has been so: paused takes four hours to be told, a copy that is missing more than three days."""

WELL = {
    'up{job="textback"}': "1",
    f"textback_link_up{{{PBX}}}": "1",
    f"textback_link_up{{{SMS}}}": "1",
    f'textback_link_events_total{{{SMS},what="out_refused"}}': "7",
    f'textback_link_events_total{{{SMS},what="out_unanswered"}}': "7",
    f'textback_link_events_total{{{PBX},what="dropped"}}': "7",
    'textback_switch{switch="breaker"}': "0",
    "textback_texts_failing": "0",
    'textback_switch{switch="paused"}': "0",
    "textback_leads_without_next_step": "0",
    "textback_recording": "1",
    "textback_disk_free_bytes": "5e9",
    'textback_count{what="blocks_planted"}': "7",
    'textback_count{what="calls_on_no_trunk"}': "0",
    "textback_call_waits_seconds": "0",
    "textback_text_overdue_seconds": "0",
    "textback_copied_timestamp_seconds": "{now}",
}
"""Series of a service that does well, each with its value; {now}: the time itself, from 0; {more}: ever more."""

GOES_WRONG = [
    ("TextbackDown", 'up{job="textback"}', "0"),
    ("TextbackDown", 'up{job="textback"}', None),
    ("TextbackPbxDown", f"textback_link_up{{{PBX}}}", "0"),
    ("TextbackSmsDown", f"textback_link_up{{{SMS}}}", "0"),
    ("TextbackTextsRefused", f'textback_link_events_total{{{SMS},what="out_refused"}}', "{more}"),
    ("TextbackTextsUnanswered", f'textback_link_events_total{{{SMS},what="out_unanswered"}}', "{more}"),
    ("TextbackTextsFail", "textback_texts_failing", "7"),
    ("TextbackBreakerTripped", 'textback_switch{switch="breaker"}', "1"),
    ("TextbackLeadsLeftAlone", "textback_leads_without_next_step", "2"),
    ("TextbackPaused", 'textback_switch{switch="paused"}', "1"),
    ("TextbackNotRecording", "textback_recording", "0"),
    ("TextbackDiskNearlyFull", "textback_disk_free_bytes", "4e8"),
    ("TextbackCallsPlanted", 'textback_count{what="blocks_planted"}', "{more}"),
    ("TextbackCallsWaiting", "textback_call_waits_seconds", "45"),
    ("TextbackTextsOverdue", "textback_text_overdue_seconds", "200"),
    ("TextbackEventsDropped", f'textback_link_events_total{{{PBX},what="dropped"}}', "{more}"),
    ("TextbackCallsOnNoTrunk", 'textback_count{what="calls_on_no_trunk"}', "17"),
    ("TextbackNoCopy", "textback_copied_timestamp_seconds", "0"),
]


@pytest.fixture
def promtool() -> str:
    found = shutil.which("promtool") or (str(PROMTOOL) if PROMTOOL.exists() else "")
    if not found:
        missing("promtool is not here: run `python -m tests.lab.prepare` as root")
    return found


def firing(promtool: str, place: Path, series: Mapping[str, str], hours: int) -> set[str]:
    """Which alerts fire at the end of so many hours."""
    steps = hours * 60 // STEP
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
    values = {"{now}": f"0+{STEP * 60}x{steps}", "{more}": f"0+100x{steps}"}
    rows = [{"series": name, "values": values.get(value, f"{value}+0x{steps}")} for name, value in series.items()]
    asked = [{"alertname": name, "eval_time": f"{hours}h", "exp_alerts": []} for name in alerts]
    test = {"interval": f"{STEP}m", "input_series": rows, "alert_rule_test": asked}
    whole = {"rule_files": [str(RULES)], "evaluation_interval": f"{STEP}m", "tests": [test]}
    (place / "test.yml").write_text(json.dumps(whole))  # YAML takes JSON
    done = subprocess.run(
        [promtool, "test", "rules", place / "test.yml"], capture_output=True, text=True, check=False, timeout=60
    )
    found = set(re.findall(r"alertname: (\w+), time", done.stderr))  # each where none was expected
    assert found or done.returncode == 0, done.stderr
    return found


def test_prometheus_takes_the_rules(promtool: str) -> None:
    done = subprocess.run([promtool, "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert (done.returncode, "SUCCESS" in done.stdout) == (0, True), done.stderr


def test_nothing_fires_while_all_is_well(promtool: str, tmp_path: Path) -> None:
    assert firing(promtool, tmp_path, WELL, LONG) == set()


@pytest.mark.parametrize(("alert", "series", "value"), GOES_WRONG)
def test_what_goes_wrong_fires_its_alert_and_no_other(
    promtool: str, tmp_path: Path, alert: str, series: str, value: str | None
) -> None:
    wrong = {name: kept for name, kept in (WELL | {series: value}).items() if kept is not None}
    assert firing(promtool, tmp_path, wrong, LONG if alert == "TextbackNoCopy" else HOURS) == {alert}


def test_every_alert_is_seen_to_fire() -> None:
    assert set(re.findall(r"- alert: (\w+)", RULES.read_text())) == {alert for alert, _, _ in GOES_WRONG}

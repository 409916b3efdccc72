"""`textback unit`: units that systemd takes, that give away nothing; and alert rules that ask for what there is."""

import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

import bridge
from bridge.cli.service import SERVICE, UNITS, fillings
from bridge.domain.callbacks.queue import CallbackState
from bridge.domain.reports.figures import Figures, ResponseTimes
from bridge.ops.health import Health, LinkHealth, LinkKind
from bridge.ops.metrics import MetricsSnapshot, exposition
from tests.lab.fixtures import missing
from tests.site import run

RULES = Path(bridge.__file__).parent / "deploy" / "textback.rules.yml"
SAFE = 2.0


@pytest.fixture
def units(example: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "units"
    folder.mkdir()
    done = run("unit", "--out", str(folder), "--config", str(example))
    assert done.returncode == 0, done.stderr
    return folder


def test_the_unit_is_shown_or_all_are_written(example: Path, units: Path) -> None:
    shown = run("unit", "--config", str(example)).stdout
    assert shown == (units / SERVICE).read_text()
    assert sorted(path.name for path in units.iterdir()) == sorted(UNITS)


def test_secrets_are_handed_over_by_systemd(units: Path, tmp_path: Path) -> None:
    handed = [row for row in (units / SERVICE).read_text().splitlines() if row.startswith("LoadCredential=")]
    assert handed == [
        f"LoadCredential=pbx.secret:{tmp_path}/ami.secret",
        f"LoadCredential=smpp.password:{tmp_path}/smpp.password",
    ]


def test_each_of_two_pbxs_has_its_own_secret(tmp_path: Path) -> None:
    path = tmp_path / "textback.toml"
    path.write_text(
        '[[pbx]]\nname = "north"\nsecret_file = "n"\n[[pbx]]\nname = "south"\nsecret_file = "/s"\n[web]\nlisten = "x"\n'
    )
    handed = fillings(path, Path("/opt/textback/bin/textback"), "textback")["credentials"]
    assert handed == f"LoadCredential=north.secret:{tmp_path}/n\nLoadCredential=south.secret:/s"


def test_the_password_of_a_pbxs_records_is_handed_over_by_the_name_it_is_looked_for(tmp_path: Path) -> None:
    path = tmp_path / "textback.toml"
    path.write_text('[[pbx]]\nsecret_file = "n"\n[pbx.database]\npassword_file = "r"\nca_file = "/c.pem"\n')
    handed = fillings(path, Path("/opt/textback/bin/textback"), "textback")["credentials"]
    assert handed == f"LoadCredential=pbx.secret:{tmp_path}/n\nLoadCredential=pbx.database_password:{tmp_path}/r"


@pytest.mark.parametrize(
    ("config", "textback", "home", "paths"),
    [
        ("/etc/textback", "/opt/textback/bin/textback", "yes", ""),
        ("/etc/textback", "/home/ann/venv/bin/textback", "read-only", ""),
    ],
)
def test_homes_stay_shut_unless_it_is_installed_in_one(
    tmp_path: Path, config: str, textback: str, home: str, paths: str
) -> None:
    path = tmp_path / "textback.toml"
    path.write_text("")
    found = fillings(path, Path(textback), "textback")
    assert (found["home"], found["paths"]) == (home, paths)


def test_a_database_elsewhere_may_be_written(units: Path, tmp_path: Path) -> None:
    assert f"ReadWritePaths={tmp_path}\n" in (units / SERVICE).read_text()


@pytest.mark.parametrize("name", [SERVICE, "textback-backup.service"])
def test_systemd_finds_nothing_wrong_and_little_exposed(units: Path, name: str) -> None:
    if shutil.which("systemd-analyze") is None:
        missing("systemd-analyze is not installed")
    unit = units / name
    unit.write_text(re.sub(r"ExecStart=\S+", "ExecStart=/bin/true", unit.read_text()))
    verified = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False)
    assert [row for row in verified.stderr.splitlines() if row.startswith(f"{unit}:")] == []
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    judged = subprocess.run(command, capture_output=True, text=True, check=False)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", judged.stdout)
    assert exposure, judged.stderr
    if name == SERVICE:
        assert float(exposure[1]) <= SAFE


def test_every_figure_that_an_alert_asks_for_is_told() -> None:
    links = (
        LinkHealth(LinkKind.PBX, "office", None, counts={"dropped": 0}),
        LinkHealth(LinkKind.SMS, "smpp", None, counts={"out_refused": 1, "out_unanswered": 1}),
    )
    told = exposition(
        MetricsSnapshot(
            Health(links, counts={"blocks_planted": 0, "calls_waiting": 0, "calls_on_no_trunk": 0}),
            dict.fromkeys(CallbackState, 0),
            {"paused": True, "breaker": False},
            Figures(date(2026, 11, 23), date(2026, 11, 23), {}, ResponseTimes(), 0),
        )
    ).decode()
    asked = re.findall(r"(textback_\w+)(?:\{([^}]*)\})?", _expressions())
    assert len(asked) >= 10
    for name, labels in asked:
        wanted = labels.split(",") if labels else []
        rows = [row for row in told.splitlines() if row.startswith(name)]
        assert any(all(label in row for label in wanted) for row in rows), (name, labels)


def test_every_alert_says_what_to_do_and_is_explained() -> None:
    text = RULES.read_text()
    alerts = re.findall(r"- alert: (\w+)", text)
    assert text.count("action:") == text.count("summary:") == len(alerts)
    explained = (RULES.parent / "README.md").read_text()
    assert [alert for alert in alerts if f"**{alert}**" not in explained] == []


def _expressions() -> str:
    return "\n".join(re.findall(r"expr: (.*)", RULES.read_text()))

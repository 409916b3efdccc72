"""`textback init`: a file that can be used, from flags or from answers, and never over another one."""

from pathlib import Path

import pytest

from bridge.ami import console
from bridge.ami.found_trunks import FoundTrunk
from bridge.cli import init_found
from bridge.cli.init_file import Answers, render
from bridge.config import load
from bridge.domain.phone import E164
from tests.lab.asterisk import Asterisk
from tests.site import run

FLAGS = ("--business", 'Joe "Fix-it" & Söhne', "--zone", "America/New_York", "--number", "2125550100", "--yes")


def test_flags_alone_make_a_file_that_can_be_used(tmp_path: Path) -> None:
    place = tmp_path / "etc"
    done = run("init", *FLAGS, "--dir", str(place), "--trunk", "PJSIP/carrier-*", "--mobile", "+12125550142")
    assert done.returncode == 0, done.stderr
    config = load(place / "textback.toml", {"STATE_DIRECTORY": str(tmp_path)})
    assert (config.office.business, config.office.country) == ('Joe "Fix-it" & Söhne', "US")
    assert config.pbxs[0].trunks == ("PJSIP/carrier-*",)
    assert config.rules.live_only == {E164("+12125550142")}
    assert len(config.pbxs[0].secret) >= 24
    assert config.gateways == ()
    assert (place / "ami.secret").stat().st_mode & 0o777 == 0o600


def test_a_gateway_is_taken_with_a_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("secret\n")
    gateway = ("--smpp-host", "smsc.example.net", "--system-id", "ace", "--smpp-password-file", str(tmp_path / "word"))
    done = run("init", *FLAGS, *gateway, "--dir", str(tmp_path / "etc"))
    assert done.returncode == 0, done.stderr
    config = load(tmp_path / "etc" / "textback.toml", {"STATE_DIRECTORY": str(tmp_path)})
    assert [(one.host, one.system_id, one.password) for one in config.gateways] == [
        ("smsc.example.net", "ace", "secret")
    ]
    assert (tmp_path / "etc" / "smpp.password").stat().st_mode & 0o777 == 0o600


def test_what_is_there_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "ami.secret").write_text("mine")
    done = run("init", *FLAGS, "--dir", str(tmp_path))
    assert done.returncode == 2
    assert (tmp_path / "ami.secret").read_text() == "mine"
    assert not (tmp_path / "textback.toml").exists()


@pytest.mark.parametrize(
    ("flags", "said"), [(("--business", "Ace", "--yes"), "--zone"), ((*FLAGS, "--country", "XX"), "country")]
)
def test_what_is_missing_or_wrong_is_said_and_nothing_is_written(
    tmp_path: Path, flags: tuple[str, ...], said: str
) -> None:
    done = run("init", *flags, "--dir", str(tmp_path / "etc"))
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert not (tmp_path / "etc").exists()


def test_questions_are_answered_one_by_one(tmp_path: Path) -> None:
    answers = [
        "America/Chicago",
        "none",
        "312-555-0100",
        "Best Roofing",
        "",
        "",
        "PJSIP/carrier-*",
        "",
        "",
        "from-carrier",
    ]
    done = run("init", "--dir", str(tmp_path / "etc"), given="\n".join(answers) + "\n")
    assert done.returncode == 0, done.stderr
    config = load(tmp_path / "etc" / "textback.toml", {"STATE_DIRECTORY": str(tmp_path)})
    assert (config.office.business, config.office.country, str(config.office.zone)) == (
        "Best Roofing",
        "US",
        "America/Chicago",
    )
    assert config.office.lines[0].sms_number == "+13125550100"
    assert "textback doctor" in done.stdout
    assert "textback page-link" in done.stdout
    assert "textback dialplan --trunk-context from-carrier --out" in done.stdout


def test_what_the_pbx_tells_of_its_trunks_is_proposed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trunks = (FoundTrunk("PJSIP/telnyx-*", "from-pstn"), FoundTrunk("SIP/old-*", "from-trunk-sip-old"))
    monkeypatch.setattr(
        init_found, "look", lambda: init_found.FoundHere("America/New_York", trunks=trunks, freepbx=True)
    )
    done = run("init", *FLAGS, "--dir", str(tmp_path / "etc"))
    assert "trunk SIP/old-*, whose calls enter from-trunk-sip-old" in done.stdout
    config = load(tmp_path / "etc" / "textback.toml", {"STATE_DIRECTORY": str(tmp_path)})
    assert config.pbxs[0].trunks == ("PJSIP/telnyx-*", "SIP/old-*")
    proposed = "--freepbx --trunk-context from-pstn --trunk-context from-trunk-sip-old --out /etc/asterisk"
    assert f"textback dialplan {proposed}" in done.stdout


def test_whatever_is_answered_stays_inside_its_quotes(tmp_path: Path) -> None:
    hostile = 'Ace"\ncountry = "XX'
    text = render(Answers(hostile, "US", "UTC", ("2125550100",), "2125550100", (), "h", 1, "h", 1, "a", ()))
    assert 'business = "Ace\\"\\ncountry = \\"XX"' in text


@pytest.mark.parametrize(
    ("localtime", "zone"),
    [
        ("/usr/share/zoneinfo/America/New_York", "America/New_York"),
        ("/usr/share/zoneinfo/America/Indiana/Knox", "America/Indiana/Knox"),
        ("/usr/share/zoneinfo/Etc/UTC", ""),
        ("/etc/localtime", ""),
    ],
)
def test_the_zone_is_that_of_the_machine_unless_it_is_no_place(localtime: str, zone: str) -> None:
    assert init_found.zone_of(localtime) == zone


def test_a_zone_names_its_country() -> None:
    assert [init_found.country_of(zone) for zone in ("America/Chicago", "Europe/Amsterdam", "UTC")] == ["US", "NL", ""]


@pytest.mark.asterisk
def test_trunks_are_told_from_phones_by_a_real_asterisk(asterisk: Asterisk) -> None:
    assert set(console.trunks(asterisk.cli(console.ENDPOINTS))) == {"trunk", "trunk-second"}
    assert init_found.version(asterisk.cli("core show version")).startswith("Asterisk 2")

"""textback.toml: what the smallest file means, and every mistake at once with its dotted path."""

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from bridge.config import Config, ConfigError, load
from bridge.domain.calls.calls import Reason
from bridge.domain.office.templates import Language, Template
from bridge.domain.phone import E164
from bridge.domain.words import triage
from tests.site import EXAMPLE

SMALLEST = """\
business = "Ace Plumbing"
country = "US"
zone = "America/New_York"

[[pbx]]
secret_file = "ami.secret"

[[line]]
dids = ["2125550100"]
sms_number = "212-555-0100"

[smpp]
host = "smsc.example"
port = 2775
system_id = "ace"
password_file = "smpp.password"
"""

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    for name in ("ami.secret", "smpp.password", "other.password"):
        (tmp_path / name).write_text(f"{name[:3]}pass\n")
        (tmp_path / name).chmod(0o640)

    def written(text: str) -> Path:
        path = tmp_path / "textback.toml"
        path.write_text(text)
        return path

    return written


def read(path: Path, **environ: str) -> Config:
    return load(path, {"STATE_DIRECTORY": str(path.parent), **environ})


def problems(path: Path, **environ: str) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        read(path, **environ)
    return {problem.path: problem.message for problem in caught.value.problems}


def test_without_a_gateway_calls_are_only_listened_to(write: Write) -> None:
    listening = SMALLEST.partition("[smpp]")[0]
    assert read(write(listening)).gateways == ()
    assert "smpp" in problems(write(listening + SMALLEST[len(listening) :].replace("[smpp]", "[smpp_backup]")))


BACKUP = """
[smpp_backup]
host = "smpp2.example.net"
port = 2775
system_id = "{system_id}"
password_file = "{password_file}"
{more}
"""


def names_of_accounts(config: Config) -> list[str]:
    return [gateway.account_name for gateway in config.gateways]


def backup(system_id: str = "ace", password_file: str = "smpp.password", more: str = "") -> str:
    return SMALLEST + BACKUP.format(system_id=system_id, password_file=password_file, more=more)


def test_two_binds_with_the_same_credentials_are_one_account(write: Write) -> None:
    config = read(write(backup()))
    assert [gateway.name for gateway in config.gateways] == ["smpp", "smpp_backup"]
    assert names_of_accounts(config) == ["smpp", "smpp"]


@pytest.mark.parametrize(
    "other",
    [
        {"system_id": "other"},
        {"password_file": "other.password"},
        {"more": 'system_type = "x"'},
        {"more": 'account = "two"'},
    ],
)
def test_two_gateways_with_credentials_or_a_name_of_their_own_are_two_accounts(
    write: Write, other: dict[str, str]
) -> None:
    assert len(set(names_of_accounts(read(write(backup(**other)))))) == 2


def test_what_codes_mean_is_a_table_or_a_list(write: Write) -> None:
    for codes in ('{"771" = "no mobile"}', '["771"]'):
        config = read(write(SMALLEST + f"landline_codes = {codes}\n"))
        assert config.smpp
        assert config.smpp.spoken.says_landline(["771"])


def test_where_a_pbx_keeps_its_records_is_a_whole_path(write: Write) -> None:
    written = SMALLEST.replace("[[pbx]]", '[[pbx]]\ncdr = "Master.csv"')
    assert problems(write(written)).keys() == {"pbx[0].cdr"}
    found = read(write(written.replace("Master.csv", "/var/log/asterisk/cdr-csv/Master.csv")))
    assert found.pbxs[0].cdr == Path("/var/log/asterisk/cdr-csv/Master.csv")


DATABASE = SMALLEST.replace("[[line]]", '[pbx.database]\npassword_file = "other.password"\n\n[[line]]')


def test_records_may_be_in_a_database(write: Write) -> None:
    found = read(write(DATABASE)).pbxs[0].database
    assert found
    assert (found.host, found.port, found.name, found.user) == ("127.0.0.1", 3306, "asteriskcdrdb", "textback")
    assert (found.password, "othpass" in repr(found)) == ("othpass", False)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ("port = 0", "pbx[0].database.port"),
        ('port = "many"', "pbx[0].database.port"),
        ('name = "a; DROP TABLE cel"', "pbx[0].database.name"),
        ('usr = "textback"', "pbx[0].database.usr"),
        ('host = "/run/mysqld/mysqld.sock"\ntls = true', "pbx[0].database.tls"),
        ('ca_file = "/nowhere.pem"', "pbx[0].database.ca_file"),
        ('host = "pbx.example:3306"', "pbx[0].database.host"),
    ],
)
def test_a_mistake_in_where_they_are_is_named_by_its_path(write: Write, wrong: str, path: str) -> None:
    assert problems(write(DATABASE.replace("[pbx.database]", f"[pbx.database]\n{wrong}"))).keys() == {path}


def test_their_database_needs_a_password_and_its_driver(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.config.records.DRIVER", "no_such_driver")
    found = problems(write(DATABASE.replace('password_file = "other.password"', 'host = "pbx"')))
    assert found.keys() == {"pbx[0].database.password_file", "pbx[0].database"}
    assert "missed-call-textback[mariadb]" in found["pbx[0].database"]


def test_a_file_and_a_database_of_records_are_one_too_many(write: Write) -> None:
    both = DATABASE.replace("[[pbx]]", '[[pbx]]\ncdr = "/var/log/asterisk/cdr-csv/Master.csv"')
    assert problems(write(both)).keys() == {"pbx[0].cdr"}


def test_the_smallest_file_gives_safe_values_everywhere_else(write: Write, tmp_path: Path) -> None:
    config = read(write(SMALLEST))
    (line,) = config.office.lines
    assert (line.name, line.pbx, line.branch, line.sms_number) == ("main", "pbx", "Ace Plumbing", "+12125550100")
    assert line.calendar.never_closes
    assert config.office.regions == {"US"}
    assert config.office.own_numbers == {E164("+12125550100")}
    assert config.office.emergency == "911"
    assert (config.pbxs[0].secret, config.gateways[0].password) == ("amipass", "smppass")
    assert (config.web.host, config.web.port) == ("127.0.0.1", 8080)
    assert config.database == tmp_path / "textback.db"
    assert config.rules.cool_down == timedelta(hours=24)
    assert config.rules.own_numbers == config.office.own_numbers


def test_the_shipped_example_is_right_and_about_25_lines(write: Write, tmp_path: Path) -> None:
    config = read(write(EXAMPLE.read_text()))
    assert config.office.roster.on_call("Ace Plumbing", datetime(2026, 11, 23, tzinfo=UTC)) == ("Ana",)
    assert config.rules.staff == {E164("+12125550142")}
    calendar = config.office.lines[0].calendar
    assert [str(span) for span in calendar.spans_on(date(2026, 11, 23))] == ["08:00-12:00", "13:00-17:00"]
    assert [str(span) for span in calendar.spans_on(date(2026, 12, 24))] == ["08:00-12:00"]
    assert not calendar.spans_on(date(2026, 11, 28))
    settings = [row for row in EXAMPLE.read_text().splitlines() if row and not row.startswith("#")]
    assert len(settings) <= 25


def test_all_mistakes_are_told_at_once(write: Write) -> None:
    found = problems(
        write(
            """\
business = " "
country = "USA"
zone = "America/New_Yorc"
colour = "red"

[[pbx]]
port = "many"
trunk = ["PJSIP/x"]

[[line]]
dids = [5551234]
sms_number = "+12125550100"

[[person]]
mobile = "+12125550142"

[smpp]
hots = "x"

[rules]
delay = "5 min"

[web]
listen = "8080"

[hours]
mon = "8 to 5"
"""
        )
    )
    assert set(found) == {
        "business",
        "country",
        "zone",
        "colour",
        "pbx[0].port",
        "pbx[0].trunk",
        "pbx[0].secret_file",
        "line[0].dids[0]",
        "person[0].name",
        "smpp.host",
        "smpp.hots",
        "smpp.port",
        "smpp.system_id",
        "smpp.password_file",
        "rules.delay",
        "web.listen",
        "hours.mon",
    }
    assert "did you mean trunks?" in found["pbx[0].trunk"]
    assert "did you mean host?" in found["smpp.hots"]
    assert "America/New_York" in found["zone"]


def changed(old: str, new: str) -> str:
    assert old in SMALLEST
    return SMALLEST.replace(old, new)


LINE = 'dids = ["2125550100"]\nsms_number = "212-555-0100"\n'
SECOND_PBX = '[[pbx]]\nname = "depot"\nsecret_file = "ami.secret"\n\n[[line]]'


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        (changed('"US"', '"XX"'), "country", "two letters"),
        (changed('zone = "America/New_York"', "zone = 5"), "zone", "America/New_York"),
        (changed('zone = "America/New_York"', 'zone = "../etc/passwd"'), "zone", "no time zone"),
        (changed("[[pbx]]", 'regions = ["US", "ZZ"]\n[[pbx]]'), "regions[1]", "two letters"),
        (changed("[[pbx]]", 'holidays = "US-XX"\n[[pbx]]'), "holidays", "US-NY"),
        (changed("[[line]]", SECOND_PBX), "line[0].pbx", "pbx, depot"),
        (changed("[[line]]", '[[line]]\npbx = "other"'), "line[0].pbx", "there are pbx"),
        (changed("[[line]]", SECOND_PBX.replace("depot", "pbx")), "pbx[1].name", "pbx[0]"),
        (changed('dids = ["2125550100"]', "dids = []"), "line[0].dids", "should not be empty"),
        (changed('"212-555-0100"', '"ACE"'), "line[0].sms_number", "replies"),
        (changed('"212-555-0100"', '"+1 212 555"'), "line[0].sms_number", "replies"),
        (changed("[[line]]", f'[[line]]\nname = "a"\n{LINE}[[line]]'), "line[1].dids", "line[0]"),
        (changed("[smpp]", '[[person]]\nname = "A"\nmobile = "0"\n[smpp]'), "person[0].mobile", "no valid number"),
        (changed("[smpp]", '[[person]]\nname = "A"\non_call = true\n[smpp]'), "person[0].mobile", "is missing"),
        (changed("[smpp]", '[[person]]\nname = "A"\nmobile = "2125550100"\n[smpp]'), "person[0].mobile", "office"),
        (changed("[smpp]", '[person]\nname = "A"\n[smpp]'), "person", "[[person]]"),
        (changed("port = 2775", "port = 0"), "smpp", "1 to 65535"),
        (changed("[smpp]", "[rules]\ncap_day = 0\n[smpp]"), "rules.cap_day", "greater"),
        (changed("[smpp]", '[rules]\nmin_ring = "-4s"\n[smpp]'), "rules.min_ring", "duration"),
        (changed("[smpp]", '[rules]\ncool_down = "999999999 d"\n[smpp]'), "rules.cool_down", "should be from"),
        (changed("[smpp]", '[web]\ncertificate = "no.pem"\n[smpp]'), "web.certificate", "cannot be used"),
        (changed("[smpp]", '[web]\nkey = "no.pem"\n[smpp]'), "web.certificate", "is missing"),
        (changed("[smpp]", '[web]\ntrusted_proxies = ["nginx"]\n[smpp]'), "web.trusted_proxies[0]", "192.0.2.0/24"),
        *[
            (changed("[smpp]", f"[web]\n{name} = [{written}]\n[smpp]"), f"web.{name}[0]", said)
            for name, written, said in (
                ("trusted_proxies", "7", "in quotes"),
                ("trusted_proxies", "true", "in quotes"),
                ("trusted_proxies", '""', "192.0.2.0/24"),
                ("trusted_proxies", '"0.0.0.0/0"', "a good part of the internet"),
                ("trusted_proxies", '"128.0.0.0/1"', "a good part of the internet"),
                ("trusted_proxies", '"::ffff:0:0/96"', "a good part of the internet"),
                ("trusted_proxies", '"::/0"', "a good part of the internet"),
                ("trusted_proxies", '"192.0.2.10/24"', "192.0.2.0/24 for that network, or 192.0.2.10"),
                ("metrics_from", '"2001:db8::7/64"', "2001:db8::/64 for that network, or 2001:db8::7"),
            )
        ],
        (changed("[smpp]", "[web]\nmetrics_token_file = 7\n[smpp]"), "web.metrics_token_file", "names no file"),
        (changed("[smpp]", '[storage]\npath = "/nowhere/x.db"\n[smpp]'), "storage.path", "no directory /nowhere"),
        (changed("[smpp]", '[storage]\npath = "."\n[smpp]'), "storage.path", "is a directory"),
        (changed("[smpp]", '[log]\nlevel = "loud"\n[smpp]'), "log.level", "debug"),
        (changed("[smpp]", '[hours]\nmon-fri = "08:00-17:00"\nfri = "closed"\n[smpp]'), "hours", "fri is named twice"),
        (changed("[smpp]", '[hours]\nmon = "25:00-26:00"\n[smpp]'), "hours.mon", "no time"),
        (changed("[smpp]", '[hours]\nsomeday = "closed"\n[smpp]'), "hours.someday", "mon-fri"),
        (changed("[smpp]", '[texts.en]\nmised = "x"\n[smpp]'), "texts.en.mised", "'missed'"),
        (changed("[smpp]", '[texts.en]\nmissed = "Hi {nmae}"\n[smpp]'), "texts.en.missed", "{nmae} is unknown"),
        (
            changed("[smpp]", '[texts.en]\nmissed = "We will call you in 10 minutes"\n[smpp]'),
            "texts.en.missed",
            "promises",
        ),
        (changed("[smpp]", '[texts.es]\nclosed = "¿Es urgente?"\n[smpp]'), "texts.es.closed", "nobody is on call"),
        (changed("[[line]]", '[[line]]\ntexts.en.closed = "Urgent?"'), "line[0].texts.en.closed", "nobody is on call"),
    ],
)
def test_a_mistake_is_named_with_its_path_and_what_would_be_right(
    write: Write, text: str, path: str, said: str
) -> None:
    found = problems(write(text))
    assert list(found) == [path]
    assert said in found[path]


@pytest.mark.parametrize("kind", ["pbx", "line"])
def test_a_missing_part_is_asked_for(write: Write, kind: str) -> None:
    parts = [part for part in SMALLEST.split("\n\n") if not part.startswith(("[[" + kind, "[" + kind))]
    assert any(path.startswith(kind) for path in problems(write("\n\n".join(parts))))


def test_the_same_number_may_ring_on_two_pbxs(write: Write) -> None:
    second = f'[[line]]\nname = "depot"\npbx = "depot"\n{LINE}'
    text = changed("[[line]]", SECOND_PBX + '\npbx = "pbx"').replace("[smpp]", second + "[smpp]")
    assert [line.pbx for line in read(write(text)).office.lines] == ["pbx", "depot"]


# --- secrets ------------------------------------------------------------------------------------------------------


def test_a_secret_that_everybody_can_read_is_refused(write: Write, tmp_path: Path) -> None:
    path = write(SMALLEST)
    (tmp_path / "ami.secret").chmod(0o644)
    found = problems(path)
    assert list(found) == ["pbx[0].secret_file"]
    assert "chmod" in found["pbx[0].secret_file"]


def test_a_secret_in_the_file_itself_needs_a_file_that_is_private(write: Write) -> None:
    path = write(changed('password_file = "smpp.password"', 'password = "hunter2"'))
    path.chmod(0o644)
    found = problems(path)
    assert list(found) == ["smpp.password"]
    assert "hunter2" not in str(found)
    path.chmod(0o640)
    assert read(path).gateways[0].password == "hunter2"


def test_systemd_hands_secrets_over_as_credentials(write: Write, tmp_path: Path) -> None:
    handed = tmp_path / "credentials"
    handed.mkdir()
    for name, secret in (("pbx.secret", "one"), ("smpp.password", "two")):
        (handed / name).write_text(secret)
        (handed / name).chmod(0o400)
    path = write("\n".join(row for row in SMALLEST.splitlines() if "_file" not in row))
    config = read(path, CREDENTIALS_DIRECTORY=str(handed))
    assert (config.pbxs[0].secret, config.gateways[0].password) == ("one", "two")
    assert set(problems(path)) == {"pbx[0].secret_file", "smpp.password_file"}
    for name in ("ami.secret", "smpp.password", "other.password"):
        (tmp_path / name).chmod(0)  # readable by root alone: the service needs only what it was handed
    assert read(write(SMALLEST), CREDENTIALS_DIRECTORY=str(handed)).gateways[0].password == "two"


@pytest.mark.parametrize(
    ("content", "said"),
    [(None, "No such file"), (b"", "one line"), (b"one\ntwo", "one line"), (b"\xff\xfe", "not text")],
)
def test_a_secret_file_that_cannot_be_used_says_why(
    write: Write, tmp_path: Path, content: bytes | None, said: str
) -> None:
    path = write(SMALLEST)
    secret = tmp_path / "smpp.password"
    secret.unlink() if content is None else secret.write_bytes(content)
    assert said in problems(path)["smpp.password_file"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "one line"),
        ("  \n", "one line"),
        ("short\n", "16 to 200"),
        (f"{'x' * 16} \n", "16 to 200"),
        ("é" * 20, "16 to"),
    ],
)
def test_a_token_that_is_none_shuts_nothing_and_is_told(write: Write, tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "token").write_text(content)
    (tmp_path / "token").chmod(0o600)
    in_file = problems(write(changed("[smpp]", '[web]\nmetrics_token_file = "token"\n[smpp]')))
    assert (list(in_file), said in in_file["web.metrics_token_file"]) == (["web.metrics_token_file"], True)
    path = write(changed("[smpp]", f"[web]\nmetrics_token = '{content.strip()[:15]}'\n[smpp]"))
    path.chmod(0o600)
    assert "16 to 200" in problems(path)["web.metrics_token"]


def test_a_link_to_the_database_means_what_it_leads_to(write: Write, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere.db")
    path = write(changed("[smpp]", '[storage]\npath = "link.db"\n[smpp]'))
    assert read(path).database == tmp_path / "elsewhere.db"


def test_an_ipv4_address_in_the_clothes_of_ipv6_is_one(write: Write) -> None:
    web = read(write(changed("[smpp]", '[web]\ntrusted_proxies = ["::ffff:127.0.0.1"]\n[smpp]'))).web
    assert [str(one) for one in web.trusted_proxies] == ["127.0.0.1/32"]


def test_a_secret_and_its_file_together_are_one_too_many(write: Write) -> None:
    path = write(changed("[smpp]", '[smpp]\npassword = "x"'))
    path.chmod(0o600)
    assert "only one" in problems(path)["smpp.password_file"]


def test_no_secret_shows_in_the_repr_of_a_config(write: Write) -> None:
    shown = repr(read(write(SMALLEST)))
    assert "amipass" not in shown
    assert "smppass" not in shown


# --- what a file can be besides wrong -----------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_one_clear_line(tmp_path: Path) -> None:
    assert "No such file" in problems(tmp_path / "none.toml")[""]


@pytest.mark.parametrize("content", [b"business = ", b"\xff\xfe", b"a = [" * 5000])
def test_a_file_that_is_not_toml_is_one_clear_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "textback.toml"
    path.write_bytes(content)
    (message,) = problems(path).values()
    assert str(path) in message


def test_a_database_directory_that_cannot_be_written_is_refused(write: Write) -> None:
    found = problems(write(SMALLEST), STATE_DIRECTORY="/proc")  # where not even root can make a file
    assert "cannot be written" in found["storage.path"]


# --- lines --------------------------------------------------------------------------------------------------------


def test_a_line_has_its_own_words_and_hours_over_those_of_the_office(write: Write) -> None:
    text = changed(
        "[smpp]",
        """\
[[line]]
name = "espanol"
branch = "Bronx"
dids = ["2125550101"]
sms_number = "+12125550101"
hours = { mon-sun = "22:00-06:00" }
texts.language = "es"
texts.es.missed = "Hola, somos {business}. STOP"

[texts]
hint = "STOP ends this"
en.missed = "We are {business}."
en.missed_busy = "{business} is on the phone."

[hours]
mon-fri = "08:00-17:00"

[smpp]""",
    )
    main, spanish = read(write(text)).office.lines
    assert main.texts.words(Template.MISSED) == "We are {business}."
    assert main.texts.words(main.texts.missed(Reason.BUSY)) == "{business} is on the phone."
    assert main.texts.hint == spanish.texts.hint == "STOP ends this"
    assert spanish.texts.language is Language.ES
    assert spanish.texts.words(Template.MISSED) == "Hola, somos {business}. STOP"
    assert [str(span) for span in spanish.calendar.spans_on(date(2026, 11, 28))] == ["22:00-06:00"]
    assert main.calendar.spans_on(date(2026, 11, 28)) == ()


def test_public_holidays_close_the_office_where_they_are_asked_for(write: Write) -> None:
    christmas_noon = datetime(2026, 12, 25, 17, tzinfo=UTC)
    hours = changed("[smpp]", '[hours]\nmon-fri = "08:00-17:00"\n[smpp]')
    assert read(write(hours)).office.lines[0].calendar.is_open(christmas_noon)
    closed = read(write('holidays = "US"\n' + hours)).office.lines[0].calendar
    assert not closed.is_open(christmas_noon)


def test_a_day_range_may_wrap_and_a_day_may_end_at_24(write: Write) -> None:
    text = changed("[smpp]", '[hours]\nfri-mon = "00:00-24:00"\n[smpp]')
    calendar = read(write(text)).office.lines[0].calendar
    open_days = [day for day in range(23, 30) if calendar.spans_on(date(2026, 11, day))]
    assert open_days == [23, 27, 28, 29]


def test_the_tracker_reads_numbers_as_the_office_does(write: Write) -> None:
    text = changed(
        'secret_file = "ami.secret"', 'secret_file = "ami.secret"\noutside_prefix = "9"\ntrunks = ["PJSIP/t-*"]'
    )
    config = read(write(text))
    settings = config.pbxs[0].tracker(config.office.country, config.rules.min_ring)
    assert (settings.pbx, config.pbxs[0].trunks, settings.country) == ("pbx", ("PJSIP/t-*",), "US")
    assert (settings.outside_prefix, settings.min_ring) == ("9", timedelta(seconds=4))


def test_the_example_can_be_copied_as_it_is(tmp_path: Path) -> None:
    shutil.copy(EXAMPLE, tmp_path / "textback.toml")
    found = problems(tmp_path / "textback.toml")
    assert set(found) == {"pbx[0].secret_file", "smpp.password_file"}  # the two things that only the site knows


def test_the_numbers_of_the_trial_are_read_like_any_other(write: Write) -> None:
    rules = '\n[rules]\nlive_only = ["212-555-0142", "+12125550143"]\n'
    assert read(write(SMALLEST + rules)).rules.live_only == {E164("+12125550142"), E164("+12125550143")}
    assert problems(write(SMALLEST + rules.replace("212-555-0142", "555"))) == {
        "rules.live_only[0]": '"555" is no valid number; write it with its country: "+1..."'
    }


def test_quiet_hours_are_off_until_somebody_sets_them(write: Write) -> None:
    assert read(write(SMALLEST)).rules.hold_at_night is None
    rules = read(write(SMALLEST + '\n[rules]\nhold_at_night = "21:00-08:00"\n')).rules
    assert str(rules.hold_at_night) == "21:00-08:00"
    assert rules.hold.zone.key == "America/New_York"


@pytest.mark.parametrize("wrong", ["00:00-24:00", "08:00-08:00", "at night", "closed"])
def test_quiet_hours_that_would_never_end_are_a_mistake(write: Write, wrong: str) -> None:
    assert [*problems(write(SMALLEST + f'\n[rules]\nhold_at_night = "{wrong}"\n'))] == ["rules.hold_at_night"]


def test_a_sister_offices_extensions_and_the_own_numbers_reach_whoever_follows_the_calls(write: Write) -> None:
    config = read(write(SMALLEST.replace("[[line]]", 'extensions = ["3??"]\n[[line]]', 1)))
    settings = config.tracker(config.pbxs[0])
    assert (settings.extensions, settings.own_numbers) == (("3??",), config.office.own_numbers)


PEOPLE = """
[[person]]
name = "Ann"
mobile = "+12125550142"
email = "ann@ace.example"
quiet = "22:00-07:00"
[[person]]
name = "Bob"
mobile = "+12125550143"
[[person]]
name = "Cid"
"""

ON_CALL = f"""{PEOPLE}
[[shift]]
people = ["Ann", "Bob"]
days = "mon-fri"
hours = "17:00-08:00"
[[shift]]
people = ["Bob"]
days = "sat,sun"
[on_call]
owner = "Bob"
ack_within = "5 min"
voicemail = false
[email]
host = "mail.example"
sender = "alerts@ace.example"
"""

MONDAY_NIGHT = datetime(2026, 11, 24, 3, tzinfo=UTC)


def test_shifts_owner_and_the_way_of_alerts_are_read(write: Write) -> None:
    config = read(write(SMALLEST + ON_CALL))
    roster = config.office.roster
    assert roster.ladder("Ace Plumbing", MONDAY_NIGHT) == ("Ann", "Bob")
    assert roster.on_call("Ace Plumbing", MONDAY_NIGHT + timedelta(hours=14)) == ()
    assert roster.on_call("Ace Plumbing", MONDAY_NIGHT + timedelta(days=5)) == ("Bob",)
    assert (config.alerts.ack_within, config.alerts.remind_after) == (timedelta(minutes=5), timedelta(minutes=20))
    assert (config.alerts.voicemail, config.alerts.untextable) == (False, True)
    ann = config.office.person("Ann")
    assert ann is not None
    assert (ann.email, str(ann.quiet)) == ("ann@ace.example", "22:00-07:00")
    assert config.email is not None
    assert (config.email.host, config.email.port, config.email.security) == ("mail.example", 587, "starttls")


@pytest.mark.parametrize(
    ("old", "new", "path", "message"),
    [
        ('owner = "Bob"', 'owner = "Zoe"', "on_call.owner", 'there is no person called "Zoe"'),
        ('people = ["Bob"]', 'people = ["Cid"]', "shift[1].people", '"Cid" has no mobile'),
        ('people = ["Bob"]', "people = []", "shift[1].people", "should not be empty"),
        ('days = "sat,sun"', 'branch = "west"', "shift[1].branch", 'there is no branch called "west"'),
        ('days = "sat,sun"', 'days = "daily"', "shift[1].days", "should be days such as"),
        ('quiet = "22:00-07:00"', 'quiet = "closed"', "person[0].quiet", "should be one stretch of time"),
        ('"ann@ace.example"', '"ann"', "person[0].email", "should match pattern"),
        ("5 min", "1 s", "on_call.ack_within", "should be from 120s to 7200s"),
        ("[email]", "[web]", "person[0].email", "needs an [email] table"),
        ('host = "mail.example"', "", "email.host", "is missing"),
        ("voicemail = false", "voicmail = false", "on_call.voicmail", "did you mean voicemail?"),
    ],
)
def test_what_is_wrong_with_who_is_on_call_is_named(write: Write, old: str, new: str, path: str, message: str) -> None:
    found = problems(write(SMALLEST + ON_CALL.replace(old, new)))
    assert message in found[path]


def test_a_mail_server_that_asks_for_a_name_needs_its_password(write: Write, tmp_path: Path) -> None:
    signed_in = ON_CALL + 'username = "alerts"\n'
    assert "email.password_file" in problems(write(SMALLEST + signed_in))
    (tmp_path / "email.password").write_text("mailpass\n")
    (tmp_path / "email.password").chmod(0o640)
    config = read(write(SMALLEST + signed_in + 'password_file = "email.password"\n'))
    assert config.email is not None
    assert config.email.password == "mailpass"


@pytest.mark.parametrize(
    ("sms_number", "more", "confirmed"),
    [("+12125550100", "", False), ("+18005550100", "", True), ("+18005550100", "carrier_replies = false", False)],
)
def test_toll_free_networks_confirm_stop_by_themselves_unless_it_is_said_otherwise(
    write: Write, sms_number: str, more: str, confirmed: bool
) -> None:
    text = SMALLEST.replace('sms_number = "212-555-0100"', f'sms_number = "{sms_number}"\n{more}')
    [line] = read(write(text)).office.lines
    assert line.carrier_replies is confirmed


def test_the_daily_work_is_set_by_name_and_duration(write: Write) -> None:
    text = (
        SMALLEST
        + """
[[person]]
name = "Ann"
mobile = "212-555-0199"

[digest]
people = ["Ann"]
at = "07:30"
branches = { "Ace Plumbing" = ["Ann"] }

[retention]
bodies = "30d"
rows = "60d"
"""
    )
    config = read(write(text))
    assert (config.digest.people, config.digest.at) == (("Ann",), time(7, 30))
    assert config.digest.branches == {"Ace Plumbing": ("Ann",)}
    assert (config.retention.bodies, config.retention.rows) == (timedelta(days=30), timedelta(days=60))


def test_mistakes_in_the_daily_work_are_named(write: Write) -> None:
    text = SMALLEST + '\n[digest]\npeople = ["Bob"]\nat = "25:00"\n\n[retention]\nbodies = "90d"\nrows = "60d"\n'
    assert set(problems(write(text))) == {"digest.at", "retention.rows"}
    west = SMALLEST + "\n[digest]\nbranches = { west = [] }\n"
    assert "there are Ace Plumbing" in problems(write(west))["digest.branches.west"]
    own = SMALLEST + '\n[digest]\nbranches = { "Ace Plumbing" = ["Bob"] }\n'
    assert "there is nobody" in problems(write(own))["digest.branches.Ace Plumbing"]
    assert "there is nobody" in problems(write(SMALLEST + '\n[digest]\npeople = ["Bob"]\n'))["digest.people"]


# --- the site's own words


def test_a_site_adds_words_of_its_customers_and_mutes_others(write: Write) -> None:
    words = '[words]\nmute = ["leak detector"]\nadd = { "no heat" = ["radiators are stone cold"] }\n'
    lexicon = read(write(f"{SMALLEST}\n{words}")).words
    assert triage.assess(["our radiators are stone cold"], lexicon).level is triage.TriageLevel.URGENT
    assert triage.assess(["do you sell a leak detector"], lexicon).level is triage.TriageLevel.ROUTINE


def test_a_word_that_cannot_be_taken_is_named_with_its_path(write: Write) -> None:
    words = '[words]\nmute = ["leak detector", "@nosuch leak"]\nadd = { plumbing = ["drip drip"] }\n'
    found = problems(write(f"{SMALLEST}\n{words}"))
    assert set(found) == {"words.mute[1]", "words.add.plumbing[0]"}
    assert "no such category" in found["words.add.plumbing[0]"]

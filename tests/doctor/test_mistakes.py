"""What administrators get wrong, and what `check-config` and `doctor` say of it: where it is, and what to type instead.

Each row is a set-up that somebody could have; what is said must name the place and the remedy.
"""

import asyncio
import errno
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.ami.records_database import RecordsError
from bridge.ami.settings import RecordsSettings
from bridge.config import ConfigError, PbxSection, load
from bridge.doctor import asterisk, firewall, gateway, local, peers
from bridge.doctor.asterisk import pbx_checks
from bridge.doctor.doubts import doubts
from bridge.doctor.gateway import sms_checks
from bridge.doctor.peers import AMI, SMPP, diagnosis, remedy_for
from bridge.doctor.records import why_unreadable
from bridge.smpp.settings import SmppSettings
from tests.config.test_load import SMALLEST
from tests.site import run

Change = Callable[[str], str]


def instead(old: str, new: str) -> Change:
    assert old in SMALLEST, old
    return lambda text: text.replace(old, new)


def with_table(table: str) -> Change:
    """More tables."""
    return lambda text: f"{text}\n{table}\n"


def in_pbx(row: str) -> Change:
    return instead("[[pbx]]\n", f"[[pbx]]\n{row}\n")


def in_records(row: str, table: str = "[pbx.database]") -> Change:
    password = 'password_file = "ami.secret"'
    return instead("[[line]]", f"{table}\n{password}\n{row}\n[[line]]")


def in_smpp(row: str) -> Change:
    return instead('host = "smsc.example"\n', row)


ZONE, COUNTRY, BUSINESS = 'zone = "America/New_York"', 'country = "US"', 'business = "Ace Plumbing"'
DIDS = 'dids = ["2125550100"]'
SECOND_LINE = '[[line]]\nname = "second"\ndids = ["{did}"]\nsms_number = "+12125550100"'

SETUPS = (
    # the file as a whole
    ("curly quotes", instead(BUSINESS, "business = “Ace Plumbing”"), "", 'type plain ones: business = "Ace Plumbing"'),
    ("no quotes", instead(ZONE, "zone = America/New_York"), "", 'text stands in quotes: zone = "America/New_York"'),
    ("a quote is missing", instead(BUSINESS, 'business = "Ace Plumbing'), "", "a quote is missing in line 1"),
    ("a colon, as in YAML", instead(COUNTRY, 'country: "US"'), "", 'country = "US"'),
    ("a blank of a word processor", instead(COUNTRY, 'country\u00a0= "US"'), "", "U+00A0"),
    ("a comment of Asterisk", lambda text: f"; Ace Plumbing\n{text}", "", "a comment begins with #: # Ace Plumbing"),
    ("False", with_table("[rules]\nreceipt = False"), "", "receipt = false"),
    ("yes", with_table("[rules]\nreceipt = yes"), "", "receipt = true"),
    ("a table twice", with_table("[rules]\n[rules]"), "", "take one of the two out"),
    ("a key twice", instead("port = 2775", "port = 2775\nport = 2776"), "", "take one of the two out"),
    ("a path of Windows", with_table('[storage]\npath = "C:\\data"'), "", "single quotes"),
    ("[pbx] for [[pbx]]", instead("[[pbx]]", "[pbx]"), "pbx", "at least one [[pbx]] table"),
    ("added to the end", with_table('live_only = ["+12125550142"]'), "smpp.live_only", "it belongs into [rules]"),
    ("the zone in a table", in_pbx('zone = "UTC"'), "pbx[0].zone", "the top of the file, above the first table"),
    ("a secret in the wrong table", with_table('[web]\nsecret_file = "x"'), "web.secret_file", "belongs into [[pbx]]"),
    ("a blank behind the account", instead('"ace"', '"ace "'), "smpp.system_id", 'write "ace"'),
    ("a blank before the user", in_pbx('username = " textback"'), "pbx[0].username", 'write "textback"'),
    ("a misspelt setting", in_pbx('trunk = ["PJSIP/t-*"]'), "pbx[0].trunk", "did you mean trunks?"),
    # the office
    ("EST", instead(ZONE, 'zone = "EST"'), "zone", '"America/New_York"'),
    ("MST", instead(ZONE, 'zone = "MST"'), "zone", '"America/Denver"'),
    ("CET", instead(ZONE, 'zone = "CET"'), "zone", '"Europe/Amsterdam"'),
    ("an offset", instead(ZONE, 'zone = "Etc/GMT+5"'), "zone", "knows no summer time"),
    ("PST", instead(ZONE, 'zone = "PST"'), "zone", '"America/Los_Angeles"'),
    ("Pacific Time", instead(ZONE, 'zone = "Pacific Time"'), "zone", '"America/Los_Angeles"'),
    ("a slash the other way", instead(ZONE, "zone = 'America\\Chicago'"), "zone", '"America/Chicago"'),
    ("a calling code", instead(COUNTRY, 'country = "+31"'), "country", 'two letters such as "NL"'),
    ("a city", instead(ZONE, 'zone = "Chicago"'), "zone", '"America/Chicago"'),
    ("a city with a blank", instead(ZONE, 'zone = "new york"'), "zone", '"America/New_York"'),
    ("USA", instead(COUNTRY, 'country = "USA"'), "country", 'two letters such as "US"'),
    ("UK", instead(COUNTRY, 'country = "UK"'), "country", 'two letters such as "GB"'),
    ("a country's name", instead(COUNTRY, 'country = "Netherlands"'), "country", 'two letters such as "NL"'),
    # numbers
    ("four digits", instead(DIDS, 'dids = ["0100"]'), "line[0].dids[0]", 'dids = ["+12125550100", "0100"]'),
    ("digits without quotes", instead(DIDS, "dids = [2125550100]"), "line[0].dids[0]", "text in quotes"),
    ("one number, no list", instead(DIDS, 'dids = "2125550100"'), "line[0].dids", "square brackets"),
    ("a pattern of numbers", instead(DIDS, 'dids = ["_21255501XX"]'), "line[0].dids[0]", "every number that rings"),
    ("a range", instead(DIDS, 'dids = ["2125550100-2125550109"]'), "line[0].dids[0]", "every number that rings"),
    ("two numbers in one", instead(DIDS, 'dids = ["2125550100, 2125550101"]'), "line[0].dids[0]", '"2125550101"'),
    ("a digit too few", instead(DIDS, 'dids = ["212555010"]'), "line[0].dids[0]", "a digit too few or too many"),
    ("a sender of four digits", instead('"212-555-0100"', '"0100"'), "line[0].sms_number", "a whole one"),
    ("an e-mail with a name", with_table('[email]\nhost = "m.example"\nsender = "A <a@b.c>"'), "email.sender", "alone"),
    (
        "an extension as a channel",
        with_table('[[person]]\nname = "A"\nextension = "SIP/1"'),
        "person[0].extension",
        "101",
    ),
    ("a listener in a URL", with_table('[web]\nlisten = "http://0.0.0.0:80"'), "web.listen", '"0.0.0.0:80"'),
    ("a listener on a star", with_table('[web]\nlisten = "*:8080"'), "web.listen", '"0.0.0.0:8080"'),
    ("a home directory", instead('"ami.secret"', '"~/ami.secret"'), "pbx[0].secret_file", "without ~"),
    ("a validity in words", lambda text: f'{text}validity = "soon"\n', "smpp.validity", "15 min"),
    ("durations in whole words", lambda text: f'{text}validity = "1 hour"\n[rules]\ndelay = "30 Seconds"\n', "", ""),
    ("a repeated DID", with_table(SECOND_LINE.format(did="2125550100")), "line[1].dids", "that of line[0] already"),
    ("the same, written otherwise", with_table(SECOND_LINE.format(did="+1 212-555-0100")), "line[1].dids", "line[0]"),
    ("a sender that is a name", instead('"212-555-0100"', '"ACEPLUMB"'), "line[0].sms_number", "with its country"),
    ("hours in words", with_table('[hours]\nmon-fri = "9am to 5pm"'), "hours.mon-fri", '"08:00-17:00"'),
    ("hours with a long dash", with_table('[hours]\nmon = "08:00–17:00"'), "hours.mon", '"08:00-17:00"'),
    ("weekdays", with_table('[hours]\nweekdays = "08:00-17:00"'), "hours.weekdays", "mon-fri"),
    # hosts and ports
    ("a port in the host", in_pbx('host = "pbx.example:5038"'), "pbx[0].host", 'host = "pbx.example" and port = 5038'),
    ("brackets", in_pbx('host = "[2001:db8::7]"'), "pbx[0].host", '"2001:db8::7"'),
    ("brackets and a port", in_pbx('host = "[::1]:5038"'), "pbx[0].host", 'host = "::1" and port = 5038'),
    ("an address of the web", in_pbx('host = "http://pbx.example/admin"'), "pbx[0].host", '"pbx.example"'),
    ("a web address with a port", in_smpp('host = "https://sms.example:8443/"\n'), "smpp.host", "port = 8443"),
    ("smpp://", in_smpp('host = "smpp://sms.example"\n'), "smpp.host", '"sms.example"'),
    ("a blank in the host", in_smpp('host = " sms.example"\n'), "smpp.host", '"sms.example"'),
    ("a user in the host", in_smpp('host = "ace@sms.example"\n'), "smpp.host", '"sms.example"'),
    ("two hosts", in_smpp('host = "a.example, b.example"\n'), "smpp.host", "no name of a machine"),
    ("an address with a slip", in_pbx('host = "192.0.2.300"'), "pbx[0].host", "four numbers up to 255"),
    ("a mask", in_pbx('host = "192.0.2.0/24"'), "pbx[0].host", '"192.0.2.0"'),
    ("no host", in_pbx('host = ""'), "pbx[0].host", '"192.0.2.10"'),
    ("a port beyond all", in_pbx("port = 50380"), "", ""),
    ("a port of too many digits", in_pbx("port = 503800"), "pbx[0].port", "65535"),
    ("no port of SMPP", instead("port = 2775", "port = 0"), "smpp", "1 to 65535"),
    ("a listener without a port", with_table('[web]\nlisten = "0.0.0.0"'), "web.listen", '"127.0.0.1:8080"'),
    ("ca_file that is not there", in_pbx('tls = true\nca_file = "/nowhere.pem"'), "pbx[0].ca_file", "PEM file"),
    # the PBX
    ("records by half a path", in_pbx('cdr = "Master.csv"'), "pbx[0].cdr", "/var/log/asterisk/cdr-csv/Master.csv"),
    ("a trunk without a star", in_pbx('trunks = ["PJSIP/telnyx"]'), "pbx[0].trunks[0]", "PJSIP/telnyx-*"),
    ("trunks in small letters", in_pbx('trunks = ["pjsip/telnyx-*"]'), "pbx[0].trunks[0]", "PJSIP/..."),
    ("a dial string", in_pbx('trunks = ["DAHDI/g0/*"]'), "pbx[0].trunks[0]", "DAHDI/i1/*"),
    ("two trunks in one", in_pbx('trunks = ["PJSIP/a-*, PJSIP/b-*"]'), "pbx[0].trunks[0]", '"PJSIP/a-*", "PJSIP/b-*"'),
    ("a form of numbers", in_pbx('number_form = "10 digits"'), "pbx[0].number_form", "'national'"),
    ("a prefix in words", in_pbx('outside_prefix = "9w"'), "pbx[0].outside_prefix", "pattern"),
    ("every channel for a trunk", in_pbx('trunks = ["*"]'), "pbx[0].trunks[0]", "PJSIP/NAME-*"),
    ("every phone for a trunk", in_pbx('trunks = ["PJSIP/*"]'), "pbx[0].trunks[0]", "every phone"),
    ("the port of SIP", in_pbx("port = 5060"), "pbx[0].port", "5038"),
    ("a DID twice", instead(DIDS, 'dids = ["2125550100", "+12125550100"]'), "line[0].dids[1]", "again"),
    ("a sender abroad", instead('"212-555-0100"', '"+31612345678"'), "line[0].sms_number", "another country"),
    ("records in double brackets", in_records("", "[[pbx.database]]"), "pbx[0].database", "[pbx.database]"),
    ("records above their PBX", lambda text: text.replace("[[pbx]]", "[pbx.database]\n[[pbx]]"), "", "move it below"),
    ("a table in the name", in_records('name = "asteriskcdrdb.cel"'), "pbx[0].database.name", "a database alone"),
    ("a user of the GRANT", in_records("user = \"'a'@'localhost'\""), "pbx[0].database.user", "without its quotes"),
    ("a German password", in_records('passwort_file = "x"'), "pbx[0].database.passwort_file", "password_file"),
    # the gateway
    ("an SMPP password of nine", lambda text: text, "smpp", "longer than the 8 characters"),
    ("the page by a name in a URL", with_table('[web]\nhosts = ["http://office"]'), "web.hosts[0]", "office"),
)
SECRETS = (
    ("no file", None, 0o600, "install -m 600 /dev/stdin"),
    ("everybody may read it", "hunter2\n", 0o644, "chmod o-rwx"),
    ("two lines", "hunter2\nhunter3\n", 0o600, "in one line and nothing else"),
    ("nothing in it", "\n", 0o600, "in one line and nothing else"),
    ("what it is called", "password = hunter2\n", 0o600, "without what it is called"),
    ("in quotes", '"hunter2"\n', 0o600, "without quotes"),
    ("in curly quotes", "“hunter2”\n", 0o600, "without quotes"),
    ("a blank behind", "hunter2 \n", 0o600, "has a blank"),
    ("a tab before", "\thunter2\n", 0o600, "has a blank"),
)
HARMLESS = ("hunter2\r\n", "\ufeffhunter2\n", "hunter2")


@pytest.fixture
def site(tmp_path: Path) -> Callable[[str], Path]:
    for name in ("ami.secret", "smpp.password"):
        (tmp_path / name).touch(mode=0o600)
        (tmp_path / name).write_text("hunter2\n")

    def write(text: str) -> Path:
        path = tmp_path / "textback.toml"
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def told(path: Path) -> dict[str, str]:
    """As check-config tells it: mistakes, else doubts."""
    try:
        return dict(doubts(load(path, {"STATE_DIRECTORY": str(path.parent)})))
    except ConfigError as error:
        return {problem.path: problem.message for problem in error.problems}


@pytest.mark.parametrize(("change", "where", "remedy"), [row[1:] for row in SETUPS], ids=[row[0] for row in SETUPS])
def test_a_broken_set_up_is_told_where_and_with_what_to_write(
    site: Callable[[str], Path], change: Change, where: str, remedy: str
) -> None:
    path = site(change(SMALLEST))
    if "longer than" in remedy:
        (path.parent / "smpp.password").write_text("ninechars\n")
    found = told(path)
    if not remedy:
        assert found == {}
        return
    assert list(found) == [where]
    assert remedy in found[where]


def test_there_are_enough_of_them_and_each_once() -> None:
    assert len({row[0] for row in (*SETUPS, *SECRETS)}) == len(SETUPS) + len(SECRETS) > 55


@pytest.mark.parametrize(("content", "mode", "remedy"), [row[1:] for row in SECRETS], ids=[row[0] for row in SECRETS])
def test_a_file_that_holds_no_secret_is_told(
    site: Callable[[str], Path], content: str | None, mode: int, remedy: str
) -> None:
    path = site(SMALLEST)
    secret = path.parent / "ami.secret"
    if content is None:
        secret.unlink()
    else:
        secret.write_text(content, encoding="utf-8")
        secret.chmod(mode)
    found = told(path)
    assert list(found) == ["pbx[0].secret_file"]
    assert remedy in found["pbx[0].secret_file"]


@pytest.mark.parametrize("content", HARMLESS)
def test_line_ends_of_windows_and_a_byte_order_mark_are_no_part_of_a_secret(
    site: Callable[[str], Path], content: str
) -> None:
    path = site(SMALLEST)
    (path.parent / "smpp.password").write_text(content, encoding="utf-8", newline="")
    [gateway] = load(path, {"STATE_DIRECTORY": str(path.parent)}).gateways
    assert gateway.password == "hunter2"


@pytest.mark.parametrize(
    ("octets", "remedy"),
    [
        (b"\xef\xbb\xbf" + SMALLEST.encode(), ""),
        (SMALLEST.replace("\n", "\r\n").encode(), ""),
        (SMALLEST.replace(" = ", "\t=\t").encode(), ""),
        (SMALLEST.encode("utf-16"), "save it as UTF-8"),
        (SMALLEST.replace("Ace", "Café").encode("latin-1"), "in line 1: save it as UTF-8"),
    ],
    ids=["BOM", "CRLF", "tabs", "UTF-16", "Latin-1"],
)
def test_a_file_of_another_editor_is_read_or_told(site: Callable[[str], Path], octets: bytes, remedy: str) -> None:
    path = site(SMALLEST)
    path.write_bytes(octets)
    assert remedy in told(path).get("", "")
    assert bool(told(path)) is bool(remedy)


def test_the_commands_print_what_is_told_and_end_in_1(
    site: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = site(SMALLEST.replace("America/New_York", "EST"))
    monkeypatch.setenv("STATE_DIRECTORY", str(path.parent))
    done = run("check-config", "--config", str(path))
    assert (done.returncode, 'write a place such as "America/New_York"' in done.stderr) == (1, True)


# --- the links ------------------------------------------------------------------------------------------------------


@asynccontextmanager
async def peer(greeting: bytes, answer: bytes = b"", *, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Says that at once, and this to whatever is asked; the port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(greeting)
            while await reader.read(1000):
                writer.write(answer)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of pbx.example, signed by itself."""
    path = tmp_path_factory.mktemp("tls") / "pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=pbx.example", "-addext", "subjectAltName=DNS:pbx.example"]
    subprocess.run([*made, *named, "-keyout", str(path), "-out", f"{path}.crt"], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def a_pbx(port: int, **more: object) -> PbxSection:
    return PbxSection(secret="s", port=port, answer_timeout=1.0, **more)  # type: ignore[arg-type]


def a_gateway(port: int, *, tls: bool = False) -> SmppSettings:
    return SmppSettings(host="127.0.0.1", port=port, system_id="a", password="b", tls=tls, connect_timeout=2.0)


MANAGER = b"Asterisk Call Manager/11.0.0\r\n"
REFUSED_WEB = b"HTTP/1.1 400 Bad Request\r\n\r\n"


@pytest.mark.parametrize(
    ("greeting", "answer", "said", "remedy"),
    [
        (b"", REFUSED_WEB, "a web server answers there", "mostly 5038: asterisk -rx 'manager show settings'"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", b"", "an SSH server answers there", "mostly 5038"),
        (b"220 mail.example ESMTP\r\n", b"", "a mail or FTP server", "mostly 5038"),
        (b"", b"SIP/2.0 400 Bad Request\r\n\r\n", "a SIP server answers there", "mostly 5038"),
    ],
)
async def test_what_answers_in_the_place_of_the_manager_is_told(
    greeting: bytes, answer: bytes, said: str, remedy: str
) -> None:
    async with peer(greeting, answer) as port:
        [found] = await pbx_checks(a_pbx(port), None)
    assert (found.is_problem, said in found.said, remedy in found.remedy) == (True, True, True), found


async def test_a_port_with_tls_is_told_to_who_speaks_plain(tls: ssl.SSLContext) -> None:
    async with peer(MANAGER, context=tls) as port:
        [found] = await pbx_checks(a_pbx(port), None)
    assert ("it speaks TLS" in found.said, "tls = true under [[pbx]]" in found.remedy) == (True, True), found


async def test_a_plain_port_is_told_to_who_speaks_tls() -> None:
    async with peer(MANAGER) as port:
        [found] = await pbx_checks(a_pbx(port, tls=True), None)
    assert ("an Asterisk Manager" in found.said, "mostly 5039" in found.remedy) == (True, True), found


async def test_a_certificate_signed_by_itself_is_told_and_one_of_another_name(
    tls: ssl.SSLContext, certificate: Path
) -> None:
    async with peer(MANAGER, context=tls) as port:
        [unknown] = await pbx_checks(a_pbx(port, tls=True), None)
        [named] = await pbx_checks(a_pbx(port, tls=True, ca_file=str(certificate), host="localhost"), None)
        [numbered] = await pbx_checks(a_pbx(port, tls=True, ca_file=str(certificate)), None)
    assert "ca_file = that certificate itself" in unknown.remedy
    assert f"openssl s_client -connect localhost:{port}" in named.remedy
    assert "a name in its certificate" in numbered.remedy


async def test_a_manager_of_no_known_name_is_told() -> None:
    [found] = await pbx_checks(a_pbx(5038, host="pbx.invalid"), None)
    assert "getent hosts pbx.invalid" in found.remedy or "resolv.conf" in found.remedy


@pytest.mark.parametrize("silent", [False, True], ids=["answers at once", "waits for the end of a request"])
async def test_a_web_server_in_the_place_of_the_gateway_is_told_soon(silent: bool) -> None:
    """`send-test` asks by the same function; a web server that waits for the end of headers was silent for 30 s."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await (reader.readuntil(b"\r\n\r\n") if silent else reader.read(1))
            writer.write(REFUSED_WEB)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        found = await sms_checks(a_gateway(server.sockets[0].getsockname()[1]))
    assert (found.is_problem, "a web server answers there" in found.said) == (True, True), found
    assert "not that of its web interface" in found.remedy


async def test_a_web_server_in_the_place_of_the_records_is_told_and_a_database_in_that_of_the_manager() -> None:
    records = RecordsSettings(port=1)
    async with peer(b"", REFUSED_WEB) as web, peer(b"j\0\0\0\x0a5.5.5-10.11.6-MariaDB\0") as mariadb:
        said, remedy = await why_unreadable(replace(records, port=web), RecordsError("no answer"))
        [manager] = await pbx_checks(a_pbx(mariadb), None)
    assert ("a web server answers there" in said, "port under [pbx.database]" in remedy) == (True, True)
    assert "a MariaDB or MySQL answers there" in manager.said


async def test_ports_that_say_nothing_are_left_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in ((asterisk, "PATIENCE"), (gateway, "PATIENCE"), (peers, "GREETS"), (peers, "WITHIN")):
        monkeypatch.setattr(module, name, 0.1)
    monkeypatch.setattr(gateway, "BOUND_WITHIN", 1.0)
    async with peer(b"") as port, asyncio.timeout(9):
        [found] = await pbx_checks(a_pbx(port), None)
        texts = await sms_checks(a_gateway(port))
    assert "no answer to the login" in found.said
    assert "no answer to the bind" in texts.said


async def test_a_database_that_signed_its_own_certificate_has_two_remedies() -> None:
    error = RecordsError("certificate verify failed: self-signed certificate")
    _, remedy = await why_unreadable(RecordsSettings(tls=True), error)
    assert ("ca_file" in remedy, "without tls" in remedy) == (True, True)


async def test_tls_is_missing_or_too_much_at_the_gateway(tls: ssl.SSLContext) -> None:
    async with peer(b"", context=tls) as with_tls, peer(b"") as plain:
        missing, too_much = await asyncio.gather(
            sms_checks(a_gateway(with_tls)), sms_checks(a_gateway(plain, tls=True))
        )
    assert "tls = true under [smpp]" in missing.remedy, missing
    assert "tls = false under [smpp]" in too_much.remedy, too_much


async def test_nobody_at_the_gateways_port_is_told(unused_tcp_port: int) -> None:
    found = await sms_checks(a_gateway(unused_tcp_port))
    assert "host and port under [smpp]" in found.remedy
    assert await diagnosis(SMPP, "Connect call failed", ("127.0.0.1", unused_tcp_port), tls=False) == ("", "")


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        ("certificate verify failed: certificate has expired (_ssl.c:1006)", "timedatectl"),
        ("certificate verify failed: unable to get local issuer certificate", "whoever signed it"),
        ("[Errno 113] No route to host", "ip route get 192.0.2.9"),
        ("[Errno 101] Network is unreachable", "ip route get 192.0.2.9"),
        ("[Errno -3] Temporary failure in name resolution", "resolv.conf"),
    ],
)
def test_what_an_error_tells_by_itself_has_its_remedy(error: str, remedy: str) -> None:
    assert remedy in remedy_for(AMI, error, ("192.0.2.9", 5038))


# --- this machine ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tools", "source", "typed"),
    [
        ({"ufw"}, "", "ufw allow 4574/tcp"),
        ({"ufw"}, "192.0.2.10", "ufw allow from 192.0.2.10 to any port 4574 proto tcp"),
        ({"firewall-cmd", "nft"}, "", "firewall-cmd --permanent --add-port=4574/tcp && firewall-cmd --reload"),
        ({"firewall-cmd", "nft"}, "2001:db8::1", "rule family=ipv6 source address=2001:db8::1 port port=4574"),
        ({"nft"}, "192.0.2.10", "nft insert rule inet filter input ip saddr 192.0.2.10 tcp dport 4574 accept"),
        ({"iptables"}, "192.0.2.10", "iptables -I INPUT -p tcp -s 192.0.2.10 --dport 4574 -j ACCEPT"),
        (set(), "", "ufw allow 4574/tcp"),
    ],
)
def test_a_port_is_opened_by_the_firewall_that_is_here(
    tmp_path: Path, tools: set[str], source: str, typed: str
) -> None:
    assert typed in firewall.opens(4574, source, has=tools.__contains__, freepbx=tmp_path / "none")


@pytest.mark.parametrize(("source", "typed"), [("192.0.2.10", "fwconsole firewall trust 192.0.2.10"), ("", "TCP 4574")])
def test_freepbx_has_a_firewall_of_its_own(tmp_path: Path, source: str, typed: str) -> None:
    (tmp_path / "freepbx.conf").touch()
    has = {"fwconsole", "iptables"}.__contains__
    assert typed in firewall.opens(4574, source, has=has, freepbx=tmp_path / "freepbx.conf")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EADDRNOTAVAIL, "ip -brief address"),
        (errno.EACCES, "ports below 1024 are for root"),
        (errno.EADDRINUSE, "ss -ltnp 'sport = :80' shows who has it"),
    ],
)
def test_a_port_on_which_nobody_can_listen_has_its_own_remedy(
    monkeypatch: pytest.MonkeyPatch, number: int, remedy: str
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(local, "try_listening", refuse)
    found = local.port("page", "192.0.2.9", 80, answers=False)
    assert (found.is_problem, remedy in found.remedy) == (True, True)


def test_a_manager_on_another_machine_may_listen_to_itself_alone() -> None:
    remedy = asterisk._unreachable_remedy(PbxSection(secret="s", host="192.0.2.30"))
    assert "bindaddr = 192.0.2.30" in remedy
    assert "permit = " in remedy


def test_a_sender_that_rings_nobody_is_told(site: Callable[[str], Path]) -> None:
    config = load(site(SMALLEST.replace('"212-555-0100"', '"+12125550177"')), {"STATE_DIRECTORY": "/tmp"})
    [found] = local.senders(config)
    assert ("rings nowhere here" in found.said, "dids" in found.remedy) == (True, True)

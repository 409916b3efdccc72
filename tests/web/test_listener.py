"""Where the page listens: this machine only until somebody can sign in; with TLS where there is a certificate."""

import asyncio
import re
import shutil
import ssl
import subprocess
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bridge.ops.sockets import ConnectionLimit
from bridge.web import listener
from bridge.web.app import create_app
from bridge.web.refusals import REFUSALS
from bridge.web.security import COOKIE
from bridge.web.settings import WebSettings, tls
from tests.desk import Desk
from tests.web.served import Faults
from tests.web.test_sign_in import add_user

EVERYWHERE = WebSettings("0.0.0.0", 8080)


async def test_without_users_only_this_machine_is_served_and_the_log_says_what_to_do(desk: Desk) -> None:
    with capture_logs() as logs:
        assert await listener.where(desk.database, EVERYWHERE) == "127.0.0.1"
    assert "textback users add" in logs[0]["do"]


async def test_with_users_it_listens_where_it_is_told_and_warns_of_plain_http(desk: Desk) -> None:
    await add_user(desk)
    with capture_logs() as logs:
        assert await listener.where(desk.database, EVERYWHERE) == "0.0.0.0"
    assert [entry["event"] for entry in logs] == ["page.no_tls"]


async def test_this_machine_needs_no_warning(desk: Desk) -> None:
    with capture_logs() as logs:
        assert await listener.where(desk.database, WebSettings("::1", 8080)) == "::1"
    assert logs == []


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    return made_in(tmp_path)


def made_in(folder: Path) -> Path:
    """Key and certificate in one file, made for this machine."""
    assert shutil.which("openssl")
    path = folder / "page.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
    alternative = ("-addext", "subjectAltName=IP:127.0.0.1")
    subprocess.run([*command.split(), *alternative, "-keyout", path, "-out", path.with_suffix(".crt")], check=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


async def test_with_a_certificate_it_speaks_https_and_its_cookie_stays_there(desk: Desk, certificate: Path) -> None:
    settings = WebSettings(certificate=certificate, key=certificate)
    await add_user(desk)
    app = create_app(desk.database, desk.office, settings, health=Faults(desk), clock=desk.clock)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls(settings)).start()
    port = runner.addresses[0][1]
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"https://127.0.0.1:{port}/sign-in", ssl=trusting) as answer,
    ):
        assert answer.status == 200
        assert answer.cookies[COOKIE]["secure"]
    await runner.cleanup()


async def test_who_never_shakes_hands_is_sent_away_and_counts_meanwhile(
    desk: Desk, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, limit = WebSettings(certificate=certificate, key=certificate), ConnectionLimit(8, per_address=1)
    runner = listener.runner(create_app(desk.database, desk.office, settings, health=Faults(desk), clock=desk.clock))
    await runner.setup()
    try:
        await listener.listen(runner, "127.0.0.1", 0, settings, limit, head_within=0.3)
        async with asyncio.timeout(10):
            silent, first = await asyncio.open_connection(*runner.addresses[0])
            with capture_logs() as logs:
                refused, second = await asyncio.open_connection(*runner.addresses[0])
                assert await refused.read() == b""
            assert [(entry["event"], entry["at_once"], entry["in_all"]) for entry in logs] == [("page.crowded", 1, 1)]
            assert not silent.at_eof()
            assert await silent.read() == b""
        assert limit.let_in("127.0.0.1")
        for writer in (first, second):
            writer.close()
    finally:
        await runner.cleanup()


ZIPPED = b"Content-Encoding: gzip\r\nContent-Type: application/x-www-form-urlencoded\r\n"
FORM = b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\nTransfer-Encoding: chunked\r\n"


@pytest.mark.parametrize(
    ("asked", "status", "malformed"),
    [
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 401, 0),
        (b"GET /none HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 401, 0),
        (b"nonsense\r\n\r\n", 400, 1),
        (b"GET / HTTP/9.9\r\n\r\n", 400, 1),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Long: " + b"x" * 20_000 + b"\r\n\r\n", 400, 1),
        (b"GET /" + b"x" * 20_000 + b" HTTP/1.1\r\n\r\n", 400, 1),
        (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, 1),
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, 1),
        (FORM + b"Content-Length: 3\r\n\r\n0\r\n\r\n", 400, 1),
        (FORM + b"\r\nnonsense\r\n", 400, 1),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: tea\r\n\r\n", 417, 1),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: \x9b\r\n\r\n", 400, 1),
        (FORM + ZIPPED + b"\r\n3\r\nabc\r\n0\r\n\r\n", 400, 0),
    ],
)
async def test_what_is_no_http_is_counted_and_answered_in_a_word_and_no_answer_names_a_version(
    desk: Desk, caplog: pytest.LogCaptureFixture, asked: bytes, status: int, malformed: int
) -> None:
    app = create_app(desk.database, desk.office, WebSettings(), health=Faults(desk), clock=desk.clock)
    runner = listener.runner(app, close_within=0)
    await runner.setup()
    try:
        await listener.listen(runner, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*runner.addresses[0])
        writer.write(asked)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        writer.close()
        body = await reader.read() if malformed else b""
    finally:
        await runner.cleanup()
    assert head.split()[1] == str(status)
    assert "Server: textback\r\n" in head
    assert not re.search(r"aiohttp|python|llhttp|Exception|tea", f"{head}{body!r}", re.IGNORECASE)
    assert app[REFUSALS].counts["malformed"] == malformed
    assert not caplog.records

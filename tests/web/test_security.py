"""What people who mean harm try at the page: every route in every role, forms from elsewhere, slowness, old TLS."""

import asyncio
import re
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from bridge.ops.sockets import ConnectionLimit
from bridge.web import listener, security
from bridge.web.app import create_app
from bridge.web.security import COOKIE, TOKEN
from bridge.web.settings import WebSettings, tls
from storage.users import UserRole
from tests.desk import Desk, missed_call
from tests.web.served import BROWSER, Client, Faults, let_in, served
from tests.web.test_listener import made_in
from tests.web.test_page import Page
from tests.web.test_sign_in import add_user, origin, sign_in

ANYBODY = None
NEEDS: dict[str, UserRole | None] = {
    "GET /": UserRole.STAFF,
    "GET /snoozed": UserRole.STAFF,
    "GET /done": UserRole.STAFF,
    "GET /count": UserRole.STAFF,
    "GET /print": UserRole.STAFF,
    "GET /callbacks/{id}": UserRole.STAFF,
    "POST /callbacks/several": UserRole.STAFF,
    "POST /callbacks/{id}/call": UserRole.STAFF,
    "POST /callbacks/{id}/assign": UserRole.STAFF,
    "POST /callbacks/{id}/no-answer-and-text": UserRole.STAFF,
    "POST /callbacks/{id}/listen": UserRole.STAFF,
    "GET /callbacks/{id}/voicemail/{call}": UserRole.STAFF,
    "POST /callbacks/{id}/remember": UserRole.STAFF,
    "POST /callbacks/{id}/{verb}": UserRole.STAFF,
    "POST /contacts/{id}/undo": UserRole.STAFF,  # one's own last change
    "GET /notices": UserRole.STAFF,
    "POST /notices": UserRole.STAFF,
    "GET /manifest.webmanifest": ANYBODY,
    "GET /notices-worker.js": ANYBODY,
    "GET /on-call": UserRole.STAFF,
    "GET /texts": UserRole.STAFF,
    "POST /texts": UserRole.ADMIN,
    "POST /texts/check": UserRole.ADMIN,
    "POST /texts/{id}/undo": UserRole.ADMIN,
    "POST /on-call": UserRole.LEAD,
    "POST /on-call/plan": UserRole.LEAD,
    "POST /on-call/plan/{id}/undo": UserRole.LEAD,
    "POST /on-call/{id}/undo": UserRole.LEAD,
    "POST /hours": UserRole.LEAD,
    "POST /hours/{id}/undo": UserRole.LEAD,
    "POST /texts/cost": UserRole.STAFF,
    "POST /texts/{switch}": UserRole.LEAD,
    "GET /saved-replies": UserRole.STAFF,
    "POST /saved-replies": UserRole.LEAD,
    "POST /saved-replies/undo": UserRole.LEAD,
    "GET /contacts": UserRole.STAFF,
    "POST /contacts": UserRole.STAFF,
    "POST /contacts/import": UserRole.LEAD,
    "GET /filtered": UserRole.STAFF,
    "POST /filtered/{id}/keep": UserRole.STAFF,
    "POST /filtered/{id}/undo": UserRole.STAFF,  # one's own last change
    "GET /settings": UserRole.STAFF,
    "GET /figures": UserRole.STAFF,
    "GET /figures.csv": UserRole.STAFF,
    "GET /users": UserRole.ADMIN,
    "POST /users/{change}": UserRole.ADMIN,
    "POST /me": UserRole.STAFF,
    "GET /link/{token}": ANYBODY,  # the token is what opens it
    "GET /sign-in": ANYBODY,
    "POST /sign-in": ANYBODY,
    "POST /sign-out": UserRole.STAFF,
    "GET /events": UserRole.STAFF,
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": ANYBODY,
    "GET /static/{name}": ANYBODY,
}
"""The least role that may, by route: a new route must say who it is for, here as well."""

FILLED = {
    "call": "1",
    "id": "1",
    "verb": "claim",
    "switch": "pause",
    "change": "disable",
    "name": "app.css",
    "token": "t" * 43,
}
REFUSED, UNKNOWN = 403, 401


def filled(route: str) -> tuple[str, str]:
    method, path = route.split()
    return method, re.sub(r"\{(\w+)\}", lambda found: FILLED[found[1]], path)


async def token(client: Client) -> str:
    async with client.get("/sign-in") as answer:
        return Page(await answer.text()).hidden[TOKEN]


async def status(client: Client, route: str, **headers: str) -> int:
    """How the page answers that request, sent with everything that a form of ours would send but a good value."""
    method, path = filled(route)
    data = {TOKEN: await token(client)} if method == "POST" else None
    async with client.request(
        method, path, data=data, headers=origin(client) | headers, allow_redirects=False
    ) as answer:
        return answer.status


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    await add_user(desk, "Boss", UserRole.ADMIN)
    await desk.call(missed_call())
    async with served(desk) as made:
        yield made


async def test_every_route_says_who_it_is_for(client: Client) -> None:
    routes = {
        f"{route.method} {route.resource.canonical}"
        for route in client.app.router.routes()
        if route.resource and route.method != "HEAD"
    }
    assert routes == set(NEEDS)


@pytest.mark.parametrize("route", NEEDS)
async def test_nobody_gets_in_by_knowing_an_address(client: Client, route: str) -> None:
    assert (await status(client, route) == UNKNOWN) is (NEEDS[route] is not ANYBODY or route == "POST /sign-in")


@pytest.mark.parametrize("role", list(UserRole))
async def test_each_role_gets_exactly_as_far_as_its_own_routes(desk: Desk, role: UserRole) -> None:
    await desk.call(missed_call())
    await add_user(desk, "Ann", role)
    async with served(desk) as client:
        for route, least in sorted(NEEDS.items(), key=lambda item: item[0] == "POST /sign-out"):
            sent = await own_form(client)
            method, path = filled(route)
            data = sent if method == "POST" else None
            async with client.request(method, path, data=data, headers=origin(client), allow_redirects=False) as answer:
                refused = least is not ANYBODY and not role.covers(least)
                assert (answer.status == REFUSED) is refused, (route, answer.status)


async def own_form(client: Client) -> dict[str, str]:
    """What every form of a page of ours sends, for somebody who is signed in."""
    async with client.get("/on-call") as answer:
        if answer.status == UNKNOWN:
            await sign_in(client)
            return await own_form(client)
        return {TOKEN: Page(await answer.text()).hidden[TOKEN]}


async def test_no_form_works_from_another_site_or_without_the_token(desk: Desk) -> None:
    await add_user(desk, "Ann", UserRole.ADMIN)
    await desk.call(missed_call())
    async with served(desk) as client:
        good = await own_form(client)
        before = await desk.column("SELECT count(*) FROM audit")
        for path in (filled(route)[1] for route in NEEDS if route.startswith("POST")):
            for headers, data in (
                ({}, good),
                ({"Origin": "null"}, good),
                ({"Origin": "http://[::"}, good),
                ({"Origin": "https://evil.example"}, good),
                ({"Origin": origin(client)["Origin"].replace("127.0.0.1", "127.0.0.1.evil.example")}, good),
                (origin(client), {}),
                (origin(client), {TOKEN: "0" * 64}),
            ):
                async with client.post(path, data=data, headers=headers, allow_redirects=False) as answer:
                    assert answer.status == REFUSED, path
        assert await desk.column("SELECT count(*) FROM audit") == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "FOO"])
async def test_other_methods_do_nothing(client: Client, method: str) -> None:
    async with client.request(method, "/callbacks/1/claim", headers=origin(client)) as answer:
        assert answer.status in (400, REFUSED, 405)


# --- slowness -----------------------------------------------------------------------------------------------------


@asynccontextmanager
async def listening_page(
    desk: Desk,
    *,
    host: str = "127.0.0.1",
    idle: float = 60,
    head_within: float = 60,
    read_within: float = 60,
    limit: ConnectionLimit | None = None,
) -> AsyncIterator[int]:
    """The page as the daemon serves it, on a port."""
    app = create_app(desk.database, desk.office, WebSettings(host), health=Faults(desk), clock=desk.clock)
    runner = listener.runner(app, close_within=1, idle=idle)
    await runner.setup()
    await listener.listen(runner, host, 0, limit=limit, head_within=head_within, read_within=read_within)
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


HALF_A_HEADER = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_A_FORM = (
    b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1:%(port)d\r\nOrigin: http://127.0.0.1:%(port)d\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 9000\r\n\r\nname="
)


@pytest.mark.parametrize("beginning", [b"", HALF_A_HEADER, HALF_A_FORM], ids=["silence", "header", "form"])
async def test_a_client_that_drips_for_ever_is_sent_away(
    desk: Desk, beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(security, "FORM_WITHIN", 0.2)
    async with listening_page(desk, head_within=0.2) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(beginning % {b"port": port} if b"%" in beginning else beginning)
        dripping = asyncio.create_task(_drip(writer) if beginning else asyncio.sleep(0))
        said = b""
        with suppress(ConnectionResetError):  # what it sends is thrown back at it, once it is sent away
            said = await reader.read()
        dripping.cancel()
        writer.close()
    assert said == b"" or b"408" in said.splitlines()[0]


async def test_the_next_question_of_a_connection_has_no_longer_for_its_head(desk: Desk) -> None:
    async with listening_page(desk, head_within=0.3) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):  # longer than one head's time between two questions is no harm
            writer.write(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b"true" in await reader.readuntil(b"}")
            await asyncio.sleep(0.4)
        writer.write(HALF_A_HEADER)
        dripping = asyncio.create_task(_drip(writer))
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        dripping.cancel()
        writer.close()


async def test_half_requests_make_room_for_a_whole_one_of_the_same_address(desk: Desk) -> None:
    limit = ConnectionLimit(8, per_address=4)
    async with listening_page(desk, limit=limit, head_within=60) as port, AsyncExitStack() as stack:
        first, *_ = [await _half_asked(stack, port) for _ in range(4)]
        async with asyncio.timeout(30), ClientSession() as http:
            for _ in range(6):
                async with http.get(f"http://127.0.0.1:{port}/readyz", headers={"Connection": "close"}) as answer:
                    assert answer.status == 200
            with suppress(ConnectionResetError):
                assert await first.read() == b""
            while limit.inside("127.0.0.1")["at_once"] > 4:  # noqa: ASYNC110  nobody tells of it
                await asyncio.sleep(0.01)


async def _half_asked(stack: AsyncExitStack, port: int) -> asyncio.StreamReader:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    stack.callback(writer.close)
    writer.write(HALF_A_HEADER)
    return reader


async def test_who_reads_no_answer_holds_no_place_for_ever(desk: Desk) -> None:
    limit = ConnectionLimit(8, per_address=1)
    async with listening_page(desk, limit=limit, read_within=0.2) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)  # the rest stays with the system
        writer.write(b"GET /static/app.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2000)
        await reader.read(1)
        assert limit.inside("127.0.0.1")["at_once"] == 1
        while limit.inside("127.0.0.1")["at_once"]:  # noqa: ASYNC110  nobody tells of it
            await asyncio.sleep(0.02)
        writer.close()


async def _drip(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"a")
        await asyncio.sleep(0.05)


async def test_a_stream_that_lasts_is_no_idle_connection(desk: Desk) -> None:
    await let_in(desk.database, desk.clock())
    async with listening_page(desk, idle=0.1) as port, asyncio.timeout(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        cookie = f"{COOKIE}={BROWSER}".encode()
        writer.write(b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: " + cookie + b"\r\n\r\n")
        await reader.readuntil(b"event: beat")
        await asyncio.sleep(0.5)
        await desk.call(missed_call())
        await reader.readuntil(b"event: changed")
        writer.close()


async def test_a_page_for_the_network_is_asked_for_by_any_address_it_is_reached_at(desk: Desk) -> None:
    await add_user(desk)
    async with listening_page(desk, host="0.0.0.0") as port, ClientSession() as http:
        for host, status in (("127.0.0.5", 200), ("127.0.0.6", 403), ("evil.example", 403)):
            async with http.get(f"http://127.0.0.5:{port}/sign-in", headers={"Host": f"{host}:{port}"}) as answer:
                assert answer.status == status


# --- TLS ----------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_of_the_last_century_and_plain_http_get_nothing_from_a_page_with_a_certificate(
    desk: Desk, tmp_path: Path
) -> None:
    certificate = made_in(tmp_path)
    settings = WebSettings(certificate=certificate, key=certificate)
    app = create_app(desk.database, desk.office, settings, health=Faults(desk), clock=desk.clock)
    runner = listener.runner(app, close_within=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls(settings)).start()
    port = runner.addresses[0][1]
    old = ssl.create_default_context(cafile=str(certificate))
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection("127.0.0.1", port, ssl=old)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert b"HTTP/1.1 200" not in await reader.read()
    writer.close()
    await runner.cleanup()

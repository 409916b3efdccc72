"""Behind a proxy: whose word counts, and every address of the page under the path that the proxy shows it at."""

import html
import re
import socket
import tomllib
from dataclasses import replace
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp import ClientResponse
from multidict import CIMultiDict, CIMultiDictProxy
from structlog.testing import capture_logs

from bridge.web import forwarded
from bridge.web.forwarded import Forwarded
from bridge.web.refusals import is_own_name
from bridge.web.security import COOKIE, TOKEN
from bridge.web.settings import WebSettings
from storage.users import UserRole
from tests.desk import Desk, missed_call, text
from tests.web.served import Client, served
from tests.web.test_page import Page
from tests.web.test_sign_in import PASSWORD, add_user

NAME = "office.example"
US = WebSettings(hosts=(NAME,), trusted_proxies=(ip_network("127.0.0.1"), ip_network("10.0.0.0/8")))
SAID = {
    "X-Forwarded-For": "192.0.2.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": NAME,
    "X-Forwarded-Prefix": "/calls",
}
ADDRESSES = re.compile(r"""\b(?:href|src|action|formaction|hx-\w+|data-calm|data-waiting|data-urgent)=["'](/[^"']*)""")


def told(**headers: str) -> Forwarded:
    named = CIMultiDict({name.replace("_", "-"): value for name, value in headers.items()})
    standard = [
        dict(part.split("=") for part in one.split(";")) for one in headers.get("standard", "").split(",") if one
    ]
    return forwarded.read(CIMultiDictProxy(named), standard, "127.0.0.1", US.is_proxy)


@pytest.mark.parametrize(
    ("chain", "visitor"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7", "192.0.2.7"),  # the first is what the visitor says of itself
        ("192.0.2.7, 10.0.0.3", "192.0.2.7"),
        ("203.0.113.9, 192.0.2.7:4711, 10.0.0.3, 10.0.0.4", "192.0.2.7"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("10.0.0.3", "10.0.0.3"),
        ("192.0.2.7, unknown", "127.0.0.1"),
        ("<script>", "127.0.0.1"),
        ("", "127.0.0.1"),
    ],
)
def test_the_visitor_is_the_last_address_that_no_proxy_of_ours_has(chain: str, visitor: str) -> None:
    assert told(X_Forwarded_For=chain).remote == visitor


def test_the_standard_header_says_the_same_where_it_is_the_only_one() -> None:
    assert told(standard="for=203.0.113.9,for=192.0.2.7;proto=https;host=office.example") == Forwarded(
        "192.0.2.7", "https", NAME
    )
    assert told(standard="for=203.0.113.9", X_Forwarded_For="192.0.2.7").remote == "192.0.2.7"


@pytest.mark.parametrize("path", ["calls", "//evil.example", "/a b", "/../etc", '/"><script>', "/x?y", "/" + "a" * 99])
def test_a_path_that_is_none_is_not_believed(path: str) -> None:
    assert told(X_Forwarded_Prefix=path).root == ""
    assert told(X_Forwarded_Prefix="/calls/").root == "/calls"


# --- the page ---------------------------------------------------------------------------------------------------------


async def signed_in(client: Client, said: dict[str, str]) -> dict[str, str]:
    """The headers of Ann's browser behind that proxy."""
    client.session.cookie_jar.clear()
    async with client.get("/sign-in", headers=said) as answer:
        form, cookie = Page(await answer.text()), answer.cookies[COOKIE]
    fields = {TOKEN: form.hidden[TOKEN], "name": "Ann", "password": PASSWORD}
    origin = {"Origin": f"https://{NAME}", "Cookie": f"{COOKIE}={cookie.value}"}
    async with client.post("/sign-in", data=fields, headers=said | origin, allow_redirects=False) as answer:
        assert (answer.status, answer.headers["Location"]) == (303, f"{said.get('X-Forwarded-Prefix', '')}/")
        cookie = answer.cookies[COOKIE]
    assert (cookie["secure"], cookie["path"]) == (True, f"{said.get('X-Forwarded-Prefix', '')}/")
    return said | {"Origin": f"https://{NAME}", "Cookie": f"{COOKIE}={cookie.value}"}


@pytest.mark.parametrize("root", ["", "/calls"])
async def test_one_signs_in_behind_a_proxy_and_every_address_is_under_its_path(desk: Desk, root: str) -> None:
    await add_user(desk, "Ann", UserRole.ADMIN)
    for _ in range(2):
        await desk.call(missed_call())
    await desk.inbox.received(text("leak at 12 Elm St, call my wife at 202 555 0177"))
    await desk.inbox.received(text("hello", "nobody"))
    said = SAID | {"X-Forwarded-Prefix": root}
    async with served(desk, settings=US) as client:
        browser = await signed_in(client, said)
        seen = set()
        for path in (
            "/",
            "/done",
            "/print",
            "/callbacks/1",
            "/on-call",
            "/contacts",
            "/filtered",
            "/settings",
            "/users",
            "/figures",
            "/none",
        ):
            async with client.get(path, headers=browser) as answer:
                assert answer.status == (404 if path == "/none" else 200), path
                found = ADDRESSES.findall(await answer.text())
            assert found, path
            assert [one for one in found if not one.startswith(f"{root}/")] == [], path
            seen |= {one.removeprefix(root).partition("?")[0] for one in found}
        for path in (one for one in seen if one.startswith(("/static/", "/contacts", "/figures", "/callbacks"))):
            async with client.get(path, headers=browser) as answer:
                assert answer.status in (200, 404, 405), path


async def test_without_trust_such_headers_change_nothing(desk: Desk) -> None:
    await add_user(desk, "Ann")
    async with served(desk) as client:
        client.session.cookie_jar.clear()
        async with client.get("/sign-in", headers=SAID) as answer:
            assert answer.status == 200
            assert (answer.cookies[COOKIE]["secure"], answer.cookies[COOKIE]["path"]) == ("", "/")
            assert "/calls" not in await answer.text()


async def test_many_questions_at_once_of_one_visitor_leave_places_for_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.ops.sockets.MOST", 32)
    await add_user(desk, "Ann")
    async with served(desk, settings=US) as client:
        ann = await signed_in(client, SAID)
        streams = [await client.get("/events", headers=ann) for _ in range(9)]
        assert [stream.status for stream in streams] == [200] * 8 + [503]
        async with client.get("/sign-in", headers=SAID | {"X-Forwarded-For": "192.0.2.8"}) as answer:
            assert answer.status == 200
        for stream in streams:
            stream.close()


async def signing_in(client: Client, password: str = PASSWORD, **headers: str) -> ClientResponse:
    """With the form that the page gave to that browser."""
    async with client.get("/sign-in") as answer:
        token = Page(await answer.text()).hidden[TOKEN]
    sent = {TOKEN: token, "name": "Ann", "password": password}
    return await client.post(
        "/sign-in", data=sent, headers={name.replace("_", "-"): said for name, said in headers.items()}
    )


async def refused(client: Client) -> dict[str, Any]:
    async with client.get("/healthz") as answer:
        told: dict[str, Any] = await answer.json()
    return told


@pytest.mark.parametrize(
    ("settings", "lines"),
    [
        (WebSettings(), {"hosts": [NAME], "trusted_proxies": ["127.0.0.1"]}),
        (replace(US, hosts=("a.example",)), {"hosts": ["a.example", NAME]}),
        (US, {}),
    ],
    ids=["a proxy that nobody told of", "a name that nobody told of", "a proxy that says nothing"],
)
async def test_who_works_here_is_told_what_to_write_and_so_are_log_and_doctor(
    desk: Desk, settings: WebSettings, lines: dict[str, list[str]]
) -> None:
    await add_user(desk, "Ann")
    async with served(desk, settings=settings) as client:
        with capture_logs() as logs:
            async with await signing_in(client, Origin=f"https://{NAME}") as answer:
                assert answer.status == 403
                shown = html.unescape(await answer.text())
        advice = (await refused(client))["refused"]
    assert advice
    assert advice in shown
    written = tomllib.loads(advice)
    assert {name: one[-len(lines[name]) :] for name, one in written.items()} == lines
    assert ("let the proxy send X-Forwarded-Host" in advice) is (settings is US)
    assert "with its port" not in advice
    (entry,) = [one for one in logs if one["event"] == "page.refused"]
    assert entry["do"] == f"[web] {advice}".replace("\n", "; ")


async def test_a_proxy_that_leaves_out_its_port_is_told(desk: Desk) -> None:
    await add_user(desk, "Ann")
    async with (
        served(desk, settings=US) as client,
        await signing_in(client, Host=NAME, Origin=f"https://{NAME}:8443") as answer,
    ):
        assert (answer.status, "with its port" in await answer.text()) == (403, True)


async def test_what_strangers_ask_for_is_counted_and_neither_advised_nor_takes_the_place_of_advice(desk: Desk) -> None:
    await add_user(desk, "Ann")
    async with served(desk) as client:
        for n in range(20):
            for headers in ({"Host": f"evil{n}.example"}, {"Host": "10.evil.example"}, {"Host": "<b>x</b>"}):
                async with client.get("/", headers=headers | SAID) as answer:
                    assert "evil" not in await answer.text()
        await signing_in(client, "wrong horse", Origin="https://evil.example")
        async with client.post("/sign-in", data={"name": "Ann"}, headers={"Origin": "https://evil.example"}):
            assert (await refused(client))["refused"] == ""
        for n in range(9):
            await signing_in(client, Origin=f"https://office{n}.example")
        told = await refused(client)
        assert tomllib.loads(told["refused"])["hosts"] == [f"office{n}.example" for n in range(4)]
        assert told["refusals"] == {"host": 60, "origin": 11}
        async with client.get("/metrics") as answer:
            assert 'textback_count{what="page_refused_host"} 60.0' in await answer.text()


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        *[(name, True) for name in ("pbx", "PBX.lan", "pbx.home.arpa")],
        *[
            (name, False)
            for name in (
                "pbx.evil.example",
                "office.lan",
                "10.0.0.7",
                "::ffff:10.0.0.7",
                "evil.example",
                "lan",
                "127.0.0.9",
            )
        ],
    ],
)
def test_a_name_is_this_machines_own_where_nobody_outside_can_have_it(
    monkeypatch: pytest.MonkeyPatch, name: str, ours: bool
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "PBX.office.example")
    assert is_own_name(name.casefold()) is ours


async def test_a_link_that_was_refused_stands_in_no_log(desk: Desk) -> None:
    """It still opens the page, by the right name."""
    async with served(desk) as client:
        with capture_logs() as logs:
            async with client.get("/link/59VKFaier", headers={"Host": NAME}) as answer:
                assert answer.status == 403
    assert [one["path"] for one in logs if one["event"] == "page.refused"] == ["/link/..."]

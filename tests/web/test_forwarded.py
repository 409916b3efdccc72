"""Behind a proxy: whose word counts, and every address of the page under the path that the proxy shows it at."""

import re
from dataclasses import replace
from ipaddress import ip_network

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from structlog.testing import capture_logs

from bridge.web import forwarded
from bridge.web.forwarded import Forwarded
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
            "/rows/1?tab=to_call",
            "/none",
        ):
            async with client.get(path, headers=browser) as answer:
                assert answer.status == (404 if path == "/none" else 200), path
                found = ADDRESSES.findall(await answer.text())
            assert found or path.startswith("/rows"), path
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


@pytest.mark.parametrize(
    ("settings", "headers", "setting"),
    [
        (WebSettings(), {"Host": NAME}, f'hosts = ["{NAME}"]'),
        (replace(US, hosts=("a.example",)), SAID, f'hosts = ["a.example", "{NAME}"]'),
        (WebSettings(), {"Origin": f"https://{NAME}"}, f'hosts = ["{NAME}"], trusted_proxies = ["127.0.0.1"]'),
        (US, {"Origin": f"https://{NAME}"}, "let the proxy send X-Forwarded-Host"),
        (WebSettings(), {"Host": "<b>x</b>"}, ""),
    ],
    ids=["name", "name behind the proxy", "a proxy that nobody told of", "a proxy that says nothing", "no name"],
)
async def test_who_is_refused_is_told_what_to_write_and_so_are_log_and_doctor(
    desk: Desk, settings: WebSettings, headers: dict[str, str], setting: str
) -> None:
    async with served(desk, settings=settings) as client:
        with capture_logs() as logs:
            async with client.post("/sign-in", headers=headers) as answer:
                assert answer.status == 403
                shown = Page(await answer.text()).words
        async with client.get("/healthz") as answer:
            kept = (await answer.json())["refused"]
    (entry,) = [one for one in logs if one["event"] == "page.refused"]
    assert bool(setting) is bool(kept) is ("do" in entry)
    assert setting in shown
    assert setting in kept
    assert setting in entry.get("do", "")


async def test_a_link_that_was_refused_stands_in_no_log(desk: Desk) -> None:
    """It still opens the page, by the right name."""
    async with served(desk) as client:
        with capture_logs() as logs:
            async with client.get("/link/59VKFaier", headers={"Host": NAME}) as answer:
                assert answer.status == 403
    assert [one["path"] for one in logs if one["event"] == "page.refused"] == ["/link/..."]

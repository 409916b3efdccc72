"""Behind a real nginx, set up by the very lines of the guide, with TLS ended there: at the top and under a path."""

import asyncio
import html
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import ClientSession
from playwright.async_api import Browser, Page, expect

from bridge.web.security import COOKIE, TOKEN
from bridge.web.settings import WebSettings
from storage.users import UserRole
from tests.desk import CUSTOMER, OTHER, Desk, missed_call
from tests.end_to_end.guides import blocks
from tests.lab.asterisk import REPOSITORY
from tests.lab.fixtures import missing
from tests.lab.prepare import NGINX
from tests.ports import reserve
from tests.web.chromium import windows_in
from tests.web.served import served
from tests.web.test_listener import made_in
from tests.web.test_page import Page as Words
from tests.web.test_sign_in import PASSWORD, add_user

GUIDE = REPOSITORY / "bridge" / "deploy" / "README.md"
NAME = "office.localhost"  # which a browser finds on this machine
US = WebSettings(hosts=(NAME,), trusted_proxies=(ip_network("127.0.0.1"),))
SERVER = """
daemon off;
master_process off;
pid {place}/pid;
error_log {place}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {place}/body;
    proxy_temp_path {place}/proxy;
    fastcgi_temp_path {place}/fastcgi;
    uwsgi_temp_path {place}/uwsgi;
    scgi_temp_path {place}/scgi;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate};
        ssl_certificate_key {certificate};
        {location}
    }}
}}
"""


def guided(root: str) -> str:
    """The lines of the guide for that path."""
    (found,) = [one.text for one in blocks(GUIDE) if one.language == "nginx" and f"location {root}/ " in one.text]
    return found


@asynccontextmanager
async def nginx(place: Path, page: int, location: str) -> AsyncIterator[str]:
    """Before the page at that port; its own address."""
    command = shutil.which("nginx") or (str(NGINX) if NGINX.exists() else "")
    if not command:
        missing("nginx is not here: run `python -m tests.lab.prepare` as root")
    port, config = reserve(), place / "nginx.conf"
    lines = location.replace("127.0.0.1:8080", f"127.0.0.1:{page}")
    config.write_text(SERVER.format(place=place, port=port, certificate=made_in(place), location=lines))
    process = await asyncio.create_subprocess_exec(command, "-p", place, "-c", config, "-e", place / "error.log")
    try:
        async with asyncio.timeout(10):
            while not (place / "pid").exists():
                assert process.returncode is None, (place / "error.log").read_text()
                await asyncio.sleep(0.02)
        yield f"https://{NAME}:{port}"
    finally:
        process.terminate()
        await process.wait()


async def sign_in(page: Page) -> None:
    await page.get_by_label("Name", exact=True).fill("Ann")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


@pytest.mark.browser
@pytest.mark.parametrize("root", ["", "/calls"], ids=["top", "path"])
async def test_by_the_lines_of_the_guide_one_signs_in_works_and_sees_what_changes(
    desk: Desk, chromium: Browser, tmp_path: Path, root: str
) -> None:
    await add_user(desk, "Ann", UserRole.ADMIN)
    await desk.call(missed_call(CUSTOMER))
    async with served(desk, settings=US) as client, windows_in(chromium) as browser:
        assert client.server.port
        async with nginx(tmp_path, client.server.port, guided(root)) as address:
            window = await browser.new_context(ignore_https_errors=True)
            page = await window.new_page()
            page.set_default_timeout(10_000)
            await page.goto(f"{address}{root}/contacts")
            await sign_in(page)
            await expect(page).to_have_url(f"{address}{root}/contacts")
            (cookie,) = [one for one in await window.cookies() if one["name"] == COOKIE]
            assert (cookie["secure"], cookie["httpOnly"], cookie["path"]) == (True, True, f"{root}/")

            await page.locator("a.brand").click()
            await expect(page).to_have_url(f"{address}{root}/")
            await expect(page.locator("body[data-heard]")).to_be_attached()
            await desk.call(missed_call(OTHER))
            await expect(page.get_by_role("article")).to_have_count(2)

            row = page.get_by_role("article").filter(has_text=re.compile("555-0123"))
            await row.get_by_text("Snooze").click()
            await row.locator(".panel button:visible").first.click()
            await expect(page.get_by_role("article")).to_have_count(1)
            await page.get_by_role("button", name="Undo").click()
            await expect(page.get_by_role("article")).to_have_count(2)

            await page.get_by_role("button", name="Sign out").click()
            await expect(page.get_by_label("Password")).to_be_visible()
            await window.close()


async def test_a_default_proxy_is_told_which_lines_it_lacks_and_nobody_behind_it_how_it_goes(
    desk: Desk, tmp_path: Path
) -> None:
    await add_user(desk, "Ann")
    plain = "location / { proxy_pass http://127.0.0.1:8080; }"
    settings = WebSettings(metrics_token="0123456789abcdef")
    async with served(desk, settings=settings) as client:
        assert client.server.port
        async with nginx(tmp_path, client.server.port, plain) as address, ClientSession() as http:
            here = address.replace(NAME, "127.0.0.1")
            for path, status in (("/metrics", 403), ("/healthz", 403), ("/readyz", 200)):
                async with http.get(here + path, ssl=False) as answer:
                    assert answer.status == status
            form = f"{here}/sign-in"
            async with http.get(form, ssl=False) as answer:
                token = Words(await answer.text()).hidden[TOKEN]
                cookie = answer.cookies[COOKIE].value
            sent = {TOKEN: token, "name": "Ann", "password": PASSWORD}
            headers = {"Origin": address, "Cookie": f"{COOKIE}={cookie}"}
            async with http.post(form, data=sent, headers=headers, ssl=False) as answer:
                assert answer.status == 403
                shown = html.unescape(await answer.text())
        lines = f'hosts = ["{NAME}"]\ntrusted_proxies = ["127.0.0.1"]'
        assert lines in shown
        async with client.get("/healthz", headers={"Authorization": f"Bearer {settings.metrics_token}"}) as answer:
            assert (await answer.json())["refused"] == lines

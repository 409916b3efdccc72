"""What doctor says of who gets to see the page."""

import asyncio
from ipaddress import ip_network
from pathlib import Path

import pytest

from bridge.config import load
from bridge.doctor import page
from bridge.doctor.local import CheckResult
from bridge.doctor.page import seen_as
from bridge.web.settings import WebSettings
from storage import users
from storage.database import Database
from storage.users import UserRole
from tests.desk import MONDAY_NOON, Desk
from tests.site import example
from tests.web.served import served
from tests.web.test_sign_in import HASH

__all__ = ["example"]


def test_a_name_or_a_proxy_that_the_page_refused_comes_with_the_lines_that_let_it_in_and_strangers_without() -> None:
    lines = 'hosts = ["office.example"]\ntrusted_proxies = ["127.0.0.1"]'
    advised, counted = page.refused({"refused": lines, "refusals": {"host": 3, "origin": 2, "token": 9}})
    assert (advised.level, advised.remedy) == (CheckResult.WARNING, f"[web]\n{lines}")
    assert (counted.level, "5 requests" in counted.said) == (CheckResult.OK, True)
    assert list(page.refused({})) == []


async def test_it_says_whether_anybody_can_sign_in(example: Path) -> None:
    config = load(example, {})
    assert (await page.who_signs_in(config)).level is CheckResult.NOT_LOOKED
    async with await Database.open(config.database) as database:
        assert (await page.who_signs_in(config)).said == page.NOBODY_YET
        async with database.transaction() as tx:
            await users.insert(tx, "Ann", UserRole.ADMIN, HASH, "root", MONDAY_NOON)
        assert (await page.who_signs_in(config)).said == "1 may sign in"
        async with database.transaction() as tx:
            ann = await users.named(tx, "Ann")
            assert ann
            await users.disable(tx, ann, "root", MONDAY_NOON)
        assert (await page.who_signs_in(config)).level is CheckResult.WARNING


@pytest.mark.parametrize(("writes", "level"), [("", CheckResult.WARNING), ("198.51.100.7", CheckResult.OK)])
async def test_a_proxy_that_passes_on_what_visitors_say_of_themselves_is_named(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, writes: str, level: CheckResult
) -> None:
    settings = WebSettings(hosts=("office.example",), trusted_proxies=(ip_network("127.0.0.1"),))
    async with served(desk, settings=settings) as client:

        def through_the_proxy(claimed: str, _: str) -> str:
            return seen_as(writes or claimed, str(client.make_url("")).rstrip("/"))

        monkeypatch.setattr(page, "seen_as", through_the_proxy)
        [found] = await asyncio.to_thread(lambda: list(page.proxies(settings)))
    assert found.level is level


def test_where_no_proxy_is_trusted_none_is_asked() -> None:
    assert list(page.proxies(WebSettings(hosts=("office.example",)))) == []

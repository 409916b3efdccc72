"""Until there are users nobody sees anything but by a link that was printed on the machine itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.web.page_link import new_link
from bridge.web.security import COOKIE
from storage import page_links
from storage.database import Database
from tests import site
from tests.desk import Desk, missed_call
from tests.web.served import Client, served
from tests.web.test_page import Page
from tests.web.test_sign_in import add_user


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    """A browser that nobody has let in."""
    await desk.call(missed_call())
    async with served(desk) as made:
        made.session.cookie_jar.clear()
        yield made


async def sees(client: Client, path: str = "/", **headers: str) -> int:
    async with client.get(path, headers=headers) as answer:
        words = await answer.text()
        assert ("(202)" in words) is (answer.status == 200)
        return answer.status


async def link(desk: Desk) -> str:
    return (await new_link(desk.database, "http://127.0.0.1:8080/", desk.clock())).removeprefix("http://127.0.0.1:8080")


@pytest.mark.parametrize("path", ["/", "/callbacks/1", "/events", "/contacts", "/figures.csv", "/sign-in"])
async def test_coming_from_this_machine_is_no_proof(client: Client, path: str) -> None:
    assert await sees(client, path, **{"X-Forwarded-For": "127.0.0.1", "Host": "localhost"}) == 401
    async with client.get(path) as answer:
        assert "textback page-link" in Page(await answer.text()).words


async def test_the_link_opens_the_page_once_and_for_one_browser(client: Client, desk: Desk) -> None:
    once = await link(desk)
    async with client.head(once) as answer:  # as previews and scanners of links ask
        assert answer.status == 405
    assert await sees(client, once) == 200
    assert await sees(client) == 200
    assert await sees(client, once) == 200  # who clicks again is shown the list
    client.session.cookie_jar.clear()
    async with client.get(once) as answer:
        assert (answer.status, "`textback page-link` prints a new one" in await answer.text()) == (410, True)
    assert await sees(client) == 401


async def test_the_link_lasts_for_half_an_hour_and_the_browser_for_a_month(client: Client, desk: Desk) -> None:
    late, in_time = await link(desk), await link(desk)
    desk.clock.advance(minutes=29)
    assert await sees(client, in_time) == 200
    desk.clock.advance(minutes=2)
    assert await sees(client, late) == 410
    desk.clock.advance(days=29)
    assert await sees(client) == 200
    desk.clock.advance(days=2)
    assert await sees(client) == 401


async def test_with_the_first_user_every_link_and_every_browser_of_one_is_out(client: Client, desk: Desk) -> None:
    used, unused = await link(desk), await link(desk)
    assert await sees(client, used) == 200
    await add_user(desk)
    assert await sees(client) == 401
    assert await sees(client, unused) == 410
    assert await new_link(desk.database, "http://127.0.0.1:8080/", desk.clock()) == ""


async def test_the_database_holds_nothing_that_opens_the_page(client: Client, desk: Desk) -> None:
    token = (await link(desk)).rpartition("/")[2]
    await sees(client, f"/link/{token}")
    held = await desk.column("SELECT hex(digest) || hex(browser) FROM page_link")
    cookie = client.session.cookie_jar.filter_cookies(client.make_url("/"))[COOKIE].value
    for secret in (token, cookie):
        assert secret.encode().hex() not in str(held).lower()


async def test_links_that_ran_out_are_swept_away(desk: Desk) -> None:
    for _ in range(3):
        await link(desk)
        desk.clock.advance(seconds=page_links.OPENS_WITHIN.seconds + 1)
    await link(desk)
    assert await desk.column("SELECT count(*) FROM page_link") == [1]


async def test_the_command_prints_one_while_the_daemon_has_the_database(tmp_path: Path) -> None:
    config = site.write(tmp_path, web={"listen": "0.0.0.0:8321"})
    assert "start `textback run` once" in site.run("page-link", "--config", str(config)).stderr
    async with await Database.open(tmp_path / "textback.db") as database:
        printed = site.run("page-link", "--config", str(config))
        address, _, token = printed.stdout.splitlines()[0].rpartition("/")
        assert address == "http://127.0.0.1:8321/link"
        async with database.read() as db:
            made = await db.only("SELECT made_at FROM page_link")
        assert token not in str(dict(made))
        assert datetime.now(UTC) - datetime.fromtimestamp(made["made_at"] / 1000, UTC) < timedelta(minutes=1)

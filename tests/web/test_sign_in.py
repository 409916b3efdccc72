"""Signing in: who may come in, what a session is worth, and that nothing typed is lost when it ends."""

import asyncio
import html
import importlib.util
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp import ClientResponse
from structlog.testing import capture_logs

from bridge.web import auth, passwords, throttle
from bridge.web.security import COOKIE, TOKEN
from bridge.web.throttle import SignInThrottle, SignInTry
from storage import users
from storage.errors import ForbiddenError
from storage.users import UserRole
from tests.desk import MONDAY_NOON, Desk, missed_call
from tests.web.served import Client, served
from tests.web.test_event_stream import told
from tests.web.test_page import Page

PASSWORD = "correct horse"
HASH = passwords.hashed(PASSWORD)


def test_outside_tests_a_guess_costs_64_mb_and_three_rounds() -> None:
    spec = importlib.util.find_spec("bridge.web.passwords")
    assert spec
    assert spec.loader
    shipped = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(shipped)
    assert shipped.hashed(PASSWORD).startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def add_user(desk: Desk, name: str = "Ann", role: UserRole = UserRole.STAFF) -> None:
    async with desk.database.transaction() as tx:
        await users.insert(tx, name, role, HASH, "root", desk.clock())


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    """An office with one user, Ann, who is not signed in."""
    await add_user(desk)
    await desk.call(missed_call())
    async with served(desk) as made:
        yield made


def origin(client: Client) -> dict[str, str]:
    return {"Origin": str(client.make_url("/")).rstrip("/")}


async def post(client: Client, path: str, **fields: str | int) -> ClientResponse:
    async with client.get("/sign-in") as answer:
        page = Page(await answer.text())
    return await client.post(path, data={TOKEN: page.hidden[TOKEN]} | fields, headers=origin(client))


async def sign_in(client: Client, name: str = "Ann", password: str = PASSWORD, **more: str) -> tuple[int, Page]:
    answer = await post(client, "/sign-in", name=name, password=password, **more)
    return answer.status, Page(await answer.text())


def cookie(client: Client) -> str:
    return client.session.cookie_jar.filter_cookies(client.make_url("/"))[COOKIE].value


@pytest.mark.parametrize("path", ["/", "/snoozed", "/callbacks/1", "/count", "/events", "/nonsense"])
async def test_nothing_of_a_customer_is_shown_before_signing_in(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 401
        words = await answer.text()
    assert "Sign in" in words
    assert "(202)" not in words


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
async def test_machines_need_no_session(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 200


async def test_machines_are_told_how_it_goes_while_the_database_cannot_be_read(client: Client, desk: Desk) -> None:
    for file in desk.database.path.parent.iterdir():
        file.write_bytes(b"no database" * 1000)
    for path, status in (("/", 503), ("/healthz", 200), ("/readyz", 200), ("/metrics", 200)):
        async with client.get(path) as answer:
            assert answer.status == status, path


async def test_with_name_and_password_one_is_in_and_named_in_what_one_does(client: Client, desk: Desk) -> None:
    status, page = await sign_in(client, "ann")
    assert status == 200
    assert "(202) 555-0123" in page.words
    row = await desk.row()
    fields = {TOKEN: page.hidden[TOKEN], "version": str(row.version), "back": "to_call"}
    async with client.post(f"/callbacks/{row.id}/claim", data=fields, headers=origin(client)) as answer:
        assert answer.status == 200
    assert (await desk.row()).owner == "Ann"


async def test_one_comes_to_where_one_wanted_to_go_and_nowhere_else(client: Client) -> None:
    async with client.get("/callbacks/1") as answer:
        asked = Page(await answer.text())
    assert asked.hidden["next"] == "/callbacks/1"
    for path, where in (
        ("/snoozed", "/snoozed"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("x:y", "/"),
        ("/../", "/"),
    ):
        answer = await post(client, "/sign-in", name="Ann", password=PASSWORD, next=path)
        assert answer.history[-1].headers["Location"] == where
        await post_out(client)


async def post_out(client: Client) -> None:
    async with client.get("/") as answer:
        page = Page(await answer.text())
    async with client.post("/sign-out", data={TOKEN: page.hidden[TOKEN]}, headers=origin(client)) as answer:
        assert answer.status == 401  # the list, which asks to sign in


async def test_signing_out_ends_the_session_also_for_who_kept_the_cookie(client: Client) -> None:
    await sign_in(client)
    before = cookie(client)
    await post_out(client)
    client.session.cookie_jar.clear()
    async with client.get("/", headers={"Cookie": f"{COOKIE}={before}"}) as answer:
        assert answer.status == 401


async def stream_of(client: Client, name: str, password: str = PASSWORD) -> ClientResponse:
    """An event stream of a browser of its own, in which that user is signed in."""
    client.session.cookie_jar.clear()
    assert (await sign_in(client, name, password))[0] == 200
    stream = await client.get("/events")
    assert await told(stream) == ("beat", [])
    return stream


async def goes_on(stream: ClientResponse, desk: Desk) -> None:
    async with asyncio.timeout(5):
        await desk.call(missed_call())
        while 1 not in (await told(stream))[1]:  # alone, or with what else was committed just then
            pass


async def has_ended(stream: ClientResponse) -> None:
    async with asyncio.timeout(5):
        await stream.content.read()


async def test_a_stream_ends_when_its_session_does_and_no_other_one(client: Client, desk: Desk) -> None:
    await add_user(desk, "Bob")
    other, stream = await stream_of(client, "Bob"), await stream_of(client, "Ann")
    await post_out(client)
    await has_ended(stream)
    await goes_on(other, desk)


@pytest.mark.parametrize("disabled", [True, False], ids=["disabled", "new password"])
async def test_a_stream_ends_with_the_user_and_with_their_password(client: Client, desk: Desk, disabled: bool) -> None:
    await add_user(desk, "Bob")
    other, stream = await stream_of(client, "Bob"), await stream_of(client, "Ann")
    async with desk.database.transaction() as tx:
        ann = await users.named(tx, "Ann")
        assert ann
        if disabled:
            await users.disable(tx, ann, "root", desk.clock())
        else:
            await users.set_password(tx, ann, HASH, "root", desk.clock())
    await has_ended(stream)
    await goes_on(other, desk)


async def test_a_cookie_that_was_planted_before_is_worth_nothing_after(client: Client) -> None:
    async with client.get("/sign-in"):
        planted = cookie(client)
    await sign_in(client)
    assert cookie(client) != planted
    client.session.cookie_jar.clear()
    async with client.get("/", headers={"Cookie": f"{COOKIE}={planted}"}) as answer:
        assert answer.status == 401


async def test_the_database_holds_nothing_that_would_open_a_session(client: Client, desk: Desk) -> None:
    await sign_in(client)
    digests = await desk.column("SELECT hex(digest) FROM session")
    assert len(digests) == 1
    assert cookie(client).encode().hex() not in str(digests[0]).lower()


@pytest.mark.parametrize(("name", "password"), [("Ann", "wrong horse"), ("Mallory", PASSWORD), ("", ""), ("Ann", "")])
async def test_a_wrong_name_and_a_wrong_password_get_the_same_words(client: Client, name: str, password: str) -> None:
    with capture_logs() as logs:
        status, page = await sign_in(client, name, password)
    assert status == 401
    assert "Name or password is not right." in page.words
    assert [entry["event"] for entry in logs] == ["signin.failed"]
    assert logs[0]["remote"] == "127.0.0.1"


async def test_guessing_is_slowed_down_even_with_the_right_password_and_told_in_one_line(
    client: Client, desk: Desk
) -> None:
    for _ in range(throttle.TRIES):
        assert (await sign_in(client, "Ann", "wrong horse"))[0] == 401
    with capture_logs() as logs:
        status, page = await sign_in(client)
    assert status == 429
    assert "Try again in 10 min." in page.words
    assert [entry["event"] for entry in logs] == ["signin.throttled"]
    desk.clock.advance(minutes=10)
    assert (await sign_in(client))[0] == 200


async def test_a_colleague_beside_whoever_guesses_still_signs_in(client: Client, desk: Desk) -> None:
    await add_user(desk, "Bob")
    for _ in range(throttle.TRIES + 1):
        status, _ = await sign_in(client, "Ann", "wrong horse")
    assert status == 429
    assert (await sign_in(client, "Bob"))[0] == 200


async def test_many_tries_at_once_are_many_tries(client: Client) -> None:
    async with client.get("/sign-in") as answer:
        fields = {TOKEN: Page(await answer.text()).hidden[TOKEN], "name": "Ann", "password": "wrong"}
    tries = [client.post("/sign-in", data=fields, headers=origin(client)) for _ in range(20)]
    answers = await asyncio.gather(*tries)
    assert sorted(answer.status for answer in answers) == [401] * throttle.TRIES + [429] * (20 - throttle.TRIES)


async def test_a_session_ends_after_a_night_and_lives_while_it_is_used(client: Client, desk: Desk) -> None:
    await sign_in(client)
    for _ in range(20):
        desk.clock.advance(hours=11)
        async with client.get("/") as answer:
            assert answer.status == 200
    desk.clock.advance(hours=12, minutes=1)
    async with client.get("/") as answer:
        assert answer.status == 401


async def test_no_session_lives_for_ever(client: Client, desk: Desk) -> None:
    await sign_in(client)
    end = desk.clock() + users.LONGEST
    while desk.clock() < end:
        desk.clock.advance(hours=11)
        async with client.get("/") as answer:
            status = answer.status
    assert status == 401


async def test_who_is_disabled_is_out_at_once_and_stays_out(client: Client, desk: Desk) -> None:
    await sign_in(client)
    async with desk.database.transaction() as tx:
        ann = await users.named(tx, "Ann")
        assert ann
        assert await users.disable(tx, ann, "root", desk.clock())
    async with client.get("/") as answer:
        assert answer.status == 401
    assert (await sign_in(client))[0] == 401


async def test_a_new_password_ends_the_sessions_of_the_old_one(client: Client, desk: Desk) -> None:
    await sign_in(client)
    async with desk.database.transaction() as tx:
        ann = await users.named(tx, "Ann")
        assert ann
        await users.set_password(tx, ann, passwords.hashed("another horse"), "root", desk.clock())
    async with client.get("/") as answer:
        assert answer.status == 401
    assert (await sign_in(client))[0] == 401
    assert (await sign_in(client, password="another horse"))[0] == 200


@pytest.mark.parametrize("elsewhere", [False, True], ids=["by itself", "in another window"])
async def test_what_was_typed_when_the_session_ended_is_there_after_signing_in(
    client: Client, desk: Desk, elsewhere: bool
) -> None:
    _, page = await sign_in(client)
    if elsewhere:  # which gives the browser another cookie: the form is older than that
        client.session.cookie_jar.clear()
    else:
        desk.clock.advance(hours=13)
    row = await desk.row()
    note = 'call after 5 <b> "now"'
    fields = {TOKEN: page.hidden[TOKEN], "version": str(row.version), "back": "row", "note": note}
    async with client.post(f"/callbacks/{row.id}/note", data=fields, headers=origin(client)) as answer:
        assert answer.status == 401
        asked = Page(await answer.text())
    assert "Your session has ended" in asked.words
    assert note in asked.words
    _, again = await sign_in(client, unfinished=html.unescape(asked.hidden["unfinished"]))
    assert note in again.words
    action = re.search(r'action="(/callbacks/[^"]+)"', again.html)
    assert action
    sent = again.hidden | {"note": note}
    async with client.post(action[1], data=sent, headers=origin(client)) as answer:
        assert answer.status == 200
        assert note in Page(await answer.text()).words


@pytest.mark.parametrize(
    "made_up",
    [
        "{",
        "[]",
        '{"action": "/sign-out", "fields": {}}',
        '{"action": "//evil/", "fields": {}}',
        '{"action": 1}',
        "[" * 9000,
    ],
)
async def test_an_unfinished_form_that_somebody_made_up_is_left_out(client: Client, made_up: str) -> None:
    status, page = await sign_in(client, unfinished=made_up)
    assert status == 200
    assert "(202) 555-0123" in page.words


async def test_signing_in_from_another_site_is_refused(client: Client) -> None:
    async with client.get("/sign-in") as answer:
        token = Page(await answer.text()).hidden[TOKEN]
    fields = {TOKEN: token, "name": "Ann", "password": PASSWORD}
    for headers, sent in (({"Origin": "http://evil.example"}, fields), (origin(client), fields | {TOKEN: "0" * 64})):
        async with client.post("/sign-in", data=sent, headers=headers) as answer:
            assert answer.status == 403


async def test_the_old_way_to_say_who_one_is_opens_nothing_once_there_are_users(client: Client) -> None:
    async with client.get("/", headers={"Cookie": "me=Ann"}) as answer:
        assert answer.status == 401


async def test_names_are_taken_once_in_whatever_case(desk: Desk) -> None:
    await add_user(desk)
    with pytest.raises(ForbiddenError):
        await add_user(desk, "ANN")
    assert await desk.column("SELECT what FROM audit WHERE subject = 'user'") == ["user.add"]


ANNS, ELSEWHERE = "192.0.2.1", "192.0.2.2"
MINUTE = timedelta(minutes=1)
BROWSER = "mark of a browser"


def at(address: str, name: str, browser: str = "") -> SignInTry:
    return SignInTry(address, name, name.casefold() in ("ann", "bob"), browser)


def tried(doorman: SignInThrottle, *tries: SignInTry) -> int:
    """How many of these tries, each wrong, are looked at."""
    looked_at = 0
    for one in tries:
        if not doorman.wait(one, MONDAY_NOON):
            doorman.failed(one, MONDAY_NOON)
            looked_at += 1
    return looked_at


def test_whoever_guesses_at_a_name_locks_out_no_colleague_beside_them_and_not_the_name_elsewhere() -> None:
    doorman = SignInThrottle()
    assert tried(doorman, *[at(ANNS, "Ann")] * 20) == throttle.TRIES
    assert doorman.wait(at(ANNS, "ANN"), MONDAY_NOON) == throttle.WINDOW
    assert not doorman.wait(at(ANNS, "Bob"), MONDAY_NOON)
    assert not doorman.wait(at(ELSEWHERE, "Ann"), MONDAY_NOON)
    assert not doorman.wait(at(ANNS, "Ann", BROWSER), MONDAY_NOON)


def test_many_names_from_one_address_lock_out_nobody_there_and_slow_all_answers_down() -> None:
    doorman = SignInThrottle()
    assert tried(doorman, *[at(ANNS, f"user {n}") for n in range(300)]) == 300
    assert not doorman.wait(at(ANNS, "Ann"), MONDAY_NOON)
    slowed = {
        one: doorman.is_slowed(one, MONDAY_NOON) for one in (at(ANNS, "Ann"), at(ANNS, "new"), at(ELSEWHERE, "x"))
    }
    assert list(slowed.values()) == [True, True, False]
    assert not doorman.is_slowed(at(ANNS, "Ann", BROWSER), MONDAY_NOON)
    assert not doorman.is_slowed(at(ANNS, "Ann"), MONDAY_NOON + throttle.WINDOW)


def test_a_browser_that_is_known_is_no_free_pass_and_its_slips_are_not_its_addresss() -> None:
    doorman = SignInThrottle()
    assert tried(doorman, *[at(ANNS, "Ann", BROWSER)] * 100) == throttle.TRIES
    assert not doorman.is_slowed(at(ANNS, "Bob"), MONDAY_NOON)
    assert not doorman.wait(at(ANNS, "Ann"), MONDAY_NOON)


def test_an_account_of_ones_own_buys_no_tries_at_others() -> None:
    doorman = SignInThrottle()
    for n in range(throttle.TRIES_OF_ADDRESS):
        assert not doorman.is_slowed(at(ANNS, "Bob"), MONDAY_NOON)
        tried(doorman, at(ANNS, f"user {n}"), at(ANNS, "Bob"))
        doorman.passed(at(ANNS, "Bob"))
    assert doorman.is_slowed(at(ANNS, "Bob"), MONDAY_NOON)


def test_a_host_with_a_network_of_ipv6_addresses_is_one_address() -> None:
    doorman = SignInThrottle(tries=3)
    assert [tried(doorman, at(f"2001:db8::{n}", "Ann")) for n in range(5)] == [1, 1, 1, 0, 0]


def test_the_throttle_forgets_what_is_long_ago_never_grows_and_made_up_names_push_out_no_real_one() -> None:
    doorman = SignInThrottle(tries=2)
    tried(doorman, *[at(ANNS, "Ann")] * 2)
    for n in range(throttle.REMEMBERED + 1):
        doorman.failed(at(f"host {n}", "nobody"), MONDAY_NOON)
    assert len(doorman._at_nobody) == len(doorman._by_address) == throttle.REMEMBERED
    assert doorman.wait(at(ANNS, "Ann"), MONDAY_NOON + 4 * MINUTE) == 6 * MINUTE
    assert not doorman.wait(at(ANNS, "Ann"), MONDAY_NOON + 10 * MINUTE)


async def test_beside_whoever_tries_many_names_a_colleague_signs_in_in_any_browser(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle, "TRIES_OF_ADDRESS", 0)
    monkeypatch.setattr(auth, "SLOWED", 0.01)
    hashed: list[str] = []

    def fits(given: str, known: str) -> bool:
        hashed.append(known)
        return given == PASSWORD

    monkeypatch.setattr(passwords, "fits", fits)
    for name in ("Ann", "Mallory"):
        assert (await sign_in(client, name, "wrong horse"))[0] == 401
    assert hashed == [HASH]  # nobody is called Mallory, and the answer was the same
    assert (await sign_in(client))[0] == 200


async def test_who_guesses_at_anns_name_behind_her_proxy_locks_her_browser_out_for_no_minute(
    client: Client, desk: Desk
) -> None:
    await sign_in(client)
    await post_out(client)
    anns = client.session.cookie_jar.filter_cookies(client.make_url("/"))["known"].value
    client.session.cookie_jar.clear()
    while (await sign_in(client, "Ann", "wrong horse"))[0] == 401:
        pass
    assert (await sign_in(client))[0] == 429
    for mark, status in ((anns[:-1] + "x", 429), (anns.replace(anns[:4], "aaaa"), 429), (anns, 200)):
        client.session.cookie_jar.update_cookies({"known": mark}, client.make_url("/"))
        assert (await sign_in(client))[0] == status

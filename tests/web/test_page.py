"""The page over HTTP: what it shows, what its forms do, and what it refuses. No browser, so also: without scripts."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from aiohttp import ClientResponse

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Callback, CallbackState, Outcome, Urgency
from bridge.domain.calls.calls import Attestation, Reason
from bridge.domain.phone import E164
from bridge.ops.health import Backlog, HealthNote, LinkHealth, LinkKind
from bridge.web.security import COOKIE, TOKEN
from storage import callbacks, settings
from storage.audit import Act
from storage.file_identity import Connection
from tests.desk import CUSTOMER, OTHER, Desk, missed_call, text
from tests.web.served import Client, Faults, let_in, served


class Page(HTMLParser):
    """What a reader of the page would find."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.hidden: dict[str, str] = {}
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given["name"] or ""] = given["value"] or ""

    def handle_data(self, data: str) -> None:
        self.words += " ".join(data.split()) + " "


@pytest.fixture
def faults(desk: Desk) -> Faults:
    return Faults(desk)


@pytest.fixture
async def client(desk: Desk, faults: Faults) -> AsyncIterator[Client]:
    async with served(desk, faults) as made:
        yield made


@pytest.fixture
async def row(desk: Desk) -> Callback:
    await desk.call(missed_call())
    return await desk.row()


async def shown(client: Client, path: str = "/", **query: str) -> Page:
    async with client.get(path, params=query) as answer:
        assert answer.status == 200
        return Page(await answer.text())


async def post(client: Client, path: str, **fields: str | int) -> ClientResponse:
    """As a browser does: with the cookie, the page's token and the Origin of the page."""
    token = (await shown(client)).hidden[TOKEN]
    origin = str(client.make_url("/")).rstrip("/")
    return await client.post(
        path, data={TOKEN: token, "back": "to_call"} | fields, headers={"Origin": origin}, allow_redirects=True
    )


async def act(client: Client, row: Callback, verb: str, **fields: str | int) -> tuple[int, Page]:
    answer = await post(client, f"/callbacks/{row.id}/{verb}", **({"version": row.version} | fields))
    return answer.status, Page(await answer.text())


# --- what it shows ------------------------------------------------------------------------------------------------


async def test_many_rows_cost_no_more_trips_to_the_database_than_one(
    client: Client, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    statements: list[str] = []
    alone = Connection.execute_fetchall

    async def counted(self: Connection, sql: str, parameters: Any = None) -> Any:
        statements.append(sql)
        return await alone(self, sql, parameters)

    monkeypatch.setattr(Connection, "execute_fetchall", counted)
    trips = []
    for customers in (["+12025550123"], ["+12025550134", "+12025550145", "+12025550156"]):
        for number in customers:
            await desk.call(missed_call(E164(number)))
        statements.clear()
        assert (await client.get("/")).status == 200
        trips.append(len(statements))
    assert trips[0] == trips[1]


async def test_a_missed_call_is_a_row_with_number_and_age_and_the_ordinary_is_not_said(
    client: Client, desk: Desk, row: Callback
) -> None:
    desk.clock.advance(minutes=14)
    page = await shown(client)
    for words in ("(202) 555-0123", "14 min", "No reply"):
        assert words in page.words
    for ordinary in ("missed call", "nobody answered", "Text waits"):
        assert ordinary not in page.words
    await desk.call(replace(missed_call(CUSTOMER, desk.clock.advance(minutes=1)), reason=Reason.VOICEMAIL))
    page = await shown(client)
    for words in ("2 missed calls", "went to voicemail"):
        assert words in page.words
    assert "<title>(1) Callbacks" in page.html


async def test_a_row_says_in_one_line_how_often_they_called_and_what_came_of_it_last(
    client: Client, desk: Desk, row: Callback
) -> None:
    assert "within a year" not in (await shown(client)).words
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.BOOKED)
    desk.clock.advance(days=60)
    await desk.call(missed_call(CUSTOMER, desk.clock()))
    await let_in(desk.database, desk.clock())
    assert "2 calls within a year, booked in November 2026" in (await shown(client)).words
    async with client.get("/", headers={"Accept-Language": "es"}) as answer:
        assert "2 llamadas en un año, cita acordada en noviembre de 2026" in Page(await answer.text()).words


async def test_a_row_says_what_the_carrier_vouches_for_and_that_there_is_no_text(client: Client, desk: Desk) -> None:
    await desk.call(replace(missed_call(), attestation=Attestation.FAILED))
    await desk.call(replace(missed_call(OTHER), names=("SPAM LIKELY",), attestation=Attestation.PARTIAL))

    page = await shown(client)
    for words in ("may be faked: no text", "number not verified", "Marked as spam by the network", "knows the caller"):
        assert words in page.words
    assert "number not verified" in (await shown(client, "/callbacks/1")).words
    assert await desk.column("SELECT count(*) FROM message") == [0]


async def test_the_urgent_row_is_on_top_with_its_words_marked(client: Client, desk: Desk, row: Callback) -> None:
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    await desk.inbox.received(text("there is a burning smell from the panel", OTHER.value))
    page = await shown(client)
    assert page.html.index("(202) 555-7788") < page.html.index("(202) 555-0123")
    assert "<mark>burning smell</mark>" in page.html
    assert "▲" in page.html


async def test_the_words_that_made_it_urgent_stay_when_the_customer_goes_on(
    client: Client, desk: Desk, row: Callback
) -> None:
    await desk.inbox.received(text("no heat since last night"))
    desk.clock.advance(minutes=2)
    await desk.inbox.received(text("1209 Heather Ct"))
    page = await shown(client)
    assert page.html.index("<mark>no heat</mark>") < page.html.index("<q>1209 Heather Ct</q>")


async def test_words_that_are_urgent_only_together_are_shown_together(
    client: Client, desk: Desk, row: Callback
) -> None:
    for words in ("no", "heat"):
        await desk.inbox.received(text(words))
        desk.clock.advance(seconds=20)
    page = await shown(client)
    assert page.html.index("<q><mark>no</mark></q>") < page.html.index("<q>heat</q>")


async def test_what_customers_write_is_shown_as_they_wrote_it_and_runs_nothing(
    client: Client, desk: Desk, row: Callback
) -> None:
    await desk.inbox.received(text("<script>alert(1)</script>\" onload='x' {{ 7*7 }} & co", CUSTOMER.value))
    page = await shown(client)
    assert "<script>alert" not in page.html
    assert "<script>alert(1)</script>\" onload='x' {{ 7*7 }} & co" in page.words
    assert "49" not in page.words


async def test_a_withheld_number_has_a_row_without_call_and_text(client: Client, desk: Desk) -> None:
    await desk.call(missed_call(None))
    page = await shown(client)
    assert "Number withheld" in page.words
    assert "tel:" not in page.html
    assert "#text" not in page.html


async def test_an_opted_out_customer_is_shown_as_call_do_not_text(client: Client, desk: Desk, row: Callback) -> None:
    await desk.inbox.received(text("STOP"))
    page = await shown(client)
    assert "Opted out: call, do not text" in page.words
    assert "tel:+12025550123" in page.html
    assert "#text" not in page.html


async def test_while_paused_the_page_says_what_would_have_happened(client: Client, desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await settings.turn(tx, settings.PAUSED, True, "Ann", desk.clock())
    await desk.call(missed_call())
    page = await shown(client)
    assert "Texts are paused" in page.words
    assert "Would have texted" in page.words


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ({"unwritten_for": timedelta(seconds=31)}, "Nothing could be recorded for 31 s."),
        ({"calls": Backlog(2, timedelta(seconds=12))}, "Ended calls have waited to be recorded for 12 s."),
        ({"texts": Backlog(3, timedelta(seconds=130))}, "Texts are due and have not been sent for 130 s."),
    ],
)
async def test_what_waits_too_long_is_said(client: Client, faults: Faults, late: dict[str, Any], said: str) -> None:
    faults.health = replace(faults.health, **late)
    page = (await shown(client)).words
    assert said in page
    assert ("Nothing is recorded" in page) is ("texts" not in late)
    assert ("2 calls wait to be recorded" in page) is ("calls" in late)


async def test_a_fault_is_said_with_what_still_works(client: Client, faults: Faults) -> None:
    down = LinkHealth(LinkKind.SMS, "smpp", None, "connection refused")
    faults.health = replace(faults.health, links=(faults.health.links[0], down), database="the disk is full")
    page = await shown(client)
    assert "connection refused" not in page.words  # that is for whoever looks after it: doctor, /healthz, the log
    assert "Calls are recorded, texts wait; call whoever is urgent." in page.words
    assert "Nothing can be recorded, so nothing is sent. Write down who calls" in page.words
    assert "SMS down" in page.words


async def test_a_new_install_shows_what_it_waits_for_and_later_that_all_is_done(client: Client, desk: Desk) -> None:
    assert "Waiting for the first call" in (await shown(client)).words
    await desk.call(missed_call())
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock()), Outcome.REACHED)
    assert "All caught up" in (await shown(client)).words


async def test_lists_go_on_beyond_a_page_without_losing_a_row(client: Client, desk: Desk) -> None:
    for n in range(120):
        await desk.call(missed_call(E164(f"+1212555{n:04}"), desk.clock.advance(seconds=7)))
    seen: list[str] = []
    path: str | None = "/"
    while path:
        page = await shown(client, path)
        seen += re.findall(r'id="row-(\d+)"', page.html)
        further = re.search(r'href="(\?after=[^"]+)"', page.html)
        path = f"/{further[1]}" if further else None
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("wanted", ["5550123", "555-0123", "alva", "pine", "100%"])
async def test_rows_are_found_by_number_name_and_address(client: Client, desk: Desk, wanted: str) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    known = replace(await desk.row(), address="84 Pine St, 100% sure", name="José Alvarez")
    async with desk.database.transaction() as tx:
        await callbacks.save(tx, known, Act("Ann", "correct", desk.clock()))
    page = await shown(client, q=wanted)
    assert "(202) 555-0123" in page.words
    assert "(202) 555-7788" not in page.words


async def test_a_search_without_a_find_says_so(client: Client, row: Callback) -> None:
    assert "Nobody found for “zzz”" in (await shown(client, q="zzz")).words


async def test_the_conversation_has_texts_calls_notes_and_history(client: Client, desk: Desk, row: Callback) -> None:
    await desk.inbox.received(text("no heat at 5 Elm St"))
    row = await desk.row()
    await desk.callbacks.note(Seen.of(row, "Ann", desk.clock()), "old boiler")
    page = await shown(client, f"/callbacks/{row.id}")
    for words in ("Sorry we missed you.", "no heat", "old boiler", "rang 20 s", "Customer texted", "Row opened"):
        assert words in page.words


async def test_a_live_page_gets_only_the_rows_that_changed_and_where_the_others_stand(
    client: Client, desk: Desk, row: Callback
) -> None:
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    page = await shown(client, only="2")
    assert "(202) 555-7788" in page.words
    assert "(202) 555-0123" not in page.words
    assert f'id="row-{row.id}" data-same' in page.html
    for nonsense in ("x", "", "²", "9" * 40):
        assert "(202) 555-0123" in (await shown(client, only=nonsense)).words


async def test_a_page_in_the_background_asks_for_counts_only(client: Client, desk: Desk, row: Callback) -> None:
    await desk.inbox.received(text("burning smell from the panel"))
    async with client.get("/count") as answer:
        told = {"to_call": 1, "urgent": 1, "urgent_ids": [row.id], "given_ids": [], "unclaimed_ids": [row.id]}
        assert await answer.json() == told | {"talking": False}


# --- what its forms do --------------------------------------------------------------------------------------------


async def test_claim_and_release(client: Client, desk: Desk, row: Callback) -> None:
    _, page = await act(client, row, "claim")
    claimed = await desk.row()
    assert (claimed.state, claimed.owner) == (CallbackState.CLAIMED, "Front desk")
    assert "Claimed by you" in page.words
    await act(client, claimed, "release")
    assert (await desk.row()).owner is None


async def test_whoever_says_who_they_are_is_named_in_what_they_do(client: Client, desk: Desk, row: Callback) -> None:
    await post(client, "/me", me="Bob")
    await act(client, row, "claim")
    assert (await desk.row()).owner == "Bob"


async def test_a_name_that_the_office_does_not_have_is_not_taken(client: Client, desk: Desk, row: Callback) -> None:
    await post(client, "/me", me="Mallory")
    await act(client, row, "claim")
    assert (await desk.row()).owner == "Front desk"


async def test_done_asks_what_came_of_it_and_can_be_undone(client: Client, desk: Desk, row: Callback) -> None:
    status, page = await act(client, row, "finish", outcome="booked")
    done = await desk.row()
    assert (status, done.state, done.outcome) == (200, CallbackState.CLOSED, Outcome.BOOKED)
    assert "(202) 555-0123: Booked" in page.words
    assert "Undo" in page.words
    await act(client, done, "undo")
    assert (await desk.row()).state is CallbackState.OPEN


async def test_undo_is_offered_for_ten_seconds_and_to_nobody_else(client: Client, desk: Desk, row: Callback) -> None:
    await act(client, row, "claim")
    desk.clock.advance(seconds=11)
    assert "Undo" not in (await shown(client, did=str(row.id))).words


@pytest.mark.parametrize(
    ("fields", "back"),
    [
        ({"until": "quarter"}, timedelta(minutes=15)),
        ({"until": "hour"}, timedelta(hours=1)),
        ({"until": "afternoon"}, timedelta(hours=2)),
        ({"until": "tomorrow"}, timedelta(hours=21)),
        ({"until": "pick", "at": "2026-11-23T15:30"}, timedelta(hours=3, minutes=30)),
        ({"until": "pick", "at": "2026-11-23T23:30"}, timedelta(hours=21)),  # closed by then: at opening
    ],
)
async def test_snooze_brings_the_row_back_in_office_hours(
    client: Client, desk: Desk, row: Callback, fields: dict[str, str], back: timedelta
) -> None:
    await act(client, row, "snooze", **fields)
    snoozed = await desk.row()
    assert snoozed.state is CallbackState.WAITING
    assert snoozed.until == desk.clock() + back
    assert "(202) 555-0123" in (await shown(client, "/snoozed")).words


async def test_this_afternoon_is_on_offer_until_it_has_begun(client: Client, desk: Desk, row: Callback) -> None:
    assert "This afternoon" in (await shown(client)).words
    desk.clock.advance(hours=2)
    assert "This afternoon" not in (await shown(client)).words
    status, _ = await act(client, row, "snooze", until="afternoon")
    assert status == 400


async def test_an_urgent_customer_who_never_answers_is_a_decision_in_the_end(
    client: Client, desk: Desk, row: Callback
) -> None:
    await desk.inbox.received(text("burning smell from the panel"))
    for minutes, back in ((5, "12:05 PM"), (20, "12:25 PM"), (60, "1:25 PM")):
        assert "What now?" not in (await shown(client)).words
        _, page = await act(client, await desk.row(), "attempt", result="no_answer")
        assert f"back {back}" in page.words
        await desk.callbacks.wake_due(desk.clock.advance(minutes=minutes))
    assert "No answer 3 times. What now?" in (await shown(client)).words


async def test_an_attempt_snoozes_and_is_told(client: Client, desk: Desk, row: Callback) -> None:
    await act(client, row, "attempt", result="left_message")
    assert "left message" in (await shown(client, "/snoozed")).words


async def test_urgency_is_raised_and_lowered_by_people(client: Client, desk: Desk, row: Callback) -> None:
    await act(client, row, "rank", urgency="urgent")
    raised = await desk.row()
    assert raised.urgency is Urgency.URGENT
    await act(client, raised, "rank", urgency="routine")
    assert (await desk.row()).urgency is Urgency.ROUTINE


async def test_a_text_by_hand_is_queued_in_that_persons_name(client: Client, desk: Desk, row: Callback) -> None:
    await post(client, "/me", me="Ann")
    status, page = await act(client, row, "text", text="We can be there at 3", back="row")
    assert status == 200
    assert "We can be there at 3" in page.words
    assert "by_hand" in await desk.column("SELECT kind FROM message WHERE written_by = 'Ann'")


async def test_address_and_issue_are_put_right(client: Client, desk: Desk, row: Callback) -> None:
    await act(client, row, "correct", address="5 Elm St", issue="", back="row")
    assert (await desk.row()).address == "5 Elm St"
    assert await desk.column("SELECT count(*) FROM contact") == [0]


async def test_name_and_kind_are_put_right_beside_them(client: Client, desk: Desk, row: Callback) -> None:
    for name, kind in (("Nora Quist", "customer"), ("", "supplier")):
        status, _ = await act(client, await desk.row(), "correct", name=name, kind=kind, address="5 Elm St")
        assert status == 200
        assert ((await desk.row()).name, (await desk.row()).address) == ("Nora Quist", "5 Elm St")
        assert await desk.column("SELECT name || ' ' || kind FROM contact") == [f"Nora Quist {kind}"]


# --- what it refuses ----------------------------------------------------------------------------------------------


async def test_a_row_that_a_colleague_took_says_who_was_faster(client: Client, desk: Desk, row: Callback) -> None:
    await desk.callbacks.claim(Seen.of(row, "Ann", desk.clock()))
    desk.clock.advance(minutes=3)
    status, page = await act(client, row, "finish", outcome="lost")
    assert status == 409
    assert "Ann was faster (claimed, 3 min ago). Nothing was changed." in page.words
    assert (await desk.row()).owner == "Ann"
    await act(client, await desk.row(), "claim")
    status, page = await act(client, row, "finish", outcome="lost")
    assert status == 409
    assert "You changed this row yourself meanwhile (claimed" in page.words


async def test_a_note_that_came_too_late_is_shown_again_to_be_sent_again(
    client: Client, desk: Desk, row: Callback
) -> None:
    claimed = await desk.callbacks.claim(Seen.of(row, "Ann", desk.clock()))
    status, page = await act(client, row, "note", note="call after 5 <b>", back="row")
    assert status == 409
    assert "call after 5 <b>" in page.words
    status, _ = await act(client, claimed, "note", note="call after 5 <b>", back="row")
    assert status == 200


@pytest.mark.parametrize(
    ("verb", "fields", "said"),
    [
        ("finish", {"outcome": "nonsense"}, "Choose one of"),
        ("finish", {}, "Choose one of"),
        ("note", {"note": "  "}, "There was nothing in it"),
        ("note", {"note": "x" * 2001}, "too long"),
        ("text", {"text": "x" * 701}, "too long"),
        ("snooze", {"until": "pick", "at": "soon"}, "Pick a day and a time"),
        ("snooze", {"until": "pick", "at": "2020-01-01T08:00"}, "lies ahead"),
        ("snooze", {"until": "pick", "at": "2099-12-31T23:59"}, "within a year"),
        ("snooze", {"until": "pick", "at": "9999-12-31T23:59"}, "Pick a day"),
        ("claim", {"version": "x"}, "too old"),
        ("claim", {"version": "9" * 400}, "too old"),
        ("rank", {"urgency": "extreme"}, "Choose one of"),
    ],
)
async def test_a_wrong_value_is_told_and_nothing_is_done(
    client: Client, desk: Desk, row: Callback, verb: str, fields: dict[str, str], said: str
) -> None:
    status, page = await act(client, row, verb, **fields)
    assert status == 400
    assert said in page.words
    assert await desk.row() == row


@pytest.mark.parametrize("path", ["/nonsense", "/callbacks/9999", "/callbacks/x", "/rows/1", "/static/../app.py"])
async def test_an_unknown_page_is_a_page(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.status == 404
        assert "To the list" in await answer.text()


async def test_what_did_not_come_from_our_own_page_is_refused(client: Client, desk: Desk, row: Callback) -> None:
    page = await shown(client)
    path, origin = f"/callbacks/{row.id}/claim", str(client.make_url("/")).rstrip("/")
    good = {TOKEN: page.hidden[TOKEN], "version": str(row.version)}
    for headers, fields in (
        ({}, good),
        ({"Origin": "http://evil.example"}, good),
        ({"Origin": "null"}, good),
        ({"Origin": origin}, good | {TOKEN: "0" * 64}),
        ({"Origin": origin}, {"version": str(row.version)}),
    ):
        async with client.post(path, data=fields, headers=headers) as answer:
            assert answer.status == 403
    client.session.cookie_jar.clear()
    async with client.post(path, data=good, headers={"Origin": origin}) as answer:
        assert answer.status == 403
    assert await desk.row() == row


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::1", "a@b", "127.0.0.1/", "127.0.0.1:x"],
)
async def test_a_name_that_rebinds_to_this_machine_is_refused(client: Client, host: str) -> None:
    async with client.get("/", headers={"Host": host}) as answer:
        assert answer.status in (400, 403)


async def test_every_answer_forbids_scripts_of_others_and_being_kept(client: Client) -> None:
    for path in ("/", "/nonsense", "/healthz", "/events"):
        async with client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert "no-store" in answer.headers["Cache-Control"] or path == "/events"
            assert (
                f"{COOKIE}=" not in answer.headers.get("Set-Cookie", "") or "HttpOnly" in answer.headers["Set-Cookie"]
            )


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nnonsense"),
        ("application/x-www-form-urlencoded; charset=klingon", b"token=1"),
        ("application/x-www-form-urlencoded", b"\xff\xfe=%ff%00&token=%ED%A0%80"),
        ("application/json", b"{}"),
    ],
)
async def test_a_form_that_is_none_is_refused_and_the_page_goes_on(
    client: Client, row: Callback, kind: str, body: bytes
) -> None:
    headers = {"Origin": str(client.make_url("/")).rstrip("/"), "Content-Type": kind}
    async with client.post(f"/callbacks/{row.id}/claim", data=body, headers=headers) as answer:
        assert answer.status in (400, 403)
    assert "(202) 555-0123" in (await shown(client)).words


@pytest.mark.parametrize(
    "query", ["after=1.2", "after=9.9e9.x", "after=1.99999999999999999999.1", "did=-1", "did=²", "q=%00"]
)
async def test_an_address_that_somebody_made_up_shows_a_page(client: Client, row: Callback, query: str) -> None:
    async with client.get(f"/?{query}") as answer:
        assert answer.status == 200


async def test_what_was_typed_is_kept_when_the_disk_is_full(client: Client, desk: Desk, row: Callback) -> None:
    async with desk.database.transaction() as tx:
        await tx.one("PRAGMA max_page_count = 1")  # no page more than there are
    status = 200
    while status == 200:
        status, page = await act(client, await desk.row(), "note", note="call after 5 " + "x" * 1900)
    assert status == 503
    assert "nothing was changed: the disk is full" in page.words
    assert "call after 5 xxx" in page.words


async def test_a_huge_form_is_refused(client: Client, row: Callback) -> None:
    answer = await post(client, f"/callbacks/{row.id}/note", version=row.version, note="x" * 100_000)
    assert answer.status == 413


# --- for machines -------------------------------------------------------------------------------------------------


async def test_readiness_follows_the_links_and_health_tells_which(client: Client, faults: Faults) -> None:
    async with client.get("/readyz") as answer:
        assert answer.status == 200
    faults.health = replace(faults.health, links=(LinkHealth(LinkKind.PBX, "office", None, "refused"),))
    async with client.get("/readyz") as answer:
        assert answer.status == 503
    async with client.get("/healthz") as answer:
        assert answer.status == 200
        assert (await answer.json())["links"][0]["error"] == "refused"


async def test_metrics_hold_counts_and_no_numbers(client: Client, row: Callback) -> None:
    async with client.get("/metrics") as answer:
        figures = await answer.text()
    assert 'textback_callbacks{list="to_call"} 1.0' in figures
    assert "555" not in figures


async def test_files_are_served_under_their_hash_and_kept(client: Client) -> None:
    page = await shown(client)
    paths = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.html)
    assert len(paths) >= 6
    for path in paths:
        async with client.get(path) as answer:
            assert answer.status == 200
            assert "immutable" in answer.headers["Cache-Control"]
    assert "http://" not in page.html.replace("http://www.w3.org", "")


async def test_a_note_of_what_could_work_better_stands_where_who_can_mend_it_looks(
    client: Client, faults: Faults
) -> None:
    assert "the PBX does not say yet who does" not in (await shown(client, "/settings")).words
    faults.health = replace(faults.health, notes=(HealthNote.NO_SNIPPET,))
    assert "the PBX does not say yet who does" in (await shown(client, "/settings")).words
    assert "the PBX does not say yet who does" not in (await shown(client)).words


async def test_calls_on_channels_that_no_setting_calls_a_trunk_stand_on_the_strip(
    client: Client, faults: Faults
) -> None:
    faults.health = replace(faults.health, no_trunk={"PJSIP/telnyx-*": 17, "SIP/old-*": 1})
    words = (await shown(client)).words
    assert "17 calls within a day came in on PJSIP/telnyx-*, which is no trunk" in words
    assert "1 call within a day came in on SIP/old-*" in words

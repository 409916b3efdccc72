"""The pages about the office: on call and hours, contacts, filtered, settings, figures, users; and who may do what."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import time, timedelta

import pytest
from aiohttp import FormData
from multidict import MultiDict, MultiDictProxy

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.calls.calls import FilterReason, Verdict
from bridge.domain.office.hours import ALL_DAY, Calendar, OpeningSpan
from bridge.domain.office.office import Person
from bridge.domain.office.roster import Roster, Shift
from bridge.domain.phone import E164
from bridge.domain.texts.policy import ContactKind
from bridge.web.rota import read_plan
from bridge.web.security import TOKEN
from storage import contacts, settings, users
from storage.contacts import Contact
from storage.database import Database
from storage.users import UserRole
from tests.desk import (
    CUSTOMER,
    MAIN,
    MONDAY_NOON,
    NEW_YORK,
    OFFICE,
    OTHER,
    STAFF,
    Desk,
    answered_call,
    missed_call,
    text,
)
from tests.web.served import Client, let_in, served
from tests.web.test_page import Page, shown
from tests.web.test_sign_in import PASSWORD, add_user, origin, sign_in

NIGHTS = Calendar(NEW_YORK, ((OpeningSpan(time(17), time(9)),),) * 5 + ((ALL_DAY,), ()))
"""Nobody from Sunday morning until Monday's evening."""

PEOPLE = (Person("Ann", STAFF, "101"), Person("Bob", E164("+12025550198"), "102"), Person("Cem"))
STAFFED = replace(OFFICE, people=PEOPLE, roster=Roster((Shift(NIGHTS, ("Ann",)),), owner="Bob"))


@pytest.fixture
async def desk(database: Database) -> Desk:
    made = Desk(database, office=STAFFED)
    await made.resume()
    return made


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    """Nobody signs in yet: whoever is there may do everything."""
    async with served(desk) as made:
        yield made


async def send(client: Client, path: str, **fields: str) -> tuple[int, Page]:
    token = (await shown(client)).hidden[TOKEN]
    async with client.post(path, data={TOKEN: token} | fields, headers=origin(client)) as answer:
        return answer.status, Page(await answer.text())


def flat(page: Page) -> str:
    return " ".join(page.words.split())


async def put(desk: Desk, number: E164, name: str, kind: ContactKind) -> None:
    async with desk.database.transaction() as tx:
        await contacts.put(tx, Contact(number, name, kind), "Ann", desk.clock())


# --- on call and hours --------------------------------------------------------------------------------------------


async def test_it_says_who_is_told_now_when_nobody_would_be_and_when_the_office_is_open(client: Client) -> None:
    page = await shown(client, "/on-call")
    for words in ("Bob", "Nobody on call from", "None: the weekly plan holds.", "Mon, Nov 23", "9:00 AM – 5:00 PM"):
        assert words in page.words


async def test_a_swap_is_entered_with_a_name_and_taken_back(client: Client, desk: Desk) -> None:
    fields = {"person": "Bob", "change": "takes", "from": "2026-11-23T18:00", "until": "2026-11-24T08:00"}
    status, page = await send(client, "/on-call", **fields)
    assert status == 200
    assert "goes first , Mon" not in page.words
    assert "from 6:00 PM to Tue 8:00 AM" in page.words
    assert "entered by Front desk" in page.words
    assert await desk.column("SELECT starts_at FROM duty") == [1795474800000]
    _, page = await send(client, "/on-call/1/undo")
    assert "None: the weekly plan holds." in page.words
    status, page = await send(client, "/on-call/1/undo")
    assert status == 409
    assert "Not taken back" in page.words


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"person": "Cem"}, "is not among the people with a mobile"),
        ({"person": "Mallory"}, "is not among the people with a mobile"),
        ({"until": ""}, "pick a day and a time"),
        ({"until": "2026-11-23T08:00"}, "ends after it begins"),
        ({"until": "soon"}, "pick a day and a time"),
        ({"from": "2020-01-01T08:00", "until": "2020-01-02T08:00"}, "that time has gone by"),
        ({"branch": "north"}, "there is no branch north"),
        ({"change": "sings"}, "sings"),
        ({"until": "9999-12-31T23:59"}, "Not saved"),
    ],
)
async def test_a_change_that_makes_no_sense_is_told(
    client: Client, desk: Desk, wrong: dict[str, str], said: str
) -> None:
    fields = {"person": "Bob", "change": "takes", "until": "2026-11-24T08:00"}
    status, page = await send(client, "/on-call", **(fields | wrong))
    assert status == 400
    assert said in page.words
    assert await desk.column("SELECT id FROM duty") == []


async def test_tonight_is_taken_by_one_press_on_the_page_that_the_strip_names(client: Client, desk: Desk) -> None:
    assert 'href="/on-call">Tonight: Ann</a>' in (await shown(client)).html
    status, page = await send(client, "/on-call", quick="tonight", person="Bob")
    assert status == 200
    assert "Bob goes first, from 5:00 PM to Tue 9:00 AM" in flat(page)
    assert "Tonight: Bob" in (await shown(client)).words
    status, page = await send(client, "/on-call", quick="tonight", person="Bob")
    assert status == 400
    assert "Front desk has entered just that already" in flat(page)
    assert await desk.column("SELECT person FROM duty") == ["Bob"]


async def test_two_nights_are_swapped_at_once(client: Client, desk: Desk) -> None:
    await send(
        client, "/on-call", person="Bob", change="takes", **{"from": "2026-11-25T17:00", "until": "2026-11-26T09:00"}
    )
    status, page = await send(client, "/on-call", quick="swap", one="2026-11-23", other="2026-11-25")
    assert status == 200
    assert "Bob goes first, from 5:00 PM to Tue 9:00 AM" in flat(page)
    assert "Ann goes first, from Wed 5:00 PM to Thu 9:00 AM" in flat(page)
    assert await desk.column("SELECT person FROM duty") == ["Bob", "Bob", "Ann"]


async def test_a_weekend_and_whole_days_away_are_said_in_days(client: Client) -> None:
    _, page = await send(client, "/on-call", quick="weekend", person="Bob")
    assert "Bob goes first, from Fri 5:00 PM to Mon, Nov 30, 9:00 AM" in flat(page)
    _, page = await send(
        client, "/on-call", quick="away", person="Ann", **{"from": "2026-11-24", "until": "2026-11-25"}
    )
    assert "Ann is away, from Tue 9:00 AM to Thu 9:00 AM" in flat(page)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"quick": "swap", "one": "2026-11-23", "other": "2026-11-24"}, "Ann has both of these nights"),
        ({"quick": "swap", "one": "2026-11-23", "other": "2026-11-29"}, "nobody is on call on one of these nights"),
        ({"quick": "swap", "one": "2026-11-23", "other": "someday"}, "pick a day"),
        ({"quick": "away", "person": "Ann", "from": "2026-11-24"}, "pick a day"),
        ({"quick": "tonight", "person": "Cem"}, "is not among the people with a mobile"),
        ({"quick": "weekend", "person": "Ann", "branch": "north"}, "there is no branch north"),
    ],
)
async def test_a_press_that_makes_no_sense_is_told(
    client: Client, desk: Desk, wrong: dict[str, str], said: str
) -> None:
    status, page = await send(client, "/on-call", **wrong)
    assert status == 400
    assert said in flat(page)
    assert await desk.column("SELECT id FROM duty") == []


async def test_the_weekly_plan_is_changed_from_a_day_on_and_the_file_s_comes_back(client: Client, desk: Desk) -> None:
    plan = {"days-0": "0", "opens-0": "18:00", "closes-0": "07:00", "first-0": "Bob", "second-0": "Ann", "first-1": ""}
    status, page = await send(client, "/on-call/plan", **plan)
    assert status == 200
    assert "Another weekly plan , from 12:00 PM on" in flat(page)
    assert "Nobody 5:00 PM – 6:00 PM" in flat(page)
    assert "Bob then Ann 6:00 PM – 7:00 AM" in flat(page)
    assert "As Front desk entered it." in flat(page)
    status, page = await send(client, "/on-call/plan", **plan)
    assert status == 400
    _, page = await send(client, "/on-call/plan/1/undo")
    assert "None: the weekly plan holds." in flat(page)
    assert "As the configuration file has it." in flat(page)


async def test_a_line_of_the_plan_keeps_whoever_comes_behind_the_third(database: Database) -> None:
    crew = ("Ann", "Bob", "Dan", "Eve")
    people = tuple(Person(name, E164(f"+1202555019{n}")) for n, name in enumerate(crew))
    roster = Roster((Shift(NIGHTS, crew),), owner="Bob")
    async with served(Desk(database, office=replace(OFFICE, people=people, roster=roster))) as client:
        html = (await shown(client, "/on-call")).html
    chosen = re.findall(r'name="(\w+-0)".*?<option selected>(\w+)', html)
    assert chosen[:4] == [("first-0", "Ann"), ("second-0", "Bob"), ("third-0", "Dan"), ("third-0", "Eve")]
    sent = [("days-0", "0"), ("first-0", "Ann"), ("second-0", "Bob"), ("third-0", "Dan"), ("third-0", "Eve")]
    plan = read_plan(MultiDictProxy(MultiDict(sent)), [NIGHTS], "Ann", MONDAY_NOON)
    assert plan.shifts[0].people == crew


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        ({"first-0": ""}, "a plan needs a line with a day and a person"),
        ({"first-0": "Bob"}, "needs a day and a person"),
        ({"days-0": "0", "first-0": ""}, "needs a day and a person"),
        ({"days-0": "0", "first-0": "Cem"}, "is not among the people with a mobile"),
        ({"days-0": "0", "first-0": "Bob", "opens-0": "18:00"}, "pick a time"),
        ({"days-0": "0", "first-0": "Bob", "from": "soon"}, "pick a day"),
        ({"days-0": "0", "first-0": "Bob", "from": "2026-12-24", "until": "2026-12-20"}, "ends after it begins"),
    ],
)
async def test_a_plan_that_makes_no_sense_is_told(client: Client, desk: Desk, plan: dict[str, str], said: str) -> None:
    status, page = await send(client, "/on-call/plan", **plan)
    assert status == 400
    assert said in page.words
    assert await desk.column("SELECT id FROM pattern_change") == []


@pytest.mark.parametrize(
    ("path", "fields", "table"),
    [
        ("/on-call", {"quick": "tonight", "person": "Bob"}, "duty"),
        ("/on-call/plan", {"days-0": "0", "first-0": "Bob"}, "pattern_change"),
        ("/hours", {"quick": "tomorrow"}, "hours_change"),
        ("/texts", {"template": "missed", "language": "en", "words": "Sorry we missed you."}, "words_change"),
    ],
)
async def test_a_change_taken_back_by_mistake_holds_again_after_undo(
    client: Client, desk: Desk, path: str, fields: dict[str, str], table: str
) -> None:
    assert (await send(client, path, **fields))[0] == 200
    assert (await shown(client, "/on-call?taken=duty.1")).words.count("The change is taken back") == 0
    _, page = await send(client, f"{path}/1/undo")
    assert "The change is taken back Undo" in flat(page)
    assert (await send(client, f"{path}/1/undo", version="2"))[0] == 200
    assert await desk.column(f"SELECT taken_back_at FROM {table}") == [None]
    status, page = await send(client, f"{path}/1/undo", version="2")
    assert status == 409
    assert "too late to undo" in page.words
    await send(client, f"{path}/1/undo")
    desk.clock.advance(seconds=11)
    assert (await send(client, f"{path}/1/undo", version="4"))[0] == 409


async def test_closed_tomorrow_is_one_click_with_a_name_and_one_to_take_back(client: Client, desk: Desk) -> None:
    _, page = await send(client, "/hours", quick="tomorrow")
    assert "Tue, Nov 24 closed" in page.words
    assert "Closed Tue, Nov 24" in flat(page)
    assert 'value="tomorrow" disabled' in page.html
    assert "entered by Front desk" in page.words
    assert "Tue, Nov 24 closed" in (await shown(client, "/settings")).words
    _, page = await send(client, "/hours/1/undo")
    assert "None: the configured hours hold." in page.words
    status, page = await send(client, "/hours/1/undo")
    assert status == 409
    assert "taken back before" in page.words


async def test_while_a_change_of_the_hours_holds_every_page_says_so(client: Client) -> None:
    await send(client, "/hours", quick="rest of today")
    assert "Closed until Tue 12:00 AM, Front desk" in " ".join((await shown(client)).words.split())
    await send(client, "/hours/1/undo")
    await send(client, "/hours", quick="tomorrow")
    assert "Closed until" not in (await shown(client)).words


@pytest.mark.parametrize(
    ("fields", "today"),
    [
        ({"quick": "rest of today"}, "9:00 AM – 12:00 PM"),
        ({"quick": "late", "late": "20:00"}, "9:00 AM – 8:00 PM"),
        ({"quick": "late", "late": "20:00", "where": "line main"}, "9:00 AM – 8:00 PM"),
        ({"door": "closed", "from": "2026-11-23T13:00", "until": "2026-11-23T14:00"}, "9:00 AM – 1:00 PM, 2:00 PM"),
        ({"door": "open", "until": "2026-11-23T18:00", "where": "branch main"}, "9:00 AM – 6:00 PM"),
    ],
)
async def test_any_span_is_said_open_or_closed(client: Client, fields: dict[str, str], today: str) -> None:
    status, page = await send(client, "/hours", **fields)
    assert status == 200
    assert f"Mon, Nov 23 {today}" in page.words


async def test_a_change_for_one_line_is_shown_as_its_own(client: Client) -> None:
    _, page = await send(client, "/hours", quick="tomorrow", where="line east")
    words = " ".join(page.words.split())
    assert "Closed (east) Tue, Nov 24" in words
    assert "main Mon, Nov 23 9:00 AM – 5:00 PM Tue, Nov 24 9:00 AM" in words
    assert "east Mon, Nov 23 9:00 AM – 5:00 PM Tue, Nov 24 closed" in words


async def test_a_row_snoozed_until_tomorrow_comes_back_at_the_opening_that_is_left(client: Client, desk: Desk) -> None:
    await desk.call(missed_call())
    await send(client, "/hours", quick="tomorrow")
    row = await desk.row()
    await send(client, f"/callbacks/{row.id}/snooze", version=str(row.version), back="to_call", until="tomorrow")
    assert (await desk.row()).until == MONDAY_NOON + timedelta(days=1, hours=21)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"quick": "late"}, "pick a time"),
        ({"quick": "late", "late": "16:00"}, "ends after it begins"),
        ({"door": "closed"}, "pick a day and a time"),
        ({"door": "ajar", "until": "2026-11-24T08:00"}, "ajar"),
        ({"quick": "tomorrow", "where": "line north"}, "there is no line or branch north"),
        ({"door": "open", "until": "9999-12-31T23:59"}, "too far away"),
        ({"door": "open", "from": "2020-01-01T08:00", "until": "2020-01-02T08:00"}, "that time has gone by"),
    ],
)
async def test_hours_that_make_no_sense_are_told(client: Client, desk: Desk, wrong: dict[str, str], said: str) -> None:
    status, page = await send(client, "/hours", **wrong)
    assert status == 400
    assert said in page.words
    assert await desk.column("SELECT id FROM hours_change") == []


async def test_texts_are_paused_and_resumed_by_name(client: Client, desk: Desk) -> None:
    _, page = await send(client, "/texts/pause")
    assert "Texts are paused" in page.words
    _, page = await send(client, "/texts/resume")
    assert "Texts are paused" not in page.words
    async with desk.database.read() as db:
        assert not await settings.is_on(db, settings.PAUSED)
    assert "Front desk" in await desk.column("SELECT who FROM audit WHERE what = 'setting.paused_on'")


# --- contacts and filtered ----------------------------------------------------------------------------------------


async def test_a_contact_is_kept_found_and_names_its_row(client: Client, desk: Desk) -> None:
    await desk.call(missed_call())
    await send(client, "/contacts", number="(202) 555-0123", name="José <b>", kind="customer")
    assert (await desk.row()).name == "José <b>"
    assert "José <b>" in (await shown(client, "/contacts", name="jos")).words
    assert "(202) 555-0123" in (await shown(client, "/contacts", name="0123")).words
    assert "Nobody is called so." in (await shown(client, "/contacts", name="%")).words
    chosen = (await shown(client, "/contacts", number="+12025550123")).html
    assert 'name="name" value="José &lt;b&gt;"' in chosen
    assert '<option value="customer" selected>' in chosen


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"number": "12"}, "no valid number"),
        ({"kind": "king"}, "no kind"),
        *(({"name": f"a{unseen}b"}, "no name") for unseen in ("\x00", "\x07", "\u202e", "\u2028")),
    ],
)
async def test_a_contact_that_is_none_is_told(client: Client, desk: Desk, wrong: dict[str, str], said: str) -> None:
    typed = {"number": "2025550123", "name": "A", "kind": "staff"} | wrong
    status, page = await send(client, "/contacts", **typed)
    assert status == 400
    assert "Not saved:" in page.words
    assert said in page.words
    assert f'name="number" value="{typed["number"]}"' in page.html
    assert ("name" in wrong) or 'name="name" value="A"' in page.html
    assert await desk.column("SELECT id FROM contact") == []


@pytest.mark.parametrize(
    ("octets", "status", "said"),
    [
        (b"number,name\n2025550123,Mary\n2025557788,Pipes\n", 200, "2 new or changed, 0 as they were."),
        (b"number,name\n12,Mary\n", 400, "line 2"),
        (b"\x00\xff\xfe", 400, "the first line must name the columns"),
    ],
)
async def test_a_spreadsheet_is_imported_whole_or_not_at_all(
    client: Client, octets: bytes, status: int, said: str
) -> None:
    form = FormData({TOKEN: (await shown(client)).hidden[TOKEN]})
    form.add_field("file", octets, filename="people.csv", content_type="text/csv")
    async with client.post("/contacts/import", data=form, headers=origin(client)) as answer:
        assert answer.status == status
        assert said in Page(await answer.text()).words


async def test_an_import_without_a_file_is_told(client: Client) -> None:
    status, page = await send(client, "/contacts/import", file="not a file")
    assert status == 400
    assert "choose a file" in page.words


async def test_a_call_that_ended_unseen_stands_there_until_the_caller_gets_through(client: Client, desk: Desk) -> None:
    await desk.call(missed_call(OTHER, verdict=Verdict.UNKNOWN))
    page = await shown(client)
    assert "1 call ended unseen" in page.words
    assert "(202) 555-7788" in (await shown(client, "/filtered")).words
    await desk.call(answered_call(OTHER, desk.clock.advance(minutes=5)))
    assert "ended unseen" not in (await shown(client)).words
    assert "(202) 555-7788" not in (await shown(client, "/filtered")).words


async def test_what_stands_on_no_row_is_listed(client: Client, desk: Desk) -> None:
    await put(desk, OTHER, "Robo Sales", ContactKind.BLOCKED)
    await desk.call(missed_call(OTHER))
    await desk.inbox.received(text("5981 lunch? <script>", STAFF.value))
    page = await shown(client, "/filtered")
    for words in ("(202) 555-7788", "blocked", "lunch? <script>"):
        assert words in page.words
    assert "Ann (202) 555-0199 staff, about alerts" in flat(page)
    assert "5981" not in page.html


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (FilterReason.MACHINE, "fax or other machine"),
        (FilterReason.REFUSED, "turned away by the PBX"),
        (FilterReason.SERVICE, "used a service of the PBX"),
        (FilterReason.SISTER_OFFICE, "sister office"),
    ],
)
async def test_who_is_no_customer_is_listed_with_the_reason_and_counted(
    client: Client, desk: Desk, why: FilterReason, words: str
) -> None:
    await desk.call(replace(missed_call(OTHER), filtered=why))
    assert f"(202) 555-7788 {words}" in flat(await shown(client, "/filtered"))
    assert f"Filtered : {words} 1" in (await shown(client, "/figures")).words


# --- settings and figures -----------------------------------------------------------------------------------------


async def test_settings_show_lines_people_and_hours(client: Client) -> None:
    page = await shown(client, "/settings")
    for words in (
        "Acme Plumbing",
        "America/New_York",
        "main",
        "east",
        "(202) 555-0100",
        "A caller who hangs up within 4 s of ringing is not texted.",
        "At last Bob is told.",
        "Ann",
        "101",
        "9:00 AM – 5:00 PM",
    ):
        assert words in page.words


async def test_a_filtered_call_is_taken_out_with_its_contact_and_put_back(client: Client, desk: Desk) -> None:
    await put(desk, CUSTOMER, "Mary", ContactKind.BLOCKED)
    await desk.call(missed_call())
    page = flat(await shown(client, "/filtered"))
    assert "12:00 PM (202) 555-0123 Mary blocked under Contacts missed Put on the list" in page
    status, page_then = await send(client, "/filtered/1/keep")
    assert status == 200
    assert "The call stands on the list now Undo" in flat(page_then)
    assert (await desk.row()).missed == 1
    assert "customer" in await desk.column("SELECT kind FROM contact")
    status, page_then = await send(client, "/filtered/1/keep")
    assert status == 409
    assert "stands on a row already" in page_then.words
    _, page_then = await send(client, "/filtered/1/undo", version="2")
    assert "Mary" in page_then.words
    assert await desk.column("SELECT id FROM callback") == []
    assert await desk.column("SELECT kind FROM contact") == ["blocked"]
    status, _ = await send(client, "/filtered/1/undo", version="2")
    assert status == 409


async def test_whoever_works_the_queue_says_who_a_caller_is_on_every_page_and_a_lead_imports(desk: Desk) -> None:
    await put(desk, CUSTOMER, "Mary", ContactKind.BLOCKED)
    await desk.call(missed_call())
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=1)))
    await add_user(desk, "Ann", UserRole.STAFF)
    async with served(desk) as client:
        await sign_in(client)
        assert (await send(client, "/filtered/1/keep"))[0] == 200
        assert await desk.column("SELECT kind FROM contact") == ["customer"]
        other = (await desk.row(OTHER)).id
        assert (await send(client, f"/callbacks/{other}/remember", kind="supplier"))[0] == 200
        _, page = await send(client, "/contacts", number="(202) 555-7788", name="Bay Supply", kind="other")
        assert "(202) 555-7788: other" in page.words
        assert (await send(client, "/contacts/import"))[0] == 403
        assert "Import a spreadsheet" not in page.words
    assert await desk.column("SELECT kind FROM contact ORDER BY id") == ["customer", "other"]


async def test_a_changed_contact_is_as_before_after_undo_on_the_page_where_it_was_changed(
    client: Client, desk: Desk
) -> None:
    await put(desk, CUSTOMER, "Mary", ContactKind.CUSTOMER)
    _, page = await send(client, "/contacts", number=CUSTOMER.value, name="", kind="blocked")
    assert 'action="/contacts/1/undo"' in page.html
    token, headers = page.hidden[TOKEN], origin(client) | {"Referer": str(client.make_url("/contacts?contact=1"))}
    async with client.post("/contacts/1/undo", data={TOKEN: token, "version": "2"}, headers=headers) as answer:
        assert answer.url.path == "/contacts"
        assert "Mary" in await answer.text()
    assert await desk.column("SELECT kind FROM contact") == ["customer"]


async def test_a_call_taken_out_joins_the_row_that_waits_and_leaves_it_again(client: Client, desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(replace(missed_call(at=desk.clock.advance(minutes=1)), filtered=FilterReason.REFUSED))
    await send(client, "/filtered/2/keep")
    assert (await desk.row()).missed == 2
    await send(client, "/filtered/2/undo", version="2")
    assert (await desk.row()).missed == 1
    await send(client, "/filtered/2/keep")
    desk.clock.advance(minutes=5)
    status, page = await send(client, "/filtered/2/undo", version="4")
    assert status == 409
    assert "too late to undo" in page.words


async def test_a_row_that_somebody_has_since_is_not_taken_away(client: Client, desk: Desk) -> None:
    await desk.call(replace(missed_call(), filtered=FilterReason.MACHINE))
    await send(client, "/filtered/1/keep")
    await desk.callbacks.claim(Seen.of(await desk.row(), "Bob", desk.clock()))
    status, _ = await send(client, "/filtered/1/undo", version="2")
    assert status == 409
    assert (await desk.row()).owner == "Bob"
    assert await desk.column("SELECT filtered FROM call") == [None]


async def test_figures_are_those_of_the_definitions(client: Client, desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(OTHER, desk.clock.advance(minutes=5)))
    row = await desk.row()
    await desk.callbacks.finish(Seen.of(row, "Ann", desk.clock.advance(minutes=10)), Outcome.BOOKED)
    page = await shown(client, "/figures", days="7")
    for words in ("Missed calls 2 2 callers", "Calls recovered 1 of 2 callbacks", "Appointments booked 1"):
        assert words in " ".join(page.words.split())
    assert page.html.count("<rect") == 3 * 24  # of one day its hours: as days it would be one bar
    assert "12 PM: 2" in page.words
    assert "main 2 0 0 2 1 1 0 east 0 0" in " ".join(page.words.split())
    await let_in(desk.database, desk.clock.advance(days=1))
    page = await shown(client, "/figures", days="7")
    assert page.html.count("<rect") == 3 * 2 + 3 * 24  # no day before the first call
    assert "Mon, Nov 23: 2" in page.words


async def test_a_line_that_was_called_at_two_numbers_shows_both(client: Client, desk: Desk) -> None:
    await desk.call(missed_call())
    await desk.call(missed_call(OTHER, did="+12025550100"))
    await desk.call(missed_call(CUSTOMER, did="2025550200", at=desk.clock.advance(minutes=1)))
    words = " ".join((await shown(client, "/figures", days="7")).words.split())
    assert "main 2 0 0" in words
    assert "(202) 555-0100" not in words
    await desk.call(missed_call(CUSTOMER, did="2025550177", at=desk.clock.advance(minutes=1)))
    words = " ".join((await shown(client, "/figures", days="7")).words.split())
    assert "main 3 0 0 2 0 0 0 (202) 555-0100 2 0 0 (202) 555-0177 1 0 0" in words
    assert "Time to first contact over " in words
    assert "Missed most while open" not in words, "one Monday is no habit"


async def test_figures_of_an_empty_office_and_of_a_made_up_period_are_a_page(client: Client) -> None:
    for days in ("7", "30", "90", "x", "-1"):
        assert "Callbacks with no next step" in (await shown(client, "/figures", days=days)).words


async def test_figures_come_as_csv_one_line_a_day(client: Client, desk: Desk) -> None:
    await desk.call(missed_call())
    async with client.get("/figures.csv", params={"days": "7"}) as answer:
        assert answer.content_type == "text/csv"
        assert "attachment" in answer.headers["Content-Disposition"]
        heading, *lines = (await answer.text()).splitlines()
    assert heading.startswith("day,missed_calls,")
    assert len(lines) == 7
    assert lines[-1].startswith("2026-11-23,1,1,")


@pytest.mark.parametrize(("by", "number", "row"), [("hour", 24, "12:00,1,0,"), ("line", 2, "main,1,0,")])
async def test_figures_by_hour_and_by_line_come_as_csv(
    client: Client, desk: Desk, by: str, number: int, row: str
) -> None:
    await desk.call(missed_call())
    async with client.get("/figures.csv", params={"days": "7", "by": by}) as answer:
        heading, *lines = (await answer.text()).splitlines()
    assert heading.startswith(f"{by},missed_calls,filtered_calls,")
    assert len(lines) == number
    assert [line for line in lines if line.startswith(row)]


async def test_a_line_called_like_a_formula_is_none_in_a_spreadsheet(database: Database) -> None:
    lines = (replace(MAIN, name='=HYPERLINK("http://x","y")'),)
    async with (
        served(Desk(database, office=replace(OFFICE, lines=lines))) as client,
        client.get("/figures.csv", params={"by": "line"}) as answer,
    ):
        assert "\n\"'=HYPERLINK" in (await answer.text()).replace("\r", "")


# --- who may do what ----------------------------------------------------------------------------------------------

LEADS = ("/on-call", "/on-call/1/undo", "/hours", "/hours/1/undo", "/texts/pause", "/contacts/import")
ADMINS = ("/users/add", "/users/password", "/users/disable")


async def allowed(client: Client, paths: tuple[str, ...]) -> set[bool]:
    return {(await send(client, path))[0] != 403 for path in paths}


@pytest.mark.parametrize(
    ("role", "leads", "admins"),
    [(UserRole.STAFF, False, False), (UserRole.LEAD, True, False), (UserRole.ADMIN, True, True)],
)
async def test_each_role_does_what_is_its_own_whatever_the_page_offered(
    desk: Desk, role: UserRole, leads: bool, admins: bool
) -> None:
    await add_user(desk, "Ann", role)
    async with served(desk) as client:
        await sign_in(client)
        assert await allowed(client, LEADS) == {leads}
        assert await allowed(client, ADMINS) == {admins}
        async with client.get("/users") as answer:
            assert answer.status == (200 if admins else 403)
        assert ("Pause texts" in (await shown(client, "/on-call")).words) is (leads and not await _paused(desk))


async def _paused(desk: Desk) -> bool:
    async with desk.database.read() as db:
        return await settings.is_on(db, settings.PAUSED)


async def test_an_admin_adds_users_changes_passwords_and_disables(desk: Desk) -> None:
    await add_user(desk, "Ann", UserRole.ADMIN)
    async with served(desk) as client:
        await sign_in(client)
        _, page = await send(client, "/users/add", name="Bob", role="lead", password=PASSWORD)
        assert "Bob" in page.words
        await send(client, "/users/password", name="Bob", password="another horse")
        await send(client, "/users/disable", name="Bob")
        async with desk.database.read() as db:
            bob = await users.named(db, "Bob")
        assert bob
        assert (bob.role, bob.disabled) == (UserRole.LEAD, True)
        _, page = await send(client, "/users/enable", name="Bob")
        assert "disabled" not in page.words
    assert await desk.column("SELECT disabled FROM user ORDER BY id") == [0, 0]
    assert await desk.column("SELECT who FROM audit WHERE subject = 'user' AND subject_id = 2") == ["Ann"] * 4


@pytest.mark.parametrize(
    ("change", "fields", "said"),
    [
        ("add", {"name": "Ann", "role": "staff", "password": PASSWORD}, "already"),
        ("add", {"name": "Bob", "role": "king", "password": PASSWORD}, "choose a role"),
        ("add", {"name": "Bob", "role": "staff", "password": "x"}, "8 characters at least"),
        ("add", {"name": " ", "role": "staff", "password": PASSWORD}, "no name for a user"),
        ("password", {"name": "Bob", "password": PASSWORD}, "there is no user called Bob"),
        ("disable", {"name": "Ann"}, "nobody can shut themselves out"),
        ("disable", {"name": "Bob"}, "there is no user called Bob"),
    ],
)
async def test_a_wrong_change_of_users_is_told(desk: Desk, change: str, fields: dict[str, str], said: str) -> None:
    await add_user(desk, "Ann", UserRole.ADMIN)
    async with served(desk) as client:
        await sign_in(client)
        status, page = await send(client, f"/users/{change}", **fields)
    assert status == 400
    assert said in page.words


async def test_the_first_user_is_never_made_on_the_page(client: Client, desk: Desk) -> None:
    status, page = await send(client, "/users/add", name="Mallory", role="admin", password=PASSWORD)
    assert status == 400
    assert "the first user is made on the machine itself" in page.words
    assert "textback users" not in page.words
    assert await desk.column("SELECT id FROM user") == []

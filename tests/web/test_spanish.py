"""Every page in Spanish, word for word: nothing of it is English but what people wrote and what things are called."""

import io
import re
from collections.abc import AsyncIterator, Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest
from aiohttp import ClientResponse
from babel.messages.pofile import read_po
from jinja2 import Environment

from bridge.callbacks.actions import Seen
from bridge.domain.callbacks.queue import Outcome
from bridge.domain.office.hours import HoursChange, OpenOrClosed
from bridge.domain.office.roster import Change, Override
from bridge.office.schedule_changes import ScheduleChanges
from bridge.ops.health import Health, HealthNote, LinkHealth, LinkKind
from bridge.web.phones import Phones
from bridge.web.security import TOKEN
from storage import settings
from storage.database import Database
from storage.schedule import HOURS, ON_CALL
from storage.users import UserRole
from tests.callbacks.test_click_to_call import NotingPbx
from tests.desk import OTHER, Desk, missed_call, outbound_call
from tests.web import morning
from tests.web.served import Client, Faults, served
from tests.web.test_office import STAFFED
from tests.web.test_page import Page
from tests.web.test_sign_in import PASSWORD, add_user, origin

WEB = Path(str(files("bridge.web")))
WORD = re.compile(r"[^\W\d_]{3,}")
SPOKEN = frozenset(
    {"aria-label", "placeholder", "title", "alt", "data-now", "data-new", "data-new-urgent", "data-gone"}
)
CODE = re.compile(r"<code>.*?</code>|<pre>.*?</pre>|<kbd>.*?</kbd>", re.DOTALL)


def words_of(text: str) -> frozenset[str]:
    return frozenset(WORD.findall(text.casefold()))


NAMES = words_of(
    """
    PBX SMS CSV Acme Plumbing Front desk Ann Bob Cem main east office smpp New York America
    José Alvarez Marta Lindqvist Bartholomew Featherstonehaugh-Cholmondeley of the Riverside Condominium Association
    Estados Unidos Canadá Español Inglés
    12 Oak Lane, 84 Pine St, 310 W 95th St apt 4B
    """
)
"""Of things, people, lines, places and zones."""

CODES = words_of("textback users add NAME role admin number name kind customer staff supplier other blocked shared")
"""Commands, and what stands in files: the same in every language."""

MONTHS = words_of("lunes lun mar mié jue vie sáb dom ene feb abr may jun jul ago sep sept oct nov dic")
THEIRS = re.compile(
    r"<(q|blockquote|textarea)\b.*?</\1>|<li class=\"(?:ours|theirs)\">\s*<p>.*?</p>|<li class=\"note\">.*?</li>",
    re.DOTALL,
)
"""What customers wrote, what was written to them, and notes."""


class Spoken(HTMLParser):
    """The words that a reader sees or hears."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.feed(THEIRS.sub("", CODE.sub("", html)))

    def handle_starttag(self, _tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.said += [value for name, value in attributes if name in SPOKEN and value]

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    @property
    def words(self) -> set[str]:
        return {word for said in self.said for word in WORD.findall(said.casefold())}


def spanish() -> set[str]:
    """Every word of the catalogue's translations."""
    catalogue = read_po(io.BytesIO((WEB / "locale/es/messages.po").read_bytes()))
    strings = [message.string if isinstance(message.string, tuple) else (message.string,) for message in catalogue]
    return {word for said in strings for one in said for word in WORD.findall(str(one).casefold())}


SPANISH = spanish()


class Broken(Faults):
    """Everything that the strip and its bars can complain of."""

    def __call__(self) -> Health:
        links = (LinkHealth(LinkKind.PBX, "office", None, ""), LinkHealth(LinkKind.SMS, "smpp", None, ""))
        return Health(links, disk_free=1, disk_total=100 * 2**30, database="", notes=(HealthNote.NO_SNIPPET,))


@pytest.fixture
async def desk(database: Database) -> Desk:
    """A morning, and every kind of change that somebody can have entered."""
    made = Desk(database, office=STAFFED)
    await made.resume()
    await morning.play(made)
    await made.call(missed_call(OTHER, made.clock.advance(minutes=1)))
    await made.call(outbound_call(OTHER, made.clock.advance(minutes=1)))
    spam = await made.row(morning.QUIET)
    await made.callbacks.finish(Seen.of(spam, "Ann", made.clock()), Outcome.SPAM)
    now, later = made.clock(), made.clock.now.replace(day=25)
    duties = ScheduleChanges(database, made.office)
    await duties.enter(ON_CALL, Override("Bob", Change.AWAY, now, later, by="Ann"), now)
    await duties.enter(HOURS, HoursChange(OpenOrClosed.CLOSED, now, later, line="east", by="Ann"), now)
    return made


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with served(desk, phones=Phones(lambda: {"office": NotingPbx()})) as made:
        yield made


async def left_over(answer: ClientResponse) -> set[str]:
    """Words of the page that stand in no translation, and are nobody's name or own words."""
    html = await answer.text()
    assert '<html lang="es">' in html
    return Spoken(html).words - SPANISH - NAMES - CODES - MONTHS


ES = {"Accept-Language": "es"}

PAGES = (
    *("/", "/snoozed", "/done", "/?q=pine", "/?q=nobody", "/?did=1", "/on-call", "/figures", "/figures?days=90"),
    *(
        "/contacts",
        "/contacts?name=marta",
        "/contacts?name=none",
        "/filtered",
        "/settings",
        "/users",
        "/none",
        "/print",
    ),
    *("/texts", "/notices"),
    *(f"/callbacks/{row}" for row in range(1, 11)),
)


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_in_spanish_has_no_english_left(client: Client, path: str) -> None:
    async with client.get(path, headers=ES) as answer:
        assert await left_over(answer) - {"pine", "nobody", "none", "marta"} == set()


async def test_an_office_in_which_everything_is_down_says_so_in_spanish(desk: Desk) -> None:
    async with desk.database.transaction() as tx:
        await settings.turn(tx, settings.PAUSED, True, "Ann", desk.clock())
    async with served(desk, Broken(desk)) as client, client.get("/", headers=ES) as answer:
        assert await left_over(answer) == set()
    async with desk.database.transaction() as tx:
        await settings.turn(tx, settings.BREAKER, True, "Ann", desk.clock())
    async with served(desk, Broken(desk)) as client, client.get("/on-call", headers=ES) as answer:
        assert await left_over(answer) == set()


async def test_an_office_before_its_first_call_is_greeted_in_spanish(database: Database) -> None:
    async with served(Desk(database, office=STAFFED)) as client:
        for path in ("/", "/snoozed", "/done"):
            async with client.get(path, headers=ES) as answer:
                assert await left_over(answer) == set()


REFUSED: tuple[tuple[str, dict[str, str]], ...] = (
    ("/callbacks/4/finish", {"version": "1", "outcome": "reached"}),
    ("/callbacks/4/finish", {"version": "x"}),
    ("/callbacks/4/snooze", {"until": "pick", "at": "??"}),
    ("/callbacks/4/snooze", {"until": "pick", "at": "2020-01-01T08:00"}),
    ("/callbacks/4/note", {"note": ""}),
    ("/callbacks/4/note", {"note": "x" * 2001}),
    ("/callbacks/4/reopen", {}),
    ("/callbacks/4/call", {}),
    ("/callbacks/1/call", {}),
    ("/callbacks/7/call", {}),
    ("/callbacks/4/remember", {"kind": "customer", "name": "a\u202eb"}),
    ("/callbacks/9/remember", {"kind": "customer"}),
    ("/on-call", {"person": "Cem", "change": "takes", "until": "2026-11-24T08:00"}),
    ("/on-call", {"person": "Bob", "change": "takes", "until": "2020-11-24T08:00"}),
    ("/on-call", {"person": "Bob", "change": "takes", "from": "2020-11-23T08:00", "until": "2020-11-24T08:00"}),
    ("/on-call", {"person": "Bob", "change": "takes", "until": ""}),
    ("/on-call", {"person": "Bob", "change": "takes", "until": "9999-12-31T23:59"}),
    ("/on-call", {"person": "Bob", "change": "takes", "until": "2026-11-24T08:00", "branch": "??"}),
    ("/on-call/77/undo", {}),
    ("/hours", {"quick": "late"}),
    ("/hours", {"quick": "late", "late": "05:00"}),
    ("/hours", {"quick": "tomorrow", "where": "line ??"}),
    ("/hours/77/undo", {}),
    ("/contacts", {"number": "12", "name": "A", "kind": "staff"}),
    ("/contacts", {"number": "2025550123", "name": "A\x07", "kind": "staff"}),
    ("/contacts/import", {"file": "none"}),
    ("/contacts/77/undo", {"version": "1"}),
    ("/users/add", {"name": "Eve", "role": "staff", "password": PASSWORD}),
)


@pytest.mark.parametrize(("path", "fields"), REFUSED)
async def test_what_is_refused_is_refused_in_spanish(
    client: Client, desk: Desk, path: str, fields: dict[str, str]
) -> None:
    async with client.get("/", headers=ES) as answer:
        token = Page(await answer.text()).hidden[TOKEN]
    found = re.match(r"/callbacks/(\d+)", path)
    version = await desk.column(f"SELECT version FROM callback WHERE id = {found[1] if found else 0}")
    sent = {TOKEN: token, "version": str(version[0]) if version else "", "back": "row"} | fields
    async with client.post(path, data=sent, headers=origin(client) | ES) as answer:
        assert answer.status >= 400
        assert await left_over(answer) == set()


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "Eve", "role": "king", "password": PASSWORD},
        {"name": " ", "role": "staff", "password": PASSWORD},
        {"name": "Eve", "role": "staff", "password": "short"},
        {"name": "Eve", "role": "staff", "password": "x" * 1001},
        {"name": "Ann", "role": "staff", "password": PASSWORD},
    ],
)
async def test_a_user_that_cannot_be_is_refused_in_spanish(client: Client, desk: Desk, fields: dict[str, str]) -> None:
    await add_user(desk, "Ann", UserRole.ADMIN)
    async with client.get("/", headers=ES) as answer:
        assert await left_over(answer) == set()
        token = Page(await answer.text()).hidden[TOKEN]
    enter = {TOKEN: token, "name": "Ann", "password": "wrong"}
    async with client.post("/sign-in", data=enter, headers=origin(client) | ES) as answer:
        assert await left_over(answer) == set()
    async with client.post("/sign-in", data=enter | {"password": PASSWORD}, headers=origin(client) | ES) as answer:
        token = Page(await answer.text()).hidden[TOKEN]
    async with client.post("/users/add", data={TOKEN: token} | fields, headers=origin(client) | ES) as answer:
        assert answer.status == 400
        assert await left_over(answer) - {"eve"} == set()


def literal(template: str) -> Iterator[str]:
    """The words that stand in a template as they are, in no `_()`."""
    tokens = Environment(autoescape=True).lex(template)
    html = CODE.sub("", "".join(text if kind == "data" else "\x00" for _, kind, text in tokens))
    bare = re.sub(r"\x00+", "", html)
    spoken = Spoken(re.sub(r"\x00", "", bare))
    yield from sorted(spoken.words - {"pbx", "sms", "csv"})


@pytest.mark.parametrize("path", sorted((WEB / "templates").glob("*.html")), ids=lambda path: path.name)
def test_no_words_stand_in_a_template_that_cannot_be_translated(path: Path) -> None:
    assert list(literal(path.read_text())) == []


def test_a_word_that_nobody_translated_would_be_found() -> None:
    assert list(literal("<p>{{ _('To call') }} <b>Hello</b></p><i aria-label='there'></i>")) == ["hello", "there"]
    assert Spoken('<p title="Snoozed">Call</p>').words - SPANISH == {"snoozed", "call"}

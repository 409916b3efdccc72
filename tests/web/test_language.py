"""The page in English and Spanish: whole, and chosen by the setting or the browser."""

import io
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bridge.web.labels import Show
from bridge.web.language import ENGLISH, chosen, words_in
from bridge.web.settings import WebSettings
from tests.desk import MONDAY_NOON, OFFICE, Desk, missed_call
from tests.web import morning
from tests.web.served import Client, served
from tests.web.test_page import Page

WEB = Path(str(files("bridge.web")))
HOME = Path(str(files("bridge"))).parent
KEYWORDS: Any = {"_": None, "N_": None, "say": None, "count": (1, 2), "ngettext": (1, 2)}


def english() -> Iterator[str | tuple[str, ...]]:
    """Every word that the page can say, also of why something was refused further inside."""
    kinds = [("web/templates/**.html", "jinja2"), ("**.py", "python")]
    for directory in ("bridge", "storage"):
        for found in extract_from_dir(str(HOME / directory), kinds, keywords=KEYWORDS):
            yield found[2]


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    await morning.play(desk)
    async with served(desk) as made:
        yield made


async def shown(client: Client, path: str, accepted: str = "es-MX,es;q=0.9,en;q=0.5") -> Page:
    async with client.get(path, headers={"Accept-Language": accepted}) as answer:
        return Page(await answer.text())


def test_everything_the_page_says_is_translated() -> None:
    catalogue = read_po(io.BytesIO((WEB / "locale/es/messages.po").read_bytes()))
    known = {message.id: message.string for message in catalogue if message.id}
    assert [words for words in english() if not known.get(words)] == []


def test_translations_keep_what_is_filled_in() -> None:
    catalogue = read_po(io.BytesIO((WEB / "locale/es/messages.po").read_bytes()))
    assert [message.id for message in catalogue if list(message.check())] == []


@pytest.mark.parametrize(
    ("accepted", "setting", "language"),
    [
        ("", "", ENGLISH),
        ("es", "", "es"),
        ("es-419,es;q=0.9", "", "es"),
        ("en-US,es;q=0.9", "", ENGLISH),
        ("fr;q=1.0,es;q=0.3,en;q=0.2", "", "es"),
        ("fr", "", ENGLISH),
        ("en", "es", "es"),
        (";q=x,,es;q=", "", "es"),
        ("*" * 9000, "", ENGLISH),
    ],
)
def test_the_setting_goes_before_the_browser_and_english_is_left(accepted: str, setting: str, language: str) -> None:
    assert chosen(accepted, setting) == language


async def test_the_list_is_in_spanish_with_numbers_of_one_and_of_many(client: Client) -> None:
    page = await shown(client, "/")
    assert '<html lang="es">' in page.html
    for words in ("Por llamar", "Urgente", "2 llamadas perdidas", "Llamar"):
        assert words in page.words
    for words in ("missed call", "To call", "nobody answered", "Snooze"):
        assert words not in page.words


async def test_what_the_customer_wrote_stays_in_their_words(client: Client) -> None:
    assert "no heat since last night" in (await shown(client, "/")).words.replace("  ", " ")


async def test_dates_are_said_in_spanish(client: Client, desk: Desk) -> None:
    desk.clock.now += timedelta(days=2)
    assert "lun" in (await shown(client, "/")).words


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Mon\u00a012:00\u00a0PM"), ("es", "lun\u00a012:00\u00a0p.\u202fm.")]
)
def test_no_line_breaks_within_a_time(language: str, said: str) -> None:
    """Between hour and half of the day stand spaces that do not break."""
    show = Show(OFFICE, MONDAY_NOON + timedelta(days=1), words_in(language))
    assert show.time(MONDAY_NOON) == said


@pytest.mark.parametrize("path", ["/on-call", "/contacts", "/filtered", "/settings", "/figures", "/users", "/nonsense"])
async def test_every_other_page_is_in_spanish(client: Client, path: str) -> None:
    page = await shown(client, path)
    assert '<html lang="es">' in page.html
    assert "A la lista" in page.words


async def test_the_setting_makes_it_spanish_for_every_browser(desk: Desk) -> None:
    await desk.call(missed_call())
    async with served(desk, settings=WebSettings(language="es")) as client:
        assert "Por llamar" in (await shown(client, "/", "en")).words


def test_words_with_a_percent_sign_and_nothing_to_fill_in_are_said_as_they_are() -> None:
    assert words_in("es").say("100% of 5%s") == "100% of 5%s"
    assert words_in("es").say("") == ""

"""The page in the reader's language (i18n): gettext catalogues, chosen by the setting or else by the browser.

English stands in the code and the templates; other languages are `locale/LANGUAGE/messages.po`, read as they are.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from typing import Any

import aiohttp_jinja2
from aiohttp import web
from babel.core import negotiate_locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from bridge.domain.i18n import N_
from bridge.web.forwarded import ROOT

__all__ = ["N_", "WORDS", "PageWords", "chosen", "render", "words_in"]

ENGLISH = "en"
LANGUAGES = (ENGLISH, "es")


@dataclass(frozen=True, slots=True)
class PageWords:
    """What is said in one language. language: as in `<html lang>`."""

    language: str
    catalogue: NullTranslations

    def say(self, words: str, /, **values: Any) -> str:
        """values: fill the `%(name)s` in the words."""
        said = self.catalogue.gettext(words) if words else ""
        return said % values if values else said

    def count(self, one: str, many: str, num: int) -> str:
        return self.catalogue.ngettext(one, many, num) % {"num": num}

    def context(self) -> dict[str, Any]:
        """For templates."""
        return {"_": self.say, "ngettext": self.count, "language": self.language}


WORDS = web.RequestKey("words", PageWords)


def render(request: web.Request, template: str, context: Mapping[str, Any], status: int = 200) -> web.Response:
    """A template in the reader's language."""
    whole = {**request[WORDS].context(), "root": request[ROOT], **context}
    return aiohttp_jinja2.render_template(template, request, whole, status=status)


@cache
def words_in(language: str) -> PageWords:
    if language == ENGLISH:
        return PageWords(ENGLISH, NullTranslations())
    catalogue = read_po(io.BytesIO((files("bridge.web") / "locale" / language / "messages.po").read_bytes()), language)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return PageWords(language, GNUTranslations(compiled))


def chosen(accepted: str, setting: str = "") -> str:
    """setting: goes before what the browser accepts (its Accept-Language)."""
    preferred = [tag for _, tag in sorted(_tags(accepted), key=lambda tag: -tag[0])]
    return setting or negotiate_locale(preferred, LANGUAGES, sep="-") or ENGLISH


def _tags(accepted: str) -> list[tuple[float, str]]:
    """`es-MX;q=0.8` as (0.8, "es-MX"); what is no such thing counts least."""
    return [_tag(written) for written in accepted[:400].split(",") if written.strip()]


def _tag(written: str) -> tuple[float, str]:
    tag, _, weight = written.partition(";q=")
    try:
        return float(weight or 1), tag.strip()
    except ValueError:
        return 0.0, tag.strip()

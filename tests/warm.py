"""What a daemon does once, on its way up and for its first page: done before `tests.forked` forks the first."""

import aiohttp_jinja2
from aiohttp import web

from bridge.domain.words.lexicon import default_lexicon
from bridge.web.app import add_templates
from bridge.web.language import LANGUAGES, words_in

default_lexicon()
for language in LANGUAGES:
    words_in(language)
site = web.Application()
add_templates(site, "")
templates = aiohttp_jinja2.get_env(site)
for name in templates.list_templates():
    templates.get_template(name)

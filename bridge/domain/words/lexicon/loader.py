"""Read the lexicon: TOML files in this package, merged; every mistake is told with its file, line and word."""

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from bridge.domain.words.keywords import OptOutRequest
from bridge.domain.words.lexicon.entries import (
    Category,
    Excuse,
    LexiconError,
    OptOutPhrase,
    Promise,
    ReleaseKind,
    Rule,
    Scope,
    Strength,
    Trigger,
    trigger,
)
from bridge.domain.words.lexicon.lexicon import Entries, Lexicon
from bridge.domain.words.phrases import Element, Phrase, PhraseError, parse

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A lexicon file as written."""

    name: str
    text: str
    tables: Table = field(default_factory=dict)

    def mistake(self, word: str, why: str) -> LexiconError:
        lines = self.text.splitlines()
        quoted = [number for number, line in enumerate(lines, 1) if f'"{word}"' in line]
        bare = [number for number, line in enumerate(lines, 1) if word in line]
        return LexiconError(self.name, next(iter(quoted or bare), 0), word, why)


def shipped() -> list[Source]:
    """The lexicon files of this package."""
    package = files("bridge.domain.words.lexicon")
    paths = sorted((path for path in package.iterdir() if path.name.endswith(".toml")), key=lambda path: path.name)
    return [source(path.name, path.read_text(encoding="utf-8")) for path in paths]


def source(name: str, text: str) -> Source:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _not_toml(name, text, str(error)) from error
    read = Source(name, text, tables)
    for key in tables:
        if key not in _TABLES:
            raise read.mistake(key, f"no such table; there are {', '.join(_TABLES)}")
    return read


def _not_toml(name: str, text: str, why: str) -> LexiconError:
    _, _, place = why.partition("(at line ")
    number = int(place.split(",")[0]) if place else len(text.splitlines())
    line = (text.splitlines() or [""])[min(number, len(text.splitlines())) - 1] if text.strip() else ""
    return LexiconError(name, number, line.strip(), why)


def build(sources: Sequence[Source]) -> Lexicon:
    """Merge the files into one lexicon; `LexiconError` names what is wrong."""
    classes = _classes(sources)
    words = [(read, table) for read in sources for table in _tables(read, "words")]
    return Lexicon(
        expand=_merged(sources, "expand", _words),
        endings=_merged(sources, "endings", _words),
        classes=classes,
        misspelt=frozenset(word for read, table in words for word in _strings(read, table, "misspelt")),
        not_typos=frozenset(word for read, table in words for word in _strings(read, table, "not_typos")),
        compounds=_compounds(sources, classes),
        triggers=_entries(sources, "trigger", _trigger, classes),
        releases=_entries(sources, "release", lambda read, table: _member(read, table, "kind", ReleaseKind), classes),
        promises=_promises(sources, classes),
        excuses=_entries(sources, "excuse", lambda read, table: _member(read, table, "kind", Excuse), classes),
        opt_outs=_entries(sources, "opt_out", _request, classes),
    )


_TABLES = ("words", "expand", "endings", "classes", "compounds", "trigger", "release", "promise", "excuse", "opt_out")


def _tables(read: Source, name: str) -> Iterator[Table]:
    tables = read.tables.get(name, [])
    for table in tables if isinstance(tables, list) else [tables]:
        if not isinstance(table, dict):
            raise read.mistake(name, "must be a table")
        yield table


def _merged(sources: Sequence[Source], name: str, read_value: Callable[[Source, str, Any], T]) -> dict[str, T]:
    return {
        key: read_value(read, key, value)
        for read in sources
        for table in _tables(read, name)
        for key, value in table.items()
    }


def _words(read: Source, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, str):
        raise read.mistake(key, "must be a string of words")
    return tuple(value.split())


def _strings(read: Source, table: Table, key: str) -> list[str]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise read.mistake(key, "must be a list of strings")
    return value


def _classes(sources: Sequence[Source]) -> dict[str, Element]:
    """Classes of the same name in several files are one class; a class may name one that stands before it."""
    classes: dict[str, Element] = {}
    for read in sources:
        for table in _tables(read, "classes"):
            for name in table:
                members = _strings(read, table, name)
                classes[name] = _class(read, members, classes, classes.get(name))
    return classes


def _class(read: Source, members: Sequence[str], classes: Mapping[str, Element], base: Element | None) -> Element:
    words, stems, endings = (base.words, base.stems, base.endings) if base else (frozenset[str](), (), ())
    for member in members:
        element = _phrase(read, member, classes)[0]
        words |= element.words
        stems += element.stems
        endings += element.endings
    return Element(words, stems, endings)


def _compounds(sources: Sequence[Source], classes: Mapping[str, Element]) -> Entries[str]:
    return tuple(
        (_phrase(read, phrase, classes), name)
        for read in sources
        for table in _tables(read, "compounds")
        for name in table
        for phrase in _strings(read, table, name)
    )


def _entries(
    sources: Sequence[Source], name: str, read_value: Callable[[Source, Table], T], classes: Mapping[str, Element]
) -> Entries[T]:
    return tuple(
        (_phrase(read, phrase, classes), value)
        for read in sources
        for table in _tables(read, name)
        for value in [read_value(read, table)]
        for phrase in _strings(read, table, "phrases")
    )


def _phrase(read: Source, text: str, classes: Mapping[str, Element]) -> Phrase:
    try:
        return parse(text, classes)
    except PhraseError as error:
        raise read.mistake(text, f"{error.word!r}: {error.why}") from error


def _member(read: Source, table: Table, key: str, kinds: type[E]) -> E:
    value = table.get(key, "")
    try:
        return kinds(value)
    except ValueError as error:
        raise read.mistake(str(value), f"{key} must be one of {', '.join(kinds)}") from error


def _members(read: Source, table: Table, key: str, kinds: type[E]) -> frozenset[E]:
    return frozenset(_member(read, {key: value}, key, kinds) for value in _strings(read, table, key))


def _request(read: Source, table: Table) -> OptOutPhrase:
    return OptOutPhrase(
        _member(read, table, "kind", OptOutRequest), _member(read, {"scope": "anywhere", **table}, "scope", Scope)
    )


def _trigger(read: Source, table: Table) -> Trigger:
    strength = _member(read, {"strength": "urgent", **table}, "strength", Strength)
    return trigger(
        None if strength is Strength.TROUBLE else _member(read, table, "category", Category),
        strength,
        also=_members(read, table, "also", ReleaseKind),
        never=_members(read, table, "never", ReleaseKind),
    )


def _promises(sources: Sequence[Source], classes: Mapping[str, Element]) -> Entries[Promise]:
    """A "no" that belongs to a promise ("in no time", "you will not wait long") does not take it back."""
    no = classes["negator"].words if "negator" in classes else frozenset()
    return tuple(
        (phrase, replace(promise, excused_by=promise.excused_by - {Excuse.NEGATED}))
        if any(element.words and element.words <= no for element in phrase)
        else (phrase, promise)
        for phrase, promise in _entries(sources, "promise", _promise, classes)
    )


def _promise(read: Source, table: Table) -> Promise:
    suggestion = table.get("suggestion", "")
    if not isinstance(suggestion, str) or not suggestion:
        raise read.mistake(str(suggestion), "a promise needs an honest wording to suggest")
    return Promise(_member(read, table, "rule", Rule), _members(read, table, "excused_by", Excuse), suggestion)


@cache
def default_lexicon() -> Lexicon:
    """The shipped words, read once."""
    return build(shipped())

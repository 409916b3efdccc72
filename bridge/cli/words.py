"""`textback triage` and `textback lint-text`: what the office's words are taken for, tried from the command line.

Both read standard input, a text a line, and print a line for each, in order. Neither needs a configuration.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from bridge.domain.texts import gsm
from bridge.domain.words import address, honesty, own_words, triage
from bridge.domain.words import opt_out as optout
from bridge.domain.words.lexicon import Lexicon, OptOutRequest, default_lexicon

PROBLEM_FOUND = 1
WRONG_USAGE = 2

_MEANT_AS_JSON = re.compile(r"\s*\{\s*\"parts\"\s*:")

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]
Row = dict[str, Any]


class LineError(ValueError):
    """A line of input that says it is JSON and is not what is asked for."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command("triage")(triage_lines)
    app.command("lint-text")(lint_lines)


def triage_lines(as_json: AsJson = False) -> None:
    """Say how urgent each line is, what it is about and where: a text, or {"parts": ["no", "heat"]}."""
    lexicon = default_lexicon()
    refused = False
    for number, line in enumerate(_lines(), 1):
        try:
            row = triaged(*texts_of(line), lexicon)
        except LineError as error:
            refused = True
            typer.echo(f"line {number}: {error}", err=True)
            continue
        _print(row, as_json=as_json)
    if refused:
        raise typer.Exit(WRONG_USAGE)


def lint_lines(as_json: AsJson = False) -> None:
    """Say of each line whether it may be sent as an automatic text, and which words promise too much."""
    lexicon = default_lexicon()
    rows = [linted(line, lexicon) for line in _lines()]
    for row in rows:
        _print(row, as_json=as_json)
    if not all(row["ok"] for row in rows):
        raise typer.Exit(PROBLEM_FOUND)


def texts_of(line: str) -> tuple[list[str], list[str]]:
    """What the customer wrote, and what we had sent: the strings of `{"parts": [...], "sent": [...]}`.

    Of any other line, which may begin with a brace too, the line itself.
    """
    if not line.lstrip().startswith("{"):
        return [line], []
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        if _MEANT_AS_JSON.match(line):
            raise LineError(f"not JSON: {error}") from error
        return [line], []
    if not isinstance(value, dict) or "parts" not in value:
        return [line], []
    return _strings(value, "parts"), _strings(value, "sent")


def _strings(value: Row, key: str) -> list[str]:
    strings = value.get(key, [])
    if not isinstance(strings, list) or not all(isinstance(string, str) for string in strings):
        raise LineError(f'"{key}" must be a list of strings')
    return strings


def triaged(parts: Sequence[str], sent: Sequence[str], lexicon: Lexicon) -> Row:
    """`opt_out` is null where the text asks for nothing of the kind; offsets count characters of their part.

    reaction: the first one. quoted: what was not read, since it is not the customer's. machine: no person wrote it.
    """
    heard = [own_words.read(part, lexicon, sent) for part in parts]
    own = [part.text for part in heard]
    assessment = triage.assess(own, lexicon)
    found = address.find(own, lexicon)
    asked = [
        kind
        for part in range(len(own))
        if (kind := optout.read(own[part], lexicon, before="".join(own[:part][-1:]))) is not OptOutRequest.NONE
    ]
    return {
        "level": assessment.level,
        "categories": list(assessment.categories),
        "address": found.address,
        "issue": found.issue,
        "opt_out": OptOutRequest.STOP if OptOutRequest.STOP in asked else next(iter(asked), None),
        "spans": [_place(span) | {"category": span.category} for span in assessment.spans],
        "released_by": [_place(release) | {"kind": release.kind} for release in assessment.released_by],
        "reaction": next((str(part.reaction) for part in heard if part.reaction), None),
        "quoted": [
            {"part": number, "start": start, "end": end, "text": parts[number][start:end]}
            for number, part in enumerate(heard)
            for start, end in part.unread
        ],
        "machine": any(part.machine for part in heard),
    }


def linted(text: str, lexicon: Lexicon) -> Row:
    problems = honesty.check(text, lexicon)
    return {
        "ok": not problems,
        "problems": [
            {
                "words": problem.words,
                "start": problem.start,
                "end": problem.end,
                "rule": problem.rule,
                "suggestion": problem.suggestion,
            }
            for problem in problems
        ],
        **_size(text),
    }


def _size(text: str) -> Row:
    """Null where the text is longer than any message can be."""
    try:
        segments = gsm.split(text)
    except ValueError:
        return {"segments": None, "encoding": None}
    return {"segments": len(segments.parts), "encoding": segments.encoding}


def _place(words: triage.TextSpan | triage.Release) -> Row:
    return {"part": words.part, "start": words.start, "end": words.end, "text": words.text}


def _lines() -> Iterator[str]:
    """Standard input, line by line, without a byte order mark; octets that are no UTF-8 are read as U+FFFD."""
    for number, line in enumerate(sys.stdin.buffer):
        encoding = "utf-8" if number else "utf-8-sig"
        yield line.decode(encoding, errors="replace").removesuffix("\n").removesuffix("\r")


def _print(row: Row, *, as_json: bool) -> None:
    """As JSON in ASCII, or as fields with tabs between: a text cannot move the cursor of whoever reads it."""
    typer.echo(json.dumps(row) if as_json else "\t".join(_field(name, value) for name, value in row.items()))


def _field(name: str, value: object) -> str:
    if isinstance(value, list):
        return f"{name}={'; '.join(map(_item, value))}"
    return f"{name}={_harmless(str('' if value is None else value))}"


def _item(value: object) -> str:
    if not isinstance(value, dict):
        return _harmless(str(value))
    words = value.get("text", value.get("words", ""))
    why = value.get("category") or value.get("kind") or f"{value.get('rule')}: {value.get('suggestion')}"
    return _harmless(f'"{words}" ({why})')


def _harmless(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)

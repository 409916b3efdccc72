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
from bridge.domain.words import address, honesty, triage
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
            row = triaged(parts_of(line), lexicon)
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


def parts_of(line: str) -> list[str]:
    """The texts of a line: the strings of `{"parts": [...]}`, else the line itself, which may begin with a brace."""
    if not line.lstrip().startswith("{"):
        return [line]
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        if _MEANT_AS_JSON.match(line):
            raise LineError(f"not JSON: {error}") from error
        return [line]
    if not isinstance(value, dict) or "parts" not in value:
        return [line]
    parts = value["parts"]
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise LineError('"parts" must be a list of strings')
    return parts


def triaged(parts: Sequence[str], lexicon: Lexicon) -> Row:
    """`opt_out` is null where the text asks for nothing of the kind; offsets count characters of their part."""
    assessment = triage.assess(parts, lexicon)
    found = address.find(parts, lexicon)
    asked = [kind for part in parts if (kind := optout.read(part, lexicon)) is not OptOutRequest.NONE]
    return {
        "level": assessment.level,
        "categories": list(assessment.categories),
        "address": found.address,
        "issue": found.issue,
        "opt_out": OptOutRequest.STOP if OptOutRequest.STOP in asked else next(iter(asked), None),
        "spans": [_place(span) | {"category": span.category} for span in assessment.spans],
        "released_by": [_place(release) | {"kind": release.kind} for release in assessment.released_by],
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

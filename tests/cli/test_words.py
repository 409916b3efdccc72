import json
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from bridge.cli import words


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    words.register(app)
    return app


def run(app: typer.Typer, *arguments: str, given: str | bytes) -> Result:
    return CliRunner().invoke(app, arguments, input=given)


def rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_triage_prints_one_row_for_each_line(app: typer.Typer) -> None:
    result = run(app, "triage", "--json", given='no heat at 41 Elm Street\n\n{"parts": ["no", "heat"]}\nSTOP\n')
    first, empty, parts, stop = rows(result)
    assert result.exit_code == 0
    keys = ["level", "categories", "address", "issue", "opt_out", "spans", "released_by"]
    assert list(first) == [*keys, "reaction", "quoted", "machine"]
    assert (first["level"], first["categories"], first["address"]) == ("urgent", ["no heat"], "41 Elm Street")
    assert (empty["level"], empty["opt_out"]) == ("routine", None)
    assert parts["level"] == "urgent"
    assert stop["opt_out"] == "stop"


def test_triage_shows_what_released_a_match(app: typer.Typer) -> None:
    (row,) = rows(run(app, "triage", "--json", given="no leak here\n"))
    assert row["released_by"] == [{"part": 0, "start": 0, "end": 2, "text": "no", "kind": "negated"}]


def test_triage_says_what_it_did_not_read(app: typer.Typer) -> None:
    sent = "We have Ace's note about the gas leak, reply STOP to opt out"
    quote = f"Liked “{sent[:40]}…” no heat"
    first, machine = rows(
        run(app, "triage", "--json", given=json.dumps({"parts": [quote], "sent": [sent]}) + "\nWe are closed.\n")
    )
    assert (first["reaction"], first["opt_out"], first["categories"], first["machine"]) == (
        "👍",
        None,
        ["no heat"],
        False,
    )
    assert first["quoted"] == [
        {"part": 0, "start": 0, "end": quote.index("”") + 1, "text": quote.removesuffix(" no heat")}
    ]
    assert (machine["reaction"], machine["machine"]) == (None, True)


def test_sent_texts_that_are_no_texts_are_wrong_usage(app: typer.Typer) -> None:
    assert run(app, "triage", given='{"parts": ["no"], "sent": "heat"}\n').exit_code == 2


def test_a_text_may_begin_with_a_brace(app: typer.Typer) -> None:
    rows_ = rows(run(app, "triage", "--json", given='{help leak\n{"a": 1}\n'))
    assert [row["level"] for row in rows_] == ["urgent", "routine"]


def test_parts_that_are_no_texts_are_wrong_usage_and_the_rest_is_read(app: typer.Typer) -> None:
    result = run(app, "triage", "--json", given='{"parts": 5}\nleak\n')
    assert result.exit_code == 2
    assert "line 1" in result.stderr
    assert [row["level"] for row in rows(result)] == ["urgent"]


@pytest.mark.parametrize("line", ['{"parts": ["no", "heat"', '{"parts": ["no"]} heat', '{ "parts" : nonsense}'])
def test_a_line_that_begins_like_parts_and_is_no_json_is_told_and_the_rest_is_read(app: typer.Typer, line: str) -> None:
    result = run(app, "triage", "--json", given=f"gas smell\n{line}\nleak\n")
    assert result.exit_code == 2
    assert "line 2: not JSON" in result.stderr
    assert [row["categories"] for row in rows(result)] == [["emergency"], ["leak"]]


def test_a_byte_order_mark_is_no_part_of_the_first_line(app: typer.Typer) -> None:
    (row,) = rows(run(app, "triage", "--json", given=b'\xef\xbb\xbf{"parts": ["leak"]}\n'))
    assert row["spans"] == [{"part": 0, "start": 0, "end": 4, "text": "leak", "category": "leak"}]


def test_offsets_count_characters_of_each_part_as_it_was_written(app: typer.Typer) -> None:
    parts = ["🔥🔥 ﬁrst “ＬＥＡＫ”", "½ the house: no\u00a0heat"]
    (row,) = rows(run(app, "triage", "--json", given=json.dumps({"parts": parts}) + "\n"))
    shown = {(span["category"], parts[span["part"]][span["start"] : span["end"]]) for span in row["spans"]}
    assert {("leak", "ＬＥＡＫ"), ("no heat", "no\u00a0heat")} <= shown


def test_hostile_octets_neither_fail_nor_reach_the_terminal(app: typer.Typer) -> None:
    result = run(app, "triage", given=b"leak \xff\x1b[2J \xe2\x80\xae\n")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    assert "\u202e" not in result.stdout


def test_lint_text_refuses_with_the_words(app: typer.Typer) -> None:
    result = run(app, "lint-text", "--json", given="Sorry we missed you.\nWe'll call you back in 10 minutes\n")
    fine, refused = rows(result)
    assert result.exit_code == 1
    assert (fine["ok"], fine["problems"], fine["segments"], fine["encoding"]) == (True, [], 1, "gsm7")
    assert refused["ok"] is False
    assert refused["problems"][0]["words"] == "We'll call you back in 10 minutes"


def test_lint_text_is_content_with_honest_texts(app: typer.Typer) -> None:
    assert run(app, "lint-text", given="Sorry we missed you. Is it urgent today?\n").exit_code == 0


def test_lint_text_refuses_what_no_message_can_hold(app: typer.Typer) -> None:
    (row,) = rows(run(app, "lint-text", "--json", given="a" * 60_000 + "\n"))
    assert (row["ok"], row["segments"]) == (False, None)

"""`textback queue | digest | opt-outs | export | forget` on a real database."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bridge.calls.missed_calls import MissedCalls
from bridge.config import load
from bridge.domain.calls.calls import Caller
from bridge.texts.inbox import Inbox
from storage.database import Database
from tests.desk import CUSTOMER, OnThePhone, missed_call, text
from tests.site import run


@pytest.fixture
def office(example: Path) -> tuple[str, str]:
    """One customer waits. The option that names its configuration."""

    async def make() -> None:
        config, now = load(example, {}), datetime.now(UTC)
        async with await Database.open(config.database) as database:
            calls = MissedCalls(database, config.office, config.rules, OnThePhone())
            call = missed_call(at=now)
            await calls.ended(replace(call, caller=replace(call.caller, name="Mary Poole")), now)

    asyncio.run(make())
    return "--config", str(example)


def test_the_queue_is_one_line_per_customer(office: tuple[str, str]) -> None:
    assert run("queue", *office).stdout.startswith("#1 Mary Poole (202) 555-0123, since ")
    [row] = run("queue", "--json", *office).stdout.splitlines()
    assert (json.loads(row)["number"], json.loads(row)["missed"]) == (CUSTOMER.value, 1)


def test_the_queue_is_shown_also_once_a_customer_has_replied(office: tuple[str, str]) -> None:
    async def reply() -> None:
        config = load(Path(office[1]), {})
        async with await Database.open(config.database) as database:
            inbox = Inbox(database, config.office, clock=lambda: datetime.now(UTC))
            await inbox.received(text("Water is leaking, 12 Elm St"))

    asyncio.run(reply())
    done = run("queue", *office)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("URGENT #1 Mary Poole")


@pytest.mark.parametrize("mistake", ['country = "Utopia"', 'country = "US'])
def test_the_queue_is_shown_also_where_the_office_cannot_be_read(office: tuple[str, str], mistake: str) -> None:
    path = Path(office[1])
    path.write_text(path.read_text().replace('country = "US"', mistake))
    done = run("queue", *office, "--branch", "Ace Plumbing")
    assert (done.returncode, "check-config" in done.stderr) == (0, True)
    assert done.stdout.startswith("#1 Mary Poole (202) 555-0123, since ")


def test_the_digest_can_be_read_at_any_time(office: tuple[str, str]) -> None:
    assert run("digest", *office).stdout.startswith("1 to call. #1 Mary Poole (202) 555-0123, since ")


@pytest.mark.parametrize(("zone", "labelled"), [("Mars/Base", True), ("America/New_York", False)])
def test_times_say_that_they_are_utc_where_the_offices_zone_cannot_be_read(
    office: tuple[str, str], zone: str, labelled: bool
) -> None:
    path = Path(office[1])
    broken = path.read_text().replace('country = "US"', 'country = "Utopia"').replace("America/New_York", zone)
    path.write_text(broken)
    assert ("(times in UTC)" in run("queue", *office).stdout) is labelled


def test_queue_and_digest_of_one_branch_can_be_read(office: tuple[str, str]) -> None:
    ours = ("--branch", "Ace Plumbing")
    assert run("queue", *office, *ours).stdout.startswith("#1 Mary Poole")
    assert run("digest", *office, *ours).stdout.startswith("Ace Plumbing: 1 to call. #1 Mary Poole")
    wrong = run("digest", *office, "--branch", "west")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "there is no branch west" in wrong.stderr


def test_opt_outs_are_entered_and_listed(office: tuple[str, str]) -> None:
    config = office[1]
    assert run("opt-outs", *office).stdout == ""
    assert "no more texts" in run("opt-outs", *office, "add", "(202) 555-0123").stdout
    assert "already" in run("opt-outs", *office, "add", "2025550123").stdout
    assert run("opt-outs", "--config", config).stdout.startswith(f"{CUSTOMER}  by_hand ")


def test_what_is_stored_of_a_number_can_be_seen_and_forgotten(office: tuple[str, str]) -> None:
    found = json.loads(run("export", "2025550123", *office).stdout)
    assert [call["name"] for call in found["call"]] == ["Mary Poole"]
    assert "2 entries forgotten" in run("forget", "2025550123", "--yes", *office).stdout
    assert "nothing was known" in run("forget", "2025550123", "--yes", *office).stdout
    assert not any(json.loads(run("export", "2025550123", *office).stdout).values())


def test_nothing_is_forgotten_without_a_yes(office: tuple[str, str]) -> None:
    assert run("forget", "2025550123", *office).returncode == 1
    assert json.loads(run("export", "2025550123", *office).stdout)["call"]


def test_what_is_no_number_is_wrong_usage(office: tuple[str, str]) -> None:
    for verb in (("export",), ("forget", "--yes"), ("opt-outs", *office, "add")):
        assert run(*verb, "12", *(office if "add" not in verb else ())).returncode == 2


def test_digits_that_are_no_number_are_shown_exported_and_forgotten(office: tuple[str, str]) -> None:
    async def call() -> None:
        config, now = load(Path(office[1]), {}), datetime.now(UTC)
        async with await Database.open(config.database) as database:
            calls = MissedCalls(database, config.office, config.rules, OnThePhone())
            await calls.ended(replace(missed_call(at=now), caller=Caller(None, "0000000000")), now)

    asyncio.run(call())
    assert "caller ID 0000000000" in run("queue", *office).stdout
    assert "0000000000" in [json.loads(row)["digits"] for row in run("queue", "--json", *office).stdout.splitlines()]
    assert len(json.loads(run("export", "0000000000", *office).stdout)["call"]) == 1
    assert "entries forgotten" in run("forget", "--yes", "0000000000", *office).stdout
    assert "0000000000" not in run("queue", "--json", *office).stdout

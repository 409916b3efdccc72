"""`textback users` on a real database, with the password from a pipe."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from bridge.web import passwords
from storage import users
from storage.database import Database
from storage.users import User
from tests.site import run

PASSWORD = "correct horse"


def piped(example: Path, *arguments: str, password: str = PASSWORD) -> "subprocess.CompletedProcess[str]":
    return run(*arguments, "--config", str(example), given=f"{password}\n")


def stored(example: Path, name: str) -> User | None:
    async def read() -> User | None:
        async with await Database.open(example.parent / "t.db") as database, database.read() as db:
            return await users.named(db, name)

    return asyncio.run(read())


def test_the_first_user_is_one_command_and_says_what_changes(example: Path) -> None:
    done = piped(example, "users", "add", "Ann", "--role", "admin")
    assert done.returncode == 0, done.stderr
    assert "Ann can sign in, as admin" in done.stdout
    assert "From now on everybody signs in" in done.stdout
    user = stored(example, "ann")
    assert user
    assert passwords.fits(PASSWORD, user.password)
    assert PASSWORD not in user.password


def test_users_are_listed_get_new_passwords_and_are_disabled(example: Path) -> None:
    piped(example, "users", "add", "Ann", "--role", "lead")
    assert "From now on" not in piped(example, "users", "add", "Bob").stdout
    before = stored(example, "Bob")
    assert piped(example, "users", "passwd", "Bob", password="another horse").returncode == 0
    after = stored(example, "Bob")
    assert before
    assert after
    assert before.password != after.password
    run("users", "disable", "Bob", "--config", str(example))
    listed = run("users", "list", "--config", str(example)).stdout
    assert listed.splitlines() == ["Ann\tlead", "Bob\tstaff\tdisabled"]


@pytest.mark.parametrize(
    ("arguments", "password", "said"),
    [
        (("add", "Ann"), "short", "8 characters at least"),
        (("add", "textback"), PASSWORD, "no name for a user"),
        (("add", " "), PASSWORD, "no name for a user"),
        (("add", "A" * 81), PASSWORD, "no name for a user"),
        (("add", "Ann", "--role", "king"), PASSWORD, "'king' is not one of"),
        (("passwd", "Nobody"), PASSWORD, "there is no user called Nobody"),
        (("disable", "Nobody"), PASSWORD, "there is no user called Nobody"),
    ],
)
def test_wrong_usage_says_what_would_be_right(
    example: Path, arguments: tuple[str, ...], password: str, said: str
) -> None:
    done = piped(example, "users", *arguments, password=password)
    assert done.returncode == 2
    assert said in " ".join(done.stderr.replace("│", " ").split())


def test_a_name_is_given_once(example: Path) -> None:
    piped(example, "users", "add", "Ann")
    for other in ("ANN", "Аnn", "Ａnn"):
        done = piped(example, "users", "add", other)
        assert done.returncode == 2
        assert "already" in done.stderr or "is no name for a user" in done.stderr

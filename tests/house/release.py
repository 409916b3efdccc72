"""`make release VERSION=1.2.3`: version, changelog, archive, commit and tag. Nothing leaves this machine.

What belongs to it is decided before anything is written; where a step fails, the files are as before.
"""

import re
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime
from hashlib import sha256

from tests.lab.aloud import CommandError, run
from tests.lab.asterisk import REPOSITORY

VERSION = re.compile(r'^version = "(.+)"$', re.MULTILINE)
SEMANTIC = re.compile(r"(\d{1,4})\.(\d{1,4})\.(\d{1,4})")
UNRELEASED = re.compile(r"^## Unreleased\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
BUILT = REPOSITORY / "dist" / "textback-offline.tar.gz"


class ReleaseError(Exception):
    """Why there is none, for people."""


def versioned(pyproject: str, version: str) -> str:
    """pyproject.toml with this version. Raises ReleaseError where it is none that comes later (semver.org)."""
    found = VERSION.search(pyproject)
    before = found[1] if found else "0.0.0"
    if _numbers(version) <= _numbers(before):
        raise ReleaseError(f"{version} does not come after {before}")
    return VERSION.sub(f'version = "{version}"', pyproject, count=1)


def released(changelog: str, version: str, day: date) -> tuple[str, str]:
    """CHANGELOG.md with what was unreleased under this version; and that part. Raises ReleaseError without any."""
    found = UNRELEASED.search(changelog)
    news = found[1].strip() if found else ""
    if not found or not news:
        raise ReleaseError("CHANGELOG.md has nothing under `## Unreleased`")
    part = f"## {version} ({day.isoformat()})\n\n{news}\n"
    parts = [changelog[: found.start()] + "## Unreleased\n", part, changelog[found.end() :]]
    return "\n".join(parts).rstrip("\n") + "\n", part


def release(version: str, day: date) -> None:
    """Raises ReleaseError; nothing is changed then."""
    if _git("status", "--porcelain"):
        raise ReleaseError("commit or put away first what `git status` shows")
    files = {name: (REPOSITORY / name).read_text(encoding="utf-8") for name in ("pyproject.toml", "CHANGELOG.md")}
    pyproject = versioned(files["pyproject.toml"], version)
    changelog, news = released(files["CHANGELOG.md"], version, day)
    try:
        _write({"pyproject.toml": pyproject, "CHANGELOG.md": changelog})
        _do("make check", "checking")
        _do("make dist", "making the archive")
    except CommandError as failure:
        _write(files)
        raise ReleaseError(str(failure)) from failure
    archive = BUILT.with_name(f"textback-{version}-offline.tar.gz")
    shutil.copyfile(BUILT, archive)
    _git("commit", "--quiet", "--all", "--message", f"release: {version}", "--message", news)
    _git("tag", "--annotate", f"v{version}", "--message", f"Textback {version}", "--message", news)
    print(f"release: {archive.relative_to(REPOSITORY)}  sha256 {sha256(archive.read_bytes()).hexdigest()}")
    print(f"release: committed and tagged v{version}; look at `git show v{version}`, then: git push --follow-tags")


def _numbers(version: str) -> tuple[int, ...]:
    found = SEMANTIC.fullmatch(version)
    if not found:
        raise ReleaseError(f'"{version}" is no version; one is written like 1.2.3')
    return tuple(int(number) for number in found.groups())


def _write(files: dict[str, str]) -> None:
    for name, text in files.items():
        (REPOSITORY / name).write_text(text, encoding="utf-8")


def _do(command: str, doing: str) -> None:
    print(f"release: {doing} (`{command}`)", flush=True)
    run(command.split(), doing, place=REPOSITORY)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    try:
        release(sys.argv[1] if len(sys.argv) > 1 else "", datetime.now(UTC).date())
    except ReleaseError as error:
        sys.exit(f"release: {error}")

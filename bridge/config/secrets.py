"""Secrets: written in the file, in files of their own, or handed over by systemd; never readable by everybody."""

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bridge.config.problems import Problems

CREDENTIALS = "CREDENTIALS_DIRECTORY"
"""systemd's LoadCredential= puts them there (systemd.exec(5)), each file readable by the service alone."""

QUOTES = "\"'`\u2018\u2019\u201c\u201d\u201e"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Where secrets may come from. file: the configuration itself; relative paths start at its directory."""

    file: Path
    environ: Mapping[str, str]
    problems: Problems

    def filled(self, table: Mapping[str, Any], key: str, where: str, credential: str) -> dict[str, Any]:
        """The table with `key` in it: as written, from the systemd credential of that name, or from `key_file`."""
        rest = {name: value for name, value in table.items() if name != f"{key}_file"}
        if key in table:
            self._check_inline(where, key, also_named=f"{key}_file" in table)
        else:
            rest[key] = self._elsewhere(table.get(f"{key}_file"), where, key, credential)
        return rest

    def _check_inline(self, where: str, key: str, *, also_named: bool) -> None:
        if also_named:
            self.problems.add(f"{where}.{key}_file", f"stands beside {key}: only one of the two can be right")
        if _everybody_reads(self.file):
            advice = f"keep it in a file of its own ({key}_file), or: chmod o-rwx {self.file}"
            self.problems.add(f"{where}.{key}", f"everybody on this machine can read it here; {advice}")

    def _elsewhere(self, named: object, where: str, key: str, credential: str) -> str:
        handed = Path(self.environ.get(CREDENTIALS) or "/nowhere") / credential
        if handed.is_file():
            return self._read(handed, f"{where}.{key}")
        if isinstance(named, str) and named:
            return self._read(self.file.parent / named, f"{where}.{key}_file")
        missing = "is missing" if named is None else "names no file"
        self.problems.add(f"{where}.{key}_file", f"{missing}; the path of a file with the {key} in it, in quotes")
        return ""

    def _read(self, path: Path, where: str) -> str:
        """The secret, or "" after noting why there is none."""
        try:
            secret = path.read_text(encoding="utf-8-sig").rstrip("\r\n")
            exposed = _everybody_reads(path)
        except UnicodeDecodeError:
            self.problems.add(where, f"{path} is not text in UTF-8: type it anew, install -m 600 /dev/stdin {path}")
            return ""
        except OSError as error:
            self.problems.add(where, f"{path} cannot be read: {error.strerror}; {_to_read(path, error)}")
            return ""
        if exposed:
            self.problems.add(where, f"everybody on this machine can read {path}: chmod o-rwx {path}")
        why = why_no_secret(secret, where)
        if why:
            self.problems.add(where, f"{path} {why}")
        return "" if why else secret


def why_no_secret(secret: str, where: str) -> str:
    """What stands around the secret, "" for nothing. Tokens have rules of their own."""
    if not secret.strip() or "\n" in secret:
        return "should hold the secret in one line and nothing else"
    if re.match(r"(?:secret|password|passwd|pass|pwd|token|pin)\s*[=:]", secret, re.IGNORECASE):
        return "should hold the secret alone, without what it is called"
    if len(secret) > 2 and secret[0] in QUOTES and secret[-1] in QUOTES:
        return "should hold the secret without quotes around it"
    if secret != secret.strip() and "token" not in where:
        return "has a blank or a tab before or behind the secret; take it out"
    return ""


def _to_read(path: Path, error: OSError) -> str:
    if "~" in path.parts:
        return "write the whole path, without ~"
    if isinstance(error, FileNotFoundError):
        return f"make it: install -m 600 /dev/stdin {path}"
    if isinstance(error, IsADirectoryError):
        return "name the file in it"
    return f"run this as root, or: chown $(id -un) {path}"


def _everybody_reads(path: Path) -> bool:
    return bool(path.stat().st_mode & stat.S_IROTH)

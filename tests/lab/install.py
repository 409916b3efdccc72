"""`python -m tests.lab.install requirements.txt`: what a checkout needs, into the .venv of the Python that runs this.

By uv, which is much the quicker, else by plain pip; both take only files whose hash stands in the list. uv itself comes
by pip into the same place, by a list of its own. It reads no pip.conf, so where pip looks for packages is handed to it.
Nothing is installed yet when this runs: the standard library and nothing else.
"""

import ast
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lab.aloud import CommandError, run

UV = Path(sys.executable).with_name("uv")
UV_LIST = "requirements-uv.txt"
PIP = (sys.executable, "-m", "pip")
QUIET = ("--quiet", "--disable-pip-version-check")
SAYS_SO = ("1", "true", "yes", "on")

# A setting of pip -> the variable of uv that means the same; several are told apart by a blank, or as said.
SAME = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "keyring-provider": "UV_KEYRING_PROVIDER",
    "cert": "SSL_CERT_FILE",
    "client-cert": "SSL_CLIENT_CERT",
    "proxy": "ALL_PROXY",
}
SEPARATORS = {"UV_FIND_LINKS": ","}
SECTIONS = ("global", "install", ":env:")
"""Of `pip config list`, the later before the earlier."""


def main(requirements: str) -> int:
    began = time.monotonic()
    print(
        f"setup: packages of {requirements}, each checked by its hash: seconds, or a minute on a slow line", flush=True
    )
    try:
        by = _install(requirements)
    except CommandError as failure:
        print(f"setup: {failure}", file=sys.stderr)
        return 1
    print(f"setup: done by {by} in {time.monotonic() - began:.0f} s", flush=True)
    return 0


def _install(requirements: str) -> str:
    """Which of the two did it."""
    try:
        by_uv(requirements)
    except CommandError as failure:
        print(f"setup: not by uv ({failure}); by pip, which takes longer", flush=True)
        by_pip(requirements)
        return "pip"
    return "uv"


def by_uv(requirements: str) -> None:
    """Raises CommandError where uv cannot be had, or cannot do it."""
    # Where there is no wheel for this machine, pip would build it for half an hour.
    run([*PIP, "install", *QUIET, "--only-binary=:all:", "--require-hashes", "-r", UV_LIST], "fetching uv")
    settings = pip_settings(run([*PIP, "config", "list"]))
    environ = uv_environ(settings, os.environ)
    install = [str(UV), "pip", "install", "--quiet", "--python", sys.executable]
    install += ["--no-index"] if settings.get("no-index", "").lower() in SAYS_SO else []
    run([*install, "--require-hashes", "-r", requirements], "installing packages", environ)
    run([*install, "--no-deps", "--editable", "."], "installing Textback", environ)


def by_pip(requirements: str) -> None:
    """Raises CommandError."""
    run([*PIP, "install", *QUIET, "--require-hashes", "-r", requirements], "installing packages")
    run([*PIP, "install", *QUIET, "--no-deps", "--editable", "."], "installing Textback")


def pip_settings(listed: str) -> Mapping[str, str]:
    """What `pip config list` says: rows like `global.index-url='https://...'`."""
    rows = [row.partition("=") for row in listed.splitlines()]
    keys = {section: f"{section}." for section in SECTIONS}
    return {
        key.removeprefix(keys[section]): str(ast.literal_eval(value))
        for section in SECTIONS
        for key, _, value in rows
        if key.startswith(keys[section])
    }


def uv_environ(settings: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment in which uv looks where pip does; what somebody told uv itself goes before that.

    As with pip no index goes before another: with hashes it does not matter which of them has the file.
    """
    told = {
        variable: SEPARATORS.get(variable, " ").join(settings[setting].split())
        for setting, variable in SAME.items()
        if setting in settings
    }
    return {"UV_INDEX_STRATEGY": "unsafe-best-match"} | told | dict(environ)


def _words(arguments: Sequence[str]) -> str:
    if len(arguments) != 1:
        sys.exit("usage: python -m tests.lab.install REQUIREMENTS")
    return arguments[0]


if __name__ == "__main__":
    sys.exit(main(_words(sys.argv[1:])))

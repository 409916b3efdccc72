"""The `textback` command: every group of verbs under one roof, and no traceback for what a user can mend."""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from typing import Annotated

import typer

from bridge.cli import (
    backup,
    carrier,
    configuration,
    contacts,
    control,
    demo,
    dialplan,
    doctor,
    hours,
    init,
    on_call,
    privacy,
    queue,
    record,
    replay,
    report,
    run,
    service,
    sms,
    uninstall,
    users,
    words,
)
from bridge.config import ConfigError
from bridge.domain.words.lexicon import LexiconError
from storage.errors import StorageError

MODULES = (
    run,
    demo,
    configuration,
    contacts,
    control,
    queue,
    report,
    privacy,
    record,
    replay,
    sms,
    users,
    backup,
    on_call,
    hours,
    words,
    service,
    dialplan,
    doctor,
    init,
    carrier,
    uninstall,
)


def build() -> typer.Typer:
    # Help is plain text: as markup, `[[person]]` would be a tag and vanish.
    app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=None)
    app.callback()(options)
    for module in MODULES:
        module.register(app)
    return app


def options(
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda asked: _print_version() if asked else None)
    ] = False,
) -> None:
    """Textback answers the calls an office could not: it texts the caller and keeps the callback queue."""


def _print_version() -> None:
    print(f"textback {version('missed-call-textback')}")
    raise typer.Exit


def main() -> None:
    """Exit codes: 0 fine, 1 a problem was found, 2 wrong usage."""
    try:
        build()()
    except* (ConfigError, LexiconError, StorageError, OSError) as found:
        for row in rows(found):
            print(f"textback: {row}", file=sys.stderr)
        sys.exit(1)


def rows(error: BaseException) -> Iterator[str]:
    """One clear line for each thing that is wrong."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from rows(inner)
    elif isinstance(error, ConfigError):
        yield from (str(problem) for problem in error.problems)
    else:
        yield str(error)

"""The `textback` command: every group of verbs under one roof, and no traceback for what a user can mend."""

import os
import sys
from collections.abc import Iterator
from typing import Annotated

import typer

from bridge.cli.verbs import PLAIN, LazyVerbs


def build() -> typer.Typer:
    app = typer.Typer(
        no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False, rich_markup_mode=PLAIN
    )
    app.callback(cls=LazyVerbs)(options)
    return app


def options(
    show_version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=lambda asked: _print_version() if asked else None)
    ] = False,
) -> None:
    """Textback answers the calls an office could not: it texts the caller and keeps the callback queue."""


def _print_version() -> None:
    from importlib.metadata import version

    print(f"textback {version('missed-call-textback')}")
    raise typer.Exit


def main() -> None:
    """Exit codes: 0 fine, 1 a problem was found, 2 wrong usage."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would ask every installed package for some
    try:
        build()(prog_name="textback")
    except Exception as error:
        explain(error)
        sys.exit(1)


def explain(error: Exception) -> None:
    """Say what a user can mend, and raise the rest of it."""
    from bridge.config import ConfigError
    from bridge.domain.words.lexicon import LexiconError
    from storage.errors import StorageError

    try:
        raise error
    except* (ConfigError, LexiconError, StorageError, OSError) as found:
        for row in rows(found):
            print(f"textback: {row}", file=sys.stderr)


def rows(error: BaseException) -> Iterator[str]:
    """One clear line for each thing that is wrong."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from rows(inner)
    else:
        yield from (str(problem) for problem in getattr(error, "problems", [error]))

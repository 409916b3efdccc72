"""Options that say what a setting does: written, and refused, as in the file."""

from collections.abc import Callable

import typer

from bridge.config import values
from bridge.config.typed import why_fixed_zone


def _checked(read: Callable[[str], object]) -> Callable[[str], str]:
    """For `callback` of an option, where "" is one that was not given."""

    def check(written: str) -> str:
        try:
            if written:
                read(written)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        return written

    return check


def _a_place(name: str) -> None:
    values.zone(name)
    if why := why_fixed_zone(name):
        raise ValueError(f'"{name}" {why}')


zone, country = _checked(_a_place), _checked(values.country)

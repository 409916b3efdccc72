"""Logs as events with fields, one line each, on standard error: `text.submitted call=17 to=+1555•••4477 parts=2`.

Numbers are masked where they are logged (`E164.masked`) and here again, for the one that was forgotten. What callers
wrote cannot start a new line or move the cursor of whoever reads the journal.

Libraries are heard from INFO on, whatever our own level: what they say below it is made of customers' words (a database
driver's parameters, a protocol's bytes).
"""

import logging
import re
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

NUMBER = re.compile(r"\+\d{7,15}(?!\d)")
OURS = ("agi", "bridge", "dialplan", "storage")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
JOURNAL = "JOURNAL_STREAM"
"""systemd sets it where standard error goes to the journal, which keeps the time itself (systemd.exec(5))."""


def configure(level: str, environ: Mapping[str, str], stream: TextIO = sys.stderr) -> None:
    """Set up logging for this process: our own events and those of the libraries, in one shape."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
    ]
    if JOURNAL not in environ:
        shared.insert(0, structlog.processors.TimeStamper(fmt="iso"))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                plain,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "event"], drop_missing=True),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(logging.getLevelNamesMapping()[level.upper()], logging.INFO))
    for package in OURS:
        logging.getLogger(package).setLevel(level.upper())


def plain(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Every field as text on one line, without a whole number in it."""
    return {key: _plain(value) for key, value in event.items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", NUMBER.sub(_masked, str(value)))


def _masked(found: re.Match[str]) -> str:
    return f"{found[0][:5]}•••{found[0][-4:]}"

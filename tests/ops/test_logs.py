"""What reaches the journal: one line an event, no whole number, nothing that callers could forge."""

import io
import logging
from collections.abc import Iterator

import pytest
import structlog

from bridge.ops import logs


@pytest.fixture
def journal() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    logs.configure("info", {logs.JOURNAL: "8:1"}, stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    for package in logs.OURS:
        logging.getLogger(package).setLevel(logging.NOTSET)


def test_an_event_is_one_line_of_fields(journal: io.StringIO) -> None:
    structlog.get_logger().info("text.submitted", call=17, to="+1555•••4477", parts=2)
    assert journal.getvalue() == "level=info event=text.submitted call=17 to=+1555•••4477 parts=2\n"


def test_a_number_that_was_not_masked_is_masked_here(journal: io.StringIO) -> None:
    structlog.get_logger().warning(
        "sms.refused", to="+15551234477", why="no route to +15551234477.", all=["+447700900123"]
    )
    assert "1234477" not in journal.getvalue()
    assert "900123" not in journal.getvalue()
    assert journal.getvalue().count("+1555•••4477") == 2


def test_what_a_caller_wrote_cannot_start_a_line_or_move_the_cursor(journal: io.StringIO) -> None:
    structlog.get_logger().info("call.seen", name="Eve\r\nlevel=error event=fake\x1b[2J\u202e")
    line = journal.getvalue()
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert "\u202e" not in line


def test_what_libraries_log_comes_out_in_the_same_shape(journal: io.StringIO) -> None:
    logging.getLogger("aiohttp.server").error("Error for %s", "+15551234477")
    assert journal.getvalue() == 'level=error event="Error for +1555•••4477"\n'


def test_what_is_below_the_level_is_left_out(journal: io.StringIO) -> None:
    structlog.get_logger().debug("noise")
    logging.getLogger("panoramisk").debug("noise")
    assert journal.getvalue() == ""


def test_libraries_are_not_heard_below_info_whatever_our_level(journal: io.StringIO) -> None:
    logs.configure("debug", {logs.JOURNAL: "8:1"}, journal)
    for library in ("aiosqlite", "asyncio", "panoramisk", "smpplib", "some_new_one"):
        logging.getLogger(library).debug("executing INSERT with 'water is leaking'")
    logging.getLogger("bridge.texts.outbox").debug("ours")
    assert journal.getvalue() == "level=debug event=ours\n"


def test_at_a_higher_level_libraries_are_as_quiet_as_we_are(journal: io.StringIO) -> None:
    logs.configure("warning", {logs.JOURNAL: "8:1"}, journal)
    logging.getLogger("aiohttp").info("noise")
    logging.getLogger("bridge").info("noise")
    assert journal.getvalue() == ""


def test_a_traceback_stays_on_one_line(journal: io.StringIO) -> None:
    try:
        int("odd")
    except ValueError:
        structlog.get_logger().exception("task.failed")
    assert journal.getvalue().count("\n") == 1
    assert "ValueError: invalid literal" in journal.getvalue()


def test_outside_the_journal_each_line_has_its_time() -> None:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    stream = io.StringIO()
    try:
        logs.configure("info", {}, stream)
        structlog.get_logger().info("started")
    finally:
        structlog.reset_defaults()
        root.handlers, root.level = handlers, level
    assert stream.getvalue().startswith("timestamp=20")

"""Every verb of `textback` by name (lazy loading): its module is imported when it runs, not when the command starts.

Monitoring asks `status` every minute, and the daemon with all it stands on is a second of imports.
"""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

PLAIN = None
"""Help is plain text: as markup, `[[person]]` would be a tag and vanish."""


@contextmanager
def nothing_collected() -> Iterator[None]:
    """The garbage collector (gc) rests while much is made that stays, modules or the lexicon, and never looks at it."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


@dataclass(frozen=True, slots=True)
class CliVerb:
    """module: in `bridge.cli`, whose `register` adds it. help: as the verb itself says first, for the list of all."""

    module: str
    help: str


VERBS: Mapping[str, CliVerb] = {
    "run": CliVerb("run", "Listen to the PBX, text missed callers and serve the page, until stopped."),
    "demo": CliVerb(
        "demo", "Show everything working, without a PBX and without a gateway; nothing leaves this machine."
    ),
    "check-config": CliVerb(
        "configuration",
        "Check the configuration, and show its texts, its hours and who is on call. Nothing is started or sent.",
    ),
    "pause": CliVerb(
        "control", 'Hold customer texts back. Calls are still judged, queued, and shown as "would have texted".'
    ),
    "resume": CliVerb("control", "Let customer texts go out again, after a pause or after the breaker tripped."),
    "status": CliVerb(
        "control",
        "One line for monitoring: is everything connected, are texts going out, what waits. Exit code 0, 1, 2 or 3.",
    ),
    "queue": CliVerb(
        "queue",
        "Everybody who needs a call, one line each: urgent first, then who waits longest; and what became of the text.",
    ),
    "digest": CliVerb("queue", "The morning's digest as it would read now; nothing is sent."),
    "report": CliVerb(
        "report", "The figures of a period, in days of the office's zone. Shares and times that nobody knows are empty."
    ),
    "forget": CliVerb(
        "privacy",
        "Take a number and all its words out of everything; counts stay, and so does an opt-out. Cannot be undone.",
    ),
    "export": CliVerb(
        "privacy", "Everything that is stored of a number, as JSON: for whoever asks what we have of them."
    ),
    "record": CliVerb(
        "record",
        "Write what a PBX says (AMI; ESL of a FreeSWITCH), byte for byte, with an index, for `textback replay`.",
    ),
    "replay": CliVerb("replay", "Judge every inbound call of these recordings."),
    "proof": CliVerb(
        "proof", "Who called, whom nobody answered, and who was never called back: out of the PBX's own records."
    ),
    "send-test": CliVerb("sms", "Send one text and show the bind, the answer and the receipt as they happen."),
    "backup": CliVerb("backup", "Copy the database, also while textback runs, and check the copy."),
    "restore": CliVerb(
        "backup",
        "Bring a backup back. The database that is there now is set aside, never deleted; texts are paused.",
    ),
    "triage": CliVerb(
        "words", 'Say how urgent each line is, what it is about and where: a text, or {"parts": ["no", "heat"]}.'
    ),
    "lint-text": CliVerb(
        "words", "Say of each line whether it may be sent as an automatic text, and which words promise too much."
    ),
    "unit": CliVerb(
        "service",
        "Show the systemd unit, hardened, for this configuration; or write it and the nightly backup's beside it.",
    ),
    "dialplan": CliVerb(
        "dialplan",
        "Show the Asterisk snippets with this site's names, ports and ways out, or write them into a directory.",
    ),
    "doctor": CliVerb(
        "doctor",
        "Look at the PBX, the gateway, the database and this machine; exit code 1 where one of them is not right.",
    ),
    "init": CliVerb("init", "Write a configuration, with a new secret for the PBX, and say what comes next."),
    "carrier": CliVerb(
        "carrier",
        "Print questions for the SMPP provider, the 10DLC campaign with its sample messages, and a greeting script.",
    ),
    "uninstall": CliVerb(
        "uninstall", "Print what to take away, in order, as commands for a shell; what is not there is left out."
    ),
    "contacts": CliVerb("contacts", "Who is who among the callers."),
    "opt-outs": CliVerb("queue", "Who gets no texts."),
    "users": CliVerb("users", "Who may use the page. Passwords are asked for, or read as one line of the input."),
    "page-link": CliVerb(
        "page_link", "Print a link that opens the page in one browser, until there are users who sign in."
    ),
    "on-call": CliVerb("on_call", "Who is told of urgent work; dated changes of it."),
    "hours": CliVerb("hours", "When the office is open; dated changes of it."),
}


class LazyVerb(TyperCommand):
    """Stands in the list of verbs with its help; whatever is made of it is made of the verb itself."""

    def __init__(self, name: str, verb: CliVerb) -> None:
        super().__init__(name, callback=None, help=verb.help, rich_markup_mode=PLAIN)
        self._module = verb.module

    def get_short_help_str(self, limit: int = 45) -> str:  # noqa: ARG002 - as typer asks
        """Whole: the list of verbs wraps it."""
        return str(self.help)

    def loaded(self) -> Any:
        """The command, or group of commands. Any: typer keeps click's types to itself."""
        return self.registered()[str(self.name)]

    def registered(self) -> Mapping[str, Any]:
        """Every verb of its module."""
        app = typer.Typer(rich_markup_mode=PLAIN)
        with nothing_collected():
            verb = import_module(f"bridge.cli.{self._module}")
        verb.register(app)
        return get_group(app).commands

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return self.loaded().make_context(info_name, args, parent, **extra)


class LazyVerbs(TyperGroup):
    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: LazyVerb(name, verb) for name, verb in VERBS.items()}

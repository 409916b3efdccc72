"""`textback init`: asks what only you know, finds out the rest, and writes a configuration that has been checked.

Every question has a flag, so that a script asks nothing. Nothing that is there is overwritten, and nothing is sent.
"""

import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bridge.cli import init_found, settings
from bridge.cli.init_file import AMI_SECRET, FILE, SMPP_PASSWORD, Answers, render
from bridge.config import load

PLACE = Path("/etc/textback")
NONE = "none"


def register(app: typer.Typer) -> None:
    app.command()(init)


def init(
    business: Annotated[str, typer.Option(help="its name, as texts say it")] = "",
    country: Annotated[
        str, typer.Option(help="two letters: how numbers without a plus are read", callback=settings.country)
    ] = "",
    zone: Annotated[str, typer.Option(help="time zone, as America/New_York", callback=settings.zone)] = "",
    number: Annotated[list[str] | None, typer.Option(help="a number that rings here; may be repeated")] = None,
    sms_number: Annotated[str, typer.Option(help="the number that texts come from; else the first that rings")] = "",
    trunk: Annotated[
        list[str] | None, typer.Option(help="a channel pattern of calls from outside: PJSIP/trunk-*")
    ] = None,
    trunk_context: Annotated[
        list[str] | None, typer.Option(help="a dialplan context that a trunk enters now; may be repeated")
    ] = None,
    pbx_host: Annotated[str, typer.Option(help="where Asterisk's Manager listens")] = "",
    pbx_port: Annotated[int, typer.Option(help="on this port")] = 5038,
    smpp_host: Annotated[str, typer.Option(help="the SMS gateway; none yet: leave it out")] = "",
    smpp_port: Annotated[int, typer.Option(help="on this port")] = 2775,
    system_id: Annotated[str, typer.Option(help="your account at the gateway")] = "",
    smpp_password_file: Annotated[Path | None, typer.Option(help="its password; else it is asked for")] = None,
    mobile: Annotated[list[str] | None, typer.Option(help="your own mobile: only these get texts at first")] = None,
    place: Annotated[Path, typer.Option("--dir", help="where the files go")] = PLACE,
    yes: Annotated[bool, typer.Option("--yes", help="ask nothing; what is not given is guessed, or a mistake")] = False,
) -> None:
    """Write a configuration, with a new secret for the PBX, and say what comes next."""
    refuse_to_overwrite(place)
    found = init_found.look()
    print(f"this machine: {found.asterisk or 'no Asterisk here'}; zone {zone or found.zone or 'unknown'}")
    for one in found.trunks:
        print(f"trunk {one.pattern}, whose calls enter {one.context or 'a context that it does not tell'}")
    ask = _Asker(silent=yes)
    told_zone = ask("Time zone", zone, found.zone, "--zone")
    gateway = ask("SMS gateway", smpp_host, NONE, "--smpp-host")
    texting = gateway != NONE
    numbers = tuple(number or _list(ask("Numbers that ring here", "", "", "--number")))
    answers = Answers(
        business=ask("Name of the business", business, "", "--business"),
        country=ask("Country, two letters", country, init_found.country_of(told_zone), "--country").upper(),
        zone=told_zone,
        numbers=numbers,
        sms_number=ask("Number that texts come from", sms_number, numbers[0] if numbers else "", "--sms-number"),
        trunks=tuple(
            trunk or _list(ask("Trunks, as channel patterns", "", " ".join(found.patterns), "--trunk", empty=True))
        ),
        pbx_host=ask("Host of Asterisk's Manager", pbx_host, "127.0.0.1", "--pbx-host"),
        pbx_port=pbx_port,
        smpp_host=gateway if texting else "",
        smpp_port=smpp_port,
        system_id=ask("Account at the gateway", system_id, "", "--system-id") if texting else "",
        mobiles=tuple(mobile or _list(ask("Your mobile, to try texting with", "", "", "--mobile", empty=True))),
    )
    contexts = tuple(trunk_context or found.contexts)
    if not (contexts or found.trunks):
        contexts = tuple(_list(ask("Contexts that they enter", "", "", "--trunk-context", empty=True)))
    write(place, answers, _password(smpp_password_file, ask=not yes) if texting else "")
    for row in next_steps(place, gateway=texting, freepbx=found.freepbx, contexts=contexts):
        print(row)


def refuse_to_overwrite(place: Path) -> None:
    for name in (FILE, AMI_SECRET, SMPP_PASSWORD):
        if (place / name).exists():
            raise typer.BadParameter(
                f"{place / name} is there already; nothing was written. Move it away, or give --dir"
            )


def write(place: Path, answers: Answers, password: str) -> None:
    """Check it as a whole first; then write it, the secrets for their owner only. Raises ConfigError, OSError."""
    files = {AMI_SECRET: secrets.token_urlsafe(24), FILE: render(answers)}
    if answers.smpp_host:
        files[SMPP_PASSWORD] = password
    with tempfile.TemporaryDirectory() as trial:
        _write_all(Path(trial), files)
        load(Path(trial) / FILE, {"STATE_DIRECTORY": trial})
    place.mkdir(mode=0o755, parents=True, exist_ok=True)
    _write_all(place, files)


def _write_all(place: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        mode = 0o644 if name == FILE else 0o600
        with os.fdopen(
            os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8"
        ) as file:
            file.write(text + ("" if text.endswith("\n") else "\n"))


def next_steps(place: Path, *, gateway: bool, freepbx: bool, contexts: Sequence[str] = ()) -> Sequence[str]:
    """contexts: that trunks enter now, for the context in front of each."""
    config = "" if place == PLACE else f" --config {place / FILE}"
    flags = " --freepbx" * freepbx + "".join(f" --trunk-context {context}" for context in contexts)
    return (
        f"\nwritten: {place / FILE}, and beside it the secrets, which only their owner can read",
        "0. a user and a directory of its own, unless install.sh has made them:",
        "     useradd --system --home-dir /var/lib/textback --shell /usr/sbin/nologin textback",
        "     install -d -o textback -g textback -m 0700 /var/lib/textback",
        "1. let Asterisk know us:",
        f"     textback dialplan{flags} --out /etc/asterisk{config}",
        *["   where FreePBX runs, with --freepbx"] * (not freepbx),
        "2. look whether all is right, and at a day of calls without texting anybody:",
        f"     textback doctor{config}",
        f"     textback record day.ami --for 8h{config} && textback replay --why day.ami{config}",
        "3. let it run; it is paused, and shows whom it would have texted:",
        f"     textback unit --out /etc/systemd/system{config}",
        "     systemctl daemon-reload && systemctl enable --now textback textback-backup.timer",
        "   and look at its page, by the link that this prints, once for one browser:",
        f"     textback page-link{config}",
        "4. text, when you are content:"
        if gateway
        else "4. fill in [smpp] when you have a gateway (textback carrier), then:",
        f"     textback send-test NUMBER{config} && textback resume{config}",
    )


class _Asker:
    def __init__(self, *, silent: bool) -> None:
        self._silent = silent

    def __call__(self, words: str, given: str, guess: str, flag: str, *, empty: bool = False) -> str:
        """What was given, else what is answered; without questions the guess. empty: may there be none?"""
        if given:
            return given
        if self._silent:
            if not guess and not empty:
                raise typer.BadParameter("is missing", param_hint=flag)
            return guess
        answer: str = typer.prompt(words, default=guess if guess or empty else None, show_default=bool(guess))
        return answer.strip()


def _list(answer: str) -> list[str]:
    return answer.replace(",", " ").split()


def _password(file: Path | None, *, ask: bool) -> str:
    if file is not None:
        return file.read_text(encoding="utf-8").strip()
    if not ask:
        return NONE
    password: str = typer.prompt("Password at the gateway", hide_input=True)
    return password

"""`textback dialplan`: the Asterisk snippets of this package, filled in for one PBX of this configuration."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from agi.settings import AgiSettings
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config, Pbx, load
from bridge.doctor import EVERYWHERE
from bridge.sockets import own_address

MANAGER = "manager_textback.conf"
SAY = "extensions_textback.conf"
PHONES = "extensions_textback_phones.conf"
FREEPBX = "extensions_textback_freepbx.conf"
NOT_SHOWN = "CHANGE-ME"
LOCAL = "127.0.0.1"
DEFAULT_CONTEXT = "from-pstn"
Fillings = Mapping[str, str]


def register(app: typer.Typer) -> None:
    app.command("dialplan")(command)


def command(
    freepbx: Annotated[bool, typer.Option("--freepbx", help="for FreePBX, whose own files stay as they are")] = False,
    out: Annotated[
        Path | None, typer.Option(help="write the files here, the secret in them; else they are shown")
    ] = None,
    pbx: Annotated[str, typer.Option(help="which [[pbx]] of the configuration; the first")] = "",
    trunk_context: Annotated[
        str, typer.Option(help="with --freepbx: the context that the trunk enters now")
    ] = DEFAULT_CONTEXT,
    config: ConfigPath = CONFIG,
) -> None:
    """Show the Asterisk snippets with this site's names, ports and ways out, or write them into a directory."""
    loaded = load(config, os.environ)
    chosen = next((one for one in loaded.pbxs if pbx in ("", one.name)), None)
    if chosen is None:
        raise typer.BadParameter(f"{pbx!r} is none of {', '.join(p.name for p in loaded.pbxs)}", param_hint="--pbx")
    files = rendered(loaded, chosen, freepbx=freepbx, trunk_context=trunk_context, secrets=out is not None)
    names = []
    for name, text in files:
        names.append(name)
        print(f"; ==== {name}\n{text}" if out is None else _written(out / name, text))
    for row in what_to_do(names, freepbx=freepbx):
        print(row)


def rendered(
    config: Config, pbx: Pbx, *, freepbx: bool, trunk_context: str = DEFAULT_CONTEXT, secrets: bool = False
) -> Iterator[tuple[str, str]]:
    """Each file's name and text. secrets: with the AMI secret and the token in them."""
    yield MANAGER, _filled(MANAGER, _account(pbx, secrets=secrets, quiet=freepbx))
    yield SAY, _filled(SAY, {})
    if config.phones is not None:
        yield PHONES, _filled(PHONES, _ways(config.phones, pbx, secrets=secrets, freepbx=freepbx))
    if freepbx:
        yield FREEPBX, _filled(FREEPBX, {DEFAULT_CONTEXT: trunk_context})


def what_to_do(names: Sequence[str], *, freepbx: bool) -> Iterator[str]:
    """The lines to add, and how Asterisk is told. Each is undone by taking it out again."""
    yield "; put them into /etc/asterisk (chgrp asterisk), and at the end of these files add:"
    for name in names:
        theirs = name.split("_")[0] + ("_custom.conf" if freepbx else ".conf")
        yield f';   {theirs}:  #tryinclude "{name}"'
    told = "fwconsole reload" if freepbx else "asterisk -rx 'manager reload'; asterisk -rx 'dialplan reload'"
    yield f"; then: {told}; to undo, take these lines out and do that again"
    if PHONES not in names:
        yield "; desk phones: give textback.toml a [phones] table, and run this again"


def _account(pbx: Pbx, *, secrets: bool, quiet: bool) -> Fillings:
    secret = _escaped(pbx.secret) if secrets else NOT_SHOWN
    address = own_address(pbx.host) or LOCAL
    network = f"{address}/{'128' if ':' in address else '255.255.255.255'}"
    return {
        "[textback]\n": f"[{pbx.username}]\n",
        "secret = CHANGE-ME": f"secret = {secret}",
        "permit = 127.0.0.1/255.255.255.255": f"permit = {network}" + ("\ndisplayconnects = no" if quiet else ""),
    }


def _ways(phones: AgiSettings, pbx: Pbx, *, secrets: bool, freepbx: bool) -> Fillings:
    """How desk phones reach our scripts, and customers are dialled."""
    host = own_address(pbx.host) or LOCAL if phones.host in EVERYWHERE else phones.host
    token = phones.token if secrets else NOT_SHOWN
    return {
        "Dial(PJSIP/+${ARG1}@trunk,": f"Dial({_way_out(pbx, freepbx=freepbx)},",
        "AGI(agi://127.0.0.1:4574/CHANGE-ME/": f"AGI(agi://{host}:{phones.port}/{token}/",
    }


def _way_out(pbx: Pbx, *, freepbx: bool) -> str:
    """The dial string for a customer: FreePBX's own outbound routes, or the first trunk that is a PJSIP endpoint."""
    if freepbx:
        return f"Local/{pbx.outside_prefix}${{ARG1}}@from-internal/n"
    endpoints = (re.fullmatch(r"PJSIP/([\w.-]+?)-\*", pattern) for pattern in pbx.trunks)
    endpoint = next((found[1] for found in endpoints if found), "trunk")
    return f"PJSIP/+${{ARG1}}@{endpoint}"


def _filled(name: str, values: Fillings) -> str:
    text = (resources.files("dialplan") / name).read_text(encoding="utf-8")
    for shipped, ours in values.items():
        if shipped not in text:
            raise LookupError(f"{name} has no {shipped!r} to fill in")
        text = text.replace(shipped, ours)
    return text


def _escaped(value: str) -> str:
    """A semicolon begins a comment in Asterisk's files."""
    return value.replace(";", r"\;")


def _written(path: Path, text: str) -> str:
    """Readable by its group only, since the account's secret may be in it; for Asterisk: chgrp asterisk."""
    path.touch(mode=0o640)
    path.chmod(0o640)
    path.write_text(text, encoding="utf-8")
    return f"; {path}"

"""`textback dialplan`: the Asterisk snippets of this package, filled in for one PBX of this configuration."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from agi.settings import AgiSettings
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config, PbxSection, load
from bridge.doctor.local import EVERYWHERE
from bridge.ops.sockets import own_address

MANAGER = "manager_textback.conf"
SAY = "extensions_textback.conf"
PHONES = "extensions_textback_phones.conf"
TRUNK = "extensions_textback_trunk.conf"
NOT_SHOWN = "CHANGE-ME"
LOCAL = "127.0.0.1"
ASTERISK = Path("/etc/asterisk")
FREEPBX_TRUNK = "from-pstn"
FREEPBX_PHONES = "from-internal-custom"
Fillings = Mapping[str, str]


def a_context(name: str) -> str:
    if not re.fullmatch(r"[\w.-]*", name):
        raise typer.BadParameter(f"{name!r} is no name of a context")
    return name


def register(app: typer.Typer) -> None:
    app.command("dialplan")(command)


def command(
    freepbx: Annotated[bool, typer.Option("--freepbx", help="for FreePBX, whose own files stay as they are")] = False,
    out: Annotated[
        Path | None, typer.Option(help="write the files here, the secret in them; else they are shown")
    ] = None,
    pbx: Annotated[str, typer.Option(help="which [[pbx]] of the configuration; the first")] = "",
    trunk_context: Annotated[
        str, typer.Option(help="the context that your trunk enters now; FreePBX: from-pstn", callback=a_context)
    ] = "",
    phones_context: Annotated[
        str, typer.Option(help="the context of your desk phones; FreePBX: from-internal-custom", callback=a_context)
    ] = "",
    config: ConfigPath = CONFIG,
) -> None:
    """Show the Asterisk snippets with this site's names, ports and ways out, or write them into a directory."""
    loaded = load(config, os.environ)
    chosen = next((one for one in loaded.pbxs if pbx in ("", one.name)), None)
    if chosen is None:
        raise typer.BadParameter(f"{pbx!r} is none of {', '.join(p.name for p in loaded.pbxs)}", param_hint="--pbx")
    site = DialplanSite(freepbx, trunk_context, phones_context)
    files = rendered(loaded, chosen, site, secrets=out is not None)
    names = []
    for name, text in files:
        names.append(name)
        print(f"; ==== {name}\n{text}" if out is None else _written(out / name, text))
    for row in what_to_do(names, out or ASTERISK, freepbx=freepbx):
        print(row)


@dataclass(frozen=True, slots=True)
class DialplanSite:
    """What the configuration does not know of a PBX. trunk, phones: the contexts they enter now, "" for unknown."""

    freepbx: bool = False
    trunk: str = ""
    phones: str = ""

    @property
    def trunk_context(self) -> str:
        return self.trunk or (FREEPBX_TRUNK if self.freepbx else "")

    @property
    def phones_context(self) -> str:
        return self.phones or (FREEPBX_PHONES if self.freepbx else "")


def rendered(
    config: Config, pbx: PbxSection, site: DialplanSite, *, secrets: bool = False
) -> Iterator[tuple[str, str]]:
    """Each file's name and text. secrets: with the AMI secret and the token in them."""
    yield MANAGER, _filled(MANAGER, _account(pbx, secrets=secrets, quiet=site.freepbx))
    yield SAY, _filled(SAY, {})
    if config.phones is not None:
        ways = _ways(config.phones, pbx, secrets=secrets, freepbx=site.freepbx)
        yield PHONES, _filled(PHONES, ways) + _codes(site.phones_context)
    if site.trunk_context:
        yield TRUNK, _filled(TRUNK, {FREEPBX_TRUNK: site.trunk_context})


def _codes(context: str) -> str:
    """Asterisk adds up what several files say of one context, so theirs stays as it is written."""
    return f"\n; --- Your desk phones: the codes.\n[{context}]\ninclude => textback-codes\n" if context else ""


def what_to_do(names: Sequence[str], folder: Path, *, freepbx: bool) -> Iterator[str]:
    """The lines that are not yet in the files of that folder, and how Asterisk is told."""
    yield "; they belong into /etc/asterisk; then let Asterisk read them:"
    for name in names:
        theirs = name.split("_")[0] + ("_custom.conf" if freepbx else ".conf")
        if not _names(folder / theirs, name):
            yield f"echo '#tryinclude \"{name}\"' >> {ASTERISK / theirs}"
    told = "fwconsole reload" if freepbx else "asterisk -rx 'manager reload' && asterisk -rx 'dialplan reload'"
    yield told
    yield "; to undo, take these lines out of these files and do that again"
    if TRUNK in names:
        yield "; your trunk's context is from-trunk-textback from now on; to undo, what it was before"
    if PHONES not in names:
        yield "; desk phones: give textback.toml a [phones] table, and run this again"


def _names(file: Path, included: str) -> bool:
    try:
        rows = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(row.startswith("#") and f'"{included}"' in row for row in rows)


def _account(pbx: PbxSection, *, secrets: bool, quiet: bool) -> Fillings:
    secret = _escaped(pbx.secret) if secrets else NOT_SHOWN
    address = own_address(pbx.host) or LOCAL
    network = f"{address}/{'128' if ':' in address else '255.255.255.255'}"
    return {
        "[textback]\n": f"[{pbx.username}]\n",
        "secret = CHANGE-ME": f"secret = {secret}",
        "permit = 127.0.0.1/255.255.255.255": f"permit = {network}" + ("\ndisplayconnects = no" if quiet else ""),
    }


def _ways(phones: AgiSettings, pbx: PbxSection, *, secrets: bool, freepbx: bool) -> Fillings:
    """How desk phones reach our scripts, and customers are dialled."""
    host = own_address(pbx.host) or LOCAL if phones.host in EVERYWHERE else phones.host
    token = phones.token if secrets else NOT_SHOWN
    return {
        "Dial(PJSIP/+${ARG1}@trunk,": f"Dial({_way_out(pbx, freepbx=freepbx)},",
        "AGI(agi://127.0.0.1:4574/CHANGE-ME/": f"AGI(agi://{host}:{phones.port}/{token}/",
    }


def _way_out(pbx: PbxSection, *, freepbx: bool) -> str:
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
    """For whoever may read their neighbours (Asterisk) and for nobody else: the account's secret may be in it."""
    path.touch(mode=0o640)
    path.chmod(0o640)
    neighbour = path.with_name("manager.conf")
    if neighbour.exists():
        os.chown(path, -1, neighbour.stat().st_gid)
    path.write_text(text, encoding="utf-8")
    return f"; {path}"

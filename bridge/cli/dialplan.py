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
from bridge.ami import console
from bridge.ami.contexts import FREEPBX, FRONT, dials_out, front, is_ours
from bridge.ami.ways_out import NOT_NAMED, way_out
from bridge.cli.options import CONFIG, ConfigPath, a_folder
from bridge.config import Config, PbxSection, load
from bridge.config.sections import NumberForm
from bridge.doctor.local import EVERYWHERE
from bridge.domain.phone import dialling_prefixes
from bridge.ops.sockets import own_address

MANAGER = "manager_textback.conf"
SAY = "extensions_textback.conf"
PHONES = "extensions_textback_phones.conf"
TRUNK = "extensions_textback_trunk.conf"
NOT_SHOWN = "CHANGE-ME"
LOCAL = "127.0.0.1"
ASTERISK = Path("/etc/asterisk")
SHIPPED_TRUNK = "from-pstn"
PASSES_ON = re.compile(r"^include => ([\w.-]+)$", re.MULTILINE)
BEFORE = "say which context the trunk entered before, mostly from-pstn"
Fillings = Mapping[str, str]


def a_context(name: str) -> str:
    if not re.fullmatch(r"[\w.-]*", name):
        raise typer.BadParameter(f"{name!r} is no name of a context")
    return name


def their_contexts(names: list[str] | None) -> list[str]:
    """What trunks entered before there was ours. One that leads back to ours would put no call through."""
    named = list(dict.fromkeys(names or ()))
    for name in named:
        if not name:
            raise typer.BadParameter("it is empty; name a context, or leave it out")
        if dials_out(a_context(name)):
            raise typer.BadParameter(f"in {name} phones dial, so whoever calls in could dial out by it; {BEFORE}")
        if is_ours(a_context(name)):
            raise typer.BadParameter(f"{name} is ours, and passes calls on; {BEFORE}")
        shown = console.ask(f"dialplan show {name}")
        if console.has_no_context(shown):
            raise typer.BadParameter(f"this PBX has no context {name}, so no call would get through")
        included = console.includes(name, shown)
        if out := next(filter(dials_out, included), ""):
            raise typer.BadParameter(f"{name} includes {out}, so whoever calls in could dial out by it; {BEFORE}")
        if any(map(is_ours, included)):
            raise typer.BadParameter(f"{name} includes {FRONT}, so calls would go round in circles; name another")
    return named


def register(app: typer.Typer) -> None:
    app.command("dialplan")(command)


def command(
    freepbx: Annotated[bool, typer.Option("--freepbx", help="for FreePBX, whose own files stay as they are")] = False,
    out: Annotated[
        Path | None,
        typer.Option(help="write the files here, the secret in them; else they are shown", callback=a_folder),
    ] = None,
    pbx: Annotated[str, typer.Option(help="which [[pbx]] of the configuration; the first")] = "",
    trunk_context: Annotated[
        list[str] | None,
        typer.Option(
            help="a context that a trunk enters now; may be repeated; else as written there before; FreePBX: from-pstn",
            callback=their_contexts,
        ),
    ] = None,
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
    before = passed_on(out / TRUNK) if out else ()
    site = DialplanSite(freepbx, _in_their_order(trunk_context or before, before), phones_context)
    files = rendered(loaded, chosen, site, secrets=out is not None)
    names = []
    for name, text in files:
        names.append(name)
        print(f"; ==== {name}\n{text}" if out is None else _written(out / name, text))
    for row in [*what_to_do(names, out or ASTERISK, freepbx=freepbx), *about_trunks(site, before)]:
        print(row)
    if PHONES in names and not (freepbx or way_out(chosen.trunks).told):
        print(f"; no pattern of trunks names one: write yours for the {NOT_NAMED!r} of [textback-out] in {PHONES}")


def _in_their_order(contexts: Sequence[str], before: Sequence[str]) -> tuple[str, ...]:
    """As they stood in the file, so that each keeps its own of ours."""
    return tuple(sorted(contexts, key=lambda one: before.index(one) if one in before else len(before)))


@dataclass(frozen=True, slots=True)
class DialplanSite:
    """What the configuration does not know of a PBX. trunks, phones: the contexts they enter now, none for unknown."""

    freepbx: bool = False
    trunks: tuple[str, ...] = ()
    phones: str = ""

    @property
    def trunk_contexts(self) -> tuple[str, ...]:
        return self.trunks or ((FREEPBX.trunk,) if self.freepbx else ())

    @property
    def phones_context(self) -> str:
        return self.phones or (FREEPBX.phones if self.freepbx else "")


def rendered(
    config: Config, pbx: PbxSection, site: DialplanSite, *, secrets: bool = False
) -> Iterator[tuple[str, str]]:
    """Each file's name and text. secrets: with the AMI secret and the token in them."""
    yield MANAGER, _filled(MANAGER, _account(pbx, secrets=secrets, freepbx=site.freepbx))
    yield SAY, _filled(SAY, {})
    if config.phones is not None:
        ways = _ways(config, config.phones, pbx, secrets=secrets, freepbx=site.freepbx)
        yield PHONES, _filled(PHONES, ways) + _codes(site.phones_context)
    if site.trunk_contexts:
        yield TRUNK, _in_front_of(site.trunk_contexts)


def _in_front_of(contexts: tuple[str, ...]) -> str:
    """One of ours for each of theirs: whoever counts a trunk's calls in a context of its own goes on counting."""
    shipped = _filled(TRUNK, {})
    head, _, ours = shipped.partition(f"[{FRONT}]")
    copies = (ours.replace(SHIPPED_TRUNK, theirs) for theirs in contexts)
    return head + "\n".join(f"[{front(theirs, contexts)}]{copy}" for theirs, copy in zip(contexts, copies, strict=True))


def passed_on(file: Path) -> tuple[str, ...]:
    """The contexts in front of which the file puts ours; none where there is no such file yet.

    Ours are left out: earlier versions put them in front of themselves when they were asked to.
    """
    try:
        found = PASSES_ON.findall(file.read_text(encoding="utf-8"))
        return tuple(context for context in dict.fromkeys(found) if not is_ours(context))
    except OSError:
        return ()


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
    if PHONES not in names:
        yield "; desk phones: give textback.toml a [phones] table, and run this again"


def about_trunks(site: DialplanSite, before: tuple[str, ...]) -> Iterator[str]:
    """before: the contexts that the file had ours in front of."""
    now = {front(theirs, site.trunk_contexts): theirs for theirs in site.trunk_contexts}
    for ours, theirs in now.items():
        yield f"; a trunk whose context is {theirs}: {ours} from now on; to undo, {theirs} again"
    for ours, theirs in ((front(theirs, before), theirs) for theirs in before):
        if ours not in now:
            yield f"; {ours} is gone: a trunk that still enters it gets no call, so change its context first"
        elif now[ours] != theirs:
            yield f"; {ours} passes calls on to {now[ours]} from now on, before to {theirs}: look at what enters it"


def _names(file: Path, included: str) -> bool:
    try:
        rows = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(row.startswith("#") and f'"{included}"' in row for row in rows)


def _account(pbx: PbxSection, *, secrets: bool, freepbx: bool) -> Fillings:
    secret = _escaped(pbx.secret) if secrets else NOT_SHOWN
    address = own_address(pbx.host) or LOCAL
    network = f"{address}/{'128' if ':' in address else '255.255.255.255'}"
    return {
        "timestampevents = yes\n": "timestampevents = yes\n" + "allowmultiplelogin = yes\n" * freepbx,
        "[textback]\n": f"[{pbx.username}]\n",
        "secret = CHANGE-ME": f"secret = {secret}",
        "permit = 127.0.0.1/255.255.255.255": f"permit = {network}" + ("\ndisplayconnects = no" if freepbx else ""),
    }


def _ways(config: Config, phones: AgiSettings, pbx: PbxSection, *, secrets: bool, freepbx: bool) -> Fillings:
    """How desk phones reach our scripts, and customers are dialled."""
    host = own_address(pbx.host) or LOCAL if phones.host in EVERYWHERE else phones.host
    token = phones.token if secrets else NOT_SHOWN
    return {
        "Dial(PJSIP/+${ARG1}@trunk,": _dialled(pbx, config.office.country, freepbx=freepbx),
        "AGI(agi://127.0.0.1:4574/CHANGE-ME/": f"AGI(agi://{host}:{phones.port}/{token}/",
    }


def _dialled(pbx: PbxSection, country: str, *, freepbx: bool) -> str:
    """Customers: by FreePBX's outbound routes, where the called line is shown in the place of the trunk's own number
    (macro-outbound-callerid in core/functions.inc.php); else by the first trunk that a pattern names.
    """
    if freepbx:
        number = _written_as(pbx.number_form or NumberForm.NATIONAL, country)
        shown = "Set(__TRUNKCIDOVERRIDE=${ARG2})\n same => n,"
        return f"{shown}Dial(Local/{pbx.outside_prefix}{number}@from-internal/n,"
    way = way_out(pbx.trunks)
    usual = NumberForm.E164 if way.knows_plus else NumberForm.NATIONAL
    return f"Dial({way.dial(_written_as(pbx.number_form or usual, country))},"


def _written_as(form: NumberForm, country: str) -> str:
    """A dialplan expression of ${ARG1}, which is digits with the country's code first."""
    if form is not NumberForm.NATIONAL:
        return "+${ARG1}" if form is NumberForm.E164 else "${ARG1}"
    plan = dialling_prefixes(country)
    length = len(plan.code)
    at_home = f'$["${{ARG1:0:{length}}}" = "{plan.code}"]'
    return f"${{IF({at_home}?{plan.trunk}${{ARG1:{length}}}:{plan.international}${{ARG1}})}}"


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

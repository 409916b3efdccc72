"""`textback record OUT`: write down what a PBX says, to look at later or to send along with a bug report."""

import asyncio
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge import pbxs
from bridge.ami.settings import AmiSettings
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import load
from bridge.esl.settings import EslSettings
from bridge.pbx.line import LinkError
from bridge.pbx.record import record
from bridge.pbx.recording import index_path

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
FOR_EVER = 10 * 365 * 86400.0


def parse_duration(text: str) -> float:
    """Seconds of `8h`, `90m`, `1h30m`. Raises ValueError."""
    parts = re.findall(r"(\d+)([smhd])", text.strip())
    if not parts or "".join(number + unit for number, unit in parts) != text.strip():
        raise ValueError(f"{text!r} is no duration: write 8h, 90m or 1h30m")
    return float(sum(int(number) * UNITS[unit] for number, unit in parts))


def register(app: typer.Typer) -> None:
    app.command("record")(command)


def command(
    out: Annotated[Path, typer.Argument(help="the recording, NAME.ami or NAME.esl; its index goes beside it")],
    duration: Annotated[str, typer.Option("--for", help="stop after this long: 8h, 90m; else Ctrl-C ends it")] = "",
    config: ConfigPath = CONFIG,
    pbx: Annotated[str, typer.Option(help="which [[pbx]] of the configuration; the first")] = "",
    host: Annotated[str, typer.Option(help="a PBX that is in no configuration yet")] = "",
    freeswitch: Annotated[bool, typer.Option("--freeswitch", help="with --host: it is a FreeSWITCH")] = False,
    port: Annotated[int | None, typer.Option(help="with --host: its port, else 5038 (AMI) or 8021 (ESL)")] = None,
    username: Annotated[
        str, typer.Option(help="with --host: the account; else textback, of a FreeSWITCH none (textback@domain)")
    ] = "",
    secret_file: Annotated[
        Path | None, typer.Option(help="with --host: the account's secret; else it is asked")
    ] = None,
) -> None:
    """Write what a PBX says (AMI; ESL of a FreeSWITCH), byte for byte, with an index, for `textback replay`."""
    try:
        seconds = parse_duration(duration) if duration else FOR_EVER
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--for") from error
    settings: AmiSettings | EslSettings
    if not host:
        settings = _configured(config, pbx)
    elif freeswitch:
        settings = EslSettings(host, host, port or 8021, username, _secret(secret_file))
    else:
        settings = AmiSettings(host, host, port or 5038, username or "textback", _secret(secret_file))
    try:
        asyncio.run(_record(settings, out, seconds))
    except KeyboardInterrupt:
        typer.echo("stopped")
    except LinkError as error:
        typer.echo(f"{settings.host}:{settings.port} let us hear nothing: {error}", err=True)
        raise typer.Exit(1) from None


def _configured(path: Path, name: str) -> AmiSettings:
    pbxs = load(path, os.environ).pbxs
    chosen = next((pbx for pbx in pbxs if name in ("", pbx.name)), None)
    if chosen is None:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(pbx.name for pbx in pbxs)}", param_hint="--pbx")
    return chosen


async def _record(settings: AmiSettings | EslSettings, out: Path, seconds: float) -> None:
    with pbxs.recording(settings, out, _now) as writing:
        typer.echo(f"recording {settings.host}:{settings.port} to {out} and {index_path(out).name}; Ctrl-C ends it")
        try:
            await record(pbxs.recorder(settings, writing, _now), writing, seconds=seconds)
        finally:
            typer.echo(f"{writing.blocks} messages, {writing.size} bytes")


def _secret(file: Path | None) -> str:
    if file is not None:
        return file.read_text("utf-8").strip()
    secret: str = typer.prompt("The account's secret", hide_input=True)
    return secret


def _now() -> datetime:
    return datetime.now(UTC)

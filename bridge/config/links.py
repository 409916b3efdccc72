"""The tables that say what we connect to, listen on and write to: PBXs, gateways, page, database."""

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from bridge.config.problems import Problems
from bridge.config.records import check_records, with_password
from bridge.config.secrets import Secrets
from bridge.config.sections import PbxSection, StorageSection, WebSection
from bridge.config.typed import why_no_host
from bridge.config.values import duration, listen_address
from bridge.smpp.settings import SmppSettings
from bridge.web.settings import WebSettings, tls

STATE_DIRECTORY = "/var/lib/textback"
DATABASE = "textback.db"
TOKEN = re.compile(r"[!-~]{16,200}")


def pbxs(problems: Problems, secrets: Secrets, raw: Mapping[str, Any]) -> tuple[PbxSection, ...]:
    """Every `[[pbx]]`. Its credential is called `pbx.secret`, or with a name of its own `NAME.secret`."""

    def filled(table: Any, where: str) -> Any:
        if not isinstance(table, dict):
            return table
        name = table.get("name", "pbx")
        return secrets.filled(with_password(secrets, table, where, name), "secret", where, f"{name}.secret")

    taken = problems.take_all(PbxSection, raw.get("pbx"), "pbx", prepare=filled)
    problems.add_repeated("name", [(where, pbx.name) for where, pbx in taken])
    for where, pbx in taken:
        _check_blanks(problems, where, username=pbx.username)
        _check_address(problems, where, pbx.host, pbx.ca_file)
        check_records(problems, where, pbx)
        if pbx.database and not pbx.database.host.startswith("/"):
            _check_address(problems, f"{where}.database", pbx.database.host, pbx.database.ca_file)
    return tuple(pbx for _, pbx in taken)


def gateways(
    problems: Problems, secrets: Secrets, raw: Mapping[str, Any]
) -> tuple[SmppSettings | None, SmppSettings | None]:
    """`[smpp]` and `[smpp_backup]`. The same system_id and password are one account, unless they say otherwise."""
    smpp, backup = (_gateway(problems, secrets, raw.get(name), name) for name in ("smpp", "smpp_backup"))
    if "smpp_backup" in raw and "smpp" not in raw:
        problems.add("smpp", "is missing: [smpp_backup] is for when [smpp] is away")
    if smpp and backup and not backup.account and _credentials(smpp) == _credentials(backup):
        backup = replace(backup, account=smpp.account_name)
    return smpp, backup


def _credentials(settings: SmppSettings) -> tuple[str, str, str]:
    return settings.system_id, settings.password, settings.system_type


def _gateway(problems: Problems, secrets: Secrets, raw: Any, where: str) -> SmppSettings | None:
    """`[smpp]` or `[smpp_backup]`, None for none. Its credential: `smpp.password` or `smpp_backup.password`."""
    if raw is None:
        return None
    if isinstance(raw, dict):
        raw = {"name": where} | secrets.filled(raw, "password", where, f"{where}.password")
        if "validity" in raw:
            raw |= {"validity": _duration(problems, f"{where}.validity", raw["validity"])}
    taken = problems.take(SmppSettings, raw, where)
    if taken:
        _check_address(problems, where, taken.host, taken.ca_file)
        _check_blanks(problems, where, system_id=taken.system_id, system_type=taken.system_type)
    return taken


def _duration(problems: Problems, path: str, written: object) -> timedelta | None:
    """As everywhere in the file; the settings themselves know seconds alone."""
    try:
        return duration(written)
    except ValueError as error:
        problems.add(path, str(error))
        return None


def _check_blanks(problems: Problems, where: str, **values: str) -> None:
    for key, value in values.items():
        if value != value.strip():
            problems.add(f"{where}.{key}", f'has a blank before or behind it; write "{value.strip()}"')


def _check_address(problems: Problems, where: str, host: str, ca_file: str | None) -> None:
    if why := why_no_host(host):
        problems.add(f"{where}.host", why)
    if ca_file is not None:
        try:
            ssl.create_default_context(cafile=ca_file)
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or error
            problems.add(
                f"{where}.ca_file", f"{ca_file} cannot be used: {said}; it should be a PEM file, by its whole path"
            )


def web(problems: Problems, secrets: Secrets, raw: Any) -> WebSettings | None:
    """A relative path of certificate or key starts at the configuration's directory."""
    base = secrets.file.parent
    if isinstance(raw, dict) and ("metrics_token" in raw or "metrics_token_file" in raw):
        raw = _with_token(problems, secrets, raw)
    section = problems.take(WebSection, raw, "web")
    if section is None:
        return None
    try:
        host, port = listen_address(section.listen)
    except ValueError as error:
        problems.add("web.listen", str(error))
        return None
    certificate, key = (base / path if path else None for path in (section.certificate, section.key))
    settings = WebSettings(
        host,
        port,
        section.hosts,
        certificate,
        key or certificate,
        language=section.language or "",
        trusted_proxies=section.trusted_proxies,
        metrics_from=section.metrics_from,
        metrics_token=section.metrics_token,
        text_assigned=section.text_assigned,
        map_link=section.map_link,
    )
    if key and not certificate:
        problems.add("web.certificate", "is missing; the path of the certificate that web.key belongs to")
    try:
        tls(settings)
    except (OSError, ValueError) as error:
        problems.add("web.certificate", f"{certificate} and its key cannot be used: {error}")
    return settings


def _with_token(problems: Problems, secrets: Secrets, raw: Mapping[str, Any]) -> dict[str, Any]:
    """What is no token is worse than none: whoever wrote it believes that /metrics is shut."""
    filled = secrets.filled(raw, "metrics_token", "web", "web.metrics_token")
    token, where = filled["metrics_token"], "metrics_token" if "metrics_token" in raw else "metrics_token_file"
    noted = any(problem.path == f"web.{where}" for problem in problems.found)
    if isinstance(token, str) and not TOKEN.fullmatch(token) and not noted:
        problems.add(f"web.{where}", "should be 16 to 200 characters without spaces: openssl rand -hex 16")
    return filled


def database(
    problems: Problems, raw: Any, base: Path, environ: Mapping[str, str], *, stores: bool = True
) -> Path | None:
    """Where the database is, or will be: what a symbolic link means, for its log stands beside that.

    A relative path starts at the configuration's directory.
    """
    section = problems.take(StorageSection, raw, "storage")
    if section is None:
        return None
    state = Path(environ.get("STATE_DIRECTORY") or STATE_DIRECTORY)  # systemd's StateDirectory=
    path = base / section.path if section.path else state / DATABASE
    path = path.resolve() if path.is_symlink() else path
    trouble = _unusable(path) if stores else ""
    if trouble:
        problems.add("storage.path", trouble)
    return path


def _unusable(path: Path) -> str:
    """Why SQLite could not keep a database there, "" if it could; it needs the directory too, for its journal."""
    if path.is_dir():
        return f"{path} is a directory; name the file, for example {path / DATABASE}"
    if not path.parent.is_dir():
        return f"there is no directory {path.parent}: make it, owned by the user who runs textback"
    try:
        TemporaryFile(dir=path.parent).close()
    except OSError as error:
        return f"the directory {path.parent} cannot be written by this user: {error.strerror}"
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return f"{path} cannot be read and written by this user"
    return ""

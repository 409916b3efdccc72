"""A command costs what it needs: which modules `--help` and `status` may import, by name and not by the clock."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from bridge.cli.app import build
from bridge.cli.verbs import VERBS, CliVerb, LazyVerb
from storage.database import Database
from tests import site

IMPORTED = """
import json, sys
from bridge.cli.app import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
SERVED = ("aiohttp", "jinja2", "panoramisk", "smpplib", "prometheus_client", "structlog", "argon2", "babel", "holidays")
ADAPTERS = ("agi", "bridge.ami", "bridge.smpp", "bridge.notify", "bridge.web")


def imported(*arguments: str) -> set[str]:
    command = [sys.executable, "-c", IMPORTED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_the_list_of_verbs_imports_none_of_them() -> None:
    modules = imported("--help")
    assert "bridge.cli.verbs" in modules
    ours = {module for module in modules if module.partition(".")[0] in ("agi", "bridge", "storage")}
    assert ours == {"bridge", "bridge.cli", "bridge.cli.app", "bridge.cli.verbs"}
    assert modules.isdisjoint((*SERVED, "pydantic", "asyncio", "sqlite3"))


def test_status_imports_the_settings_and_the_database_and_nothing_that_serves(tmp_path: Path) -> None:
    async def new_database() -> None:
        await (await Database.open(tmp_path / "textback.db")).close()

    asyncio.run(new_database())
    modules = imported("status", "--config", str(site.write(tmp_path)))
    assert {"bridge.cli.control", "bridge.config", "storage.database"} <= modules
    assert modules.isdisjoint(SERVED)
    adapters = {module for module in modules if module.startswith(ADAPTERS)}
    settings = {*ADAPTERS, *(f"{package}.settings" for package in ADAPTERS), "bridge.smpp.dialects"}
    assert adapters == settings
    assert not [module for module in modules if module.startswith("bridge.domain.calls.live")]


@pytest.mark.parametrize(("name", "verb"), VERBS.items())
def test_every_verb_is_there_and_helps_in_the_words_of_the_list(name: str, verb: CliVerb) -> None:
    command = typer.main.get_group(build()).commands[name]
    assert isinstance(command, LazyVerb)
    said = command.loaded().help
    assert " ".join(said.partition("\n\n")[0].split()) == verb.help


def test_what_a_module_registers_is_in_the_list() -> None:
    modules = {verb.module for verb in VERBS.values()}
    registered = {name for module in modules for name in LazyVerb("", CliVerb(module, "")).registered()}
    assert registered == set(VERBS)

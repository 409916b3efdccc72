"""The domain knows no PBX by its words: how one names channels, contexts, applications and causes is an adapter's."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.ami.applications import BY_DOING
from bridge.ami.channels import MACHINES, RELAY
from bridge.ami.contexts import TRUNK_CONTEXTS
from tests.lab.asterisk import REPOSITORY

DOMAIN = REPOSITORY / "bridge" / "domain"
TECHNOLOGIES = {*MACHINES, RELAY, "PJSIP", "SIP", "IAX2", "DAHDI", "sofia", "loopback"} - {"Message", "Recorder"}
CONTEXTS = {*TRUNK_CONTEXTS, "from-internal", "from-pstn", "textback"}
APPLICATIONS = {name for names in BY_DOING.values() for name in names} | {"voicemailmain", "appdial", "appqueue"}
NAMED = re.compile(rf"\b(?:{'|'.join(TECHNOLOGIES)})/|\b(?:{'|'.join(CONTEXTS)})-")
ALONE = re.compile(rf"(?:{'|'.join(TECHNOLOGIES)})/?|(?:{'|'.join(CONTEXTS)})")
KNOWLEDGE = re.compile(r"context|application|technology|cause|q_?850|exten_s|tech")
"""Fields of events that are a PBX's own, in any of their names."""


def breaches(source: str) -> Iterator[str]:
    """What only a PBX would write: in strings that are neither docstrings nor our own names for states, and fields."""
    tree = ast.parse(source)
    ours = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
        ours |= {id(state.value) for state in owner.body if isinstance(state, ast.Assign)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in ours and _is_a_pbxs(text):
                yield text
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Attribute(attr=name) | ast.arg(arg=name):
                if KNOWLEDGE.fullmatch(name):
                    yield name


def _is_a_pbxs(text: str) -> bool:
    return bool(NAMED.search(text) or ALONE.fullmatch(text)) or text.casefold() in APPLICATIONS


@pytest.mark.parametrize("path", sorted((DOMAIN / "calls").glob("*.py")), ids=lambda path: path.name)
def test_calls_are_followed_without_a_word_of_any_pbx(path: Path) -> None:
    assert list(breaches(path.read_text("utf-8"))) == []


def test_no_other_part_of_the_domain_writes_a_channel_or_a_context_either() -> None:
    found = {path.name: NAMED.search(path.read_text("utf-8")) for path in DOMAIN.rglob("*.py")}
    assert [name for name, written in found.items() if written] == []


@pytest.mark.parametrize(
    "planted",
    [
        'NOBODY = {"Announcer", "Local"}',
        'def trunk(name: str) -> bool:\n    return name.startswith("PJSIP/")',
        'IN = ("from-trunk", "from-did-direct")',
        'def is_menu(name: str) -> bool:\n    return name == "BackGround"',
        "def is_busy(event: HungUp) -> bool:\n    return event.cause == 17",
        "class ChannelCreated(Event):\n    context: str",
    ],
)
def test_a_word_of_a_pbx_is_found(planted: str) -> None:
    assert list(breaches(planted))


def test_our_own_names_of_states_and_what_is_written_for_people_are_no_breach() -> None:
    source = '"""Not `PJSIP/101`."""\nclass Doing(StrEnum):\n    QUEUE = "queue"\nWHY = "sent into a queue"'
    assert list(breaches(source)) == []

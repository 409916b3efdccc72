"""Calls through an office as FreePBX 17 writes it: which line each rings, over either trunk."""

from pathlib import Path

import pytest

from bridge.config import load
from tests import site
from tests.recorded import Recording, inbound, recordings, track

NORTH, SOUTH = "0205550510", "+31205550500"
FREEPBX = [one for one in recordings() if one.path.name.startswith("freepbx_")]


@pytest.mark.parametrize("recording", FREEPBX, ids=str)
def test_every_call_rings_the_line_of_its_number(recording: Recording, tmp_path: Path) -> None:
    """The second trunk's number has a line of its own; the PBX writes numbers as people dial them at home."""
    lines = [
        {"name": "south", "dids": [SOUTH, *(f"02055505{n:02}" for n in range(1, 10))], "sms_number": SOUTH},
        {"name": "north", "dids": [f"+31{NORTH[1:]}"], "sms_number": "+31205550599"},
    ]
    office = load(site.write(tmp_path, country="NL", zone="Europe/Amsterdam", line=lines), {}).office
    calls = inbound(track(recording.events()))
    second = "second_trunk" in str(recording)
    assert {office.line_for("pbx", call.did).name for call in calls} == {"north" if second else "south"}
    assert all(office.knows_line("pbx", call.did) for call in calls)

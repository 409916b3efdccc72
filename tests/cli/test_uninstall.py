"""`textback uninstall` names everything that was asked for, and touches nothing."""

import os
from pathlib import Path

from bridge.cli.uninstall import rows
from tests.site import run


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_lines_files_and_user_are_named_and_nothing_is_touched(example: Path, tmp_path: Path) -> None:
    asterisk, systemd = tmp_path / "asterisk", tmp_path / "systemd"
    asterisk.mkdir()
    systemd.mkdir()
    (asterisk / "manager.conf").write_text(
        '[general]\nenabled = yes\n; textback was here\n#tryinclude "manager_textback.conf"\n'
    )
    (asterisk / "extensions.conf").write_text("[from-trunk]\n same => n,Gosub(textback-say,presentation,1)\n")
    (asterisk / "manager_textback.conf").write_text("[textback]\n")
    (systemd / "textback.service").write_text("")
    (tmp_path / "t.db").write_text("")
    before = tree(tmp_path)
    found = list(rows(asterisk, systemd, "textback", example))
    assert f'# {asterisk}/manager.conf, line 4: take out  #tryinclude "manager_textback.conf"' in found
    assert f"# {asterisk}/extensions.conf, line 2: take out  same => n,Gosub(textback-say,presentation,1)" in found
    assert f"rm {asterisk}/manager_textback.conf" in found
    assert "systemctl disable --now textback.service" in found
    assert any(row.startswith("/") and " backup " in row for row in found)
    assert {f"rm {tmp_path}/{name}" for name in ("t.db", "textback.toml", "ami.secret", "smpp.password")} <= set(found)
    assert "userdel textback" in found
    assert tree(tmp_path) == before


def test_what_is_not_there_is_not_named(tmp_path: Path) -> None:
    found = list(rows(tmp_path / "no", tmp_path / "no", "textback", tmp_path / "no.toml"))
    assert [row for row in found if not row.startswith("#")] == ["userdel textback", found[-1]]


def test_a_configuration_that_is_broken_does_not_stop_it(example: Path) -> None:
    example.write_text("nonsense")
    done = run("uninstall", "--asterisk", os.devnull, "--config", str(example))
    assert done.returncode == 0
    assert f"rm {example}\n" in done.stdout

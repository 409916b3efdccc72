"""`textback contacts` on a real database."""

from pathlib import Path

from tests.site import run


def test_contacts_are_imported_listed_and_changed(example: Path) -> None:
    file, config = example.parent / "people.csv", ("--config", str(example))
    file.write_text("number,name,kind\n2125550123,Mary,\n2125550124,Pipes Inc,supplier\n")
    assert run("contacts", "import", str(file), *config).stdout == "2 new or changed, 0 as they were\n"
    assert run("contacts", "import", str(file), *config).stdout == "0 new or changed, 2 as they were\n"
    run("contacts", "add", "212-555-0125", "--name", "Bob", "--kind", "staff", *config)
    run("contacts", "kind", "2125550123", "blocked", *config)
    assert run("contacts", "list", *config).stdout.splitlines() == [
        "+12125550123  blocked   Mary",
        "+12125550124  supplier  Pipes Inc",
        "+12125550125  staff     Bob",
    ]
    assert run("contacts", "list", "--kind", "staff", *config).stdout == "+12125550125  staff     Bob\n"
    assert run("contacts", "filtered", *config).stdout == ""


def test_mistakes_are_told_by_line_and_nothing_is_taken(example: Path) -> None:
    file, config = example.parent / "people.csv", ("--config", str(example))
    file.write_text("number,name\n2125550123,Mary\n12,Bob\n")
    done = run("contacts", "import", str(file), *config)
    assert (done.returncode, done.stdout) == (1, "")
    assert 'line 3: "12" is no valid number' in done.stderr
    assert run("contacts", "list", *config).stdout == ""


def test_what_is_no_number_or_no_name_is_wrong_usage(example: Path) -> None:
    for arguments in (("add", "12"), ("kind", "12", "staff"), ("add", "2125550123", "--name", "x" * 90)):
        assert run("contacts", *arguments, "--config", str(example)).returncode == 2

"""Every verb of `textback` on a database that is full of everything; those that never end made it."""

from collections.abc import Sequence
from pathlib import Path

from bridge.cli.verbs import VERBS
from tests.lab.asterisk import REPOSITORY
from tests.site import run

NEVER_END = frozenset({"run", "demo"})
RECORDED = REPOSITORY / "tests" / "recordings" / "22-own" / "hairpin_answered.ami"


def typed(folder: Path, number: str) -> Sequence[tuple[int, str]]:
    """What is typed, in an order in which nothing is missed, and its exit code: neither PBX nor gateway is there now.

    number: of somebody who called and wrote.
    """
    return (
        *((0, verb) for verb in ("check-config", "queue", "queue --json", "digest", "report", "report --json")),
        (0, f"export {number}"),
        *(
            (0, verb)
            for verb in ("contacts list", "contacts filtered", "opt-outs", "users list", "page-link", "carrier")
        ),
        *((0, verb) for verb in ("on-call", "hours", "unit", "dialplan", "uninstall", "pause", "resume")),
        (0, f"backup {folder / 'copy.db'}"),
        (2, "status"),
        (1, "doctor"),
        (1, "proof --last 7d"),
        (0, f"record {folder / 'out.ami'} --for 0s"),
        (0, f"replay {RECORDED} --json"),
        (1, f"send-test {number} --wait 0.1"),
        (0, "triage --json"),
        (0, "lint-text --json"),
        (2, f"init --yes --dir {folder}"),
        (0, f"forget {number} --yes"),
        (0, f"restore {folder / 'copy.db'}"),
    )


def all_work(folder: Path, number: str) -> list[str]:
    """What went otherwise than it should; TEXTBACK_CONFIG says where the configuration is."""
    assert {line.split()[0] for _, line in typed(folder, number)} == VERBS.keys() - NEVER_END
    wrong = []
    for code, line in typed(folder, number):
        verb, *rest = line.split()
        done = run(verb, *rest, given="We have your text.\n")
        if done.returncode != code:
            wrong.append(f"{line}: {done.returncode} {done.stdout[-500:]}{done.stderr[-1500:]}")
    return wrong

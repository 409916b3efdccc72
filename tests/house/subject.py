"""`python -m tests.house.subject FILE`: is this how a commit is named? For the hook in `.pre-commit-config.yaml`."""

import re
import sys
from pathlib import Path

LONGEST = 72
SUBJECT = re.compile(r"[a-z][a-z0-9_/, -]*: \S.*[^.\s]")
MADE_BY_GIT = ("Merge ", "Revert ", "fixup! ", "squash! ")


def mistake(message: str) -> str:
    """What is wrong with the subject, "" for nothing."""
    subject = message.partition("\n")[0]
    if subject.startswith(MADE_BY_GIT):
        return ""
    if not SUBJECT.fullmatch(subject):
        return 'a commit is named "area: what it does", without a full stop, as in "web: keep a half-typed note"'
    if len(subject) > LONGEST:
        return f"the subject has {len(subject)} characters; {LONGEST} fit, the why goes below it"
    return ""


if __name__ == "__main__":
    sys.exit(mistake(Path(sys.argv[1]).read_text(encoding="utf-8")) or 0)

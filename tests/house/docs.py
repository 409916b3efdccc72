"""`python -m tests.house.docs` (`make docs`): write the documents that are made from the code."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.house import endpoints, settings
from tests.lab.asterisk import REPOSITORY

DEPLOY = REPOSITORY / "bridge" / "deploy"
DOCUMENTS: Mapping[Path, Callable[[], str]] = {
    DEPLOY / "CONFIGURATION.md": settings.document,
    DEPLOY / "HTTP.md": endpoints.document,
}

if __name__ == "__main__":
    for path, document in DOCUMENTS.items():
        path.write_text(document(), encoding="utf-8")
        print(path.relative_to(REPOSITORY))

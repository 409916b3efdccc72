"""Words that are shown in the reader's language (i18n): English stands in the code, the page looks the others up.

Another language, in texts, triage and page: "A third language" in `.github/CONTRIBUTING.md`.
"""


def N_(words: str) -> str:  # noqa: N802 - as gettext calls it
    """Marks words that are translated where they are shown."""
    return words


class UserError(ValueError):
    """Something makes no sense, in words for people. `%(name)s` in them stands for one of the values."""

    def __init__(self, words: str, **values: object) -> None:
        super().__init__(words % values if values else words)
        self.words, self.values = words, values

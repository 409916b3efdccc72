"""`python -m tests.benchmarks.bench_words`: microseconds per text, and how they grow with its length."""

from collections.abc import Callable
from statistics import median
from time import process_time

from bridge.domain.words import address, honesty, triage
from bridge.domain.words import opt_out as optout
from bridge.domain.words.lexicon import default_lexicon
from tests.domain.words import labels

LEXICON = default_lexicon()
ROUNDS = 5
HOSTILE = (
    *(
        "no ",
        "water ",
        "1 ",
        "Aa ",
        "🔥",
        "ﷺ",
        "1 A st ",
        "smell of the gas ",
        "if no leak ",
        "xqzzyflorp ",
        "leek floodin ",
    ),
    *("a", ".,!?;", "\"'\"'", "(((", "a.c.", "i'm ", "leak?", "no heat ", "smoke fire spark outlet ", "5th and Main "),
)
READERS: dict[str, Callable[[str], object]] = {
    "triage": lambda text: triage.assess([text], LEXICON),
    "triage of twelve": lambda text: triage.assess([text] * 12, LEXICON),
    "honesty": lambda text: honesty.check(text, LEXICON),
    "address": lambda text: address.find([text]),
    "opt-out": optout.read,
}


def micros(reader: Callable[[str], object], texts: list[str]) -> float:
    """Median over the rounds of the CPU time for one text."""
    return median(_round(reader, texts) for _ in range(ROUNDS)) / len(texts) * 1e6


def _round(reader: Callable[[str], object], texts: list[str]) -> float:
    begun = process_time()
    for text in texts:
        reader(text)
    return process_time() - begun


def main() -> None:
    replies = [part for reply in labels.replies() for part in reply.parts]
    templates = [template.text for template in labels.templates()]
    for name, reader in READERS.items():
        texts = templates if name == "honesty" else replies
        reader(texts[0])
        print(f"{name}: {micros(reader, texts):.0f} us per text ({len(texts)} labelled texts)")
    for length in (400, 1_600, 10_000):
        took, name, piece = max(
            (micros(reader, [(piece * length)[:length]]), name, piece)
            for name, reader in READERS.items()
            for piece in HOSTILE
        )
        print(f"slowest of {len(HOSTILE)} hostile texts of {length} characters: {took:.0f} us ({name}, {piece!r})")


if __name__ == "__main__":
    main()

"""How well the rules read texts, counted over the labelled sets; `pytest -s` prints the figures."""

from collections.abc import Callable, Sequence
from functools import cache

import pytest

from bridge.domain.words import address, honesty
from bridge.domain.words import opt_out as optout
from bridge.domain.words.lexicon import default_lexicon
from bridge.domain.words.triage import Assessment, TriageLevel, assess
from tests.domain.words import labels
from tests.domain.words.labels import Reply

LEXICON = default_lexicon()
REPLY_SETS = {
    "seen while the rules were written": [r for r in labels.replies() if not labels.held_out(" // ".join(r.parts))],
    "held out": [r for r in labels.replies() if labels.held_out(" // ".join(r.parts))],
    "second batch": labels.replies("replies2.txt"),
    "third batch": labels.replies("replies3.txt"),
    "fourth batch": labels.replies("replies4.txt"),
    "fifth batch": labels.replies("replies5.txt"),
    "sixth batch": labels.replies("replies6.txt"),
    "seventh batch": labels.replies("replies7.txt"),
    "eighth batch": labels.replies("replies8.txt"),
    "ninth batch": labels.replies("replies9.txt"),
    "tenth batch": labels.replies("replies10.txt"),
    "eleventh batch": labels.replies("replies11.txt"),
    "twelfth batch": labels.replies("replies12.txt"),
    "thirteenth batch": labels.replies("replies13.txt"),
    "fourteenth batch": labels.replies("replies14.txt"),
    "fifteenth batch": labels.replies("replies15.txt"),
    "sixteenth batch": labels.replies("replies16.txt"),
    "seventeenth batch": labels.replies("replies17.txt"),
    "eighteenth batch": labels.replies("replies18.txt"),
    "nineteenth batch": labels.replies("replies19.txt"),
    "twentieth batch": labels.replies("replies20.txt"),
    "twenty-first batch": labels.replies("replies21.txt"),
    "twenty-second batch": labels.replies("replies22.txt"),
    "twenty-third batch": labels.replies("replies23.txt"),
    "twenty-fourth batch": labels.replies("replies24.txt"),
    "twenty-fifth batch": labels.replies("replies25.txt"),
    "twenty-sixth batch": labels.replies("replies26.txt"),
    "twenty-seventh batch": labels.replies("replies27.txt"),
    "twenty-eighth batch": labels.replies("replies28.txt"),
    "twenty-ninth batch": labels.replies("replies29.txt"),
    "thirtieth batch": labels.replies("replies30.txt"),
}
TEMPLATE_SETS = {
    "seen while the rules were written": [t for t in labels.templates() if not labels.held_out(t.text)],
    "held out": [t for t in labels.templates() if labels.held_out(t.text)],
    "second batch": labels.templates("templates2.txt"),
    "third batch": labels.templates("templates3.txt"),
    "fourth batch": labels.templates("templates4.txt"),
    "fifth batch": labels.templates("templates5.txt"),
    "sixth batch": labels.templates("templates6.txt"),
    "seventh batch": labels.templates("templates7.txt"),
    "eighth batch": labels.templates("templates8.txt"),
    "ninth batch": labels.templates("templates9.txt"),
    "tenth batch": labels.templates("templates10.txt"),
    "eleventh batch": labels.templates("templates11.txt"),
    "twelfth batch": labels.templates("templates12.txt"),
    "thirteenth batch": labels.templates("templates13.txt"),
    "fourteenth batch": labels.templates("templates14.txt"),
    "fifteenth batch": labels.templates("templates15.txt"),
    "sixteenth batch": labels.templates("templates16.txt"),
    "seventeenth batch": labels.templates("templates17.txt"),
    "eighteenth batch": labels.templates("templates18.txt"),
    "nineteenth batch": labels.templates("templates19.txt"),
    "twentieth batch": labels.templates("templates20.txt"),
    "twenty-first batch": labels.templates("templates21.txt"),
    "twenty-second batch": labels.templates("templates22.txt"),
    "twenty-third batch": labels.templates("templates23.txt"),
    "twenty-fourth batch": labels.templates("templates24.txt"),
    "twenty-fifth batch": labels.templates("templates25.txt"),
    "twenty-sixth batch": labels.templates("templates26.txt"),
    "twenty-seventh batch": labels.templates("templates27.txt"),
    "twenty-eighth batch": labels.templates("templates28.txt"),
    "twenty-ninth batch": labels.templates("templates29.txt"),
    "thirtieth batch": labels.templates("templates30.txt"),
    "thirty-first batch": labels.templates("templates31.txt"),
    "thirty-second batch": labels.templates("templates32.txt"),
    "thirty-third batch": labels.templates("templates33.txt"),
}

OPT_OUT_FILES = ["optout.txt", *(f"optout{number}.txt" for number in range(2, 12))]
ADDRESS_FILES = [
    "addresses.txt",
    "addresses2.txt",
    "addresses3.txt",
    "addresses4.txt",
    "addresses5.txt",
    "addresses6.txt",
    "addresses7.txt",
    "addresses8.txt",
]


@cache
def judged(parts: tuple[str, ...]) -> Assessment:
    return assess(parts, LEXICON)


def share(figure: str, name: str, texts: Sequence[Reply], good: Callable[[Reply, Assessment], bool]) -> float:
    hits = sum(good(reply, judged(reply.parts)) for reply in texts)
    print(f"{name}: {figure} {hits}/{len(texts)} = {hits / len(texts):.3f}")
    return hits / len(texts)


@pytest.mark.parametrize("name", REPLY_SETS)
def test_most_urgent_texts_are_found(name: str) -> None:
    urgent = [reply for reply in REPLY_SETS[name] if reply.label in "uh"]
    assert share("urgent or check", name, urgent, lambda _, found: found.level is not TriageLevel.ROUTINE) >= 0.95
    assert share("urgent", name, urgent, lambda _, found: found.level is TriageLevel.URGENT) >= 0.90
    spanish = [reply for reply in urgent if reply.spanish]
    assert share("Spanish found", name, spanish, lambda _, found: found.level is not TriageLevel.ROUTINE) >= 0.90


@pytest.mark.parametrize("name", REPLY_SETS)
def test_no_hazard_is_missed(name: str) -> None:
    hazards = [reply for reply in REPLY_SETS[name] if reply.label == "h"]
    assert share("hazards", name, hazards, lambda _, found: found.level is TriageLevel.URGENT) == 1


@pytest.mark.parametrize("name", REPLY_SETS)
def test_few_traps_raise_a_false_alarm(name: str) -> None:
    traps = [reply for reply in REPLY_SETS[name] if reply.label == "t"]
    assert share("false alarms", name, traps, lambda _, found: found.level is not TriageLevel.ROUTINE) <= 0.15


@pytest.mark.parametrize("name", REPLY_SETS)
def test_what_is_only_to_be_looked_at_wakes_nobody(name: str) -> None:
    looks = [reply for reply in REPLY_SETS[name] if reply.label == "c"]
    assert share("woken for a look", name, looks, lambda _, found: found.level is TriageLevel.URGENT) <= 0.10


@pytest.mark.parametrize("file", ["calm.txt", "calm2.txt"])
def test_personal_texts_wake_nobody(file: str) -> None:
    calm = [assess([text], LEXICON).level for text in labels.lines(file)]
    urgent, check = calm.count(TriageLevel.URGENT), calm.count(TriageLevel.CHECK)
    print(f"personal texts in {file}: urgent {urgent}/{len(calm)}, check {check}/{len(calm)}")
    assert urgent / len(calm) <= 0.05
    assert check / len(calm) <= 0.10


@pytest.mark.parametrize("name", REPLY_SETS)
def test_categories_are_found(name: str) -> None:
    urgent = [reply for reply in REPLY_SETS[name] if reply.label in "uh"]
    assert share("categories", name, urgent, lambda reply, found: reply.categories <= set(found.categories)) >= 0.90
    share("no other categories", name, urgent, lambda reply, found: reply.categories == set(found.categories))


@pytest.mark.parametrize("name", REPLY_SETS)
def test_addresses_are_found_and_none_is_invented(name: str) -> None:
    def right(reply: Reply, _: Assessment) -> bool:
        found = address.find(reply.parts).address
        return (found or "").casefold() == (reply.address or "").casefold()

    given = [reply for reply in REPLY_SETS[name] if reply.address]
    none = [reply for reply in REPLY_SETS[name] if not reply.address]
    assert share("addresses found", name, given, right) >= 0.90
    assert share("no address invented", name, none, right) >= 0.95


@pytest.mark.parametrize("file", OPT_OUT_FILES)
def test_every_opt_out_is_read_exactly(file: str) -> None:
    wrong = [(kind, text) for kind, text in labels.opt_outs(file) if optout.read(text) != kind]
    print(f"opt-outs wrong in {file}: {len(wrong)} of {len(labels.opt_outs(file))}")
    assert wrong == []


@pytest.mark.parametrize("file", ADDRESS_FILES)
def test_addresses_in_every_form_are_given_back_as_written(file: str) -> None:
    told = labels.addresses(file)
    wrong = [(wanted, parts) for wanted, parts in told if (address.find(parts).address or "-") != wanted]
    print(f"addresses wrong in {file}: {len(wrong)} of {len(told)}")
    assert len(wrong) / len(told) <= 0.05


@pytest.mark.parametrize("name", TEMPLATE_SETS)
def test_promises_are_refused_and_honest_texts_pass(name: str) -> None:
    promising = [text for text in TEMPLATE_SETS[name] if not text.honest]
    honest = [text for text in TEMPLATE_SETS[name] if text.honest]
    refused = sum(bool(honesty.check(text.text, LEXICON)) for text in promising)
    wrongly = sum(bool(honesty.check(text.text, LEXICON)) for text in honest)
    print(f"{name}: promises refused {refused}/{len(promising)}, honest texts refused {wrongly}/{len(honest)}")
    assert refused / len(promising) >= 0.95
    assert wrongly / len(honest) <= 0.10


def test_what_an_office_plainly_says_of_itself_passes() -> None:
    said = list(labels.lines("honest.txt"))
    refused = [text for text in said if honesty.check(text, LEXICON)]
    print(f"honest sentences refused: {len(refused)} of {len(said)}")
    assert len(refused) / len(said) <= 0.03

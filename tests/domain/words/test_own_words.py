"""Only what the sender says is read; the labelled texts are people's, phones' and machines', and must all be right."""

import pytest

from bridge.domain.words import address, own_words, triage
from bridge.domain.words import opt_out as optout
from bridge.domain.words.lexicon import OptOutRequest, default_lexicon
from bridge.domain.words.triage import TriageLevel
from tests.domain.words import labels
from tests.domain.words.labels import Text

LEXICON = default_lexicon()
FILES = sorted(path.name for path in labels.FOLDER.glob("own_words*.txt"))
FIRST = "Ace Plumbing: Sorry we missed you. What can we help with? Is this urgent today? Reply STOP to opt out."


def faults(text: Text) -> list[str]:
    """What is read otherwise than the label says."""
    heard = [own_words.read(part, LEXICON, text.sent) for part in text.parts]
    own = [part.text for part in heard]
    asked = {optout.read(words, LEXICON, before="".join(own[:part][-1:])) for part, words in enumerate(own)} - {
        OptOutRequest.NONE
    }
    wanted = set() if text.asks.startswith(("-", "!")) else {text.asks}
    level = triage.assess(own, LEXICON).level
    right = {
        "asks": text.asks[1:] not in asked if text.asks.startswith("!") else asked == wanted,
        "urgent": "urgent" not in text.marks or level is TriageLevel.URGENT,
        "quiet": "quiet" not in text.marks or level is not TriageLevel.URGENT,
        "reaction": ("reaction" in text.marks) == any(part.reaction for part in heard),
        "machine": ("machine" in text.marks) == any(part.machine for part in heard),
    }
    return [fault for fault, holds in right.items() if not holds]


@pytest.mark.parametrize("file", FILES)
def test_every_text_is_read_as_its_label_says(file: str) -> None:
    told = labels.own_words(file)
    wrong = [(found, text.asks, text.parts) for text in told if (found := faults(text))]
    print(f"texts read wrong in {file}: {len(wrong)} of {len(told)}")
    assert wrong == []


def test_every_offset_stays_where_it_was() -> None:
    text = f"👍 to “{FIRST}” no heat at 12 Elm St"
    own = own_words.read(text, LEXICON, [FIRST])
    assert len(own.text) == len(text)
    assert own.text.strip() == "no heat at 12 Elm St"
    assert address.find([own.text]).address == "12 Elm St"
    assert [text[start:end] for start, end in own.unread] == [text.partition(" no heat")[0]]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"Liked “{FIRST}”", "👍"),
        (f"Se rió de “{FIRST}”", "😂"),
        (f"A adoré « {FIRST} »", "❤️"),
        (f"🎉 to “{FIRST}”", "🎉"),
        (f"Removed a heart from “{FIRST}”", "removed ❤️"),
        ("Emphasized an image", "‼️"),
    ],
)
def test_a_bare_reaction_says_which_and_nothing_else(text: str, shown: str) -> None:
    own = own_words.read(text, LEXICON)
    assert str(own.reaction) == shown
    assert own.is_bare_reaction


@pytest.mark.parametrize("frame", ["{}", "Tykkäsi: “{}”", "“{}”", "> {}", "Re: {}", "\n{}\n"])
@pytest.mark.parametrize("change", [str, str.upper, str.lower, lambda text: text[:70]])
def test_whatever_repeats_what_we_sent_is_not_read(frame: str, change: object) -> None:
    sent = "Hello from Ace, tell us about the gas leak please: is it urgent today? Text STOP to end."
    assert callable(change)
    own = own_words.read(frame.format(change(sent)), LEXICON, [sent])
    assert triage.assess([own.text], LEXICON).level is TriageLevel.ROUTINE
    assert optout.read(own.text, LEXICON) is OptOutRequest.NONE


@pytest.mark.parametrize(
    "text", ["this is urgent today", "the service address is 12 Elm, urgent today", "urgent today"]
)
def test_an_answer_in_the_words_of_our_question_is_the_customers(text: str) -> None:
    own = own_words.read(text, LEXICON, ["Reply with the service address, issue, and whether this is urgent today."])
    assert own.unread == ()
    assert triage.assess([own.text], LEXICON).level is TriageLevel.URGENT


def test_a_machines_instructions_are_passed_over_and_what_a_person_says_beside_them_is_read() -> None:
    own = own_words.read("I'm driving, reply urgent if it is urgent. My basement is flooding", LEXICON)
    assert not own.machine
    assert own.text.strip().endswith("My basement is flooding")
    assert triage.assess([own.text], LEXICON).hazard


def test_two_fragments_that_make_one_sentence_opt_nobody_out() -> None:
    assert optout.read("stop", LEXICON, before="the water wont") is OptOutRequest.NONE
    assert optout.read("stop", LEXICON, before="i told you to") is OptOutRequest.STOP
    assert optout.read("stop", LEXICON, before="no heat at 12 Elm St") is OptOutRequest.STOP
    assert optout.read("stop texting me", LEXICON, before="the water wont") is OptOutRequest.STOP


@pytest.mark.parametrize(
    "frame", [f"{FIRST} {{}}", f"Liked “{FIRST}” {{}}", f"> {FIRST}\n{{}}", "Our office is closed. {}"]
)
def test_no_hazard_is_lost_behind_a_quote_or_a_machines_words(frame: str) -> None:
    told = [" ".join(reply.parts) for reply in labels.replies() if reply.label == "h"]
    alone = [text for text in told if triage.assess([text], LEXICON).hazard]
    lost = [
        text for text in alone if not triage.assess([own_words.read(frame.format(text), LEXICON).text], LEXICON).hazard
    ]
    assert lost == []

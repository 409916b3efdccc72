"""Whatever may be said of one thing may be said of its like: every subject in every sentence that people say of it."""

import pytest

from bridge.domain.words import honesty
from bridge.domain.words import opt_out as optout
from bridge.domain.words.lexicon import Category, OptOutRequest, default_lexicon
from bridge.domain.words.triage import Assessment, TriageLevel, assess

LEXICON = default_lexicon()

BROKEN = [
    *("{} is out", "{} not working", "no {}", "{} quit", "{} stopped working", "{} wont turn on", "{} isnt coming on"),
    *(
        "{} keeps shutting off",
        "{} went out last night",
        "{} is broken",
        "{} is down",
        "my {} won't start",
        "{} is dead",
    ),
    *("{} has not worked since friday", "without {}", "{} turned off and wont come back on", "{} cut out"),
]
URGENT = {
    Category.NO_HEAT: (
        ["heat", "heater", "furnace", "boiler", "heat pump", "heating system"],
        [*BROKEN, "{} blowing cold air", "{} is not heating", "{} only blows cold"],
    ),
    Category.NO_AC: (
        ["ac", "a/c", "air conditioner", "AC unit", "central air", "A.C.", "mini split"],
        [*BROKEN, "{} blowing hot air", "{} not cooling", "the {} froze up", "{} not cold", "{} is not keeping up"],
    ),
    Category.LEAK: (
        ["pipe", "roof", "toilet", "kitchen sink", "water heater", "shower", "skylight", "hose bib", "ice maker line"],
        ["{} is leaking", "leaky {}", "water coming from {}", "{} has a leak", "{} wont stop dripping", "{} leakin"],
    ),
    Category.COMMERCIAL: (
        ["restaurant", "office", "warehouse", "church", "salon", "clinic", "gym", "daycare", "gas station"],
        [
            "this is for our {}, door is stuck",
            "we're a {} and no hot water",
            "my {} toilet is clogged",
            "i manage a {}. lights are out in the hall",
            "{} location, drain backed up",
        ],
    ),
    Category.ELDERLY: (
        ["mother", "grandpa", "aunt", "neighbor", "husband"],
        [
            "my {} is 85 and the outlet quit",
            "my elderly {} lives here, toilet wont flush",
            "my 84 year old {} has a clogged drain",
            "my {}, 88, is alone and the breaker keeps tripping",
            "{} turned 92 last week and the shower is broken",
        ],
    ),
}
WORTH_A_LOOK = {
    Category.COMMERCIAL: (
        ["restaurant", "office", "warehouse", "church", "salon", "clinic", "gym", "daycare", "bakery"],
        ["this is for our {}", "we're a {}", "i manage a {}", "calling from the {} on Main"],
    ),
    Category.ELDERLY: (
        ["mother", "grandpa", "aunt", "neighbor", "husband"],
        [
            "my {} is 85",
            "my elderly {} lives here",
            "my 84 year old {}",
            "my {}, 88, is alone",
            "{} turned 92 last week",
        ],
    ),
    Category.MEDICAL: (
        ["ventilator", "cpap", "dialysis machine", "oxygen concentrator", "nebulizer", "feeding pump"],
        ["my son is on a {}", "we have a {} here", "she sleeps with a {}"],
    ),
    Category.SAME_DAY: (
        ["today", "tonight", "this afternoon", "this evening"],
        ["can someone come {}", "could you make it {}?", "any chance you can stop by {}"],
    ),
}
HAZARDS = {
    "smell": (
        ["gas", "propane", "rotten eggs", "sulfur", "burning plastic", "burnt wires", "smoke"],
        [
            "{} smell",
            "smell of {}",
            "i smell {}",
            "{} odor",
            "the house stinks of {}",
            "still smell {}",
            "faint {} smell",
        ],
    ),
    "electrical": (
        ["outlet", "breaker box", "light switch", "ceiling fan", "furnace", "plug", "receptacle"],
        ["{} is smoking", "sparks from {}", "smoke out of my {}", "the {} melted", "{} smells burnt", "{} on fire"],
    ),
    "flooding": (
        ["basement", "kitchen", "garage", "crawl space", "store"],
        [
            "{} is flooding",
            "flooding in the {}",
            "water pouring into {}",
            "3 inches of water in {}",
            "water rising in {}",
        ],
    ),
    "told by what they do": (
        ["ankles", "knees", "shins", "waist"],
        [
            "water up to my {}",
            "the water reaches our {}",
            "water is over her {} in the basement",
            "{} deep in the hall",
        ],
    ),
    "told by a number": (
        ["35", "70", "120", "400"],
        ["co alarm says {}", "detector shows {} ppm", "its at {}ppm", "the alarm in the hall reads {}"],
    ),
    "told by the skin": (
        ["outlet", "light switch", "faucet", "dryer", "breaker panel"],
        ["got zapped by the {}", "the {} shocked me", "i felt a jolt from the {}", "{} gives a shock when i touch it"],
    ),
}
HARMLESS = {
    "denied": (
        ["leak", "flooding", "water damage", "burning smell", "gas smell", "smoke", "sparks"],
        ["no {}", "we don't have any {}", "not a {}", "no sign of {}", "havent seen any {}", "no {} anymore"],
    ),
    "no fault": (
        ["heat", "heater", "furnace", "ac", "air conditioner", "boiler"],
        ["my {} is not broken", "the {} isn't out", "our {} never quit", "its not that the {} is dead"],
    ),
    "somebody else's": (
        ["neighbor", "coworker", "friend", "supplier"],
        ["my {} had a leak", "our {}'s place flooded last week", "a {}'s furnace died", "the {} had an emergency"],
    ),
    "a question of money": (
        ["leak", "burst pipe", "no heat call", "dead ac"],
        ["how much for a {}", "what do you charge for a {}?", "ballpark price for a {}"],
    ),
    "over": (
        ["leak", "roof leak"],
        ["{} is fixed", "{} fixed thanks", "the {} has stopped", "we had a {} last summer", "thanks for fixing the {}"],
    ),
    "for sale": (
        ["heat", "ac", "furnace", "boiler"],
        ["{} works fine", "price for new {}", "{} maintenance", "do you install {}", "interested in replacing {}"],
    ),
    "address": (
        [
            "Burnside Ave",
            "Leake St",
            "Heather Ct",
            "Medical Pkwy",
            "Flood St",
            "Sparks Ave",
            "Church St",
            "Hurry Hill Rd",
        ],
        ["123 {}", "123 {} need a fence quote", "my address is 9 {}, gutters"],
    ),
}
CALLERS = ["we", "someone", "a technician", "our team", "the office", "our dispatcher", "Mike", "a real person"]
PROMISES = [
    "{} will call you back",
    "{} will be there",
    "{} will follow up",
    "sorry, {} will help you",
    "{} should be there by 5",
]
TIMES = [
    "in 5 minutes",
    "within the hour",
    "shortly",
    "ASAP",
    "today",
    "before 5",
    "in no time",
    "at 9 am",
    "right away",
]
TIMED = [
    "We'll call {}.",
    "Expect a call {}.",
    "A tech arrives {}.",
    "We respond {}.",
    "Sorry we missed you, calling back {}.",
]

ENOUGH = {
    "ended": (
        ["texting me", "texts", "text messages", "messaging me", "sending me messages", "these texts"],
        ["stop {}", "please stop {}", "quit {} please", "i said stop {}", "can you stop {}"],
    ),
    "refused": (
        ["text me", "text this number", "message me again", "contact me", "send me texts", "send any more messages"],
        ["don't {}", "do not ever {}", "pls dont {}"],
    ),
    "removed": (
        ["me from your list", "my number from your list", "this number from your system", "me from this list"],
        ["remove {}", "please delete {}", "can you erase {}", "could you please remove {}"],
    ),
}
ABOUT_THE_WORK = (
    ["leak", "appointment", "old heater", "end unit", "landlord", "furnace"],
    [
        "stop the {}",
        "cancel the {}",
        "remove the {}",
        "it quit, the {}",
        "don't call, text about the {}",
        "end of the {}",
    ],
)


def said(subjects: list[str], sentences: list[str]) -> list[str]:
    return [sentence.format(subject) for sentence in sentences for subject in subjects]


def read(text: str) -> Assessment:
    return assess([text], LEXICON)


@pytest.mark.parametrize("category", URGENT)
def test_a_trigger_is_found_in_every_sentence_of_its_kind(category: Category) -> None:
    for text in said(*URGENT[category]):
        found = read(text)
        assert (found.level, category in found.categories) == (TriageLevel.URGENT, True), text


@pytest.mark.parametrize("category", WORTH_A_LOOK)
def test_a_circumstance_alone_is_worth_a_look_and_wakes_nobody(category: Category) -> None:
    for text in said(*WORTH_A_LOOK[category]):
        found = read(text)
        assert (found.level, category in found.categories) == (TriageLevel.CHECK, True), text


@pytest.mark.parametrize("kind", HAZARDS)
def test_a_hazard_is_one_in_every_sentence_of_its_kind(kind: str) -> None:
    assert [text for text in said(*HAZARDS[kind]) if not read(text).hazard] == []


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_is_denied_over_for_sale_or_a_street_alarms_nobody(kind: str) -> None:
    assert [text for text in said(*HARMLESS[kind]) if read(text).level is not TriageLevel.ROUTINE] == []


def test_a_promise_is_refused_whoever_makes_it_and_for_whatever_time() -> None:
    promises = said(CALLERS, PROMISES) + said(TIMES, TIMED)
    assert [text for text in promises if not honesty.check(text, LEXICON)] == []


@pytest.mark.parametrize("kind", ENOUGH)
def test_no_more_texts_is_heard_in_whatever_words(kind: str) -> None:
    assert [text for text in said(*ENOUGH[kind]) if optout.read(text) is not OptOutRequest.STOP] == []


def test_what_is_to_be_stopped_cancelled_or_removed_at_the_house_is_no_opt_out() -> None:
    assert [text for text in said(*ABOUT_THE_WORK) if optout.read(text) is not OptOutRequest.NONE] == []

import pytest

from bridge.domain.words.lexicon import Category, ReleaseKind, default_lexicon
from bridge.domain.words.triage import Assessment, TriageLevel, assess

LEXICON = default_lexicon()
URGENT, CHECK, ROUTINE = TriageLevel.URGENT, TriageLevel.CHECK, TriageLevel.ROUTINE


def read(*parts: str, asked_urgent: bool = True) -> Assessment:
    return assess(parts, LEXICON, asked_urgent=asked_urgent)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("leekin under the sink", Category.LEAK),
        ("no heat", Category.NO_HEAT),
        ("A/C isnt workin", Category.NO_AC),
        ("its an emergancy", Category.EMERGENCY),
        ("water damage in the hall", Category.WATER_DAMAGE),
        ("electrical burning smell", Category.BURNING_SMELL),
        ("it is for our restaurant, the toilet is clogged", Category.COMMERCIAL),
        ("my mother is 84 and cannot open her door", Category.ELDERLY),
        ("the outlet for her oxygen concentrator died", Category.MEDICAL),
        ("drain is backed up, can you come today", Category.SAME_DAY),
        ("no hay calefacción", Category.NO_HEAT),
        ("mi kitchen tiene una fuga", Category.LEAK),
    ],
)
def test_each_of_the_ten_triggers_is_urgent(text: str, category: Category) -> None:
    found = read(text)
    assert found.level is URGENT
    assert category in found.categories


@pytest.mark.parametrize(
    ("circumstance", "category"),
    [
        ("it is for our restaurant", Category.COMMERCIAL),
        ("es para mi restaurante", Category.COMMERCIAL),
        ("my mother is 84", Category.ELDERLY),
        ("she needs her oxygen concentrator", Category.MEDICAL),
        ("can you come today", Category.SAME_DAY),
        ("pueden venir hoy", Category.SAME_DAY),
    ],
)
def test_a_place_a_person_or_a_day_is_looked_at_alone_and_urgent_with_a_trouble(
    circumstance: str, category: Category
) -> None:
    alone, troubled = read(circumstance), read(circumstance, "the toilet is clogged")
    assert (alone.level, alone.categories) == (CHECK, (category,))
    assert (troubled.level, troubled.categories) == (URGENT, (category,))


@pytest.mark.parametrize(
    "text",
    ["I'm at the office", "the bar closes at 2", "so good to see you today", "what a hurry", "school is out today"],
)
def test_a_place_or_a_day_in_passing_is_nothing(text: str) -> None:
    assert read(text).level is ROUTINE


def test_a_trouble_of_none_of_the_ten_kinds_is_no_trigger() -> None:
    assert read("the toilet is clogged").level is ROUTINE
    assert read("how much for a clogged toilet at our office, no rush").level is not URGENT


@pytest.mark.parametrize("text", ["no leak", "There isn't any water damage", "sin fuga", "nothing is leaking"])
def test_no_takes_away_what_it_denies(text: str) -> None:
    found = read(text)
    assert found.level is ROUTINE
    assert ReleaseKind.NEGATED in {release.kind for release in found.released_by}


@pytest.mark.parametrize(
    "text",
    [
        "nobody came about the leak",
        "no idea where the leak is",
        "it won't stop leaking",
        "No, the leak is getting worse",
        "no heat water leaking from the ceiling",
    ],
)
def test_a_no_about_something_else_takes_nothing_away(text: str) -> None:
    assert read(text).level is URGENT


@pytest.mark.parametrize("text", ["the leak is fixed now", "ya está arreglada la fuga", "heat is back on"])
def test_what_is_resolved_is_routine(text: str) -> None:
    assert read(text).level is ROUTINE


@pytest.mark.parametrize(
    "text", ["the leak stopped but it is back", "you fixed the leak last month and it started again", "la fuga volvió"]
)
def test_a_relapse_is_urgent_again(text: str) -> None:
    assert read(text).level is URGENT


@pytest.mark.parametrize(
    "text",
    ["last month you fixed our leak", "if it leaks I will call", "want to add central air", "quote for a furnace"],
)
def test_past_hypothetical_and_sales_do_not_flag(text: str) -> None:
    assert read(text).level is ROUTINE


def test_a_trigger_without_hurry_is_only_looked_at() -> None:
    assert read("leaky faucet, no rush").level is CHECK


@pytest.mark.parametrize(
    "text",
    ["I smell gas but no rush", "burning smell, gone now", "not urgent, some smoke from the panel", "If I smell gas?"],
)
def test_a_hazard_stays_urgent_whatever_else_is_said(text: str) -> None:
    found = read(text)
    assert (found.level, found.hazard) == (URGENT, True)


def test_a_hazard_that_is_denied_is_none() -> None:
    assert read("no smoke and no gas smell, only a loose outlet").hazard is False


@pytest.mark.parametrize(
    "text",
    ["455 Leake St", "1200 Burnside Ave, fan", "31 Heather Ct", "on Medical Pkwy", "a 240V AC outlet", "Sparks, NV"],
)
def test_names_and_streets_are_not_read_as_triggers(text: str) -> None:
    assert read(text).level is ROUTINE


def test_the_age_of_a_house_is_not_that_of_a_person() -> None:
    assert read("the house is 85 years old").level is ROUTINE
    assert Category.ELDERLY in read("my aunt is 85 years old").categories


def test_texts_in_pieces_are_read_together() -> None:
    found = read("no", "heat")
    assert found.categories == (Category.NO_HEAT,)
    assert read("furnace", "is not working at all").level is URGENT


def test_a_later_text_leaves_doubt_instead_of_clearing_the_flag() -> None:
    assert read("leak under the sink", "never mind, fixed it").level is CHECK


def test_a_bare_yes_answers_our_question() -> None:
    assert read("yes").level is URGENT
    assert read("sí, por favor").level is URGENT
    assert read("yes", asked_urgent=False).level is ROUTINE
    assert read("Yes, I'd like a quote").level is ROUTINE


def test_spans_point_into_the_text_as_it_was_written() -> None:
    text = "Hi 👋 — ＮＯ ＨＥＡＴ at all, señor"
    (span,) = read("hello", text).spans
    assert (span.part, text[span.start : span.end], span.text) == (1, "ＮＯ ＨＥＡＴ", "ＮＯ ＨＥＡＴ")


def test_what_was_too_long_to_be_read_is_looked_at() -> None:
    assert read("plain words, nothing else. " * 400).level is CHECK


def test_a_site_adds_and_mutes_words() -> None:
    site = LEXICON.with_site(add={"emergency": ["walk in down"]}, mute=["drip tray"])
    assert assess(["our walk in down since 9"], site).categories[0] is Category.EMERGENCY
    assert assess(["need a drip tray"], site).level is ROUTINE
    assert read("need a drip tray").level is URGENT


def test_of_very_many_texts_the_newest_are_read_and_the_rest_leaves_doubt() -> None:
    chatter = "plain words " * 40
    assert read("hello", *[chatter] * 4).level is CHECK
    assert read(*[chatter] * 4, "no heat").level is URGENT


def test_how_they_heard_of_us_takes_nothing_from_what_is_broken() -> None:
    assert read("my neighbor recommended you and our heat is out").level is URGENT
    assert read("got your number from Bob, my ceiling is leaking").level is URGENT
    assert read("my grandma recommended you for a deck").level is ROUTINE


def test_a_machine_that_has_stopped_is_not_a_trouble_that_has() -> None:
    assert read("our air con has stopped cooling").level is URGENT
    assert read("the dripping has stopped").level is ROUTINE


@pytest.mark.parametrize(
    "text",
    ["acrid smell from the breaker", "a bang and a flash from the outlet", "i can smell gass", "propane tank hissing"],
)
def test_a_hazard_is_one_in_whatever_order_it_is_told(text: str) -> None:
    assert read(text).hazard


def test_a_receipt_or_a_bill_takes_nothing_from_what_is_broken_now() -> None:
    assert read("receipt says 5 year warranty and the thing is leaking").level is URGENT
    assert read("question about the bill for the leak").level is ROUTINE


def test_a_no_in_one_text_reaches_into_the_next() -> None:
    assert read("no gas", "smell").level is ROUTINE
    assert read("smell of gas", "in here").level is URGENT


def test_a_co_alarm_that_goes_on_is_a_hazard_and_one_to_be_bought_is_not() -> None:
    assert read("CO alarm wont stop").hazard
    assert read("my head hurts and the co detector is on").hazard
    assert not read("need a co detector").hazard


def test_what_does_not_work_again_is_not_what_works_again() -> None:
    assert read("you fixed it in june but its not cooling again").level is URGENT
    assert read("its cooling again").level is ROUTINE


def test_not_a_huge_leak_is_a_leak() -> None:
    assert read("Not a huge leak but it hasn't stopped since noon").level is URGENT
    assert read("not a leak").level is ROUTINE


def test_a_smell_that_is_still_there_is_a_hazard_whatever_was_turned_off() -> None:
    assert read("I turned off the gas but can still smell it").hazard


def test_words_that_are_urgent_and_a_hazard_are_a_hazard() -> None:
    assert read("live wire hanging in the yard").hazard
    assert read("live wire hanging, no rush").level is URGENT


@pytest.mark.parametrize(
    "text",
    [
        "My AC is not broken",
        "the furnace isn't out",
        "AC hasn't stopped working",
        "it's not that the heat doesn't work",
        "no es que no sirva la calefaccion",
        "Urgent: no",
        "urgent? No.",
    ],
)
def test_a_fault_that_is_denied_is_none(text: str) -> None:
    assert read(text).level is ROUTINE


@pytest.mark.parametrize(
    "text", ["urgent? no heat!", "Urgent: no heat", "no. the AC is out", "not the AC, the heat is out"]
)
def test_a_no_that_belongs_to_a_fault_denies_nothing(text: str) -> None:
    assert read(text).level is URGENT


def test_what_works_takes_nothing_from_what_does_not() -> None:
    assert read("heat works fine, it's the AC that's dead").categories == (Category.NO_AC,)
    assert read("AC works fine, but the heat isn't").categories == (Category.NO_HEAT,)
    assert read("the heater turns on but it's blowing cold").categories == (Category.NO_HEAT,)
    assert read("the AC was out, heat and AC work fine").level is not URGENT


@pytest.mark.parametrize(("text", "category"), [("noheat", Category.NO_HEAT), ("acnotworking", Category.NO_AC)])
def test_words_without_the_blank_between_them_are_read_apart(text: str, category: Category) -> None:
    assert read(text).categories == (category,)
    assert [span.text for span in read(text).spans] == [text]


def test_an_outsiders_trouble_is_none_of_the_customers_unless_it_reaches_them() -> None:
    assert read("my neighbor had a leak").level is ROUTINE
    assert read("my neighbor has a leak").level is CHECK
    assert read("my neighbor's leak is coming through my ceiling").level is URGENT
    assert read("my neighbor smells gas").hazard
    assert read("texting for my neighbor, her furnace died").level is URGENT


def test_a_question_of_money_is_no_trouble_and_about_ones_own_a_doubt() -> None:
    assert read("how much to fix a leak").level is ROUTINE
    assert read("how much to fix my leak").level is CHECK
    assert read("my pipe burst. how much do you charge?").level is URGENT


@pytest.mark.parametrize("text", ["Yes I got it", "yep see you then", "Yes, we have a dog", "yeah the white house"])
def test_a_yes_in_front_of_something_else_is_a_word_of_chat(text: str) -> None:
    assert read(text).level is ROUTINE


def test_a_yes_beside_a_trouble_may_be_the_answer() -> None:
    assert read("Yes, toilet clogged").level is CHECK
    assert read("toilet clogged, 12 Elm St, yes").level is URGENT
    assert read("yes 12 Elm St").level is URGENT


def test_what_cannot_wait_for_a_day_is_urgent_and_who_cannot_wait_to_see_something_is_glad() -> None:
    assert read("drain is stopped up and I can't wait till next week").level is URGENT
    assert read("can't wait till next week").level is URGENT
    assert read("can't wait to see the new kitchen").level is ROUTINE


@pytest.mark.parametrize("text", ["Jerry Flood here", "Jerry Flood, 12 Oak St", "Jerry Flood", "This is Amber Burns"])
def test_the_name_of_a_caller_is_no_trouble(text: str) -> None:
    assert read(text).level is ROUTINE


@pytest.mark.parametrize("text", ["Basement Flood", "Water Leak here", "Toilet Leak, 12 Oak St"])
def test_a_trouble_with_capitals_is_no_name(text: str) -> None:
    assert read(text).level is URGENT


def test_flooding_told_of_another_time_is_over() -> None:
    assert read("basement flooded").hazard
    assert read("el año pasado se nos inundó el baño").level is ROUTINE
    assert read("se nos inundó el baño").hazard


@pytest.mark.parametrize(
    "text",
    [
        "Could a space heater start an electrical fire?",
        "what does burning insulation smell like",
        "how likely is a burst pipe at 15 degrees",
        "is it a hazard to run extension cords to the AC",
        "puede un breaker malo causar un incendio?",
        "You fixed a gas leak for us in 2022, need the invoice",
        "Our kitchen had a grease fire in 2018, all repaired",
        "en 2020 tuvimos un incendio, ya quedo todo",
    ],
)
def test_hazards_as_such_or_of_another_year_wake_nobody(text: str) -> None:
    assert read(text).level is not URGENT


@pytest.mark.parametrize(
    "text",
    [
        "could a bad breaker cause the smoke I smell right now",
        "should I worry about the sparks coming from my outlet",
        "Can a gas leak make you sick? we all have headaches",
        "Can you stop this gas leak",
        "Will the smoke stop on its own",
        "do breakers normally spark like mine does",
        "risk of fire with sparks like these?",
        "the panel will start smoking any minute",
        "the panel you replaced last year sparks",
        "you replaced the panel last year and I see sparks",
        "we had a fire in 2019 and now the same outlet is smoking",
        "Had a gas leak last winter, smell it again",
        "there was smoke from the furnace this morning",
    ],
)
def test_a_hazard_of_today_is_urgent_however_it_is_told(text: str) -> None:
    assert read(text).level is URGENT
    assert read(text).hazard


@pytest.mark.parametrize(
    "text",
    [
        "fire dept capped our gas line last night",
        "city inspector told us not to run the furnace",
        "los bomberos nos cortaron la luz",
        "la compañía de gas nos cerró el medidor",
        "it reached the outlets",
        "it's past my knees in the garage",
        "some lights are dim and others are super bright",
        "I can't keep my hand on the breaker cover its so hot",
    ],
)
def test_a_hazard_needs_no_name(text: str) -> None:
    assert read(text).hazard


@pytest.mark.parametrize(
    "text",
    [
        "Quote for a deck please. Mike, Blaze Fire Systems",
        "This is Dana with Gas & Spark Grill, need a bid on lighting",
        "Thanks - Ray, Flood Masters Restoration",
        "from: Amber Burns",
        "smoking ribs this weekend if you want some",
        "my voicemail is flooded with calls today, sorry",
        "heard there was a fire at the mill, hope everyone is safe",
        "a mi prima se le quemó la casa, pobre",
        "rien d'urgent, juste un devis",
    ],
)
def test_names_of_companies_idioms_news_and_no_hurry_in_french_wake_nobody(text: str) -> None:
    assert read(text).level is not URGENT


@pytest.mark.parametrize(
    "text",
    [
        "Kitchen sink leak. Water Heater Systems",
        "Dave Hall, Water Leak, 12 Oak St",
        "Maria with Water Damage, 4 Elm St",
        "Smoke coming from Water Heater",
        "basement and phone flooded",
    ],
)
def test_a_trouble_beside_a_name_is_one(text: str) -> None:
    assert read(text).level is URGENT

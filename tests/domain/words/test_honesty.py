import pytest

from bridge.domain.words.honesty import check
from bridge.domain.words.lexicon import Rule, default_lexicon

LEXICON = default_lexicon()

SHIPPED = [
    (
        "Sorry we missed you. What can we help with? "
        "Reply with the service address, issue, and whether this is urgent today."
    ),
    "Sorry we missed you, our office is closed. Reply with the service address, issue, and whether this is urgent now.",
    (
        "Sorry we missed you, our office is closed until {opens}. "
        "Reply with the service address and issue so the office has it."
    ),
    (
        "Sorry we missed you. We have your voicemail. "
        "You can add the service address here and say if this is urgent today."
    ),
    "Thanks, we have your text. Nothing is booked until a person answers you. What is the service address?",
    "If anyone is in danger, leave and call 911.",
]


@pytest.mark.parametrize("text", SHIPPED)
def test_the_shipped_texts_are_honest(text: str) -> None:
    assert check(text, LEXICON) == []


def test_a_call_in_ten_minutes_is_refused_with_the_words_and_another_wording() -> None:
    (problem,) = check("Sorry we missed you. We'll call you back in 10 minutes", LEXICON)
    assert problem.words == "We'll call you back in 10 minutes"
    assert problem.rule is Rule.RESPONSE_TIME
    assert "We have your message" in problem.suggestion


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("We're available 24/7", Rule.AVAILABILITY),
        ("You're booked for 9", Rule.BOOKING),
        ("A technician is on the way", Rule.DISPATCH),
        ("Someone will call shortly", Rule.RESPONSE_TIME),
        ("Free estimates", Rule.PRICE),
        ("We never sleep", Rule.COMMITMENT),
        ("Llegamos a todas partes", Rule.DISPATCH),
        ("Cobramos poco", Rule.PRICE),
        ("Trabajamos con ganas", Rule.COMMITMENT),
        ("We guarantee it", Rule.GUARANTEE),
        ("Le llamaremos pronto", Rule.RESPONSE_TIME),
        ("Su cita está confirmada", Rule.BOOKING),
        ("Tell us more at https://example.com/form", Rule.LINK),
        ("Reply with your name, address, phone, e-mail and issue", Rule.ASKS),
        ("1. Your name 2. Your address", Rule.ASKS),
    ],
)
def test_each_rule_refuses(text: str, rule: Rule) -> None:
    assert rule in {problem.rule for problem in check(text, LEXICON)}


@pytest.mark.parametrize(
    "text",
    [
        "Should we call you at this number?",
        "We cannot promise a time.",
        "No appointment has been made.",
        "If a technician is free we may call.",
        "Is this about your appointment tomorrow?",
        "We do our best to call back the same day, but cannot promise it.",
        "¿Quiere que le llamemos?",
    ],
)
def test_questions_negations_conditions_and_their_own_appointment_pass(text: str) -> None:
    assert check(text, LEXICON) == []


@pytest.mark.parametrize(
    "text",
    [
        "We'll call you in 10 minutes, ok?",
        "If it is urgent, we'll call you within 10 minutes.",
        "No problem, we will be there.",
    ],
)
def test_a_promise_dressed_as_something_else_is_refused(text: str) -> None:
    assert check(text, LEXICON)


def test_a_text_too_long_to_be_read_is_refused() -> None:
    assert {problem.rule for problem in check("Sorry we missed you. " * 200, LEXICON)} == {Rule.LENGTH}


@pytest.mark.parametrize("name", ["ASAP Plumbing", "24/7 Locksmith", "Same Day Garage Doors", "Always Cool HVAC"])
def test_the_name_of_the_office_promises_nothing(name: str) -> None:
    assert check(f"{name}: sorry we missed you. What can we help with?", LEXICON) == []
    assert check(f"Hi, this is {name}. We are {name} and missed your call.", LEXICON) == []


@pytest.mark.parametrize("text", ["WE ARE COMING NOW", "This is Help. Help Is On The Way", "We Are Sending A Plumber"])
def test_capitals_do_not_make_a_name_of_a_promise(text: str) -> None:
    assert check(text, LEXICON)


def test_whatever_the_office_says_to_do_is_refused_unless_it_is_plain() -> None:
    assert check("We wander about with pumps", LEXICON)
    assert check("We wrote down that you called", LEXICON) == []


def test_a_time_is_refused_unless_it_is_asked_about_or_one_of_the_opening_hours() -> None:
    assert check("Sam's driving over now", LEXICON)
    assert check("Please say whether this is urgent today", LEXICON) == []
    assert check("The office is open again Monday", LEXICON) == []


@pytest.mark.parametrize("text", ["Dry by dinner.", "Superheroes incoming.", "Nous vous rappelons dans dix minutes."])
def test_a_sentence_that_speaks_of_nothing_such_a_text_is_about_is_refused(text: str) -> None:
    assert check(f"Sorry we missed you. {text}", LEXICON)


def test_a_no_that_belongs_to_the_promise_does_not_take_it_back() -> None:
    assert check("You'll be back in hot water in no time", LEXICON)
    assert check("You won't be waiting long", LEXICON)


def test_nobody_but_the_caller_calls_911() -> None:
    assert check("If anyone is in danger, leave and call 911.", LEXICON) == []
    assert check("Your message goes straight to 911.", LEXICON)


@pytest.mark.parametrize(
    "text", ["Please answer: A. What broke? B. How old is it?", "1\ufe0f\u20e3 Name 2\ufe0f\u20e3 Address"]
)
def test_a_questionnaire_may_be_numbered_in_any_way(text: str) -> None:
    assert Rule.ASKS in {problem.rule for problem in check(text, LEXICON)}


def test_a_hedge_does_not_reach_past_an_and_with_a_new_promise() -> None:
    assert check("We try to be quick and will be there today", LEXICON)
    assert check("We try to call and text everybody back", LEXICON) == []


@pytest.mark.parametrize(
    ("honest", "promise"),
    [
        ("Your note has been passed on.", "Your note has been passed to a plumber."),
        ("We never promise a time.", "We never miss a time."),
        ("Will you be home this afternoon?", "We will be there this afternoon."),
        ("Your message is saved.", "Your place in line is secured."),
        ("Texts are read when the office is open.", "We typically reply in under 10 minutes."),
        ("Nobody is on the way.", "Omw"),
        ("Nunca prometemos una hora.", "Nunca tardamos más de una hora."),
    ],
)
def test_a_state_is_told_and_a_habit_with_a_time_is_promised(honest: str, promise: str) -> None:
    assert check(honest, LEXICON) == []
    assert check(promise, LEXICON)


@pytest.mark.parametrize(
    ("text", "honest"),
    [
        ("Désolé, nous avons manqué votre appel.", True),
        ("Si quelqu'un est en danger, sortez et appelez le 911.", True),
        ("What day suits you? A person will decide.", True),
        ("Nous avons manqué votre appel et nous arrivons.", False),
        ("Désolé, nous avons manqué votre appel, un plombier sera là demain.", False),
        ("A person will decide to come tonight", False),
    ],
)
def test_in_french_a_missed_call_may_be_told_and_nothing_promised(text: str, honest: bool) -> None:
    assert (not check(text, LEXICON)) is honest

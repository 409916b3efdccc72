"""What an automatic text says, in which situation, and how many parts it costs."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bridge.domain.calls.calls import Reason
from bridge.domain.office.hours import Calendar, OpeningSpan
from bridge.domain.office.office import Line, Office
from bridge.domain.office.roster import Roster, Shift
from bridge.domain.office.templates import (
    BY_REASON,
    FIRST_TEXTS,
    NOBODY_ON_CALL,
    SHIPPED,
    Language,
    Template,
    Texts,
    mistakes,
)
from bridge.domain.texts import gsm
from bridge.domain.texts import rendering as texts
from bridge.domain.texts.gsm import Encoding
from bridge.domain.texts.rendering import Situation
from bridge.domain.words import honesty
from bridge.domain.words.lexicon import default_lexicon
from tests.desk import missed_call

ZONE = ZoneInfo("America/New_York")
MONDAY_NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
MONDAY_EVENING = MONDAY_NOON + timedelta(hours=8)
TUESDAY_8AM = datetime(2026, 11, 24, 13, tzinfo=UTC)
WEEK = ((OpeningSpan(time(8), time(17)),),) * 5 + ((),) * 2


def line(own: Texts | None = None) -> Line:
    return Line("main", "pbx", ("2125550100",), "Main", "+12125550100", own or Texts(), Calendar(ZONE, WEEK))


def office(*, business: str = "Ace Plumbing", country: str = "US", roster: Roster | None = None) -> Office:
    return Office(business, country, ZONE, frozenset({country}), (line(),), roster=roster or Roster())


ANA_ON_CALL = Roster((Shift(Calendar(ZONE), ("Ana",)),))


@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        (
            Situation(MONDAY_NOON),
            (
                "Sorry we missed you. What can we help with? "
                "Reply with the service address, issue, and whether this is urgent today."
            ),
        ),
        (
            Situation(MONDAY_EVENING, closed=True, on_call=True),
            (
                "Sorry we missed you, our office is closed. "
                "Reply with the service address, issue, and whether this is urgent now."
            ),
        ),
        (
            Situation(MONDAY_EVENING, closed=True, opens_at=TUESDAY_8AM),
            (
                "Sorry we missed you, our office is closed until 8 AM tomorrow. "
                "Reply with the service address and issue so the office has it."
            ),
        ),
        (
            Situation(MONDAY_NOON, voicemail=True),
            (
                "Sorry we missed you. We have your voicemail. "
                "You can add the service address here and say if this is urgent today."
            ),
        ),
    ],
)
def test_the_shipped_words_with_the_name_in_front_and_the_way_out_behind(situation: Situation, expected: str) -> None:
    text = texts.first(line(), office(), situation).text
    assert text.startswith(f"Ace Plumbing: {expected} ")
    assert "STOP" in text.removeprefix(f"Ace Plumbing: {expected}")


def every_situation(at: datetime) -> list[Situation]:
    truths = (False, True)
    return [Situation(at, c, o, v, TUESDAY_8AM) for c in truths for o in truths for v in truths]


@pytest.mark.parametrize("language", Language)
def test_every_shipped_first_text_is_one_gsm_part_for_a_name_of_ordinary_length(language: Language) -> None:
    for situation in every_situation(MONDAY_EVENING):
        rendered = texts.first(line(Texts(language)), office(), situation)
        segments = gsm.split(rendered.text)
        assert (segments.encoding, len(segments.parts)) == (Encoding.GSM7, 1), rendered


def test_a_long_name_costs_a_shorter_hint_before_it_costs_a_second_part() -> None:
    situation = Situation(MONDAY_NOON)
    short, long = (
        texts.first(line(), office(business=name), situation).text for name in ("Ace", "Ace Plumbing & Heating")
    )
    assert short.endswith("Reply STOP to opt out.")
    assert long.endswith("STOP to opt out")
    assert len(gsm.split(long).parts) == 1


@pytest.mark.parametrize("template", NOBODY_ON_CALL)
@pytest.mark.parametrize("language", Language)
def test_nobody_is_asked_about_urgency_while_nobody_is_on_call(template: Template, language: Language) -> None:
    assert "urgen" not in SHIPPED[template, language].casefold()


def test_after_a_voicemail_at_night_with_nobody_on_call_urgency_is_not_asked() -> None:
    at_night = Situation(MONDAY_EVENING, closed=True, voicemail=True, opens_at=TUESDAY_8AM)
    rendered = texts.first(line(), office(), at_night)
    assert "voicemail" in rendered.text
    assert "urgent" not in rendered.text


def test_the_situation_of_a_call_comes_from_the_lines_calendar_and_the_people_on_call() -> None:
    found = texts.situation(line(), office(roster=ANA_ON_CALL), MONDAY_EVENING, missed_call(), closed=True)
    assert found == Situation(MONDAY_EVENING, True, True, opens_at=TUESDAY_8AM, reason=Reason.NO_ANSWER)


@pytest.mark.parametrize(
    ("opens", "english", "spanish"),
    [
        (None, "further notice", "nuevo aviso"),
        (datetime(2026, 11, 23, 18, 30, tzinfo=UTC), "1:30 PM today", "hoy a la 1:30 PM"),
        (TUESDAY_8AM, "8 AM tomorrow", "mañana a las 8 AM"),
        (datetime(2026, 11, 28, 15, tzinfo=UTC), "10 AM Saturday", "el sabado a las 10 AM"),
        (datetime(2026, 12, 28, 13, tzinfo=UTC), "8 AM on Dec 28", "el 28 de dic a las 8 AM"),
    ],
)
def test_the_next_opening_is_said_as_people_say_it(opens: datetime | None, english: str, spanish: str) -> None:
    assert texts.opening(opens, MONDAY_NOON, office(), Language.EN) == english
    assert texts.opening(opens, MONDAY_NOON, office(), Language.ES) == spanish


def test_tomorrow_is_tomorrow_on_the_offices_clock_not_in_utc() -> None:
    late = datetime(2026, 11, 24, 4, tzinfo=UTC)  # Monday, 11 PM
    assert texts.opening(TUESDAY_8AM, late, office(), Language.EN) == "8 AM tomorrow"
    after_midnight = datetime(2026, 11, 24, 6, tzinfo=UTC)
    assert texts.opening(TUESDAY_8AM, after_midnight, office(), Language.EN) == "8 AM today"


def test_where_clocks_have_24_hours_the_text_has_them_too() -> None:
    opens = datetime(2026, 11, 24, 18, tzinfo=UTC)
    assert texts.opening(opens, MONDAY_NOON, office(country="NL"), Language.EN) == "13:00 tomorrow"


def test_own_words_stand_as_written_where_they_name_the_business_and_the_way_out() -> None:
    own = Texts(own={(Template.MISSED, Language.EN): "{business} here. Which address? STOP ends this."})
    assert texts.first(line(own), office(), Situation(MONDAY_NOON)).text == (
        "Ace Plumbing here. Which address? STOP ends this."
    )


def test_a_site_may_leave_the_hint_out() -> None:
    text = texts.first(line(Texts(hint="")), office(), Situation(MONDAY_NOON)).text
    assert text.endswith("urgent today.")


def test_the_version_changes_as_soon_as_a_letter_differs() -> None:
    shipped = texts.first(line(), office(), Situation(MONDAY_NOON)).template
    own = Texts(own={(Template.MISSED, Language.EN): SHIPPED[Template.MISSED, Language.EN] + "!"})
    changed = texts.first(line(own), office(), Situation(MONDAY_NOON)).template
    assert shipped.startswith("missed.en.")
    assert shipped != changed


def test_a_receipt_asks_at_most_one_question_and_names_the_emergency_number_once() -> None:
    plain = texts.receipt(line(), office(), Language.EN).text
    assert plain == "Thanks, we have your text. Nothing is booked until a person answers you."
    full = texts.receipt(line(), office(), Language.EN, ask_address=True, danger=True).text
    assert full == (f"{plain} What is the service address? If anyone is in danger, leave and call 911.")


@pytest.mark.parametrize("template", [Template.OPT_OUT, Template.OPT_IN, Template.HELP])
@pytest.mark.parametrize("language", Language)
def test_answers_to_stop_start_and_help_say_who_we_are_in_one_part(template: Template, language: Language) -> None:
    text = texts.answer(line(), office(), template, language).text
    assert text.startswith("Ace Plumbing: ")
    segments = gsm.split(text)
    assert (segments.encoding, len(segments.parts)) == (Encoding.GSM7, 1)


OWN_FOR_BUSY = Texts(own={(Template.MISSED_BUSY, Language.EN): "All of us are on the phone. Which address?"})


@pytest.mark.parametrize(
    ("situation", "begins"),
    [
        (Situation(MONDAY_NOON, reason=Reason.BUSY), "Ace Plumbing: All of us are on the phone."),
        (Situation(MONDAY_NOON, reason=Reason.NO_ANSWER), "Ace Plumbing: Sorry we missed you. What"),
        (Situation(MONDAY_NOON, reason=Reason.BUSY, voicemail=True), "Ace Plumbing: Sorry we missed you. We have"),
        (Situation(MONDAY_EVENING, closed=True, reason=Reason.BUSY), "Ace Plumbing: Sorry we missed you, our office"),
    ],
)
def test_a_site_has_its_own_words_for_why_a_call_was_missed(situation: Situation, begins: str) -> None:
    assert texts.first(line(OWN_FOR_BUSY), office(), situation).text.startswith(begins)


def test_the_log_names_the_words_for_that_reason() -> None:
    busy = texts.first(line(OWN_FOR_BUSY), office(), Situation(MONDAY_NOON, reason=Reason.BUSY))
    assert busy.template.startswith("missed_busy.en.")


def test_every_reason_for_which_a_text_goes_out_can_have_its_words() -> None:
    """Whoever left a message has an answer of another kind; a machine gets no text."""
    assert set(BY_REASON) == set(Reason) - {Reason.VOICEMAIL, Reason.MACHINE}


def test_help_tells_the_number_to_call_as_people_write_it() -> None:
    assert "(212) 555-0100" in texts.answer(line(), office(), Template.HELP, Language.EN).text


def test_every_shipped_text_exists_in_every_language_and_fills_only_known_blanks() -> None:
    assert set(SHIPPED) == {(template, language) for template in Template for language in Language}
    assert [found for (template, _), words in SHIPPED.items() for found in mistakes(template, words)] == []


@pytest.mark.parametrize("words", SHIPPED.values())
def test_no_shipped_text_promises_anything(words: str) -> None:
    filled = words.format(business="Ace Plumbing", opens="Monday 8:00 AM", phone="(212) 555-0100", emergency="911")
    assert honesty.check(filled, default_lexicon()) == []


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("Hello {name}", "{name} is unknown"),
        ("Open {opens}", "{opens} is unknown"),
        ("Hello {}", "{} is unknown"),
        ("Hello {business.x}", "{business.x} is unknown"),
        ("Hello {business!r}", "{business!r} is unknown"),
        ("Hello {business:>99}", "{business:>99} is unknown"),
        ("Hello {business", "a brace stands alone"),
        ("Hello business}", "a brace stands alone"),
    ],
)
def test_a_wrong_blank_is_named_with_what_would_be_right(words: str, expected: str) -> None:
    (found,) = mistakes(Template.MISSED, words)
    assert str(found).startswith(expected)
    assert "{branch}, {business}, {phone}" in str(found)


def test_the_opening_time_may_be_told_only_while_closed() -> None:
    allowed = [template for template in FIRST_TEXTS if not mistakes(template, "until {opens}")]
    assert allowed == list(NOBODY_ON_CALL)


# --- what a text costs


@pytest.mark.parametrize(
    "business", ["Joe’s Plumbing", "Joe's Plumbing", "“Ace” Plumbing – Heating", "Ace\u00a0Plumbing"]
)
@pytest.mark.parametrize("closed", [False, True])
def test_typography_in_the_business_name_costs_nothing(business: str, closed: bool) -> None:
    situation = Situation(MONDAY_EVENING, closed=closed, on_call=True, opens_at=TUESDAY_8AM)
    said = texts.first(line(), office(business=business), situation).text
    segments = gsm.split(said)
    assert (segments.encoding, len(segments.parts)) == (Encoding.GSM7, 1)
    assert said.startswith(gsm.transliterate(business))


def test_a_name_that_stands_in_the_words_with_another_apostrophe_is_not_said_twice() -> None:
    own = Texts(own={(Template.MISSED, Language.EN): "Joe's Plumbing here, sorry we missed you."})
    said = texts.first(line(own), office(business="Joe’s Plumbing"), Situation(MONDAY_NOON)).text
    assert said.count("Joe's Plumbing") == 1


SPANISH = {
    (Template.MISSED, Language.ES): "Perdón, no oímos su llamada. ¿En qué le ayudamos hoy? Díganos el domicilio."
}


def test_accents_go_only_where_the_site_said_so_and_a_part_is_saved() -> None:
    kept = Texts(Language.ES, SPANISH)
    bare = Texts(Language.ES, SPANISH, unaccented=frozenset({Language.ES}))
    with_accents, without = (texts.first(line(own), office(), Situation(MONDAY_NOON)).text for own in (kept, bare))
    assert "Perdón" in with_accents
    assert "Perdon, no oimos su llamada. ¿En qu" in without
    assert len(gsm.split(without).parts) < len(gsm.split(with_accents).parts)


def test_accents_that_cost_no_part_stay() -> None:
    own = Texts(Language.ES, {(Template.OPT_OUT, Language.ES): "Está hecho."}, unaccented=frozenset({Language.ES}))
    assert texts.answer(line(own), office(), Template.OPT_OUT, Language.ES).text == "Está hecho."


@pytest.mark.parametrize("template", [Template.OPT_OUT, Template.OPT_IN, Template.HELP])
@pytest.mark.parametrize("language", list(Language))
def test_every_answer_is_in_letters_that_cost_least(template: Template, language: Language) -> None:
    said = texts.answer(line(), office(business="Joe’s"), template, language).text
    assert gsm.split(said).encoding is Encoding.GSM7

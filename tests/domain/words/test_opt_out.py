import pytest

from bridge.domain.words.opt_out import OptOutRequest, read


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop.",
        "“Stop”",
        "ＳＴＯＰ",
        "S\u200bTOP",
        "Opt-Out",
        "arrêt",
        "¡Basta!",
        "please stop texting me",
        "stop all",
    ],
)
def test_keywords_and_plain_wordings_opt_out(text: str) -> None:
    assert read(text) is OptOutRequest.STOP


@pytest.mark.parametrize(
    "text",
    [
        "Please stop the leak",
        "stop by later?",
        "cancel tomorrow's visit",
        "the AC quit",
        "STPO",
        "stoop",
        "end of the drive",
    ],
)
def test_words_about_the_work_do_not_opt_out(text: str) -> None:
    assert read(text) is OptOutRequest.NONE


@pytest.mark.parametrize("text", ["this is spam, stop", "Who gave you my number. Stop", "stop i will report you"])
def test_a_stop_alone_between_two_commas_or_stops_is_one_whatever_else_is_said(text: str) -> None:
    assert read(text) is OptOutRequest.STOP


def test_a_stop_wins_over_a_wrong_number() -> None:
    assert read("I never called, take me off") is OptOutRequest.STOP


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("START", OptOutRequest.START),
        ("help", OptOutRequest.HELP),
        ("ayuda", OptOutRequest.HELP),
        ("wrong number", OptOutRequest.WRONG_NUMBER),
    ],
)
def test_the_other_keywords_are_told_apart(text: str, kind: OptOutRequest) -> None:
    assert read(text) is kind


def test_a_request_about_when_or_whom_to_text_is_no_opt_out() -> None:
    assert read("don't text me before 9") is OptOutRequest.NONE
    assert read("do not text my husband") is OptOutRequest.NONE

"""Patterns in the settings that cannot be meant, and what to write instead."""

import fnmatch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.ami.patterns import mistakes_in, mistakes_in_extensions, mistakes_in_places, why_never

SERIALS = {"PJSIP": "-0000001f", "SIP": "-0000000a", "IAX2": "-4127"}


@pytest.mark.parametrize(
    "useful",
    [
        *("PJSIP/trunk-*", "*trunk*", "*", "DAHDI/1-1", "DAHDI/i1/*", "[PS]*/telnyx-*", "SCCP/9*", "PJSIP/trunk*"),
        *("PJSIP/sbc.example.net-*", "PJSIP/+31205550101-*", "PJSIP/[ab]-*", "PJSIP/t-????????", "IAX2/provider-*"),
        *("PJSIP/[[]2001:db8::7]-*", "PJSIP/a_b-[0-9a-f]*", "Dongle/dongle0-*", "Console/*", "mISDN/*", "*/telnyx-*"),
        *("PJSIP/*-0000000[0-9a-f]", "Khomp/B0C0-*", "PJSIP/b\u00fcro-*"),
    ],
)
def test_a_pattern_that_may_match_is_let_through(useful: str) -> None:
    assert why_never(useful) == ""


@pytest.mark.parametrize(
    ("useless", "instead"),
    [
        ("pjsip/trunk-*", "PJSIP/"),
        ("dahdi/i1/*", "DAHDI/"),
        ("PSJIP/trunk-*", "PJSIP/trunk-*"),
        ("PJSP/*", "PJSIP/*"),
        ("IAX/provider-*", "IAX2/provider-*"),
        ("DADHI/i1/*", "DAHDI/i1/*"),
        ("PJSIP/trunk", "PJSIP/trunk-*"),
        ("PJSIP/", "PJSIP/NAME-*"),
        ("trunk-*", "PJSIP/NAME-*"),
        ("telnyx", "PJSIP/NAME-*"),
        ("/trunk-*", "PJSIP/NAME-*"),
        ("PJSIP /trunk-*", "PJSIP/trunk-*"),
        ("PJSIP/my trunk-*", "PJSIP/mytrunk-*"),
        ("PJSIP/a-*, PJSIP/b-*", '"PJSIP/a-*", "PJSIP/b-*"'),
        ("PJSIP/a-* PJSIP/b-*", '"PJSIP/a-*", "PJSIP/b-*"'),
        ("PJSIP/a-*;SIP/b-*", '"PJSIP/a-*", "SIP/b-*"'),
        ("PJSIP//trunk-*", "PJSIP/trunk-*"),
        ("PJSIP/trunk/*", "PJSIP/trunk-*"),
        ("PJSIP/trunk-*/", "PJSIP/trunk-*"),
        ("PJSIP/[ab-*", "PJSIP/ab-*"),
        ("[PJSIP/trunk-*]", "PJSIP/trunk-*"),
        ("PJSIP/trunk\u2013*", "PJSIP/trunk-*"),
        ("PJSIP/trunk\u2011*", "PJSIP/trunk-*"),
        ("PJSIP/trunk-\u2217", "PJSIP/trunk-*"),
        ("PJSIP/trunk\u200b-*", "PJSIP/trunk-*"),
        ("PJSIP/trunk-.*", "PJSIP/trunk-*"),
        ("^PJSIP/trunk-", "PJSIP/trunk-"),
        ("PJSIP/trunk-\\d+", "PJSIP/trunk-"),
        ("PJSIP/(a|b)-*", "file names"),
        ("PJSIP/trunk-????", "PJSIP/trunk-*"),
        ("PJSIP/trunk-?", "PJSIP/trunk-*"),
        ("SIP/trunk-1", "SIP/trunk-1-*"),
        ("IAX2/provider-[a-f]", "IAX2/provider-[a-f]-*"),
        ("DAHDI/g1/*", "DAHDI/i1/*"),
        ("DAHDI/r0", "DAHDI/i1/*"),
        ("Local/*", "Local"),
    ],
)
def test_a_pattern_that_can_match_nothing_says_what_may_have_been_meant(useless: str, instead: str) -> None:
    assert instead in why_never(useless)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(sorted(SERIALS)),
    st.from_regex(r"[A-Za-z0-9_.+@-]{1,20}", fullmatch=True),
    st.data(),
)
def test_a_pattern_made_of_a_real_name_is_never_called_useless(tech: str, name: str, data: st.DataObject) -> None:
    channel = f"{tech}/{name}{SERIALS[tech]}"
    cut = data.draw(st.integers(len(tech) + 1, len(channel)))
    end = data.draw(st.integers(cut, len(channel)))
    pattern = f"{channel[:cut]}*{channel[end:]}"
    assert fnmatch.fnmatchcase(channel, pattern)
    if ".*" not in pattern and "+*" not in pattern:
        assert why_never(pattern) == ""


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_any_pattern_is_read(one: str, other: str) -> None:
    why_never(one)
    list(mistakes_in([one], [other]))
    list(mistakes_in_places([one]))
    list(mistakes_in_extensions([one]))


@pytest.mark.parametrize("program", ["AudioSocket/*", "WebSocket/bot-*", "Snoop/*", "MulticastRTP/*"])
def test_nobody_calls_in_on_a_program(program: str) -> None:
    [(where, why)] = mistakes_in([program], [])
    assert where == "trunks[0]"
    assert "machine" in why


@pytest.mark.parametrize(
    ("trunks", "machines", "says"),
    [
        (["PJSIP/trunk-*"], ["PJSIP/trunk-*"], "trunks[0]"),
        (["PJSIP/a-*", "PJSIP/trunk-*"], ["PJSIP/t*"], "trunks[1]"),
        (["SIP/[ab]-*"], ["SIP/?-*"], "trunks[0]"),
        (["PJSIP/trunk-*"], ["PJSIP/*"], "every phone"),
        ([], ["*"], "every phone"),
        ([], ["*-*"], "every phone"),
    ],
)
def test_machines_that_take_all_calls_are_a_mistake(trunks: list[str], machines: list[str], says: str) -> None:
    [(where, why)] = mistakes_in(trunks, machines)
    assert where == "machines[0]"
    assert says in why


@pytest.mark.parametrize("machines", ["PJSIP/trunk-fax-*", "PJSIP/paging-*", "AudioSocket/*", "PJSIP/t-*"])
def test_machines_beside_or_within_a_trunk_are_none(machines: str) -> None:
    assert list(mistakes_in(["PJSIP/trunk-*"], [machines])) == []


@pytest.mark.parametrize(
    "useful", ["blocked-callers", "blocked-*", "ivr,9", "ivr,[89]", "app-blackhole,zapateller", "spam?"]
)
def test_a_context_that_may_be_meant_is_let_through(useful: str) -> None:
    assert list(mistakes_in_places([useful])) == []


@pytest.mark.parametrize(
    ("odd", "instead"),
    [
        ("*", "calls from outside"),
        ("from-*", "calls from outside"),
        ("from-pstn", "calls from outside"),
        ("ivr, 9", "ivr,9"),
        ("ivr,9,1", "ivr,9"),
        ("9@ivr", "ivr,9"),
        ("[blocked-callers]", "blocked-callers"),
        ("blocked\u2013callers", "blocked-callers"),
        ("blocked.*", "file names"),
        (",s", "context"),
        ("ivr,", "context"),
        ("ivr[1", "ivr1"),
    ],
)
def test_a_context_that_cannot_be_meant_says_what_to_write(odd: str, instead: str) -> None:
    [(where, why)] = mistakes_in_places(["blocked", odd])
    assert where == "ignore_contexts[1]"
    assert instead in why


@pytest.mark.parametrize("useful", ["3??", "+1202555*", "101", "3[0-4]?", "reception", "*98"])
def test_an_extension_that_may_be_meant_is_let_through(useful: str) -> None:
    assert list(mistakes_in_extensions([useful])) == []


@pytest.mark.parametrize(
    ("odd", "instead"),
    [
        ("*", "customers"),
        ("??*", "customers"),
        ("+*", "customers"),
        ("_3XX", "3??"),
        ("3xx", "3??"),
        ("_3X.", "3??*"),
        ("300-399", "3??"),
        ("300 - 309", "30?"),
        ("300, 301", '"300", "301"'),
        ("3.*", "file names"),
        ("SIP/3??", "channel"),
        ("3[0-4", "30-4"),
    ],
)
def test_an_extension_that_cannot_be_meant_says_what_to_write(odd: str, instead: str) -> None:
    [(where, why)] = mistakes_in_extensions([odd])
    assert where == "extensions[0]"
    assert instead in why

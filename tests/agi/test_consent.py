"""A caller who pressed 1 to be texted: the call is that number's from then on, and remembers that they asked."""

from dataclasses import replace

import pytest

from bridge.ami.decode import Decoder
from bridge.ami.protocol import MessageFramer
from bridge.domain.calls.calls import EndedCall
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.calls.tracker import Tracker
from bridge.domain.phone import E164
from tests.desk import CUSTOMER, Desk, missed_call
from tests.recorded import NAMES

WHOSE = "Channel: PJSIP/trunk-00000001\r\nUniqueid: 1.1\r\nLinkedid: 1.1\r\n"
BEGAN = (
    f"Event: Newchannel\r\n{WHOSE}ChannelState: 4\r\nContext: from-trunk\r\nExten: 2025550100\r\n"
    "CallerIDNum: {number}\r\nCallerIDName: \r\n\r\n"
)
HIDDEN = f"Event: UserEvent\r\n{WHOSE}UserEvent: Textback\r\nPres: prohib_passed_screen\r\n\r\n"
GIVEN = f"Event: UserEvent\r\n{WHOSE}UserEvent: Textback\r\nNumber: {{number}}\r\nConsent: yes\r\n\r\n"
ENDED = f"Event: Hangup\r\n{WHOSE}Cause: 16\r\n\r\n"


def judged(*blocks: str) -> EndedCall:
    tracker = Tracker(TrackerSettings(country="US"))
    ended: list[EndedCall] = []
    for message in MessageFramer().feed("".join(blocks).encode()):
        if event := Decoder(NAMES).decode(message, None):
            ended += tracker.feed(event)
    [call] = [*ended, *tracker.finish()]
    return call


@pytest.mark.parametrize("shown", ["anonymous", "2025557788"])
def test_the_number_that_a_caller_gives_is_the_callers_also_where_they_hide_theirs(shown: str) -> None:
    call = judged(BEGAN.format(number=shown), HIDDEN, GIVEN.format(number=CUSTOMER), ENDED)
    assert (call.caller.number, call.caller.withheld, call.asked_for_text) == (CUSTOMER, False, True)


@pytest.mark.parametrize("given", ["", "911", "12", "${SHELL(id)}", "anonymous", "9" * 40])
def test_what_is_no_number_changes_nothing(given: str) -> None:
    call = judged(BEGAN.format(number="2025557788"), GIVEN.format(number=given), ENDED)
    assert (call.caller.number, call.asked_for_text) == (E164("+12025557788"), False)


async def test_the_consent_is_on_record_with_the_call(desk: Desk) -> None:
    await desk.call(replace(missed_call(), asked_for_text=True))
    await desk.call(missed_call())
    consents = await desk.column("SELECT json_extract(detail, '$.consent') FROM audit WHERE what = 'call.ended'")
    assert consents == ["pressed 1", None]

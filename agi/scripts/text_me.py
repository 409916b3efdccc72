"""Press 1 and we text you: a caller says which number to text, and hears it read back.

The text itself goes out when the call has ended, by the rules for every missed call: the listener is told the number
and that the caller asked for it.
"""

from agi.channel import TRIES, AgiChannel, Digits, Number
from agi.desk import Desk, digits
from bridge.domain import phone
from bridge.domain.phone import E164

MOST_DIGITS = 15
YES, OTHER = "12"


async def run(desk: Desk, call: AgiChannel) -> None:
    number = _own(desk, call)
    for _ in range(TRIES):
        if number is not None and await _is_right(desk, call, number):
            await call.tell(Number=number.value, Consent="yes")
            await call.say("auth-thankyou", keys="")
            return
        number = phone.parse(await call.digits("privacy-prompt", MOST_DIGITS), desk.office.country)
        if number is None:
            await call.say("please-try-again", keys="")
    await call.say("im-sorry", "vm-goodbye", keys="")


def _own(desk: Desk, call: AgiChannel) -> E164 | None:
    """The number the caller shows; hidden ones are not in the environment, or the dialplan took them out."""
    return phone.parse(call.environment.caller, desk.office.country)


async def _is_right(desk: Desk, call: AgiChannel, number: E164) -> bool:
    said = Digits(digits(phone.national(number, desk.office.country)))
    key = await call.ask("vm-num-i-have", said, "if-correct-press", Number(1), "vm-calldiffnum", keys=YES + OTHER)
    return key == YES

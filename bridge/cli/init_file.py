"""The configuration that `textback init` writes: the smallest that is useful, with the rest as comments."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

FILE = "textback.toml"
AMI_SECRET = "ami.secret"  # noqa: S105  the name of a file
SMPP_PASSWORD = "smpp.password"  # noqa: S105

TEMPLATE = """\
# Made by `textback init`. Check it after each change: textback check-config; then: systemctl reload textback
business = {business}
country = {country}                    # how numbers without a plus are read; texts go to this country only
zone = {zone}
# holidays = {country}                 # closed on public holidays

[[pbx]]
host = {pbx_host}
port = {pbx_port}
secret_file = "ami.secret"        # `textback dialplan --out` puts it into Asterisk's account
{trunks}
# cdr = "/var/log/asterisk/cdr-csv/Master.csv"    # calls that ended while Textback was away; textback doctor looks

[[line]]
dids = {numbers}
sms_number = {sms_number}

# [hours]                         # days that are not named are closed; no table: always open
# mon-fri = "08:00-17:00"

# [[person]]                      # who is told of urgent work
# name = "Ana"
# mobile = "+12125550142"

[rules]
{live_only}

{gateway}
"""

GATEWAY = """\
[smpp]
host = {smpp_host}
port = {smpp_port}
system_id = {system_id}
password_file = "smpp.password"\
"""

NO_GATEWAY = """\
# [smpp]                          # the SMS gateway; without it calls are only listened to
# host = "smsc.example.net"
# port = 2775
# system_id = "ace"
# password_file = "smpp.password"\
"""


@dataclass(frozen=True, slots=True)
class Answers:
    """Everything that cannot be guessed. smpp_host: "" while there is no gateway.

    mobiles: while they are tried with, the only numbers that get texts.
    """

    business: str
    country: str
    zone: str
    numbers: tuple[str, ...]
    sms_number: str
    trunks: tuple[str, ...]
    pbx_host: str
    pbx_port: int
    smpp_host: str
    smpp_port: int
    system_id: str
    mobiles: tuple[str, ...]


def render(answers: Answers) -> str:
    trunks = f"trunks = {_toml(answers.trunks)}" if answers.trunks else '# trunks = ["PJSIP/trunk-*"]'
    note = "# on trial: only these get texts; take the line out when you are content"
    live_only = f"live_only = {_toml(answers.mobiles)}    {note}" if answers.mobiles else "# live_only = []"
    return TEMPLATE.format(
        business=_toml(answers.business),
        country=_toml(answers.country),
        zone=_toml(answers.zone),
        pbx_host=_toml(answers.pbx_host),
        pbx_port=answers.pbx_port,
        trunks=trunks,
        numbers=_toml(answers.numbers),
        sms_number=_toml(answers.sms_number),
        live_only=live_only,
        gateway=_gateway(answers) if answers.smpp_host else NO_GATEWAY,
    )


def _gateway(answers: Answers) -> str:
    return GATEWAY.format(
        smpp_host=_toml(answers.smpp_host), smpp_port=answers.smpp_port, system_id=_toml(answers.system_id)
    )


def _toml(value: str | Sequence[str]) -> str:
    """JSON's strings and lists of strings are TOML's as well, but for the one control character it leaves as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", r"\u007f")

"""`textback carrier`: what to ask the SMS provider, and to tell the carriers (10DLC, A2P), from this configuration."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import typer

from bridge.cli.configuration import renderings
from bridge.cli.options import CONFIG, ConfigPath
from bridge.config import Config, load
from bridge.domain.office.office import Line
from bridge.domain.office.templates import Template
from bridge.domain.texts import rendering as texts

SAMPLES = 5
QUESTIONS = (
    ("Which sender do you take for replies to come back: a long code, a toll-free number, a short code?", "sms_number"),
    (
        "Is the sender written with or without a plus, and with which TON and NPI?",
        "[smpp.international] ton, npi, plus",
    ),
    ("Which alphabet does data_coding 0 mean: GSM 03.38 or Latin-1?", "default_alphabet"),
    ("How are long texts sent: UDH with 8 or 16 bits, SAR, or message_payload?", "concat"),
    (
        "Is a message id the same in submit_sm_resp and in the receipt, or hex in one and decimal in the other?",
        "id_base",
    ),
    ("Do receipts come by themselves, and from the handset or from the network?", "registered_delivery"),
    ("How many submit_sm a second, and how many without an answer?", "rate, window"),
    ("Transceiver, or a transmitter and a receiver? How many sessions may be bound at once?", "bind"),
    ("TLS? From which addresses may we connect?", "tls, ca_file"),
    ("Which command_status means slow down, and which of your own (0x400 to 0x4ff) mean try again?", "error_map"),
    (
        "Which err: codes of a receipt say that the number takes no texts (a landline), and not phone off or spam?",
        "landline_codes",
    ),
    ("Which words may stand behind stat: beside those of SMPP, and which are final?", "receipt_states"),
    ("May two sessions be bound with one account, and which of them brings receipts and replies?", "account"),
    ("Who answers STOP and HELP: you, the carrier, or we? Do you block a number after STOP, and tell us?", ""),
    (
        "What becomes of a picture (MMS) sent to us: dropped, a text with a link, a notice? In which words?",
        "picture_notices",
    ),
    ("Can texts and calls use the same number, if the number is another provider's?", "dids, sms_number"),
)


def register(app: typer.Typer) -> None:
    app.command()(carrier)


def carrier(config: ConfigPath = CONFIG) -> None:
    """Print questions for the SMPP provider, the 10DLC campaign with its sample messages, and a greeting script."""
    for row in report(load(config, os.environ), datetime.now(UTC)):
        print(row)


def report(config: Config, now: datetime) -> Iterator[str]:
    yield f"# Texting for {config.office.business}"
    yield from _questions()
    for line in config.office.lines:
        yield from _campaign(config, line, now)
    yield from _greeting(config)


def _questions() -> Iterator[str]:
    yield "\n## For the SMS provider\n"
    for question, setting in QUESTIONS:
        yield f"- {question}" + (f"  (`{setting}`)" if setting else "")


def _campaign(config: Config, line: Line, now: datetime) -> Iterator[str]:
    """The fields of a campaign at The Campaign Registry (10DLC), as its form names them."""
    business, office = config.office.business, config.office
    yield f"\n## 10DLC campaign: {line.name}, {line.sms_number}\n"
    yield "Use case: Customer Care\n"
    yield (
        f"Campaign description: {business} answers customers who called its office and reached nobody. One text says "
        "that the call was missed and asks what is needed; staff answer the replies. No marketing, no lists, no links."
    )
    yield (
        f"\nMessage flow: The customer calls {', '.join(line.dids)}. Where nobody answers, one text goes to the number "
        f"that called, at most one every {_hours(config.rules.cool_down)} and none once the customer has replied. "
        "Callers who hide their number, and landlines, get none. The greeting and the website say so (below)."
    )
    yield f"\nOpt-in: the customer's own call. Opt-out: STOP, answered with: {_answer(line, config, Template.OPT_OUT)}"
    yield f"\nHELP is answered with: {_answer(line, config, Template.HELP)}"
    yield f"\nSTART is answered with: {_answer(line, config, Template.OPT_IN)}"
    yield "\nEmbedded links: no. Phone numbers in texts: only the office's own. Age-gated or lending content: no.\n"
    samples = dict.fromkeys(rendered.text for _, rendered in renderings(line, office, now))
    for number, text in enumerate(list(samples)[:SAMPLES], start=1):
        yield f"Sample message {number}: {text}"


def _answer(line: Line, config: Config, template: Template) -> str:
    return texts.answer(line, config.office, template, line.texts.language).text


def _greeting(config: Config) -> Iterator[str]:
    business = config.office.business
    yield "\n## Greeting, and a line for the website\n"
    yield (
        f'"Thank you for calling {business}. If we miss your call, we may text this number to ask how we can help. '
        'Message and data rates may apply. You can reply STOP at any time."'
    )
    yield (
        f"\nWebsite: If you call {business} and we cannot answer, we may send one text to the number you called from. "
        "Message and data rates may apply. Reply STOP to opt out, HELP for help. We do not share numbers with anybody."
    )
    yield "\nThis is a draft by people who are no lawyers: have yours look at it once."


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:g} hours"

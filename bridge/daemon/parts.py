"""The use cases and the gateways of one configuration, built and not yet running."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bridge.callbacks.actions import Callbacks
from bridge.calls.missed_calls import MissedCalls
from bridge.config import Config
from bridge.daemon.jobs import Jobs
from bridge.domain.texts import gsm
from bridge.notify.email import Mailer
from bridge.office.composer import Composer
from bridge.oncall.escalation import EscalationLoop
from bridge.oncall.staff_messages import StaffMessages
from bridge.ports import LiveNumbers
from bridge.reports.digest import Digest
from bridge.reports.retention import Retention
from bridge.smpp.client import SmppClient
from bridge.smpp.failover import Failover
from bridge.texts.auto_reply import AutoReplies
from bridge.texts.failures import FailureWatch
from bridge.texts.inbox import Inbox
from bridge.texts.outbox import Outbox, OutboxSettings
from bridge.texts.reader import TextReader
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Parts:
    """staff: what tells them of urgent work. jobs: what time alone brings about."""

    composer: Composer
    inbox: Inbox
    missed_calls: MissedCalls
    gateways: Sequence[SmppClient]
    outbox: Outbox
    staff: Sequence[EscalationLoop | Mailer]
    jobs: Jobs

    @classmethod
    def of(cls, config: Config, database: Database, live: LiveNumbers, clock: Callable[[], datetime]) -> "Parts":
        office, composer, text_reader = config.office, _composer(config), TextReader(config.words)
        inbox = Inbox(
            database,
            office,
            clock=clock,
            text_reader=text_reader,
            carrier_replies=[line.sms_number for line in office.lines if line.carrier_replies],
            picture_notices=[notice for one in config.gateways for notice in one.picture_notices],
            composer=composer,
        )
        gateways = [SmppClient(one, inbox, clock=clock) for one in config.gateways]
        limits = OutboxSettings(may_text=config.rules.is_live)
        if config.smpp is not None:
            limits = replace(limits, window=config.smpp.window)
        by_email = config.email is not None
        escalation = EscalationLoop(
            database, office, config.alerts, live, text_reader, clock=clock, by_email=by_email, composer=composer
        )
        mailer = [Mailer(database, config.email, clock=clock)] if config.email else []
        callbacks = Callbacks(database, office, composer)
        auto_replies = AutoReplies(database, office, config.rules, text_reader, composer=composer)
        digest = Digest(database, office, config.digest, StaffMessages(office, composer, by_email=by_email))
        missed_calls = MissedCalls(database, office, config.rules, live, text_reader=text_reader, composer=composer)
        due = (
            *(inbox.show_incomplete, callbacks.wake_due, callbacks.release_idle, missed_calls.release_held),
            *(auto_replies.run_due, FailureWatch(database).run_due),
            *(digest.run_due, Retention(database, office, config.retention).run_due),
        )
        return cls(
            composer,
            inbox,
            missed_calls,
            gateways,
            Outbox(database, Failover(gateways), live, limits, clock=clock),
            (escalation, *mailer),
            Jobs(due, clock=clock),
        )

    @property
    def counts(self) -> Mapping[str, int]:
        wrong_digits = sum(part.wrong_digits for part in self.staff if isinstance(part, EscalationLoop))
        return {
            "unknown_dids": self.missed_calls.unknown_dids,
            "texts_unplaced": self.inbox.unplaced,
            "staff_wrong_digits": wrong_digits,
        }


def _composer(config: Config) -> Composer:
    """Cuts texts as the gateway wants them."""
    agreed = config.smpp
    if agreed is None:
        return Composer()
    return Composer(partial(gsm.split, reference_bits=agreed.reference_bits, alphabet=agreed.default_alphabet))

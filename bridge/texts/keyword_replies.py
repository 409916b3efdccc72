"""Automatic answers to keywords (STOP, HELP, START), in the customer's language: never more than the promises allow."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Unpack

from bridge.domain.office.office import Line, Office
from bridge.domain.office.templates import Template
from bridge.domain.phone import E164
from bridge.domain.texts import policy
from bridge.domain.texts import rendering as texts
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.policy import TextRules
from bridge.domain.words import language
from bridge.office.composer import About, Composer, compose
from bridge.office.schedule_changes import office_with_changes
from storage import messages
from storage.database import Writer
from storage.errors import ForbiddenError
from storage.replies import Reply

MAX_AGE = timedelta(minutes=15)
CONFIRMED_WITHIN = timedelta(minutes=5)
"""Later than this a confirmation of STOP is one text more, and not allowed (47 CFR 64.1200(a)(12))."""

ONE_PER = timedelta(hours=24)


class KeywordReplies:
    """carrier_replies: our numbers for which the network itself confirms STOP and START."""

    def __init__(self, office: Office, carrier_replies: Collection[str], composer: Composer) -> None:
        self._office = office
        self._rules = TextRules().of(office)
        self._carrier_replies = frozenset(carrier_replies)
        self._composer = composer

    async def confirm_opt_out(
        self, tx: Writer, reply: Reply, number: E164, line: Line, opt_out_id: int, now: datetime
    ) -> None:
        if line.sms_number not in self._carrier_replies:
            await self._answer(
                tx, reply, number, line, MessageKind.OPT_OUT_CONFIRMATION, Template.OPT_OUT, now, opt_out_id=opt_out_id
            )

    async def confirm_opt_in(self, tx: Writer, reply: Reply, number: E164, line: Line, now: datetime) -> None:
        """Once a day, however often they change their mind."""
        confirmed = await messages.last_to(tx, number, MessageKind.OPT_IN_CONFIRMATION)
        if confirmed is not None and now - confirmed < ONE_PER:
            return
        if line.sms_number not in self._carrier_replies:
            await self._answer(tx, reply, number, line, MessageKind.OPT_IN_CONFIRMATION, Template.OPT_IN, now)

    async def help(self, tx: Writer, reply: Reply, number: E164, line: Line, now: datetime) -> None:
        """Who we are; once a day, however often they ask."""
        try:
            await self._answer(tx, reply, number, line, MessageKind.HELP, Template.HELP, now, cool_until=now + ONE_PER)
        except ForbiddenError:
            return

    async def _answer(
        self,
        tx: Writer,
        reply: Reply,
        number: E164,
        line: Line,
        kind: MessageKind,
        template: Template,
        now: datetime,
        **about: Unpack[About],
    ) -> None:
        """A foreign or premium number gets none, not even this: a stranger must not run up a bill."""
        if policy.never_answered(number, self._rules):
            return
        office = await office_with_changes(tx, self._office, now)
        line = office.line_named(line.name)
        spoken = language.of([reply.own_words.text], line.texts.language)
        rendered = texts.answer(line, office, template, spoken)
        about["callback_id"], about["reply_id"] = reply.callback_id, reply.id
        lasts = CONFIRMED_WITHIN if kind is MessageKind.OPT_OUT_CONFIRMATION else MAX_AGE
        await self._composer.queue(tx, compose(kind, number, line, rendered, now, lasts, **about))

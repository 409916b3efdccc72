"""The one automatic receipt of a conversation: we have your text, nothing is booked, at most one question.

It is decided when the customer has been silent for a while, so that several texts get one answer, and only as long as
no person has dealt with the row. The database takes one per row, whatever happens to us in between.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bridge.domain.callbacks.queue import Callback
from bridge.domain.office.office import Line, Office
from bridge.domain.phone import E164
from bridge.domain.texts import policy
from bridge.domain.texts import rendering as texts
from bridge.domain.texts.messages import MessageKind
from bridge.domain.texts.policy import TextRules
from bridge.domain.words import language
from bridge.domain.words.lexicon import OptOutRequest
from bridge.domain.words.thanks import is_courtesy
from bridge.office.composer import Composer, compose
from bridge.office.schedule_changes import office_with_changes
from bridge.texts.customer_replies import READ_TOGETHER
from bridge.texts.reader import TextReader
from storage import auto_replies, history
from storage.auto_replies import Heard
from storage.database import Database, Reader
from storage.messages import NewMessage

SILENCE = timedelta(seconds=60)
MAX_AGE = timedelta(minutes=15)
"""Later than this after the customer's text, a receipt would only surprise."""

REPEATS_WITHIN = timedelta(hours=1)
TOO_OFTEN = 3
"""So many identical texts within the hour come from a machine, or want a person."""


class AutoReplies:
    def __init__(
        self,
        database: Database,
        office: Office,
        rules: TextRules,
        text_reader: TextReader,
        *,
        composer: Composer | None = None,
    ) -> None:
        self._database = database
        self._office = office
        self._rules = rules.of(office)
        self._text_reader = text_reader
        self._composer = composer or Composer()
        self._log = structlog.get_logger()

    async def run_due(self, now: datetime) -> None:
        """Queue the receipts whose time has come. Looks first: a transaction for nothing would wake everybody."""
        if not self._rules.receipt:
            return
        async with self._database.read() as db:
            if not await self._due(db, now):
                return
        async with self._database.transaction() as tx:
            for message in await self._due(tx, now):
                await self._composer.queue(tx, message)
                tx.once_stored(self._log.info, "receipt.queued", row=message.callback_id, to=message.number.masked)

    async def _due(self, db: Reader, now: datetime) -> Sequence[NewMessage]:
        rows = await auto_replies.silent(db, now - MAX_AGE, now - SILENCE)
        found = [await self._message(db, row, row.number, now) for row in rows if row.number]
        return [message for message in found if message is not None]

    async def _message(self, db: Reader, callback: Callback, number: E164, now: datetime) -> NewMessage | None:
        heard = await auto_replies.heard(db, number, callback.id, now - REPEATS_WITHIN)
        past = await history.load(db, number, now, self._rules, but=None)
        if not any(map(wants_answer, heard)) or policy.never_texted(number, past, self._rules):
            return None
        office = await office_with_changes(db, self._office, now)
        line = _line(office, callback, heard[-1].destination)
        words = [one.own.text for one in heard if one.at > now - READ_TOGETHER]
        own_words = [one.own.text for one in heard if one.at > now - READ_TOGETHER and not one.picture]
        rendered = texts.receipt(
            line,
            office,
            language.of(own_words, line.texts.language),
            ask_address=callback.address is None,
            danger=self._text_reader.triage(words).hazard,
            words=any(wants_answer(one) and not one.picture for one in heard),
            picture=any(one.picture for one in heard),
        )
        if not self._text_reader.promises_nothing(rendered.text):
            self._log.error("text.refused", row=callback.id, template=rendered.template)
            return None
        return compose(
            MessageKind.RECEIPT,
            number,
            line,
            rendered,
            now,
            MAX_AGE,
            branch=callback.branch,
            callback_id=callback.id,
            reply_id=heard[-1].reply_id,
        )


def _line(office: Office, callback: Callback, destination: str) -> Line:
    """The line written to: of several the one that the row is about."""
    written_to = office.lines_texted_at(destination)
    last_rung = office.line_named(callback.line)
    return last_rung if not written_to or last_rung in written_to else written_to[0]


def wants_answer(heard: Heard) -> bool:
    """Did a person write this, or send a picture, and not just a thanks or a word that has its own answer?"""
    if heard.picture:
        return True
    own_answer = heard.word is not OptOutRequest.NONE
    said_enough = is_courtesy(heard.own.text) or not heard.own.text.strip()
    return not (own_answer or said_enough or heard.times >= TOO_OFTEN or heard.own.machine)

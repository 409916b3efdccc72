"""A customer wrote: who that is, which row it belongs to, and what the words ask of us."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bridge.callbacks import reached as recovery
from bridge.domain import phone
from bridge.domain.callbacks import queue
from bridge.domain.callbacks.queue import TEXTBACK, Callback, Findings, Urgency, Verb
from bridge.domain.office.office import Line, Office
from bridge.domain.phone import E164
from bridge.domain.texts.messages import InboundText
from bridge.domain.texts.policy import ContactKind
from bridge.domain.words.lexicon import OptOutRequest
from bridge.domain.words.own_words import OwnWords
from bridge.domain.words.second_number import Expected
from bridge.domain.words.thanks import is_courtesy
from bridge.texts.keyword_replies import KeywordReplies
from bridge.texts.reader import TextReader
from storage import callbacks, contacts, history, messages, opt_outs, privacy, replies
from storage.audit import Act
from storage.database import Reader, Writer
from storage.opt_outs import OptOutCause
from storage.replies import Reply, Sender, SenderRole

REOPENS_WITHIN = timedelta(hours=24)
READ_TOGETHER = timedelta(minutes=30)
ONE_SENTENCE = timedelta(minutes=2)
"""So soon after another, a text may be the end of its sentence: "the water wont", then "stop"."""

NEEDS_NO_ROW = frozenset({OptOutRequest.STOP, OptOutRequest.START, OptOutRequest.WRONG_NUMBER})

CAUSES = {OptOutRequest.STOP: OptOutCause.STOP, OptOutRequest.WRONG_NUMBER: OptOutCause.WRONG_NUMBER}
ROLES = {ContactKind.STAFF: SenderRole.STAFF, ContactKind.BLOCKED: SenderRole.BLOCKED}


class CustomerReplies:
    def __init__(self, office: Office, answers: KeywordReplies, text_reader: TextReader) -> None:
        self._office = office
        self._answers = answers
        self._text_reader = text_reader
        self._staff = frozenset(person.mobile for person in office.people if person.mobile)
        self.unplaced = 0
        self._log = structlog.get_logger()

    async def said(
        self,
        tx: Writer,
        text: InboundText,
        words: str,
        now: datetime,
        *,
        pieces: Sequence[str] = (),
        partial: bool = False,
        picture: bool = False,
    ) -> Reply:
        """Store one text as people read it, put it on its row, and heed STOP, START and HELP.

        pieces: its parts, where it came in several.
        """
        number = None if text.alphanumeric else await self._sender(tx, text.source)
        if number is not None:
            await privacy.recall_opt_out(tx, number, now)
        sent = await messages.texts_to(tx, number) if number else ()
        own = self._text_reader.own_words(words, sent)
        word = await self._word(tx, number, own, pieces, now)
        role = await self._role(tx, number)
        line = await self._line(tx, number, text.destination)
        reply = Reply(
            id=0,
            version=0,
            gateway=text.gateway,
            source=text.source,
            number=number,
            destination=text.destination,
            role=role,
            word=word,
            text=words,
            partial=partial,
            received_at=now,
            callback_id=None,
            picture=picture,
        )
        reply = replies.as_read(reply, own)
        if number and role is SenderRole.CUSTOMER:
            row = await self._row(tx, number, line, reply, now)
            reply = replace(reply, callback_id=row.id if row else None)
        elif reply.unplaced:
            row = await self._row_of_digits(tx, line, reply, now)
            reply = replace(reply, callback_id=row.id if row else None)
        kept = await replies.insert(tx, reply, Act(TEXTBACK, "received", now, {"role": role, "word": word}))
        if number is not None:
            await self._heed(tx, kept, number, line, now)
        tx.once_stored(self._tell, kept)
        return kept

    def _tell(self, reply: Reply) -> None:
        number = reply.number and reply.number.masked
        self._log.info("reply.received", reply=reply.id, number=number, role=reply.role, word=reply.word)
        if reply.unplaced:
            self.unplaced += 1
            digits = len(phone.digits_of(reply.source))
            self._log.error("reply.unplaced", reply=reply.id, word=reply.word, digits=digits)

    async def stops(self, db: Reader, text: InboundText, piece: str) -> bool:
        """Does one part of a text say STOP by itself?"""
        number = None if text.alphanumeric else await self._sender(db, text.source)
        sent = await messages.texts_to(db, number) if number else ()
        return self._says_stop(piece, sent)

    def _says_stop(self, words: str, sent: Sequence[str]) -> bool:
        return self._text_reader.opt_out(self._text_reader.own_words(words, sent).text) is OptOutRequest.STOP

    async def _word(
        self, db: Reader, number: E164 | None, own: OwnWords, pieces: Sequence[str], now: datetime
    ) -> OptOutRequest:
        """What the text asks of us. A STOP in a part counts, unless the whole shows that it was quoted."""
        before = await replies.own_words_since(db, number, now - ONE_SENTENCE) if number else ()
        word = self._text_reader.opt_out(own.text, "".join(before[-1:]))
        if not own.unread and any(self._says_stop(piece, ()) for piece in pieces):
            return OptOutRequest.STOP
        if word is OptOutRequest.WRONG_NUMBER and number and self._second(number, own.text):
            return OptOutRequest.NONE  # "wrong number, call my wife at ..." is from somebody who wants us to call
        return word

    async def more_said(self, tx: Writer, reply: Reply, now: datetime) -> None:
        """The rest of a text that was shown in part has come."""
        sent = await messages.texts_to(tx, reply.number) if reply.number else ()
        reply = replies.as_read(reply, self._text_reader.own_words(reply.text, sent))
        await replies.complete(tx, reply, Act(TEXTBACK, "completed", now))
        if reply.number is None or reply.callback_id is None:
            return
        row = await callbacks.get(tx, reply.callback_id)
        found = await self._findings(tx, reply.number, [], now)
        second = self._second(reply.number, reply.own_words.text)
        await self._put_on(tx, row, replace(found, second=second), now)

    async def _sender(self, db: Reader, source: str) -> E164 | None:
        """Whoever we have had to do with, however a gateway writes them; else the likeliest reading."""
        office = self._office
        read = phone.readings(source, office.country)
        for number in (*read, *phone.by_last_digits(source, office.country, office.regions)):
            if number in self._staff or await history.is_known(db, number):
                return number
        return read[0] if read else None

    async def _role(self, db: Reader, number: E164 | None) -> SenderRole:
        if number is None:
            return SenderRole.NOBODY
        if number in self._staff:
            return SenderRole.STAFF
        contact = await contacts.get(db, number)
        return ROLES.get(contact.kind, SenderRole.CUSTOMER) if contact else SenderRole.CUSTOMER

    async def _line(self, db: Reader, number: E164 | None, destination: str) -> Line:
        """The line written to. Of branches that share a number: the one that texted last, else that has a row open."""
        lines = self._office.lines_texted_at(destination) or list(self._office.lines)
        if number is None or len({line.branch for line in lines}) == 1:
            return lines[0]
        rows = await callbacks.unfinished_of(db, number)
        texted_from = await messages.branches_to(db, number)
        for branch in (*texted_from, *(row.branch for row in rows)):
            line = next((line for line in lines if line.branch == branch), None)
            if line is not None:
                return line
        return lines[0]

    async def _row(self, tx: Writer, number: E164, line: Line, said: Reply, now: datetime) -> Callback | None:
        own = said.own_words
        found = replace(await self._findings(tx, number, [said], now), second=self._second(number, own.text))
        no_news = not said.picture and not self._text_reader.is_news(own)
        row = await callbacks.unfinished(tx, line.branch, number)
        if row is not None and not no_news:
            return await self._put_on(tx, row, found, now)
        asks_nobody = said.word in NEEDS_NO_ROW and found.urgency is Urgency.ROUTINE and not found.second
        asks_nobody = asks_nobody or (no_news and not own.machine)
        row = row or await callbacks.closed_since(tx, line.branch, number, now - REOPENS_WITHIN)
        if row is not None and (asks_nobody or no_news or is_courtesy(own.text)):
            return await callbacks.save(tx, queue.thanked(row, now), Act(TEXTBACK, Verb.THANKS, now))
        if row is not None:
            return await self._put_on(tx, row, found, now)
        if asks_nobody:
            return None
        return await self._put_on(tx, await self._open(tx, number, line, now), found, now)

    async def _row_of_digits(self, tx: Writer, line: Line, said: Reply, now: datetime) -> Callback | None:
        """Nobody knows who wrote, and it may be urgent all the same. Nothing is answered there."""
        digits, own = phone.as_shown(said.source), said.own_words
        found = await self._findings(tx, said.source, [said], now)
        asks_nobody = said.word in NEEDS_NO_ROW and found.urgency is Urgency.ROUTINE
        if phone.is_name(said.source) or asks_nobody or not self._text_reader.is_news(own):
            return None
        row = await callbacks.unfinished(tx, line.branch, None, digits)
        return await self._put_on(tx, row or await self._open(tx, None, line, now, digits), found, now)

    async def _open(self, tx: Writer, number: E164 | None, line: Line, now: datetime, digits: str = "") -> Callback:
        """A text from somebody who has no row: they wait for a person all the same."""
        contact = await contacts.get(tx, number) if number else None
        name = contact.name if contact else ""
        row = Callback(0, line.branch, number, line.name, now, version=0, name=name, digits=digits)
        return await callbacks.insert(tx, row, Act(TEXTBACK, "opened", now, {"line": line.name, "by": "text"}))

    async def _put_on(self, tx: Writer, callback: Callback, found: Findings, now: datetime) -> Callback:
        return await callbacks.save(tx, queue.replied(callback, now, found), Act(TEXTBACK, Verb.REPLY, now))

    async def _findings(self, db: Reader, sender: Sender, fresh: Sequence[Reply], now: datetime) -> Findings:
        """A problem may be told in several texts: `no`, then `heat`. What a gateway says of a picture is no issue."""
        since = now - READ_TOGETHER
        told = [*await replies.words_since(db, sender, since), *(reply.own_words.text for reply in fresh)]
        written = (reply.own_words.text for reply in fresh if not reply.picture)
        own = [*await replies.own_words_since(db, sender, since), *written]
        found = self._text_reader.extract(told)
        if own != told:
            found = replace(found, issue=self._text_reader.extract(own).issue)
        if found.urgency is not Urgency.URGENT or not found.issue:
            return found
        return replace(found, outdone=self._text_reader.extract(own[: len(own) - len(fresh)]).issue)

    def _second(self, number: E164, words: str) -> E164 | None:
        """Looked for in the last text alone: what a person took off the row must not come back from an older one."""
        office = self._office
        known = {number, *office.own_numbers, *self._staff}
        return self._text_reader.number_in(words, Expected(office.country, office.regions, known))

    async def _heed(self, tx: Writer, reply: Reply, number: E164, line: Line, now: datetime) -> None:
        await contacts.forget_landline(tx, number, now)
        await recovery.first_text_is_moot(tx, number, "replied", now)
        if reply.role is SenderRole.STAFF:
            if reply.word is OptOutRequest.STOP:
                tx.once_stored(self._log.error, "staff.stop", reply=reply.id, number=number.masked)
        elif reply.word in CAUSES:
            await self._stop(tx, reply, number, line, CAUSES[reply.word], now)
        elif reply.role is SenderRole.BLOCKED:
            return
        elif reply.word is OptOutRequest.START and await opt_outs.end(tx, number, TEXTBACK, now):
            await self._answers.confirm_opt_in(tx, reply, number, line, now)
        elif reply.word is OptOutRequest.HELP:
            await self._answers.help(tx, reply, number, line, now)

    async def _stop(self, tx: Writer, reply: Reply, number: E164, line: Line, why: OptOutCause, now: datetime) -> None:
        """From here on no text to this number, also none that waits already; one confirmation if they said STOP."""
        opt_out_id = await opt_outs.start(tx, number, why, reply.id, TEXTBACK, now)
        if opt_out_id is None:
            return
        for part in await messages.queued_to(tx, number):
            await messages.cancel(tx, part, "opted_out", now)
        if why is OptOutCause.STOP and reply.role is SenderRole.CUSTOMER:
            await self._answers.confirm_opt_out(tx, reply, number, line, opt_out_id, now)

"""What the gateways bring: on disk before it is acknowledged, then to where it belongs."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bridge.domain.office.office import Office
from bridge.domain.texts import multipart
from bridge.domain.texts.messages import Inbound, InboundText, LateAnswer, Poison, Receipt, Stored
from bridge.domain.words import pictures
from bridge.domain.words.lexicon import default_lexicon
from bridge.domain.words.pictures import NOTICES
from bridge.office.composer import Composer
from bridge.texts import delivery
from bridge.texts.customer_replies import CustomerReplies
from bridge.texts.keyword_replies import KeywordReplies
from bridge.texts.reader import TextReader
from storage import inbound, replies
from storage.database import Database, Writer
from storage.errors import StorageError
from storage.inbound import PartArrived
from storage.values import whole

PARTS_PATIENCE = timedelta(minutes=2)


class Inbox:
    """A ports.TextReceiver.

    carrier_replies: our numbers for which the network itself confirms STOP and START. picture_notices: how the gateways
    word it that a picture was sent.
    """

    def __init__(
        self,
        database: Database,
        office: Office,
        *,
        clock: Callable[[], datetime],
        text_reader: TextReader | None = None,
        carrier_replies: Collection[str] = (),
        picture_notices: Collection[str] = NOTICES,
        composer: Composer | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._text_reader = text_reader or TextReader(default_lexicon())
        self._picture_notices = tuple(picture_notices)
        answers = KeywordReplies(office, carrier_replies, composer or Composer())
        self._conversation = CustomerReplies(office, answers, self._text_reader)
        self._log = structlog.get_logger().bind()  # once, and not with every line

    @property
    def unplaced(self) -> int:
        """Texts of people whom nobody can place, since the start."""
        return self._conversation.unplaced

    async def received(self, what: Inbound) -> Stored:
        """OK once it is on disk. What our own code cannot digest is kept raw: it must not come again for ever."""
        try:
            try:
                await self._store(what)
            except StorageError:
                raise
            except Exception as error:
                self._log.exception("inbox.undigested", gateway=what.gateway)
                await self._store(Poison(what.gateway, what.raw, f"{type(error).__name__}: {error}"))
        except StorageError as error:
            self._log.error("inbox.storage", gateway=what.gateway, error=str(error))
            return Stored.TRY_AGAIN
        return Stored.OK

    async def answered_late(self, answer: LateAnswer) -> None:
        """Resolves a part that stood at `unknown`. If it cannot be written the part stays there, which is true too."""
        try:
            await self._database.write(lambda tx: delivery.answered(tx, answer.part_id, answer.outcome, answer.at))
        except StorageError as error:
            self._log.error("inbox.storage", part=answer.part_id, error=str(error))

    async def show_incomplete(self, now: datetime) -> None:
        """Texts whose missing parts have not come for a while are shown as far as they came."""
        async with self._database.read() as db:
            if not await inbound.left_waiting(db, now - PARTS_PATIENCE):
                return
        async with self._database.transaction() as tx:
            for text in await inbound.left_waiting(tx, now - PARTS_PATIENCE):
                await self._show_parts(tx, text, await inbound.parts_like(tx, text, now), now)

    async def _store(self, what: Inbound) -> None:
        now = self._clock()
        if isinstance(what, Poison):
            await self._database.write(lambda tx: inbound.store_poison(tx, what, now))
        elif isinstance(what, Receipt):
            await self._database.write(lambda tx: self._receipt(tx, what, now))
        else:
            await self._database.write(lambda tx: self._text(tx, what, now), soon=True)

    async def _receipt(self, tx: Writer, receipt: Receipt, now: datetime) -> None:
        receipt_id = await inbound.store_receipt(tx, receipt, now)
        if receipt_id is None:
            return
        part = await delivery.receipt_came(tx, receipt_id, receipt, now)
        tx.once_stored(self._log.info, "receipt.received", part=part and part.id, state=receipt.state)

    async def _text(self, tx: Writer, text: InboundText, now: datetime) -> None:
        inbound_id = await inbound.store_text(tx, text, now)
        if inbound_id is None:
            return
        if text.part is not None:
            await self._part(tx, text, now)
            return
        words = _readable(text.text or "")
        picture = text.picture or pictures.is_notice(words, self._picture_notices)
        reply = await self._conversation.said(tx, text, words, now, picture=picture)
        await inbound.belongs_to(tx, inbound_id, reply.id)

    async def _part(self, tx: Writer, text: InboundText, now: datetime) -> None:
        """Wait for the rest, unless this is the rest, or says STOP by itself."""
        arrived = await inbound.parts_like(tx, text, now)
        shown = any(part.reply_id for part in arrived)
        joined = multipart.join((part.concatenation, part.text) for part in arrived)
        if shown or joined.complete or await self._conversation.stops(tx, text, _readable(text.text or "")):
            await self._show_parts(tx, text, arrived, now)

    async def _show_parts(self, tx: Writer, text: InboundText, arrived: Sequence[PartArrived], now: datetime) -> None:
        joined = multipart.join((part.concatenation, part.text) for part in arrived)
        words, partial = _readable(joined.text), not joined.complete
        picture = pictures.is_notice(words, self._picture_notices)
        reply_id = next((part.reply_id for part in arrived if part.reply_id), None)
        if reply_id is None:
            pieces = [_readable(part.text) for part in arrived]
            said = await self._conversation.said(tx, text, words, now, pieces=pieces, partial=partial, picture=picture)
            reply_id = said.id
        else:
            reply = await replies.get(tx, reply_id)
            await self._conversation.more_said(tx, replace(reply, text=words, partial=partial, picture=picture), now)
        await inbound.parts_belong_to(tx, text, reply_id, now)


def _readable(text: str) -> str:
    """Halves of a character joined, or marked; NUL, which ends a string elsewhere, marked."""
    return whole(text).replace("\0", "\N{REPLACEMENT CHARACTER}")

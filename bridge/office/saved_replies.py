"""Keeping the office's saved replies: what promises is refused when it is saved, with the words that do."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bridge.domain.callbacks.queue import UNDO_WINDOW
from bridge.domain.i18n import N_, UserError
from bridge.domain.office.saved_replies import SavedReply, as_typed, filled, strange_blanks
from bridge.domain.words import honesty
from bridge.domain.words.lexicon import Lexicon
from storage import saved_replies
from storage.database import Database

CHANGED_SINCE = N_("Somebody has changed the saved replies since. Nothing was changed.")
LONGEST = 700
MOST = 50
A_NAME = "Ann"
"""In the place of the names while the words are checked."""


Change = Callable[[list[SavedReply]], list[SavedReply]]


class SavedRepliesError(UserError):
    """Nothing was saved; the words say why."""


class SavedReplies:
    def __init__(self, database: Database, business: str, lexicon: Lexicon) -> None:
        self._database = database
        self._business = business
        self._lexicon = lexicon

    async def put(self, at: int, reply: SavedReply, version: int, who: str, now: datetime) -> None:
        """Write over the one that stands `at` that place, or add it behind the last."""
        reply = replace(reply, words=" ".join(reply.words.split()))
        self._check(reply)

        def change(replies: list[SavedReply]) -> list[SavedReply]:
            others = [one for n, one in enumerate(replies) if n != at]
            if reply in others:
                raise SavedRepliesError(N_("These words are saved already."))
            if len(others) >= MOST:
                raise SavedRepliesError(N_("There are %(most)s saved replies at most."), most=MOST)
            return [*replies[:at], reply, *replies[at + 1 :]]

        await self._write(change, version, who, now)

    async def remove(self, at: int, version: int, who: str, now: datetime) -> None:
        await self._write(lambda replies: [*replies[:at], *replies[at + 1 :]], version, who, now)

    async def undo(self, version: int, who: str, now: datetime) -> None:
        """All of them as they were before this person's change, which made this version."""
        async with self._database.transaction() as tx:
            last = await saved_replies.last_change(tx)
            if last is None or (last.version, last.who) != (version, who):
                raise SavedRepliesError(CHANGED_SINCE)
            if now - last.at > UNDO_WINDOW:
                raise SavedRepliesError(N_("It is too late to undo that."))
            await saved_replies.write(tx, saved_replies.of(last.detail["before"]), who, now)

    async def _write(self, change: Change, version: int, who: str, now: datetime) -> None:
        async with self._database.transaction() as tx:
            if await saved_replies.version(tx) != version:
                raise SavedRepliesError(CHANGED_SINCE)
            await saved_replies.write(tx, change([*await saved_replies.read(tx)]), who, now)

    def _check(self, reply: SavedReply) -> None:
        if not reply.words:
            raise SavedRepliesError(N_("There was nothing in it."))
        if len(reply.words) > LONGEST:
            words = N_("It is too long: %(length)s characters of %(longest)s at most.")
            raise SavedRepliesError(words, length=len(reply.words), longest=LONGEST)
        if strange := strange_blanks(reply.words):
            words = N_("{%(name)s} is no blank: there are {me} and {business}.")
            raise SavedRepliesError(words, name=strange[0].strip("{}")[:40])
        text = filled(reply.words, A_NAME, self._business)
        if promises := honesty.check(text, self._lexicon):
            words = N_("It promises what only a person can give: “%(promise)s”. %(instead)s")
            spans = [(promise.start, promise.end) for promise in promises]
            told = " … ".join(as_typed(reply.words, A_NAME, self._business, *span) for span in spans)
            raise SavedRepliesError(words, promise=told, instead=promises[0].suggestion)

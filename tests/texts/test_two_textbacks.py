"""Two offices with such a product missed each other's calls: one text each, and neither opts the other out."""

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bridge.domain.office.templates import Language, Template, Texts
from bridge.domain.phone import E164
from bridge.domain.texts.policy import TextRules
from bridge.domain.words.lexicon import default_lexicon
from bridge.texts.auto_reply import AutoReplies
from bridge.texts.reader import TextReader
from storage.database import Database, Reader
from tests.desk import MAIN, OFFICE, Desk, missed_call, text

ACE, BOB = E164("+12025550100"), E164("+12025550177")
ROUNDS = 6


async def office(stack: AsyncExitStack, path: Path, business: str, number: E164, texts: Texts) -> Desk:
    line = replace(MAIN, sms_number=number.value, dids=(number.value,), texts=texts)
    own = replace(OFFICE, business=business, lines=(line,), own_numbers=frozenset({number}))
    desk = Desk(await stack.enter_async_context(await Database.open(path)), office=own)
    await desk.resume()
    return desk


async def send(desk: Desk) -> list[str]:
    """What waits goes out; all that was ever sent, oldest first."""

    async def nothing_waits(db: Reader) -> bool:
        return not await db.all("SELECT 1 FROM message_part WHERE state IN ('queued', 'sending')")

    async with desk.sending():
        await desk.until(nothing_waits)
    return [str(words) for words in await desk.column("SELECT text FROM message ORDER BY id")]


@pytest.mark.parametrize(
    "theirs",
    [
        Texts(),
        Texts(language=Language.ES),
        Texts(own={(Template.MISSED, Language.EN): "Hey, sorry we missed your call. How can we help? Is it urgent?"}),
    ],
    ids=["the same words", "in Spanish", "words of their own"],
)
async def test_two_textbacks_stop_after_one_text_each_and_neither_opts_the_other_out(
    tmp_path: Path, theirs: Texts
) -> None:
    async with AsyncExitStack() as stack:
        ace = await office(stack, tmp_path / "ace.db", "Ace Plumbing", ACE, Texts())
        bob = await office(stack, tmp_path / "bob.db", "Bob's Electric", BOB, theirs)
        await ace.call(missed_call(BOB, did=ACE.value))
        await bob.call(missed_call(ACE, did=BOB.value))
        arrived = {ACE: 0, BOB: 0}
        for _ in range(ROUNDS):
            sent = {ACE: await send(ace), BOB: await send(bob)}
            for giver, taker, desk in ((ACE, BOB, bob), (BOB, ACE, ace)):
                for words in sent[giver][arrived[giver] :]:
                    await desk.inbox.received(text(words, giver.value, to=taker.value))
                arrived[giver] = len(sent[giver])
                reader = TextReader(default_lexicon())
                await AutoReplies(desk.database, desk.office, TextRules(), reader).run_due(
                    desk.clock.advance(seconds=61)
                )
        for desk in (ace, bob):
            assert await desk.column("SELECT kind FROM message") == ["first"]
            assert await desk.column("SELECT count(*) FROM opt_out") == [0]
            assert await desk.column("SELECT urgency FROM callback") == ["routine"]
            assert await desk.column("SELECT machine FROM reply") == [1]

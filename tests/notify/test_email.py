"""E-mails to staff through a small SMTP server: sent, tried again, given up, and never with a line too many."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_string, policy
from email.message import EmailMessage

import pytest

from bridge.notify.email import Mailer
from bridge.notify.settings import EmailSettings, Security
from storage import emails
from storage.database import Database
from tests.desk import Clock, database

__all__ = ["database"]


class MailServer:
    """Speaks just enough SMTP (RFC 5321). answer: what it says to RCPT."""

    def __init__(self) -> None:
        self.answer = "250 fine"
        self.messages: list[EmailMessage] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.test\r\n")
        while command := (await reader.readline()).decode().strip():
            verb = command.split()[0].upper()
            answers = {"RCPT": self.answer, "DATA": "354 go on", "QUIT": "221 bye"}
            writer.write(f"{answers.get(verb, '250 fine')}\r\n".encode())
            if verb == "DATA":
                octets = await reader.readuntil(b"\r\n.\r\n")
                message = message_from_string(octets[:-3].decode(), _class=EmailMessage, policy=policy.default)
                self.messages.append(message)
                writer.write(b"250 taken\r\n")
            if verb == "QUIT":
                break
        writer.close()


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    made = MailServer()
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield made


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def mailer(database: Database, server: MailServer, clock: Clock) -> Mailer:
    settings = EmailSettings("127.0.0.1", "alerts@ace.test", server.port, Security.NONE)
    return Mailer(database, settings, clock=clock)


async def queue(database: Database, clock: Clock, text: str = "URGENT #7: Mary (202) 555-0123") -> None:
    async with database.transaction() as tx:
        await emails.queue(tx, "ann@ace.test", text, None, clock(), clock() + timedelta(hours=4))


async def states(database: Database) -> list[tuple[str, int]]:
    async with database.read() as db:
        return [(row["state"], row["attempts"]) for row in await db.all("SELECT state, attempts FROM email")]


async def test_an_alert_arrives_as_a_mail_whose_subject_says_it(
    database: Database, server: MailServer, mailer: Mailer, clock: Clock
) -> None:
    await queue(database, clock)
    await mailer.run_due()
    (message,) = server.messages
    assert (message["To"], message["From"]) == ("ann@ace.test", "alerts@ace.test")
    assert message["Subject"] == "URGENT #7: Mary (202) 555-0123"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().startswith("URGENT #7: Mary (202) 555-0123")
    assert await states(database) == [("sent", 1)]


async def test_a_mail_is_sent_once(database: Database, server: MailServer, mailer: Mailer, clock: Clock) -> None:
    await queue(database, clock)
    for _ in range(2):
        await mailer.run_due()
        clock.advance(minutes=1)
    assert len(server.messages) == 1


async def test_what_a_customer_wrote_cannot_add_a_header(
    database: Database, server: MailServer, mailer: Mailer, clock: Clock
) -> None:
    await queue(database, clock, "URGENT #7: x\r\nBcc: everybody@ace.test\r\n\r\nboo 💧 Мария")
    await mailer.run_due()
    (message,) = server.messages
    assert message["Bcc"] is None
    assert message["Subject"] == "URGENT #7: x Bcc: everybody@ace.test boo 💧 Мария"


async def test_a_digest_is_a_list_below_its_subject(
    database: Database, server: MailServer, mailer: Mailer, clock: Clock
) -> None:
    async with database.transaction() as tx:
        until = clock() + timedelta(hours=4)
        await emails.queue(tx, "ann@ace.test", "2 to call.", None, clock(), until, body="2 to call.\n\n#1 Mary\n#2 Bob")
    await mailer.run_due()
    (message,) = server.messages
    assert message["Subject"] == "2 to call."
    lines = ["2 to call.", "", "#1 Mary", "#2 Bob", "", "Nobody reads answers to this."]
    assert message.get_content().splitlines() == lines


@pytest.mark.parametrize("answer", ["451 later", "535 not signed in"])
async def test_what_may_pass_is_tried_again(
    database: Database, server: MailServer, mailer: Mailer, clock: Clock, answer: str
) -> None:
    server.answer = answer
    await queue(database, clock)
    await mailer.run_due()
    assert await states(database) == [("queued", 1)]
    server.answer = "250 fine"
    clock.advance(seconds=10)
    await mailer.run_due()
    assert await states(database) == [("sent", 2)]


async def test_a_refused_address_is_given_up(
    database: Database, server: MailServer, mailer: Mailer, clock: Clock
) -> None:
    server.answer = "550 nobody here"
    await queue(database, clock)
    await mailer.run_due()
    assert await states(database) == [("failed", 1)]


async def test_a_server_that_is_away_is_waited_for_until_the_alert_is_worth_nothing(
    database: Database, server: MailServer, clock: Clock
) -> None:
    away = EmailSettings("127.0.0.1", "alerts@ace.test", server.port, Security.NONE)
    mailer = Mailer(database, replace(away, port=1), clock=clock)
    await queue(database, clock)
    await mailer.run_due()
    assert await states(database) == [("queued", 1)]
    clock.advance(hours=5)
    await mailer.run_due()
    assert await states(database) == [("failed", 2)]


async def test_a_new_mail_wakes_the_mailer(
    database: Database, server: MailServer, mailer: Mailer, clock: Clock
) -> None:
    running = asyncio.create_task(mailer.run())
    await queue(database, clock)
    while await states(database) != [("sent", 1)]:
        await database.commits.beyond(database.commits.count)
    running.cancel()
    assert len(server.messages) == 1

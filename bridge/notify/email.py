"""E-mails to staff: sent beside their texts, tried again while the server is away, given up when worth nothing.

One may arrive twice where the server's answer was lost; staff rather read twice than not at all.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import aiosmtplib
import structlog

from bridge.notify.settings import EmailSettings, Security
from bridge.ops.following import follow_commits
from storage import emails
from storage.audit import Subject
from storage.database import Database
from storage.emails import Email, EmailState

BACK_OFF = (timedelta(seconds=10), timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=5))
LOOK_AGAIN = timedelta(seconds=30)
REST = timedelta(milliseconds=500)
SUBJECT = 120  # characters: what a lock screen shows
NO_ANSWERS = "Nobody reads answers to this."
HOW_TO_ANSWER = f"To claim it, answer the text that you got as well, or use the page. {NO_ANSWERS}"


class Mailer:
    def __init__(self, database: Database, settings: EmailSettings, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._settings = settings
        self._clock = clock
        self._log = structlog.get_logger()

    async def run(self) -> None:
        """Until cancelled."""
        await follow_commits(self._database, self.run_due, name="email", rest=REST, of={Subject.EMAIL})

    async def run_due(self) -> timedelta:
        """Send what is due; how long nothing is due after that."""
        now = self._clock()
        for email in await self._database.query(lambda db: emails.due(db, now)):
            await self._deal_with(email)
        following = await self._database.query(emails.next_due)
        return min(following - self._clock(), LOOK_AGAIN) if following else LOOK_AGAIN

    async def _deal_with(self, email: Email) -> None:
        now = self._clock()
        error, for_good = ("too_old", True) if email.expires_at <= now else await self._send(email)
        async with self._database.transaction() as tx:
            if not error:
                await emails.ended(tx, email, EmailState.SENT, "", now)
            elif for_good:
                await emails.ended(tx, email, EmailState.FAILED, error, now)
            else:
                wait = BACK_OFF[min(email.attempts, len(BACK_OFF) - 1)]
                await emails.put_off(tx, email, now + wait, error, now)
        self._log.info("email.answered", email=email.id, error=error)

    async def _send(self, email: Email) -> tuple[str, bool]:
        """What went wrong, "" for nothing; and whether it would go wrong again."""
        settings = self._settings
        try:
            await aiosmtplib.send(
                self._message(email),
                hostname=settings.host,
                port=settings.port,
                username=settings.username or None,
                password=settings.password or None,
                use_tls=settings.security is Security.TLS,
                start_tls=settings.security is Security.STARTTLS,
                timeout=settings.timeout.total_seconds(),
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return f"{error.recipients[0].code} {error.recipients[0].message}", _is_final(error.recipients[0].code)
        except aiosmtplib.SMTPResponseException as error:
            return f"{error.code} {error.message}", _is_final(error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            return f"{type(error).__name__}: {error}", False
        return "", False

    def _message(self, email: Email) -> EmailMessage:
        one_line = " ".join(email.text.split())
        message = EmailMessage()
        message["From"] = self._settings.sender
        message["To"] = email.address
        message["Subject"] = one_line[:SUBJECT]
        message["Date"] = format_datetime(self._clock())
        message["Message-ID"] = make_msgid(f"textback-{email.id}", self._settings.sender.partition("@")[2])
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nothing that answers by itself answers this
        message.set_content(f"{email.body}\n\n{NO_ANSWERS}\n" if email.body else f"{one_line}\n\n{HOW_TO_ANSWER}\n")
        return message


def _is_final(code: int) -> bool:
    """RFC 5321, 4.2.1: 5yz is a permanent refusal. A refused sign-in (535) is our own fault and may be mended."""
    return 500 <= code < 600 and code not in (530, 534, 535, 538)

"""Passwords as argon2id hashes (RFC 9106, the library's defaults: 64 MB and about 50 ms a try)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from bridge.domain.i18n import N_, UserError

FEWEST = 8  # characters: NIST SP 800-63B, 5.1.1.1
MOST = 1000

HASHER = PasswordHasher()


def check(password: str) -> None:
    """UserError says why it cannot be a password."""
    if len(password) < FEWEST:
        raise UserError(N_("a password has %(number)s characters at least"), number=FEWEST)
    if len(password) > MOST:
        raise UserError(N_("a password has %(number)s characters at most"), number=MOST)


def hashed(password: str) -> str:
    return HASHER.hash(password)


def fits(password: str, kept: str | None) -> bool:
    """kept: None where nobody has that name; then it takes as long and fits nothing."""
    try:
        HASHER.verify(kept or _nobodys(), password[: MOST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


@cache
def _nobodys() -> str:
    return HASHER.hash("")

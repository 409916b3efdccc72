"""Passwords as argon2id hashes (RFC 9106, the library's defaults: 64 MB and about 50 ms a try)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

FEWEST = 8  # characters: NIST SP 800-63B, 5.1.1.1
MOST = 1000

HASHER = PasswordHasher()


def trouble(password: str) -> str:
    """Why it cannot be a password, "" if it can."""
    if len(password) < FEWEST:
        return f"a password has {FEWEST} characters at least"
    return f"a password has {MOST} characters at most" if len(password) > MOST else ""


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

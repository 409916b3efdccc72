"""The mail server through which staff are told."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class Security(StrEnum):
    """TLS: from the first byte (port 465). STARTTLS: insisted on (587). NONE: for a server on this machine."""

    TLS = "tls"
    STARTTLS = "starttls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """sender: the address that alerts come from. username: "" where the server asks for none."""

    host: str
    sender: str
    port: int = 587
    security: Security = Security.STARTTLS
    username: str = ""
    password: str = ""
    timeout: timedelta = timedelta(seconds=20)

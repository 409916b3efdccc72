"""What answers at an address where a PBX (AMI) or an SMS gateway (SMPP) should: a web server, TLS, another port of it.

Asked only after a connection failed, since its error tells little: a gateway that waits for the end of a web request is
silent for half a minute, and a plain port says "wrong version number" to whoever begins with TLS.
"""

import asyncio
import contextlib
import re
import ssl
from dataclasses import dataclass
from enum import StrEnum

GREETS, WITHIN = 0.5, 1.5  # seconds: before we ask, and for each thing that is tried
WEB = b"GET / HTTP/1.0\r\n\r\n"
NAMES = "openssl s_client -connect {where} </dev/null | openssl x509 -noout -ext subjectAltName"


class Spoken(StrEnum):
    """What it speaks, in words for people."""

    NOTHING = "nobody listens there"
    SILENCE = "it says nothing"
    TLS = "it speaks TLS"
    AMI = "an Asterisk Manager answers there"
    WEB = "a web server answers there"
    SSH = "an SSH server answers there"
    MAIL = "a mail or FTP server answers there"
    SIP = "a SIP server answers there"
    MARIADB = "a MariaDB or MySQL answers there"
    OTHER = "something else answers there"


GREETINGS = (
    (b"Asterisk Call Manager", Spoken.AMI),
    (b"HTTP/", Spoken.WEB),
    (b"<", Spoken.WEB),
    (b"SSH-", Spoken.SSH),
    (b"220", Spoken.MAIL),
    (b"* OK", Spoken.MAIL),
    (b"SIP/2.0", Spoken.SIP),
    (b"\x15\x03", Spoken.TLS),  # an alert (RFC 8446, 6)
)


MARIADB_GREETS = re.compile(rb".{3}\x00(?:\x0a\d|\xff)", re.DOTALL)
"""A packet of its protocol, the first one: a version, or an error."""


async def spoken_at(host: str, port: int) -> Spoken:
    """By its greeting, else by what it says to a web request, else by whether it takes TLS."""
    said = await _said(host, port)
    if said is None:
        return Spoken.NOTHING
    if MARIADB_GREETS.match(said):
        return Spoken.MARIADB
    if said:
        return next((spoken for start, spoken in GREETINGS if said.startswith(start)), Spoken.OTHER)
    return Spoken.TLS if await _takes_tls(host, port) else Spoken.SILENCE


async def _said(host: str, port: int) -> bytes | None:
    """At first, or to a web request; None where nobody can be reached."""
    try:
        async with asyncio.timeout(WITHIN):
            reader, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return None
    heard = asyncio.ensure_future(reader.read(64))
    try:
        await asyncio.wait([heard], timeout=GREETS)
        if not heard.done():
            writer.write(WEB)
        return await asyncio.wait_for(heard, WITHIN)
    except (OSError, TimeoutError):
        return b""
    finally:
        writer.close()


async def _takes_tls(host: str, port: int) -> bool:
    """With whatever certificate: who it is does not matter here."""
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(WITHIN):
            _, writer = await asyncio.open_connection(host, port, ssl=anybody)
        writer.close()
        return True
    return False


@dataclass(frozen=True, slots=True)
class Wanted:
    """table: of the configuration. plain, tls: its usual ports. ask: who knows better."""

    name: str
    table: str
    plain: int
    tls: int
    ask: str


AMI = Wanted("AMI", "[[pbx]]", 5038, 5039, "asterisk -rx 'manager show settings'")
MARIADB = Wanted("MariaDB", "[pbx.database]", 3306, 3306, "on the PBX: mariadb -e 'SELECT @@port'")
SMPP = Wanted("SMPP", "[smpp]", 2775, 3550, "ask the provider for its SMPP port, not that of its web interface")

CERTIFICATE = (
    ("self-signed", "ca_file = that certificate itself, as a PEM file, under {table}"),
    ("self signed", "ca_file = that certificate itself, as a PEM file, under {table}"),
    ("unable to get local issuer", "ca_file = the PEM file of whoever signed it, under {table}"),
    ("hostname mismatch", f"host under {{table}} = a name in its certificate: {NAMES}"),
    ("ip address mismatch", f"host under {{table}} = a name in its certificate: {NAMES}"),
    ("expired", "it needs a new certificate; and is the clock of this machine right? timedatectl"),
    ("certificate verify failed", "ca_file = the PEM file of whoever signed it, under {table}"),
)
NETWORK = (
    ("name or service not known", "host under {table}: getent hosts {host} finds no such name"),
    ("no address associated", "host under {table}: getent hosts {host} finds no such name"),
    ("temporary failure in name", "this machine resolves no names: getent hosts {host}; look at /etc/resolv.conf"),
    ("no route to host", "a firewall, or no way there: ip route get {host}"),
    ("network is unreachable", "no way there: ip route get {host}"),
)


def remedy_for(wanted: Wanted, error: str, where: tuple[str, int]) -> str:
    """By what the error itself tells, "" where that is nothing."""
    host, port = where
    told = error.casefold()
    found = next((remedy for mark, remedy in (*CERTIFICATE, *NETWORK) if mark in told), "")
    if found.startswith("ca_file") and wanted is MARIADB:
        found += '; or on the PBX\'s own machine host = "127.0.0.1" without tls'
    return found.format(table=wanted.table, where=f"{host}:{port}", host=host)


def remedy_by(wanted: Wanted, spoken: Spoken, *, tls: bool) -> str:
    """By what answers there instead, "" where that tells nothing."""
    if spoken is Spoken.TLS and not tls:
        return f"tls = true under {wanted.table}; or its port without TLS, mostly {wanted.plain}"
    if tls and spoken in (Spoken.AMI, Spoken.SILENCE):
        return f"tls = false under {wanted.table}, or its port with TLS, mostly {wanted.tls}: {wanted.ask}"
    if spoken.name == wanted.name.upper():
        return ""
    if spoken in (Spoken.WEB, Spoken.SSH, Spoken.MAIL, Spoken.SIP, Spoken.MARIADB, Spoken.OTHER):
        return f"port under {wanted.table}, mostly {wanted.plain}: {wanted.ask}"
    if wanted is SMPP and spoken is Spoken.AMI:
        return f"host and port under {wanted.table}: that is the PBX"
    return ""


async def diagnosis(wanted: Wanted, error: str, where: tuple[str, int], *, tls: bool) -> tuple[str, str]:
    """What more there is to say, and the remedy; both "" where looking told nothing."""
    if known := remedy_for(wanted, error, where):
        return "", known
    spoken = await spoken_at(*where)
    remedy = remedy_by(wanted, spoken, tls=tls)
    return (f"; {spoken}" if remedy else ""), remedy

"""Where the status page is served, with which certificate (TLS), and under which names it may be asked for."""

import ssl
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

THIS_MACHINE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class WebSettings:
    """hosts: names in the Host header beside the address itself; any other is refused (DNS rebinding).

    certificate, key: PEM files, for https. visitor: who sits there while nobody signs in and nobody has said.
    language: of the page; "" for what the browser asks for.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    visitor: str = "Front desk"
    language: str = ""


def is_loopback(host: str) -> bool:
    """Does only this machine reach it?"""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def tls(settings: WebSettings) -> ssl.SSLContext | None:
    """None for plain http. OSError (also ssl.SSLError) where certificate and key cannot be used."""
    if settings.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.certificate, settings.key)
    return context

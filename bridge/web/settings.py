"""Where the status page is served, and under which names it may be asked for."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path


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

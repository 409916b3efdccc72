"""Where the status page is served, with which certificate (TLS), and under which names it may be asked for."""

import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address
from pathlib import Path

THIS_MACHINE = "127.0.0.1"
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True)
class WebSettings:
    """hosts: names in the Host header beside the address itself; any other is refused (DNS rebinding).

    certificate, key: PEM files, for https. visitor: who sits there while nobody signs in and nobody has said.
    language: of the page; "" for what the browser asks for. trusted_proxies: whose word counts on who asks, and how.
    metrics_from, metrics_token: who may read how it goes; with neither everybody may. text_assigned: whoever is given a
    row is told on their mobile too. map_link: where an address leads to, with `{address}`; "" for nowhere.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    hosts: tuple[str, ...] = ()
    certificate: Path | None = None
    key: Path | None = None
    visitor: str = "Front desk"
    language: str = ""
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = ()
    metrics_from: tuple[IPv4Network | IPv6Network, ...] = ()
    metrics_token: str = field(default="", repr=False)
    text_assigned: bool = False
    map_link: str = ""

    @property
    def address(self) -> str:
        """Of the page, with a slash at its end."""
        scheme = "https" if self.certificate else "http"
        return f"{scheme}://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"

    @property
    def here(self) -> "WebSettings":
        """Where this machine finds the page as long as there are no users."""
        return self if is_loopback(self.host) else replace(self, host=THIS_MACHINE)

    def is_proxy(self, address: str) -> bool:
        return is_within(address, self.trusted_proxies)


def why_never_asked(host: str) -> str:
    """Why no browser ever asks by that name (Host header), "" where one may."""
    if not host:
        return "it is empty"
    if "*" in host:
        return "each name is written out, * stands for none"
    if not host.isascii():
        return "browsers send such a name in ASCII (xn--...)"
    if _is_name(host):
        return ""
    bare = re.sub(r"^\w*:?//|^\[|[]/?#].*|(?<!:):\d+(?=/|$)", "", host)
    return f"it is a name alone, without https://, port and path{f': {bare}' if _is_name(bare) else ''}"


def _is_name(host: str) -> bool:
    try:
        return bool(_NAME.fullmatch(host) or ip_address(host))
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Does only this machine reach it?"""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_within(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    """False also for what is no address, or one of another family."""
    try:
        read = ip_address(address)
    except ValueError:
        return False
    mapped = read.ipv4_mapped if isinstance(read, IPv6Address) else None
    return any((mapped or read) in network for network in networks)


def tls(settings: WebSettings) -> ssl.SSLContext | None:
    """None for plain http. OSError (also ssl.SSLError) where certificate and key cannot be used."""
    if settings.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.certificate, settings.key)
    return context

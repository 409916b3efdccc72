"""Where desk phones' scripts are served, and to whom."""

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

PORT = 4574  # FreePBX owns 4573
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@dataclass(frozen=True, slots=True)
class AgiSettings:
    """token: first part of the path that the dialplan asks for. pin: opens the text-back switch, "" keeps it shut.

    peers: who may connect at all. calls: scripts that may run at once. knocking: connections that have not shown the
    token yet; one more puts the oldest out.
    """

    token: str = field(repr=False)
    host: str = "127.0.0.1"
    port: int = PORT
    pin: str = field(default="", repr=False)
    peers: tuple[IPv4Network | IPv6Network, ...] = LOOPBACK
    calls: int = 100
    knocking: int = 50

    def lets_in(self, address: str) -> bool:
        return any(ip_address(address) in peer for peer in self.peers)

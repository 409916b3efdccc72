"""How a port is opened on this machine, by the firewall that is here: FreePBX's own, firewalld, ufw or nftables."""

import shutil
from collections.abc import Callable
from pathlib import Path

FREEPBX = Path("/etc/freepbx.conf")
Has = Callable[[str], object]


def opens(port: int, source: str = "", *, has: Has = shutil.which, freepbx: Path = FREEPBX) -> str:
    """What to type. source: whom it is opened for; else for everybody."""
    if freepbx.exists() and has("fwconsole"):
        if source:
            return f"fwconsole firewall trust {source}"
        return f"in FreePBX's GUI: Connectivity > Firewall > Services > Custom Services, TCP {port} for Local"
    tool = next((name for name in _WAYS if has(name)), "ufw")
    return _WAYS[tool](port, source)


def _firewalld(port: int, source: str) -> str:
    family = "ipv6" if ":" in source else "ipv4"
    rule = f"rule family={family} source address={source} port port={port} protocol=tcp accept"
    added = f"--add-rich-rule='{rule}'" if source else f"--add-port={port}/tcp"
    return f"firewall-cmd --permanent {added} && firewall-cmd --reload"


def _ufw(port: int, source: str) -> str:
    return f"ufw allow from {source} to any port {port} proto tcp" if source else f"ufw allow {port}/tcp"


def _nft(port: int, source: str) -> str:
    family = "ip6" if ":" in source else "ip"
    return f"nft insert rule inet filter input {f'{family} saddr {source} ' if source else ''}tcp dport {port} accept"


def _iptables(port: int, source: str) -> str:
    command = "ip6tables" if ":" in source else "iptables"
    return f"{command} -I INPUT -p tcp {f'-s {source} ' if source else ''}--dport {port} -j ACCEPT"


_WAYS = {"firewall-cmd": _firewalld, "ufw": _ufw, "nft": _nft, "iptables": _iptables}

"""Trying an address before anything depends on it."""

import socket


def try_listening(host: str, port: int) -> None:
    """Listen there for a moment. Raises OSError where that cannot be."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    socket.create_server((host, port), family=family).close()


def own_address(towards: str) -> str:
    """The address that this machine has for that one, "" for none. A datagram socket: nothing is sent."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(towards, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as probe:
            probe.connect(address)
            found: str = probe.getsockname()[0]
            return found
    except OSError:
        return ""

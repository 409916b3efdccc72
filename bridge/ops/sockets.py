"""Listening: trying an address before anything depends on it, and being asked by more than there is room for.

Every connection is a descriptor, and the PBX, the gateway and the database need some too (denial of service, EMFILE,
`LimitNOFILE`). So who listens for strangers counts whom it lets in, in all and from one address.
"""

import asyncio
import errno
import resource
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any, Protocol
from weakref import finalize

from bridge.ops.seldom_log import SeldomLog

RESERVED = 256
"""Descriptors that no page takes: the database's dozen, one a PBX and gateway, 150 for phones' scripts, and files."""

MOST, FEWEST = 2048, 32
LAST_PLACES = 8  # for each of these parts of all places one is kept for addresses that have few
FEW = 8
TURNED_AWAY_AT_ONCE = 100

IsShared = Callable[[str], bool]


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


def household(address: str) -> str:
    """Whom an address counts as: of IPv6 everybody in its /64, since a host may choose among those as it likes."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return address
    return str(read.ipv4_mapped or IPv6Address(int(read) >> 64 << 64))


class Idle(Protocol):
    """A connection, as far as it may have to make room."""

    @property
    def is_idle(self) -> bool:
        """Has it asked nothing, or not to its end, so that nobody waits for an answer?"""

    def make_room(self) -> None:
        """Close now."""


class ConnectionLimit:
    """Who may come in beside those that are in. A quarter of all is the most for one address.

    Who comes takes the place of the first of the same address that asks nothing, so that the rest of whoever keeps
    half a request open (slowloris) still has its answers.
    """

    def __init__(self, total: int, per_address: int = 0) -> None:
        self.total = total
        self._per_address = per_address or total // 4
        self._inside: Counter[str] = Counter()
        self._count = 0
        self._connected: dict[str, dict[Idle, None]] = {}  # in the order in which they came

    @classmethod
    def of_process(cls) -> "ConnectionLimit":
        """What this process may open, less what others in it need."""
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        allowed = MOST if soft == resource.RLIM_INFINITY else soft - RESERVED
        return cls(max(FEWEST, min(MOST, allowed)))

    def let_in(self, address: str, *, shared: bool = False) -> bool:
        """False where it is one too many. shared: many come by this address, so that only all together count."""
        who = household(address)
        few = self._count >= self.total - self.total // LAST_PLACES
        most = self.total if shared else FEW if few else self._per_address
        if (self._count >= self.total or self._inside[who] >= most) and not self._made_room(who):
            return False
        self._inside[who] += 1
        self._count += 1
        return True

    def _made_room(self, who: str) -> bool:
        idle = next((one for one in self._connected.get(who, ()) if one.is_idle), None)
        if idle is None:
            return False
        del self._connected[who][idle]
        idle.make_room()  # it gives its place back in a moment
        return True

    def connected(self, address: str, connection: Idle) -> None:
        self._connected.setdefault(household(address), {})[connection] = None

    def disconnected(self, address: str, connection: Idle) -> None:
        who = household(address)
        self._connected.get(who, {}).pop(connection, None)
        if not self._connected.get(who):
            self._connected.pop(who, None)

    def inside(self, address: str) -> dict[str, int]:
        """How many are in from there, and in all."""
        return {"at_once": self._inside[household(address)], "in_all": self._count}

    def let_go(self, address: str) -> None:
        who = household(address)
        self._inside[who] -= 1
        self._count -= 1
        if not self._inside[who]:
            del self._inside[who]


class BoundedListener(socket.socket):
    """A listening socket, as asyncio takes it, whose `accept` lets in no more than there is room for.

    They count from here on, also before they have shaken hands (TLS) or said anything. is_shared: by address.
    """

    limit: ConnectionLimit
    is_shared: IsShared
    turned_away: SeldomLog

    @classmethod
    def at(cls, host: str, port: int, limit: ConnectionLimit, is_shared: IsShared) -> Sequence["BoundedListener"]:
        """One for each address that the name has. Raises OSError."""
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return [cls._bound(family, where, limit, is_shared) for family, _, _, _, where in dict.fromkeys(found)]

    @classmethod
    def _bound(cls, family: int, where: Any, limit: ConnectionLimit, is_shared: IsShared) -> "BoundedListener":
        made = cls(family, socket.SOCK_STREAM)
        made.limit, made.is_shared, made.turned_away = limit, is_shared, SeldomLog("page.crowded")
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(where)
        except OSError:
            made.close()
            raise
        return made

    def accept(self) -> tuple[socket.socket, Any]:
        """The next that may come in. Raises BlockingIOError where nobody waits, or too many were turned away."""
        for _ in range(TURNED_AWAY_AT_ONCE):
            accepted, address = super().accept()
            if self.limit.let_in(address[0], shared=self.is_shared(address[0])):
                return _Accepted.of(accepted, address[0], self.limit), address
            accepted.close()
            self.turned_away(remote=address[0], **self.limit.inside(address[0]))
        raise BlockingIOError


class _Accepted(socket.socket):
    """Gives its place back when it is closed, or forgotten."""

    _leave: Callable[[], object]

    @classmethod
    def of(cls, accepted: socket.socket, address: str, limit: ConnectionLimit) -> "_Accepted":
        made = cls(accepted.family, accepted.type, accepted.proto, accepted.detach())
        made._leave = finalize(made, limit.let_go, address)
        return made

    def close(self) -> None:
        super().close()
        self._leave()


def outlive_full_tables() -> None:
    """Of this loop: where no descriptor is left to accept with (EMFILE), asyncio pauses; it is said once a minute."""
    full = SeldomLog("accept.no_descriptor")

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE) and "socket" in context:
            full(do="raise LimitNOFILE of the service", why=error.strerror)
        else:
            loop.default_exception_handler(context)

    asyncio.get_running_loop().set_exception_handler(handle)

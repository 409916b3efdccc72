"""How to reach a FreeSWITCH over its event socket (ESL), and how to read what it tells."""

from dataclasses import dataclass, field

from bridge.pbx.line import refuse_control_characters


@dataclass(frozen=True, slots=True)
class EslSettings:
    """How to reach one FreeSWITCH. Times are seconds.

    name: what it is called here. host, port: of its event socket. username: `textback@domain` of a user of its
    directory, which may do no more than is needed; "" for the password of `event_socket.conf.xml`, which may do all.
    secret: the password; needed. answer_timeout: how long an answer may take. silence: so long nothing at all, not even
    a HEARTBEAT (one each 20), and the connection is given up. snapshot_interval: how often to ask which channels live.
    queue_size: kilobytes of events that may wait here before we begin anew. trunks: patterns on sofia profiles and
    gateways over which calls come in. contexts: patterns of dialplan contexts in which they begin, where a profile
    carries phones too. domain: that of this office, on a switch of several.
    """

    name: str
    host: str = "127.0.0.1"
    port: int = 8021
    username: str = ""
    secret: str = field(default="", repr=False)
    answer_timeout: float = 10.0
    silence: float = 60.0
    snapshot_interval: float = 300.0
    queue_size: int = 100_000
    trunks: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    domain: str = ""

    def __post_init__(self) -> None:
        refuse_control_characters({"username": self.username, "secret": self.secret})

    @property
    def login(self) -> str:
        return f"userauth {self.username}:{self.secret}" if self.username else f"auth {self.secret}"

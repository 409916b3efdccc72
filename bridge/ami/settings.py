"""How to reach a PBX over its manager interface (AMI), and how to read what it tells."""

from dataclasses import dataclass, field
from pathlib import Path

from bridge.pbx.line import refuse_control_characters


@dataclass(frozen=True, slots=True)
class RecordsSettings:
    """Where a PBX keeps its own records of calls in a MariaDB or MySQL, as FreePBX does: what ended while we were away
    is looked for in its table `cel`, and in `cdr` what that does not tell.

    host: its name or address, or the path of its socket. port: there. name: of the database. user: may read those two
    tables, and nothing else. password: of that user. tls: speak TLS. ca_file: who may vouch for its certificate, the
    machine's own authorities where there is none.
    """

    host: str = "127.0.0.1"
    port: int = 3306
    name: str = "asteriskcdrdb"
    user: str = "textback"
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """How to reach one PBX. Times are seconds.

    name: what it is called here. host, port: of its Manager Interface (AMI). username: of our account there. secret:
    of that account; needed. tls: speak TLS. ca_file: who may vouch for the PBX's certificate, the machine's own
    authorities where there is none. ping_interval: how often to ask whether it is there; no answer for as long again
    ends the connection. answer_timeout: how long an answer may take. snapshot_interval: how often to ask which
    channels live, so that a lost Hangup is noticed. queue_size: kilobytes of events, about one each, that may wait
    here before the PBX has to wait as well. trunks: patterns such as `PJSIP/trunk-*`: channels on which calls come in
    from outside; without any, well-known contexts tell. machines: patterns of channels with nobody behind them, though
    they look like phones: a voice bot, a fax adapter, a paging amplifier (`PJSIP/paging-*`). ignore_contexts: patterns
    of dialplan contexts, or of `context,extension`: calls that begin or end there, such as where callers are turned
    away, are only listed; FreePBX's blacklist is known. cdr: where it writes its own records of calls, as `cdr_csv`
    or (CEL) `cel_custom` does; what ended while we were away is looked for there.
    database: where it keeps them in a database instead.
    """

    name: str
    host: str = "127.0.0.1"
    port: int = 5038
    username: str = "textback"
    secret: str = field(default="", repr=False)
    tls: bool = False
    ca_file: str | None = None
    ping_interval: float = 10.0
    answer_timeout: float = 10.0
    snapshot_interval: float = 300.0
    queue_size: int = 100_000
    trunks: tuple[str, ...] = ()
    machines: tuple[str, ...] = ()
    ignore_contexts: tuple[str, ...] = ()
    cdr: Path | None = None
    database: RecordsSettings | None = None

    def __post_init__(self) -> None:
        refuse_control_characters({"username": self.username, "secret": self.secret})

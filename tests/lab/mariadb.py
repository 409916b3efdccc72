"""A real MariaDB of one's own, as a FreePBX has it: `asteriskcdrdb`, its tables as FreePBX 17 makes them.

What makes it slow is left out: it keeps nothing that its end should outlive. So it stands in half a second.
"""

import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any

import asyncmy

from bridge.ami.settings import RecordsSettings
from tests.lab.asterisk import LabError, bound_to_us
from tests.ports import reserve

SYSTEM_TABLES = Path("/usr/share/mysql")
SERVER, START_SECONDS = "mariadbd", 30
USER, PASSWORD = "textback", 'read it\'s "only"'
CHEAP = (
    *("--innodb-buffer-pool-size=8M", "--innodb-log-file-size=4M", "--innodb-flush-method=nosync"),
    *("--innodb-flush-log-at-trx-commit=0", "--innodb-doublewrite=0", "--innodb-fast-shutdown=2"),
    *("--innodb-temp-data-file-path=ibtmp1:8M:autoextend", "--key-buffer-size=1M", "--aria-pagecache-buffer-size=1M"),
    *("--performance-schema=0", "--skip-log-bin", "--skip-name-resolve"),
)
CEL_TABLE = """
CREATE TABLE cel (
  id int NOT NULL AUTO_INCREMENT PRIMARY KEY, eventtype varchar(30) NOT NULL, eventtime datetime NOT NULL,
  cid_name varchar(80) NOT NULL DEFAULT '', cid_num varchar(80) NOT NULL DEFAULT '',
  cid_ani varchar(80) NOT NULL DEFAULT '', cid_rdnis varchar(80) NOT NULL DEFAULT '',
  cid_dnid varchar(80) NOT NULL DEFAULT '', exten varchar(80) NOT NULL DEFAULT '',
  context varchar(80) NOT NULL DEFAULT '', channame varchar(80) NOT NULL DEFAULT '',
  appname varchar(80) NOT NULL DEFAULT '', appdata varchar(255) NOT NULL DEFAULT '',
  amaflags int NOT NULL DEFAULT 0, accountcode varchar(20) NOT NULL DEFAULT '', uniqueid varchar(32) NOT NULL,
  linkedid varchar(32) NOT NULL, peer varchar(80) NOT NULL DEFAULT '', userdeftype varchar(255) NOT NULL DEFAULT '',
  extra varchar(512) NOT NULL DEFAULT '',
  KEY uniqueid_index (uniqueid), KEY linkedid_index (linkedid), KEY context_index (context)
) DEFAULT CHARSET utf8mb4
"""
CDR_TABLE = """
CREATE TABLE cdr (
  calldate datetime NOT NULL, clid varchar(80) NOT NULL DEFAULT '', src varchar(80) NOT NULL DEFAULT '',
  dst varchar(80) NOT NULL DEFAULT '', dcontext varchar(80) NOT NULL DEFAULT '',
  channel varchar(80) NOT NULL DEFAULT '', dstchannel varchar(80) NOT NULL DEFAULT '',
  lastapp varchar(80) NOT NULL DEFAULT '', lastdata varchar(80) NOT NULL DEFAULT '',
  duration int NOT NULL DEFAULT 0, billsec int NOT NULL DEFAULT 0, disposition varchar(45) NOT NULL DEFAULT '',
  amaflags int NOT NULL DEFAULT 0, accountcode varchar(20) NOT NULL DEFAULT '', uniqueid varchar(32) NOT NULL,
  userfield varchar(255) NOT NULL DEFAULT '', did varchar(50) NOT NULL DEFAULT '',
  recordingfile varchar(255) NOT NULL DEFAULT '', cnum varchar(80) NOT NULL DEFAULT '',
  cnam varchar(80) NOT NULL DEFAULT '', outbound_cnum varchar(80) NOT NULL DEFAULT '',
  outbound_cnam varchar(80) NOT NULL DEFAULT '', dst_cnam varchar(80) NOT NULL DEFAULT '',
  linkedid varchar(32) NOT NULL DEFAULT '', peeraccount varchar(80) NOT NULL DEFAULT '',
  sequence int NOT NULL DEFAULT 0,
  KEY calldate (calldate), KEY dst (dst), KEY accountcode (accountcode), KEY uniqueid (uniqueid), KEY did (did)
) DEFAULT CHARSET utf8mb4
"""
TABLES = {"cel": CEL_TABLE, "cdr": CDR_TABLE}


@dataclass(frozen=True)
class Records:
    """One database in the server, and our read-only account there. socket: where its administrator may do anything."""

    settings: RecordsSettings
    socket: Path

    async def run(self, *queries: str) -> None:
        await self._run(self.settings.name, [(query, None) for query in queries])

    async def insert(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Values that the table has no column for are left out."""
        written = []
        for row in rows:
            known = {column: value for column, value in row.items() if column in TABLES[table]}
            places = ", ".join(["%s"] * len(known))
            written.append((f"INSERT INTO {table} ({', '.join(known)}) VALUES ({places})", tuple(known.values())))
        await self._run(self.settings.name, written)

    async def _run(self, database: str, queries: Iterable[tuple[str, Any]]) -> None:
        connection = await asyncmy.connect(unix_socket=str(self.socket), user="root", db=database, autocommit=True)
        async with connection.cursor() as cursor:
            for query, values in queries:
                await cursor.execute(query, values)
        await connection.ensure_closed()


class MariaDb:
    def __init__(self, folder: Path, certificate: Path) -> None:
        self._socket = folder / "socket"
        self._settings = RecordsSettings(port=reserve(), user=USER, password=PASSWORD, ca_file=str(certificate))
        self._numbers = count()

    @property
    def arguments(self) -> list[str]:
        ca = self._settings.ca_file
        return [
            *(f"--socket={self._socket}", "--bind-address=127.0.0.1", f"--port={self._settings.port}"),
            *(f"--ssl-cert={ca}", f"--ssl-key={ca}"),
        ]

    async def new(self, *tables: str) -> Records:
        """A database of its own, with these tables, of which our account may read each."""
        name = f"asteriskcdrdb{next(self._numbers)}"
        records = Records(replace(self._settings, name=name), self._socket)
        account = f"'{USER}{name[13:]}'@'127.0.0.1'"
        settings = replace(records.settings, user=f"{USER}{name[13:]}")
        escaped = PASSWORD.replace("'", "''")
        await records._run(
            "mysql",
            [
                (query, None)
                for query in (
                    f"CREATE DATABASE {name}",
                    f"USE {name}",
                    *(TABLES[table] for table in tables),
                    f"CREATE USER {account} IDENTIFIED BY '{escaped}'",
                    *(f"GRANT SELECT ON {name}.{table} TO {account}" for table in tables),
                )
            ],
        )
        return replace(records, settings=settings)


@contextmanager
def running_mariadb(folder: Path) -> Iterator[MariaDb]:
    server = shutil.which(SERVER) or shutil.which(SERVER, path="/usr/sbin")
    if not server:
        raise LabError("no mariadbd: apt-get install mariadb-server-core")
    certificate = folder / "server.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    alternatives = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(certificate), "-out", str(folder / "c")]
    subprocess.run([*request.split(), *alternatives], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + (folder / "c").read_text())
    system = "".join((SYSTEM_TABLES / f"mysql_system_tables{part}.sql").read_text() for part in ("", "_data"))
    common = [server, "--no-defaults", f"--datadir={folder / 'data'}", f"--tmpdir={folder}", "--user=root", *CHEAP]
    (folder / "data").mkdir()
    made = subprocess.run(
        [*common, "--bootstrap"],
        input=f"CREATE DATABASE mysql;\nUSE mysql;\n{system}".encode(),
        capture_output=True,
        check=False,
    )
    if made.returncode:
        raise LabError(f"MariaDB made no database: {made.stderr.decode()[-500:]}")
    mariadb = MariaDb(folder, certificate)
    log = folder / "log"
    with log.open("w") as said:
        process = subprocess.Popen([*bound_to_us(), *common, *mariadb.arguments], stderr=said)
    deadline = time.monotonic() + START_SECONDS
    while "ready for connections" not in log.read_text():
        if time.monotonic() > deadline or process.poll() is not None:
            process.kill()
            raise LabError(f"MariaDB did not start:\n{log.read_text()[-2000:]}")
        time.sleep(0.02)
    try:
        yield mariadb
    finally:
        process.kill()
        process.wait()

"""`async with NodeSmsc.start() as smsc:` runs the foreign SMSC for one test and steers it."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from tests.lab.fixtures import missing
from tests.lab.smsc.prepare import HERE, why_not

SYSTEM_ID = "textback"
PASSWORD = "secret"
STARTING = 20.0


@dataclass(frozen=True, slots=True)
class NodeSmsc:
    """port: where it speaks SMPP, a free one unless one is asked for. ca_file: whom to trust if it speaks TLS."""

    port: int
    ca_file: Path | None
    _http: aiohttp.ClientSession

    @classmethod
    @asynccontextmanager
    async def start(
        cls, *, tls_in: Path | None = None, system_id: str = SYSTEM_ID, password: str = PASSWORD, port: int = 0
    ) -> AsyncIterator["NodeSmsc"]:
        """tls_in: an empty directory for a key and a self-made certificate of `localhost`; None for plain TCP.

        Skips the test, or fails it where real parts are required, if this machine has no Node or no npm package.
        """
        if why := why_not():
            missing(why)
        certificate = _certificate(tls_in) if tls_in else {}
        process = await asyncio.create_subprocess_exec(
            "node",
            str(HERE / "server.js"),
            json.dumps({"system_id": system_id, "password": password, "port": port, **certificate}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout
        try:
            async with asyncio.timeout(STARTING):
                ports = json.loads(await process.stdout.readline())
            async with aiohttp.ClientSession(f"http://127.0.0.1:{ports['http']}") as http, asyncio.TaskGroup() as group:
                reading = group.create_task(_swallow(process.stdout))
                yield cls(ports["smpp"], tls_in / "cert.pem" if tls_in else None, http)
                reading.cancel()
        finally:
            process.kill()
            await process.wait()

    async def submitted(self, count: int) -> Sequence[Mapping[str, Any]]:
        """The submits so far, as soon as there are `count`."""
        submits: Sequence[Mapping[str, Any]] = (await self._ask("GET", f"/submits?count={count}"))["submits"]
        return submits

    async def bound(self, sessions: int = 1) -> None:
        """Returns as soon as just so many sessions are bound to receive."""
        await self._ask("GET", f"/sessions?count={sessions}")

    async def inject(
        self, *, source: str, destination: str, text: str, over: int | Sequence[int] = 0, reverse: bool = False
    ) -> list[int]:
        """A customer's text, in parts if it is long; the command_status that answered each part.

        over: through which of the sessions that are bound to receive, each part if there are several.
        """
        answer = await self._ask(
            "POST", "/inject", source=source, destination=destination, text=text, over=over, reversed=reverse
        )
        return [int(status) for status in answer["statuses"]]

    async def inject_pdu(self, **fields: object) -> int:
        """A deliver_sm by its fields (`short_message_hex` for octets): its command_status."""
        return int((await self._ask("POST", "/inject", **fields))["statuses"][0])

    async def inject_octets(self, octets: bytes) -> None:
        await self._ask("POST", "/raw", hex=octets.hex())

    async def behave(self, **by_destination: Sequence[Mapping[str, object]]) -> None:
        """Keys are destinations without a plus, or `every`; see server.js for what a behaviour can say."""
        await self._ask(
            "POST", "/behave", **{"*" if key == "every" else key: row for key, row in by_destination.items()}
        )

    async def unbind(self) -> None:
        await self._ask("POST", "/unbind")

    async def drop(self) -> None:
        await self._ask("POST", "/drop")

    async def _ask(self, method: str, path: str, **body: object) -> dict[str, Any]:
        async with self._http.request(method, path, json=body if method == "POST" else None) as response:
            answer: dict[str, Any] = json.loads(await response.text())
            if response.status != 200:
                raise ConnectionError(answer["error"])
            return answer


async def _swallow(stream: asyncio.StreamReader) -> None:
    """It writes a line a submit; a full pipe would stop it."""
    while await stream.read(65536):
        pass


def _certificate(directory: Path) -> dict[str, str]:
    key, cert = directory / "key.pem", directory / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost"
    subprocess.run(
        [*command.split(), "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)],
        check=True,
        capture_output=True,
    )
    return {"key": str(key), "cert": str(cert)}

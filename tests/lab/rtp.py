"""A stream of silence that can press keys and speak: G.711 and RFC 4733 telephone-events. For the lab only."""

import asyncio
import secrets
import socket
import struct

FRAME = 160  # samples of 20 ms at 8 kHz
KEYS = "0123456789*#"
SILENCE, SOUND = b"\xff" * FRAME, b"\x00\x00\x00\x00\x80\x80\x80\x80" * (FRAME // 8)
KEY_FRAMES = 6
END_REPEATS = 3


class Media:
    """Sends from its own port as long as it is `running`; of what comes in, only another's sound is known again."""

    def __init__(self, ip: str) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((ip, 0))
        self._socket.setblocking(False)
        self.port: int = self._socket.getsockname()[1]
        self.speaks, self.hears = False, asyncio.Event()
        self._keys: asyncio.Queue[str] = asyncio.Queue()
        self._pressed = asyncio.Event()
        self._sequence = 1
        self._timestamp = 0
        self._source = secrets.randbits(32)

    async def run(self, to: tuple[str, int]) -> None:
        """One packet every 20 ms, for ever."""
        while True:
            if self._keys.empty():
                self._send(to, 0, self._timestamp, SOUND if self.speaks else SILENCE)
                await self._tick()
            else:
                await self._send_key(to, KEYS.index(self._keys.get_nowait()))
                self._pressed.set()

    async def press(self, keys: str, pause: float = 0.3) -> None:
        for key in keys:
            self._pressed.clear()
            self._keys.put_nowait(key)
            await self._pressed.wait()
            await asyncio.sleep(pause)

    def close(self) -> None:
        self._socket.close()

    async def _send_key(self, to: tuple[str, int], key: int) -> None:
        began = self._timestamp
        for frame in range(1, KEY_FRAMES + END_REPEATS + 1):
            ended = 0x80 if frame > KEY_FRAMES else 0
            payload = struct.pack("!BBH", key, ended | 10, FRAME * min(frame, KEY_FRAMES))
            self._send(to, 101 | (0x80 if frame == 1 else 0), began, payload)
            await self._tick()

    def _send(self, to: tuple[str, int], kind: int, timestamp: int, payload: bytes) -> None:
        header = struct.pack("!BBHII", 0x80, kind, self._sequence & 0xFFFF, timestamp & 0xFFFFFFFF, self._source)
        try:
            self._socket.sendto(header + payload, to)
            while True:
                self._receive(self._socket.recv(2048))
        except OSError:  # nothing to read, or the far end has just closed its port
            return

    def _receive(self, packet: bytes) -> None:
        spoken = packet[12:]
        if spoken.count(SOUND[0]) + spoken.count(SOUND[-1]) >= FRAME - 8:
            self.hears.set()

    async def _tick(self) -> None:
        self._sequence += 1
        self._timestamp += FRAME
        await asyncio.sleep(0.02)

"""As much SIP as a desk phone needs (RFC 3261), as text in and text out. For the lab only."""

import hashlib
import re
import secrets
from dataclasses import dataclass

SHORT_NAMES = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}


def token(length: int = 12) -> str:
    return secrets.token_hex(length)[:length]


def branch() -> str:
    return "z9hG4bK" + token()


@dataclass(frozen=True, slots=True)
class SipMessage:
    """A request or a response. Header names are lower case, repeated ones kept in order."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: str = ""

    @property
    def is_response(self) -> bool:
        return self.start.startswith("SIP/2.0")

    @property
    def status(self) -> int:
        return int(self.start.split()[1])

    @property
    def method(self) -> str:
        """Of a request, or of the request that a response answers."""
        return self.get("cseq").split()[1] if self.is_response else self.start.split()[0]

    @property
    def cseq(self) -> int:
        return int(self.get("cseq").split()[0])

    def get(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


def parse(text: str) -> SipMessage:
    head, _, body = text.partition("\r\n\r\n")
    start, *lines = head.split("\r\n")
    pairs = (line.partition(":")[::2] for line in lines)
    return SipMessage(start, tuple((_full_name(key), value.strip()) for key, value in pairs), body)


def _full_name(key: str) -> str:
    name = key.strip().lower()
    return SHORT_NAMES.get(name, name)


def render(start: str, headers: list[tuple[str, str]], body: str = "", content_type: str = "application/sdp") -> str:
    typed = [("Content-Type", content_type)] if body else []
    lines = [f"{key}: {value}" for key, value in [*headers, *typed, ("Content-Length", str(len(body)))]]
    return "\r\n".join([start, *lines, "", body])


def tag_of(address: str) -> str:
    found = re.search(r";tag=([^;>\s]+)", address)
    return found.group(1) if found else ""


def uri_of(address: str) -> str:
    """The URI in a From, To or Contact header."""
    found = re.search(r"sips?:[^>;\s]+", address)
    return found.group(0) if found else ""


def user_of(uri: str) -> str:
    return uri.partition(":")[2].partition("@")[0]


def digest(challenge: str, *, user: str, password: str, method: str, uri: str) -> str:
    """The Authorization value that answers a challenge (RFC 2617, MD5)."""
    asked = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
    secret = _md5(f"{user}:{asked['realm']}:{password}")
    request = _md5(f"{method}:{uri}")
    client_nonce = token()
    with_qop = "qop" in asked
    middle = f"{asked['nonce']}:00000001:{client_nonce}:auth" if with_qop else asked["nonce"]
    fields = {
        "username": user,
        "realm": asked["realm"],
        "nonce": asked["nonce"],
        "uri": uri,
        "response": _md5(f"{secret}:{middle}:{request}"),
    }
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    quoted = ",".join(f'{key}="{value}"' for key, value in fields.items())
    return f"Digest {quoted},algorithm=MD5" + (f',qop=auth,nc=00000001,cnonce="{client_nonce}"' if with_qop else "")


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


def sdp(ip: str, port: int, *, direction: str = "sendrecv") -> str:
    """An offer or answer of G.711 with telephone-events."""
    return (
        f"v=0\r\no=- 1 {secrets.randbelow(10**9)} IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\n"
        f"a=fmtp:101 0-15\r\na={direction}\r\n"
    )


def media_address(sdp_text: str) -> tuple[str, int] | None:
    ip = re.search(r"c=IN IP4 (\S+)", sdp_text)
    port = re.search(r"m=audio (\d+)", sdp_text)
    return (ip.group(1), int(port.group(1))) if ip and port else None

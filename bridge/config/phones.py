"""`[phones]`: the scripts that desk phones ask for, and who may. Without the table there are none."""

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import StringConstraints

from agi.settings import LOOPBACK, AgiSettings
from bridge.config.problems import Problems
from bridge.config.secrets import Secrets
from bridge.config.values import Network, listen_address
from bridge.web.settings import is_loopback

SHIPPED_TOKEN = "CHANGE-ME"  # noqa: S105  what the dialplan snippet has in its place


@dataclass(frozen=True, slots=True)
class PhonesSection:
    """The queue on desk phones (FastAGI). `textback dialplan` gives the snippets.

    token: what the dialplan shows to be let in: `openssl rand -hex 16`. pin: digits that open the text-back switch;
    without them it stays shut. listen: address and port. peers: addresses or networks of PBXs on other machines.
    """

    token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")] = field(repr=False)
    pin: Annotated[str, StringConstraints(pattern=r"^([0-9]{4,12})?$")] = field(default="", repr=False)
    listen: str = "127.0.0.1:4574"
    peers: tuple[Network, ...] = ()


def phones(problems: Problems, secrets: Secrets, raw: Any) -> AgiSettings | None:
    if raw is None:
        return None
    if isinstance(raw, dict):
        raw = secrets.filled(raw, "token", "phones", "phones.token")
        if "pin_file" in raw or "pin" in raw:
            raw = secrets.filled(raw, "pin", "phones", "phones.pin")
    section = problems.take(PhonesSection, raw, "phones")
    return None if section is None else _settings(problems, section)


def _settings(problems: Problems, section: PhonesSection) -> AgiSettings | None:
    if section.token == SHIPPED_TOKEN:
        problems.add("phones.token", "is the one everybody has; make one of your own: openssl rand -hex 16")
    try:
        host, port = listen_address(section.listen)
    except ValueError as error:
        problems.add("phones.listen", str(error))
        return None
    if not is_loopback(host) and not section.peers:
        problems.add("phones.peers", "is missing: say which PBX may connect when others than this machine can")
    return AgiSettings(section.token, host, port, section.pin, LOOPBACK + section.peers)

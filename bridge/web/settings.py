"""Where the status page is served, and under which names it may be asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebSettings:
    """hosts: names in the Host header beside the address itself; any other is refused (DNS rebinding)."""

    host: str = "127.0.0.1"
    port: int = 8080
    hosts: tuple[str, ...] = ()

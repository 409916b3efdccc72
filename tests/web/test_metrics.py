"""Who may read how it goes: everybody until the configuration says who; then who is named, and our own commands."""

from dataclasses import replace
from ipaddress import ip_network

import pytest

from bridge.web.settings import WebSettings
from tests.desk import Desk
from tests.web.served import served

TOKEN = "0123456789abcdef"
OWN = "as a command of ours"
BEHIND = WebSettings(trusted_proxies=(ip_network("127.0.0.1"),))
NAMED = replace(BEHIND, metrics_from=(ip_network("192.0.2.0/24"),))
BY_ITSELF = replace(BEHIND, metrics_from=(ip_network("127.0.0.0/8"),))
WITH_TOKEN = replace(BEHIND, metrics_token=TOKEN)


@pytest.mark.parametrize(
    ("settings", "remote", "token", "status"),
    [
        (BEHIND, "203.0.113.9", "", 200),
        (NAMED, "192.0.2.7", "", 200),
        (NAMED, "203.0.113.9", "", 403),
        (NAMED, "203.0.113.9", TOKEN, 403),
        (NAMED, "127.0.0.1", "", 403),
        (NAMED, "", "", 403),
        (NAMED, "", OWN, 200),
        (BY_ITSELF, "", "", 200),
        (BY_ITSELF, "203.0.113.9", "", 403),
        (replace(BY_ITSELF, trusted_proxies=()), "127.0.0.1", "", 403),
        (WITH_TOKEN, "203.0.113.9", TOKEN, 200),
        (WITH_TOKEN, "203.0.113.9", TOKEN[:-1], 403),
        (WITH_TOKEN, "203.0.113.9", "", 403),
        (WITH_TOKEN, "", "", 403),
        (WITH_TOKEN, "", OWN, 200),
        (replace(NAMED, trusted_proxies=()), "192.0.2.7", "", 403),
    ],
)
async def test_metrics_and_health_are_for_whom_the_configuration_names(
    desk: Desk, settings: WebSettings, remote: str, token: str, status: int
) -> None:
    headers = {"X-Forwarded-For": remote} if remote else {}
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    async with served(desk, settings=settings, own_token=OWN) as client:
        for path, expected in (("/metrics", status), ("/healthz", status), ("/readyz", 200)):
            async with client.get(path, headers=headers) as answer:
                assert answer.status == expected, path
                assert ("textback_" in await answer.text()) is (answer.status == 200 and path == "/metrics")

"""The small types of the file: countries, zones, durations, opening hours, listen addresses."""

import re
from dataclasses import dataclass
from datetime import date, time, timedelta
from ipaddress import IPv4Network, IPv6Network, ip_interface, ip_network
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from bridge.config.typed import country_meant, why_no_host, zone_meant
from bridge.domain.office.hours import OpeningSpan

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,9}) ?(s|sec|secs|seconds?|m|min|mins|minutes?|h|hr|hrs|hours?|d|days?)", re.IGNORECASE)
_TIME = re.compile(r"(\d\d?):(\d\d)")


def country(code: str) -> str:
    if code.upper() not in phonenumbers.SUPPORTED_REGIONS:
        meant = country_meant(code) or "US"
        raise ValueError(f'"{code}" is no country; two letters such as "{meant}" are (ISO 3166)')
    return code.upper()


def zone(name: Any) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        meant = (isinstance(name, str) and zone_meant(name)) or "America/New_York"
        raise ValueError(f'{name!r} is no time zone; one is written like "{meant}"') from None


def duration(written: Any) -> timedelta:
    """`4s`, `15 min`, `24h`, `2d`, the same in whole words, or a number of seconds."""
    if isinstance(written, timedelta):
        return written
    if isinstance(written, int | float) and not isinstance(written, bool) and 0 <= written < 10**9:
        return timedelta(seconds=written)
    found = _DURATION.fullmatch(written.strip()) if isinstance(written, str) else None
    if not found:
        raise ValueError('should be a duration such as "4s", "15 min", "24h" or "2d"')
    return timedelta(**{UNITS[found[2][0].lower()]: int(found[1])})


@dataclass(frozen=True, slots=True)
class DurationLimits:
    """Both ends belong to it."""

    least: timedelta
    most: timedelta

    def __call__(self, value: timedelta) -> timedelta:
        if not self.least <= value <= self.most:
            raise ValueError(f"should be from {_seconds(self.least)} to {_seconds(self.most)}")
        return value


def between(least: timedelta, most: timedelta) -> AfterValidator:
    return AfterValidator(DurationLimits(least, most))


def _seconds(value: timedelta) -> str:
    return f"{value.total_seconds():.0f}s"


def _day_names(written: str) -> tuple[int, ...]:
    """`mon`, `mon-fri`, `sat,sun` as days of the week, Monday 0; a range may wrap (`fri-mon`)."""
    found: list[int] = []
    for part in written.replace(" ", "").casefold().split(","):
        first, _, last = part.partition("-")
        start, end = DAYS.index(first[:3]), DAYS.index((last or first)[:3])
        found += [(start + n) % 7 for n in range((end - start) % 7 + 1)]
    return tuple(found)


def _day_key(written: Any) -> tuple[int, ...] | date:
    try:
        return date.fromisoformat(written)
    except (ValueError, TypeError):
        pass
    try:
        return _day_names(written)
    except (ValueError, AttributeError):
        raise ValueError('should be days such as mon, mon-fri or "sat,sun", or a date such as 2026-12-24') from None


def _clock(written: str) -> time:
    found = _TIME.fullmatch(written.strip())
    hour, minute = (int(found[1]), int(found[2])) if found else (99, 99)
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:
        raise ValueError(f'"{written.strip()}" is no time; one is written like "08:00" (24 hours)')
    return time(hour, minute)


def _time_of_day(written: Any) -> time:
    if isinstance(written, time):
        return written
    if not isinstance(written, str):
        raise ValueError('should be a time such as "07:30" (24 hours)')  # noqa: TRY004 - pydantic wants this one
    return _clock(written)


def _spans(written: Any) -> tuple[OpeningSpan, ...]:
    """`08:00-12:00, 13:00-17:00`, or `closed`."""
    if not isinstance(written, str):
        raise ValueError('should be hours such as "08:00-17:00", or "closed"')  # noqa: TRY004 - pydantic wants this one
    if written.strip().casefold() == "closed":
        return ()
    spans = []
    for part in written.split(","):
        opens, dash, closes = part.partition("-")
        if not dash:
            raise ValueError(f'"{part.strip()}" should be hours such as "08:00-17:00", or "closed"')
        spans.append(OpeningSpan(_clock(opens), _clock(closes)))
    return tuple(sorted(spans))


def _one_span(written: Any) -> OpeningSpan:
    spans = _spans(written)
    if len(spans) != 1:
        raise ValueError('should be one stretch of time such as "22:00-07:00"')
    return spans[0]


def _days(written: Any) -> tuple[int, ...]:
    if isinstance(written, tuple):
        return written
    try:
        return _day_names(written)
    except (ValueError, AttributeError):
        raise ValueError('should be days such as mon, mon-fri or "sat,sun"') from None


def network(written: Any) -> IPv4Network | IPv6Network:
    """`192.0.2.10`, `192.0.2.0/24`, `2001:db8::/32`; what is IPv4 in the clothes of IPv6 (`::ffff:`) is IPv4."""
    if isinstance(written, IPv4Network | IPv6Network):
        return written
    try:
        meant = ip_network(str(written).strip(), strict=False) if isinstance(written, str) else None
    except ValueError:
        meant = None
    if meant is None:
        raise ValueError("should be an address or a network such as 192.0.2.10 or 192.0.2.0/24, in quotes")
    address = ip_interface(written.strip()).ip
    if address != meant.network_address:
        raise ValueError(f"should be {meant} for that network, or {address} for that one address")
    mapped = meant.network_address.ipv4_mapped if isinstance(meant, IPv6Network) and meant.prefixlen >= 96 else None
    return IPv4Network((mapped, meant.prefixlen - 96)) if mapped else meant


def _proxies(written: Any) -> IPv4Network | IPv6Network:
    """Of few: whoever is in it can say that they are anybody."""
    found = network(written)
    if found.prefixlen < (8 if found.version == 4 else 16):
        raise ValueError(f"{found} would trust a good part of the internet; name the proxy's own address")
    return found


def listen_address(written: str) -> tuple[str, int]:
    """`127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` as host and port."""
    host, colon, port = written.rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError('should be an address and a port such as "127.0.0.1:8080"')
    bare = host.removeprefix("[").removesuffix("]")
    if bare == "*":
        raise ValueError(f'should be "0.0.0.0:{port}" for every address of this machine')
    if why_no_host(bare):
        raise ValueError(f'should be an address of this machine and a port, and no more, such as "0.0.0.0:{port}"')
    return bare, int(port)


Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Country = Annotated[str, AfterValidator(country)]
Zone = Annotated[ZoneInfo, BeforeValidator(zone)]
Duration = Annotated[timedelta, BeforeValidator(duration)]
DayKey = Annotated[tuple[int, ...] | date, BeforeValidator(_day_key)]
Spans = Annotated[tuple[OpeningSpan, ...], BeforeValidator(_spans)]
OneSpan = Annotated[OpeningSpan, BeforeValidator(_one_span)]
Days = Annotated[tuple[int, ...], BeforeValidator(_days)]
Hours = dict[DayKey, Spans]
ClockTime = Annotated[time, BeforeValidator(_time_of_day)]
Network = Annotated[IPv4Network | IPv6Network, BeforeValidator(network)]
Proxies = Annotated[IPv4Network | IPv6Network, BeforeValidator(_proxies)]

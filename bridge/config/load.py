"""From a path to a `Config`, or to everything that is wrong with it."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agi.settings import AgiSettings
from bridge.config import daily, links, on_call
from bridge.config.office import read_office
from bridge.config.phones import phones
from bridge.config.problems import ConfigError, ConfigProblem, Problems, unknown_keys
from bridge.config.secrets import Secrets
from bridge.config.sections import LogSection, PbxSection, RulesSection
from bridge.config.typed import why_no_toml
from bridge.config.words import WordsSection, read_words
from bridge.domain import phone
from bridge.domain.calls.settings import TrackerSettings
from bridge.domain.office.office import Office
from bridge.domain.oncall import escalation
from bridge.domain.texts.policy import TextRules
from bridge.notify.settings import EmailSettings
from bridge.reports.settings import DigestSettings, RetentionSettings
from bridge.smpp.settings import SmppSettings
from bridge.web.settings import WebSettings

if TYPE_CHECKING:
    from bridge.domain.words.lexicon import Lexicon

OFFICE_KEYS = ("business", "country", "zone", "regions", "emergency", "holidays")
TABLES = (
    *("pbx", "line", "person", "shift", "on_call", "email", "digest", "retention"),
    *("smpp", "smpp_backup", "texts", "hours", "rules", "words", "web", "phones", "storage", "log"),
)


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, each part's own.

    smpp: None while calls are only listened to. smpp_backup: a second gateway for when the first is away.
    email, phones: None for none.
    """

    office: Office
    pbxs: tuple[PbxSection, ...]
    smpp: SmppSettings | None
    smpp_backup: SmppSettings | None
    rules: TextRules
    own_words: WordsSection
    alerts: escalation.EscalationRules
    email: EmailSettings | None
    digest: DigestSettings
    retention: RetentionSettings
    web: WebSettings
    phones: AgiSettings | None
    database: Path
    log_level: str

    @property
    def words(self) -> "Lexicon":
        """Made when asked for."""
        return self.own_words.lexicon()

    @property
    def gateways(self) -> tuple[SmppSettings, ...]:
        """In order of preference."""
        return tuple(gateway for gateway in (self.smpp, self.smpp_backup) if gateway is not None)

    def tracker(self, pbx: PbxSection) -> TrackerSettings:
        """How the calls of that PBX are followed."""
        return pbx.tracker(self.office.country, self.rules.min_ring, self.office.own_numbers)


def load(path: Path, environ: Mapping[str, str], *, stores: bool = True) -> Config:
    """Read the file. Raises ConfigError with every mistake; needs no PBX, no gateway and no network.

    stores: False for what touches no database; there need be no place for one.
    """
    raw = _read(path)
    problems = Problems()
    unknown_keys(problems, raw, OFFICE_KEYS + TABLES)
    secrets = Secrets(path, environ, problems)
    pbxs = links.pbxs(problems, secrets, raw)
    office = read_office(problems, {key: raw[key] for key in OFFICE_KEYS if key in raw}, raw, pbxs)
    smpp, backup = links.gateways(problems, secrets, raw)
    rules = _rules(problems, raw.get("rules", {}), office)
    alerts = on_call.alert_rules(raw.get("on_call", {}))
    email = on_call.email(problems, secrets, raw.get("email"))
    digest = daily.digest(problems, raw.get("digest", {}), office)
    retention = daily.retention(problems, raw.get("retention", {}))
    own_words = read_words(problems, raw.get("words", {}))
    web = links.web(problems, secrets, raw.get("web", {}))
    desk_phones = phones(problems, secrets, raw.get("phones"))
    database = links.database(problems, raw.get("storage", {}), path.parent, environ, stores=stores)
    log = problems.take(LogSection, raw.get("log", {}), "log")
    if problems.found or not (office and rules and web and database and log):
        raise ConfigError(problems.found)
    return Config(
        office=office,
        pbxs=pbxs,
        smpp=smpp,
        smpp_backup=backup,
        rules=rules,
        own_words=own_words,
        alerts=alerts,
        email=email,
        digest=digest,
        retention=retention,
        web=web,
        phones=desk_phones,
        database=database,
        log_level=log.level,
    )


def _rules(problems: Problems, raw: Any, office: Office | None) -> TextRules | None:
    section = problems.take(RulesSection, raw, "rules")
    if section is None or office is None:
        return None
    live_only = {written: phone.parse(written, office.country) for written in section.live_only}
    for n, (written, number) in enumerate(live_only.items()):
        if number is None:
            problems.add(f"rules.live_only[{n}]", f'"{written}" is no valid number; write it with its country: "+1..."')
    hold = section.hold_at_night
    if hold is not None and hold.opens == hold.closes:
        problems.add("rules.hold_at_night", 'would hold every text for ever; quiet hours are such as "21:00-08:00"')
    numbers = frozenset(number for number in live_only.values() if number)
    return TextRules(**asdict(section) | {"live_only": numbers, "hold_at_night": hold}).of(office)


def _read(path: Path) -> dict[str, Any]:
    """Also what an editor began with a byte order mark (BOM)."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError([ConfigProblem("", f"{path} cannot be read: {error.strerror}; {_to_read(error)}")]) from None
    except UnicodeDecodeError:
        raise ConfigError([ConfigProblem("", f"{path} is not UTF-8 text{_in_line(path)}: save it as UTF-8")]) from None
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        meant = why_no_toml(str(error), text)
        said = f"{path} is not TOML: {error}" + (f"; {meant}" if meant else "")
        raise ConfigError([ConfigProblem("", said)]) from None


def _to_read(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "textback init makes one, --config names another"
    return "run this as root: its secrets are not for everybody"


def _in_line(path: Path) -> str:
    """Where its first character is that is none."""
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        try:
            line.decode()
        except UnicodeDecodeError:
            return f" in line {number}"
    return ""

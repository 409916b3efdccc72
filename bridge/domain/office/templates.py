"""The words of automatic texts: what is shipped, what a site may put in their place, and which blanks they may have."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from string import Formatter

from bridge.domain.calls.calls import Reason
from bridge.domain.i18n import N_, UserError
from bridge.domain.office.hours import FOR_GOOD


class Language(StrEnum):
    EN = "en"
    ES = "es"


class Template(StrEnum):
    """Every automatic text there is. The first ones answer a missed call; of those exactly one is sent.

    HELD...: in the morning, after a call at night. MISSED_...: instead of `missed` after a call missed for that reason,
    where a site has words for it.
    """

    MISSED = "missed"
    MISSED_NO_ANSWER = "missed_no_answer"
    MISSED_BUSY = "missed_busy"
    MISSED_UNREACHABLE = "missed_unreachable"
    MISSED_ABANDONED_RINGING = "missed_abandoned_ringing"
    MISSED_ABANDONED_MENU = "missed_abandoned_menu"
    MISSED_ABANDONED_QUEUE = "missed_abandoned_queue"
    MISSED_NOT_OFFERED = "missed_not_offered"
    CLOSED_ON_CALL = "closed_on_call"
    CLOSED = "closed"
    VOICEMAIL = "voicemail"
    VOICEMAIL_CLOSED = "voicemail_closed"
    HELD = "held"
    HELD_VOICEMAIL = "held_voicemail"
    HELD_CLOSED = "held_closed"
    RECEIPT = "receipt"
    ASK_ADDRESS = "ask_address"
    DANGER = "danger"
    NO_PICTURES = "no_pictures"
    OPT_OUT = "opt_out"
    OPT_IN = "opt_in"
    HELP = "help"


BY_REASON: Mapping[Reason, Template] = {
    Reason.NO_ANSWER: Template.MISSED_NO_ANSWER,
    Reason.BUSY: Template.MISSED_BUSY,
    Reason.UNREACHABLE: Template.MISSED_UNREACHABLE,
    Reason.ABANDONED_RINGING: Template.MISSED_ABANDONED_RINGING,
    Reason.ABANDONED_MENU: Template.MISSED_ABANDONED_MENU,
    Reason.ABANDONED_QUEUE: Template.MISSED_ABANDONED_QUEUE,
    Reason.NOT_OFFERED: Template.MISSED_NOT_OFFERED,
}
"""While open. After a voicemail, and while closed, what matters is that."""

_ALL_MISSED = (Template.MISSED, *BY_REASON.values())
FIRST_TEXTS = (
    *_ALL_MISSED,
    Template.CLOSED_ON_CALL,
    Template.CLOSED,
    Template.VOICEMAIL,
    Template.VOICEMAIL_CLOSED,
    Template.HELD,
    Template.HELD_VOICEMAIL,
    Template.HELD_CLOSED,
)
NOBODY_ON_CALL = (Template.CLOSED, Template.VOICEMAIL_CLOSED, Template.HELD_CLOSED)
"""First texts that are sent while nobody would act on an urgent answer: they must not ask whether it is urgent."""

COMMON_BLANKS = frozenset({"business", "branch", "phone"})
BLANKS: Mapping[Template, frozenset[str]] = {
    Template.CLOSED: frozenset({"opens"}),
    Template.VOICEMAIL_CLOSED: frozenset({"opens"}),
    Template.HELD_CLOSED: frozenset({"opens"}),
    Template.DANGER: frozenset({"emergency"}),
}
"""Beside the common ones: what is known only where that text is sent."""

# Spanish avoids á, í, ó and ú: the GSM alphabet has only é, ñ, ü and ¿, and one such letter makes two texts of one.
_MISSED = {
    Language.EN: (
        "Sorry we missed you. What can we help with? "
        "Reply with the service address, issue, and whether this is urgent today."
    ),
    Language.ES: (
        "Sentimos no haber contestado. ¿En qué le ayudamos? Responda con el domicilio, el problema y si es urgente hoy."
    ),
}
SHIPPED: Mapping[tuple[Template, Language], str] = {
    **{(template, language): words for template in _ALL_MISSED for language, words in _MISSED.items()},
    (Template.CLOSED_ON_CALL, Language.EN): (
        "Sorry we missed you, our office is closed. "
        "Reply with the service address, issue, and whether this is urgent now."
    ),
    (Template.CLOSED_ON_CALL, Language.ES): (
        "Sentimos no haber contestado, la oficina se encuentra cerrada. "
        "Responda con el domicilio, el problema y si es urgente ahora."
    ),
    (Template.CLOSED, Language.EN): (
        "Sorry we missed you, our office is closed until {opens}. "
        "Reply with the service address and issue so the office has it."
    ),
    (Template.CLOSED, Language.ES): (
        "Sentimos no haber contestado, cerrado hasta {opens}. "
        "Responda con el domicilio y el problema para que la oficina lo tenga."
    ),
    (Template.VOICEMAIL, Language.EN): (
        "Sorry we missed you. We have your voicemail. "
        "You can add the service address here and say if this is urgent today."
    ),
    (Template.VOICEMAIL, Language.ES): (
        "Sentimos no haber contestado. Tenemos su mensaje de voz. Puede agregar el domicilio y decir si es urgente hoy."
    ),
    (Template.VOICEMAIL_CLOSED, Language.EN): (
        "Sorry we missed you, our office is closed until {opens}. We have your voicemail. "
        "You can add the service address here."
    ),
    (Template.VOICEMAIL_CLOSED, Language.ES): (
        "Sentimos no haber contestado, cerrado hasta {opens}. Tenemos su mensaje de voz. Puede agregar el domicilio."
    ),
    (Template.HELD, Language.EN): (
        "Sorry we missed your call earlier. What can we help with? "
        "Reply with the service address, issue, and whether this is urgent today."
    ),
    (Template.HELD, Language.ES): (
        "Sentimos no haber contestado cuando nos llamaba. ¿En qué le ayudamos? "
        "Responda con el domicilio, el problema y si es urgente hoy."
    ),
    (Template.HELD_VOICEMAIL, Language.EN): (
        "Sorry we missed your call earlier. We have your voicemail. "
        "You can add the service address here and say if this is urgent today."
    ),
    (Template.HELD_VOICEMAIL, Language.ES): (
        "Sentimos no haber contestado cuando nos llamaba. Tenemos su mensaje de voz. "
        "Puede agregar el domicilio y decir si es urgente hoy."
    ),
    (Template.HELD_CLOSED, Language.EN): (
        "Sorry we missed you, our office is closed until {opens}. "
        "Reply with the service address and issue so the office has it."
    ),
    (Template.HELD_CLOSED, Language.ES): (
        "Sentimos no contestar su llamada, cerrado hasta {opens}. "
        "Responda con el domicilio y el problema para que la oficina lo tenga."
    ),
    (Template.RECEIPT, Language.EN): "Thanks, we have your text. Nothing is booked until a person answers you.",
    (Template.RECEIPT, Language.ES): "Gracias, tenemos su mensaje. No hay cita hasta que una persona le conteste.",
    (Template.ASK_ADDRESS, Language.EN): "What is the service address?",
    (Template.ASK_ADDRESS, Language.ES): "¿En qué domicilio es el servicio?",
    (Template.DANGER, Language.EN): "If anyone is in danger, leave and call {emergency}.",
    (Template.DANGER, Language.ES): "Si alguien corre peligro, salga y llame al {emergency}.",
    (Template.NO_PICTURES, Language.EN): "We cannot see pictures here. Please describe it in words.",
    (Template.NO_PICTURES, Language.ES): "Por este medio no podemos ver fotos. Por favor, explique con palabras.",
    (Template.OPT_OUT, Language.EN): "{business}: You will get no more texts from us. Reply START to get them again.",
    (
        Template.OPT_OUT,
        Language.ES,
    ): "{business}: Ya no le enviaremos mensajes. Responda START para recibirlos de nuevo.",
    (Template.OPT_IN, Language.EN): "{business}: Texts to this number are switched on again. Reply STOP to opt out.",
    (Template.OPT_IN, Language.ES): (
        "{business}: Los mensajes para usted se activaron de nuevo. Responda STOP para no recibirlos."
    ),
    (Template.HELP, Language.EN): (
        "{business}: Texts from here follow a call to {phone} that nobody answered. You can call us at {phone}. "
        "Reply STOP to opt out."
    ),
    (Template.HELP, Language.ES): (
        "{business}: Nuestros mensajes siguen a una llamada al {phone} que nadie pudo contestar. Puede llamarnos. "
        "Responda STOP para no recibir mensajes."
    ),
}

HINTS: Mapping[Language, tuple[str, ...]] = {
    Language.EN: ("Reply STOP to opt out.", "STOP to opt out", "STOP=end"),
    Language.ES: ("Responda STOP para no recibir mensajes.", "STOP para salir", "STOP=fin"),
}
"""How to opt out, behind a first text: the longest that needs no further part is taken."""


@dataclass(frozen=True, slots=True)
class WordsChange:
    """A dated change of one text: other words than the file's from `start` until just before `end`.

    branch, line: None for every one. by: who entered it.
    """

    template: Template
    language: Language
    words: str
    start: datetime
    end: datetime = FOR_GOOD
    branch: str | None = None
    line: str | None = None
    by: str = ""
    id: int = 0

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise UserError(N_("a change of a text ends after it begins"))

    def concerns(self, branch: str, line: str) -> bool:
        return self.branch in (None, branch) and self.line in (None, line)


@dataclass(frozen=True, slots=True)
class Texts:
    """A site's own words over the shipped ones, and the language of the first text.

    own: by template and language. hint: instead of the shipped ways to say how to opt out, "" for none.
    unaccented: languages whose texts lose an accent where that saves a part.
    """

    language: Language = Language.EN
    own: Mapping[tuple[Template, Language], str] = field(default_factory=dict, hash=False)
    hint: str | None = None
    unaccented: frozenset[Language] = frozenset()

    def words(self, template: Template, language: Language | None = None) -> str:
        key = (template, language or self.language)
        return self.own.get(key, SHIPPED[key])

    def missed(self, reason: Reason | None) -> Template:
        """What answers a call missed for that reason, in the language of first texts."""
        own = BY_REASON.get(reason) if reason else None
        return own if own and (own, self.language) in self.own else Template.MISSED

    def version(self, template: Template, language: Language | None = None) -> str:
        """What the log of a text names: `missed.en.3f9a2c`, another one as soon as a letter differs."""
        return f"{template}.{language or self.language}.{_digest(self.words(template, language))}"

    def changed(self, changes: Iterable[WordsChange], at: datetime) -> "Texts":
        """With those of the changes that hold at that moment; of several the one entered last counts."""
        said = {(one.template, one.language): one.words for one in changes if one.start <= at < one.end}
        return replace(self, own={**self.own, **said}) if said else self

    def hints(self, language: Language) -> tuple[str, ...]:
        return HINTS[language] if self.hint is None else (self.hint,)


@lru_cache(maxsize=128)
def _digest(words: str) -> str:
    return sha256(words.encode()).hexdigest()[:6]


def mistakes(template: Template, words: str) -> list[UserError]:
    """What is wrong with the blanks of a site's words, each as a sentence that says what would be right."""
    known = COMMON_BLANKS | BLANKS.get(template, frozenset())
    allowed = ", ".join(f"{{{name}}}" for name in sorted(known))
    try:
        blanks = [_written(name, spec, how) for _, name, spec, how in Formatter().parse(words) if name is not None]
    except ValueError:
        return [UserError(N_("a brace stands alone; what can be filled in here is %(allowed)s"), allowed=allowed)]
    unknown = N_("%(blank)s is unknown; what can be filled in here is %(allowed)s")
    return [UserError(unknown, blank=f"{{{blank}}}", allowed=allowed) for blank in blanks if blank not in known]


def _written(name: str, spec: str | None, conversion: str | None) -> str:
    return name + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else "")

"""What Asterisk's dialplan applications do with whoever is on the channel."""

import re

from bridge.domain.calls.events import Doing

BY_DOING = {
    Doing.DIAL: ("dial", "retrydial", "followme", "page"),
    Doing.QUEUE: ("queue",),
    Doing.MENU: ("background", "backgrounddetect", "waitexten", "read", "readexten", "directory", "speechbackground"),
    Doing.ANNOUNCEMENT: (
        *("playback", "controlplayback", "saydigits", "saynumber", "playtones", "congestion", "zapateller"),
    ),
    Doing.VOICEMAIL: ("voicemail", "minivmrecord", "minivmgreet"),
    Doing.WAIT: ("musiconhold", "ringing", "wait"),
    Doing.PARK: ("park",),
    Doing.BUSY_TONE: ("busy",),
    Doing.TRANSFER: ("transfer",),
    Doing.MACHINE: (
        *("receivefax", "sendfax", "rxfax", "txfax"),  # res_fax and app_fax; spandsp's own of old
        *("alarmreceiver", "sms", "dahdiras", "zapras"),  # Contact ID, landline texts, modems
    ),
    Doing.SERVICE: ("minivmaccmess", "dictate", "agentlogin", "chanspy", "extenspy"),
    Doing.MAILBOX_LOGIN: ("voicemailmain",),
    Doing.DIAL_LOGIN: ("disa",),
}
_DOING = {name: doing for doing, names in BY_DOING.items() for name in names}
_DIALLED = frozenset({"appdial", "appdial2", "appqueue"})  # what runs on a channel that another one rang
FAX = "fax"  # the extension to which fax detection sends a call
_HEARD = {*_DOING, "answer", "hangup"} - {"ringing", "read"}


def doing(application: str, arguments: str = "", exten: str = "") -> Doing:
    """exten: where in the dialplan that is."""
    if exten == FAX:
        return Doing.FAX_TONE
    found = _DOING.get(application.casefold(), Doing.OTHER)
    return Doing.SERVICE if found in OPEN and OPEN[found](arguments) else found


def _opens_dial_tone(arguments: str) -> bool:
    """`DISA(no-password,context)`"""
    return arguments.casefold().startswith("no-password")


def _opens_mailbox(arguments: str) -> bool:
    """`VoiceMailMain([mailbox][@context][,options])`: its option `s`; others have values in brackets."""
    return "s" in re.sub(r"\([^)]*\)", "", arguments.partition(",")[2])


OPEN = {Doing.MAILBOX_LOGIN: _opens_mailbox, Doing.DIAL_LOGIN: _opens_dial_tone}
"""Those that ask for a PIN, and when they do not."""


def mailbox(application: str, arguments: str) -> str:
    """Which one `VoiceMailMain([mailbox][@context][,options])` asks the PIN of, "" if it asks for both."""
    if application.casefold() != "voicemailmain":
        return ""
    which = arguments.partition(",")[0]
    return which if "@" in which or not which else f"{which}@default"


def is_heard(application: str) -> bool:
    """Does the caller notice it? A dialplan that looks something up is not heard."""
    return application.casefold() in _HEARD


def is_dialled(application: str) -> bool:
    return application.casefold() in _DIALLED

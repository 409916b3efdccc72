"""What Asterisk's dialplan applications do with whoever is on the channel."""

from bridge.domain.calls.events import Doing

BY_DOING = {
    Doing.DIAL: ("dial", "retrydial", "followme", "page"),
    Doing.QUEUE: ("queue",),
    Doing.MENU: (
        *("background", "backgrounddetect", "waitexten", "read", "readexten", "directory", "disa"),
        "speechbackground",
    ),
    Doing.ANNOUNCEMENT: (
        *("playback", "controlplayback", "saydigits", "saynumber", "playtones", "congestion", "zapateller"),
    ),
    Doing.VOICEMAIL: ("voicemail", "minivmrecord", "minivmgreet"),
    Doing.WAIT: ("musiconhold", "ringing", "wait"),
    Doing.PARK: ("park",),
    Doing.BUSY_TONE: ("busy",),
    Doing.TRANSFER: ("transfer",),
}
_DOING = {name: doing for doing, names in BY_DOING.items() for name in names}
_DIALLED = frozenset({"appdial", "appdial2", "appqueue"})  # what runs on a channel that another one rang


def doing(application: str) -> Doing:
    return _DOING.get(application.casefold(), Doing.OTHER)


def is_dialled(application: str) -> bool:
    return application.casefold() in _DIALLED

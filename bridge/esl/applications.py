"""What FreeSWITCH's dialplan applications do with whoever is on the channel."""

from collections.abc import Callable

from bridge.domain.calls.events import Doing

BY_DOING = {
    Doing.DIAL: ("bridge",),
    Doing.QUEUE: ("callcenter", "fifo"),
    Doing.MENU: (
        *("ivr", "play_and_get_digits", "read", "directory", "bind_digit_action"),
        *("play_and_detect_speech", "detect_speech"),
    ),
    Doing.ANNOUNCEMENT: (
        *("playback", "endless_playback", "loop_playback", "play_fsv", "say", "speak", "phrase", "gentones"),
    ),
    Doing.VOICEMAIL: ("voicemail",),
    Doing.WAIT: ("sleep", "ring_ready", "wait_for_silence", "wait_for_answer", "echo", "conference"),
    Doing.PARK: ("park", "valet_park"),
    Doing.TRANSFER: ("redirect", "deflect"),
    Doing.MACHINE: ("rxfax", "txfax", "t38_gateway"),
    Doing.SERVICE: ("eavesdrop", "userspy"),
}
"""`att_xfer` is none: whoever asks a colleague still has the caller."""

_DOING = {name: doing for doing, names in BY_DOING.items() for name in names}

SCRIPTS = frozenset({"lua", "luarun", "javascript", "jsrun", "python", "python3", "perl", "socket", "httapi"})
BY_SCRIPT = (
    ("voicemail", Doing.VOICEMAIL),
    ("ivr", Doing.MENU),
    ("menu", Doing.MENU),
    ("ring_group", Doing.DIAL),
    ("follow_me", Doing.DIAL),
    ("fax", Doing.MACHINE),
)
"""What a program does, by a word of its name: FusionPBX has its voicemail, menus and ring groups in Lua."""

MUSIC = ("local_stream://", "silence_stream://", "shout://", "vlc://")
"""What is played while somebody waits."""

CHECK, LET_IN = "check", "auth"
PREFIXES = frozenset({CHECK, LET_IN, "admin"})


def doing(application: str, arguments: str, variable: Callable[[str], str]) -> Doing:
    """variable: what the channel's variable of that name is."""
    if application in SCRIPTS:
        return _by_script(arguments.casefold(), variable("voicemail_action"))
    found = _DOING.get(application, Doing.OTHER)
    if application == "voicemail":
        return _at_voicemail(arguments, variable("voicemail_authorized") == "true")
    if application == "fifo" and "in" not in arguments.split()[1:2]:
        return Doing.OTHER  # a consumer's
    if found is Doing.ANNOUNCEMENT and arguments.startswith(MUSIC):
        return Doing.WAIT
    return found


def mailbox(application: str, arguments: str) -> str:
    """Which one `voicemail [check] [auth] PROFILE DOMAIN [ID]` is about; "" where it asks, or is about none."""
    words = [word for word in arguments.split() if word not in PREFIXES]
    return f"{words[2]}@{words[1]}" if application == "voicemail" and len(words) >= 3 else ""


def _at_voicemail(arguments: str, authorized: bool) -> Doing:
    """With `check` somebody listens to their own."""
    flags = arguments.split()
    if CHECK not in flags:
        return Doing.VOICEMAIL
    return Doing.SERVICE if LET_IN in flags or authorized else Doing.MAILBOX_LOGIN


def _by_script(name: str, action: str) -> Doing:
    found = next((what for word, what in BY_SCRIPT if word in name), Doing.OTHER)
    return Doing.MAILBOX_LOGIN if found is Doing.VOICEMAIL and action == CHECK else found

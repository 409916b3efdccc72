"""What a text may ask of texts themselves (STOP, START, HELP: the opt-out keywords of CTIA and carriers)."""

from enum import StrEnum


class OptOutRequest(StrEnum):
    NONE = "none"
    STOP = "stop"
    START = "start"
    HELP = "help"
    WRONG_NUMBER = "wrong_number"

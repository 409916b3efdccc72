"""Builds what we need of a PBX from its settings: the one place that knows which kind of PBX it is."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from bridge.ami import recording as ami_recording
from bridge.ami.channels import ChannelNames
from bridge.ami.client import AmiClient
from bridge.ami.decode import WANTED
from bridge.ami.display import AsteriskDisplay
from bridge.ami.line import AmiLine
from bridge.ami.patterns import mistakes_in, mistakes_in_extensions, mistakes_in_places
from bridge.ami.pbx import AsteriskPbx
from bridge.ami.protocol import MessageFramer
from bridge.ami.records_database import RecordsDatabase
from bridge.ami.records_file import LOOKED_AT, WHOLE, RecordsFile
from bridge.ami.settings import AmiSettings
from bridge.domain.calls.settings import TrackerSettings
from bridge.esl import recording as esl_recording
from bridge.esl.channels import ChannelNames as SwitchNames
from bridge.esl.client import EslClient
from bridge.esl.protocol import Framer
from bridge.esl.settings import EslSettings
from bridge.pbx.record import Client
from bridge.pbx.recording import RecordedCalls, Recording, opened
from bridge.ports import CallRecords, Display, PbxActions

Clock = Callable[[], datetime]
OpenLine = AmiLine
"""To a PBX of whichever kind; what else can be asked of it, the functions below say."""


def open_line(settings: AmiSettings, clock: Clock) -> OpenLine:
    return AmiLine(AmiClient(settings, clock=clock, wanted=WANTED), _names(settings))


def pbx(line: OpenLine) -> PbxActions:
    """What we may ask of the PBX on that line."""
    return AsteriskPbx(line.client)


def display(line: OpenLine) -> Display:
    return AsteriskDisplay(line.client)


def records(settings: AmiSettings, tracker: TrackerSettings, *, whole: bool = False) -> CallRecords | None:
    """What it wrote down itself of its calls, where we may read it. whole: a file from its beginning."""
    if settings.database:
        return RecordsDatabase(settings.database, tracker, _names(settings))
    most = WHOLE if whole else LOOKED_AT
    return RecordsFile(settings.cdr, tracker, _names(settings), most) if settings.cdr else None


def recorded(
    path: Path, trunks: Sequence[str], machines: Sequence[str] = (), ignored: Sequence[str] = ()
) -> RecordedCalls:
    """What one of them told, as `textback record` wrote it down; which kind it is, its first bytes say.

    Raises RecordingError for what is no recording, OSError where it cannot be read.
    """
    with opened(path) as data:
        speaks_esl = esl_recording.SPEAKS_ESL.match(data) is not None
    if speaks_esl:
        return esl_recording.RecordedCalls(path, SwitchNames(trunks, machines=machines))
    return ami_recording.RecordedCalls(path, ChannelNames(trunks, machines, ignored))


def recording(settings: AmiSettings | EslSettings, path: Path, clock: Clock) -> Recording:
    """What that PBX says, to be written there."""
    return Recording(path, Framer if isinstance(settings, EslSettings) else MessageFramer, clock)


def recorder(settings: AmiSettings | EslSettings, recording: Recording, clock: Clock) -> Client:
    """Listens to that PBX, for its recording alone."""
    if isinstance(settings, EslSettings):
        return EslClient(settings, clock=clock, tap=recording)
    return AmiClient(settings, clock=clock, wanted=(), tap=recording)


def useless_patterns(settings: AmiSettings, extensions: Sequence[str] = ()) -> Sequence[tuple[str, str]]:
    """Patterns that cannot be meant: where each stands, what is wrong with it and what to write."""
    return [
        *mistakes_in(settings.trunks, settings.machines),
        *mistakes_in_places(settings.ignore_contexts),
        *mistakes_in_extensions(extensions),
    ]


def _names(settings: AmiSettings) -> ChannelNames:
    return ChannelNames(settings.trunks, settings.machines, settings.ignore_contexts)

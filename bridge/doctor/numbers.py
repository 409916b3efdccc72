"""What `textback doctor` says of the numbers called (DIDs): does every one of late stand on a line?"""

from datetime import datetime, timedelta

from bridge.config import Config
from bridge.doctor.local import Finding, not_looked, ok, warning
from storage import calls
from storage.database import Database
from storage.errors import RejectedError, StorageError
from storage.migrate import is_current

LOOKED_BACK = timedelta(days=30)
NAMED = 5


async def numbers_called(config: Config, now: datetime) -> Finding:
    """A call to another number stands under the first line of its PBX, and gets no text where there are several."""
    try:
        if not is_current(config.database):
            return not_looked("numbers", "no calls are stored yet")
        async with await Database.open(config.database) as database, database.read() as db:
            rung = await calls.dids_rung(db, now - LOOKED_BACK)
    except (StorageError, RejectedError) as error:
        return not_looked("numbers", f"the database cannot be read: {error}")
    strange = config.office.on_no_line(rung)
    if not strange:
        return ok("numbers", "every number called of late stands on a line" if rung else "no calls are stored yet")
    more = f" and {len(strange) - NAMED} more" if len(strange) > NAMED else ""
    said = f"calls came in on {', '.join(map(repr, strange[:NAMED]))}{more}, which no line names"
    return warning("numbers", said, "add them to the dids of the [[line]] they ring, then: systemctl reload textback")

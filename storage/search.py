"""Find a customer's rows by what people remember: some digits, a piece of a name or of an address."""

from collections.abc import Sequence

from bridge.domain.queue import Callback
from storage.callbacks import get
from storage.database import Reader

FEWEST_DIGITS = 3


async def find(db: Reader, text: str, *, limit: int = 50) -> Sequence[Callback]:
    """Unfinished rows first, then the newest. Digits are looked for in numbers, everything in names and addresses."""
    digits = "".join(char for char in text if char.isdecimal() and char.isascii())
    rows = await db.all(
        """
        SELECT id FROM callback
        WHERE name LIKE :pattern ESCAPE '\\' OR address LIKE :pattern ESCAPE '\\'
              OR (:digits <> '' AND number LIKE '%' || :digits || '%')
        ORDER BY state = 'closed', opened_at DESC, id DESC LIMIT :limit
        """,
        pattern=f"%{_literal(text)}%",
        digits=digits if len(digits) >= FEWEST_DIGITS else "",
        limit=limit,
    )
    return [await get(db, row["id"]) for row in rows]


def _literal(text: str) -> str:
    """So that `%` and `_` find themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

"""Search: find a customer's rows by what people remember: some digits, a piece of a name or of an address."""

from collections.abc import Sequence

from bridge.domain.callbacks.queue import Callback
from bridge.domain.phone import E164
from bridge.domain.texts.policy import ContactKind
from storage.callbacks import get
from storage.contacts import Contact
from storage.database import Reader

FEWEST_DIGITS = 3


async def find(db: Reader, text: str, *, limit: int = 50) -> Sequence[Callback]:
    """Unfinished rows first, then the newest. Digits are looked for in numbers, everything in names and addresses."""
    rows = await db.all(
        """
        SELECT id FROM callback
        WHERE name LIKE :pattern ESCAPE '\\' OR address LIKE :pattern ESCAPE '\\'
              OR (:digits <> '' AND (number LIKE '%' || :digits || '%' OR second LIKE '%' || :digits || '%'
                                    OR callback.digits LIKE '%' || :digits || '%'))
        ORDER BY state = 'closed', opened_at DESC, id DESC LIMIT :limit
        """,
        pattern=f"%{_literal(text)}%",
        digits=_digits(text),
        limit=limit,
    )
    return [await get(db, row["id"]) for row in rows]


async def contacts(db: Reader, text: str, *, limit: int = 100) -> Sequence[Contact]:
    """By name; those with no name last. Digits are looked for in numbers."""
    rows = await db.all(
        """
        SELECT number, name, kind FROM contact
        WHERE name LIKE :pattern ESCAPE '\\' OR (:digits <> '' AND number LIKE '%' || :digits || '%')
        ORDER BY name = '', name COLLATE NOCASE, number LIMIT :limit
        """,
        pattern=f"%{_literal(text)}%",
        digits=_digits(text),
        limit=limit,
    )
    return [Contact(E164(row["number"]), row["name"], ContactKind(row["kind"])) for row in rows]


def _digits(text: str) -> str:
    """What may be a piece of a number; "" where it is too short to tell."""
    digits = "".join(char for char in text if char.isdecimal() and char.isascii())
    return digits if len(digits) >= FEWEST_DIGITS else ""


def _literal(text: str) -> str:
    """So that `%` and `_` find themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

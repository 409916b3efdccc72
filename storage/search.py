"""Search: find a customer's rows by what people remember: digits, a piece of a name or of what was said."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from bridge.domain.callbacks.queue import Callback
from bridge.domain.phone import E164
from bridge.domain.plain import folded
from bridge.domain.texts.policy import ContactKind
from storage.contacts import Contact
from storage.database import Reader
from storage.records import record

FEWEST_DIGITS = 3
MOST_WORDS = 5


@dataclass(frozen=True, slots=True)
class Found:
    """total: how many there are, of whom these are the first."""

    rows: Sequence[Callback]
    total: int


async def find(db: Reader, text: str, *, limit: int = 50) -> Found:
    """Rows where each of the words stands somewhere: in a name, an address, a note or a text of theirs or ours; digits
    also in numbers. Unfinished rows first and of them the urgent ones, then the newest.
    """
    words = [text] if _digits(text) and not any(map(str.isalpha, text)) else text.split()[:MOST_WORDS]
    rows = await db.all(
        f"""
        WITH word AS (
            SELECT key AS n, json_extract(value, '$[0]') AS pattern, json_extract(value, '$[1]') AS some
            FROM json_each(:words)
        ), hit AS (
            SELECT n, c.id FROM word JOIN callback c
            ON {_says("c.name")} OR {_says("c.address")}
               OR some <> '' AND (c.number LIKE '%' || some || '%' OR c.second LIKE '%' || some || '%'
                                  OR c.digits LIKE '%' || some || '%')
            UNION SELECT n, callback_id FROM word JOIN note ON {_says("text")}
            UNION SELECT n, callback_id FROM word JOIN reply ON {_says("text")}
            UNION SELECT n, callback_id FROM word JOIN message ON kind = 'by_hand' AND ({_says("text")})
        )
        SELECT *, count(*) OVER () AS total FROM callback
        WHERE id IN (SELECT id FROM hit GROUP BY id HAVING count(*) = :number_of_words)
        ORDER BY state = 'closed', CASE WHEN state = 'closed' THEN 0 ELSE rank END, opened_at DESC, id DESC
        LIMIT :limit
        """,  # noqa: S608  names of our own
        words=json.dumps([(f"%{_literal(word)}%", _digits(word)) for word in words]),
        number_of_words=len(words),
        limit=limit,
    )
    return Found([record(Callback, row) for row in rows], rows[0]["total"] if rows else 0)


async def contacts(db: Reader, text: str, *, limit: int = 100) -> Sequence[Contact]:
    """By name; those with no name last. Digits are looked for in numbers."""
    rows = await db.all(
        f"""
        WITH wanted AS (SELECT :pattern AS pattern)
        SELECT number, name, kind FROM contact, wanted
        WHERE {_says("name")} OR (:digits <> '' AND number LIKE '%' || :digits || '%')
        ORDER BY name = '', folded(name), number LIMIT :limit
        """,  # noqa: S608
        pattern=f"%{_literal(text)}%",
        digits=_digits(text),
        limit=limit,
    )
    return [Contact(E164(row["number"]), row["name"], ContactKind(row["kind"])) for row in rows]


def _says(column: str) -> str:
    """That the pattern is in there. ASCII, where `LIKE` knows no case, is not folded: that takes ten times as long."""
    is_no_ascii = f"length({column}) < length(CAST({column} AS BLOB))"
    return (
        f"{column} LIKE pattern ESCAPE '\\' OR {is_no_ascii} AND folded(ifnull({column}, '')) LIKE pattern ESCAPE '\\'"
    )


def _digits(text: str) -> str:
    """What may be a piece of a number; "" where it is too short to tell."""
    digits = "".join(char for char in text if char.isdecimal() and char.isascii())
    return digits if len(digits) >= FEWEST_DIGITS else ""


def _literal(text: str) -> str:
    """Folded as what is searched, and so that `%` and `_` find themselves."""
    return folded(text).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")

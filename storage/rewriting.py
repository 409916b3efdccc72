"""Changes to many rows at one time, each with its audit entry: for what is emptied, and for who is forgotten."""

from dataclasses import dataclass

from storage.audit import Act, Subject
from storage.database import Writer
from storage.values import Value


@dataclass(frozen=True, slots=True)
class Rewriting:
    """table, where, changes: SQL of ours, never anybody's words. callback: the column with the row it shows on."""

    subject: Subject
    table: str
    where: str
    changes: str
    callback: str = "NULL"


async def rewrite(tx: Writer, what: Rewriting, act: Act, **parameters: Value) -> int:
    """How many rows were changed."""
    tx.tells.add(what.subject.value)
    written = await tx.all(
        f"""
        INSERT INTO audit (at, who, what, subject, subject_id, version, callback_id)
        SELECT :act_at, :act_who, :act_what, :act_subject, id, version + 1, {what.callback}
        FROM {what.table} WHERE {what.where}
        RETURNING id
        """,  # noqa: S608  constants of the modules beside this one
        act_at=act.at,
        act_who=act.who,
        act_what=f"{what.subject}.{act.what}",
        act_subject=what.subject,
        **parameters,
    )
    await tx.all(
        f"UPDATE {what.table} SET {what.changes}, version = version + 1 WHERE {what.where}",  # noqa: S608
        **parameters,
    )
    return len(written)


async def run(tx: Writer, script: str, **parameters: Value) -> None:
    """Statements, one after the other, all with the same parameters."""
    for statement in filter(str.strip, script.split(";")):
        await tx.all(statement, **parameters)

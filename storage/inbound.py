"""What the gateways brought: every PDU as it came, once, and the receipts among them."""

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bridge.domain.texts.messages import Concatenation, InboundText, Poison, Receipt, ReceiptState
from storage.database import Reader, Writer

HEADER = 16  # octets of an SMPP header: the sequence number differs when a PDU is brought again
REPEAT_WITHIN = timedelta(minutes=10)
PARTS_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class PartArrived:
    """One part of a longer text, as it is on disk."""

    concatenation: Concatenation
    text: str
    reply_id: int | None


async def store_text(tx: Writer, text: InboundText, now: datetime) -> int | None:
    """The new row's id; None if the gateway brought the same text again: it is counted, and nothing else changes."""
    digest = _digest(text.gateway, text.source, text.destination, text.text or "", str(text.part), text.raw[HEADER:])
    if await _count_repeat(tx, digest, now):
        return None
    part = text.part
    return await tx.insert(
        """
        INSERT INTO inbound (gateway, kind, digest, source, destination, text, reference, total, sequence, raw,
                             received_at, last_at)
        VALUES (:gateway, :kind, :digest, :source, :destination, :text, :reference, :total, :sequence, :raw, :now, :now)
        """,
        gateway=text.gateway,
        kind="part" if part else "text",
        digest=digest,
        source=text.source,
        destination=text.destination,
        text=None if text.text is None else text.text.encode("utf-8", "surrogatepass"),
        reference=part.reference if part else None,
        total=part.total if part else None,
        sequence=part.sequence if part else None,
        raw=text.raw,
        now=now,
    )


async def store_receipt(tx: Writer, receipt: Receipt, now: datetime) -> int | None:
    """The new receipt's id; None if it came before."""
    digest = _digest(receipt.gateway, *receipt.message_ids, receipt.state, receipt.error, receipt.raw[HEADER:])
    if await _count_repeat(tx, digest, now):
        return None
    inbound_id = await _store_raw(tx, receipt.gateway, "receipt", digest, receipt.raw, None, now)
    receipt_id = await tx.insert(
        """
        INSERT INTO receipt (inbound_id, state, error, final, landline)
        VALUES (:inbound_id, :state, :error, :final, :landline)
        """,
        inbound_id=inbound_id,
        state=receipt.state,
        error=receipt.error,
        final=receipt.final,
        landline=receipt.landline,
    )
    for name in dict.fromkeys(filter(None, receipt.message_ids)):
        await tx.insert(
            "INSERT INTO receipt_name (name, receipt_id, gateway) VALUES (:name, :receipt_id, :gateway)",
            name=name,
            receipt_id=receipt_id,
            gateway=receipt.gateway,
        )
    return receipt_id


async def store_poison(tx: Writer, poison: Poison, now: datetime) -> None:
    digest = _digest(poison.gateway, poison.raw[HEADER:])
    if not await _count_repeat(tx, digest, now):
        await _store_raw(tx, poison.gateway, "poison", digest, poison.raw, poison.error, now)


async def _store_raw(
    tx: Writer, gateway: str, kind: str, digest: bytes, raw: bytes, error: str | None, now: datetime
) -> int:
    return await tx.insert(
        """
        INSERT INTO inbound (gateway, kind, digest, raw, error, received_at, last_at)
        VALUES (:gateway, :kind, :digest, :raw, :error, :now, :now)
        """,
        gateway=gateway,
        kind=kind,
        digest=digest,
        raw=raw,
        error=error,
        now=now,
    )


async def _count_repeat(tx: Writer, digest: bytes, now: datetime) -> bool:
    """Was the very same brought a moment ago? A gateway brings again what it thinks we did not acknowledge.

    The same word may also answer what a person of ours wrote since (yes, and yes again): then it is another text.
    """
    row = await tx.one(
        """
        UPDATE inbound SET times = times + 1, last_at = max(last_at, :now)
        WHERE id = (SELECT id FROM inbound WHERE digest = :digest AND last_at > :since ORDER BY id DESC LIMIT 1)
              AND NOT EXISTS (SELECT 1 FROM reply r JOIN message m ON m.number = r.number AND m.kind = 'by_hand'
                              WHERE r.id = inbound.reply_id AND m.created_at > inbound.received_at)
        RETURNING id
        """,
        digest=digest,
        now=now,
        since=now - REPEAT_WITHIN,
    )
    return row is not None


async def parts_like(db: Reader, text: InboundText, now: datetime) -> Sequence[PartArrived]:
    """The parts that belong to one text with this one, itself included, whole texts of old left out."""
    part = text.part
    if part is None:
        return []
    rows = await db.all(
        """
        SELECT i.* FROM inbound i LEFT JOIN reply r ON r.id = i.reply_id
        WHERE i.kind = 'part' AND i.gateway = :gateway AND i.source = :source AND i.destination = :destination
              AND i.reference = :reference AND i.total = :total AND i.received_at > :since
              AND (i.reply_id IS NULL OR r.partial = 1)
        ORDER BY i.id
        """,
        gateway=text.gateway,
        source=text.source,
        destination=text.destination,
        reference=part.reference,
        total=part.total,
        since=now - PARTS_WITHIN,
    )
    return [_part(row) for row in rows]


async def belongs_to(tx: Writer, inbound_id: int, reply_id: int) -> None:
    await tx.all("UPDATE inbound SET reply_id = :reply_id WHERE id = :id", id=inbound_id, reply_id=reply_id)


async def parts_belong_to(tx: Writer, text: InboundText, reply_id: int, now: datetime) -> None:
    """All parts that wait for the rest of this text."""
    if text.part is None:
        return
    await tx.all(
        """
        UPDATE inbound SET reply_id = :reply_id
        WHERE kind = 'part' AND gateway = :gateway AND source = :source AND destination = :destination
              AND reference = :reference AND total = :total AND received_at > :since AND reply_id IS NULL
        """,
        reply_id=reply_id,
        gateway=text.gateway,
        source=text.source,
        destination=text.destination,
        reference=text.part.reference,
        total=text.part.total,
        since=now - PARTS_WITHIN,
    )


async def left_waiting(db: Reader, before: datetime) -> Sequence[InboundText]:
    """One part of every text whose last part came before then and whose rest did not come."""
    rows = await db.all(
        """
        SELECT *, max(received_at) AS newest FROM inbound
        WHERE kind = 'part' AND reply_id IS NULL
        GROUP BY gateway, source, destination, reference, total HAVING newest <= :before
        ORDER BY id
        """,
        before=before,
    )
    return [_inbound(row) for row in rows]


async def receipts_for(db: Reader, gateway: str, gateway_id: str, since: datetime) -> Sequence[tuple[int, Receipt]]:
    """Receipts that came before the answer which gave the id. gateway: "" where it is not known."""
    rows = await db.all(
        """
        SELECT r.id, r.state, r.error, r.final, r.landline, n.gateway, i.raw
        FROM receipt_name n JOIN receipt r ON r.id = n.receipt_id JOIN inbound i ON i.id = r.inbound_id
        WHERE n.name = :name AND r.part_id IS NULL AND i.received_at > :since AND :gateway IN ('', n.gateway)
        ORDER BY r.id
        """,
        name=gateway_id,
        gateway=gateway,
        since=since,
    )
    return [
        (
            row["id"],
            Receipt(
                row["gateway"],
                (gateway_id,),
                ReceiptState(row["state"]),
                row["error"],
                bool(row["final"]),
                row["raw"],
                bool(row["landline"]),
            ),
        )
        for row in rows
    ]


async def match_receipt(tx: Writer, receipt_id: int, part_id: int) -> None:
    await tx.all("UPDATE receipt SET part_id = :part_id WHERE id = :id", id=receipt_id, part_id=part_id)


def _digest(*fields: str | bytes) -> bytes:
    digest = hashlib.sha256()
    for field in fields:
        octets = field if isinstance(field, bytes) else field.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(8, "big") + octets)
    return digest.digest()


def _text(octets: bytes | None) -> str:
    return (octets or b"").decode("utf-8", "surrogatepass")


def _part(row: sqlite3.Row) -> PartArrived:
    return PartArrived(
        Concatenation(row["reference"], row["total"], row["sequence"]), _text(row["text"]), row["reply_id"]
    )


def _inbound(row: sqlite3.Row) -> InboundText:
    part = Concatenation(row["reference"], row["total"], row["sequence"])
    return InboundText(row["gateway"], row["source"], row["destination"], _text(row["text"]), row["raw"], part=part)

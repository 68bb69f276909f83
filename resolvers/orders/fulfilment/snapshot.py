"""What a paid order consists of: its parts, and what each of them brings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from models.database import fetch
from models.orders.states import FulfilmentMethod, FulfilmentStatus

# Of `part`, its `place` and a `line` of the order; a `quantity` besides.
PIECE = """
  part.id, part.number, part.method, part.status, part.location_id,
  part.awaits_until IS NOT NULL AS awaiting,
  place.name AS place_name, place.timezone, place.organisation_id,
  line.id AS line_id, line.sku, line.name, line.variant_id, line.quantity AS ordered,
  line.total_minor
"""
_PARTS = f"""
SELECT part_line.quantity, {PIECE}
FROM fulfilment part
JOIN location place ON place.id = part.location_id
JOIN fulfilment_line part_line ON part_line.fulfilment_id = part.id
JOIN order_line line ON line.id = part_line.order_line_id
WHERE part.order_id = ?
ORDER BY part.id, part_line.id
"""


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of the order: `quantity` pieces of a variant that cost `total_minor` together."""

    id: int
    variant_id: int
    quantity: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """What of a line a part brings."""

    name: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class FulfilmentSnapshot:
    """A fulfilment, and of its location what a ticket and an announcement say."""

    id: int
    number: str
    method: FulfilmentMethod
    status: FulfilmentStatus
    location_id: int
    place_name: str
    timezone: str
    organisation_id: int
    awaiting: bool
    pieces: list[SnapshotLine] = field(default_factory=list)


async def of_order(order_id: int) -> tuple[list[FulfilmentSnapshot], list[SoldLine]]:
    """The parts of an order, and its lines, each in the order in which they were written."""
    return of_rows(await fetch(_PARTS, order_id))


def of_rows(rows: Iterable[dict[str, Any]]) -> tuple[list[FulfilmentSnapshot], list[SoldLine]]:
    """The parts and lines of rows that have the columns of `PIECE`, one for each line of a part."""
    parts: dict[int, FulfilmentSnapshot] = {}
    lines: dict[int, SoldLine] = {}
    for row in rows:
        part = parts.get(row["id"]) or parts.setdefault(row["id"], _part(row))
        part.pieces.append(SnapshotLine(row["name"], row["sku"], row["quantity"]))
        lines[row["line_id"]] = SoldLine(
            row["line_id"], row["variant_id"], row["ordered"], row["total_minor"]
        )
    return list(parts.values()), [lines[row_id] for row_id in sorted(lines)]


def _part(row: dict[str, Any]) -> FulfilmentSnapshot:
    return FulfilmentSnapshot(
        id=row["id"],
        number=row["number"],
        method=FulfilmentMethod(row["method"]),
        status=FulfilmentStatus(row["status"]),
        location_id=row["location_id"],
        place_name=row["place_name"],
        timezone=row["timezone"],
        organisation_id=row["organisation_id"],
        awaiting=bool(row["awaiting"]),
    )

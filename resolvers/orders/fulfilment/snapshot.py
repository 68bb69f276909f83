"""What a paid order consists of: its fulfilments with their lines, and its order lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from models.database import fetch
from models.orders.states import FulfilmentMethod, FulfilmentStatus

# Of the tables `fulfilment`, its `location` and a `line` of the order; `of_rows` needs a `quantity` besides.
COLUMNS = """
  fulfilment.id, fulfilment.number, fulfilment.method, fulfilment.status, fulfilment.location_id,
  fulfilment.awaits_until IS NOT NULL AS awaiting,
  location.name AS location_name, location.timezone, location.organisation_id,
  line.id AS line_id, line.sku, line.name, line.variant_id, line.quantity AS ordered,
  line.total_minor
"""
_OF_ORDER = f"""
SELECT fulfilment_line.quantity, {COLUMNS}
FROM fulfilment
JOIN location ON location.id = fulfilment.location_id
JOIN fulfilment_line ON fulfilment_line.fulfilment_id = fulfilment.id
JOIN order_line line ON line.id = fulfilment_line.order_line_id
WHERE fulfilment.order_id = ?
ORDER BY fulfilment.id, fulfilment_line.id
"""


@dataclass(frozen=True, slots=True)
class SoldLine:
    """A line of the order: `quantity` units of a variant that cost `total_minor` together."""

    id: int
    variant_id: int
    quantity: int
    total_minor: int


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """What a fulfilment brings of an order line."""

    name: str
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class FulfilmentSnapshot:
    """A fulfilment with the columns of its location that tickets and announcements need."""

    id: int
    number: str
    method: FulfilmentMethod
    status: FulfilmentStatus
    location_id: int
    location_name: str
    timezone: str
    organisation_id: int
    awaiting: bool
    lines: list[SnapshotLine] = field(default_factory=list)


async def of_order(order_id: int) -> tuple[list[FulfilmentSnapshot], list[SoldLine]]:
    """Return the fulfilments and the lines of an order, each in the order of their IDs."""
    return of_rows(await fetch(_OF_ORDER, order_id))


def of_rows(rows: Iterable[dict[str, Any]]) -> tuple[list[FulfilmentSnapshot], list[SoldLine]]:
    """Return the fulfilments and lines of rows with `COLUMNS`, one row for each line of a fulfilment."""
    fulfilments: dict[int, FulfilmentSnapshot] = {}
    lines: dict[int, SoldLine] = {}
    for row in rows:
        found = fulfilments.get(row["id"]) or fulfilments.setdefault(row["id"], _fulfilment(row))
        found.lines.append(SnapshotLine(row["name"], row["sku"], row["quantity"]))
        lines[row["line_id"]] = SoldLine(
            row["line_id"], row["variant_id"], row["ordered"], row["total_minor"]
        )
    return list(fulfilments.values()), [lines[row_id] for row_id in sorted(lines)]


def _fulfilment(row: dict[str, Any]) -> FulfilmentSnapshot:
    return FulfilmentSnapshot(
        id=row["id"],
        number=row["number"],
        method=FulfilmentMethod(row["method"]),
        status=FulfilmentStatus(row["status"]),
        location_id=row["location_id"],
        location_name=row["location_name"],
        timezone=row["timezone"],
        organisation_id=row["organisation_id"],
        awaiting=bool(row["awaiting"]),
    )

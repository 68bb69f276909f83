"""The audit of serial numbers: as many as units at each level in each state, and in transit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from models.database import fetch, marks
from models.stock.documents.transfer_rules import IN_TRANSIT_STATUSES
from models.stock.serials import SerialState
from models.stock.states import StockState

_S = SerialState
_ROAD = ", ".join(f"'{status}'" for status in IN_TRANSIT_STATUSES)
_LEFT = "line.shipped - line.accepted - line.rejected - line.lost - line.returned"


@dataclass(frozen=True, slots=True)
class SerialDrift:
    """A level has `quantity` units in a state and `serials` serial numbers.

    AVAILABLE includes held and committed units.
    """

    level_id: int
    state: StockState
    quantity: int
    serials: int


async def of_levels(level_ids: Sequence[int]) -> Iterator[SerialDrift]:
    """Return where the units on hand and the serial numbers of these levels differ."""
    rows = await fetch(_ON_HAND.format(marks(level_ids)), *level_ids)
    return (drift for row in rows for drift in _differing(row))


async def of_locations(location_ids: Sequence[int]) -> list[SerialDrift]:
    """Return where the units and serial numbers in transit differ, to and from these locations."""
    locations = marks(location_ids)
    rows = await fetch(f"{_ARRIVING.format(locations)} UNION ALL {_LEAVING.format(locations)} ORDER BY id",
                       *location_ids, *location_ids)  # fmt: skip
    return [
        SerialDrift(row["id"], StockState.IN_TRANSIT, int(row["quantity"]), row["serials"])
        for row in rows
    ]


def _differing(row: dict[str, Any]) -> Iterator[SerialDrift]:
    for state in (StockState.AVAILABLE, StockState.DAMAGED, StockState.QUARANTINED):
        quantity, serials = row[state.lower()], int(row[f"{state.lower()}_serials"])
        if quantity != serials:
            yield SerialDrift(row["id"], state, quantity, serials)


def _count(state: SerialState) -> str:
    return f"COALESCE(SUM(CASE WHEN serial.state = '{state}' THEN 1 ELSE 0 END), 0)"


_ON_HAND = f"""
SELECT level.id, level.available + level.held + level.committed AS available, level.damaged,
  level.quarantined, {_count(_S.IN_STOCK)} AS available_serials,
  {_count(_S.DAMAGED)} AS damaged_serials, {_count(_S.QUARANTINED)} AS quarantined_serials
FROM stock_level AS level JOIN variant ON variant.id = level.variant_id AND variant.tracks_serials
LEFT JOIN serial_number AS serial ON serial.variant_id = level.variant_id
  AND serial.location_id = level.location_id AND serial.state IN ('IN_STOCK', 'DAMAGED', 'QUARANTINED')
WHERE level.id IN ({{}}) GROUP BY level.id ORDER BY level.id
"""
_ARRIVING = f"""
SELECT * FROM (SELECT level.id, {_LEFT} AS quantity,
  (SELECT COUNT(*) FROM serial_number AS serial WHERE serial.variant_id = line.variant_id
    AND serial.location_id = transfer.source_id AND serial.state = '{_S.IN_TRANSIT}'
    AND serial.document_type = 'Transfer' AND serial.document_id = transfer.id) AS serials
FROM transfer JOIN transfer_line AS line ON line.transfer_id = transfer.id
JOIN variant ON variant.id = line.variant_id AND variant.tracks_serials
JOIN stock_level AS level ON level.variant_id = line.variant_id
  AND level.location_id = transfer.destination_id
WHERE transfer.destination_id IN ({{}}) AND transfer.status IN ({_ROAD})) AS arriving
WHERE quantity <> serials
"""
_LEAVING = f"""
SELECT * FROM (SELECT level.id,
  (SELECT COALESCE(SUM({_LEFT}), 0) FROM transfer JOIN transfer_line AS line
    ON line.transfer_id = transfer.id AND line.variant_id = level.variant_id
    WHERE transfer.source_id = level.location_id AND transfer.status IN ({_ROAD})) AS quantity,
  (SELECT COUNT(*) FROM serial_number AS serial WHERE serial.variant_id = level.variant_id
    AND serial.location_id = level.location_id AND serial.state = '{_S.IN_TRANSIT}') AS serials
FROM stock_level AS level JOIN variant ON variant.id = level.variant_id AND variant.tracks_serials
WHERE level.location_id IN ({{}})) AS leaving
WHERE quantity <> serials
"""

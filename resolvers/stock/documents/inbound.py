"""The incoming quantity of levels: units of shipped transfers and approved purchase orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.database import fetch, marks
from models.errors import LimitExceeded
from models.stock.documents.purchase_rules import EXPECTED
from models.stock.documents.transfer_rules import IN_TRANSIT_STATUSES
from models.stock.levels import LevelKey
from resolvers.context import Context
from resolvers.stock.ledger.ledger import ChangedLevel
from resolvers.validation import INT32_MAX


@dataclass(frozen=True, slots=True)
class IncomingDrift:
    """A level has `recorded` incoming units, its documents `expected`."""

    level_id: int
    recorded: int
    expected: int


async def expect(
    ctx: Context, deltas: Mapping[LevelKey, int], field: str = "lines"
) -> list[ChangedLevel]:
    """Add the deltas, which may be negative, to the incoming quantities of locked levels.

    Raises: LimitExceeded naming the input's `field` beyond INT32_MAX units; RuntimeError, which undoes the
    transaction, if documents and levels contradict each other.
    """
    if not deltas:
        return []
    values = [value for key, delta in sorted(deltas.items()) for value in (*key, delta)]
    rows = await fetch(_update(len(deltas)), *values, *[ctx.now()] * 2)
    if len(rows) < len(deltas):
        if min(deltas.values()) < 0:
            raise RuntimeError(f"levels have fewer incoming units than arrive: {sorted(deltas)}")
        raise LimitExceeded("Too many units are incoming already.", path=(field,))
    return [ChangedLevel(**row) for row in rows]


async def drifts_of(location_ids: Sequence[int]) -> list[IncomingDrift]:
    """Return the levels at these locations whose incoming quantity differs from their documents."""
    locations = marks(location_ids)
    rows = await fetch(
        _DRIFTING.replace("{locations}", locations), *location_ids, *location_ids, *location_ids
    )
    return [IncomingDrift(row["id"], row["incoming"], int(row["expected"])) for row in rows]


def _update(levels: int) -> str:
    first = "(CAST(? AS BIGINT), CAST(? AS BIGINT), CAST(? AS INTEGER))"
    rows = ", ".join([first] + ["(?, ?, ?)"] * (levels - 1))
    return f"""
WITH delta (variant_id, location_id, incoming) AS (VALUES {rows})
UPDATE stock_level SET incoming = stock_level.incoming + delta.incoming,
  version = stock_level.version + 1,
  updated_at = CASE WHEN stock_level.updated_at > ? THEN stock_level.updated_at ELSE ? END
FROM delta
WHERE stock_level.variant_id = delta.variant_id AND stock_level.location_id = delta.location_id
  AND CAST(stock_level.incoming AS BIGINT) + delta.incoming BETWEEN 0 AND {INT32_MAX}
RETURNING stock_level.id, stock_level.variant_id, stock_level.location_id, stock_level.updated_at,
  (SELECT merchant_id FROM location WHERE location.id = stock_level.location_id) AS merchant_id,
  (SELECT organisation_id FROM location WHERE location.id = stock_level.location_id)
    AS organisation_id
"""


def _statuses(statuses: Sequence[str]) -> str:
    return ", ".join(f"'{status}'" for status in statuses)


_DRIFTING = f"""
WITH expected (variant_id, location_id, quantity) AS (
  SELECT line.variant_id, transfer.destination_id,
    line.shipped - line.accepted - line.rejected - line.lost - line.returned
  FROM transfer JOIN transfer_line AS line ON line.transfer_id = transfer.id
  WHERE transfer.destination_id IN ({{locations}}) AND transfer.status IN ({_statuses(IN_TRANSIT_STATUSES)})
  UNION ALL
  SELECT line.variant_id, purchase.destination_id, line.ordered - line.received
  FROM purchase_order AS purchase JOIN purchase_order_line AS line
    ON line.purchase_order_id = purchase.id
  WHERE purchase.destination_id IN ({{locations}}) AND purchase.status IN ({_statuses(EXPECTED)})),
summed AS (
  SELECT variant_id, location_id, SUM(quantity) AS quantity FROM expected
  GROUP BY variant_id, location_id)
SELECT level.id, level.incoming, COALESCE(summed.quantity, 0) AS expected
FROM stock_level AS level LEFT JOIN summed ON summed.variant_id = level.variant_id
  AND summed.location_id = level.location_id
WHERE level.location_id IN ({{locations}}) AND level.incoming <> COALESCE(summed.quantity, 0)
ORDER BY level.id
"""

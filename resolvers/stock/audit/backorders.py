"""The audit of backorders: allocations compared with limits, orders and the holds that filled them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.database import fetch, marks


class BackorderFaultKind(StrEnum):
    """The kind of a fault.

    SUM: the promised units of a variant differ from its open allocations. LIMIT: they exceed the limit, which
    is legitimate after the limit was lowered. ORDER: the order of an allocation does not await it. HOLD: the
    filled units of an allocation are not committed. WAIT: a paid fulfilment waits without an allocation;
    `expected` is the number of units of a variant that it lacks.
    """

    SUM = "SUM"
    LIMIT = "LIMIT"
    ORDER = "ORDER"
    HOLD = "HOLD"
    WAIT = "WAIT"


@dataclass(frozen=True, slots=True)
class BackorderFault:
    """A `recorded` number that differs from the `expected` one, or from the highest permitted one.

    `location_id` and `order_id` are those of an allocation or fulfilment, None for the sum of a variant.
    """

    kind: BackorderFaultKind
    variant_id: int
    recorded: int
    expected: int
    location_id: int | None = None
    order_id: int | None = None


async def faults_of(location_ids: Sequence[int]) -> list[BackorderFault]:
    """Return the faults of allocations at these locations.

    The sum of a variant is included if it has open allocations there, or none at all.
    """
    locations = marks(location_ids)
    queries = [each.format(locations) for each in (_ORDER, _HOLD, _WAIT)]
    single = await fetch(f"{' UNION ALL '.join(queries)} ORDER BY id", *[*location_ids] * 3)
    sums = await fetch(_SUMS.format(locations, locations), *location_ids, *location_ids)
    return [
        *(
            BackorderFault(
                BackorderFaultKind(row["kind"]),
                row["variant_id"],
                row["recorded"],
                int(row["expected"]),
                row["location_id"],
                row["order_id"],
            )
            for row in single
        ),
        *(
            BackorderFault(
                BackorderFaultKind.SUM, row["variant_id"], row["promised"], int(row["owed"])
            )
            for row in sums
            if row["promised"] != row["owed"]
        ),
        *(
            BackorderFault(
                BackorderFaultKind.LIMIT, row["variant_id"], row["promised"], row["most"]
            )
            for row in sums
            if row["promised"] > row["most"]
        ),
    ]


_OPEN = "allocation.status IN ('HELD', 'AWAITED')"
# This and _WAIT read tables of orders, to see whether an order waits.
_ORDER = f"""
SELECT allocation.id, 'ORDER' AS kind, allocation.variant_id, allocation.location_id, allocation.order_id,
  allocation.quantity - allocation.filled AS recorded, 0 AS expected
FROM stock_promise AS allocation LEFT JOIN sales_order AS sold ON sold.id = allocation.order_id
LEFT JOIN fulfilment ON fulfilment.id = allocation.fulfilment_id AND fulfilment.order_id = allocation.order_id
WHERE {_OPEN} AND allocation.location_id IN ({{}}) AND (sold.id IS NULL OR fulfilment.id IS NULL
  OR fulfilment.status = 'CANCELLED' OR fulfilment.awaits_until IS NULL
  OR (allocation.status = 'HELD') <> (sold.status = 'PENDING_PAYMENT') OR sold.status = 'CANCELLED')
"""
_HOLD = """
SELECT * FROM (SELECT allocation.id, 'HOLD' AS kind, allocation.variant_id, allocation.location_id,
  allocation.order_id, allocation.filled AS recorded, COALESCE((SELECT SUM(hold.quantity)
    FROM stock_hold AS hold JOIN stock_level AS level ON level.id = hold.level_id
    WHERE hold.fulfilment_id = allocation.fulfilment_id AND hold.status = 'COMMITTED'
    AND hold.order_id = allocation.order_id AND level.variant_id = allocation.variant_id), 0) AS expected
  FROM stock_promise AS allocation
  WHERE allocation.status = 'AWAITED' AND allocation.filled > 0 AND allocation.location_id IN ({})) AS filled
WHERE recorded <> expected
"""
_WAIT = """
SELECT fulfilment.id, 'WAIT' AS kind, line.variant_id, fulfilment.location_id, fulfilment.order_id,
  0 AS recorded,
  SUM(line.quantity) - COALESCE((SELECT SUM(hold.quantity) FROM stock_hold AS hold
    JOIN stock_level AS level ON level.id = hold.level_id WHERE hold.fulfilment_id = fulfilment.id
    AND hold.status = 'COMMITTED' AND level.variant_id = line.variant_id), 0) AS expected
FROM fulfilment JOIN fulfilment_line AS line ON line.fulfilment_id = fulfilment.id
WHERE fulfilment.location_id IN ({}) AND fulfilment.status IN ('OPEN', 'ACCEPTED')
  AND fulfilment.assigned_at IS NOT NULL AND fulfilment.awaits_until IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM stock_promise AS allocation
    WHERE allocation.fulfilment_id = fulfilment.id AND allocation.status = 'AWAITED')
GROUP BY fulfilment.id, line.variant_id, fulfilment.location_id, fulfilment.order_id
"""
_SUMS = f"""
SELECT * FROM (SELECT backorder.variant_id, backorder.promised, backorder.most,
  COALESCE(SUM(allocation.quantity - allocation.filled), 0) AS owed
  FROM stock_backorder AS backorder JOIN variant ON variant.id = backorder.variant_id
  LEFT JOIN stock_promise AS allocation ON allocation.variant_id = backorder.variant_id AND {_OPEN}
  WHERE variant.merchant_id IN (SELECT merchant_id FROM location WHERE id IN ({{}}))
  GROUP BY backorder.variant_id, backorder.promised, backorder.most) AS sums
WHERE (promised <> owed OR promised > most) AND (owed = 0 OR EXISTS (
  SELECT 1 FROM stock_promise AS allocation WHERE allocation.variant_id = sums.variant_id AND {_OPEN}
  AND allocation.location_id IN ({{}})))
ORDER BY variant_id
"""

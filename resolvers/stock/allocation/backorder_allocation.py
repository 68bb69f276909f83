"""Allocation of arrived or released units to paid backorders, before another order can buy them.

A transaction that may make units available locks the backorders of their variants, then the levels, and
calls `fill` before it commits. A payment for a backorder locks in the same order, so the later of two
concurrent transactions sees the changes of the earlier one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from typing import Any

from models.database import (
    execute,
    execute_many,
    fetch,
    for_update,
    is_postgres,
    marks,
    transaction,
)
from models.deferred_writes import insert_later
from models.stock.levels import LevelKey
from models.stock.states import AllocationStatus, HoldStatus, MovementReason, StockState
from models.tables.bulk import chunks
from resolvers.background.outbox import Change, announce
from resolvers.context import ActorKind, Context
from resolvers.stock.ledger.ledger import ChangedLevel, Move, announce_changed, move_all

_HOLD = (
    *("level_id", "order_id", "fulfilment_id", "quantity", "status", "expires_at"),
    *("below_safety", "created_at"),
)
VARIANTS_OF_ORDER = """
SELECT level.variant_id FROM stock_hold AS hold JOIN stock_level AS level ON level.id = hold.level_id
WHERE hold.order_id = ? UNION SELECT variant_id FROM stock_promise WHERE order_id = ?
"""
_FILLABLE = """
SELECT DISTINCT level.variant_id, level.location_id FROM stock_promise AS allocation
JOIN stock_level AS level ON level.variant_id = allocation.variant_id
  AND level.location_id = allocation.location_id
WHERE allocation.status = 'AWAITED' AND level.available > level.safety_stock
ORDER BY level.variant_id, level.location_id LIMIT ?
"""


async def lock_backorders(variants: str, *values: Any, waiting: bool = True) -> set[int]:
    """Lock the backorders of the variants that the SQL `variants` selects. Return the IDs of those variants.

    Pass `waiting=False` if levels are locked already: backorders that another transaction has locked are
    skipped on PostgreSQL.
    """
    locking = for_update() + (" SKIP LOCKED" if is_postgres() and not waiting else "")
    rows = await fetch(
        "SELECT variant_id FROM stock_backorder AS backorder"
        f" WHERE variant_id IN ({variants}) ORDER BY variant_id{locking}",
        *values,
    )
    return {row["variant_id"] for row in rows}


async def fill(ctx: Context, keys: Collection[LevelKey]) -> int:
    """Commit the units above the safety stock to paid allocations of locked backorders, the oldest first.

    Return how many allocations received units.
    """
    if not keys or not (free := await _free(keys)):
        return 0
    filled = _distribute(await _awaited(free), free)
    if filled:
        levels = await move_all(ctx, [_move(row, quantity) for row, quantity in filled])
        await _insert_holds(ctx, filled, levels)
        await _record_filled(filled)
        await _announce_arrived(ctx, sorted({row["fulfilment_id"] for row, _ in filled}))
        await announce_changed(ctx, levels)
    return len(filled)


async def fill_freed(ctx: Context, freed: Sequence[ChangedLevel]) -> None:
    """Fill from levels whose expired holds were released by a transaction that leaves units over.

    Their backorders were not locked before the levels. The worker fills those that another transaction has
    locked.
    """
    if not freed:
        return
    variant_ids = sorted({level.variant_id for level in freed})
    backordered = await lock_backorders(marks(variant_ids), *variant_ids, waiting=False)
    keys = ((each.variant_id, each.location_id) for each in freed)
    await fill(ctx, keys_of_variants(backordered, keys))


def keys_of_variants(variant_ids: Collection[int], keys: Iterable[LevelKey]) -> set[LevelKey]:
    """Return the keys whose variant is one of `variant_ids`."""
    return {key for key in keys if key[0] in variant_ids}


async def fill_due(ctx: Context, limit: int = 100) -> int:
    """Fill allocations at up to `limit` levels that have units for them. Return how many received units.

    The worker calls this. Each level is filled in its own transaction.
    """
    due = await fetch(_FILLABLE, limit)
    return sum(
        [await transaction(_fill_due, ctx, (row["variant_id"], row["location_id"])) for row in due]
    )


async def _fill_due(ctx: Context, key: LevelKey) -> int:
    await lock_backorders("?", key[0])
    return await fill(ctx, [key])


async def _free(keys: Collection[LevelKey]) -> dict[LevelKey, int]:
    """Lock the levels. Return their units above the safety stock where there are any."""
    condition = " OR ".join(["variant_id = ? AND location_id = ?"] * len(keys))
    rows = await fetch(
        "SELECT variant_id, location_id, available - safety_stock AS free FROM stock_level"
        f" WHERE {condition} ORDER BY variant_id, location_id{for_update()}",
        *(value for key in sorted(keys) for value in key),
    )
    return {(row["variant_id"], row["location_id"]): row["free"] for row in rows if row["free"] > 0}


async def _awaited(free: dict[LevelKey, int]) -> list[dict[str, Any]]:
    """Return the oldest awaited allocations of each level, as many as its free units suffice for."""
    one = (
        "SELECT * FROM (SELECT id, variant_id, location_id, order_id, fulfilment_id, quantity, filled,"
        " SUM(quantity - filled) OVER (ORDER BY id) - (quantity - filled) AS ahead FROM stock_promise"
        " WHERE status = 'AWAITED' AND variant_id = ? AND location_id = ?) AS owed WHERE ahead < ?"
    )
    rows = []
    for chunk in chunks(sorted(free.items()), 100):
        rows += await fetch(
            " UNION ALL ".join([one] * len(chunk)) + " ORDER BY id",
            *(value for key, quantity in chunk for value in (*key, quantity)),
        )
    return rows


def _distribute(
    awaited: Sequence[dict[str, Any]], free: dict[LevelKey, int]
) -> list[tuple[dict[str, Any], int]]:
    """Return how many of the free units each allocation receives."""
    left, filled = dict(free), []
    for row in awaited:
        key = row["variant_id"], row["location_id"]
        if quantity := min(left[key], row["quantity"] - row["filled"]):
            left[key] -= quantity
            filled.append((row, quantity))
    return filled


def _move(allocation: dict[str, Any], quantity: int) -> Move:
    return Move(
        variant_id=allocation["variant_id"],
        location_id=allocation["location_id"],
        from_state=StockState.AVAILABLE,
        to_state=StockState.COMMITTED,
        quantity=quantity,
        reason=MovementReason.COMMIT,
        document=("Order", allocation["order_id"]),
        above_safety=True,
    )


async def _insert_holds(
    ctx: Context, filled: Sequence[tuple[dict[str, Any], int]], levels: Sequence[ChangedLevel]
) -> None:
    """Insert committed holds, as every paid order has them."""
    ids = {(level.variant_id, level.location_id): level.id for level in levels}
    rows = [
        (
            ids[row["variant_id"], row["location_id"]],
            row["order_id"],
            row["fulfilment_id"],
            quantity,
            str(HoldStatus.COMMITTED),
            None,
            False,
            ctx.now(),
        )
        for row, quantity in filled
    ]
    await insert_later("stock_hold", _HOLD, rows)


async def _record_filled(filled: Sequence[tuple[dict[str, Any], int]]) -> None:
    """Record the received units on the allocations, and subtract them from the backorders."""
    fewer: dict[int, int] = {}
    allocations = []
    for row, quantity in filled:
        fewer[row["variant_id"]] = fewer.get(row["variant_id"], 0) + quantity
        received = row["filled"] + quantity
        complete = received == row["quantity"]
        status = AllocationStatus.FILLED if complete else AllocationStatus.AWAITED
        allocations.append((received, str(status), row["id"]))
    await execute_many("UPDATE stock_promise SET filled = ?, status = ? WHERE id = ?", allocations)
    for variant_id, quantity in sorted(fewer.items()):
        await execute(
            "UPDATE stock_backorder SET promised = promised - ? WHERE variant_id = ?",
            quantity,
            variant_id,
        )


async def _announce_arrived(ctx: Context, fulfilment_ids: Sequence[int]) -> None:
    """Mark fulfilments whose goods have all arrived as ready, set the expiry of pickups, and announce them.

    This is the only code of this room that writes a table of orders, in plain SQL.
    """
    until = ctx.now() + timedelta(days=ctx.settings.pickup_days)
    for chunk in chunks(fulfilment_ids):
        # Of two transactions that fill variants of one fulfilment, the second must see the first.
        locking = (
            f"SELECT id FROM fulfilment WHERE id IN ({marks(chunk)}) ORDER BY id{for_update()}"
        )
        await fetch(locking, *chunk)
        arrived = await fetch(_ARRIVED.format(marks(chunk)), until, ctx.now(), *chunk)
        ids = sorted(row["id"] for row in arrived)
        rows = await fetch(_FULFILMENTS.format(marks(ids)), *ids) if ids else []
        await announce(ctx, [_change(row) for row in rows])


_ARRIVED = """
UPDATE fulfilment SET awaits_until = NULL, pickup_expires_at =
  CASE WHEN method = 'STORE_PICKUP' THEN ? ELSE pickup_expires_at END, updated_at = ?
WHERE id IN ({}) AND NOT EXISTS (SELECT 1 FROM stock_promise AS allocation
  WHERE allocation.fulfilment_id = fulfilment.id AND allocation.status = 'AWAITED')
RETURNING id
"""
_FULFILMENTS = """
SELECT fulfilment.id, fulfilment.location_id, location.organisation_id, sold.merchant_id, sold.member_id,
  sold.guest_id
FROM fulfilment JOIN location ON location.id = fulfilment.location_id
JOIN sales_order AS sold ON sold.id = fulfilment.order_id
WHERE fulfilment.id IN ({}) ORDER BY fulfilment.id
"""


def _change(row: dict[str, Any]) -> Change:
    customer = f"{ActorKind.GUEST}:{row['guest_id']}" if row["guest_id"] else None
    return Change(
        topic="fulfilment.changed",
        node_type="Fulfilment",
        node_id=row["id"],
        merchant_id=row["merchant_id"],
        organisation_id=row["organisation_id"],
        location_id=row["location_id"],
        subject=f"{ActorKind.MEMBER}:{row['member_id']}" if row["member_id"] else customer,
    )

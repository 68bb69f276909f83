"""Pieces that come, or are free again, go to those who were promised them before anybody else can buy them.

Whoever may free pieces locks the backorders of their variants first, then the levels, and fills before it
commits. Whoever pays for a promise does the same, so one of two at once sees what the other did.
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
OF_ORDER = """
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
    """Lock the backorders of the variants that this SQL lists; answers which of them have one.

    Not `waiting`, where levels are locked already: those that somebody else has are left out.
    """
    locking = for_update() + (" SKIP LOCKED" if is_postgres() and not waiting else "")
    rows = await fetch(
        "SELECT variant_id FROM stock_backorder AS backorder"
        f" WHERE variant_id IN ({variants}) ORDER BY variant_id{locking}",
        *values,
    )
    return {row["variant_id"] for row in rows}


async def fill(ctx: Context, keys: Collection[LevelKey]) -> int:
    """Commit what is above the safety stock to the awaited promises of locked backorders, oldest first.

    Answers how many promises got pieces.
    """
    if not keys or not (free := await _free(keys)):
        return 0
    given = _given(await _owed(free), free)
    if given:
        levels = await move_all(ctx, [_move(row, quantity) for row, quantity in given])
        await _hold(ctx, given, levels)
        await _count(given)
        await _tell_arrived(ctx, sorted({row["fulfilment_id"] for row, _ in given}))
        await announce_changed(ctx, levels)
    return len(given)


async def fill_freed(ctx: Context, freed: Sequence[ChangedLevel]) -> None:
    """Fill from levels that gave expired holds back to somebody who needs fewer pieces.

    Their backorders were not locked before them: where somebody has one, the worker fills.
    """
    if not freed:
        return
    variant_ids = sorted({level.variant_id for level in freed})
    owing = await lock_backorders(marks(variant_ids), *variant_ids, waiting=False)
    await fill(ctx, of_variants(owing, ((each.variant_id, each.location_id) for each in freed)))


def of_variants(variant_ids: Collection[int], keys: Iterable[LevelKey]) -> set[LevelKey]:
    return {key for key in keys if key[0] in variant_ids}


async def fill_due(ctx: Context, limit: int = 100) -> int:
    """Fill what should have been filled already, at up to `limit` places; answers how many promises.

    A sweeper's work, each place in a transaction of its own.
    """
    due = await fetch(_FILLABLE, limit)
    return sum(
        [await transaction(_fill_due, ctx, (row["variant_id"], row["location_id"])) for row in due]
    )


async def _fill_due(ctx: Context, key: LevelKey) -> int:
    await lock_backorders("?", key[0])
    return await fill(ctx, [key])


async def _free(keys: Collection[LevelKey]) -> dict[LevelKey, int]:
    """The pieces above the safety stock where there are any; their levels are locked by this."""
    condition = " OR ".join(["variant_id = ? AND location_id = ?"] * len(keys))
    rows = await fetch(
        "SELECT variant_id, location_id, available - safety_stock AS free FROM stock_level"
        f" WHERE {condition} ORDER BY variant_id, location_id{for_update()}",
        *(part for key in sorted(keys) for part in key),
    )
    return {(row["variant_id"], row["location_id"]): row["free"] for row in rows if row["free"] > 0}


async def _owed(free: dict[LevelKey, int]) -> list[dict[str, Any]]:
    """The oldest awaited promises at these places, as many as their free pieces reach for."""
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


def _given(
    owed: Sequence[dict[str, Any]], free: dict[LevelKey, int]
) -> list[tuple[dict[str, Any], int]]:
    """How many pieces each promise gets."""
    left, given = dict(free), []
    for row in owed:
        key = row["variant_id"], row["location_id"]
        if quantity := min(left[key], row["quantity"] - row["filled"]):
            left[key] -= quantity
            given.append((row, quantity))
    return given


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


async def _hold(
    ctx: Context, given: Sequence[tuple[dict[str, Any], int]], levels: Sequence[ChangedLevel]
) -> None:
    """Committed holds like those of any other paid order."""
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
        for row, quantity in given
    ]
    await insert_later("stock_hold", _HOLD, rows)


async def _count(given: Sequence[tuple[dict[str, Any], int]]) -> None:
    """Note on the promises, and on their backorders, what is owed no more."""
    fewer: dict[int, int] = {}
    allocations = []
    for row, quantity in given:
        fewer[row["variant_id"]] = fewer.get(row["variant_id"], 0) + quantity
        filled = row["filled"] + quantity
        whole = filled == row["quantity"]
        status = AllocationStatus.FILLED if whole else AllocationStatus.AWAITED
        allocations.append((filled, str(status), row["id"]))
    await execute_many("UPDATE stock_promise SET filled = ?, status = ? WHERE id = ?", allocations)
    for variant_id, quantity in sorted(fewer.items()):
        await execute(
            "UPDATE stock_backorder SET promised = promised - ? WHERE variant_id = ?",
            quantity,
            variant_id,
        )


async def _tell_arrived(ctx: Context, fulfilment_ids: Sequence[int]) -> None:
    """Where everything is there now, the place may go on, and a pickup be collected from now on.

    It is the one thing that this room writes of the orders above it: by plain SQL, here and nowhere else.
    """
    until = ctx.now() + timedelta(days=ctx.settings.pickup_days)
    for part in chunks(fulfilment_ids):
        # Others may fill what the same fulfilment awaits of another variant: the second must see the first.
        locking = f"SELECT id FROM fulfilment WHERE id IN ({marks(part)}) ORDER BY id{for_update()}"
        await fetch(locking, *part)
        arrived = await fetch(_ARRIVED.format(marks(part)), until, ctx.now(), *part)
        ids = sorted(row["id"] for row in arrived)
        rows = await fetch(_TOLD.format(marks(ids)), *ids) if ids else []
        await announce(ctx, [_change(row) for row in rows])


_ARRIVED = """
UPDATE fulfilment SET awaits_until = NULL, pickup_expires_at =
  CASE WHEN method = 'STORE_PICKUP' THEN ? ELSE pickup_expires_at END, updated_at = ?
WHERE id IN ({}) AND NOT EXISTS (SELECT 1 FROM stock_promise AS allocation
  WHERE allocation.fulfilment_id = fulfilment.id AND allocation.status = 'AWAITED')
RETURNING id
"""
_TOLD = """
SELECT part.id, part.location_id, location.organisation_id, sold.merchant_id, sold.member_id, sold.guest_id
FROM fulfilment AS part JOIN location ON location.id = part.location_id
JOIN sales_order AS sold ON sold.id = part.order_id WHERE part.id IN ({}) ORDER BY part.id
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

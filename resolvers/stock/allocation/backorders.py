"""Backorders of an order: units allocated within the limits of their variants before the goods arrive.

Functions that write run inside the caller's transaction. The order is locked, or not visible to others yet.
They lock backorders in the order of variant IDs, before levels. They read the allocations after the locks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from models.database import execute, fetch, for_update
from models.deferred_writes import insert_later
from models.errors import InsufficientStock, Refusals
from models.read_consistency import up_to_date
from models.stock.backorders import BackorderAllocation, StockBackorder
from models.stock.levels import LevelKey
from models.stock.states import AllocationStatus
from resolvers.context import Context
from resolvers.stock.allocation import backorder_allocation
from resolvers.stock.allocation.holds import HoldRequest

_COLUMNS = (
    *("variant_id", "location_id", "order_id", "fulfilment_id", "quantity", "filled"),
    *("status", "created_at"),
)


@dataclass(frozen=True, slots=True)
class Offer:
    """The backorder limit of a variant, the units that remain of it, and the day the goods are expected."""

    limit: int
    remaining: int
    expected_on: date


@up_to_date
async def offers(ctx: Context, variant_ids: Collection[int]) -> dict[int, Offer]:
    """Return the offers of those variants that accept backorders. Offers end after their expected day."""
    rows = await StockBackorder.filter(variant_id__in=sorted(variant_ids))
    return _offers_of(ctx, rows)


async def locked(ctx: Context, variant_ids: Iterable[int]) -> dict[int, Offer]:
    """Return the offers and lock their backorders."""
    ids = sorted(set(variant_ids))
    rows = (
        await StockBackorder.filter(variant_id__in=ids).order_by("variant_id").select_for_update()
    )
    return _offers_of(ctx, rows)


def today(ctx: Context) -> date:
    """Return the current date in the time zone of the settings."""
    return ctx.now().astimezone(ZoneInfo(ctx.settings.timezone)).date()


async def allocate(ctx: Context, order_id: int, requests: Sequence[HoldRequest]) -> None:
    """Insert allocations that the locked offers were found to have room for."""
    rows = [
        (
            each.variant_id,
            each.location_id,
            order_id,
            each.fulfilment_id,
            each.quantity,
            0,
            str(AllocationStatus.HELD),
            ctx.now(),
        )
        for each in requests
    ]
    await insert_later("stock_promise", _COLUMNS, rows)
    await _owe(_totals((each.variant_id, each.quantity) for each in requests))


async def commit(ctx: Context, order_id: int) -> None:
    """Mark the allocations of a paid order as awaited, and claim its released allocations again.

    All levels of the order stay locked until the end of the transaction.

    Raises: Refusals with an InsufficientStock for each variant whose limit other orders have used up.
    """
    allocations = await _of(order_id, AllocationStatus.HELD, AllocationStatus.RELEASED)
    left = rest(await locked(ctx, [each.variant_id for each in allocations]))
    again = _totals(
        (each.variant_id, each.owed)
        for each in allocations
        if each.status is AllocationStatus.RELEASED
    )
    if short := missing(left, again):
        raise Refusals(short)
    await _set_status(allocations, AllocationStatus.AWAITED)
    await _owe(again)
    await _lock_levels(order_id, _keys_of(allocations))


async def fill(ctx: Context, order_id: int) -> None:
    """Fill awaited allocations at the levels where this paid order has some, the oldest first."""
    await backorder_allocation.fill(ctx, _keys_of(await _of(order_id, AllocationStatus.AWAITED)))


async def lock(order_id: int) -> None:
    """Lock the backorders of all variants that an order holds or awaits.

    Call this before the order's fulfilments are changed. `fill` locks backorders first and fulfilments
    second; the opposite order could deadlock.
    """
    await backorder_allocation.lock_backorders(
        backorder_allocation.VARIANTS_OF_ORDER, order_id, order_id
    )


async def release(ctx: Context, order_id: int, fulfilment_id: int | None = None) -> None:
    """Release the allocations of an order, or of one fulfilment.

    A late payment may claim allocations of an unpaid order again. Those of a paid order are withdrawn.
    """
    await lock(order_id)
    allocations = await _of(order_id, AllocationStatus.HELD, AllocationStatus.AWAITED)
    if fulfilment_id is not None:
        allocations = [each for each in allocations if each.fulfilment_id == fulfilment_id]
    unpaid = [each for each in allocations if each.status is AllocationStatus.HELD]
    paid = [each for each in allocations if each.status is AllocationStatus.AWAITED]
    await _set_status(unpaid, AllocationStatus.RELEASED)
    await _set_status(paid, AllocationStatus.WITHDRAWN)
    await _owe(_totals((each.variant_id, -each.owed) for each in allocations))


def rest(offers_of_variants: Mapping[int, Offer]) -> Counter[int]:
    """Return how many units of each variant may still be backordered."""
    return Counter(
        {variant_id: offer.remaining for variant_id, offer in offers_of_variants.items()}
    )


def missing(left: Counter[int], wanted: Mapping[int, int]) -> list[InsufficientStock]:
    """Return a refusal for each variant of which more is wanted than remains."""
    return [
        InsufficientStock(variant_id, requested=quantity, available=left[variant_id])
        for variant_id, quantity in wanted.items()
        if quantity > left[variant_id]
    ]


def _offers_of(ctx: Context, rows: Iterable[StockBackorder]) -> dict[int, Offer]:
    return {
        row.variant_id: Offer(row.most, max(0, row.most - row.promised), row.expected_on)
        for row in rows
        if row.most > 0 and row.expected_on is not None and row.expected_on >= today(ctx)
    }


async def _of(order_id: int, *statuses: AllocationStatus) -> list[BackorderAllocation]:
    found = BackorderAllocation.filter(order_id=order_id, status__in=statuses)
    return await found.order_by("variant_id", "id")


def _keys_of(allocations: Iterable[BackorderAllocation]) -> list[LevelKey]:
    return sorted({(each.variant_id, each.location_id) for each in allocations})


async def _lock_levels(order_id: int, keys: Sequence[LevelKey]) -> None:
    """Lock the levels where an order awaits or holds units, in one statement and in the order of keys."""
    waiting = " OR ".join(["variant_id = ? AND location_id = ?"] * len(keys) or ["FALSE"])
    await fetch(
        f"SELECT id FROM stock_level WHERE {waiting}"
        " OR id IN (SELECT level_id FROM stock_hold WHERE order_id = ?)"
        f" ORDER BY variant_id, location_id{for_update()}",
        *(value for key in keys for value in key),
        order_id,
    )


async def _set_status(allocations: Sequence[BackorderAllocation], status: AllocationStatus) -> None:
    if allocations:
        ids = [each.id for each in allocations]
        await BackorderAllocation.filter(id__in=ids).update(status=status)


async def _owe(changes: Mapping[int, int]) -> None:
    """Add the quantities, which may be negative, to the promised units of locked backorders."""
    for variant_id, quantity in sorted(changes.items()):
        await execute(
            "UPDATE stock_backorder SET promised = promised + ? WHERE variant_id = ?",
            quantity,
            variant_id,
        )


def _totals(quantities: Iterable[tuple[int, int]]) -> Counter[int]:
    totals: Counter[int] = Counter()
    for variant_id, quantity in quantities:
        totals[variant_id] += quantity
    return totals

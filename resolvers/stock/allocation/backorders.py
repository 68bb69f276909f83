"""Pieces sold before they are there: promised within a variant's limit, filled by what comes, oldest first.

Every function that writes runs inside its caller's transaction with the order locked or not yet visible,
and locks backorders in the order of variants, always before levels. What others may fill is read after that.
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
    """What may still be sold of a variant before it comes; `expected_on` is when it is said to come."""

    limit: int
    remaining: int
    expected_on: date


@up_to_date
async def offers(ctx: Context, variant_ids: Collection[int]) -> dict[int, Offer]:
    """The variants that are sold before they are there; none whose day has passed."""
    rows = await StockBackorder.filter(variant_id__in=sorted(variant_ids))
    return _offers_of(ctx, rows)


async def locked(ctx: Context, variant_ids: Iterable[int]) -> dict[int, Offer]:
    """The same, locked."""
    ids = sorted(set(variant_ids))
    rows = (
        await StockBackorder.filter(variant_id__in=ids).order_by("variant_id").select_for_update()
    )
    return _offers_of(ctx, rows)


def today(ctx: Context) -> date:
    return ctx.now().astimezone(ZoneInfo(ctx.settings.timezone)).date()


async def allocate(ctx: Context, order_id: int, requests: Sequence[HoldRequest]) -> None:
    """Write promises that the locked offers were found to have room for."""
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
    """The order is paid: what it was promised is awaited, what was given up meanwhile promised again.

    All levels of the order are locked from then on.

    Raises: Refusals with an InsufficientStock for each variant whose limit has been reached by others.
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
    """Commit what is there already to those who wait where this paid order does, in their order."""
    await backorder_allocation.fill(ctx, _keys_of(await _of(order_id, AllocationStatus.AWAITED)))


async def lock(order_id: int) -> None:
    """Lock the backorders of whatever an order holds or is promised, before its parts are changed.

    Whoever fills has the backorders and changes the parts that wait: the other way round both would wait.
    """
    await backorder_allocation.lock_backorders(backorder_allocation.OF_ORDER, order_id, order_id)


async def release(ctx: Context, order_id: int, fulfilment_id: int | None = None) -> None:
    """Owe the order (or one fulfilment) nothing any more; a late payment may bring an unpaid one back."""
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
    """How many pieces of each variant may still be promised."""
    return Counter(
        {variant_id: offer.remaining for variant_id, offer in offers_of_variants.items()}
    )


def missing(left: Counter[int], wanted: Mapping[int, int]) -> list[InsufficientStock]:
    """A refusal for each variant of which more is wanted than is left."""
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
    """Lock where an order waits and where it holds pieces at once: in the order in which everybody does."""
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
    """Count pieces of locked backorders as promised, or no longer."""
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

"""Pieces sold before they are there: promised within a variant's limit, filled by what comes, oldest first.

Every function that writes runs inside its caller's transaction with the order locked or not yet visible,
and locks backorders in the order of variants, always before levels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from models.database import execute, fetch, for_update, up_to_date
from models.errors import InsufficientStock, Refusals
from models.later import insert_later
from models.stock.backorders import StockBackorder, StockPromise
from models.stock.states import HoldStatus, MovementReason, PromiseStatus, StockState
from resolvers.context import Context
from resolvers.stock.ledger import Move, announce_changed, move_all
from resolvers.stock.reservations import HoldRequest

_PROMISED = (
    *("variant_id", "location_id", "order_id", "fulfilment_id", "quantity", "filled"),
    *("status", "created_at"),
)
_COMMITTED = (
    *("level_id", "order_id", "fulfilment_id", "quantity", "status", "expires_at"),
    *("below_safety", "created_at"),
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
    return _standing(ctx, rows)


async def locked(ctx: Context, variant_ids: Iterable[int]) -> dict[int, Offer]:
    """The same, locked."""
    ids = sorted(set(variant_ids))
    rows = (
        await StockBackorder.filter(variant_id__in=ids).order_by("variant_id").select_for_update()
    )
    return _standing(ctx, rows)


def today(ctx: Context) -> date:
    return ctx.now().astimezone(ZoneInfo(ctx.settings.timezone)).date()


async def promise(ctx: Context, order_id: int, requests: Sequence[HoldRequest]) -> None:
    """Write promises that the locked offers were found to have room for."""
    rows = [
        (
            each.variant_id,
            each.location_id,
            order_id,
            each.fulfilment_id,
            each.quantity,
            0,
            str(PromiseStatus.HELD),
            ctx.now(),
        )
        for each in requests
    ]
    await insert_later("stock_promise", _PROMISED, rows)
    await _owe(_totals((each.variant_id, each.quantity) for each in requests))


async def commit(ctx: Context, order_id: int) -> None:
    """The order is paid: what it was promised is awaited, what was given up meanwhile promised again.

    Raises: Refusals with an InsufficientStock for each variant whose limit has been reached by others.
    """
    promises = await _of(order_id, PromiseStatus.HELD, PromiseStatus.RELEASED)
    left = rest(await locked(ctx, [each.variant_id for each in promises]))
    again = _totals(
        (each.variant_id, each.owed) for each in promises if each.status is PromiseStatus.RELEASED
    )
    if short := missing(left, again):
        raise Refusals(short)
    await _turn(promises, PromiseStatus.AWAITED)
    await _owe(again)


async def release(ctx: Context, order_id: int, fulfilment_id: int | None = None) -> None:
    """Owe the order (or one fulfilment) nothing any more; a late payment may bring an unpaid one back."""
    promises = await _of(order_id, PromiseStatus.HELD, PromiseStatus.AWAITED)
    if fulfilment_id is not None:
        promises = [each for each in promises if each.fulfilment_id == fulfilment_id]
    await locked(ctx, [each.variant_id for each in promises])
    unpaid = [each for each in promises if each.status is PromiseStatus.HELD]
    paid = [each for each in promises if each.status is PromiseStatus.AWAITED]
    await _turn(unpaid, PromiseStatus.RELEASED)
    await _turn(paid, PromiseStatus.WITHDRAWN)
    await _owe(_totals((each.variant_id, -each.owed) for each in promises))


async def fill(ctx: Context, promise_id: int) -> StockPromise | None:
    """Commit what there is to an awaited promise whose order is locked; None where that is nothing.

    An older promise of the same pieces goes first, and the safety stock is left alone.
    """
    found = await StockPromise.get(id=promise_id)
    await locked(ctx, [found.variant_id])
    owing = StockPromise.filter(
        variant_id=found.variant_id, location_id=found.location_id, status=PromiseStatus.AWAITED
    )
    oldest = await owing.order_by("id").first()
    if oldest is None or oldest.id != promise_id:
        return None
    quantity = min(oldest.owed, await _free(oldest))
    if quantity <= 0:
        return None
    await _commit_pieces(ctx, oldest, quantity)
    oldest.filled += quantity
    if not oldest.owed:
        oldest.status = PromiseStatus.FILLED
    await oldest.save(update_fields=["filled", "status"])
    await _owe({oldest.variant_id: -quantity})
    return oldest


def rest(standing: Mapping[int, Offer]) -> Counter[int]:
    """How many pieces of each variant may still be promised."""
    return Counter({variant_id: offer.remaining for variant_id, offer in standing.items()})


def missing(left: Counter[int], wanted: Mapping[int, int]) -> list[InsufficientStock]:
    """A refusal for each variant of which more is wanted than is left."""
    return [
        InsufficientStock(variant_id, requested=quantity, available=left[variant_id])
        for variant_id, quantity in wanted.items()
        if quantity > left[variant_id]
    ]


def _standing(ctx: Context, rows: Iterable[StockBackorder]) -> dict[int, Offer]:
    return {
        row.variant_id: Offer(row.most, max(0, row.most - row.promised), row.expected_on)
        for row in rows
        if row.most > 0 and row.expected_on is not None and row.expected_on >= today(ctx)
    }


async def _of(order_id: int, *statuses: PromiseStatus) -> list[StockPromise]:
    found = StockPromise.filter(order_id=order_id, status__in=statuses)
    return await found.order_by("variant_id", "id")


async def _turn(promises: Sequence[StockPromise], status: PromiseStatus) -> None:
    if promises:
        ids = [each.id for each in promises]
        await StockPromise.filter(id__in=ids).update(status=status)


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


async def _free(promise: StockPromise) -> int:
    """The pieces above the safety stock at the promise's level, which is locked by this."""
    rows = await fetch(
        "SELECT available - safety_stock AS free FROM stock_level"
        f" WHERE variant_id = ? AND location_id = ?{for_update()}",
        promise.variant_id,
        promise.location_id,
    )
    return rows[0]["free"] if rows else 0


async def _commit_pieces(ctx: Context, promise: StockPromise, quantity: int) -> None:
    """A committed hold like that of any other paid order."""
    move = Move(
        variant_id=promise.variant_id,
        location_id=promise.location_id,
        from_state=StockState.AVAILABLE,
        to_state=StockState.COMMITTED,
        quantity=quantity,
        reason=MovementReason.COMMIT,
        document=("Order", promise.order_id),
        above_safety=True,
    )
    (level,) = await move_all(ctx, [move])
    hold = (
        level.id,
        promise.order_id,
        promise.fulfilment_id,
        quantity,
        str(HoldStatus.COMMITTED),
        None,
        False,
        ctx.now(),
    )
    await insert_later("stock_hold", _COMMITTED, [hold])
    await announce_changed(ctx, [level])

"""Holds of an order: placed at checkout, committed by payment, ended by handing over or release.

Every function runs inside the caller's transaction, except `release_expired`. It locks levels in the order of
their keys, announces the changed levels, and has no further effect when repeated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from models.database import any_id, array, fetch, marks, transaction
from models.deferred_writes import Outdated, change_later, insert_later
from models.errors import Refusals
from models.stock.levels import LevelKey
from models.stock.states import HoldStatus, MovementReason, StockState
from resolvers.context import Context
from resolvers.stock.allocation import backorder_allocation, shortages
from resolvers.stock.allocation.hold_allocation import grant
from resolvers.stock.allocation.hold_rows import (
    EXPIRED,
    Held,
    free,
    free_expired,
    locked,
    set_status,
)
from resolvers.stock.ledger.ledger import (
    ChangedLevel,
    Move,
    announce_changed,
    move,
    move_all,
    record,
)
from resolvers.stock.serials import Scanned, scan_tracked

_COLUMNS = (
    *("level_id", "order_id", "fulfilment_id", "quantity", "status", "expires_at"),
    *("below_safety", "created_at"),
)
_OPEN = "hold.order_id = ? AND hold.status IN ('HELD', 'RELEASED')"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRequest:
    """A request for `quantity` units of a variant at a location for a fulfilment; `quantity` is positive."""

    variant_id: int
    location_id: int
    quantity: int
    fulfilment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlockedHold:
    """A hold of an unpaid order, read without a lock."""

    id: int
    order_id: int
    variant_id: int
    location_id: int
    quantity: int

    @property
    def level_key(self) -> LevelKey:
        return self.variant_id, self.location_id

    @property
    def move(self) -> Move:
        return Move(
            variant_id=self.variant_id,
            location_id=self.location_id,
            from_state=StockState.HELD,
            to_state=StockState.COMMITTED,
            quantity=self.quantity,
            reason=MovementReason.COMMIT,
            document=("Order", self.order_id),
        )


@dataclass(frozen=True, slots=True)
class OrderHolds:
    """All requests of an order; its `counter` fulfilments may use the safety stock."""

    order_id: int
    requests: Sequence[HoldRequest]
    counter: frozenset[int]


async def hold(
    ctx: Context,
    order_id: int,
    requests: Iterable[HoldRequest],
    expires_at: datetime,
    *,
    counter: frozenset[int] = frozenset(),
) -> None:
    """Hold the units of all requests, or of none. `counter` fulfilments may use the safety stock.

    Raises: Refusals with an InsufficientStock for each level that is short.
    """
    holds = OrderHolds(order_id, list(requests), counter)
    granted = await grant(ctx, [moves_of(holds)])
    if granted.shortages[0]:
        raise Refusals(granted.shortages[0])
    await record_held(ctx, holds, granted.levels, expires_at)
    await announce_changed(ctx, [*granted.freed, *granted.levels.values()])


def moves_of(holds: OrderHolds) -> list[Move]:
    """Return the moves that hold an order's units, in the order of levels."""
    return [_holding(holds.order_id, each, holds.counter) for each in _summed(holds.requests)]


async def record_held(
    ctx: Context, holds: OrderHolds, levels: Mapping[LevelKey, ChangedLevel], expires_at: datetime
) -> None:
    """Insert the holds and movements of units that were granted at these levels."""
    await record(ctx, moves_of(holds), levels)
    now = ctx.now()
    await insert_later(
        "stock_hold",
        _COLUMNS,
        [
            (
                levels[each.variant_id, each.location_id].id,
                holds.order_id,
                each.fulfilment_id,
                each.quantity,
                str(HoldStatus.HELD),
                expires_at,
                each.fulfilment_id in holds.counter,
                now,
            )
            for each in _summed(holds.requests)
        ],
    )


async def commit(ctx: Context, order_id: int) -> None:
    """Commit the order's holds, including those that were released before the payment.

    An expired hold that was not released is still valid.

    Raises: Refusals with an InsufficientStock for each level that is short. The order does not change then.
    """
    holds, freed = await locked(_OPEN, order_id), []
    if short := shortages.of_holds(holds):
        # The levels are locked, so no other order can buy the units of expired holds.
        level_ids = {each.level_id for each in holds if each.status is HoldStatus.RELEASED}
        freed = await free_expired(ctx, level_ids, except_order=order_id)
        await announce_changed(ctx, freed)
        holds = await locked(_OPEN, order_id)
        short = shortages.of_holds(holds)
    if short:
        raise Refusals(short)
    await set_status(holds, HoldStatus.COMMITTED)
    await announce_changed(ctx, await move_all(ctx, [_committing(each) for each in holds]))
    await backorder_allocation.fill_freed(ctx, freed)


async def commit_unlocked(ctx: Context, holds: Sequence[UnlockedHold]) -> None:
    """Commit holds of locked orders. The holds were read in the status HELD, without a lock.

    Raises: Outdated, which undoes the transaction, if one of them was released since.
    """
    moves = [each.move for each in sorted(holds, key=lambda each: (each.level_key, each.id))]
    changed = await move(ctx, moves)
    if {each.level_key for each in moves} - changed.keys():
        raise Outdated("a level has fewer held units than the holds that were read")
    # The expression keeps PostgreSQL from the index on the status, which is full of outdated entries.
    await change_later(
        "stock_hold",
        f"UPDATE stock_hold SET status = ? WHERE {any_id('id')} AND status || '' = ?",
        str(HoldStatus.COMMITTED),
        array(each.id for each in holds),
        str(HoldStatus.HELD),
        count=len(holds),
    )
    await announce_changed(ctx, changed.values())


async def release(ctx: Context, order_id: int, fulfilment_id: int | None = None) -> None:
    """Make the held and committed units of an order, or of one fulfilment, available.

    A late payment may commit the holds of an unpaid order again if the whole order was released. Holds of a
    paid order and of a single fulfilment are withdrawn.
    """
    backordered = await backorder_allocation.lock_backorders(
        backorder_allocation.VARIANTS_OF_ORDER, order_id, order_id
    )
    if fulfilment_id is None:
        holds = await locked("hold.order_id = ? AND hold.status IN ('HELD', 'COMMITTED')", order_id)
        unpaid = [each for each in holds if each.status is HoldStatus.HELD]
        paid = [each for each in holds if each.status is HoldStatus.COMMITTED]
    else:
        unpaid, paid = (
            [],
            await locked(
                "hold.order_id = ? AND hold.fulfilment_id = ?"
                " AND hold.status IN ('HELD', 'COMMITTED', 'RELEASED')",
                order_id,
                fulfilment_id,
            ),
        )
    freed = await free(ctx, unpaid, HoldStatus.RELEASED)
    freed += await free(ctx, paid, HoldStatus.WITHDRAWN)
    await announce_changed(ctx, freed)
    keys = (each.level_key for each in (*unpaid, *paid))
    await backorder_allocation.fill(ctx, backorder_allocation.keys_of_variants(backordered, keys))


async def hand_over(
    ctx: Context, fulfilment_id: int, scanned: Scanned = MappingProxyType({})
) -> None:
    """Move the committed units of a fulfilment out of stock.

    Raises: InvalidInput, NotFound unless `scanned` has the serial numbers of all units that have one.
    """
    holds = await locked("hold.fulfilment_id = ? AND hold.status = 'COMMITTED'", fulfilment_id)
    await set_status(holds, HoldStatus.TAKEN)
    moves = [
        each.move(StockState.COMMITTED, StockState.OUTSIDE, MovementReason.SALE) for each in holds
    ]
    merchants = {each.variant_id: each.serials_of for each in holds if each.serials_of is not None}
    await scan_tracked(ctx, moves, merchants, scanned, ("serials",))
    await announce_changed(ctx, await move_all(ctx, moves))


async def release_expired(ctx: Context, limit: int = 100) -> int:
    """Release the expired holds of up to `limit` levels, in a transaction. Return how many levels changed.

    The worker calls this. No result depends on it, since expired holds count as available.
    """
    return await transaction(_release_expired, ctx, limit)


async def _release_expired(ctx: Context, limit: int) -> int:
    found = await fetch(
        f"SELECT DISTINCT hold.level_id FROM stock_hold AS hold WHERE {EXPIRED} LIMIT ?",
        ctx.now(),
        limit,
    )
    if not found:
        return 0
    ids = sorted(row["level_id"] for row in found)
    backordered = await backorder_allocation.lock_backorders(
        f"SELECT variant_id FROM stock_level WHERE id IN ({marks(ids)})", *ids
    )
    freed = await free_expired(ctx, ids)
    await announce_changed(ctx, freed)
    keys = ((each.variant_id, each.location_id) for each in freed)
    await backorder_allocation.fill(ctx, backorder_allocation.keys_of_variants(backordered, keys))
    return len(freed)


def _summed(requests: Iterable[HoldRequest]) -> list[HoldRequest]:
    """Return one request for each level and fulfilment, in the order of levels."""
    quantities: Counter[tuple[int, int, int]] = Counter()
    for each in requests:
        quantities[each.variant_id, each.location_id, each.fulfilment_id] += each.quantity
    return [
        HoldRequest(
            variant_id=variant_id,
            location_id=location_id,
            quantity=quantity,
            fulfilment_id=fulfilment_id,
        )
        for (variant_id, location_id, fulfilment_id), quantity in sorted(quantities.items())
    ]


def _holding(order_id: int, request: HoldRequest, counter: frozenset[int]) -> Move:
    return Move(
        variant_id=request.variant_id,
        location_id=request.location_id,
        from_state=StockState.AVAILABLE,
        to_state=StockState.HELD,
        quantity=request.quantity,
        reason=MovementReason.HOLD,
        document=("Order", order_id),
        above_safety=request.fulfilment_id not in counter,
    )


def _committing(held: Held) -> Move:
    again = held.status is HoldStatus.RELEASED
    return held.move(
        StockState.AVAILABLE if again else StockState.HELD,
        StockState.COMMITTED,
        MovementReason.COMMIT,
        above_safety=again and not held.below_safety,
    )

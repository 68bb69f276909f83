"""Approving a stocktake: moving stock to the counted quantities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from models.accounts.roles import Permission
from models.catalog.products import Variant
from models.errors import InsufficientStock, InvalidInput, Refusals
from models.stock.documents.stocktake_rules import StocktakeAction, StocktakeStatus
from models.stock.documents.stocktakes import Stocktake, StocktakeLine
from models.stock.levels import LevelKey
from models.stock.rules import moved
from models.stock.states import MovementReason, StockState
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.documents.documents import do_once
from resolvers.stock.documents.kinds import key_of
from resolvers.stock.documents.steps import change_status
from resolvers.stock.ledger.ledger import Move, announce_changed, move_all
from resolvers.stock.levels.locking import LockedLevel, backordered, lock
from resolvers.stock.serials import tracked
from resolvers.stock.stocktakes.opening import end
from resolvers.stock.stocktakes.serial_settlement import settle, settled
from resolvers.stock.stocktakes.stocktakes import locked


@requires(Permission.STOCK_WRITE)
async def approve(ctx: Context, stocktake_id: int, idempotency_key: str) -> Stocktake:
    """Move each difference of the count between OUTSIDE and AVAILABLE.

    If more units are missing than are available, nothing moves until the orders that hold them are settled or
    the line is counted again. A missing serial number leaves from its current state.

    Raises: NotFound, StateConflict, Forbidden for a caller who counted, InsufficientStock for each line that
    misses more than is available, the errors of `settled`, InvalidInput, IdempotencyKeyReused.
    """
    work = partial(_approve, ctx, stocktake_id)
    row_id = await do_once(ctx, "stocktakeApprove", idempotency_key, [stocktake_id], work)
    return await Stocktake.get(id=row_id)


async def _approve(ctx: Context, stocktake_id: int) -> int:
    stocktake, lines = await locked(ctx, stocktake_id, StocktakeAction.APPROVE)
    differing = {line.level_key: line for line in lines if line.difference or line.scanned}
    levels, freed = await lock(ctx, differing)
    scanned = [line for line in lines if line.scanned]
    serials = await settled(stocktake, scanned)
    moves = [
        *(_move(stocktake, line) for line in lines if line.difference and not line.scanned),
        *(way.move for way in serials.ways),
    ]
    merchants = await tracked({each.variant_id for each in moves})
    await _check_kind(moves, scanned, merchants)
    _check_there(moves, levels)
    changed = await move_all(ctx, moves)
    await settle(ctx, scanned, serials, merchants)
    await announce_changed(ctx, [*freed, *changed])
    await fill(ctx, backordered(levels))
    await end(lines)
    await change_status(ctx, stocktake, StocktakeStatus.APPROVED)
    return stocktake.id


async def _check_kind(
    moves: Sequence[Move], scanned: Sequence[StocktakeLine], merchants: Collection[int]
) -> None:
    """Raise InvalidInput if a variant began or ceased to track serial numbers after it was counted."""
    counted = {line.variant_id for line in scanned}
    for each in moves:
        if (each.variant_id in counted) != (each.variant_id in merchants):
            raise InvalidInput(
                "{sku} began or ceased to track serial numbers after it was counted. Count it again.",
                path=("stocktakeId",),
                sku=(await Variant.get(id=each.variant_id)).sku,
            )


def _check_there(moves: Sequence[Move], levels: Mapping[LevelKey, LockedLevel]) -> None:
    """Raise Refusals with InsufficientStock for each level with fewer available units than are missing."""
    left = {key: level.quantities for key, level in levels.items()}
    for each in moves:
        left[each.level_key] += moved(each.from_state, each.to_state, each.quantity)
    if short := [
        InsufficientStock(
            key[0],
            requested=levels[key].quantities.available - quantities.available,
            available=levels[key].quantities.available,
            path=("stocktakeId",),
        )
        for key, quantities in left.items()
        if quantities.available < 0
    ]:
        raise Refusals(short)


def _move(stocktake: Stocktake, line: StocktakeLine) -> Move:
    outside, available = StockState.OUTSIDE, StockState.AVAILABLE
    more = line.difference > 0
    return Move(
        variant_id=line.variant_id,
        location_id=line.location_id,
        from_state=outside if more else available,
        to_state=available if more else outside,
        quantity=abs(line.difference),
        reason=MovementReason.STOCKTAKE,
        document=key_of(stocktake),
    )

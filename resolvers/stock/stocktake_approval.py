"""Taking what was counted for true."""

from __future__ import annotations

from functools import partial

from models.accounts.roles import Permission
from models.errors import InsufficientStock, Refusals
from models.stock.states import MovementReason, StockState
from models.stock.stocktake_rules import StocktakeAction, StocktakeStatus
from models.stock.stocktakes import Stocktake, StocktakeLine
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.stock.documents import do_once
from resolvers.stock.filling import fill
from resolvers.stock.ledger import Move, announce_changed, move_all
from resolvers.stock.locking import LockedLevel, backordered, lock
from resolvers.stock.serials import refuse_tracked
from resolvers.stock.stocktake_opening import end
from resolvers.stock.stocktakes import KIND, locked, turn


@requires(Permission.STOCK_WRITE)
async def approve(ctx: Context, stocktake_id: int, idempotency_key: str) -> Stocktake:
    """Take what was found for true: each difference becomes a movement to or from what is available.

    Missing pieces that are promised to somebody by now cannot be taken: then nothing is, until those orders
    are settled or the line is counted again.

    Raises: NotFound, StateConflict, Forbidden for whoever counted, InsufficientStock for each line that
    misses more than is available, IdempotencyKeyReused.
    """
    work = partial(_approve, ctx, stocktake_id)
    row_id = await do_once(ctx, "stocktakeApprove", idempotency_key, [stocktake_id], work)
    return await Stocktake.get(id=row_id)


async def _approve(ctx: Context, stocktake_id: int) -> int:
    stocktake, lines = await locked(ctx, stocktake_id, StocktakeAction.APPROVE)
    differing = {line.place: line for line in lines if line.difference}
    levels, freed = await lock(ctx, differing)
    if short := [
        _short(line, levels[place])
        for place, line in differing.items()
        if levels[place].pieces.available + line.difference < 0
    ]:
        raise Refusals(short)
    await refuse_tracked({each.variant_id for each in differing.values()}, "stocktakeId")
    changed = await move_all(ctx, [_move(stocktake, line) for line in differing.values()])
    await announce_changed(ctx, [*freed, *changed])
    await fill(ctx, backordered(levels))
    await end(lines)
    await turn(ctx, stocktake, StocktakeStatus.APPROVED)
    return stocktake.id


def _short(line: StocktakeLine, level: LockedLevel) -> InsufficientStock:
    return InsufficientStock(
        line.variant_id,
        requested=-line.difference,
        available=level.pieces.available,
        path=("stocktakeId",),
    )


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
        document=(KIND, stocktake.id),
    )

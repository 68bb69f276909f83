"""Blind counts of a stocktake while sales continue.

The difference of a line is fixed when it is counted. Units that are sold or received later change neither the
difference nor the effect of the approval.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import InvalidInput, NotFound, Refusal, Refusals
from models.stock.documents.stocktake_rules import StocktakeAction, StocktakeStatus
from models.stock.documents.stocktakes import Stocktake
from models.stock.levels import LevelKey
from models.tables.bulk import update_all
from resolvers.context import Context
from resolvers.permissions import requires
from resolvers.stock.allocation.backorder_allocation import fill
from resolvers.stock.documents.documents import do_once
from resolvers.stock.documents.steps import change_status
from resolvers.stock.ledger.as_of import of_levels
from resolvers.stock.ledger.ledger import announce_changed
from resolvers.stock.levels.locking import backordered, lock
from resolvers.stock.serials import Scanned, SerialDraft, checked, given
from resolvers.stock.stocktakes.opening import duplicates
from resolvers.stock.stocktakes.serials import MAXIMUM, compare, forget
from resolvers.stock.stocktakes.stocktakes import locked
from resolvers.validation import quantity_of, rows_of

_COLUMNS = (
    "counted", "expected", "counted_at", "last_serial_event_id", "counter_kind", "counter_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CountDraft:
    variant_id: int
    quantity: int


@requires(Permission.STOCK_COUNT)
async def count(
    ctx: Context,
    stocktake_id: int,
    counts: Sequence[CountDraft],
    counted_at: datetime | None,
    idempotency_key: str | None,
    serials: Sequence[SerialDraft] = (),
) -> Stocktake:
    """Record how many units of each variant are on hand in all states. A later count replaces an earlier one.

    They are compared with the quantity on hand at `counted_at` (default: now). The stocktake is COUNTED when
    every line has a count. `serials` has one serial number for each unit of variants that track them.

    Raises: InvalidInput, NotFound, Duplicate, StateConflict, Forbidden, IdempotencyKeyReused.
    """
    rows_of(counts, "counts")
    for position, each in enumerate(counts):
        quantity_of(each.quantity, "counts", position, "quantity", minimum=0)
    scanned = checked(serials, MAXIMUM)
    quantities = [(each.variant_id, each.quantity) for each in counts]
    keyed = [stocktake_id, quantities, counted_at, *given(scanned)]
    work = partial(_count, ctx, stocktake_id, counts, scanned, counted_at)
    row_id = await do_once(ctx, "stocktakeCount", idempotency_key, keyed, work)
    return await Stocktake.get(id=row_id)


@requires(Permission.STOCK_COUNT)
async def recount(ctx: Context, stocktake_id: int, variant_ids: Sequence[int]) -> Stocktake:
    """Reopen a counted stocktake: delete the counts of some lines, which must be counted again.

    Raises: InvalidInput, NotFound, Duplicate, StateConflict, Forbidden.
    """
    rows_of(variant_ids, "variantIds")
    return await transaction(_recount, ctx, stocktake_id, variant_ids)


async def _count(
    ctx: Context,
    stocktake_id: int,
    counts: Sequence[CountDraft],
    scanned: Scanned,
    counted_at: datetime | None,
) -> int:
    stocktake, lines = await locked(ctx, stocktake_id, StocktakeAction.COUNT)
    at = _moment(ctx, stocktake, counted_at)
    found = {line.variant_id: line for line in lines}
    refusals: list[Refusal] = [
        NotFound("This variant is not in the document.", path=("counts", position, "variantId"))
        for position, each in enumerate(counts)
        if each.variant_id not in found
    ]
    refusals += duplicates([each.variant_id for each in counts], "counts", "variantId")
    if refusals:
        raise Refusals(refusals)
    expected = await _on_hand(ctx, [found[each.variant_id].level_key for each in counts], at)
    for each in counts:
        line = found[each.variant_id]
        line.counted, line.expected = each.quantity, expected[line.level_key]
        line.counted_at = at or ctx.now()
        line.counter_kind, line.counter_id = str(ctx.actor.kind), ctx.actor.id
    counted = [found[each.variant_id] for each in counts]
    await compare(ctx, counted, scanned, at)
    await update_all(counted, _COLUMNS)
    left = any(line.counted is None for line in lines)
    await change_status(ctx, stocktake, StocktakeStatus.OPEN if left else StocktakeStatus.COUNTED)
    return stocktake.id


def _moment(ctx: Context, stocktake: Stocktake, counted_at: datetime | None) -> datetime | None:
    if counted_at is not None and not stocktake.created_at <= counted_at <= ctx.now():
        raise InvalidInput(
            "The time of a count must lie between the opening of its stocktake and now.",
            path=("countedAt",),
        )
    return counted_at


async def _on_hand(
    ctx: Context, positions: Sequence[LevelKey], at: datetime | None
) -> dict[LevelKey, int]:
    """Lock the levels. Return their quantities on hand, now or as of `at`."""
    levels, freed = await lock(ctx, positions)
    await announce_changed(ctx, freed)
    await fill(ctx, backordered(levels))
    if at is None:
        return {position: level.quantities.on_hand for position, level in levels.items()}
    snapshots = await of_levels([level.id for level in levels.values()], at)
    return {(each.variant_id, each.location_id): each.quantities.on_hand for each in snapshots}


async def _recount(ctx: Context, stocktake_id: int, variant_ids: Sequence[int]) -> Stocktake:
    stocktake, lines = await locked(ctx, stocktake_id, StocktakeAction.RECOUNT)
    found = {line.variant_id: line for line in lines}
    refusals: list[Refusal] = [
        NotFound("This variant is not in the document.", path=("variantIds", position))
        for position, variant_id in enumerate(variant_ids)
        if variant_id not in found
    ]
    refusals += duplicates(variant_ids, "variantIds")
    if refusals:
        raise Refusals(refusals)
    again = [found[variant_id] for variant_id in variant_ids]
    await forget(again)
    for line in again:
        line.counted = line.expected = line.counted_at = None
        line.counter_kind = line.counter_id = None
    await update_all(again, _COLUMNS)
    await change_status(ctx, stocktake, StocktakeStatus.OPEN)
    return stocktake

"""Stocktakes: reading, permitted actions, locking, and recording changes."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.errors import Forbidden, InvalidInput, NotFound
from models.stock.documents.stocktake_rules import (
    STOCKTAKE_TRANSITIONS,
    StocktakeAction,
    StocktakeRights,
    StocktakeStatus,
    permitted,
    stocktake_actions,
)
from models.stock.documents.stocktakes import Stocktake, StocktakeLine
from models.stock.state_machines import next_status
from models.text.codes import number_of
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone, may, requires, scoped
from resolvers.slices import Slice, rows_of_each
from resolvers.stock.documents.documents import announce_document, paths_of, record
from resolvers.stock.documents.lists import DocumentFilter, page_of, tally_of
from resolvers.tallies import QueryTally

KIND = "Stocktake"
_NODE = "location__organisation"


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Stocktake]:
    """Return those of the stocktakes that the caller may read."""
    query = Stocktake.filter(id__in=set(ids))
    return {row.id: row for row in await scoped(query, ctx, Permission.STOCK_READ, _NODE)}


@requires(Permission.STOCK_READ)
async def get(ctx: Context, stocktake_id: int | None, number: str | None) -> Stocktake | None:
    """Return the stocktake with this ID or number, or None if the caller may not read one.

    Raises: InvalidInput unless exactly one of both is given.
    """
    if (stocktake_id is None) == (number is None):
        raise InvalidInput("Give the id or the number.", path=("id",))
    if stocktake_id is not None:
        query = Stocktake.filter(id=stocktake_id)
    else:
        query = Stocktake.filter(merchant_id=ctx.merchant_id, number=number_of(number or ""))
    return await scoped(query, ctx, Permission.STOCK_READ, _NODE).first()


@requires(Permission.STOCK_READ)
async def page(ctx: Context, wanted: DocumentFilter, request: PageRequest) -> Page[Stocktake]:
    """Return a page of the stocktakes in the caller's territory that match the filter, the latest first."""
    query = Stocktake.filter(merchant_id=ctx.merchant_id)
    visible = scoped(query, ctx, Permission.STOCK_READ, _NODE)
    return await page_of(visible, ("location_id",), wanted, request)


@requires(Permission.STOCK_READ)
async def tally(ctx: Context, wanted: DocumentFilter) -> QueryTally[Stocktake]:
    """Return the counts of the whole list."""
    query = Stocktake.filter(merchant_id=ctx.merchant_id)
    visible = scoped(query, ctx, Permission.STOCK_READ, _NODE)
    return tally_of(visible, ("location_id",), wanted)


async def lines_of(
    stocktake_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[StocktakeLine]]:
    """Return the lines of stocktakes that the caller may read, in the order of their IDs."""
    return await rows_of_each(StocktakeLine, "stocktake_id", stocktake_ids, cut)


async def actions_of(ctx: Context, stocktakes: Sequence[Stocktake]) -> list[list[StocktakeAction]]:
    """Return the actions that the caller may perform on each stocktake."""
    paths = await paths_of({each.location_id for each in stocktakes})
    lines = await lines_of([each.id for each in stocktakes])
    return [
        stocktake_actions(each.status, _rights(ctx, paths[each.location_id], lines[each.id]))
        for each in stocktakes
    ]


async def locked(
    ctx: Context, stocktake_id: int, action: StocktakeAction
) -> tuple[Stocktake, list[StocktakeLine]]:
    """Lock a stocktake for an action, and fetch its location and lines.

    Raises: NotFound outside the caller's territory, StateConflict, Forbidden.
    """
    visible = scoped(Stocktake.filter(id=stocktake_id), ctx, Permission.STOCK_READ, _NODE)
    if not await visible.exists():
        raise NotFound("There is no such stocktake.", path=("stocktakeId",))
    stocktake = await Stocktake.filter(id=stocktake_id).select_for_update().get()
    await stocktake.fetch_related("location")
    next_status(STOCKTAKE_TRANSITIONS, stocktake.status, action)
    lines = (await lines_of([stocktake.id]))[stocktake.id]
    paths = await paths_of([stocktake.location_id])
    rights = _rights(ctx, paths[stocktake.location_id], lines)
    if not permitted(action, rights):
        if rights.approves and rights.counted:
            raise Forbidden("A person who counted cannot approve the count.")
        raise Forbidden("You may not do this with the document.")
    return stocktake, lines


async def set_status(
    ctx: Context, stocktake: Stocktake, to_status: StocktakeStatus, note: str | None = None
) -> None:
    """Set the status of a locked stocktake, record the change and announce it."""
    from_status = stocktake.status
    stocktake.status = to_status
    await stocktake.save(update_fields=["status", "updated_at"])
    await record_change(ctx, stocktake, from_status, note)


async def record_change(
    ctx: Context, stocktake: Stocktake, from_status: StocktakeStatus | None, note: str | None
) -> None:
    """Add a saved change to the history, and announce it."""
    document = (KIND, stocktake.id)
    await record(ctx, document, from_status, stocktake.status, note)
    await announce_document(ctx, "stocktake.changed", document, [stocktake.location])


def _rights(ctx: Context, path: str, lines: Sequence[StocktakeLine]) -> StocktakeRights:
    counters = {(line.counter_kind, line.counter_id) for line in lines}
    return StocktakeRights(
        counts=may(ctx, Permission.STOCK_COUNT, path),
        approves=may(ctx, Permission.STOCK_WRITE, path),
        counted=ctx.actor.id is not None and (str(ctx.actor.kind), ctx.actor.id) in counters,
    )

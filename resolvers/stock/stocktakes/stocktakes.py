"""The caller's rights on stocktakes, and locking them for a step."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.errors import Forbidden, NotFound
from models.stock.documents.stocktake_rules import (
    StocktakeAction,
    StocktakeRights,
    permitted,
    stocktake_actions,
)
from models.stock.documents.stocktakes import Stocktake, StocktakeLine
from resolvers.context import Context
from resolvers.permissions import may
from resolvers.stock.documents import steps
from resolvers.stock.documents.documents import paths_of
from resolvers.stock.documents.kinds import STOCKTAKES
from resolvers.stock.documents.reading import lines_of, lines_of_each


async def actions_of(ctx: Context, stocktakes: Sequence[Stocktake]) -> list[list[StocktakeAction]]:
    """Return the actions that the caller may perform on each stocktake."""
    paths = await paths_of({each.location_id for each in stocktakes})
    lines = await lines_of_each(STOCKTAKES, [each.id for each in stocktakes])
    return [
        stocktake_actions(each.status, _rights(ctx, paths[each.location_id], lines[each.id]))
        for each in stocktakes
    ]


async def locked(
    ctx: Context, stocktake_id: int, action: StocktakeAction
) -> tuple[Stocktake, list[StocktakeLine]]:
    """Lock a stocktake for an action that the caller may perform, and fetch its location and lines.

    Raises: NotFound outside the caller's territory, StateConflict, Forbidden.
    """
    missing = NotFound("There is no such stocktake.", path=("stocktakeId",))
    stocktake = await steps.locked(ctx, STOCKTAKES, stocktake_id, action, missing)
    lines = await lines_of(STOCKTAKES, stocktake.id)
    paths = await paths_of([stocktake.location_id])
    rights = _rights(ctx, paths[stocktake.location_id], lines)
    if not permitted(action, rights):
        if rights.approves and rights.counted:
            raise Forbidden("A person who counted cannot approve the count.")
        raise Forbidden("You may not do this with the document.")
    return stocktake, lines


def _rights(ctx: Context, path: str, lines: Sequence[StocktakeLine]) -> StocktakeRights:
    counters = {(line.counter_kind, line.counter_id) for line in lines}
    return StocktakeRights(
        counts=may(ctx, Permission.STOCK_COUNT, path),
        approves=may(ctx, Permission.STOCK_WRITE, path),
        counted=ctx.actor.id is not None and (str(ctx.actor.kind), ctx.actor.id) in counters,
    )

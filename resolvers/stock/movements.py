"""Reading the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.stock.ledger import StockMovement
from resolvers.context import Context
from resolvers.paging import Page, PageRequest, paginate
from resolvers.permissions import for_anyone, requires, scoped


@requires(Permission.STOCK_READ)
async def page(
    ctx: Context, variant_id: int | None, location_id: int | None, request: PageRequest
) -> Page[StockMovement]:
    """Movements in the caller's territory, of a variant or at a location where given, oldest first."""
    query = _within(ctx)
    if variant_id is not None:
        query = query.filter(variant_id=variant_id)
    if location_id is not None:
        query = query.filter(location_id=location_id)
    return await paginate(query, request, ["id"], f"movements {variant_id} {location_id}")


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, StockMovement]:
    """Those of the movements that the caller may see."""
    return {row.id: row for row in await _within(ctx).filter(id__in=ids)} if ids else {}


def _within(ctx: Context):  # type: ignore[no-untyped-def]
    return scoped(StockMovement.all(), ctx, Permission.STOCK_READ, "location__organisation")

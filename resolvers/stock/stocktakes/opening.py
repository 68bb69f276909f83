"""Opening and cancelling stocktakes."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.catalog.products import Variant
from models.database import fetch, transaction
from models.errors import Duplicate, NotFound, Refusal, Refusals
from models.stock.documents.stocktake_rules import StocktakeAction, StocktakeStatus
from models.stock.documents.stocktakes import Stocktake, StocktakeLine
from models.stores.locations import Location
from models.tables.bulk import update_all
from resolvers.context import Context
from resolvers.permissions import requires, scoped
from resolvers.stock.documents.documents import next_number, note_of
from resolvers.stock.documents.steps import change_status, record_change
from resolvers.stock.stocktakes.stocktakes import locked
from resolvers.validation import rows_of

PREFIX = "ST"


@requires(Permission.STOCK_COUNT)
async def open_(
    ctx: Context, location_id: int, variant_ids: Sequence[int], note: str | None
) -> Stocktake:
    """Open a stocktake of these variants at a location.

    Raises: InvalidInput, NotFound, Duplicate for a variant that is being counted there already.
    """
    rows_of(variant_ids, "variantIds")
    return await transaction(_open, ctx, location_id, variant_ids, note_of(note))


@requires(Permission.STOCK_COUNT)
async def cancel(ctx: Context, stocktake_id: int, note: str | None) -> Stocktake:
    """Cancel the stocktake without moving stock. Raises: InvalidInput, NotFound, StateConflict, Forbidden."""
    return await transaction(_cancel, ctx, stocktake_id, note_of(note))


async def end(lines: Sequence[StocktakeLine]) -> None:
    """Release the variants of a stocktake, so that another one may count them."""
    for line in lines:
        line.going_on = None
    await update_all(lines, ("going_on",))


def duplicates(variant_ids: Sequence[int], root: str, *leaf: str) -> list[Refusal]:
    """Return a refusal for each variant that occurs earlier in the input's list `root`."""
    return [
        Duplicate("This variant is given twice.", path=(root, position, *leaf))
        for position, variant_id in enumerate(variant_ids)
        if variant_id in variant_ids[:position]
    ]


async def _open(
    ctx: Context, location_id: int, variant_ids: Sequence[int], note: str | None
) -> Stocktake:
    query = scoped(Location.filter(id=location_id), ctx, Permission.STOCK_COUNT, "organisation")
    location = await query.first()
    if location is None:
        raise NotFound("There is no such store or warehouse.", path=("locationId",))
    skus = await _checked(location.merchant_id, variant_ids)
    stocktake = await Stocktake.create(
        merchant_id=location.merchant_id,
        location=location,
        number=await next_number(ctx, location.merchant_id, PREFIX),
        status=StocktakeStatus.OPEN,
        note=note,
    )
    await _claim(ctx, stocktake, variant_ids, skus)
    await record_change(ctx, stocktake, None, note)
    return stocktake


async def _checked(merchant_id: int, variant_ids: Sequence[int]) -> dict[int, str]:
    """Return the SKUs of the merchant's variants. Raises: Refusals for each unknown or duplicate variant."""
    found = await Variant.filter(merchant_id=merchant_id, id__in=set(variant_ids)).values_list(
        "id", "sku"
    )
    skus: dict[int, str] = dict(found)
    refusals: list[Refusal] = []
    for position, variant_id in enumerate(variant_ids):
        if variant_id not in skus:
            path = ("variantIds", position)
            refusals.append(NotFound("There is no such variant.", path=path))
    refusals += duplicates(variant_ids, "variantIds")
    if refusals:
        raise Refusals(refusals)
    return skus


async def _claim(
    ctx: Context, stocktake: Stocktake, variant_ids: Sequence[int], skus: dict[int, str]
) -> None:
    """Insert the lines. A concurrent stocktake of one of the variants waits until this transaction ends."""
    rows = ", ".join(["(?, ?, ?, ?, ?)"] * len(variant_ids))
    claimed = await fetch(
        "INSERT INTO stocktake_line (stocktake_id, variant_id, location_id, going_on, created_at)"
        f" VALUES {rows} ON CONFLICT (variant_id, location_id, going_on) DO NOTHING"
        " RETURNING variant_id",
        *(
            value
            for variant_id in sorted(variant_ids)
            for value in (stocktake.id, variant_id, stocktake.location_id, True, ctx.now())
        ),
    )
    inserted = {row["variant_id"] for row in claimed}
    if refusals := [
        Duplicate(
            "{sku} is being counted there already.",
            path=("variantIds", position),
            sku=skus[variant_id],
        )
        for position, variant_id in enumerate(variant_ids)
        if variant_id not in inserted
    ]:
        raise Refusals(refusals)


async def _cancel(ctx: Context, stocktake_id: int, note: str | None) -> Stocktake:
    stocktake, lines = await locked(ctx, stocktake_id, StocktakeAction.CANCEL)
    await end(lines)
    await change_status(ctx, stocktake, StocktakeStatus.CANCELLED, note)
    return stocktake

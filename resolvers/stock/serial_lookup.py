"""Looking serial numbers up: one with its history, or those that are in stock at a place."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.database import any_of, array, fetch
from models.stock.serials import SerialEvent, SerialNumber, SerialState
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.keyset import checked_key, kept
from resolvers.paging import Page, PageRequest, cursor_of
from resolvers.permissions import for_anyone, requires, scoped

_TIE = "serial numbers"


@requires(Permission.STOCK_READ)
async def find(ctx: Context, sku: str, serial: str) -> SerialNumber | None:
    """The serial number of a SKU that is, or was last, in the caller's territory."""
    query = SerialNumber.filter(
        variant__merchant_id=ctx.merchant_id, variant__sku=kept(sku), serial=kept(serial.strip())
    )
    return await scoped(query, ctx, Permission.STOCK_READ, "location__organisation").first()


@requires(Permission.STOCK_READ)
async def of_variants(
    ctx: Context, variant_ids: Sequence[int], location_id: int, request: PageRequest
) -> dict[int, Page[SerialNumber]]:
    """A page of what each variant has in stock at a location; nothing outside the caller's territory."""
    found: dict[int, list[SerialNumber]] = {variant_id: [] for variant_id in variant_ids}
    place = Location.filter(id=location_id)
    if await scoped(place, ctx, Permission.STOCK_READ, "organisation").exists():
        for row in await _in_stock(sorted(found), location_id, request):
            found[row.variant_id].append(row)
    return {variant_id: _page(rows, request) for variant_id, rows in found.items()}


@for_anyone
async def histories(ctx: Context, ids: Sequence[int]) -> dict[int, list[SerialEvent]]:
    """What happened to serial numbers that the caller has been shown, the first first."""
    found: dict[int, list[SerialEvent]] = {row_id: [] for row_id in ids}
    for row in await SerialEvent.filter(serial_number_id__in=sorted(found)).order_by("id"):
        found[row.serial_number_id].append(row)
    return found


async def _in_stock(
    variant_ids: Sequence[int], location_id: int, request: PageRequest
) -> list[SerialNumber]:
    """One row more than a page of each variant."""
    after = checked_key(request.after, _TIE, (int,), "after") if request.after else [0]
    ranked = await fetch(
        "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY variant_id ORDER BY id) AS place"
        f" FROM serial_number WHERE {any_of('variant_id')} AND location_id = ? AND state = ?"
        f" AND id > ?) AS ranked WHERE place <= {request.size + 1}",
        array(variant_ids),
        location_id,
        str(SerialState.IN_STOCK),
        *after,
    )
    ids = [row["id"] for row in ranked]
    return await SerialNumber.filter(id__in=ids).order_by("id") if ids else []


def _page(rows: Sequence[SerialNumber], request: PageRequest) -> Page[SerialNumber]:
    shown = rows[: request.size]
    return Page(
        shown,
        [cursor_of([row.id], _TIE) for row in shown],
        has_next=len(rows) > request.size,
        has_previous=request.after is not None,
    )

"""Looking serial numbers up: one with its history, or those that stand at a place or are on the road."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.database import any_id, array, fetch, marks
from models.stock.documents.transfers import TransferLine
from models.stock.serials import ON_HAND, SerialEvent, SerialNumber, SerialState
from models.stores.locations import Location
from resolvers.catalog.products import variants
from resolvers.context import Context
from resolvers.orm_pagination import NOTHING, Page, PageRequest
from resolvers.permissions import for_anyone, requires, scoped
from resolvers.slices import Slice, rows_of_each
from resolvers.sql_pagination import Conditions, kept, pages_by_id
from resolvers.stock.transfers import transfers

_TIE = "serial numbers"


@requires(Permission.STOCK_READ)
async def find(ctx: Context, sku: str, serial: str) -> SerialNumber | None:
    """The serial number of a SKU that is, or was last, in the caller's territory, or on the road there."""
    variant = await variants.by_sku(ctx, sku)
    query = SerialNumber.filter(
        variant_id=variant.id if variant else None, serial=kept(serial.strip())
    )
    here = await scoped(query, ctx, Permission.STOCK_READ, "location__organisation").first()
    if (
        here is not None
        or (found := await query.filter(state=SerialState.IN_TRANSIT).first()) is None
    ):
        return here
    return found if await transfers.by_ids(ctx, [found.document_id or 0]) else None


@requires(Permission.STOCK_READ)
async def of_variants(
    ctx: Context, variant_ids: Sequence[int], location_id: int, request: PageRequest
) -> dict[int, Page[SerialNumber]]:
    """A page of what each variant has on hand at a location; nothing outside the caller's territory."""
    location = Location.filter(id=location_id)
    if not await scoped(location, ctx, Permission.STOCK_READ, "organisation").exists():
        return dict.fromkeys(variant_ids, NOTHING)
    here = Conditions()
    here.add(f"location_id = ? AND state IN ({marks(ON_HAND)})", location_id, *map(str, ON_HAND))
    return await pages_by_id(
        SerialNumber, "variant_id", variant_ids, here, request, _TIE, falling=False
    )


@for_anyone
async def histories(
    ctx: Context, ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[SerialEvent]]:
    """What happened to serial numbers that the caller has been shown, the first first."""
    return await rows_of_each(SerialEvent, "serial_number_id", ids, cut)


@for_anyone
async def in_transit(
    ctx: Context, lines: Sequence[TransferLine], cut: Slice
) -> dict[tuple[int, int], list[SerialNumber]]:
    """By transfer and variant, a slice of those on the road of lines that the caller has been shown."""
    found: dict[tuple[int, int], list[SerialNumber]] = {}
    going = [line for line in lines if line.in_transit]
    if not going:
        return found
    transfers_going = array({line.transfer_id for line in going})
    rows = await fetch(
        f"SELECT {SerialNumber.selected('r')} FROM (SELECT *, ROW_NUMBER()"
        " OVER (PARTITION BY document_id, variant_id ORDER BY id) AS position FROM serial_number"
        f" WHERE {any_id('variant_id')} AND document_type = 'Transfer' AND {any_id('document_id')}"
        f" AND state = ? AND location_id IN (SELECT source_id FROM transfer WHERE {any_id('id')})) AS r"
        f" WHERE {cut.condition('position')} ORDER BY position",
        array({line.variant_id for line in going}),
        transfers_going,
        str(SerialState.IN_TRANSIT),
        transfers_going,
    )
    for each in rows:
        row = SerialNumber.read(each, "r")
        found.setdefault((row.document_id or 0, row.variant_id), []).append(row)
    return found

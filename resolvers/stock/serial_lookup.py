"""Looking serial numbers up: one with its history, or those that stand at a place or are on the road."""

from __future__ import annotations

from collections.abc import Sequence

from tortoise.expressions import Subquery

from models.accounts.roles import Permission
from models.database import marks
from models.stock.serials import ON_HAND, SerialEvent, SerialNumber, SerialState
from models.stock.transfers import Transfer, TransferLine
from models.stores.locations import Location
from resolvers.catalog import variants
from resolvers.context import Context
from resolvers.keyset import Conditions, kept, pages_by_id
from resolvers.paging import NOTHING, Page, PageRequest
from resolvers.permissions import for_anyone, requires, scoped
from resolvers.stock import transfers

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
    place = Location.filter(id=location_id)
    if not await scoped(place, ctx, Permission.STOCK_READ, "organisation").exists():
        return dict.fromkeys(variant_ids, NOTHING)
    here = Conditions()
    here.add(f"location_id = ? AND state IN ({marks(ON_HAND)})", location_id, *map(str, ON_HAND))
    return await pages_by_id(
        SerialNumber, "variant_id", variant_ids, here, request, _TIE, falling=False
    )


@for_anyone
async def histories(ctx: Context, ids: Sequence[int]) -> dict[int, list[SerialEvent]]:
    """What happened to serial numbers that the caller has been shown, the first first."""
    found: dict[int, list[SerialEvent]] = {row_id: [] for row_id in ids}
    for row in await SerialEvent.filter(serial_number_id__in=sorted(found)).order_by("id"):
        found[row.serial_number_id].append(row)
    return found


@for_anyone
async def on_the_road(
    ctx: Context, lines: Sequence[TransferLine]
) -> dict[tuple[int, int], list[SerialNumber]]:
    """By transfer and variant, those on the road of lines that the caller has been shown."""
    found: dict[tuple[int, int], list[SerialNumber]] = {}
    going = [line for line in lines if line.on_the_road]
    transfer_ids = {line.transfer_id for line in going}
    sources = Subquery(Transfer.filter(id__in=transfer_ids).values("source_id"))
    query = SerialNumber.filter(
        variant_id__in={line.variant_id for line in going},
        location_id__in=sources,
        state=SerialState.IN_TRANSIT,
        document_type="Transfer",
        document_id__in=transfer_ids,
    )
    for row in await query.order_by("id") if going else []:
        found.setdefault((row.document_id or 0, row.variant_id), []).append(row)
    return found

"""Reading serial numbers: single ones with their histories, those at a location, those in transit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from resolvers.sql_pagination import NEVER, Conditions, kept, pages_by_id
from resolvers.stock.documents.kinds import TRANSFERS
from resolvers.stock.documents.reading import by_ids
from resolvers.tallies import SqlTally

_TIE = "serial numbers"


@dataclass(frozen=True, slots=True, kw_only=True)
class SerialQuery:
    """The filter of a list of serial numbers on hand at a location; `states` None does not restrict it."""

    location_id: int
    states: Sequence[SerialState] | None = None


@requires(Permission.STOCK_READ)
async def find(ctx: Context, sku: str, serial: str) -> SerialNumber | None:
    """Return the serial number of a SKU whose last location is in the caller's territory, or None.

    One in transit is also found if the caller may read its transfer.
    """
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
    return found if await by_ids(ctx, TRANSFERS, [found.document_id or 0]) else None


@requires(Permission.STOCK_READ)
async def of_variants(
    ctx: Context, variant_ids: Sequence[int], wanted: SerialQuery, request: PageRequest
) -> dict[int, Page[SerialNumber]]:
    """Return a page of each variant's serial numbers at a location; empty outside the caller's territory.

    Raises: InvalidInput for an invalid size or cursor.
    """
    here, tie = await _here(ctx, wanted), f"{_TIE} {wanted.states}"
    if here.nothing:
        return dict.fromkeys(variant_ids, NOTHING)
    return await pages_by_id(
        SerialNumber, "variant_id", variant_ids, here, request, tie, falling=False
    )


def tally(ctx: Context, variant_ids: Sequence[int], wanted: SerialQuery) -> SqlTally:
    """Return the count of each variant's list."""

    async def conditions(_: bool) -> Conditions:
        return (await _here(ctx, wanted)).of_parents("variant_id", variant_ids)

    return SqlTally("serial_number", conditions, by="variant_id")


@for_anyone
async def histories(
    ctx: Context, ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[SerialEvent]]:
    """Return the histories of serial numbers that the caller may read, the oldest events first."""
    return await rows_of_each(SerialEvent, "serial_number_id", ids, cut)


@for_anyone
async def in_transit(
    ctx: Context, lines: Sequence[TransferLine], cut: Slice
) -> dict[tuple[int, int], list[SerialNumber]]:
    """Return a slice of the serial numbers in transit of each line, by transfer and variant.

    The caller may read the lines.
    """
    found: dict[tuple[int, int], list[SerialNumber]] = {}
    shipped = [line for line in lines if line.in_transit]
    if not shipped:
        return found
    transfer_ids = array({line.transfer_id for line in shipped})
    rows = await fetch(
        f"SELECT {SerialNumber.selected('r')} FROM (SELECT *, ROW_NUMBER()"
        " OVER (PARTITION BY document_id, variant_id ORDER BY id) AS position FROM serial_number"
        f" WHERE {any_id('variant_id')} AND document_type = 'Transfer' AND {any_id('document_id')}"
        f" AND state = ? AND location_id IN (SELECT source_id FROM transfer WHERE {any_id('id')})) AS r"
        f" WHERE {cut.condition('position')} ORDER BY position",
        array({line.variant_id for line in shipped}),
        transfer_ids,
        str(SerialState.IN_TRANSIT),
        transfer_ids,
    )
    for each in rows:
        row = SerialNumber.read(each, "r")
        found.setdefault((row.document_id or 0, row.variant_id), []).append(row)
    return found


async def _here(ctx: Context, wanted: SerialQuery) -> Conditions:
    """Return the conditions of the list; they include NEVER outside the caller's territory."""
    found = Conditions()
    location = Location.filter(id=wanted.location_id)
    if not await scoped(location, ctx, Permission.STOCK_READ, "organisation").exists():
        found.add(NEVER)
    states = (
        ON_HAND if wanted.states is None else [each for each in ON_HAND if each in wanted.states]
    )
    there = [str(each) for each in states]
    found.add(f"location_id = ? AND state IN ({marks(there)})", wanted.location_id, *there)
    return found

"""Lists of what has been sent to stores and warehouses, for those who do it there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from models.accounts.roles import Permission
from models.database import any_of, array, is_postgres, marks
from models.members.phones import ENDING_DIGITS
from models.orders.deadlines import AT_A_PLACE
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order as OrderRow
from models.orders.states import FulfilmentMethod, FulfilmentStatus
from models.stores.locations import Location
from models.text.codes import number_of
from resolvers.accounts.organisations.organisations import within_reach
from resolvers.context import Context
from resolvers.orders import contacts
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import requires, scoped
from resolvers.sql_pagination import Conditions, Order, kept, page_of_ids
from resolvers.tallies import SqlTally
from resolvers.validation import text_of

# `models.orders.deadlines.due_at` as SQL.
_WAITS = f"f.status IN ({', '.join(repr(str(each)) for each in AT_A_PLACE)})"
DUE = (
    f"CASE WHEN NOT {_WAITS} THEN NULL"
    " WHEN f.status = 'OPEN' AND f.accept_due_at IS NOT NULL THEN f.accept_due_at"
    " ELSE COALESCE(f.pickup_expires_at, f.promised_at) END"
)
# What is due never comes last.
_NEVER = 253_402_300_799
_PLACES = "places of fulfilments"
# Of the members whose phones end alike.
MOST_ORDERS = 500


class FulfilmentSort(StrEnum):
    OLDEST = "OLDEST"
    NEWEST = "NEWEST"
    DUE = "DUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentFilter:
    """What a list is cut to; what is None cuts nothing."""

    statuses: tuple[FulfilmentStatus, ...] | None = None
    methods: tuple[FulfilmentMethod, ...] | None = None
    location_id: int | None = None
    organisation_code: str | None = None
    assignee_id: int | None = None
    unassigned: bool | None = None
    late: bool | None = None
    unfillable: bool | None = None
    due_before: datetime | None = None
    variant_id: int | None = None
    search: str | None = None


@requires(Permission.FULFILMENT_READ)
async def page(
    ctx: Context,
    request: PageRequest,
    wanted: FulfilmentFilter,
    sort: FulfilmentSort = FulfilmentSort.NEWEST,
) -> Page[Fulfilment]:
    """What has been sent to the stores of the caller's territory, newest first unless told.

    Raises: InvalidInput, NotFound for an organisation outside the caller's territory.
    """
    conditions = await conditions_of(ctx, wanted)
    tie = f"fulfilments {sort} {wanted}"
    found = await page_of_ids("fulfilment f", conditions, order_of(sort), request, tie)
    rows = {row.id: row for row in await Fulfilment.filter(id__in=list(found.rows))}
    return Page(
        [rows[each] for each in found.rows], found.cursors, found.has_next, found.has_previous
    )


@requires(Permission.FULFILMENT_READ)
async def tally(ctx: Context, wanted: FulfilmentFilter) -> SqlTally:
    """The counts of the whole list."""

    async def conditions(with_status: bool) -> Conditions:
        return await conditions_of(ctx, wanted, with_status=with_status)

    return SqlTally("fulfilment f", conditions)


def order_of(sort: FulfilmentSort) -> Order:
    if sort is not FulfilmentSort.DUE:
        return Order(("f.id",), (int,), falling=sort is FulfilmentSort.NEWEST)
    seconds = (
        f"CAST(FLOOR(EXTRACT(EPOCH FROM {DUE})) AS BIGINT)"
        if is_postgres()
        else f"CAST(strftime('%s', {DUE}) AS INTEGER)"
    )
    return Order((f"COALESCE({seconds}, {_NEVER})", "f.id"), (int, int))


async def conditions_of(
    ctx: Context, wanted: FulfilmentFilter, *, with_status: bool = True
) -> Conditions:
    found = Conditions()
    found.add("f.assigned_at IS NOT NULL")
    _add_places(found, await places_of(ctx, wanted.location_id, wanted.organisation_code))
    if with_status and wanted.statuses is not None:
        found.add(f"f.status IN ({marks(wanted.statuses)})", *map(str, wanted.statuses))
    if wanted.methods is not None:
        found.add(f"f.method IN ({marks(wanted.methods)})", *map(str, wanted.methods))
    if wanted.assignee_id is not None:
        found.add("f.assignee_id = ?", wanted.assignee_id)
    if wanted.unassigned is not None:
        found.add(f"f.assignee_id IS {'' if wanted.unassigned else 'NOT '}NULL")
    if wanted.late is not None:
        late = f"COALESCE({DUE} < ?, FALSE)"
        found.add(late if wanted.late else f"NOT {late}", ctx.now())
    if wanted.unfillable is not None:
        found.add(f"{'' if wanted.unfillable else 'NOT '}f.unfillable")
    if wanted.due_before is not None:
        found.add(f"{DUE} < ?", wanted.due_before)
    if wanted.variant_id is not None:
        lines = "SELECT fulfilment_id FROM fulfilment_line WHERE variant_id = ?"
        found.add(f"f.id IN ({lines})", wanted.variant_id)
    if wanted.search is not None:
        await _add_search(ctx, text_of(wanted.search, ("filter", "search"), 64), found)
    return found


async def places_of(ctx: Context, location_id: int | None, code: str | None) -> list[Any]:
    """The caller's places that are asked about; looked up once a request."""
    known = ctx.memory.setdefault(_PLACES, {})
    if (location_id, code) not in known:
        query = scoped(
            Location.filter(merchant_id=ctx.merchant_id),
            ctx,
            Permission.FULFILMENT_READ,
            "organisation",
        )
        if location_id is not None:
            query = query.filter(id=location_id)
        if code is not None:
            node = await within_reach(
                ctx, kept(code), Permission.FULFILMENT_READ, "filter", "organisationCode"
            )
            query = query.filter(organisation__path__startswith=node.path)
        known[location_id, code] = await query.values_list("id", flat=True)
    found: list[Any] = known[location_id, code]
    return found


def _add_places(found: Conditions, places: Sequence[int]) -> None:
    """One place leads the search by its index; a list of many must not."""
    if len(places) == 1:
        found.add("f.location_id = ?", places[0])
    else:
        found.add(any_of("+f.location_id"), array(places))


async def _add_search(ctx: Context, text: str, found: Conditions) -> None:
    """A whole number of the fulfilment or its order, a tracking number, or the end of a phone."""
    number = number_of(text)
    either = Conditions()
    either.add("f.number = ?", number)
    either.add("f.order_id IN (SELECT id FROM sales_order WHERE number = ?)", number)
    either.add("f.tracking_number = ?", kept(text))
    if orders := await _ending(ctx, number):
        either.add(any_of("f.order_id"), array(orders))
    found.add(f"({' OR '.join(either.sql)})", *either.values)


async def _ending(ctx: Context, text: str) -> list[Any]:
    """The latest orders with a phone that ends so in a contact that the caller knows."""
    if not (len(text) == ENDING_DIGITS and text.isascii() and text.isdigit()):
        return []
    orders = OrderRow.filter(contacts.reached_at(ctx, text))
    return await orders.order_by("-id").limit(MOST_ORDERS).values_list("id", flat=True)
